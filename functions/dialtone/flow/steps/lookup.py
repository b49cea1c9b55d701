"""Asks another of the team's systems about the call: who calls, what was ordered, whether a PIN is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, StrictBool, StrictInt, StringConstraints, field_validator, model_validator

from dialtone.domain.commands import Command, command
from dialtone.domain.lookups import ANSWERED, FOUND, NOT_FOUND, SLOW, Lookup
from dialtone.flow.gather_timer import seconds_left, timer, timer_ended
from dialtone.flow.keys import stop_gathering
from dialtone.flow.prompts import Prompt
from dialtone.flow.step import Speaking
from dialtone.flow.step_moves import Fail, Move, Wait
from dialtone.flow.step_state import StepState
from dialtone.flow.templating import (
    DIGITS,
    KNOWN_OF_EVERY_CALL,
    LANGUAGE,
    MAX_VALUE_CHARACTERS,
    filled,
    known,
    names_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults

MAX_LIMIT_SECONDS = 25
"""No caller waits longer, whatever plays meanwhile."""

QUIET_SECONDS = 1
"""A silence this short goes unnoticed; if a lookup takes longer, the caller hears `meanwhile`."""

GRACE_SECONDS = 2
"""After the limit, how long the answer may still take to arrive."""

MAX_SENT, MAX_GIVEN = 20, 20


@dataclass(frozen=True)
class LookUpState(StepState):
    """Whether `meanwhile` is playing already."""

    meanwhile: bool = False


FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class LookUp(Speaking):
    """Ask, and go on with the fields of the answer.

    Telnyx has no timer, so the wait is a gather that needs no key: if it ends, the answer never came. Keys pressed
    meanwhile do nothing. The lookup function itself reports a slow lookup, so that this never comes after the answer.
    """

    paths: ClassVar[tuple[str, ...]] = ("not_found",)

    lookup: str = Field(
        pattern=(
            r"^(https://[^\s/{}@]+(/[^\s{}]*)?|http://(localhost|127\.0\.0\.1)(:\d+)?(/[^\s{}]*)?"
            r"|arn:[a-z-]+:lambda:\S+|[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_-]{1,128})?)$"
        ),
        max_length=1_000,
        description="A Lambda function of yours, by name or ARN, or an https:// URL that takes a POST.",
    )
    send: dict[FieldName, Annotated[str, Field(max_length=MAX_VALUE_CHARACTERS)]] = Field(
        default_factory=dict,
        max_length=MAX_SENT,
        description="The data to send: name → text; variables are filled in.",
    )
    into: str = Field(
        "",
        pattern=r"^([a-z][a-z0-9_]*)?$",
        description="The answer's fields are then known as {<into>.<field>}.",
    )
    gives: tuple[FieldName, ...] = Field(
        (), max_length=MAX_GIVEN, description="The fields of the answer to keep; the rest is dropped."
    )
    limit_seconds: StrictInt = Field(5, ge=1, le=MAX_LIMIT_SECONDS, description="How long it may take; then on_error.")
    meanwhile: Prompt | None = Field(
        None, description="Played if it takes longer than a second; audio repeats until the answer arrives."
    )
    not_found: str = Field("", description="The step if it finds nothing; without it, on_error.")
    sensitive: StrictBool = Field(
        default=False,
        description="Send it the sensitive digits of the `collect` directly before it; they are not stored.",
    )

    @field_validator("into")
    @classmethod
    def _of_its_own(cls, into: str) -> str:
        if f"{into}." == DIGITS or into in KNOWN_OF_EVERY_CALL | {LANGUAGE}:
            raise ValueError(f"{into} cannot be set by a lookup; choose another name")
        return into

    @model_validator(mode="after")
    def _named(self) -> LookUp:
        if bool(self.into) != bool(self.gives):
            raise ValueError(
                "into and gives need each other; write both: {<into>.<field>} for each field that it gives"
            )
        return self

    def sets(self) -> tuple[str, ...]:
        """The fields of the answer."""
        return tuple(f"{self.into}.{name}" for name in self.gives)

    def from_callers(self) -> tuple[str, ...]:
        """None: your system's answer is not the caller's choice."""
        return ()

    def looks_up(self) -> tuple[str, ...]:
        """The fields of the answer."""
        return self.sets()

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Ask, and start a gather for as long as an answer may take."""
        del voice_defaults
        values = known(call)
        asked = Lookup(
            target=self.lookup,
            send={name: filled(text, values)[:MAX_VALUE_CHARACTERS] for name, text in self.send.items()},
            limit_seconds=self.limit_seconds,
            quiet_seconds=QUIET_SECONDS if self.meanwhile and not call.ended_at else 0,
            gives=self.gives,
            secrets=self._secrets(call) if self.sensitive else (),
        )
        return Wait((timer(call, self.limit_seconds + GRACE_SECONDS),), lookup=asked)

    def follow(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        """Go where the answer leads; until then play something, up to the limit."""
        if event.type == ANSWERED:
            return self._answered(call, event)
        if event.type == SLOW and self.meanwhile:
            playing = self._played(call, voice_defaults, self.meanwhile)
            return Wait(playing, LookUpState(meanwhile=True)) if playing else None
        if not timer_ended(event):
            return None
        if left := seconds_left(call, event, self.limit_seconds + GRACE_SECONDS):
            return Wait((timer(call, left),), LookUpState.of(call))
        return Fail(f"no answer within {self.limit_seconds} s", self.abandoned(call))

    def needs_caller(self) -> bool:
        """False: the lookup needs no caller; only `meanwhile` would need a listener."""
        return False

    def repeated(self, call: Call) -> None:
        """None: a timer runs."""
        del call

    def refused(self, call: Call, event: Event) -> Move:
        """Audio that cannot be played does not end the wait."""
        return Wait() if LookUpState.of(call).meanwhile else super().refused(call, event)

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Stop the gather and the music."""
        playing = (command("playback_stop", call.control_id, stop="all"),) if LookUpState.of(call).meanwhile else ()
        return (*stop_gathering(call), *playing)

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """The prompts that play meanwhile."""
        if self.meanwhile:
            yield "meanwhile", self.meanwhile

    def _answered(self, call: Call, event: Event) -> Move:
        stop = self.abandoned(call)
        result = event.text("result")
        if result == FOUND:
            values = event.payload["values"]
            given = {f"{self.into}.{name}": str(values.get(name, "")) for name in self.gives}
            return self.take("next", commands=stop, variables=given)
        if result == NOT_FOUND:
            # Values of an earlier answer are cleared.
            if not self.not_found:
                return Fail("the lookup found nothing", stop, fault=False)
            return self.take("not_found", commands=stop, variables=dict.fromkeys(self.sets(), ""))
        return Fail(f"the lookup failed: {event.text('reason')}", stop)

    def _secrets(self, call: Call) -> tuple[str, ...]:
        """The names whose values contain sensitive digits, of which the call itself stores only asterisks."""
        return tuple(name for name, text in self.send.items() if _only_masked_digits(call, text))

    def _played(self, call: Call, voice_defaults: VoiceDefaults, prompt: Prompt) -> tuple[Command, ...]:
        sounds = prompt.sounds(call, voice_defaults)
        before = (sound.play(call) for sound in sounds[:-1])
        return (*before, *(last.play(call) if last.speaks else last.loop(call) for last in sounds[-1:]))


def _only_masked_digits(call: Call, text: str) -> bool:
    named = [name for name in names_in(text) if name.startswith(DIGITS)]
    return [text] == [f"{{{name}}}" for name in named] and set(call.variables.get(named[0], "")) == {"*"}
