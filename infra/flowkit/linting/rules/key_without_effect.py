"""Keys during a conversation that switch a recording which cannot be there."""

from collections.abc import Collection, Iterator

from dialtone.flow.talking_step import Talking
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.leg_states import OFF, PAUSED, Place
from infra.flowkit.linting.rule import WARNING, Found, rule


@rule("key-without-effect", WARNING)
def key_without_effect(file: FlowFile) -> Iterator[Found]:
    """A key during a conversation that pauses, resumes or stops a recording, where none can run or be paused."""
    recorders = file.folder.paths.recorders
    for name, step in file.steps.items():
        entered = recorders.get(Place(file.flow.name, name))
        if not isinstance(step, Talking) or entered is None:
            continue
        asked = {each.recording for each in step.during.values()}
        for keys, does in step.during.items():
            if does.recording and (why := _why_none(does.recording, asked, entered)):
                yield Found(("steps", name, "during", keys), *why)


def _why_none(does: str, asked: Collection[str | None], entered: Collection[str]) -> tuple[str, str] | None:
    """The reason and the remedy; None if there may be something to switch."""
    if does == "start":
        return None
    if "start" not in asked and set(entered) == {OFF}:
        return f"would {does} a recording, and nothing records here", "add a key with `recording: start`, or `record`"
    if does == "resume" and "pause" not in asked and PAUSED not in entered:
        return "would resume a recording, and nothing pauses it", "add a key with `recording: pause`"
    return None
