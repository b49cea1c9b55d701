"""The options that Telnyx offers for a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints

from dialtone.domain.commands import Command, command
from dialtone.flow.transcription_options import Transcription

if TYPE_CHECKING:
    from dialtone.domain.calls import Call

Format = Literal["mp3", "wav"]
Channels = Literal["single", "dual"]
Track = Literal["both", "inbound", "outbound"]

FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$")]
"""How a recording's file at Telnyx is called: Telnyx takes 40 characters, and what follows distinguishes recordings."""

RetentionDays = Literal[7, 14, 30, 60, 90, 180, 365, 730, 1095, 1825, 2555, 3650]
"""Days that a flow's recordings may be kept: for each of them the bucket has a rule, in template.yaml."""


class StartOptions(BaseModel):
    """How the conversation is recorded."""

    model_config = ConfigDict(defer_build=True)

    format: Format = Field("mp3", description="The audio's format.")
    channels: Channels = Field("dual", description="dual: each side on a channel of its own; needs track: both.")
    track: Track = Field("both", description="Whose voice is recorded.")
    beep: StrictBool = Field(default=False, description="A tone when it begins.")
    trim: StrictBool = Field(default=False, description="Cut silence at the beginning and the end.")
    max_seconds: StrictInt = Field(0, ge=0, le=14_400, description="0: until it is stopped or the call ends.")
    silence_seconds: StrictInt = Field(0, ge=0, le=14_400, description="Silence that ends it; 0: silence does not.")
    transcription: Transcription | None = Field(None, description="Transcribe it.")
    file_name: FileName | None = Field(
        None, description="The beginning of its file's name at Telnyx; without it, the leg's id."
    )


def record_start(call: Call, options: StartOptions) -> Command:
    """The command that starts the recording. A limit of 0 seconds is left out: Telnyx takes 0 for unlimited."""
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
