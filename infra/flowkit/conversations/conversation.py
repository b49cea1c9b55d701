"""Conversations: what a caller does, hears, and what must come of it. Each stands in a file beside its flow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StringConstraints,
    Tag,
    model_validator,
)

from dialtone.domain.errors import FlowInvalid
from dialtone.flow.document import Document
from infra.carrier.caller_identity import CallerIdentity

SUFFIX = ".test.yaml"
"""Of a file of conversations: `main-menu.test.yaml` lies beside `main-menu.yaml`."""

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"

TIMEOUT_SECONDS = 120.0
"""How long people listen for what they expect to hear; then they hang up, and the conversation has failed."""

SPOKEN_CHARACTERS_PER_SECOND = 15.0
"""How fast people speak where a conversation does not say how long it takes: as fast as the simulated voices."""

TOLERANCE_SECONDS = 1.0
"""How far a length may be from the one number given for it: audio and announcements are rounded."""

MONDAY_MORNING = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""When conversations take place that do not say when: always the same, and no holiday."""

_DURATION = r"^\d+(\.\d+)?(s|m)?$"
_SECONDS_PER_UNIT = {"s": 1.0, "m": 60.0, "": 1.0}


def _seconds(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    if isinstance(written, str) and re.fullmatch(_DURATION, written):
        number = written.rstrip("sm")
        return float(number) * _SECONDS_PER_UNIT[written[len(number) :]]
    if isinstance(written, bool) or not isinstance(written, (int, float)):
        raise ValueError("is not a length of time; write 3s, 1.5s or 2m")  # noqa: TRY004 -- pydantic collects ValueErrors
    return written


def _as_text(written: Any) -> Any:  # noqa: ANN401 -- as above
    """YAML reads an unquoted 1 as a number."""
    return str(written) if type(written) is int else written


Seconds = Annotated[
    float,
    Field(ge=0, le=3_600),
    BeforeValidator(_seconds, json_schema_input_type=float | Annotated[str, StringConstraints(pattern=_DURATION)]),
]
Words = Annotated[str, StringConstraints(min_length=1)]
Number = Annotated[str, StringConstraints(pattern=r"^(\+[1-9]\d{6,14}|sips?:\S+)$")]
Shown = Annotated[str, StringConstraints(pattern=r"^(\S(.*\S)?)?$")]
"""As Telnyx gives it: E.164, a SIP address, a number without a plus, a word such as Restricted, or nothing."""
_KEYS = r"^[0-9*#]+$"
Keys = Annotated[
    str,
    BeforeValidator(
        _as_text,
        json_schema_input_type=Annotated[str, StringConstraints(pattern=_KEYS)] | Annotated[int, Field(ge=0)],
    ),
    StringConstraints(pattern=_KEYS),
]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _word_or_mapping(written: object) -> str:
    return "word" if isinstance(written, (str, int)) else "mapping"


class Sound(_Written):
    """What is heard: exactly one of these."""

    words: Words | None = None
    """A part of what a voice says: the flow's, or another person's. Upper and lower case are the same."""
    audio: Words | None = None
    """The name of a media file, or a part of an audio address."""
    ringing: Number | None = None
    """The ringing tone while this number is called."""
    keys: Words | None = None
    """Keys that the line sends."""
    beep: Literal[True] | None = None
    """The tone before a recording."""
    within: Seconds = TIMEOUT_SECONDS
    """How long to wait for it."""

    @model_validator(mode="after")
    def _one_kind(self) -> Sound:
        given = [name for name in _SOUNDS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(_SOUNDS)}; write one of them")
        return self

    def __str__(self) -> str:
        if self.beep:
            return "(tone)"
        if self.audio:
            return f"♪ {self.audio}"
        if self.ringing:
            return f"(ringing at {self.ringing})"
        return f"keys {self.keys}" if self.keys else f"“{self.words}”"


_SOUNDS = ("words", "audio", "ringing", "keys", "beep")

BEEP_WORD = "beep"


class Speech(_Written):
    """What a person says."""

    words: Words
    seconds: Seconds | None = None
    """How long it takes; without it, as long as reading it out."""


class Hears(_Written):
    """The person listens until this was heard; what else is heard before it does not matter."""

    hears: Annotated[Annotated[Words, Tag("word")] | Annotated[Sound, Tag("mapping")], Discriminator(_word_or_mapping)]
    """Words, `beep` for the tone, or a mapping."""

    @property
    def sound(self) -> Sound:
        """What is listened for."""
        if isinstance(self.hears, Sound):
            return self.hears
        return Sound(beep=True) if self.hears == BEEP_WORD else Sound(words=self.hears)

    def __str__(self) -> str:
        return f"hears {self.sound}"


class Presses(_Written):
    """The person presses keys, one after another."""

    presses: Keys

    def __str__(self) -> str:
        return f"presses {self.presses}"


class Says(_Written):
    """The person speaks."""

    says: Annotated[Annotated[Words, Tag("word")] | Annotated[Speech, Tag("mapping")], Discriminator(_word_or_mapping)]
    """Words, or a mapping that says how long they take."""

    @property
    def speech(self) -> tuple[str, float]:
        """The words, and how many seconds they take."""
        spoken = self.says if isinstance(self.says, Speech) else Speech(words=self.says)
        if spoken.seconds is not None:
            return spoken.words, spoken.seconds
        return spoken.words, max(1.0, len(spoken.words) / SPOKEN_CHARACTERS_PER_SECOND)

    def __str__(self) -> str:
        return f"says “{self.speech[0]}”"


class After(_Written):
    """Time passes."""

    after: Seconds

    def __str__(self) -> str:
        return f"waits {self.after:g} s"


class HangsUp(_Written):
    """The person hangs up."""

    hangs_up: Literal[True]

    def __str__(self) -> str:
        return "hangs up"


_DEEDS: dict[str, type[Hears | Presses | Says | After | HangsUp]] = {
    "hears": Hears,
    "presses": Presses,
    "says": Says,
    "after": After,
    "hangs_up": HangsUp,
}


def _deed_kind(written: object) -> str | None:
    for name, kind in _DEEDS.items():
        if isinstance(written, kind):
            return name
    return next((name for name in _DEEDS if isinstance(written, dict) and name in written), None)


Action = Annotated[
    Annotated[Hears, Tag("hears")]
    | Annotated[Presses, Tag("presses")]
    | Annotated[Says, Tag("says")]
    | Annotated[After, Tag("after")]
    | Annotated[HangsUp, Tag("hangs_up")],
    Discriminator(
        _deed_kind,
        custom_error_type="no_deed",
        custom_error_message=f"is nothing that a person does; known are {', '.join(_DEEDS)}",
    ),
]
Talk = tuple[Action, ...]

Answering = Literal["person", "not_sure", "machine", "fax", "silent", "nobody", "busy", "rejects", "unknown"]


class Callee(_Written):
    """Somebody who is called. In a file: one word, or a mapping."""

    answers: Answering = "person"
    """`not_sure` is a person whom detection does not know for one; `silent` is a line on which nobody speaks; `unknown`
    is a number that nobody has."""
    after: Seconds | None = None
    """How long it rings first: 3 s for a person, 4 s for a machine, a moment for the rest."""
    greeting: Seconds = 6.0
    """How long a machine's greeting lasts."""
    beep: bool = True
    """Whether a machine's greeting ends with a tone."""
    talk: Talk = ()
    """What a person does once they have answered."""

    @model_validator(mode="after")
    def _talks_only_if_there(self) -> Callee:
        if self.talk and self.answers not in {"person", "not_sure"}:
            raise ValueError(f"{self.answers} does not talk; remove talk, or let a person answer")
        return self


class Dialled(Callee):
    """Whom we ring for the flow; what they do stands in the conversation's own `talk`."""

    to: Number
    detection: Literal["greeting_end", "detect", "detect_beep", "detect_words", "premium", "disabled"] = "greeting_end"
    """Answering-machine detection, as the call is dialled with it."""
    talk: tuple[()] = ()


class Trouble(_Written):
    """Something goes wrong: exactly one of these."""

    telnyx_refuses: Words | None = None
    """The next commands of this name (`speak`, `transfer`, …) are refused for good."""
    telnyx_unavailable: Words | None = None
    """The next commands of this name fail for now: the webhook is delivered again."""
    audio_missing: Words | None = None
    """This media file was never uploaded."""
    recording_fails: Words | None = None
    """Telnyx cannot keep the next recordings, and says this."""
    step: str = ""
    """With `telnyx_refuses`: only commands that this step gives."""
    times: int = Field(1, ge=1, le=100)

    @model_validator(mode="after")
    def _one_kind(self) -> Trouble:
        given = [name for name in _TROUBLES if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(_TROUBLES)}; write one of them")
        if self.step and not self.telnyx_refuses:
            raise ValueError("step is only for telnyx_refuses; remove it")
        return self


_TROUBLES = ("telnyx_refuses", "telnyx_unavailable", "audio_missing", "recording_fails")


class LookupAnswer(_Written):
    """How another system answers what the flow looks up. In a file: one word, or a mapping."""

    answers: Literal["found", "not_found", "failed", "never"] = "found"
    """`failed` reports at once that the lookup failed; with `never`, no answer ever comes."""
    gives: dict[str, Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | int)]] = Field(
        default_factory=dict
    )
    """What is found: field → value."""
    after: Seconds = 0.2

    @model_validator(mode="after")
    def _gives_what_is_found(self) -> LookupAnswer:
        if self.gives and self.answers != "found":
            raise ValueError(f"{self.answers} gives nothing; remove gives")
        return self


class Length(_Written):
    """From so many seconds to so many."""

    min: Seconds = 0.0
    max: Seconds = 3_600.0

    def holds(self, seconds: float) -> bool:
        """Whether it is that long."""
        return self.min <= seconds <= self.max

    def __str__(self) -> str:
        return f"{self.min:g} to {self.max:g} s"


def _about(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    if isinstance(written, (dict, Length)):
        return written
    seconds = _seconds(written)
    return {"min": max(0.0, seconds - TOLERANCE_SECONDS), "max": seconds + TOLERANCE_SECONDS}


About = Annotated[
    Length,
    BeforeValidator(
        _about, json_schema_input_type=float | Annotated[str, StringConstraints(pattern=_DURATION)] | Length
    ),
]
"""A length: `6s` means within a second of it; or a mapping with `min` and `max`."""


class RecordingExpected(_Written):
    """What is true of a recording; what is not given does not matter."""

    status: Literal["saved", "failed"] = "saved"
    """As the ledger has it once the call is over; the archive comes later."""
    seconds: About | None = None
    """How much was recorded, without what was paused."""
    pauses: int | None = Field(None, ge=0)
    source: Literal["answer", "step"] | None = None
    """Whether the whole call is recorded from the answer, or a step asked for it."""
    format: Literal["mp3", "wav"] | None = None
    channels: Literal["single", "dual"] | None = None
    transcript: Words | bool | None = None
    """Words that stand in its transcript; or whether there is one."""


TransferResult = Literal["connected", "busy", "no_answer", "rejected", "unreachable", "given_up"]


class TransferExpected(_Written):
    """Somebody whom the flow rang, and what came of it."""

    to: Number
    result: TransferResult
    """`given_up`: our side, or the caller, ended the ringing."""


class LookupExpected(_Written):
    """Something that the flow looked up, and what it sent."""

    lookup: Words
    """The name or address, as the step has it."""
    send: dict[str, Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | int)]] = Field(
        default_factory=dict
    )
    """What was sent: these, and their values; there may be others. Of sensitive digits a report shows nothing."""


class TextExpected(_Written):
    """A text that was sent, and words that it holds."""

    to: Number
    says: Words | None = None


class Ends(_Written):
    """What must be true when the call is over; what is not given does not matter."""

    outcome: str | None = None
    hung_up_by: Literal["person", "line"] | None = None
    """`person` called, or was called; `line` is the flow, and what it commands."""
    lasts: About | None = None
    """From the answer to the hang-up."""
    steps: tuple[str, ...] | None = None
    """Every step taken, in order; one that is asked again stands once."""
    variables: dict[str, Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | int)]] | None = None
    """These, and what they hold; there may be others."""
    recordings: (
        Annotated[
            Annotated[int, Field(ge=0), Tag("count")] | Annotated[tuple[RecordingExpected, ...], Tag("each")],
            Discriminator(lambda written: "each" if isinstance(written, (list, tuple)) else "count"),
        ]
        | None
    ) = None
    """How many were saved; or each, in the order in which they began."""
    transfers: tuple[TransferExpected, ...] | None = None
    """Everybody whom the flow rang, in order."""
    lookups: tuple[LookupExpected, ...] | None = None
    """Everything that the flow looked up, in order."""
    texts: tuple[TextExpected, ...] | None = None
    """Every text that Telnyx took, in order; also those after the hang-up."""
    deliveries: tuple[str, ...] | None = None
    """To whom messages go: `email ada@example.com`, `chat support`, in the order of the recordings. Not those that the
    caller deleted or recorded anew."""


def _attempts(written: object) -> object:
    """A word or a mapping is the only one; a list has one for each time."""
    listed = written if isinstance(written, (list, tuple)) else [written]
    return [{"answers": each} if isinstance(each, str) else each for each in listed]


def _dialled(written: object) -> object:
    return {"to": written} if isinstance(written, str) else written


def _moment(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    """YAML reads a time of day with seconds as a moment without a zone; ours are UTC."""
    moment = datetime.fromisoformat(written) if isinstance(written, str) else written
    if isinstance(moment, datetime) and moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment


_ONE_CALLEE = Answering | Callee
People = dict[
    Number,
    Annotated[
        tuple[Callee, ...],
        Field(min_length=1),
        BeforeValidator(
            _attempts, json_schema_input_type=_ONE_CALLEE | Annotated[list[_ONE_CALLEE], Field(min_length=1)]
        ),
    ],
]
"""Number → who is there, or a list: who is there the first time, the second, … and, after the last, as that."""

_ONE_ANSWER = Literal["found", "not_found", "failed", "never"] | LookupAnswer
Lookups = dict[
    Words,
    Annotated[
        tuple[LookupAnswer, ...],
        Field(min_length=1),
        BeforeValidator(
            _attempts, json_schema_input_type=_ONE_ANSWER | Annotated[list[_ONE_ANSWER], Field(min_length=1)]
        ),
    ],
]
"""What is looked up → how it answers, or a list of these."""

Given = dict[str, Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | int)]]


def _caller(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    return {"number": written} if isinstance(written, str) else written


class WhoCalls(_Written):
    """A caller, and what the network says of them."""

    number: Shown = "+15550142"
    """As `caller` alone."""
    name: Words | None = None
    """The name that the network gives: `caller_id_name`."""
    attestation: Literal["A", "B", "C"] | None = None
    """`shaken_stir_attestation`: how far the caller's network vouches for the number."""
    validated: StrictBool = True
    """`shaken_stir_validated`: whether the attestation's signature is right."""
    screening: Words | None = None
    """`call_screening_result`, such as `spam_likely`."""

    @property
    def identity(self) -> CallerIdentity:
        """As the carrier has it."""
        return CallerIdentity(self.name or "", self.attestation or "", self.validated, self.screening or "")


Who = Annotated[WhoCalls, BeforeValidator(_caller, json_schema_input_type=Shown | WhoCalls)]


class AlsoCalls(_Written):
    """Somebody else who calls meanwhile: another caller, an agent, a moderator."""

    caller: Who
    """Who calls; as the conversation's own `caller`."""
    called: Shown | None = None
    """Which number or SIP address; without it, the one that the conversation's own caller calls."""
    after: Seconds = 0.0
    """How long after the conversation's own call begins."""
    talk: Talk = ()
    """What they do and hear, in order; then they stay on the line until it ends."""
    ends: Ends = Field(default_factory=Ends)
    """What must be true when their call is over; texts stand in the conversation's own `ends`."""

    @model_validator(mode="after")
    def _no_texts(self) -> AlsoCalls:
        if self.ends.texts is not None:
            raise ValueError("texts are the whole conversation's; expect them under its own ends")
        return self


class Defaults(_Written):
    """What holds for every conversation of a file that does not say otherwise."""

    caller: Who | None = None
    """Who calls."""
    called: Shown | None = None
    """Which number or SIP address."""
    at: Annotated[datetime, BeforeValidator(_moment)] | None = None
    """When."""
    given: Given = Field(default_factory=dict)
    """With `dials`: variables that the call is given; a conversation may add to them."""
    people: People = Field(default_factory=dict)
    """Who can be reached; a conversation may add to them, or replace some."""
    lookups: Lookups = Field(default_factory=dict)
    """How systems answer, in the same form."""


class Conversation(_Written):
    """One call, from the ringing to what is left of it."""

    name: Words
    """What happens, in a few words: it is what a report shows."""
    caller: Who = Field(default_factory=WhoCalls)
    """Who calls; `withheld` for somebody who shows no number; or a mapping with what the network says of them."""
    called: Shown | None = None
    """Which number or SIP address, listed or not; without it, the first in numbers.yaml that leads to the flow."""
    dials: Annotated[Dialled, BeforeValidator(_dialled, json_schema_input_type=Number | Dialled)] | None = None
    """Nobody calls: we ring this number for the flow."""
    given: Given = Field(default_factory=dict)
    """With `dials`: variables that the call is given."""
    at: Annotated[datetime, BeforeValidator(_moment)] = MONDAY_MORNING
    """When, as ISO 8601; UTC unless it says otherwise. Monday, 2 March 2026, 10:00 UTC without it."""
    memory: dict[str, Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | int)]] = Field(
        default_factory=dict
    )
    """What is remembered of the caller of earlier calls: `memory.visits` → what it holds."""
    chance: int | None = Field(None, ge=0, le=1_000_000)
    """What `split` and `random` draw: try some numbers until one goes the way that is meant, and keep it."""
    people: People = Field(default_factory=dict)
    """Who can be reached under other numbers: agents, colleagues. Nobody has a number that is not named."""
    also_call: tuple[AlsoCalls, ...] = Field((), max_length=20)
    """Who else calls meanwhile: callers of a queue and the agent who takes them, those who meet in a conference."""
    lookups: Lookups = Field(default_factory=dict)
    """How the systems answer that the flow asks, by the name or address that `lookup` has; the others fail."""
    payments: dict[Words, Words] = Field(default_factory=dict)
    """Payment connector → `success`, or the code with which its processor declines; the others charge."""
    opted_out: tuple[Number, ...] = ()
    """Who has answered STOP: Telnyx sends them no texts."""
    troubles: tuple[Trouble, ...] = ()
    """What goes wrong meanwhile."""
    talk: Talk = ()
    """What the person on the line does and hears, in order; then they stay on the line until it ends."""
    ends: Ends = Field(default_factory=Ends)

    @model_validator(mode="after")
    def _one_direction(self) -> Conversation:
        if self.dials and self.called:
            raise ValueError("either Dialtone dials, or a caller calls a number; remove called or dials")
        if self.given and not self.dials:
            raise ValueError("given needs dials, because an incoming call has no inputs; remove given, or add dials")
        return self

    @model_validator(mode="after")
    def _call_somewhere(self) -> Conversation:
        if self.dials and any(each.called is None for each in self.also_call):
            raise ValueError("with dials there is no caller; give the number called under also_call")
        return self

    @property
    def call_twice(self) -> list[str]:
        """The numbers of those who call twice at once: a report distinguishes people by their numbers."""
        numbers = [each.caller.number for each in self.also_call]
        if not self.dials:
            numbers.append(self.caller.number)
        return sorted({shown(number) for number in numbers if numbers.count(number) > 1})

    def with_defaults(self, defaults: Defaults) -> Conversation:
        """The same where the file says what holds for all."""
        mappings: dict[str, Any] = {"people": defaults.people | self.people, "lookups": defaults.lookups | self.lookups}
        if self.dials:
            mappings["given"] = defaults.given | self.given
        single = ("caller", "at") if self.dials else ("caller", "called", "at")
        unsaid = [name for name in single if name not in self.model_fields_set and getattr(defaults, name) is not None]
        return self.model_copy(update=mappings | {name: getattr(defaults, name) for name in unsaid})


def shown(number: str) -> str:
    """A caller's number as reports have it."""
    return number or "withheld"


class _File(_Written):
    flow: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    """The flow whose conversations these are."""
    defaults: Defaults = Field(default_factory=Defaults)
    """What holds for every conversation that does not say otherwise."""
    conversations: tuple[Conversation, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Script:
    """A conversation, and where it stands."""

    file: Path
    line: int
    flow: str
    conversation: Conversation
    default_people: frozenset[str] = frozenset()
    """The numbers of those who come from the file's defaults: they need not be rung."""

    @property
    def title(self) -> str:
        """The flow and what happens."""
        return f"{self.flow}: {self.conversation.name}"


def read_conversations(file: Path) -> tuple[Script, ...]:
    """Every conversation of a file. Raises FlowInvalid with the first problem, its line and what to do."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise FlowInvalid(file.name, line, "", "is not UTF-8", "save it as UTF-8 text") from None
    except OSError as error:
        remedy = "name a file of conversations that you may read"
        raise FlowInvalid(file.name, 1, "", f"cannot be read: {error.strerror}", remedy) from None
    document = Document.read(file.name, text)
    scripts = tuple(_scripts(file, document))
    document.checked()
    return scripts


def _scripts(file: Path, document: Document) -> Iterator[Script]:
    if not isinstance(document.content, dict):
        document.report((), "", "holds no conversations", "begin with `flow: <name>` and `conversations:`")
        return
    written = document.validate(_File, document.content)
    if written is None:
        return
    if f"{written.flow}{SUFFIX}" != file.name:
        remedy = f"name its file {written.flow}{SUFFIX}"
        document.report(("flow",), "", f"the flow is {written.flow}", remedy)
    names: set[str] = set()
    for position, conversation in enumerate(written.conversations):
        path = ("conversations", position)
        if conversation.name in names:
            document.report((*path, "name"), "", f"“{conversation.name}” appears twice", "give it another name")
        names.add(conversation.name)
        completed = conversation.with_defaults(written.defaults)
        for number in completed.call_twice:
            document.report((*path, "also_call"), "", f"{number} calls twice", "give each caller a number of their own")
        default_people = frozenset(written.defaults.people.keys() - conversation.people.keys())
        yield Script(file, document.line(path), written.flow, completed, default_people)


def schema() -> str:
    """The JSON Schema of such a file, as it is published."""
    described = _File.model_json_schema(by_alias=False)
    described |= {"$schema": SCHEMA_DIALECT, "title": "Conversations of a Dialtone flow"}
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"
