"""Starts, pauses, resumes or stops the recording of the call while the flow goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field, model_validator

from dialtone.domain.commands import Command, command
from dialtone.flow.consent import VARIABLE, AskedConsent, ConsentState
from dialtone.flow.recording_options import StartOptions, record_start
from dialtone.flow.step import Speaking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.prompts import Prompt
    from dialtone.flow.step_moves import Move
    from dialtone.flow.step_state import StepState
    from dialtone.flow.voice_settings import VoiceDefaults


class RecordingSwitch(StartOptions, Speaking):
    """Start, pause, resume or stop recording the conversation; go on at once."""

    paths: ClassVar[tuple[str, ...]] = ("consent.declined",)

    recording: Literal["start", "pause", "resume", "stop"] = Field(description="What to do.")
    consent: AskedConsent | None = Field(None, description="Announce it, or ask, before anything is recorded.")

    @model_validator(mode="after")
    def _of_a_start(self) -> Self:
        options = self.model_fields_set - {"name", "next", "on_error", "recording"}
        if self.recording != "start" and options:
            raise ValueError(f"{self.recording} takes no {min(options)}, which only start decides; remove it")
        return self

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Telnyx reports no start, pause or resume, so there is nothing to wait for but consent."""
        if self.consent and not ConsentState.of(call).consented:
            return self.consent.put(call, voice_defaults)
        if self.recording == "resume" and not call.recorder:
            return self.take("next")  # callers who declined come here too, and Telnyx refuses to resume nothing
        if self.recording != "start":
            return self.take("next", commands=(command(f"record_{self.recording}", call.control_id),))
        return self.take("next", commands=(record_start(call, self),))

    def follow(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        """Go on after the announcement, or the caller's key."""
        if self.consent is None:
            return None
        return self.consent.answered(
            call, event, voice_defaults, step=self.name, onward=self.take("consent.declined", "next")
        )

    def repeated(self, call: Call) -> StepState:
        """The state to ask for consent again without counting a try."""
        return replace(ConsentState.of(call), prompts=0)

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether they are a key of the consent."""
        del call
        return self.consent is not None and digits in self.consent.keys

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Stop the question and its gather."""
        return self.consent.abandoned(call) if self.consent and not ConsentState.of(call).consented else ()

    def waits(self) -> bool:
        """Only for consent: Telnyx reports neither a start nor a pause."""
        return self.consent is not None

    def needs_caller(self) -> bool:
        """True: only a live call can be recorded."""
        return True

    def sets(self) -> tuple[str, ...]:
        """The variable for the caller's consent."""
        return (VARIABLE,) if self.consent else ()

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """The announcement that the caller hears."""
        if self.consent:
            yield "consent.say", self.consent.say
