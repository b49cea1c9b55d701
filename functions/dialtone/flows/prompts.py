"""What a caller hears: words to be spoken or audio to be played."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self
from xml.sax.saxutils import escape

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dialtone.commands import Command, command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.calls import Call
    from dialtone.flows.flow import Manner

MAX_SPOKEN_CHARACTERS = 3_000
"""Telnyx's limit for one `speak`."""

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")

_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML can hold, not even escaped."""


class Prompt(BaseModel):
    """One thing to be heard. In a flow: a text, or a mapping with one of `text`, `ssml`, `audio` and `media`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str | None = Field(None, min_length=1, max_length=MAX_SPOKEN_CHARACTERS)
    ssml: str | None = Field(None, min_length=1, max_length=MAX_SPOKEN_CHARACTERS)
    audio: str | None = Field(None, pattern=r"^https?://\S+$")
    """The address of a WAV or MP3 file that Telnyx can fetch."""
    media: str | None = Field(None, min_length=1)
    """The name of a file uploaded to Telnyx's media storage."""
    voice: str | None = None
    language: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {"text": written} if isinstance(written, str) else written

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [name for name in ("text", "ssml", "audio", "media") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("needs exactly one of text, ssml, audio and media")
        return self

    @property
    def spoken(self) -> bool:
        """Whether Telnyx speaks it; else it is played."""
        return self.text is not None or self.ssml is not None

    def before(self, other: Prompt) -> Prompt:
        """This, then the other, in one breath where both are plain text; else this alone, in the other's place."""
        if self.text is None or other.text is None:
            return self
        return other.model_copy(update={"text": f"{self.text} {other.text}"})

    def heard(self, call: Call, manner: Manner, *, times: int = 1) -> Command:
        """The command that lets the caller hear it. `times` is for audio; what is spoken is spoken once."""
        if self.spoken:
            return command("speak", call.control_id, **self._speech(call, manner))
        repeated = {"loop": times} if times > 1 else {}
        return command("playback_start", call.control_id, **self._source(), **repeated)

    def held(self, call: Call) -> Command:
        """The command that plays it without end, until it is stopped."""
        return command("playback_start", call.control_id, **self._source(), loop="infinity")

    def gathered(self, call: Call, manner: Manner, **digits: object) -> Command:
        """The command that lets the caller hear it and key digits in, at any time while it is heard."""
        if self.spoken:
            return command("gather_using_speak", call.control_id, **self._speech(call, manner), **digits)
        return command("gather_using_audio", call.control_id, **self._source(), **digits)

    def _speech(self, call: Call, manner: Manner) -> dict[str, object]:
        values = {**call.variables, "caller": call.from_number, "called": call.to_number}
        is_ssml = self.ssml is not None
        payload = fill(self.ssml or self.text or "", values, is_ssml=is_ssml)
        speech: dict[str, object] = {"payload": payload[:MAX_SPOKEN_CHARACTERS], "voice": self.voice or manner.voice}
        if is_ssml:
            speech["payload_type"] = "ssml"
        if language := self.language or manner.language:
            speech["language"] = language
        return speech

    def _source(self) -> dict[str, object]:
        return {"audio_url": self.audio} if self.audio else {"media_name": self.media}


def fill(text: str, values: Mapping[str, str], *, is_ssml: bool) -> str:
    """The text with `{name}` replaced by what the call knows; unknown names become nothing, never an error mid-call."""

    def value(found: re.Match[str]) -> str:
        known = values.get(found.group(1), "")
        return escape(_UNWRITABLE.sub("", known), {'"': "&quot;", "'": "&apos;"}) if is_ssml else known

    return _PLACEHOLDER.sub(value, text)
