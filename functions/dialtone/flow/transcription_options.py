"""How a recording is transcribed."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, StrictBool, StrictInt, model_validator

from dialtone.flow.shorthand import Shorthand
from dialtone.flow.voice_settings import LanguageCode

GOOGLE = "A"
_OF_GOOGLE_ONLY = ("profanity_filter", "speakers", "min_speakers", "max_speakers")


class Transcription(Shorthand):
    """How the words are written down. In a flow: `true` for Telnyx's defaults, or a mapping."""

    short_form: ClassVar[dict[str, Any]] = {"type": "boolean"}

    engine: Literal["A", "B", "deepgram/nova-3"] | None = Field(
        None, description="A is Google's, B is Telnyx's, deepgram/nova-3 knows English only."
    )
    language: LanguageCode | None = Field(None, description="The language spoken; auto_detect where unsure.")
    profanity_filter: StrictBool | None = Field(None, description="Engine A: leave curses out.")
    speakers: StrictBool | None = Field(None, description="Engine A: tell the speakers apart.")
    min_speakers: StrictInt | None = Field(None, ge=1, description="Engine A: at least so many speak.")
    max_speakers: StrictInt | None = Field(None, ge=1, description="Engine A: at most so many speak.")

    @model_validator(mode="before")
    @classmethod
    def _by_default(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {} if written is True else written

    @model_validator(mode="after")
    def _of_one_engine(self) -> Self:
        google_only = [name for name in _OF_GOOGLE_ONLY if getattr(self, name) is not None]
        if google_only and self.engine not in {None, GOOGLE}:
            raise ValueError(f"{google_only[0]} is for engine A only; write engine: A, or remove it")
        if self.engine == "deepgram/nova-3" and self.language and not self.language.startswith("en"):
            raise ValueError(f"deepgram/nova-3 knows English only, not {self.language}; choose another model")
        if self.min_speakers and self.max_speakers and self.min_speakers > self.max_speakers:
            raise ValueError(
                f"min_speakers is {self.min_speakers}, more than max_speakers, {self.max_speakers}; "
                "write the smaller one as min_speakers"
            )
        return self

    def parameters(self) -> dict[str, object]:
        """As `record_start` takes them."""
        chosen = {
            "transcription_engine": self.engine,
            "transcription_language": self.language,
            "transcription_profanity_filter": self.profanity_filter,
            "transcription_speaker_diarization": self.speakers,
            "transcription_min_speaker_count": self.min_speakers,
            "transcription_max_speaker_count": self.max_speakers,
        }
        return {"transcription": True} | {name: value for name, value in chosen.items() if value is not None}
