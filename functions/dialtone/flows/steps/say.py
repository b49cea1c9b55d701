"""Prompts, one after another; the caller hears them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import field_validator

from dialtone.commands import Command, command
from dialtone.flows.moves import Fail, Go, Move, Wait
from dialtone.flows.prompts import Prompt
from dialtone.flows.steps.step import Step

if TYPE_CHECKING:
    from dialtone.calls import Call
    from dialtone.events import Event
    from dialtone.flows.flow import Manner

UNPLAYABLE = frozenset({"file_not_found", "failed"})
"""`call.playback.ended` statuses that mean the caller heard nothing."""


class Say(Step):
    """Speak or play; go on when the last prompt has ended."""

    say: tuple[Prompt, ...]

    @field_validator("say", mode="before")
    @classmethod
    def _one_or_several(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return written if isinstance(written, list) else [written]

    def enter(self, call: Call, manner: Manner) -> Move:
        """Telnyx queues the prompts; all are sent at once."""
        return Wait(tuple(prompt.heard(call, manner) for prompt in self.say), {"prompts": len(self.say)})

    def on(self, call: Call, event: Event) -> Move | None:
        """Count the prompts that have ended; one that could not be played fails the step."""
        move = heard_out(call, event, self.next)
        return Fail(move.reason, self.abandoned(call)) if isinstance(move, Fail) else move

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Stop the prompts that are still queued."""
        return (command("playback_stop", call.control_id, stop="all"),) if len(self.say) > 1 else ()


def heard_out(call: Call, event: Event, to: str) -> Move | None:
    """Go on when the last of the prompts has ended, in whatever order their ends are told."""
    if event.type not in {"call.speak.ended", "call.playback.ended"}:
        return None
    status = event.text("status")
    if status == "call_hangup":
        return None
    if status in UNPLAYABLE:
        return Fail(f"audio could not be played: {status}")
    left = call.waiting.get("prompts", 1) - 1
    return Wait(waiting={**call.waiting, "prompts": left}) if left else Go(to)
