"""A conversation for `dialtone flow test`, written from a real call."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.flow_library import NUMBERS_FILE, FlowLibrary, read_numbers
from dialtone.domain.caller_trust import ATTESTATION, CALLER_NAME, SCREENING
from dialtone.domain.errors import DialtoneError
from dialtone.flow.loaded_flow import LoadedFlow
from infra.carrier.account import AUDIO_FOLDER
from infra.flowkit.conversations.conversation import SUFFIX, read_conversations
from infra.flowkit.conversations.scenario_run import run_scenario
from infra.flowkit.conversations.side_by_side import side_by_side
from infra.flowkit.stage import silent_audio
from infra.phone.diary import Diary, Item, add_conversation
from infra.replaying.anonymous import anonymous
from infra.replaying.comparison import check_as_recorded
from infra.replaying.library import read_call, with_number
from infra.replaying.recorded_call import NotReplayable, RecordedCall
from infra.replaying.rerun import Rerun, StepPath, media_of


@dataclass(frozen=True, slots=True)
class Written:
    """A conversation, and the flow that it is of."""

    flow: str
    version: str
    conversation: Item


def conversation_from(store: CallsTable, session: str, folder: Path) -> Written:
    """What was done on a call, without what identifies anybody; it passes on the version that led the call.

    `folder` has the flows that it is to stand beside. Raises NotReplayable, FlowInvalid, and botocore's errors.
    """
    recorded, texts = read_call(store, session)
    if recorded.dialled:
        raise NotReplayable("Dialtone dialled it: choose a call that came in")
    called = _number(folder, recorded.flow)
    library = FlowLibrary.of_texts(with_number(texts, called, recorded.flow))
    flow = library.flow(recorded.flow)
    if flow is None:
        raise NotReplayable(f"the version that handled it has no {recorded.flow}")
    recorded = replace(recorded, called=called)

    def play(call: RecordedCall) -> StepPath:
        return Rerun(call, library, folder).play()

    check_as_recorded(recorded, play(recorded))
    conversation = _conversation(anonymous(recorded, flow, play), library, folder)
    _check_that_it_passes(flow, with_number(texts, called, flow.name), conversation, folder)
    return Written(flow.name, recorded.flow_version, conversation)


def _number(folder: Path, flow: str) -> str:
    found = next((number for number, leads_to in read_numbers(folder).items() if leads_to == flow), None)
    if found is None:
        raise DialtoneError(f"no number in {folder / NUMBERS_FILE} leads to {flow}: add one, which the test then calls")
    return found


def _conversation(recorded: RecordedCall, library: FlowLibrary, folder: Path) -> Item:
    diary = Diary()
    run = Rerun(recorded, library, folder, diary.write)
    path = run.play()
    item: dict[str, Any] = diary.conversation(
        run.line.name,
        name=f"a real call of {recorded.began:%Y-%m-%d at %H:%M:%S}",
        at=recorded.began,
        outcome=path.outcome,
        recordings=path.recordings,
    )
    item.pop("called")
    item["caller"] = _who(recorded)
    item["ends"]["steps"] = list(path.steps)
    if not recorded.lookups:
        return item
    lookups: dict[str, Any] = {}
    for each in recorded.lookups:
        lookups.setdefault(each.target, []).append(_answer(each.result, each.values, each.after_seconds))
    lookups = {name: answers if _differ(answers) else answers[-1] for name, answers in lookups.items()}
    talk, ends = item.pop("talk"), item.pop("ends")
    return item | {"lookups": lookups, "talk": talk, "ends": ends}


def _who(recorded: RecordedCall) -> Item | str:
    """The caller, with what the network said where it said anything."""
    names = {CALLER_NAME: "name", ATTESTATION: "attestation", SCREENING: "screening"}
    said = {short: recorded.trust[name] for name, short in names.items() if recorded.trust.get(name)}
    return {"number": recorded.caller, **said} if said else recorded.caller


def _answer(result: str, values: Mapping[str, str], seconds: float) -> Item:
    gives = {"gives": dict(values)} if values and result == "found" else {}
    return {"answers": result, **gives, "after": round(seconds, 1)}


def _differ(answers: list[Item]) -> bool:
    """Whether a system said different things, and not only sooner or later."""
    return any(each | {"after": 0} != answers[0] | {"after": 0} for each in answers)


def _check_that_it_passes(flow: LoadedFlow, texts: Mapping[str, str], conversation: Item, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        flows = Path(place)
        for name, text in texts.items():
            (flows / name).parent.mkdir(exist_ok=True)
            (flows / name).write_text(text, encoding="utf-8")
        _lay_audio(flow, flows / AUDIO_FOLDER, folder / AUDIO_FOLDER)
        file = flows / f"{flow.name}{SUFFIX}"
        add_conversation(file, flow.name, conversation)
        (script,) = read_conversations(file)
        result = run_scenario(script, FlowLibrary.open(flows))
    if not result.passed:
        raise NotReplayable(
            f"a conversation cannot say what happened on it: choose another call\n{side_by_side(result)}"
        )


def _lay_audio(flow: LoadedFlow, place: Path, beside: Path) -> None:
    """What the flow plays: as it lies beside the flows, else silence."""
    place.mkdir()
    there = {file.stem: file for file in beside.glob("*") if file.is_file()}
    for name in media_of(flow):
        file = there.get(name)
        (place / f"{name}{file.suffix if file else '.wav'}").write_bytes(file.read_bytes() if file else silent_audio())
