"""Recordings that begin without what the flow's policy demands."""

from collections.abc import Iterator

from dialtone.flow.consent import AskedConsent, ConsentPolicy, Demand
from dialtone.flow.flow import CONSENT_STEP, Flow
from dialtone.flow.step import Step
from dialtone.flow.steps.conference import Conference
from dialtone.flow.steps.record import Record
from dialtone.flow.steps.recording import RecordingSwitch
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule


@rule("missing-consent", ERROR)
def missing_consent(file: FlowFile) -> Iterator[Found]:
    """A recording that begins without the consent that `consent_policy` demands, here or in a flow called from here."""
    policy = file.flow.consent_policy
    if file.flow.record and _lacking(file.flow.record.consent, policy.calls):
        yield Found(("record",), f"records the call {_without(file.flow.record.consent)}", _remedy(policy.calls))
    for name, step in file.steps.items():
        demand = _demand(policy, step)
        if name != CONSENT_STEP and _lacking(getattr(step, "consent", None), demand):
            remedy = _before(demand) if isinstance(step, Conference) else _remedy(demand)
            yield Found(("steps", name), f"records {_without(getattr(step, 'consent', None))}", remedy)
        for keys, reason in _on_demand(policy, step):
            yield Found(("steps", name, "during", keys), reason, _ON_DEMAND[policy.calls])
        for other, _ in step.visits():
            yield from _recorded_elsewhere(file, name, other)


def _recorded_elsewhere(file: FlowFile, step: str, other: str) -> Iterator[Found]:
    flows = {flow.name: flow for flow in file.folder.flows}
    for flow in _visited(other, flows):
        if flow.record and not flow.record.consent and file.flow.consent_policy.calls != "none":
            reason = f"visits the flow {flow.name}, which records the call without consent"
            yield Found(("steps", step), reason, f"{_remedy(file.flow.consent_policy.calls)} there")
        for name, visited in flow.steps.items():
            demand = _demand(file.flow.consent_policy, visited)
            consent = getattr(visited, "consent", None)
            if _lacking(consent, demand):
                reason = f"visits the flow {flow.name}, whose step {name} records {_without(consent)}"
                yield Found(("steps", step), reason, f"{_remedy(demand)} there")
            for _, how in _on_demand(file.flow.consent_policy, visited):
                reason = f"visits the flow {flow.name}, whose step {name} {how}"
                yield Found(("steps", step), reason, f"{_ON_DEMAND[file.flow.consent_policy.calls]} there")


_ON_DEMAND: dict[Demand, str] = {
    "announce": "add `announce`, which the caller hears, to the key",
    "ask": "ask for consent before they talk: a key cannot ask the caller",
}


def _on_demand(policy: ConsentPolicy, step: Step) -> Iterator[tuple[str, str]]:
    """The keys that record a conversation without what is demanded, and how."""
    for keys, does in getattr(step, "during", {}).items():
        announced = does.announce is not None and does.to != "agent"
        if does.recording == "start" and (policy.calls == "ask" or (policy.calls == "announce" and not announced)):
            without = "after an announcement only" if announced else "without consent"
            yield keys, f"records at {keys} {without}"


def _visited(name: str, flows: dict[str, Flow]) -> Iterator[Flow]:
    """The flow, and those that a call can get into from it."""
    seen: set[str] = set()
    left = [name]
    while left:
        if (flow := flows.get(left.pop())) and flow.name not in seen:
            seen.add(flow.name)
            left += sorted(flow.others)
            yield flow


def _demand(policy: ConsentPolicy, step: Step) -> Demand:
    match step:
        case Record():
            return policy.messages
        case RecordingSwitch(recording="start") | Conference(recorded=True):
            return policy.calls
        case Conference() if "record" in step.controls.values():
            return policy.calls
        case _:
            return "none"


def _lacking(consent: AskedConsent | None, demand: Demand) -> bool:
    return demand != "none" and (consent is None or not consent.meets(demand))


def _without(consent: AskedConsent | None) -> str:
    return "without consent" if consent is None else "after an announcement only"


def _before(demand: Demand) -> str:
    """A conference asks nobody: it is asked before."""
    return f"put `recording: start` with `consent: {demand}` before it instead, as consent_policy demands"


def _remedy(demand: Demand) -> str:
    return f"add `consent: {demand}`, as consent_policy demands"
