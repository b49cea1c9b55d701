"""An audio file, once or several times, interrupted by a key where the flow offers keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from dialtone.flows.keys import Keys, gathered_key, stop_gathering, terminator_beside
from dialtone.flows.moves import Fail, Go, Move, Wait
from dialtone.flows.prompts import Prompt
from dialtone.flows.steps.say import UNPLAYABLE, heard_out
from dialtone.flows.steps.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.calls import Call
    from dialtone.commands import Command
    from dialtone.events import Event
    from dialtone.flows.flow import Manner

KEY_GRACE_MILLIS = 500
"""How long after the audio a key still counts: a caller who waits for the end presses a moment late."""


class Play(Step):
    """Play audio; a key that the flow offers interrupts it and leads elsewhere."""

    play: Prompt
    times: int = Field(1, ge=1, le=100)
    keys: Keys = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_audio(self) -> Self:
        if self.play.spoken:
            raise ValueError("plays audio or media; use say for words")
        return self

    def enter(self, call: Call, manner: Manner) -> Move:
        """With keys it is a gather, so that Telnyx itself decides whether the key or the end came first."""
        if not self.keys:
            return Wait((self.play.heard(call, manner, times=self.times),), {"prompts": 1})
        return Wait(
            (
                self.play.gathered(
                    call,
                    manner,
                    minimum_digits=1,
                    maximum_digits=1,
                    maximum_tries=self.times,
                    timeout_millis=KEY_GRACE_MILLIS,
                    **terminator_beside(self.keys),
                ),
            )
        )

    def on(self, call: Call, event: Event) -> Move | None:
        """Go where the key leads; without one, on."""
        if not self.keys:
            return heard_out(call, event, self.next)
        if event.type == "call.playback.ended" and event.text("status") in UNPLAYABLE:
            return Fail(f"audio could not be played: {event.text('status')}", self.abandoned(call))
        key = gathered_key(event)
        return None if key is None else Go(self.keys.get(key, self.next))

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """A gather whose audio failed would go on listening."""
        return stop_gathering(call) if self.keys else ()

    def targets(self) -> Iterator[tuple[str, str]]:
        """Its keys' steps beside the usual ones."""
        yield from super().targets()
        yield from ((f"keys.{key}", step) for key, step in self.keys.items())
