"""Has the call's last recording delivered to people, as a message; also after the hang-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from dialtone.flow.delivery_options import Targets, targets_of
from dialtone.flow.step import Step

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.flow.step_moves import Move
    from dialtone.flow.voice_settings import VoiceDefaults


class Deliver(Step):
    """Have the last recording delivered once it is kept, and go on at once."""

    can_fail: ClassVar[bool] = False
    paths: ClassVar[tuple[str, ...]] = ("no_recording",)

    deliver: Targets = Field(description="The targets, instead of those of the step that recorded it.")
    no_recording: str = Field("", description="The step if the call has recorded nothing; without it, next.")

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Note the targets in the ledger. When the message is sent does not depend on the rest of the call."""
        del voice_defaults
        if not call.recordings_asked:
            return self.take("no_recording", "next")
        return self.take("next")._replace(deliver=targets_of(self.deliver))

    def waits(self) -> bool:
        """False: it goes on at once."""
        return False
