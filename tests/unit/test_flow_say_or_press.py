"""A choice that may be said: which words lead where, what stops the listening, and that no word of it is kept."""

import json

import pytest

from dialtone.domain.errors import FlowInvalid
from dialtone.domain.events import recorded_payload
from dialtone.domain.spoken_choices import report
from dialtone.flow.parser import read_flow
from infra.flowkit.drawing.change_summary import summary
from infra.flowkit.drawing.words import edge_label
from tests.staged_call import StagedCall, actions, happened, mark_of

MENU = """
    language: {language}
    last_resort: sorry
    steps:
      welcome:
        menu: {menu}
        keys: {{1: sales, 2: repairs, 3: sales}}
        say_or_press: {{1: [sales, new sails], 2: repairs}}
        no_input: Nothing.
        wrong: Wrong.
        wait_seconds: 7
        otherwise: goodbye
      sales: {{say: Sales.}}
      repairs: {{say: Repairs.}}
      goodbye: {{say: Goodbye., next: bye}}
      bye: hangup
      sorry: {{say: Sorry., next: bye}}
"""


def asked(menu: str = "Say or press.", language: str = "en-US") -> StagedCall:
    staged = StagedCall(MENU.format(menu=menu, language=language))
    staged.pick_up()
    return staged


def ended(staged: StagedCall, choice: object, *words: str, status: str = "valid") -> list[str]:
    history = [
        {"role": "assistant", "content": "Say or press."},
        *({"role": "user", "content": each} for each in words),
    ]
    result = {} if choice is None else {"choice": choice}
    return actions(staged.tell("call.ai_gather.ended", status=status, result=result, message_history=history))


def test_the_schema_allows_the_keys_that_have_words_and_none() -> None:
    (listen,) = asked().decisions[-1].commands

    assert listen.action == "gather_using_ai"
    choice = {
        "type": "string",
        "enum": ["1", "2", "none"],
        "description": "What the caller wants. 1: sales, new sails; 2: repairs; none: anything else",
    }
    assert listen.parameters["parameters"] == {
        "type": "object",
        "properties": {"choice": choice},
        "required": ["choice"],
    }
    assert (listen.parameters["greeting"], listen.parameters["user_response_timeout_ms"]) == ("Say or press.", 7_000)
    assert (listen.parameters["language"], "transcription" in listen.parameters) == ("en", False)


@pytest.mark.parametrize(
    ("language", "code", "given"), [("de-DE", "de", {"language": "de"}), ("cy-GB", None, {}), ("nb-NO", None, {})]
)
def test_another_language_is_listened_for_by_a_model_that_knows_many(
    language: str, code: str | None, given: dict[str, str]
) -> None:
    parameters = asked(language=language).decisions[-1].commands[0].parameters

    assert parameters["transcription"] == {"model": "openai/whisper-large-v3-turbo", **given}
    assert parameters.get("language") == code


@pytest.mark.parametrize(
    ("choice", "words", "status", "step", "heard"),
    [
        ("1", ["Sales!"], "valid", "sales", "Sales."),
        ("2", ["Repairs."], "valid", "repairs", "Repairs."),
        ("3", ["Three."], "valid", "welcome", "Wrong. Say or press."),
        ("none", ["A horse."], "valid", "welcome", "Wrong. Say or press."),
        ("1", ["Sales?"], "invalid", "welcome", "Wrong. Say or press."),
        ("none", [], "valid", "welcome", "Nothing. Say or press."),
        (None, [], "invalid", "welcome", "Nothing. Say or press."),
        (None, [], "a_status_of_tomorrow", "welcome", "Nothing. Say or press."),
        ({"a": 1}, ["Hm."], "valid", "welcome", "Wrong. Say or press."),
    ],
)
def test_what_was_said_leads_where_its_key_leads(
    choice: object, words: list[str], status: str, step: str, heard: str
) -> None:
    staged = asked()

    ended(staged, choice, *words, status=status)

    assert staged.call.step == step
    parameters = staged.decisions[-1].commands[-1].parameters
    assert parameters.get("greeting", parameters.get("payload")) == heard


def test_a_key_is_followed_and_stops_the_listening_whose_end_is_then_late() -> None:
    staged = asked()
    before = staged.decisions[-1].commands[0]

    pressed = staged.tell("call.dtmf.received", digit="3")

    assert (actions(pressed), staged.call.step) == (["ai_assistant_stop", "speak"], "sales")
    late = staged.tell("call.ai_gather.ended", mark_of(before), status="valid", result={"choice": "2"})
    assert (late.commands, staged.call.step) == ((), "sales")


def test_a_key_that_is_none_stops_the_listening_and_asks_again() -> None:
    staged = asked()

    assert actions(staged.tell("call.dtmf.received", digit="9")) == ["ai_assistant_stop", "gather_using_ai"]
    assert (staged.call.step, staged.call.turn) == ("welcome", 2)


def test_words_and_keys_count_as_tries_together() -> None:
    staged = asked()

    ended(staged, "none", "A horse.")
    staged.tell("call.dtmf.received", digit="9")
    ended(staged, "none", "A cow.")

    assert staged.call.step == "goodbye"


def test_a_refusal_takes_the_error_path() -> None:
    staged = asked()

    assert (actions(staged.refuse()), staged.call.step) == (["ai_assistant_stop", "speak"], "sorry")


@pytest.mark.parametrize(
    "menu",
    ["{media: menu}", "[Hello., {media: menu}]", '{ssml: <speak>Say.</speak>, voice: "Azure.en-US-JennyNeural"}'],
)
def test_a_question_that_can_be_no_greeting_is_heard_out_before_words_are_listened_for(menu: str) -> None:
    staged = asked(menu)
    played = staged.decisions[-1].commands

    early = staged.tell("call.dtmf.received", digit="1")
    for each in played:
        staged.tell("call.speak.ended" if each.action == "speak" else "call.playback.ended", status="completed")

    assert early.commands == ()
    (listen,) = staged.decisions[-1].commands
    assert (listen.action, "greeting" in listen.parameters) == ("gather_using_ai", False)
    ended(staged, "2", "Repairs.")
    assert staged.call.step == "repairs"


def test_the_end_that_comes_after_the_hang_up_asks_nothing() -> None:
    staged = asked()
    staged.hang_up()

    assert ended(staged, None, status="invalid") == []


@pytest.mark.parametrize("choice", ["1", "none", "My card is 4111 1111 1111 1111", 5, None, ["1"], {"a": "Ada"}])
def test_no_word_of_what_was_said_is_read(choice: object) -> None:
    history = [{"role": "user", "content": "It is Ada Bell"}, "x", {"role": "user"}, None]
    event = happened(
        "call.ai_gather.ended", status="valid", result={"choice": choice, "more": "Ada"}, message_history=history
    )

    assert event.payload["choice"] == (choice if choice in ("1", "none") else "")
    assert event.payload["spoke"] is True
    assert not [said for said in ("Ada", "4111") if said in json.dumps([dict(event.payload), recorded_payload(event)])]
    assert set(report({"result": 7, "message_history": 7})) == {"choice", "spoke"}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("{4: four}", "words for 4, which is not in keys"),
        ("{1: Sales, 2: [repairs, sales]}", "“sales” for two keys"),
        ('{1: "sales; 2: repairs"}', "say_or_press"),
        ('{1: "{caller}"}', "say_or_press"),
        ("{1: []}", "say_or_press"),
        ("{12: twelve}", "say_or_press"),
        ("yes", "say_or_press"),
    ],
)
def test_words_that_mean_nothing_or_two_things_are_refused(words: str, why: str) -> None:
    text = f"flow: main\nsteps:\n  a: {{menu: Hi., keys: {{1: bye, 2: bye}}, say_or_press: {words}}}\n  bye: hangup\n"

    with pytest.raises(FlowInvalid, match=why):
        read_flow("main.yaml", text)


def test_words_stand_at_their_edge_in_a_picture_and_a_change_of_them_is_reported() -> None:
    text = "flow: main\nsteps:\n  a: {{menu: Hi., keys: {{1: bye}}, say_or_press: {{1: {}}}}}\n  bye: hangup\n"
    was, now = (read_flow("main.yaml", text.format(words)) for words in ("sales", "[sales, boats]"))

    assert edge_label(now.steps["a"], "keys.1") == "1 or “sales”"
    sentence = "In “a” callers may now say, in place of a key, 1 = sales or boats; before, 1 = sales."
    assert summary(was, now) == [sentence]
