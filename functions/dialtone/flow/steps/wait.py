"""Waits in silence for some seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, StrictInt

from dialtone.domain.commands import Command, command
from dialtone.domain.units import MILLIS_PER_SECOND
from dialtone.flow.gather_timer import cut_off_by_detection, seconds_left
from dialtone.flow.keys import Keys, gathered_key, one_key, stop_gathering
from dialtone.flow.step import Step
from dialtone.flow.step_moves import Move, Wait

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults

MAX_SECONDS = 30
"""A caller who hears nothing for longer thinks that the line is dead."""


class Pause(Step):
    """Wait in silence. Telnyx has no timer: the step is a gather without a prompt, so a key ends it early."""

    paths: ClassVar[tuple[str, ...]] = ("keys",)

    wait: StrictInt = Field(ge=1, le=MAX_SECONDS, description="Seconds of silence.")
    keys: Keys = Field(default_factory=dict, description="Key → step; any other key ends the silence.")

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Start a gather for one key that need not come."""
        del voice_defaults
        return self._listen(call, self.wait)

    def on(self, call: Call, event: Event) -> Move | None:
        """Go on when the time is over, or where a key leads."""
        key = gathered_key(event)
        if cut_off_by_detection(event) and (left := seconds_left(call, event, self.wait)):
            return self._listen(call, left)
        return None if key is None else self.take(f"keys.{key}", "next")

    def repeated(self, call: Call) -> None:
        """None: a timer runs."""
        del call

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Stop the gather."""
        return stop_gathering(call)

    def _listen(self, call: Call, seconds: float) -> Move:
        silence = round(seconds * MILLIS_PER_SECOND)
        listen = command(
            "gather",
            call.control_id,
            initial_timeout_millis=silence,
            timeout_millis=silence + MILLIS_PER_SECOND,
            **one_key(self.keys),
        )
        return Wait((listen,))

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether they are one of its keys."""
        del call
        return digits in self.keys
