"""The options that Telnyx offers for a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import StringConstraints

from dialtone.domain.commands import Command, command

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.flow.steps.record import Record
    from dialtone.flow.steps.recording import RecordingSwitch

Format = Literal["mp3", "wav"]
Channels = Literal["single", "dual"]
Track = Literal["both", "inbound", "outbound"]

FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$")]
"""How a recording's file at Telnyx is called: Telnyx takes 40 characters, and what follows distinguishes recordings."""

RetentionDays = Literal[7, 14, 30, 60, 90, 180, 365, 730, 1095, 1825, 2555, 3650]
"""Days that a flow's recordings may be kept: for each of them the bucket has a rule, in template.yaml."""


def record_start(call: Call, options: Record | RecordingSwitch) -> Command:
    """The command that starts the recording; a time of 0 seconds is left out, which Telnyx takes for no limit."""
    parameters: dict[str, object] = options.transcription.parameters() if options.transcription else {}
    if options.trim:
        parameters["trim"] = "trim-silence"
    if options.file_name:
        parameters["custom_file_name"] = options.file_name
    if options.max_seconds:
        parameters["max_length"] = options.max_seconds
    if options.silence_seconds:
        parameters["timeout_secs"] = options.silence_seconds
    return command(
        "record_start",
        call.control_id,
        format=options.format,
        channels=options.channels,
        recording_track=options.track,
        play_beep=options.beep,
        **parameters,
    )
