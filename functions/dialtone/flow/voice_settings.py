"""How text is spoken: voice, language, speed, and which of these each voice provider supports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

from pydantic import ConfigDict, Field, StrictFloat, StringConstraints, model_validator

from dialtone.domain.stored_records import EMPTY
from dialtone.flow.shorthand import Shorthand
from dialtone.flow.templating import LANGUAGE, escaped
from dialtone.flow.voices import PROSODY, provider_of, voices_like

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dialtone.domain.calls import Call

MAX_SPOKEN_CHARACTERS = 3_000
"""Telnyx's limit for one `speak`."""

MAX_SPEECHES = 20
"""For one text: an hour of speech. A longer one must come from a flow that goes round in circles."""

VoiceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[^\s.]\S*)?$")]
"""Only the format is checked, since Telnyx adds voices and providers."""

LanguageCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$")]
"""Telnyx's name for it: `en-US`."""

Speed = Annotated[StrictFloat, Field(ge=0.5, le=2.0)]
"""1 is the voice's normal speed. Polly, the narrowest provider, allows a fifth to twice that; below half it helps
nobody."""

_SENTENCE_END = re.compile(r"(?<=[.!?。！？…])\s+")  # noqa: RUF001 -- Chinese and Japanese sentences end so


class VoiceOptions(Shorthand):
    """How a language is spoken. In a flow: a voice's name, or a mapping."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    short_form: ClassVar[dict[str, Any]] = {"type": ["string", "null"]}

    voice: VoiceName | None = Field(None, description="Any voice of Telnyx; without it, the flow's.")
    speed: Speed | None = Field(None, description="1 is the voice's normal speed; from 0.5 to 2.")
    voice_settings: dict[str, Any] | None = Field(
        None, description="What the voice's provider takes beside, as Telnyx names it: `api_key_ref`, …"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {"voice": written} if isinstance(written, str) else {} if written is None else written


class VoiceDefaults(NamedTuple):
    """How a flow or step speaks unless a prompt says otherwise."""

    voice: str
    language: str
    """The flow's first language: the language of texts without one."""
    speed: float = 1.0
    settings: Mapping[str, object] = EMPTY
    languages: Mapping[str, VoiceOptions] = EMPTY
    """Every language of the flow, the first one first."""

    def at(self, voice: str | None, language: str | None, speed: float | None) -> VoiceDefaults:
        """The defaults of a step with settings of its own."""
        if voice is None and language is None and speed is None:
            return self
        languages = {} if voice else self.languages
        settings = {} if voice else self.settings
        return self._replace(
            voice=voice or self.voice,
            language=language or self.language,
            speed=speed or self.speed,
            settings=settings,
            languages=languages,
        )

    def wanted(self, call: Call) -> str:
        """The language that the caller chose, else the flow's first."""
        return call.variables.get(LANGUAGE) or self.language

    def voice_options(self, language: str) -> VoiceOptions:
        """The voice options for that language."""
        own = self.languages.get(language)
        if own is None:
            return VoiceOptions.model_construct(voice=self.voice, speed=self.speed, voice_settings=dict(self.settings))
        return VoiceOptions.model_construct(
            voice=own.voice or self.voice,
            speed=own.speed or self.speed,
            voice_settings=dict(self.settings) if own.voice_settings is None else own.voice_settings,
        )


def speech(text: str, language: str, voice_options: VoiceOptions, *, is_ssml: bool) -> Iterator[dict[str, object]]:
    """The parameters of the `speak` commands for a text; several if it is too long for one."""
    voice = voice_options.voice or ""
    takes = voices_like(voice)
    speed = takes.speed_within(voice_options.speed or 1.0)
    parameters: dict[str, object] = {"voice": voice_options.voice}
    if language:
        parameters["language"] = language.partition("-")[0] if takes.short_languages else language
    settings: dict[str, object] = dict(voice_options.voice_settings or {})
    if speed != 1.0 and takes.speed not in {"", PROSODY}:
        settings[takes.speed] = speed
    if settings:
        parameters["voice_settings"] = {"type": provider_of(voice), **settings}
    if is_ssml:
        yield {"payload": text, **parameters, "payload_type": "ssml"}
    elif speed != 1.0 and takes.speed == PROSODY:
        opening, closing = f'<speak><prosody rate="{round(speed * 100)}%">', "</prosody></speak>"
        room = MAX_SPOKEN_CHARACTERS - len(opening) - len(closing)
        for part in split(text, room, escaped):
            yield {"payload": f"{opening}{escaped(part)}{closing}", **parameters, "payload_type": "ssml"}
    else:
        yield from ({"payload": part, **parameters} for part in split(text))


def split(text: str, room: int = MAX_SPOKEN_CHARACTERS, written: Any = str) -> list[str]:  # noqa: ANN401 -- str → str
    """The text in parts that fit, cut at the ends of sentences, else between words, else anywhere."""
    pieces: list[str] = []
    left = text
    while len(written(left)) > room and len(pieces) < MAX_SPEECHES - 1:
        cut = _cut(left, room, written)
        pieces.append(left[:cut].rstrip())
        left = left[cut:].lstrip()
    return [piece for piece in (*pieces, _beginning(left, room, written)) if piece] or [text]


def _cut(text: str, room: int, written: Any) -> int:  # noqa: ANN401 -- str → str
    fits = _beginning(text, room, written)
    ends = [found.end() for found in _SENTENCE_END.finditer(text, 0, len(fits) + 1) if found.start() <= len(fits)]
    if ends:
        return ends[-1]
    space = fits.rfind(" ")
    return space + 1 if space > 0 else len(fits)


def _beginning(text: str, room: int, written: Any) -> str:  # noqa: ANN401 -- str → str
    fits = text[:room]
    while len(written(fits)) > room:
        fits = fits[: len(fits) - max(1, (len(written(fits)) - room) // 6)]
    return fits
