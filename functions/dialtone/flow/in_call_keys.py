"""Keys during a conversation: what a flow lets two people do who talk, and the detection of these keys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, NamedTuple, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from dialtone.domain.units import MILLIS_PER_SECOND
from dialtone.flow.keys import as_text
from dialtone.flow.prompts import Prompt
from dialtone.flow.recording_options import StartOptions
from dialtone.flow.shorthand import Shorthand
from dialtone.flow.step import JustTrue
from dialtone.flow.step_state import StepState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from dialtone.domain.events import Event

BETWEEN_SECONDS = 3
"""How long the second key of a sequence may take. The events' own times count, in whatever order they arrive."""

MAX_OBEYED = 50
"""Keys that do something in one conversation: more are somebody playing, and each may cost a call."""

AGENT: Final = "agent"
CALLER: Final = "caller"

Side = Literal["agent", "caller"]

WORDS = ("supervisor", "park", "consult")
"""Actions of keys that have settings in the step, under the same word."""

SIDES: tuple[Side, ...] = (AGENT, CALLER)

KEYS, DIGITS = "0123456789*#", 10
"""A phone's keys. The digits come first; the number says how many they are."""


RINGING_WORDS = ("supervisor", "consult")
"""Actions for which the step names a person to ring."""


class Consultation(IntEnum):
    """The state of the agent's consultation with a third person."""

    NONE = 0
    RINGING = 1
    TALKING = 2
    """The agent talks with the third person, and the caller hears music."""
    JOINED = 3
    """The caller talks with the third person, and the agent's call has ended."""
    BACK = 4
    """The caller talks with the agent again."""
    TOGETHER = 5
    """All three talk, in a conference."""

    @classmethod
    def _missing_(cls, value: object) -> Consultation:
        """A later version's state counts as none."""
        del value
        return cls.NONE


@dataclass(frozen=True)
class TalkState(StepState):
    """What a step remembers while two people talk."""

    since_millis: int = 0
    """When they were connected, in unix milliseconds: earlier keys do not count."""
    agent_key: int = 0
    """The last key that the agent pressed, as its place in KEYS plus one, if it may begin a sequence."""
    agent_millis: int = 0
    """When the agent pressed it, in unix milliseconds."""
    caller_key: int = 0
    caller_millis: int = 0
    obeyed: int = 0
    """How many keys have done something."""
    supervisors: int = 0
    """How many supervisors were rung."""
    supervised: bool = False
    """Whether the last supervisor rings, or has joined."""
    consulted: int = 0
    """How many consultations were started."""
    consultation: Consultation = Consultation.NONE
    room: int = 0
    """The number of the consultation that put all three into a conference, which goes on; 0 if two legs are bridged."""

    def connected_by(self, event: Event) -> Self:
        """The state once the event has reported the conversation."""
        known: dict[str, Any] = {"connected": True} if hasattr(self, "connected") else {}
        return replace(self, since_millis=_millis(event), **known)

    def pressed(self, side: Side, event: Event, sequences: Collection[str]) -> tuple[Self, str]:
        """The state after a key, and the sequence that this key completes; '' for none.

        Keys from before the conversation do not count, and of two keys the later one may be reported first.
        """
        key, at = event.text("digit"), _millis(event)
        if len(key) != 1 or key not in KEYS or at < self.since_millis:
            return self, ""
        held = _Held(getattr(self, f"{side}_key"), getattr(self, f"{side}_millis"))
        if key in sequences:
            return self, key
        both = held.with_key(key, at)
        if both in sequences:
            return self._holding(side, _Held()), both
        if at < held.millis or not any(key in each for each in sequences):
            return self, ""
        return self._holding(side, _Held(KEYS.index(key) + 1, at)), ""

    def _holding(self, side: Side, held: _Held) -> Self:
        fields: dict[str, Any] = {f"{side}_key": held.place, f"{side}_millis": held.millis}
        return replace(self, **fields)

    def without_digits(self) -> Self:
        """The state without digits that may belong to a card number, which contains no `*` or `#`."""
        digits = [side for side in SIDES if 0 < getattr(self, f"{side}_key") <= DIGITS]
        fields: dict[str, Any] = {f"{side}_{what}": 0 for side in digits for what in ("key", "millis")}
        return replace(self, **fields)


class _Held(NamedTuple):
    """A pressed key, as the state stores it."""

    place: int = 0
    millis: int = 0

    def with_key(self, key: str, at: int) -> str:
        """Both keys in the order in which they were pressed; '' if they do not belong together."""
        if not self.place or abs(at - self.millis) > BETWEEN_SECONDS * MILLIS_PER_SECOND:
            return ""
        before = KEYS[self.place - 1]
        return before + key if self.millis <= at else key + before


class DuringKey(StartOptions, Shorthand):
    """What a key does while two people talk. In a flow: a word, or a mapping."""

    short_form: ClassVar[dict[str, Any]] = {"enum": list(WORDS)}

    recording: Literal["start", "pause", "resume", "stop"] | None = Field(
        None, description="Record the conversation from now on, or pause, resume or stop the recording."
    )
    announce: Prompt | None = Field(None, description="Say or play this into the conversation.")
    to: Literal["both", "agent", "caller"] = Field("both", description="Who hears announce.")
    supervisor: JustTrue = Field(None, description="Ring the step's supervisor, who joins the conversation.")
    park: JustTrue = Field(None, description="Send the caller to the step's park, and end the agent's call.")
    consult: JustTrue = Field(
        None, description="Ring the step's consult: the agent talks with them while the caller waits."
    )
    by: Literal["agent", "caller", "both"] = Field("agent", description="Who may press it.")

    @model_validator(mode="before")
    @classmethod
    def _by_word(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {written: True} if isinstance(written, str) else written

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not (self.word or self.recording or self.announce):
            raise ValueError(f"does nothing; write recording, announce or {' or '.join(WORDS)}")
        if sum(bool(getattr(self, word)) for word in WORDS) > 1:
            raise ValueError(f"does several things; give each of {', '.join(WORDS)} a key of its own")
        if self.word and (self.recording or self.announce):
            raise ValueError(f"{self.word} excludes recording and announce; give them keys of their own")
        options = self.model_fields_set & StartOptions.model_fields.keys()
        if options and self.recording != "start":
            raise ValueError(f"{min(options)} is only for recording: start; remove it")
        if "to" in self.model_fields_set and not self.announce:
            raise ValueError("to is only for announce; remove it")
        return self

    @property
    def word(self) -> str:
        """The action that has settings in the step; '' if the key itself says everything."""
        return next((word for word in WORDS if getattr(self, word)), "")

    def takes(self, side: Side) -> bool:
        """Whether this side may press it."""
        return self.by in {side, "both"}


def _as_texts(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    return {as_text(key): does for key, does in written.items()} if isinstance(written, dict) else written


DuringKeys = Annotated[
    dict[Annotated[str, StringConstraints(pattern=r"^([0-9*#]|[*#][0-9])$")], DuringKey],
    BeforeValidator(_as_texts),
    Field(json_schema_extra={"additionalProperties": False}),
]
"""One key, or `*` or `#` and a digit → its action."""


def ambiguous(during: Mapping[str, DuringKey]) -> str:
    """Why the keys are ambiguous; '' if they are not. A single key would act before a second one is pressed."""
    for alone in (each for each in during if len(each) == 1):
        if longer := next((each for each in during if alone in each and each != alone), ""):
            return f"{alone} is a part of {longer}; write keys of which none contains another"
    return ""


def _millis(event: Event) -> int:
    return int(datetime.fromisoformat(event.occurred_at).timestamp() * MILLIS_PER_SECOND)
