"""The settings that each voice provider accepts: one table, from Telnyx's own description of `speak`.

Source: the SDK's types of `speak` and of its `voice_settings` (telnyx 4.189), Telnyx's OpenAPI description for Rime.
"""

from __future__ import annotations

from typing import NamedTuple

PROSODY = "prosody"
"""The speed goes into SSML: `<prosody rate="85%">`."""


class Voices(NamedTuple):
    """What the voices of a provider, or of one of its models, support."""

    settings: frozenset[str] | None = frozenset()
    """Keys of `voice_settings`; None if the provider takes others than Telnyx lists."""
    speed: str = ""
    """The key of `voice_settings` for the speed, PROSODY for SSML, '' if the voice has only one speed."""
    slowest: float = 0.5
    fastest: float = 2.0
    ssml: bool = True
    """False if Telnyx says that SSML is not supported."""
    short_languages: bool = False
    """Whether it takes two-letter languages, `it` instead of `it-IT`."""

    def speed_within(self, speed: float) -> float:
        """The speed, limited to what the voice allows: otherwise Telnyx refuses it, and the caller hears nothing."""
        return min(max(speed, self.slowest), self.fastest)


_TELNYX_AT_ONE_SPEED = Voices(frozenset({"voice_speed"}))

PROVIDERS: dict[str, Voices] = {
    "aws": Voices(None, PROSODY),
    "azure": Voices(frozenset({"api_key_ref", "deployment_id", "effect", "gender", "region"}), PROSODY),
    "elevenlabs": Voices(frozenset({"api_key_ref"})),
    "fishaudio": Voices(),
    "humain": Voices(),
    "inworld": Voices(frozenset({"delivery_mode"})),
    "minimax": Voices(frozenset({"language_boost", "pitch", "speed", "vol"}), "speed"),
    "resemble": Voices(frozenset({"format", "precision", "sample_rate"})),
    "rime": Voices(frozenset({"voice_speed"}), "voice_speed"),
    "soniox": Voices(
        frozenset({"reduce_silence", "speed"}), "speed", slowest=0.7, fastest=1.3, ssml=False, short_languages=True
    ),
    "telnyx": Voices(frozenset({"voice_speed"}), "voice_speed"),
    "xai": Voices(frozenset({"language"})),
}
"""By the first part of a voice's name, in lower case."""

_MODELS: dict[str, Voices] = {
    "telnyx.bayan": _TELNYX_AT_ONE_SPEED,
    "telnyx.kokorotts": _TELNYX_AT_ONE_SPEED,
    "telnyx.qwen3tts": _TELNYX_AT_ONE_SPEED,
    "telnyx.sukhan": _TELNYX_AT_ONE_SPEED,
    "telnyx.ultra": Voices(frozenset({"voice_speed"}), "voice_speed", slowest=0.6, fastest=1.5),
}
"""Models that differ from their provider's other voices."""

_UNKNOWN = Voices(None)
"""`male`, `female`, and providers that Telnyx has added since: a flow's settings are passed on."""


def provider_of(voice: str) -> str:
    """The provider's name as `voice_settings` has it in `type`: `aws` for `AWS.Polly.Joanna`."""
    return voice.partition(".")[0].lower()


def voices_like(voice: str) -> Voices:
    """What this voice supports."""
    model = ".".join(voice.lower().split(".")[:2])
    return _MODELS.get(model) or PROVIDERS.get(provider_of(voice), _UNKNOWN)
