"""Prompts: text to speak, audio to play, or several of these, in one language or more; and how they end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from dialtone.domain.commands import Command, command
from dialtone.domain.errors import CommandInvalid
from dialtone.flow.step_moves import Fail, Go, Move, Wait
from dialtone.flow.step_state import PromptState
from dialtone.flow.templating import filled, filled_ssml, known, names_in, spoken, unfilled
from dialtone.flow.voice_settings import (
    MAX_SPOKEN_CHARACTERS,
    LanguageCode,
    Speed,
    VoiceDefaults,
    VoiceName,
    VoiceOptions,
    speech,
)

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event

MAX_TEXT_CHARACTERS = 20_000
"""For one text in a flow: some twenty minutes of speech."""

MAX_CONTENT_CHARACTERS = 20_000
"""For a file that a flow contains as base64: two seconds of telephone WAV. Each event that plays it stores it."""

UNPLAYABLE = frozenset({"file_not_found", "failed"})
"""The `status` of a `call.playback.ended` after which the caller has heard nothing."""

MAX_NAMED_CHARACTERS = 200
"""For a media name or URL in a reason."""

KINDS = ("text", "ssml", "audio", "media", "file", "content")

_NOT_UNDER_KEYS = frozenset({"audio_type", "cache_audio"})
"""Parameters of `playback_start` that `gather_using_audio` lacks."""

_MANNER = ("voice", "language", "speed")

ANY = ""
"""The language of a part without a language of its own: the flow's first."""


class Sound(NamedTuple):
    """One command's worth of speech or audio, with variables filled in."""

    speaks: bool
    parameters: Mapping[str, object]

    def play(self, call: Call, *, times: int = 1) -> Command:
        """The command that plays it. `times` is for audio; speech is spoken once."""
        if self.speaks:
            return command("speak", call.control_id, **self.parameters)
        return command("playback_start", call.control_id, **self.parameters, **({"loop": times} if times > 1 else {}))

    def loop(self, call: Call) -> Command:
        """The command that plays it in a loop, until it is stopped."""
        return command("playback_start", call.control_id, **self.parameters, loop="infinity")

    def gather(self, call: Call, **digits: object) -> Command:
        """The command that plays it and gathers digits, at any time while it plays."""
        if "playback_content" in self.parameters:
            raise CommandInvalid("", "content", "cannot be played where keys are waited for")
        action = "gather_using_speak" if self.speaks else "gather_using_audio"
        sound = {name: value for name, value in self.parameters.items() if name not in _NOT_UNDER_KEYS}
        return command(action, call.control_id, **sound, **digits)


class Piece(BaseModel):
    """One thing to be heard: a text, SSML, an address, a name at Telnyx, or a file beside the flow."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    text: str | None = Field(
        None,
        min_length=1,
        max_length=MAX_TEXT_CHARACTERS,
        description="Text; variables such as `{caller}` are filled in.",
    )
    ssml: str | None = Field(
        None,
        min_length=1,
        max_length=MAX_SPOKEN_CHARACTERS,
        description="SSML, from `<speak>` to `</speak>`; variables are escaped.",
    )
    audio: str | None = Field(
        None, pattern=r"^https?://[^\s/]+\S*$", description="The URL of a WAV or MP3 file that Telnyx can fetch."
    )
    media: str | None = Field(None, pattern=r"^\S(.*\S)?$", description="The name of a file in Telnyx's media storage.")
    file: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*\.(mp3|wav)$",
        description="A file in the folder `audio` beside the flow, which is uploaded to Telnyx under its name.",
    )
    content: str | None = Field(
        None,
        pattern=r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
        min_length=4,
        max_length=MAX_CONTENT_CHARACTERS,
        description="A WAV or MP3 file itself, as base64: a short tone. No key can interrupt it.",
    )
    audio_type: Literal["mp3", "wav"] | None = Field(
        None, description="The format of `audio` or `content`; by default Telnyx assumes MP3."
    )
    cache_audio: StrictBool = Field(
        default=True, description="Whether Telnyx may cache the file at `audio`; false for files that change."
    )
    voice: VoiceName | None = Field(None, description="Any voice of Telnyx, if it differs from the step's.")
    language: LanguageCode | None = Field(None, description="The language of the text, if it differs.")
    speed: Speed | None = Field(None, description="1 is the voice's normal speed; from 0.5 to 2.")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(getattr(self, name) is not None for name in KINDS) != 1:
            raise ValueError("needs exactly one of text, ssml, audio, media, file and content; write one of them")
        if not self.speaks and any(getattr(self, name) is not None for name in _MANNER):
            raise ValueError("voice, language and speed are for words; audio sounds as it does")
        if self.audio_type and self.audio is None and self.content is None:
            raise ValueError("audio_type goes with audio or content; remove it")
        if not self.cache_audio and self.audio is None:
            raise ValueError("cache_audio goes with audio; remove it")
        if self.ssml is not None and self.speed is not None:
            raise ValueError("speed is for text; in SSML write <prosody rate=…>")
        return self

    @property
    def speaks(self) -> bool:
        """Whether it is speech; else it is audio."""
        return self.text is not None or self.ssml is not None

    def sounds(self, call: Call, voice_defaults: VoiceDefaults, language: str) -> Iterator[Sound]:
        """Telnyx's form of it: several if a text is too long for one, none if variables left nothing.

        Raises CommandInvalid for audio whose name or URL lacks a part: that would be another file.
        """
        if not self.speaks:
            if source := self.source(call):
                yield Sound(speaks=False, parameters=source)
            return
        values = known(call)
        text = (
            filled_ssml(self.ssml, values, language)
            if self.ssml is not None
            else spoken(self.text or "", values, language)
        )
        if self._says_nothing(text):
            return
        for parameters in speech(
            text, language, self.voice_options(voice_defaults, language), is_ssml=self.ssml is not None
        ):
            yield Sound(speaks=True, parameters=parameters)

    def voice_options(self, voice_defaults: VoiceDefaults, language: str) -> VoiceOptions:
        """The voice that speaks it. A provider's special settings apply only to the voice they were written for."""
        around = voice_defaults.voice_options(language)
        settings = around.voice_settings if self.voice in {None, around.voice} else None
        return VoiceOptions.model_construct(
            voice=self.voice or around.voice, speed=self.speed or around.speed, voice_settings=settings
        )

    def source(self, call: Call) -> dict[str, object]:
        """Where its audio is, as parameters of `playback_start`; empty if a variable left the name empty."""
        if self.file:
            return {"media_name": self.file.rpartition(".")[0]}
        options: dict[str, object] = {"audio_type": self.audio_type} if self.audio_type else {}
        if self.content:
            return {"playback_content": self.content, **options}
        if not self.cache_audio:
            options["cache_audio"] = False
        name, written = ("audio_url", self.audio) if self.audio else ("media_name", self.media or "")
        values = known(call)
        missing = unfilled(written, values)
        if missing and not filled(written, values).strip():
            return {}
        if missing:
            raise CommandInvalid("", written, f"cannot be played: {', '.join(missing)} is empty")
        escape = {each: quote(value, safe="") for each, value in values.items()} if self.audio else values
        return {name: filled(written, escape), **options}

    def _says_nothing(self, text: str) -> bool:
        """Whether variables left nothing to speak. SSML without variables may be a pause, and is kept."""
        if self.ssml is not None:
            text = re.sub(_TAG, "", text) if any(names_in(self.ssml)) and not re.search(_SOUNDING_TAG, text) else text
        return not text.strip()


class Part(BaseModel):
    """Pieces to be heard one after another, in one language or in several."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    languages: Mapping[str, Annotated[tuple[Piece, ...], Field(min_length=1)]]
    """Language → what is heard in it; ANY where no language is named."""

    def chosen(self, call: Call, voice_defaults: VoiceDefaults) -> tuple[str, tuple[Piece, ...]]:
        """The language (the caller's, else the flow's first, else the first that exists), and the pieces in it."""
        if ANY in self.languages:
            return voice_defaults.language, self.languages[ANY]
        for language in (voice_defaults.wanted(call), voice_defaults.language):
            if language in self.languages:
                return language, self.languages[language]
        return next(iter(self.languages.items()))


class Prompt(BaseModel):
    """What is heard at one place of a flow: a text, a mapping, a list of these, or a mapping by language."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    parts: tuple[Part, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _written(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        listed = written if isinstance(written, list) else [written]
        return {"parts": [{"languages": _by_language(each)} for each in listed]}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        del core
        piece = {"anyOf": [_TEXT_SCHEMA, handler(Piece.__pydantic_core_schema__)]}
        several = {"anyOf": [piece, {"type": "array", "items": piece, "minItems": 1}]}
        by_language = {
            "type": "object",
            "minProperties": 1,
            "patternProperties": {_LANGUAGE_KEY: several},
            "additionalProperties": False,
        }
        part = {"anyOf": [*several["anyOf"], by_language]}
        return {
            "description": "A text, a mapping, a list of these in their order, or a mapping by language.",
            "anyOf": [*part["anyOf"], {"type": "array", "items": part, "minItems": 1}],
        }

    @property
    def speaks(self) -> bool:
        """Whether any of it is speech."""
        return any(piece.speaks for piece in self.pieces())

    def pieces(self) -> Iterator[Piece]:
        """Everything in it, in every language."""
        return (piece for part in self.parts for pieces in part.languages.values() for piece in pieces)

    def by_language(self) -> Iterator[list[Piece]]:
        """The pieces that callers of each language hear."""
        for wanted in {language for part in self.parts for language in part.languages}:
            chosen = (part.languages.get(wanted, next(iter(part.languages.values()))) for part in self.parts)
            yield [piece for pieces in chosen for piece in pieces]

    def then(self, other: Prompt) -> Prompt:
        """This prompt, followed by the other."""
        return Prompt.model_construct(parts=self.parts + other.parts)

    def sounds(self, call: Call, voice_defaults: VoiceDefaults, *, joined: bool = True) -> tuple[Sound, ...]:
        """What the caller hears, in the caller's language. Texts in one voice are joined, to avoid pauses."""
        chosen: list[tuple[str, Piece]] = []
        for part in self.parts:
            language, pieces = part.chosen(call, voice_defaults)
            for piece in pieces:
                spoken_in = piece.language or language
                if joined and chosen and (both := _joined(chosen[-1], (spoken_in, piece))):
                    chosen[-1] = (spoken_in, both)
                else:
                    chosen.append((spoken_in, piece))
        return tuple(sound for language, piece in chosen for sound in piece.sounds(call, voice_defaults, language))

    def play(self, call: Call, voice_defaults: VoiceDefaults, *, times: int = 1) -> tuple[Command, ...]:
        """The commands that play it, to be sent at once: Telnyx queues them."""
        return tuple(sound.play(call, times=times) for sound in self.sounds(call, voice_defaults, joined=False))

    def loop(self, call: Call, voice_defaults: VoiceDefaults) -> tuple[Command, ...]:
        """The commands that play it in a loop: its last sound is repeated until it is stopped."""
        sounds = self.sounds(call, voice_defaults)
        return (*(sound.play(call) for sound in sounds[:-1]), *(last.loop(call) for last in sounds[-1:]))

    def gather(
        self, call: Call, voice_defaults: VoiceDefaults, timeout_millis: int, **digits: object
    ) -> tuple[Command, ...]:
        """The commands that play it once, and gather digits during its last sound.

        If variables left nothing of it, the digits are awaited in silence.
        """
        sounds = self.sounds(call, voice_defaults)
        if not sounds:
            waits = {"initial_timeout_millis": timeout_millis, "timeout_millis": timeout_millis}
            return (command("gather", call.control_id, **waits, **digits),)
        gather = sounds[-1].gather(call, maximum_tries=1, timeout_millis=timeout_millis, **digits)
        return (*(sound.play(call) for sound in sounds[:-1]), gather)


_TAG = r"<[^>]*>"
_SOUNDING_TAG = r"<(audio|break)\b"

_LANGUAGE_KEY = r"^([a-z]{2}|arb|[a-z]{3}(?=[-_]))([-_][A-Za-z0-9]{1,8})*$"
"""Three letters only with a region, or Polly's Arabic: otherwise a mistyped `text` would be a language."""

_TEXT_SCHEMA = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT_CHARACTERS}


def _by_language(written: Any) -> Any:  # noqa: ANN401 -- whatever the file holds
    """Pieces by language: a mapping is one if none of its keys is a piece's key."""
    if isinstance(written, dict) and written and all(map(_names_a_language, written)):
        return {language: _pieces(each) for language, each in written.items()}
    return {ANY: _pieces(written)}


def _names_a_language(key: str) -> bool:
    return key not in Piece.model_fields and re.fullmatch(_LANGUAGE_KEY, key) is not None


def _pieces(written: Any) -> Any:  # noqa: ANN401 -- whatever the file holds
    listed = written if isinstance(written, list) else [written]
    return [{"text": each} if isinstance(each, str) else each for each in listed]


def _joined(before: tuple[str, Piece], after: tuple[str, Piece]) -> Piece | None:
    """Two texts joined, if they are spoken in the same voice; else None."""
    (language, first), (next_language, second) = before, after
    alike = language == next_language and all(getattr(first, name) == getattr(second, name) for name in _MANNER)
    if not alike or first.text is None or second.text is None:
        return None
    return first.model_copy(update={"text": f"{first.text} {second.text}"})


def prompts_ended(state: PromptState, event: Event, then: Go) -> Move | None:
    """Go on after the end of the step's last prompt, in whatever order the ends are reported."""
    if event.type not in {"call.speak.ended", "call.playback.ended"}:
        return None
    if event.text("status") == "call_hangup":
        return None
    if reason := unplayable(event):
        return Fail(reason)
    left = state.after_prompt()
    return Wait(state=left) if left else then


def unplayable(event: Event) -> str:
    """Why audio could not be played, and which; '' for any other event. A URL is named without its signature."""
    if event.type != "call.playback.ended" or event.text("status") not in UNPLAYABLE:
        return ""
    named = event.text("media_name") or event.text("media_url").partition("?")[0]
    return f"audio could not be played: {event.text('status')} {named[:MAX_NAMED_CHARACTERS]}".rstrip()


def stop_queued(call: Call) -> tuple[Command, ...]:
    """The command that stops playing and queued prompts; none if the only one has failed."""
    return (command("playback_stop", call.control_id, stop="all"),) if PromptState.of(call).several_prompts else ()
