"""How a call ends from our side."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from dialtone.commands import command
from dialtone.flows.moves import Move, Wait
from dialtone.flows.steps.step import JustTrue, Step

if TYPE_CHECKING:
    from dialtone.calls import Call
    from dialtone.flows.speech import Manner


class HangUp(Step):
    """End the call."""

    final: ClassVar[bool] = True

    hangup: JustTrue = True

    def enter(self, call: Call, manner: Manner) -> Move:
        """Telnyx tells the end by `call.hangup`."""
        del manner
        return Wait((command("hangup", call.control_id),))


class Reject(Step):
    """Do not take the call: only as a flow's first step, while it rings."""

    final: ClassVar[bool] = True

    reject: Literal["busy", "rejected"]

    def enter(self, call: Call, manner: Manner) -> Move:
        """The caller hears the busy tone, or that the call was not taken."""
        del manner
        cause = "USER_BUSY" if self.reject == "busy" else "CALL_REJECTED"
        return Wait((command("reject", call.control_id, cause=cause),))
