"""Words within Telnyx's limits, at the speed that a voice's provider understands."""

from typing import get_args, get_type_hints
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telnyx.types.calls import action_speak_params

from dialtone.flow.templating import escaped
from dialtone.flow.voice_settings import MAX_SPOKEN_CHARACTERS, VoiceOptions, speech, split
from dialtone.flow.voices import PROVIDERS


def parameters(voice: str, speed: float | None = None, text: str = "Hello.", **settings: object) -> dict[str, object]:
    (only,) = speech(
        text, "en-US", VoiceOptions(voice=voice, speed=speed, voice_settings=settings or None), is_ssml=False
    )
    return only


@pytest.mark.parametrize("voice", ["AWS.Polly.Joanna", "Azure.en-CA-ClaraNeural"])
def test_voices_that_understand_ssml_are_slowed_by_it(voice: str) -> None:
    spoken = parameters(voice, 0.85, "Fish & chips.")

    assert spoken["payload"] == '<speak><prosody rate="85%">Fish &amp; chips.</prosody></speak>'
    assert spoken["payload_type"] == "ssml"
    assert "voice_settings" not in spoken


@pytest.mark.parametrize(
    ("voice", "settings"),
    [
        ("Telnyx.NaturalHD.astra", {"type": "telnyx", "voice_speed": 1.2}),
        ("Telnyx.Ultra.ours", {"type": "telnyx", "voice_speed": 1.2}),
        ("Soniox.tts-rt-v2.Emma", {"type": "soniox", "speed": 1.2}),
        ("Rime.Arcana.cove", {"type": "rime", "voice_speed": 1.2}),
        ("Minimax.speech-02-hd.Wise_Woman", {"type": "minimax", "speed": 1.2}),
    ],
)
def test_voices_that_take_a_speed_are_given_it(voice: str, settings: dict[str, object]) -> None:
    spoken = parameters(voice, 1.2)

    assert spoken["voice_settings"] == settings
    assert spoken["payload"] == "Hello."


@pytest.mark.parametrize("voice", ["male", "ElevenLabs.m.id", "xAI.eve", "FishAudio.s1.id", "Telnyx.KokoroTTS.af"])
def test_voices_without_a_speed_speak_as_they_do(voice: str) -> None:
    assert parameters(voice, 1.2) == {"payload": "Hello.", "voice": voice, "language": "en-US"}


@pytest.mark.parametrize(("asked", "spoken"), [(2.0, 1.3), (0.5, 0.7), (1.0, None)])
def test_a_speed_that_the_voice_would_refuse_becomes_the_nearest(asked: float, spoken: float | None) -> None:
    settings = parameters("Soniox.tts-rt-v2.Emma", asked).get("voice_settings")

    assert settings == ({"type": "soniox", "speed": spoken} if spoken else None)


def test_a_voice_with_short_languages_is_given_two_letters() -> None:
    assert parameters("Soniox.tts-rt-v2.Emma")["language"] == "en"


def test_the_table_of_providers_is_telnyx_s_own() -> None:
    """Every kind of `voice_settings` in the SDK's types is in the table, with the keys that it has there."""
    hints = get_type_hints(action_speak_params.ActionSpeakParams, include_extras=True)
    kinds = [kind for kind in get_args(hints["voice_settings"]) if isinstance(kind, type)]
    reported = {get_args(get_type_hints(kind)["type"])[0]: set(get_type_hints(kind)) - {"type"} for kind in kinds}

    assert len(reported) > 6
    for provider, keys in reported.items():
        assert provider in PROVIDERS
        assert PROVIDERS[provider].settings in (keys, None), provider


def test_what_a_provider_takes_beside_names_the_provider() -> None:
    settings = parameters("ElevenLabs.m.id", api_key_ref="ours")["voice_settings"]

    assert settings == {"type": "elevenlabs", "api_key_ref": "ours"}


def test_a_long_text_is_cut_where_a_sentence_ends() -> None:
    first, second = "A" * 1_500 + ".", "B" * 1_600 + "."

    assert split(f"{first} {second}") == [first, second]


def test_a_long_sentence_is_cut_between_words() -> None:
    words = "word " * 1_000

    pieces = split(words)

    assert all(set(piece.split()) == {"word"} for piece in pieces)
    assert sum(len(piece.split()) for piece in pieces) == 1_000


def test_what_has_no_words_is_cut_anywhere() -> None:
    assert [len(piece) for piece in split("x" * 7_000)] == [3_000, 3_000, 1_000]


@given(st.text(min_size=1, max_size=9_000) | st.text(alphabet="ab. !?\n", min_size=2_000, max_size=9_000))
def test_nothing_is_lost_and_nothing_is_too_long(text: str) -> None:
    pieces = split(text)

    assert all(len(piece) <= MAX_SPOKEN_CHARACTERS for piece in pieces)
    if text.strip():
        assert "".join("".join(pieces).split()) == "".join(text.split())


@given(st.text(alphabet="a&<\"'. ", min_size=1, max_size=4_000))
def test_a_slowed_text_fits_and_stays_xml_though_escaping_makes_it_longer(text: str) -> None:
    voice_options = VoiceOptions(voice="AWS.Polly.Joanna", speed=0.9)

    pieces = [str(each["payload"]) for each in speech(text, "", voice_options, is_ssml=False)]

    assert all(len(piece) <= MAX_SPOKEN_CHARACTERS for piece in pieces)
    read = [ET.fromstring(piece)[0].text or "" for piece in pieces]  # noqa: S314 -- our own text
    assert "".join("".join(read).split()) == "".join(text.split())


def test_escaping_leaves_no_way_out() -> None:
    assert escaped("<&\"'>") == "&lt;&amp;&quot;&apos;&gt;"
