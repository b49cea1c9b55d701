"""Ends a call from our side."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from dialtone.domain.commands import command
from dialtone.flow.step import JustTrue, Step
from dialtone.flow.step_moves import Move, Wait

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.flow.voice_settings import VoiceDefaults


class HangUp(Step):
    """End the call."""

    final: ClassVar[bool] = True

    hangup: JustTrue = True

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Telnyx reports the end by `call.hangup`."""
        del voice_defaults
        return Wait((command("hangup", call.control_id),))

    def needs_caller(self) -> bool:
        """False: after the hang-up it ends the flow."""
        return False


class Reject(Step):
    """Do not take the call: only as a flow's first step, while it rings."""

    final: ClassVar[bool] = True

    reject: Literal["busy", "rejected"]

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """The caller hears the busy tone, or that the call was rejected."""
        del voice_defaults
        cause = "USER_BUSY" if self.reject == "busy" else "CALL_REJECTED"
        return Wait((command("reject", call.control_id, cause=cause),))
