"""Digits that may be said: what is listened for, what is taken, and the keys of callers who press them all the same."""

import json
from itertools import permutations

import pytest

from dialtone.domain.errors import FlowInvalid
from dialtone.domain.events import recorded_payload
from dialtone.flow.parser import read_flow
from infra.flowkit.drawing.change_summary import summary
from infra.flowkit.drawing.words import edge_label
from tests.staged_call import StagedCall, actions, happened, mark_of

FLOW = """
    language: {language}
    last_resort: sorry
    steps:
      account:
        collect: {question}
        into: account
        digits: {{min: 2, max: 4}}
        {more}
        between_seconds: 3
        no_input: Nothing.
        wrong: Wrong.
        otherwise: goodbye
      thanks: {{say: "Thank you, {{digits.account}}.", next: bye}}
      goodbye: {{say: Goodbye., next: bye}}
      bye: hangup
      sorry: {{say: Sorry., next: bye}}
"""


def asked(more: str = "say_or_press: true", question: str = "Your account?", language: str = "en-US") -> StagedCall:
    staged = StagedCall(FLOW.format(more=more, question=question, language=language))
    staged.pick_up()
    return staged


def said(staged: StagedCall, digits: object, *words: str, status: str = "valid") -> list[str]:
    history = [{"role": "user", "content": each} for each in words]
    result = {} if digits is None else {"digits": digits}
    return actions(staged.tell("call.ai_gather.ended", status=status, result=result, message_history=history))


def pressed(staged: StagedCall, keys: str) -> list[str]:
    return [action for key in keys for action in actions(staged.tell("call.dtmf.received", digit=key))]


def timer_ends(staged: StagedCall, after: float = 0, status: str = "timeout") -> list[str]:
    staged.seconds += after
    return actions(staged.tell("call.gather.ended", status=status, digits="", gather_id=f"timer-{staged.call.turn}"))


def last_heard(staged: StagedCall) -> object:
    parameters = staged.decisions[-1].commands[-1].parameters
    return parameters.get("greeting", parameters.get("payload"))


@pytest.mark.parametrize(
    ("more", "how_many", "values", "meant"),
    [
        ("say_or_press: true", "2 to 4 digits", None, ""),
        ("say_or_press: {42: [the answer, all of it]}", "2 to 4 digits", None, "42: the answer, all of it; "),
        ("say_or_press: true\n        one_of: ['17', '0042', '17']", "2 to 4 digits", ["17", "0042", "none"], ""),
    ],
)
def test_the_schema_asks_for_so_many_digits(more: str, how_many: str, values: object, meant: str) -> None:
    (listen,) = asked(more).decisions[-1].commands

    assert (listen.action, listen.parameters["greeting"]) == ("gather_using_ai", "Your account?")
    schema = listen.parameters["parameters"]
    assert isinstance(schema, dict)
    digits = schema["properties"]["digits"]
    said_of_it = f"The number that the caller says, as {how_many} and nothing else. {meant}none: anything else"
    assert (digits.get("enum"), digits["description"], schema["required"]) == (values, said_of_it, ["digits"])


@pytest.mark.parametrize(
    ("digits", "words", "status", "step", "heard"),
    [
        ("4711", ["Four seven one one."], "valid", "thanks", "Thank you, 4 7 1 1."),
        ("47 1-1", ["47 11"], "valid", "thanks", "Thank you, 4 7 1 1."),
        ("47.", ["47"], "valid", "thanks", "Thank you, 4 7."),
        ("47110", ["47110"], "valid", "account", "Wrong. Your account?"),
        ("none", ["A horse."], "valid", "account", "Wrong. Your account?"),
        (4711, ["4711"], "valid", "account", "Wrong. Your account?"),
        ("٤٧", ["47"], "valid", "account", "Wrong. Your account?"),
        ("4711", ["4711"], "invalid", "account", "Wrong. Your account?"),
        ("none", [], "valid", "account", "Nothing. Your account?"),
        (None, [], "a_status_of_tomorrow", "account", "Nothing. Your account?"),
    ],
)
def test_what_was_said_is_checked_as_what_is_keyed_in(
    digits: object, words: list[str], status: str, step: str, heard: str
) -> None:
    staged = asked()

    said(staged, digits, *words, status=status)

    assert (staged.call.step, last_heard(staged)) == (step, heard)
    assert staged.call.variables.get("digits.account", "") == (
        heard[11:-1].replace(" ", "") if step == "thanks" else ""
    )


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [("check: luhn", "18", "17"), ("pattern: 4.*", "47", "57"), ("one_of: ['17']", "17", "18"),
     ("between: [10, 20]", "20", "21")],
)  # fmt: skip
def test_every_check_of_keyed_digits_holds_for_said_ones(check: str, good: str, bad: str) -> None:
    staged = asked(f"say_or_press: true\n        {check}")

    said(staged, bad, "Hm.")
    assert (staged.call.step, last_heard(staged)) == ("account", "Wrong. Your account?")
    said(staged, good, "Hm.")

    assert staged.call.step == "thanks"


def test_the_first_key_stops_the_listening_and_starts_a_timer() -> None:
    staged = asked()
    listen = staged.decisions[-1].commands[0]

    first = staged.tell("call.dtmf.received", digit="4")

    assert actions(first) == ["ai_assistant_stop", "gather"]
    assert (first.commands[1].parameters["timeout_millis"], first.commands[1].parameters["gather_id"]) == (
        3_000,
        "timer-1",
    )
    late = staged.tell("call.ai_gather.ended", mark_of(listen), status="invalid", result={}, message_history=[])
    assert (late.commands, staged.call.step, staged.call.turn) == ((), "account", 1)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_keys_count_in_the_order_in_which_they_were_pressed(order: tuple[int, ...]) -> None:
    staged = asked()
    keys = [happened("call.dtmf.received", 10 + place, staged.mark, digit=key) for place, key in enumerate("471")]

    for place in order:
        staged.take(keys[place])
    staged.seconds = 13
    assert timer_ends(staged) == ["gather"]  # the last key may have come as the timer began
    timer_ends(staged, after=3)

    assert staged.call.variables["digits.account"] == "471"


def test_as_many_keys_as_can_be_are_taken_at_once() -> None:
    staged = asked()

    assert pressed(staged, "4711")[-2:] == ["gather_stop", "speak"]
    assert (staged.call.step, staged.call.variables["digits.account"]) == ("thanks", "4711")
    assert pressed(staged, "5") == []


def test_the_key_that_ends_them_stops_the_timer_whose_end_takes_them() -> None:
    staged = asked()

    assert pressed(staged, "47#") == ["ai_assistant_stop", "gather", "gather_stop"]
    assert timer_ends(staged, status="cancelled") == ["speak"]
    assert staged.call.variables["digits.account"] == "47"


def test_a_key_that_telnyx_has_counted_and_not_reported_is_waited_for_a_second_more() -> None:
    staged = asked()
    pressed(staged, "4")
    late = happened("call.dtmf.received", staged.seconds + 1, staged.mark, digit="7")
    staged.seconds += 5

    ends = staged.tell("call.gather.ended", status="timeout", digits="7", gather_id="timer-1")
    staged.take(late)
    timer_ends(staged)

    assert actions(ends) == ["gather"]
    assert staged.call.variables["digits.account"] == "47"


@pytest.mark.parametrize(("keys", "heard"), [("#", "Nothing."), ("4#", "Wrong."), ("4*#", "Wrong.")])
def test_keys_that_are_no_answer_are_asked_for_again(keys: str, heard: str) -> None:
    staged = asked()

    pressed(staged, keys)
    timer_ends(staged)

    assert (staged.call.step, last_heard(staged)) == ("account", f"{heard} Your account?")
    assert staged.call.waiting == {"tried": 1, "last": 1 if heard == "Nothing." else 2} | (
        {"no_input": 1} if heard == "Nothing." else {"wrong": 1}
    )


def test_words_and_keys_count_as_tries_together() -> None:
    staged = asked()

    said(staged, "none", "A horse.")
    pressed(staged, "1#")
    timer_ends(staged)
    said(staged, "none", "A cow.")

    assert staged.call.step == "goodbye"


CONFIRM = "say_or_press: true\n        confirm: {say: '{digits.account}?', say_or_press: {1: 'yes', 2: 'no'}}"


@pytest.mark.parametrize(
    ("choice", "words", "step", "heard"),
    [
        ("1", ["Yes"], "thanks", "Thank you, 4 7."),
        ("2", ["No"], "account", "Your account?"),
        ("none", ["What?"], "account", "Wrong. 4 7?"),
        ("none", [], "account", "Nothing. 4 7?"),
    ],
)
def test_what_is_read_back_may_be_confirmed_in_words(choice: str, words: list[str], step: str, heard: str) -> None:
    staged = asked(CONFIRM)
    said(staged, "47", "47")
    assert (actions(staged.decisions[-1]), last_heard(staged)) == (["gather_using_ai"], "4 7?")

    history = [{"role": "user", "content": each} for each in words]
    staged.tell("call.ai_gather.ended", status="valid", result={"choice": choice}, message_history=history)

    assert (staged.call.step, last_heard(staged)) == (step, heard)


def test_what_is_read_back_may_be_confirmed_by_a_key() -> None:
    staged = asked(CONFIRM)
    said(staged, "47", "47")

    assert (pressed(staged, "1"), staged.call.step) == (["ai_assistant_stop", "speak"], "thanks")


def test_words_are_read_back_for_keys_where_there_are_none_for_these() -> None:
    staged = asked("say_or_press: true\n        confirm: '{digits.account}?'".replace("'{", "{say: '{") + "}")
    said(staged, "47", "47")

    assert actions(staged.decisions[-1]) == ["gather_using_speak"]


@pytest.mark.parametrize("keys", ["", "4"])
def test_a_refusal_takes_the_error_path_and_stops_what_listens(keys: str) -> None:
    staged = asked()
    pressed(staged, keys)

    assert actions(staged.refuse()) == ["gather_stop" if keys else "ai_assistant_stop", "speak"]
    assert staged.call.step == "sorry"


def test_a_question_that_can_be_no_greeting_is_heard_out_before_words_are_listened_for() -> None:
    staged = asked(question="{media: question}")

    early = pressed(staged, "1")
    staged.tell("call.playback.ended", status="completed")

    (listen,) = staged.decisions[-1].commands
    assert (early, listen.action, "greeting" in listen.parameters) == ([], "gather_using_ai", False)
    said(staged, "47", "47")
    assert staged.call.step == "thanks"


@pytest.mark.parametrize("digits", ["12 34", "My card is 4111", 5, None, ["1"], {"a": "Ada"}, "1" * 129])
def test_no_word_of_what_was_said_is_read(digits: object) -> None:
    history = [{"role": "user", "content": "It is Ada Bell, 4111"}]
    event = happened("call.ai_gather.ended", status="valid", result={"digits": digits}, message_history=history)

    assert event.payload["digits"] == ("1234" if digits == "12 34" else "")
    kept = json.dumps([dict(event.payload), recorded_payload(event)])
    assert not [each for each in ("Ada", "4111") if each in kept]
    assert recorded_payload(event)["digits"] == ("****" if digits == "12 34" else "")


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ("say_or_press: true, sensitive: true", "would hear and keep sensitive digits"),
        ("say_or_press: {12345: me}", "say_or_press has words for 12345"),
        ("say_or_press: {12: me, 13: Me}", "for two keys"),
        ("say_or_press: {one: me}", "say_or_press"),
        ("say_or_press: {12: []}", "say_or_press"),
        ("say_or_press: {12: '{caller}'}", "say_or_press"),
        ("say_or_press: ja", "say_or_press"),
        ("confirm: {say: Hm., say_or_press: {3: three}}", "neither accept nor redo"),
        ("confirm: {say: Hm., say_or_press: {1: so, 2: So}}", "for two keys"),
    ],
)
def test_what_cannot_be_said_is_refused(keys: str, why: str) -> None:
    text = f"flow: main\nsteps:\n  a: {{collect: Hi., into: x, digits: {{min: 1, max: 4}}, {keys}}}\n  bye: hangup\n"

    with pytest.raises(FlowInvalid, match=why):
        read_flow("main.yaml", text)


def test_a_picture_and_a_comparison_say_that_digits_may_be_said() -> None:
    text = "flow: main\nsteps:\n  a: {{collect: Hi., into: x, say_or_press: {}}}\n  bye: hangup\n"
    was, now, more = (read_flow("main.yaml", text.format(each)) for each in ("false", "true", "{1: one more}"))

    assert [edge_label(each.steps["a"], "next") for each in (was, now)] == ["keyed in", "keyed in or said"]
    assert summary(was, now) == ["In “a” callers may now say the digits in place of keying them in."]
    assert summary(now, was) == ["In “a” callers may no longer say the digits; they can only key them in."]
    assert summary(now, more) == ["In “a” callers may now say, in place of a key, 1 = one more; before, nothing."]
