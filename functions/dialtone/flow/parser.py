"""Parses a flow's text. Every problem is reported with its position, its step and its remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dialtone.flow.calendars import calendar_file, read_calendar
from dialtone.flow.consent import ConsentPolicy
from dialtone.flow.data_files import data_file, missing, read_data, without_columns
from dialtone.flow.document import Document
from dialtone.flow.flow import CONSENT_STEP, STEP_OF_FLOW, Flow, Limits, Memory, WholeCall, version_of
from dialtone.flow.recording_options import RetentionDays
from dialtone.flow.steps.hangup_and_reject import Reject
from dialtone.flow.variable_names import VariableName, is_givable
from dialtone.flow.voice_settings import LanguageCode, Speed, VoiceDefaults, VoiceName, VoiceOptions

if TYPE_CHECKING:
    from dialtone.flow.data_files import DataFile
    from dialtone.flow.document import Path
    from dialtone.flow.step import Step

_STEP_CLASSES = {
    "answered_by": "answered_by.AnsweredBy",
    "assistant": "assistant.Assistant",
    "branch": "branch.Branch",
    "choose_language": "choose_language.ChooseLanguage",
    "collect": "collect.Collect",
    "deliver": "deliver.Deliver",
    "directory": "directory.Directory",
    "find": "find.Find",
    "come_back": "go_and_come_back.Return",
    "go": "go_and_come_back.GoTo",
    "hangup": "hangup_and_reject.HangUp",
    "hours": "hours.Hours",
    "on_call": "on_call.OnCall",
    "lookup": "lookup.LookUp",
    "menu": "menu.Menu",
    "opt_out": "opt_out.OptOut",
    "pay": "pay.Pay",
    "play": "play.Play",
    "conference": "conference.Conference",
    "queue": "queue.Queue",
    "record": "record.Record",
    "recording": "recording.RecordingSwitch",
    "reject": "hangup_and_reject.Reject",
    "say": "say.Say",
    "send_digits": "send_digits.SendDigits",
    "set": "set_variables.SetVariables",
    "split": "split.Split",
    "take_from": "take_from.TakeFrom",
    "text": "text.SendText",
    "transcribe": "transcribe.Transcribe",
    "transfer": "transfer.Transfer",
    "wait": "wait.Pause",
}
"""The key of a step's kind → its module in `steps/`, and its class."""


class StepKinds(Mapping[str, "type[Step]"]):
    """Key → kind. A kind's module is imported on its first use, to keep cold starts short."""

    def __getitem__(self, key: str) -> type[Step]:
        """The kind. Raises KeyError if there is no such kind."""
        module, _, name = _STEP_CLASSES[key].partition(".")
        kind: type[Step] = getattr(import_module(f"dialtone.flow.steps.{module}"), name)
        return kind

    def __contains__(self, key: object) -> bool:
        """Whether the key is that of a kind; imports nothing."""
        return key in _STEP_CLASSES

    def __iter__(self) -> Iterator[str]:
        """Every key."""
        return iter(_STEP_CLASSES)

    def __len__(self) -> int:
        """How many kinds there are."""
        return len(_STEP_CLASSES)


STEP_KINDS = StepKinds()
"""The key of a step's kind → the kind."""

BARE = frozenset({"come_back", "hangup"})
"""The kinds that may be written as a single word: `bye: hangup`."""

DEFAULT_VOICE = "AWS.Polly.Joanna-Neural"


class WrittenFlow(BaseModel):
    """A flow file's top level."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    flow: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="The flow's name, which is the file's too.")
    about: str = Field("", description="A sentence for people.")
    voice: VoiceName = Field(DEFAULT_VOICE, description="Any voice of Telnyx.")
    language: LanguageCode | Literal[""] = Field("", description="As Telnyx names it, en-US; without it, the voice's.")
    speed: Speed = Field(1.0, description="1 is the voice's normal speed; from 0.5 to 2.")
    voice_settings: dict[str, Any] = Field(
        default_factory=dict, description="Further settings of the voice's provider, under Telnyx's names."
    )
    languages: dict[LanguageCode, VoiceOptions] = Field(
        default_factory=dict, description="Every language that the flow speaks → its voice; the first is the flow's."
    )
    record: WholeCall | None = Field(None, description="Record the whole call.")
    consent_policy: ConsentPolicy = Field(
        default_factory=ConsentPolicy, description="The consent that every recording of the flow needs."
    )
    retention_days: RetentionDays | None = Field(
        None, description="Days that recordings of its calls are kept; without it, as long as the bucket keeps any."
    )
    memory: Memory | None = Field(
        None, description="Remember the variables that begin with `memory.` of each caller, for the next call."
    )
    given: dict[VariableName, str] = Field(
        default_factory=dict, description="Input that a call dialled for the flow must bring → a description."
    )
    limits: Limits = Field(default_factory=Limits, description="How far a call may go before last_resort ends it.")
    start: str = Field("", description="The first step; without it, the first in the file.")
    last_resort: str = Field("", description="The step for a fault that has no path of its own; without it, hang up.")
    on_hangup: str = Field(
        "",
        description="The step that follows once the call has ended, whichever side hung up: one that needs no caller.",
    )
    steps: dict[str, Any] = Field(min_length=1, description="Step's name → step.")

    @model_validator(mode="after")
    def _one_first_language(self) -> Self:
        if self.languages and self.language and self.language != next(iter(self.languages)):
            raise ValueError(
                f"language is {self.language}, but languages begins with {next(iter(self.languages))}; write the same"
            )
        return self

    @model_validator(mode="after")
    def _givable(self) -> Self:
        for name in self.given:
            if not is_givable(name):
                raise ValueError(f"{name} cannot be an input, because calls set it themselves; remove it")
        return self

    def voice_defaults(self) -> VoiceDefaults:
        """How the flow speaks."""
        language = self.language or next(iter(self.languages), "")
        return VoiceDefaults(self.voice, language, self.speed, self.voice_settings, self.languages)


FileReader = Callable[[str], str | None]
"""Reads a file beside a flow, by its name; None if there is none."""


def read_flow(file: str, text: str, read_file: FileReader | None = None) -> Flow:
    """The flow; `file` is its name without a folder. Raises FlowInvalid with the first problem.

    Without `read_file`, the calendars and other flows that it names are not checked: the flow can be examined, not run.
    """
    document = Document.read(file, text)
    flow = parse_flow(document, read_file)
    if flow is None:
        raise document.error
    return flow


def parse_flow(document: Document, read_file: FileReader | None = None) -> Flow | None:
    """The flow in a document, or None, with all problems reported to the document.

    Raises FlowInvalid for a calendar that cannot be read: that is another document.
    """
    if not isinstance(document.content, dict):
        document.report((), "", "is not a flow", "begin with `flow: <name>` and `steps:`")
        return None
    if "conversations" in document.content and "steps" not in document.content:
        remedy = "play it with `dialtone flow test`, or name the flow's file"
        document.report((), "", "holds conversations, not a flow", remedy)
        return None
    written = document.validate(WrittenFlow, document.content)
    if f"{document.content.get('flow')}.yaml" != document.file:
        named = document.content.get("flow")
        document.report(("flow",), "", f"the flow is named {named}", f"name its file {named}.yaml")
    steps = _parse_steps(document)
    start = _start(document)
    if written and written.record and written.record.consent and not isinstance(steps.get(start), Reject):
        steps[CONSENT_STEP] = written.record.after_consent(start)
        start = CONSENT_STEP
    texts = [document.text]
    if read_file is not None and not document.problems:
        steps = {name: _with_calendar(document, step, read_file, texts) for name, step in steps.items()}
        steps = _with_data(document, steps, read_file, texts)
        steps = _with_rotas(document, steps, read_file, texts)
    steps = _with_questions(document, steps)
    _check_targets(document, steps, start)
    if read_file is not None:
        _check_flows(document, steps, read_file)
    if written is None or document.problems:
        return None
    return Flow(
        name=written.flow,
        version=version_of(texts),
        voice_defaults=written.voice_defaults(),
        steps=steps,
        start=start,
        last_resort=written.last_resort,
        on_hangup=written.on_hangup,
        record=written.record,
        retention_days=int(written.retention_days or 0),
        limits=written.limits,
        consent_policy=written.consent_policy,
        memory_days=written.memory.days if written.memory else 0,
        given=written.given,
    )


def _start(document: Document) -> str:
    named, steps = document.content.get("start"), document.steps()
    return named if isinstance(named, str) and named in steps else next(iter(steps), "")


def _parse_steps(document: Document) -> dict[str, Step]:
    """The valid steps. Each is validated by itself, so that a broken one hides no other."""
    written = document.steps()
    for name in written:
        if not name:
            document.report(("steps", name), "", "a step has no name", "give it one")
        if STEP_OF_FLOW in name:
            document.report(("steps", name), name, f"has a {STEP_OF_FLOW} in its name", "name it without")
    below = [*list(written)[1:], ""]
    parsed = [_parse_step(document, *step, following) for step, following in zip(written.items(), below, strict=False)]
    return {step.name: step for step in parsed if step}


def _parse_step(document: Document, name: str, content: Any, below: str) -> Step | None:  # noqa: ANN401 -- whatever the file holds
    if isinstance(content, str) and content in BARE:
        return STEP_KINDS[content](name=name)
    if content is None and below in STEP_KINDS and isinstance(document.steps().get(below), str):
        return None  # the kind's key is nested too deeply; that is reported for the step below
    path = ("steps", name)
    kinds = _kinds_in(content)
    if len(kinds) != 1:
        document.report(path, name, *_why_of_no_kind(name, content, kinds))
        return None
    kind = STEP_KINDS[kinds[0]]
    if "name" in content:
        remedy = "remove it: a step is named where it stands"
        document.report((*path, "name"), name, "name is not a key here", remedy)
    if "calendar" in content and "hours" in kinds:
        document.report((*path, "calendar"), name, "calendar is not a key here", "name it after `hours`")
    following = {} if kind.final or "next" in content else {"next": below}
    return document.validate(kind, {**content, **following, "name": name}, path, name)


def _kinds_in(content: object) -> list[str]:
    """The kinds that a step's keys name. A kind that is also a key of another kind counts as that key: `deliver`."""
    kinds = [key for key in content if key in STEP_KINDS] if isinstance(content, dict) else []
    if len(kinds) <= 1:
        return kinds
    return [
        each for each in kinds if not any(each in STEP_KINDS[other].model_fields for other in kinds if other != each)
    ]


def _with_questions(document: Document, steps: dict[str, Step]) -> dict[str, Step]:
    """The steps. Each prompt that keys interrupt gets the question that these keys answer."""
    if not any(isinstance(each, dict) and each.get("barge_in") and "say" in each for each in document.steps().values()):
        return steps
    from dialtone.flow.typing_ahead import with_questions  # noqa: PLC0415 -- few flows have such a prompt

    return with_questions(document, steps)


def _why_of_no_kind(name: str, content: object, kinds: list[str]) -> tuple[str, str]:
    """Reason and remedy for a step without a kind."""
    from dialtone.flow.explanations import near  # noqa: PLC0415 -- a start from cold need not load it
    from dialtone.flow.step import NEXT, ON_ERROR, ON_HANGUP  # noqa: PLC0415 -- as above

    if kinds:
        return f"is {' and '.join(kinds)} at once", "make two steps of it"
    if not content or not isinstance(content, (dict, str)):
        return "says nothing to do", "write below it, indented, what it does: `say: Hello.`"
    written = [content] if isinstance(content, str) else list(content)
    own = (each for each in written if each not in {NEXT, ON_ERROR, ON_HANGUP})
    if meant := next((likely for each in own if (likely := near(each, STEP_KINDS))), ""):
        return f"is of no known kind: {', '.join(written)}", f"did you mean {meant}?"
    if isinstance(content, str) and name in STEP_KINDS:
        return "stands where steps are named", "indent it, so that it stands below the step that it belongs to"
    if isinstance(content, str) and " " in content:
        return "is a text alone", f'write what is to be done with it: {name}: {{say: "{content}"}}'
    return f"is of no known kind: {', '.join(written)}", f"give it one of {', '.join(STEP_KINDS)}"


def _with_calendar(document: Document, step: Step, read_file: FileReader, texts: list[str]) -> Step:
    name = next(step.calendars(), None)
    if name is None:
        return step
    file = calendar_file(name)
    text = read_file(file)
    if text is None:
        remedy = f"add {file} beside the flow, or name a calendar that is there"
        reason = f"goes by {name}, which is not a calendar"
        document.report(("steps", step.name, "hours"), step.name, reason, remedy)
        return step
    texts.append(text)
    return step.model_copy(update={"calendar": read_calendar(name, text)})


def _with_data(
    document: Document, steps: Mapping[str, Step], read_file: FileReader, texts: list[str]
) -> dict[str, Step]:
    """The steps with their data files, each of which is read once."""
    data: dict[str, DataFile] = {}
    for step in steps.values():
        for named in step.data_files():
            where = ("steps", step.name, *named.where)
            if named.file not in data:
                text = read_file(data_file(named.file))
                if text is None:
                    document.report(where, step.name, *missing(named.file))
                    continue
                texts.append(text)
                data[named.file] = read_data(named.file, text)
            if problem := without_columns(named, data[named.file]):
                document.report(where, step.name, *problem)
    return {name: step.with_data(data) if any(step.data_files()) else step for name, step in steps.items()}


def _with_rotas(
    document: Document, steps: Mapping[str, Step], read_file: FileReader, texts: list[str]
) -> dict[str, Step]:
    """The steps with their rotas."""
    found: dict[str, Step] = {}
    for key, step in steps.items():
        found[key] = step
        for name in step.rotas():
            from dialtone.flow.rotas import read_rota, rota_file  # noqa: PLC0415 -- only flows with rotas need it

            text = read_file(rota_file(name))
            if text is None:
                remedy = f"add {rota_file(name)} beside the flow, or name a rota that is there"
                document.report(("steps", key, "on_call"), key, f"goes by {name}, which is not a rota", remedy)
                continue
            texts.append(text)
            found[key] = step.with_rota(read_rota(name, text))
    return found


def _check_flows(document: Document, steps: Mapping[str, Step], read_file: FileReader) -> None:
    for name, step in steps.items():
        for other, _ in step.visits():
            if read_file(f"{other}.yaml") is None:
                remedy = f"add {other}.yaml beside the flow, or name a flow that is there"
                document.report(("steps", name), name, f"leads to the flow {other}, which does not exist", remedy)


def _check_targets(document: Document, steps: Mapping[str, Step], start: str) -> None:
    known = {**document.steps(), **steps}
    # Without any valid steps, every name would be another error.
    for path, named_in, target in _all_targets(document, steps) if document.steps() else ():
        if target not in known:
            from difflib import get_close_matches  # noqa: PLC0415 -- a start from cold need not load it

            near = get_close_matches(target, known, 1)
            remedy = f"did you mean {near[0]}?" if near else "add that step, or name one that exists"
            document.report(path, named_in, f"leads to {target}, which is not a step of this flow", remedy)
    for name, step in steps.items():
        if isinstance(step, Reject) and name != start:
            remedy = "make it the first step, or use hangup"
            document.report(("steps", name), name, "rejects a call that is answered already", remedy)


def _all_targets(document: Document, steps: Mapping[str, Step]) -> Iterator[tuple[Path, str, str]]:
    for word in ("start", "last_resort", "on_hangup"):
        if isinstance(target := document.content.get(word), str) and target:
            yield (word,), "", target
    for name, step in steps.items():
        for where, target in step.targets():
            inside = (
                int(part) if part.isdecimal() and where.startswith(("branch.", "split.")) else part
                for part in where.split(".")
            )
            around: Path = ("record",) if name == CONSENT_STEP else ("steps", name)
            yield (*around, *inside), name, target
