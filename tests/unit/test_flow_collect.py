"""Digits keyed in, and a recording that does not hear them."""

import json

import pytest

from dialtone.domain.errors import FlowInvalid
from dialtone.domain.events import recorded_payload
from dialtone.flow.parser import read_flow
from tests.staged_call import StagedCall, actions, happened, mark_of

CARD = "4111111111111111"
COLLECT = """
    last_resort: sorry
    steps:
      account:
        collect: Key it in.
        into: account
        digits: {min: 3, max: 5}
        ends_on: "*"
        no_input: No digits.
        wrong: Not an account.
        wait_seconds: 9
        between_seconds: 4
        tries: 2
        otherwise: sorry
      after: {say: "{digits.account}."}
      bye: hangup
      sorry: {say: Sorry., next: bye}
"""
SENSITIVE = """
    last_resort: sorry
    record: {channels: dual}
    steps:
      card:
        collect: Key your card in.
        into: card
        digits: {min: 12, max: 19}
        sensitive: true
        tries: 2
        otherwise: sorry
      after: {say: "{digits.card}"}
      bye: hangup
      sorry: {say: Sorry., next: bye}
"""
UNRECORDED = SENSITIVE.replace("record: {channels: dual}", "")


def test_telnyx_receives_how_many_digits_and_how_long_to_wait() -> None:
    decision = StagedCall(COLLECT).pick_up()

    assert actions(decision) == ["gather_using_speak"]
    asked = decision.commands[0].parameters
    assert (asked["minimum_digits"], asked["maximum_digits"], asked["maximum_tries"]) == (3, 5, 1)
    assert (asked["timeout_millis"], asked["inter_digit_timeout_millis"]) == (9_000, 4_000)
    assert asked["terminating_digit"] == "*"
    assert not mark_of(decision.commands[0]).sensitive


@pytest.mark.parametrize("digits", ["123", "12345"])
@pytest.mark.parametrize("status", ["valid", "invalid"])
def test_digits_that_are_as_many_as_wanted_are_remembered(digits: str, status: str) -> None:
    staged = StagedCall(COLLECT)
    staged.pick_up()

    decision = staged.gather_ends(digits, status)

    assert staged.call.variables == {"digits.account": digits}
    assert decision.commands[0].parameters["payload"] == f"{' '.join(digits)}."


@pytest.mark.parametrize(
    ("digits", "status", "reminder"),
    [
        ("12", "valid", "Not an account."),
        ("123456", "valid", "Not an account."),
        ("12#4", "valid", "Not an account."),
        ("12", "invalid", "Not an account."),
        ("", "valid", "No digits."),
        ("", "timeout", "No digits."),
        ("12", "timeout", "No digits."),
        ("", "cancelled", "No digits."),
        ("123", "a_status_of_tomorrow", "No digits."),
    ],
)
def test_other_answers_are_asked_for_again(digits: str, status: str, reminder: str) -> None:
    staged = StagedCall(COLLECT)
    staged.pick_up()

    decision = staged.gather_ends(digits, status)

    assert staged.call.step == "account"
    assert decision.commands[0].parameters["payload"] == f"{reminder} Key it in."
    assert "digits.account" not in staged.call.variables


def test_patience_ends() -> None:
    staged = StagedCall(COLLECT)
    staged.pick_up()

    staged.gather_ends("", "timeout")
    staged.gather_ends("1")

    assert staged.call.step == "sorry"


def test_a_caller_who_hung_up_is_not_asked_again() -> None:
    staged = StagedCall(COLLECT)
    staged.pick_up()

    assert staged.gather_ends("123", "call_hangup").commands == ()
    assert staged.call.variables == {}


@pytest.mark.parametrize("status", ["completed", "file_not_found"])
def test_audio_that_fails_takes_the_error_path_without_touching_a_recording(status: str) -> None:
    staged = StagedCall(COLLECT.replace("collect: Key it in.", "collect: {media: key-it-in}"))
    staged.pick_up()

    assert actions(staged.audio_ends(status)) == ([] if status == "completed" else ["gather_stop", "speak"])


# Sensitive digits


def test_a_running_recording_is_paused_before_the_question() -> None:
    staged = StagedCall(SENSITIVE)

    decision = staged.pick_up()

    assert actions(decision) == ["record_pause", "gather_using_speak"]
    assert mark_of(decision.commands[1]).sensitive
    assert staged.call.recorder == "paused"


def test_it_is_resumed_when_the_digits_are_in() -> None:
    staged = StagedCall(SENSITIVE)
    staged.pick_up()

    decision = staged.gather_ends(CARD)

    assert actions(decision) == ["record_resume", "speak"]
    assert staged.call.recorder == "on"


def test_it_stays_paused_while_the_question_is_asked_again_and_is_resumed_when_patience_ends() -> None:
    staged = StagedCall(SENSITIVE)
    staged.pick_up()

    again = staged.gather_ends("4111", "valid")
    over = staged.gather_ends("", "timeout")

    assert actions(again) == ["gather_using_speak"]
    assert actions(over) == ["record_resume", "speak"]
    assert (staged.call.step, staged.call.recorder) == ("sorry", "on")


def test_it_is_resumed_after_a_second_try_that_is_good() -> None:
    staged = StagedCall(SENSITIVE)
    staged.pick_up()
    staged.gather_ends("", "timeout")

    assert actions(staged.gather_ends(CARD)) == ["record_resume", "speak"]


@pytest.mark.parametrize("status", ["file_not_found", "failed"])
def test_it_is_resumed_when_the_question_could_not_be_played(status: str) -> None:
    staged = StagedCall(SENSITIVE.replace("collect: Key your card in.", "collect: {media: card}"))
    staged.pick_up()

    decision = staged.audio_ends(status)

    assert actions(decision) == ["gather_stop", "record_resume", "speak"]
    assert staged.call.recorder == "on"


def test_it_is_resumed_when_telnyx_refuses_the_question() -> None:
    staged = StagedCall(SENSITIVE)
    staged.pick_up()

    assert actions(staged.refuse()) == ["gather_stop", "record_resume", "speak"]
    assert staged.call.recorder == "on"


def test_without_a_recording_none_is_paused_or_resumed() -> None:
    staged = StagedCall(UNRECORDED)

    assert actions(staged.pick_up()) == ["gather_using_speak"]
    assert actions(staged.gather_ends(CARD)) == ["speak"]


def test_digits_that_are_not_sensitive_leave_a_recording_running() -> None:
    staged = StagedCall(SENSITIVE.replace("sensitive: true", "sensitive: false"))

    assert actions(staged.pick_up()) == ["gather_using_speak"]
    assert actions(staged.gather_ends(CARD)) == ["speak"]
    assert staged.call.recorder == "on"


def test_a_recording_stays_paused_from_one_sensitive_question_to_the_next() -> None:
    staged = StagedCall("""
        record: {channels: dual}
        steps:
          card: {collect: Card., into: card, digits: 16, sensitive: true}
          code: {collect: Code., into: code, digits: 3, sensitive: true}
          bye: hangup
    """)

    decisions = [staged.pick_up(), staged.gather_ends(CARD), staged.gather_ends("123")]

    assert [actions(decision) for decision in decisions] == [
        ["record_pause", "gather_using_speak"],
        ["gather_using_speak"],
        ["record_resume", "hangup"],
    ]


def test_a_recording_that_the_flow_had_paused_before_stays_paused_after() -> None:
    staged = StagedCall("""
        record: {channels: dual}
        steps:
          quiet: {recording: pause}
          card: {collect: Card., into: card, digits: 16, sensitive: true, tries: 2}
          code: {collect: Code., into: code, digits: 3, sensitive: true}
          loud: {recording: resume}
          bye: hangup
    """)

    decisions = [staged.pick_up(), staged.gather_ends("1"), staged.gather_ends(CARD), staged.gather_ends("123")]

    assert [actions(decision) for decision in decisions] == [
        ["record_pause", "gather_using_speak"],
        ["gather_using_speak"],
        ["gather_using_speak"],
        ["record_resume", "hangup"],
    ]


def test_nothing_is_resumed_where_nothing_is_recorded() -> None:
    staged = StagedCall("""
        steps:
          loud: {recording: resume}
          bye: hangup
    """)

    assert actions(staged.pick_up()) == ["hangup"]
    assert staged.call.recorder == ""


def test_no_state_timeline_or_command_ever_holds_a_sensitive_digit() -> None:
    staged = StagedCall(SENSITIVE)
    staged.pick_up()

    pressed = recorded_payload(happened("call.dtmf.received", 9, staged.mark, digit="4"))
    gathered = recorded_payload(happened("call.gather.ended", 9, staged.mark, digits=CARD, status="valid"))
    decision = staged.gather_ends(CARD)

    assert (pressed["digit"], gathered["digits"]) == ("*", "*" * len(CARD))
    state = {name: value for name, value in staged.call._asdict().items() if name != "script"}
    commands = [command.to_json() for command in decision.commands]
    assert CARD not in json.dumps([state, commands, decision.reason], default=str)
    assert staged.call.variables == {"digits.card": "*" * len(CARD)}


# Valid answers


@pytest.mark.parametrize(
    ("keys", "digits", "fits"),
    [
        ("check: luhn", "4242424242424242", True),
        ("check: luhn", "4242424242424241", False),
        ("check: luhn", "0", True),
        ("check: ddmmyyyy", "29022028", True),
        ("check: ddmmyyyy", "29022026", False),
        ("check: mmddyyyy", "02292028", True),
        ("check: yyyymmdd", "2028022", False),
        ("check: hhmm", "2359", True),
        ("check: hhmm", "2400", False),
        ("between: [5, 500]", "0005", True),
        ("between: [5, 500]", "501", False),
        ("one_of: [100, 0042, 18]", "0042", True),
        ("one_of: [100, 0042, 18]", "42", False),
        ("one_of: ['{pin}', '{nobody}']", "7777", True),
        ("one_of: ['{nobody}']", "7777", False),
        ("{one_of: [4242424242424242], check: luhn, sensitive: true}", "4242424242424242", True),
    ],
)
def test_only_a_valid_answer_is_taken(keys: str, digits: str, *, fits: bool) -> None:
    said = keys.strip("{}") if keys.startswith("{") else keys
    call = StagedCall(
        f"steps:\n  ask: {{collect: Number?, into: n, wrong: Wrong., tries: 2, otherwise: bye, next: thanks, {said}}}\n"
        "  thanks: {say: Thanks.}\n  bye: {say: Bye.}\n"
    )
    call.call = call.call._replace(variables={"pin": "7777"})
    call.pick_up()

    decision = call.gather_ends(digits)

    assert call.call.step == ("thanks" if fits else "ask")
    assert fits or "Wrong." in str(decision.commands[0].parameters["payload"])
    call.gather_ends(digits)
    assert fits or (call.call.step, call.decisions[-1].results) == ("bye", ("wrong-input",))


@pytest.mark.parametrize(
    "keys",
    [
        "check: crc",
        "between: [5, 1]",
        "between: 5",
        "one_of: [12345], digits: 4",
        "one_of: [4242424242424241], check: luhn",
        "one_of: [7], between: [1, 5]",
        "one_of: [abc]",
    ],
)
def test_answers_that_can_never_be_are_refused_with_the_flow(keys: str) -> None:
    with pytest.raises(FlowInvalid):
        read_flow("a.yaml", f"flow: a\nsteps: {{a: {{collect: N?, into: n, {keys}}}}}\n")
