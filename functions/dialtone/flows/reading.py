"""From a flow's text to the flow: every fault is told with its line, its step and its remedy."""

from __future__ import annotations

import hashlib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dialtone.errors import FlowInvalid
from dialtone.flows.flow import Flow, Manner, WholeCall
from dialtone.flows.source import Source, read_source
from dialtone.flows.steps.answered_by import AnsweredBy
from dialtone.flows.steps.collect import Collect
from dialtone.flows.steps.endings import HangUp, Reject
from dialtone.flows.steps.menu import Menu
from dialtone.flows.steps.note import Note
from dialtone.flows.steps.play import Play
from dialtone.flows.steps.record import Record
from dialtone.flows.steps.recording import RecordingSwitch
from dialtone.flows.steps.say import Say
from dialtone.flows.steps.transfer import Transfer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dialtone.flows.steps.step import Step

VERSION_CHARACTERS = 12
"""Of the text's SHA-256: enough to tell every version of a team's flows apart."""

STEP_KINDS: Mapping[str, type[Step]] = {
    "answered_by": AnsweredBy,
    "collect": Collect,
    "hangup": HangUp,
    "menu": Menu,
    "play": Play,
    "record": Record,
    "recording": RecordingSwitch,
    "reject": Reject,
    "say": Say,
    "set": Note,
    "transfer": Transfer,
}
"""The key that names a step's kind → the kind."""

_BARE = "hangup"
"""The one kind that may be written as a word alone: `bye: hangup`."""


class _Written(BaseModel):
    """A flow file's top level."""

    model_config = ConfigDict(extra="forbid")

    flow: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    about: str = ""
    voice: str = "AWS.Polly.Joanna-Neural"
    language: str = ""
    record: WholeCall | None = None
    start: str = ""
    last_resort: str = ""
    steps: dict[str, Any] = Field(min_length=1)


def read_flow(file: str, text: str) -> Flow:
    """The flow, checked whole; `file` is its name without a folder. Raises FlowInvalid with the first fault."""
    source = read_source(file, text)
    if not isinstance(source.content, dict):
        raise FlowInvalid(file, 1, "", "is not a flow", "begin with `flow: <name>` and `steps:`")
    try:
        written = _Written.model_validate(source.content)
    except ValidationError as error:
        raise _fault(source, (), "", error) from None
    if f"{written.flow}.yaml" != file:
        raise source.fault(("flow",), "", f"the flow is named {written.flow}", f"name its file {written.flow}.yaml")
    if "" in written.steps:
        raise source.fault(("steps", ""), "", "a step has no name", "give it one")
    names = list(written.steps)
    below = dict(zip(names, [*names[1:], ""], strict=True))
    steps = {name: _read_step(source, name, content, below[name]) for name, content in written.steps.items()}
    flow = Flow(
        name=written.flow,
        version=hashlib.sha256(text.encode()).hexdigest()[:VERSION_CHARACTERS],
        manner=Manner(written.voice, written.language),
        steps=steps,
        start=written.start or names[0],
        last_resort=written.last_resort,
        record=written.record,
    )
    _check_targets(source, flow, written)
    return flow


def _read_step(source: Source, name: str, content: object, below: str) -> Step:
    if content == _BARE:
        return HangUp(name=name)
    path = ("steps", name)
    if not isinstance(content, dict) or not content:
        raise source.fault(path, name, "says nothing to do", f"give it one of {', '.join(STEP_KINDS)}")
    kinds = [key for key in content if key in STEP_KINDS]
    if len(kinds) != 1:
        found = f"is {' and '.join(kinds)} at once" if kinds else f"is of no known kind: {', '.join(map(str, content))}"
        raise source.fault(path, name, found, f"give it one of {', '.join(STEP_KINDS)}")
    if "name" in content:
        raise source.fault(
            (*path, "name"), name, "name is not a key here", "remove it: a step is named where it stands"
        )
    kind = STEP_KINDS[kinds[0]]
    following = {} if kind.final or "next" in content else {"next": below}
    try:
        return kind.model_validate({**content, **following, "name": name})
    except ValidationError as error:
        raise _fault(source, path, name, error) from None


def _check_targets(source: Source, flow: Flow, written: _Written) -> None:
    for path, named_in, target in _all_targets(flow, written):
        if target not in flow.steps:
            near = get_close_matches(target, flow.steps, 1)
            remedy = f"did you mean {near[0]}?" if near else "add that step, or name one that exists"
            raise source.fault(path, named_in, f"leads to {target}, which is no step of this flow", remedy)
    for name, step in flow.steps.items():
        if isinstance(step, Reject) and name != flow.start:
            remedy = "make it the first step, or use hangup"
            raise source.fault(("steps", name), name, "rejects a call that is answered already", remedy)


def _all_targets(flow: Flow, written: _Written) -> Iterator[tuple[tuple[str, ...], str, str]]:
    for word in ("start", "last_resort"):
        if target := getattr(written, word):
            yield (word,), "", target
    for name, step in flow.steps.items():
        for where, target in step.targets():
            yield ("steps", name, *where.split(".")), name, target


def _fault(source: Source, path: tuple[str, ...], step: str, error: ValidationError) -> FlowInvalid:
    first = error.errors(include_url=False, include_context=False)[0]
    where = tuple(part for part in first["loc"] if part != "[key]")
    named = ".".join(str(part) for part in where)
    if first["type"] == "extra_forbidden":
        return source.fault((*path, *where), step, f"{named} is not a key here", "remove it, or look its name up")
    if first["type"] == "missing":
        return source.fault((*path, *where), step, f"{named} is missing", f"add {named}")
    said = first["msg"].removeprefix("Value error, ")
    return source.fault((*path, *where), step, f"{named}: {said}" if named else said, "mend the value")
