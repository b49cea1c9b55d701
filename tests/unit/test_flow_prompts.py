"""What a caller hears, and how what the call knows is put into it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialtone.calls import Call
from dialtone.errors import CommandInvalid
from dialtone.flows.flow import Manner
from dialtone.flows.prompts import MAX_SPOKEN_CHARACTERS, Prompt, fill
from tests.staged_call import CALLED, CALLER, CONTROL, LEG, SESSION

MANNER = Manner("AWS.Polly.Joanna-Neural", "en-US")
PLAIN = Manner("male", "")
CALL = Call(SESSION, LEG, CONTROL, from_number=CALLER, to_number=CALLED, variables={"name": "Ann & Bob"})
ADDRESS = "https://media.example/hours.mp3"


# How it is heard


def test_words_are_spoken_in_the_flows_manner() -> None:
    command = Prompt(text="Good morning.").heard(CALL, MANNER)

    assert (command.action, command.call_control_id) == ("speak", CONTROL)
    assert command.parameters == {"payload": "Good morning.", "voice": MANNER.voice, "language": "en-US"}


def test_a_prompts_own_manner_comes_first() -> None:
    command = Prompt(text="Buenos días.", voice="AWS.Polly.Mia", language="es-MX").heard(CALL, MANNER)

    assert (command.parameters["voice"], command.parameters["language"]) == ("AWS.Polly.Mia", "es-MX")


def test_without_a_language_none_is_sent() -> None:
    assert "language" not in Prompt(text="Hello.").heard(CALL, PLAIN).parameters


def test_ssml_is_told_to_be_ssml() -> None:
    command = Prompt(ssml="<speak>Hi, {name}</speak>").heard(CALL, PLAIN)

    assert command.parameters["payload_type"] == "ssml"
    assert command.parameters["payload"] == "<speak>Hi, Ann &amp; Bob</speak>"


@pytest.mark.parametrize(
    ("prompt", "source"),
    [(Prompt(audio=ADDRESS), {"audio_url": ADDRESS}), (Prompt(media="hours"), {"media_name": "hours"})],
)
def test_audio_is_played_once_often_or_without_end(prompt: Prompt, source: dict[str, str]) -> None:
    assert prompt.heard(CALL, MANNER).action == "playback_start"
    assert prompt.heard(CALL, MANNER).parameters == source
    assert prompt.heard(CALL, MANNER, times=3).parameters == {**source, "loop": 3}
    assert prompt.held(CALL).parameters == {**source, "loop": "infinity"}


def test_keys_are_gathered_while_a_prompt_is_heard() -> None:
    spoken = Prompt(text="Press 1.").gathered(CALL, MANNER, maximum_digits=1)
    played = Prompt(media="press-1").gathered(CALL, MANNER, maximum_digits=1)

    assert (spoken.action, spoken.parameters["payload"]) == ("gather_using_speak", "Press 1.")
    assert (played.action, played.parameters["media_name"]) == ("gather_using_audio", "press-1")
    assert spoken.parameters["maximum_digits"] == played.parameters["maximum_digits"] == 1


def test_a_reminder_and_a_question_in_words_are_one_breath() -> None:
    question = Prompt(text="Press 1.", voice="male")

    assert Prompt(text="No key.").before(question) == Prompt(text="No key. Press 1.", voice="male")


@pytest.mark.parametrize(
    ("reminder", "question"),
    [
        (Prompt(text="No key."), Prompt(media="press-1")),
        (Prompt(media="no-key"), Prompt(text="Press 1.")),
        (Prompt(ssml="<speak>No key.</speak>"), Prompt(text="Press 1.")),
        (Prompt(text="No key."), Prompt(ssml="<speak>Press 1.</speak>")),
    ],
)
def test_a_reminder_that_cannot_be_joined_stands_for_the_question(reminder: Prompt, question: Prompt) -> None:
    assert reminder.before(question) == reminder


@pytest.mark.parametrize("written", [{}, {"text": "a", "ssml": "b"}, {"audio": ADDRESS, "media": "hours"}])
def test_a_prompt_is_of_exactly_one_kind(written: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="exactly one of text, ssml, audio and media"):
        Prompt.model_validate(written)


# What is put into it


def test_a_prompt_may_name_the_numbers_and_what_was_remembered() -> None:
    payload = Prompt(text="{name} at {caller} called {called}.").heard(CALL, PLAIN).parameters["payload"]

    assert payload == f"Ann & Bob at {CALLER} called {CALLED}."


def test_what_is_not_known_becomes_nothing() -> None:
    assert fill("Hello {nobody}!", {}, is_ssml=False) == "Hello !"


@pytest.mark.parametrize("text", ["{Name}", "{1}", "{ name }", "{}", "{{", "a } b {"])
def test_braces_that_name_nothing_stay(text: str) -> None:
    assert fill(text, {"name": "Ann", "Name": "Bob"}, is_ssml=False) == text


def test_words_that_are_longer_than_telnyx_speaks_are_cut_rather_than_not_heard() -> None:
    call = Call(SESSION, LEG, CONTROL, variables={"long": "word " * 1_000})

    payload = Prompt(text="{long}").heard(call, PLAIN).parameters["payload"]

    assert payload == ("word " * 1_000)[:MAX_SPOKEN_CHARACTERS]


def test_a_prompt_of_which_nothing_is_left_is_no_command() -> None:
    with pytest.raises(CommandInvalid, match="payload"):
        Prompt(text="{nobody}").heard(CALL, PLAIN)


@given(st.text())
def test_what_is_put_into_words_is_put_in_as_it_is(value: str) -> None:
    assert fill("<{name}>", {"name": value}, is_ssml=False) == f"<{value}>"


@given(st.text())
def test_what_is_put_into_words_is_not_filled_again(value: str) -> None:
    assert fill("{a}", {"a": "{b}" + value, "b": "never"}, is_ssml=False) == "{b}" + value


def sayable(value: str) -> str:
    """What XML can hold of a text; it reads every end of a line as one character."""
    kept = "".join(each for each in value if each in "\t\n\r" or (each >= " " and each not in "\ufffe\uffff"))
    return "".join(each for each in kept if not "\ud800" <= each <= "\udfff")


@given(st.text(alphabet=st.characters()) | st.text(alphabet="'\"<>&]/;= \t\x00"))
@example("O'Brien")
@example('say "hi"')
@example("</say-as><break/>")
@example("&amp; ]]>")
@example("\x07")
def test_nothing_that_a_call_knows_can_change_what_ssml_means(value: str) -> None:
    template = "<speak>Hello <say-as interpret-as=\"{name}\" other='{name}'>{name}</say-as>, goodbye.</speak>"

    spoken = ET.fromstring(fill(template, {"name": value}, is_ssml=True))  # noqa: S314 -- our own text

    (element,) = spoken
    assert (spoken.text, element.tail) == ("Hello ", ", goodbye.")
    assert set(element.attrib) == {"interpret-as", "other"}
    assert list(element) == []
    assert (element.text or "").split() == sayable(value).split()
