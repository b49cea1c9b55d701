"""The call's own recording, switched while the flow goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from dialtone.commands import command
from dialtone.flows.moves import Go, Move
from dialtone.flows.steps.record import Channels, Format, Track, Transcription
from dialtone.flows.steps.step import Step

if TYPE_CHECKING:
    from dialtone.calls import Call
    from dialtone.flows.flow import Manner


class RecordingSwitch(Step):
    """Start, pause, resume or stop recording the conversation; go on at once."""

    recording: Literal["start", "pause", "resume", "stop"]
    format: Format = "mp3"
    channels: Channels = "dual"
    track: Track = "both"
    beep: bool = False
    transcription: Transcription | None = None

    def enter(self, call: Call, manner: Manner) -> Move:
        """Telnyx tells nothing of a start, a pause or a resume: there is nothing to wait for."""
        del manner
        if self.recording != "start":
            return Go(self.next, (command(f"record_{self.recording}", call.control_id),))
        options = self.transcription.parameters() if self.transcription else {}
        start = command(
            "record_start",
            call.control_id,
            format=self.format,
            channels=self.channels,
            recording_track=self.track,
            play_beep=self.beep,
            **options,
        )
        return Go(self.next, (start,))
