"""Sends digits into the call, for a machine at the other end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic import Field, StrictInt

from dialtone.domain.commands import command
from dialtone.flow.step import Step
from dialtone.flow.step_moves import Fail, Move
from dialtone.flow.templating import VARIABLE, filled, known, unfilled

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.flow.voice_settings import VoiceDefaults

_UNSENDABLE = re.compile(r"[^0-9A-DwW*#]")


class SendDigits(Step):
    """Send digits as tones; go on at once, since Telnyx does not report their end."""

    send_digits: str = Field(
        pattern=rf"^([0-9A-DwW*#]|\{{{VARIABLE}\}})+$",
        description="0-9, A-D, * and #, with w for half a second and W for a second; variables are filled in.",
    )
    tone_millis: StrictInt = Field(250, ge=100, le=500, description="How long each tone is.")

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Characters that cannot be sent are left out of filled-in values."""
        del voice_defaults
        values = known(call)
        digits = _UNSENDABLE.sub("", filled(self.send_digits, values))
        if not digits:
            missing = ", ".join(unfilled(self.send_digits, values)) or "what they are filled with"
            return Fail(f"no digits to send: {missing} is empty, or holds none")
        send = command("send_dtmf", call.control_id, digits=digits, duration_millis=self.tone_millis)
        return self.take("next", commands=(send,))

    def waits(self) -> bool:
        """Never."""
        return False

    def needs_caller(self) -> bool:
        """True: somebody must hear the tones."""
        return True
