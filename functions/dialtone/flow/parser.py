"""From a flow's text to the flow: every fault is told with its line, its step and its remedy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dialtone.domain.errors import FlowInvalid
from dialtone.flow.calendars import calendar_file, read_calendar
from dialtone.flow.consent import ConsentPolicy
from dialtone.flow.document import Source, read_source, validated
from dialtone.flow.flow import CONSENT_STEP, STEP_OF_FLOW, Flow, Limits, WholeCall, version_of
from dialtone.flow.inputs import is_givable
from dialtone.flow.steps.answered_by import AnsweredBy
from dialtone.flow.steps.branch import Branch
from dialtone.flow.steps.choose_language import ChooseLanguage
from dialtone.flow.steps.collect import Collect
from dialtone.flow.steps.go import GoTo, Return
from dialtone.flow.steps.hangup_and_reject import HangUp, Reject
from dialtone.flow.steps.hours import Hours
from dialtone.flow.steps.lookup import LookUp
from dialtone.flow.steps.menu import Menu
from dialtone.flow.steps.play import Play
from dialtone.flow.steps.record import Record
from dialtone.flow.steps.recording import RecordingSwitch
from dialtone.flow.steps.say import Say
from dialtone.flow.steps.send_digits import SendDigits
from dialtone.flow.steps.set_variables import Name, SetVariables
from dialtone.flow.steps.transfer import Transfer
from dialtone.flow.steps.wait import Pause
from dialtone.flow.voice_settings import LanguageCode, Speed, VoiceDefaults, VoiceName, VoiceOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.flow.steps.step import Step

STEP_KINDS: Mapping[str, type[Step]] = {
    "answered_by": AnsweredBy,
    "branch": Branch,
    "choose_language": ChooseLanguage,
    "collect": Collect,
    "come_back": Return,
    "go": GoTo,
    "hangup": HangUp,
    "hours": Hours,
    "lookup": LookUp,
    "menu": Menu,
    "play": Play,
    "record": Record,
    "recording": RecordingSwitch,
    "reject": Reject,
    "say": Say,
    "send_digits": SendDigits,
    "set": SetVariables,
    "transfer": Transfer,
    "wait": Pause,
}
"""The key that names a step's kind → the kind."""

BARE: Mapping[str, type[Step]] = {"come_back": Return, "hangup": HangUp}
"""The kinds that may be written as a word alone: `bye: hangup`."""

DEFAULT_VOICE = "AWS.Polly.Joanna-Neural"


class WrittenFlow(BaseModel):
    """A flow file's top level."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    flow: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="The flow's name, which is the file's too.")
    about: str = Field("", description="A sentence for people.")
    voice: VoiceName = Field(DEFAULT_VOICE, description="Any voice of Telnyx.")
    language: LanguageCode | Literal[""] = Field("", description="As Telnyx names it, en-US; without it, the voice's.")
    speed: Speed = Field(1.0, description="1 is the voice's own; from 0.5 to 2.")
    voice_settings: dict[str, Any] = Field(
        default_factory=dict, description="What the voice's provider takes beside, as Telnyx names it."
    )
    languages: dict[LanguageCode, VoiceOptions] = Field(
        default_factory=dict, description="Every language that the flow speaks → its voice; the first is the flow's."
    )
    record: WholeCall | None = Field(None, description="Record the whole call.")
    consent_policy: ConsentPolicy = Field(
        default_factory=ConsentPolicy, description="What every recording needs that the flow can start."
    )
    given: dict[Name, str] = Field(
        default_factory=dict, description="Variable that a call dialled for it must be given → what it is."
    )
    limits: Limits = Field(default_factory=Limits, description="How far a call may go before last_resort ends it.")
    start: str = Field("", description="The first step; without it, the first in the file.")
    last_resort: str = Field("", description="The step for what has no other way; without it, hang up.")
    steps: dict[str, Any] = Field(min_length=1, description="Step's name → step.")

    @model_validator(mode="after")
    def _one_first_language(self) -> Self:
        if self.languages and self.language and self.language != next(iter(self.languages)):
            raise ValueError(f"language is {self.language}, but the first of languages is {next(iter(self.languages))}")
        return self

    @model_validator(mode="after")
    def _givable(self) -> Self:
        for name in self.given:
            if not is_givable(name):
                raise ValueError(f"{name} cannot be given: calls find it out by themselves")
        return self

    def voice_defaults(self) -> VoiceDefaults:
        """How the flow speaks."""
        language = self.language or next(iter(self.languages), "")
        return VoiceDefaults(self.voice, language, self.speed, self.voice_settings, self.languages)


Beside = Callable[[str], str | None]
"""The text of a file beside a flow, by its name; None where there is none."""


def read_flow(file: str, text: str, beside: Beside | None = None) -> Flow:
    """The flow, checked whole; `file` is its name without a folder. Raises FlowInvalid with the first fault.

    Without `beside`, the calendars and other flows that it names are taken on trust: it can be looked at, not followed.
    """
    source = read_source(file, text)
    if not isinstance(source.content, dict):
        raise FlowInvalid(file, 1, "", "is not a flow", "begin with `flow: <name>` and `steps:`")
    written = validated(source, WrittenFlow, source.content)
    if f"{written.flow}.yaml" != file:
        raise source.fault(("flow",), "", f"the flow is named {written.flow}", f"name its file {written.flow}.yaml")
    if "" in written.steps:
        raise source.fault(("steps", ""), "", "a step has no name", "give it one")
    names = list(written.steps)
    for name in names:
        if STEP_OF_FLOW in name:
            raise source.fault(("steps", name), name, f"has a {STEP_OF_FLOW} in its name", "name it without")
    below = dict(zip(names, [*names[1:], ""], strict=True))
    steps = {name: _read_step(source, name, content, below[name]) for name, content in written.steps.items()}
    start = written.start or names[0]
    if written.record and written.record.consent and not isinstance(steps.get(start), Reject):
        steps[CONSENT_STEP] = written.record.after_consent(start)
        start = CONSENT_STEP
    texts = [text]
    if beside is not None:
        steps = {name: _with_calendar(source, step, beside, texts) for name, step in steps.items()}
    flow = Flow(
        name=written.flow,
        version=version_of(texts),
        voice_defaults=written.voice_defaults(),
        steps=steps,
        start=start,
        last_resort=written.last_resort,
        record=written.record,
        limits=written.limits,
        consent_policy=written.consent_policy,
        given=written.given,
    )
    _check_targets(source, flow, written)
    if beside is not None:
        _check_flows(source, flow, beside)
    return flow


def _read_step(source: Source, name: str, content: object, below: str) -> Step:
    if isinstance(content, str) and content in BARE:
        return BARE[content](name=name)
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
    if "calendar" in content and kind is Hours:
        raise source.fault((*path, "calendar"), name, "calendar is not a key here", "name it after `hours`")
    following = {} if kind.final or "next" in content else {"next": below}
    return validated(source, kind, {**content, **following, "name": name}, path, name)


def _with_calendar(source: Source, step: Step, beside: Beside, texts: list[str]) -> Step:
    if not isinstance(step, Hours):
        return step
    text = beside(calendar_file(step.hours))
    if text is None:
        remedy = f"add {calendar_file(step.hours)} beside the flow, or name a calendar that is there"
        raise source.fault(
            ("steps", step.name, "hours"), step.name, f"goes by {step.hours}, which is no calendar", remedy
        )
    texts.append(text)
    return step.model_copy(update={"calendar": read_calendar(step.hours, text)})


def _check_flows(source: Source, flow: Flow, beside: Beside) -> None:
    for name, step in flow.steps.items():
        for other, _ in step.visits():
            if beside(f"{other}.yaml") is None:
                remedy = f"add {other}.yaml beside the flow, or name a flow that is there"
                raise source.fault(("steps", name), name, f"leads to the flow {other}, which is not there", remedy)


def _check_targets(source: Source, flow: Flow, written: WrittenFlow) -> None:
    for path, named_in, target in _all_targets(flow, written):
        if target not in flow.steps:
            near = get_close_matches(target, flow.steps, 1)
            remedy = f"did you mean {near[0]}?" if near else "add that step, or name one that exists"
            raise source.fault(path, named_in, f"leads to {target}, which is no step of this flow", remedy)
    for name, step in flow.steps.items():
        if isinstance(step, Reject) and name != flow.start:
            remedy = "make it the first step, or use hangup"
            raise source.fault(("steps", name), name, "rejects a call that is answered already", remedy)


def _all_targets(flow: Flow, written: WrittenFlow) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    for word in ("start", "last_resort"):
        if target := getattr(written, word):
            yield (word,), "", target
    for name, step in flow.steps.items():
        for where, target in step.targets():
            path = (
                int(part) if part.isdecimal() and where.startswith("branch.") else part for part in where.split(".")
            )
            yield ("steps", name, *path), name, target
