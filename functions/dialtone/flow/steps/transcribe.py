"""Starts or stops live transcription."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field, model_validator

from dialtone.domain.commands import command
from dialtone.domain.live_transcription import TRANSCRIPT
from dialtone.domain.spoken_choices import RECOGNISED_LANGUAGES
from dialtone.flow.step import Step
from dialtone.flow.voice_settings import LanguageCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call
    from dialtone.flow.step_moves import Move
    from dialtone.flow.voice_settings import VoiceDefaults

Engine = Literal["Google", "Telnyx", "Deepgram"]

_MODELS: Mapping[Engine, str] = {"Telnyx": "openai/whisper-large-v3-turbo", "Deepgram": "deepgram/nova-3"}
"""Models for more languages than English."""

_DEEPGRAM = frozenset({"en", "de", "nl", "sv", "da", "es", "fr", "pt"})
"""The languages of Deepgram's model."""

UNSURE = "auto_detect"
"""The language if the engine has to detect it; Google's engine cannot."""


class Transcribe(Step):
    """Start or stop writing down what is said, sentence by sentence; go on at once."""

    can_fail: ClassVar[bool] = False
    """Telnyx refuses it, if at all, once the call is in another step: that one takes its error path."""

    transcribe: Literal["start", "stop"] = Field(description="What to do.")
    engine: Engine | None = Field(
        None, description="The engine; without it, Google if it knows the language, else Telnyx."
    )
    language: LanguageCode | None = Field(
        None, description="The language spoken, or auto_detect; without it, the caller's or the flow's."
    )
    tracks: Literal["inbound", "outbound", "both"] | None = Field(
        None, description="Whose words: inbound, the person on the flow's line; outbound, the other side."
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.transcribe == "stop" and (options := self.model_fields_set & {"engine", "language", "tracks"}):
            raise ValueError(f"stop takes no {min(options)}, which only start decides; remove it")
        code = _code(self.language or "en")
        if self.engine == "Google" and self.language and code not in RECOGNISED_LANGUAGES:
            raise ValueError(f"Google's engine does not know {self.language}; write another engine")
        if self.engine == "Deepgram" and self.language and self.language != UNSURE and code not in _DEEPGRAM:
            raise ValueError(f"Deepgram's engine does not know {self.language}; write another engine")
        return self

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Telnyx reports neither a start nor a stop: there is nothing to wait for."""
        if self.transcribe == "stop":
            return self.take("next", commands=(command("transcription_stop", call.control_id),))
        config = self._config(self.language or voice_defaults.wanted(call))
        start = command(
            "transcription_start",
            call.control_id,
            transcription_engine=config["transcription_engine"],
            transcription_engine_config=config,
            transcription_tracks=self.tracks or "inbound",
        )
        return self.take("next", commands=(start,), variables={TRANSCRIPT: ""})

    def waits(self) -> bool:
        """It goes on at once."""
        return False

    def needs_caller(self) -> bool:
        """True: somebody has to speak."""
        return True

    def sets(self) -> tuple[str, ...]:
        """The variable for the last sentence, which does not exist yet."""
        return (TRANSCRIPT,) if self.transcribe == "start" else ()

    def _config(self, language: str) -> dict[str, object]:
        code = _code(language)
        engine: Engine = self.engine or ("Google" if code in RECOGNISED_LANGUAGES else "Telnyx")
        if engine == "Google":
            known = code if code in RECOGNISED_LANGUAGES else "en"
        elif engine == "Deepgram":
            known = code if code in _DEEPGRAM else UNSURE
        else:
            known = "en" if code == "en" else UNSURE
        model = {"transcription_model": _MODELS[engine]} if engine in _MODELS else {}
        return {"transcription_engine": engine, "language": known, **model}


def _code(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].casefold() or "en" if language != UNSURE else UNSURE
