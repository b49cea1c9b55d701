"""Keys during a conversation: what a flow may do for two people who talk, and the keys as they are pressed."""

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
from dialtone.flow.step_state import StepState
from dialtone.flow.steps.step import JustTrue

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from dialtone.domain.events import Event

BETWEEN_SECONDS = 3
"""How long the second key of two may take. The events' own times count, whenever and in whatever order they come."""

MAX_OBEYED = 50
"""Keys that do something in one conversation: more is somebody who plays with them, and each may cost a call."""

AGENT: Final = "agent"
CALLER: Final = "caller"

Side = Literal["agent", "caller"]

WORDS = ("supervisor", "park", "consult")
"""What keys do of which the step says more, under the same word."""

SIDES: tuple[Side, ...] = (AGENT, CALLER)

KEYS, DIGITS = "0123456789*#", 10
"""The keys of a phone, and how many of them are digits, which come first."""


RINGING_WORDS = ("supervisor", "consult")
"""Those of which the step says whom they ring."""


class Consultation(IntEnum):
    """How far it is that the agent asks somebody else."""

    NONE = 0
    RINGING = 1
    TALKING = 2
    """The agent talks with them, and the caller hears music."""
    JOINED = 3
    """The caller talks with them, and the agent's call has ended."""
    BACK = 4
    """The caller talks with the agent again."""
    TOGETHER = 5
    """All three talk, in a conference."""

    @classmethod
    def _missing_(cls, value: object) -> Consultation:
        """What a later version knows is none."""
        del value
        return cls.NONE


@dataclass(frozen=True)
class TalkState(StepState):
    """What a step remembers while two people talk."""

    since_millis: int = 0
    """When they were connected, in unix milliseconds: keys of before that are not meant."""
    agent_key: int = 0
    """The place in KEYS of the last key that the agent pressed, plus one, where another one may belong to it."""
    agent_millis: int = 0
    """When that was, in unix milliseconds."""
    caller_key: int = 0
    caller_millis: int = 0
    obeyed: int = 0
    """How many keys have done something."""
    supervisors: int = 0
    """How many supervisors were fetched."""
    supervised: bool = False
    """Whether the last of them rings, or has joined."""
    consulted: int = 0
    """How often somebody was asked."""
    consultation: Consultation = Consultation.NONE
    room: int = 0
    """Which of the consultations brought all three into a conference, which goes on; 0: two legs are bridged."""

    def connected_by(self, event: Event) -> Self:
        """The state once the event has reported the conversation."""
        known: dict[str, Any] = {"connected": True} if hasattr(self, "connected") else {}
        return replace(self, since_millis=_millis(event), **known)

    def pressed(self, side: Side, event: Event, sequences: Collection[str]) -> tuple[Self, str]:
        """The state after a key, and the sequence of keys that is complete with it; '' for none.

        Keys of before the conversation count for nothing, and of two keys the later one may be reported first.
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
        """The state without digits that may be a part of a card's number; `*` and `#` are in none."""
        digits = [side for side in SIDES if 0 < getattr(self, f"{side}_key") <= DIGITS]
        fields: dict[str, Any] = {f"{side}_{what}": 0 for side in digits for what in ("key", "millis")}
        return replace(self, **fields)


class _Held(NamedTuple):
    """A key that was pressed, as the state holds it."""

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
        None, description="Record the conversation from now on; pause, resume or stop that."
    )
    announce: Prompt | None = Field(None, description="Say or play this into the conversation.")
    to: Literal["both", "agent", "caller"] = Field("both", description="Who hears announce.")
    supervisor: JustTrue = Field(None, description="Fetch the step's supervisor into the conversation.")
    park: JustTrue = Field(None, description="Let the caller go to the step's park, and the agent's call end.")
    consult: JustTrue = Field(None, description="Ring the step's consult: the agent asks them while the caller waits.")
    by: Literal["agent", "caller", "both"] = Field("agent", description="Who may press it.")

    @model_validator(mode="before")
    @classmethod
    def _by_word(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {written: True} if isinstance(written, str) else written

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not (self.word or self.recording or self.announce):
            raise ValueError(f"does nothing: write recording, announce or {' or '.join(WORDS)}")
        if sum(bool(getattr(self, word)) for word in WORDS) > 1:
            raise ValueError(f"does several things: give each of {', '.join(WORDS)} a key of its own")
        if self.word and (self.recording or self.announce):
            raise ValueError(f"{self.word} stands alone: give recording and announce keys of their own")
        options = self.model_fields_set & StartOptions.model_fields.keys()
        if options and self.recording != "start":
            raise ValueError(f"{min(options)} is for recording: start")
        if "to" in self.model_fields_set and not self.announce:
            raise ValueError("to is for announce")
        return self

    @property
    def word(self) -> str:
        """What it does, where the step says how; '' for what the key itself says."""
        return next((word for word in WORDS if getattr(self, word)), "")

    def takes(self, side: Side) -> bool:
        """Whether it is that side's to press."""
        return self.by in {side, "both"}


def _as_texts(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    return {as_text(key): does for key, does in written.items()} if isinstance(written, dict) else written


DuringKeys = Annotated[
    dict[Annotated[str, StringConstraints(pattern=r"^([0-9*#]|[*#][0-9])$")], DuringKey],
    BeforeValidator(_as_texts),
    Field(json_schema_extra={"additionalProperties": False}),
]
"""One key, or `*` or `#` and a digit → what it does."""


def ambiguous(during: Mapping[str, DuringKey]) -> str:
    """Why keys are ambiguous; '' if they are not. One alone would act before the other one is pressed."""
    for alone in (each for each in during if len(each) == 1):
        if longer := next((each for each in during if alone in each and each != alone), ""):
            return f"{alone} is a part of {longer}; write keys of which none contains another"
    return ""


def _millis(event: Event) -> int:
    return int(datetime.fromisoformat(event.occurred_at).timestamp() * MILLIS_PER_SECOND)
