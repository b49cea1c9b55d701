"""A message left by the caller: a tone, the recording, and what ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dialtone.commands import Command, command
from dialtone.flows.keys import Key
from dialtone.flows.moves import Fail, Go, Move, Wait
from dialtone.flows.prompts import Prompt
from dialtone.flows.steps.say import heard_out
from dialtone.flows.steps.step import Step

if TYPE_CHECKING:
    from dialtone.calls import Call
    from dialtone.events import Event
    from dialtone.flows.flow import Manner

Format = Literal["mp3", "wav"]
Channels = Literal["single", "dual"]
Track = Literal["both", "inbound", "outbound"]

RUNNING = "running"


class Transcription(BaseModel):
    """How the words are written down. In a flow: `true` for Telnyx's defaults, or a mapping."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: Literal["A", "B", "deepgram/nova-3"] | None = None
    """A is Google's, B is Telnyx's."""
    language: str | None = None
    profanity_filter: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _by_default(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {} if written is True else written

    def parameters(self) -> dict[str, object]:
        """As `record_start` takes them."""
        chosen = {
            "transcription_engine": self.engine,
            "transcription_language": self.language,
            "transcription_profanity_filter": self.profanity_filter,
        }
        return {"transcription": True} | {name: value for name, value in chosen.items() if value is not None}


class Record(Step):
    """Let the caller leave a message; a key, silence or the longest length ends it."""

    record: Prompt | None
    """Said before the tone; null for none."""
    beep: bool = True
    ends_on: tuple[Key, ...] = ("#",)
    silence_seconds: int = Field(5, ge=0, le=120)
    """0: silence does not end it."""
    max_seconds: int = Field(120, ge=1, le=14_400)
    format: Format = "mp3"
    channels: Channels = "single"
    track: Track = "inbound"
    trim: bool = False
    """Leave silence at the beginning and the end out."""
    transcription: Transcription | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_key(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        if isinstance(written, dict) and isinstance(written.get("ends_on"), (str, int)):
            return written | {"ends_on": [written["ends_on"]]}
        if isinstance(written, dict) and written.get("transcription") is False:
            return {name: value for name, value in written.items() if name != "transcription"}
        return written

    def enter(self, call: Call, manner: Manner) -> Move:
        """First the prompt, to its end; then the recording, so that the prompt is not on it."""
        if self.record is not None and not call.waiting.get(RUNNING):
            return Wait((self.record.heard(call, manner),), {"prompts": 1})
        return Wait((self._start(call),), {RUNNING: 1})

    def on(self, call: Call, event: Event) -> Move | None:
        """The prompt's end starts the recording; a key, its own end, or a fault ends it."""
        if not call.waiting.get(RUNNING):
            move = heard_out(call, event, self.name)
            return Go(self.name, waiting={RUNNING: 1}) if isinstance(move, Go) else move
        if event.type == "call.dtmf.received" and event.text("digit") in self.ends_on:
            return Go(self.next, self.abandoned(call))
        if event.type == "call.recording.saved":
            return Go(self.next)
        if event.type == "call.recording.error":
            return Fail(f"recording failed: {event.text('reason')}")
        return None

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """What was recorded so far is kept."""
        return (command("record_stop", call.control_id),) if call.waiting.get(RUNNING) else ()

    def _start(self, call: Call) -> Command:
        options: dict[str, object] = {"max_length": self.max_seconds, "timeout_secs": self.silence_seconds}
        if self.trim:
            options["trim"] = "trim-silence"
        if self.transcription:
            options |= self.transcription.parameters()
        return command(
            "record_start",
            call.control_id,
            format=self.format,
            channels=self.channels,
            recording_track=self.track,
            play_beep=self.beep,
            **options,
        )
