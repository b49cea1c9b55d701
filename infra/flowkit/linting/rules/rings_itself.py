"""Transfers that come back."""

from collections.abc import Iterator

from dialtone.flow.in_call_keys import RINGING_WORDS
from dialtone.flow.step import Step
from dialtone.flow.steps.transfer import Transfer
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.mentions import leads_to
from infra.flowkit.linting.rule import WARNING, Found, rule


@rule("rings-itself", WARNING)
def rings_itself(file: FlowFile) -> Iterator[Found]:
    """A transfer to a number that leads to this flow: the caller begins anew, and each round costs a call."""
    numbers = file.folder.numbers
    ours = {str(path[0]) for path, flow in leads_to(numbers) if flow == file.flow.name and path}
    for name, step in file.steps.items():
        for key, party in _rung(step):
            if party in ours:
                reason = f"rings {party}, which numbers.yaml leads to this flow"
                yield Found(file.path_to(name, key), reason, "name the number that should answer")


def _rung(step: Step) -> Iterator[tuple[str, str]]:
    """Every number that the step rings, with the key that says so."""
    if isinstance(step, Transfer):
        yield from (("transfer", party) for party in step.transfer.to)
    for word in RINGING_WORDS:
        if who := getattr(step, word, None):
            yield word, who.to
