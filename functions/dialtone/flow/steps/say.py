"""A prompt that the caller hears out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from dialtone.domain.commands import Command, command
from dialtone.flow.moves import Fail, Go, Move, Wait
from dialtone.flow.prompts import Prompt
from dialtone.flow.step_state import PromptState
from dialtone.flow.steps.step import Speaking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults

UNPLAYABLE = frozenset({"file_not_found", "failed"})
"""`call.playback.ended` statuses that mean the caller heard nothing."""

MAX_NAMED_CHARACTERS = 200
"""Of a media name or an address, in a reason."""


class Say(Speaking):
    """Speak or play; go on when the last of it has ended."""

    say: Prompt = Field(description="What is heard, to its end.")

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Telnyx queues what is to be heard; all is sent at once. Where variables left nothing, the call goes on."""
        heard = self.say.play(call, voice_defaults)
        return Wait(heard, PromptState(prompts=len(heard))) if heard else self.take("next")

    def on(self, call: Call, event: Event) -> Move | None:
        """Count the prompts that have ended; one that could not be played fails the step."""
        move = heard_out(PromptState.of(call), event, self.take("next"))
        return Fail(move.reason, self.abandoned(call)) if isinstance(move, Fail) else move

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Stop what is still queued behind what failed."""
        return stop_queued(call)

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """What it says."""
        yield "say", self.say


def heard_out(state: PromptState, event: Event, then: Go) -> Move | None:
    """Go on when the last of the step's prompts has ended, in whatever order their ends are reported."""
    if event.type not in {"call.speak.ended", "call.playback.ended"}:
        return None
    if event.text("status") == "call_hangup":
        return None
    if reason := unplayable(event):
        return Fail(reason)
    left = state.after_prompt()
    return Wait(state=left) if left else then


def unplayable(event: Event) -> str:
    """Why audio was not heard, and which; '' for any other event. An address is named without its signature."""
    if event.type != "call.playback.ended" or event.text("status") not in UNPLAYABLE:
        return ""
    named = event.text("media_name") or event.text("media_url").partition("?")[0]
    return f"audio could not be played: {event.text('status')} {named[:MAX_NAMED_CHARACTERS]}".rstrip()


def stop_queued(call: Call) -> tuple[Command, ...]:
    """The command that stops the prompts that are heard or queued; none where the only one has failed."""
    return (command("playback_stop", call.control_id, stop="all"),) if PromptState.of(call).several_prompts else ()
