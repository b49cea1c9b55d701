"""A phone menu as the program holds it: steps by name, and what holds for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from dialtone.flows.steps.record import Channels, Format, Track

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.flows.steps.step import Step


@dataclass(frozen=True, slots=True)
class Manner:
    """How a flow speaks where a prompt does not say otherwise."""

    voice: str
    language: str


class WholeCall(BaseModel):
    """The recording of a whole call, from the answer to the end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Format = "mp3"
    channels: Channels = "dual"
    track: Track = "both"
    trim: bool = False
    max_seconds: int = Field(0, ge=0, le=43_200)
    """0: as long as the call lasts."""

    def on_answer(self) -> dict[str, object]:
        """As `answer` takes it: no extra command, and no word of the conversation lost before it."""
        parameters: dict[str, object] = {
            "record": "record-from-answer",
            "record_format": self.format,
            "record_channels": self.channels,
            "record_track": self.track,
            "record_max_length": self.max_seconds,
        }
        return parameters | ({"record_trim": "trim-silence"} if self.trim else {})

    def on_start(self) -> dict[str, object]:
        """As `record_start` takes it, for a call that we dialled."""
        parameters: dict[str, object] = {
            "format": self.format,
            "channels": self.channels,
            "recording_track": self.track,
            "max_length": min(self.max_seconds, 14_400),
        }
        return parameters | ({"trim": "trim-silence"} if self.trim else {})


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow, checked: every step that is named exists."""

    name: str
    version: str
    """The hash of its text."""
    manner: Manner
    steps: Mapping[str, Step]
    start: str
    last_resort: str
    record: WholeCall | None
