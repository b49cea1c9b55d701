"""What a caller hears: words and audio, one or several, in one language or in many."""

from typing import Any

import pytest
from pydantic import ValidationError

from dialtone.domain.calls import Call
from dialtone.domain.errors import CommandInvalid
from dialtone.flow.prompts import Prompt
from dialtone.flow.voice_settings import MAX_SPOKEN_CHARACTERS, VoiceDefaults, VoiceOptions
from tests.staged_call import CALLED, CALLER, CONTROL, LEG, SESSION

VOICE = VoiceDefaults("AWS.Polly.Joanna-Neural", "en-US")
PLAIN = VoiceDefaults("male", "")
SPANISH_TOO = VoiceDefaults(
    "AWS.Polly.Joanna-Neural",
    "en-US",
    languages={"en-US": VoiceOptions(), "es-MX": VoiceOptions(voice="AWS.Polly.Mia", speed=0.9)},
)
CALL = Call(SESSION, LEG, CONTROL, from_number=CALLER, to_number=CALLED, variables={"name": "Ann & Bob"})
ADDRESS = "https://media.example/hours.mp3"


def prompt(written: object) -> Prompt:
    return Prompt.model_validate(written)


def in_spanish(call: Call = CALL) -> Call:
    return call.remembering("language", "es-MX")


def payloads(written: object, call: Call = CALL, voice_defaults: VoiceDefaults = VOICE) -> list[object]:
    """What is spoken, and the names of what is played."""
    heard = [command.parameters for command in prompt(written).play(call, voice_defaults)]
    return [each.get("payload") or each.get("media_name") or each.get("audio_url") for each in heard]


def refusal(written: object) -> str:
    with pytest.raises(ValidationError) as caught:
        prompt(written)
    return str(caught.value)


# How it is heard


def test_words_are_spoken_in_the_flows_manner() -> None:
    (command,) = prompt("Good morning.").play(CALL, VOICE)

    assert (command.action, command.call_control_id) == ("speak", CONTROL)
    assert command.parameters == {"payload": "Good morning.", "voice": VOICE.voice, "language": "en-US"}


def test_a_prompts_own_manner_comes_first() -> None:
    (command,) = prompt({"text": "Buenos días.", "voice": "AWS.Polly.Mia", "language": "es-MX"}).play(CALL, VOICE)

    assert (command.parameters["voice"], command.parameters["language"]) == ("AWS.Polly.Mia", "es-MX")


def test_without_a_language_none_is_sent() -> None:
    (command,) = prompt("Hello.").play(CALL, PLAIN)

    assert "language" not in command.parameters


def test_ssml_is_declared_as_ssml() -> None:
    (command,) = prompt({"ssml": "<speak>Hi, {name}</speak>"}).play(CALL, PLAIN)

    assert command.parameters["payload_type"] == "ssml"
    assert command.parameters["payload"] == "<speak>Hi, Ann &amp; Bob</speak>"


@pytest.mark.parametrize(
    ("written", "source"),
    [
        ({"audio": ADDRESS}, {"audio_url": ADDRESS}),
        ({"media": "hours"}, {"media_name": "hours"}),
        ({"file": "opening-hours.mp3"}, {"media_name": "opening-hours"}),
        ({"file": "Jingle_2.wav"}, {"media_name": "Jingle_2"}),
    ],
)
def test_audio_is_played_once_often_or_without_end(written: object, source: dict[str, str]) -> None:
    audio = prompt(written)

    (once,), (often,), (held,) = (
        audio.play(CALL, VOICE),
        audio.play(CALL, VOICE, times=3),
        audio.loop(CALL, VOICE),
    )

    assert {once.action, often.action, held.action} == {"playback_start"}
    assert once.parameters == source
    assert often.parameters == {**source, "loop": 3}
    assert held.parameters == {**source, "loop": "infinity"}


def test_keys_are_gathered_while_it_is_heard() -> None:
    (spoken,) = prompt("Press 1.").sounds(CALL, VOICE)
    (played,) = prompt({"media": "press-1"}).sounds(CALL, VOICE)

    asked, offered = spoken.gather(CALL, maximum_digits=1), played.gather(CALL, maximum_digits=1)

    assert (asked.action, asked.parameters["payload"]) == ("gather_using_speak", "Press 1.")
    assert (offered.action, offered.parameters["media_name"]) == ("gather_using_audio", "press-1")
    assert asked.parameters["maximum_digits"] == offered.parameters["maximum_digits"] == 1


# Several


def test_a_list_is_heard_in_its_order() -> None:
    heard = prompt([{"media": "jingle"}, "Hello.", {"ssml": "<speak>Hi</speak>"}, {"audio": ADDRESS}])

    assert [command.action for command in heard.play(CALL, VOICE)] == [
        "playback_start",
        "speak",
        "speak",
        "playback_start",
    ]


def test_texts_of_a_question_in_one_manner_are_one_breath() -> None:
    sounds = prompt(["One.", "Two.", {"media": "jingle"}, "Three."]).sounds(CALL, VOICE)

    assert [sound.parameters.get("payload") for sound in sounds] == ["One. Two.", None, "Three."]


@pytest.mark.parametrize("other", [{"voice": "male"}, {"language": "es-MX"}, {"speed": 0.9}])
def test_texts_in_different_manners_are_not_joined(other: dict[str, Any]) -> None:
    assert len(prompt(["One.", {"text": "Two.", **other}]).sounds(CALL, VOICE)) == 2


def test_a_reminder_comes_before_the_question_whatever_either_is() -> None:
    reminder, question = prompt("No key."), prompt([{"media": "press-1"}])

    heard = reminder.then(question).sounds(CALL, VOICE)

    assert [sound.speaks for sound in heard] == [True, False]


def test_the_last_of_a_list_is_held_without_end() -> None:
    commands = prompt(["Please hold.", {"media": "music"}]).loop(CALL, VOICE)

    assert [command.action for command in commands] == ["speak", "playback_start"]
    assert commands[1].parameters["loop"] == "infinity"


# Languages

BOTH = {"en-US": "Good morning.", "es-MX": "Buenos días."}


def test_a_prompt_in_several_languages_is_heard_in_the_callers_and_in_its_voice() -> None:
    (english,) = prompt(BOTH).play(CALL, SPANISH_TOO)
    (spanish,) = prompt(BOTH).play(in_spanish(), SPANISH_TOO)

    assert english.parameters == {"payload": "Good morning.", "voice": VOICE.voice, "language": "en-US"}
    assert spanish.parameters["language"] == "es-MX"
    assert spanish.parameters["voice"] == "AWS.Polly.Mia"
    assert spanish.parameters["payload"] == '<speak><prosody rate="90%">Buenos días.</prosody></speak>'


def test_a_language_that_a_prompt_lacks_falls_back_to_the_flows_first() -> None:
    assert payloads({"fr-FR": "Bonjour.", "en-US": "Hello."}, in_spanish(), SPANISH_TOO) == ["Hello."]


def test_a_prompt_that_lacks_the_flows_first_language_too_is_heard_in_its_own_first() -> None:
    (command,) = prompt({"fr-FR": "Bonjour.", "de-DE": "Hallo."}).play(in_spanish(), SPANISH_TOO)

    assert (command.parameters["payload"], command.parameters["language"]) == ("Bonjour.", "fr-FR")


def test_what_is_written_in_no_language_by_name_is_in_the_flows_first() -> None:
    (command,) = prompt("Hello.").play(in_spanish(), SPANISH_TOO)

    assert command.parameters["language"] == "en-US"


def test_lists_and_languages_may_hold_one_another() -> None:
    written = [{"media": "jingle"}, {"en-US": ["One.", {"file": "two.mp3"}], "es-MX": "Uno y dos."}]

    assert payloads(written, CALL, SPANISH_TOO) == ["jingle", "One.", "two"]
    assert payloads(written, in_spanish(), SPANISH_TOO)[0] == "jingle"
    assert len(payloads(written, in_spanish(), SPANISH_TOO)) == 2


def test_a_piece_offers_a_language_in_that_languages_voice() -> None:
    offer = prompt(["For English, press 1.", {"text": "Para español, marque dos.", "language": "es-MX"}])

    english, spanish = offer.play(CALL, SPANISH_TOO)

    assert (english.parameters["voice"], spanish.parameters["voice"]) == (VOICE.voice, "AWS.Polly.Mia")


def test_a_step_may_speak_in_a_manner_of_its_own() -> None:
    at_step = SPANISH_TOO.at("male", None, None)

    assert at_step.voice_options("es-MX").voice == "male"
    assert SPANISH_TOO.at(None, None, None) is SPANISH_TOO


# What is wrong


@pytest.mark.parametrize("written", [{}, {"text": "a", "ssml": "b"}, {"audio": ADDRESS, "media": "hours"}])
def test_a_piece_is_of_exactly_one_kind(written: dict[str, str]) -> None:
    assert "exactly one of text, ssml, audio, media, file and content" in refusal(written)


@pytest.mark.parametrize("voice_defaults", [{"voice": "male"}, {"language": "en-US"}, {"speed": 1.5}])
def test_audio_has_no_manner_of_speaking(voice_defaults: dict[str, Any]) -> None:
    assert "are for words" in refusal({"media": "hours", **voice_defaults})


def test_ssml_says_its_speed_itself() -> None:
    assert "prosody" in refusal({"ssml": "<speak>a</speak>", "speed": 1.5})


@pytest.mark.parametrize(
    "written",
    [
        "",
        [],
        None,
        7,
        {"text": ""},
        {"text": "a", "voise": "b"},
        {"en-US": []},
        {"en-US": ""},
        {"english": "a"},
        {"audio": "ftp://x/y"},
        {"audio": "https:// x"},
        {"file": "../secret.mp3"},
        {"file": "a.ogg"},
        {"text": "a", "voice": "AWS Polly"},
        {"text": "a", "language": "English (US)"},
        {"text": "a", "speed": 3},
    ],
)
def test_what_cannot_be_heard_is_refused(written: object) -> None:
    assert refusal(written)


@pytest.mark.parametrize(
    "voice",
    [
        "male",
        "female",
        "AWS.Polly.Joanna-Neural",
        "Azure.en-US-Ava:DragonHDLatestNeural",
        "ElevenLabs.eleven_multilingual_v2.21m00Tcm4TlvDq8ikWAM",
        "Telnyx.KokoroTTS.af",
        "Telnyx.Sukhan.urdu-professor",
        "Minimax.speech-02-hd.Wise_Woman",
        "Rime.Arcana.cove",
        "Resemble.Turbo.my_voice",
        "Inworld.TTS2.Loretta",
        "FishAudio.s2.1-pro.ab12",
        "xAI.eve",
    ],
)
def test_every_provider_of_voices_is_accepted(voice: str) -> None:
    (command,) = prompt({"text": "Hello.", "voice": voice, "speed": 0.9}).play(CALL, VOICE)

    assert command.parameters["voice"] == voice


# What is put into it


def test_a_prompt_may_name_the_numbers_and_what_was_remembered() -> None:
    assert payloads("{name} at {caller} called {called}.") == [f"Ann & Bob at {CALLER} called {CALLED}."]


def test_a_text_that_grew_too_long_is_heard_in_several_speeches() -> None:
    long = "This is a sentence. " * 400
    call = Call(SESSION, LEG, CONTROL, variables={"long": long})

    heard = [str(each) for each in payloads("{long}", call, PLAIN)]

    assert len(heard) == 3
    assert all(len(each) <= MAX_SPOKEN_CHARACTERS and each.rstrip().endswith("sentence.") for each in heard)
    assert " ".join(heard).split() == long.split()


def test_a_prompt_of_which_nothing_is_left_is_no_command() -> None:
    assert prompt("{nobody}").play(CALL, PLAIN) == ()


def test_ssml_that_grew_too_long_is_no_command_rather_than_broken() -> None:
    call = Call(SESSION, LEG, CONTROL, variables={"long": "word " * 1_000})

    with pytest.raises(CommandInvalid, match="payload"):
        prompt({"ssml": "<speak>{long}</speak>"}).play(call, PLAIN)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"media": "hours", "audio_type": "wav"}, "audio_type goes with audio or content"),
        ({"text": "Hi", "cache_audio": False}, "cache_audio goes with audio"),
        ({"content": "no base64!"}, "pattern"),
        ({"content": "A" * 20_004}, "at most 20000 characters"),
    ],
)
def test_options_of_audio_go_with_audio(written: dict[str, Any], why: str) -> None:
    assert why in refusal(written)
