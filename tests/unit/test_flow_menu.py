"""A choice by key, with a limited number of tries."""

import pytest

from dialtone.flow.keys import terminator_beside
from tests.staged_call import StagedCall, actions

MENU = """
    last_resort: sorry
    steps:
      welcome:
        menu: Press 1 or hash.
        keys: {1: sales, "#": welcome}
        no_input: No key.
        wrong: Wrong key.
        tries: 3
        wait_seconds: 7
        otherwise: goodbye
      sales: {say: Sales.}
      goodbye: {say: Goodbye., next: bye}
      bye: hangup
      sorry: {say: Sorry., next: bye}
"""


def asked(staged: StagedCall) -> object:
    return staged.decisions[-1].commands[-1].parameters["payload"]


def test_a_menu_is_one_try_of_telnyxs_with_a_terminator_that_is_no_choice() -> None:
    decision = StagedCall(MENU).pick_up()

    assert actions(decision) == ["gather_using_speak"]
    parameters = decision.commands[0].parameters
    assert (parameters["minimum_digits"], parameters["maximum_digits"], parameters["maximum_tries"]) == (1, 1, 1)
    assert (parameters["timeout_millis"], parameters["terminating_digit"]) == (7_000, "*")


@pytest.mark.parametrize(
    ("keys", "terminator"), [("12", "#"), ("#", "*"), ("#*", "0"), ("#*0123456789", "A"), ("*123", "#")]
)
def test_the_terminator_is_never_a_key_of_the_menu(keys: str, terminator: str) -> None:
    assert terminator_beside(keys) == {"terminating_digit": terminator}


def test_a_menu_of_every_key_that_a_phone_has_can_be_asked() -> None:
    keys = ", ".join(f'"{key}": bye' for key in "0123456789*#")

    decision = StagedCall(f"steps:\n  all: {{menu: Press., keys: {{{keys}}}}}\n  bye: hangup\n").pick_up()

    assert decision.commands[0].parameters["terminating_digit"] == "A"


@pytest.mark.parametrize("status", ["valid", "invalid"])
def test_a_key_leads_to_its_step(status: str) -> None:
    staged = StagedCall(MENU)
    staged.pick_up()

    staged.gather_ends("1", status)

    assert staged.call.step == "sales"


@pytest.mark.parametrize(
    ("digits", "status", "question"),
    [
        ("9", "valid", "Wrong key. Press 1 or hash."),
        ("9", "invalid", "Wrong key. Press 1 or hash."),
        ("", "invalid", "No key. Press 1 or hash."),
        ("", "timeout", "No key. Press 1 or hash."),
        ("", "cancelled", "No key. Press 1 or hash."),
        ("", "cancelled_amd", "Press 1 or hash."),
        ("", "a_status_of_tomorrow", "No key. Press 1 or hash."),
    ],
)
def test_the_question_is_asked_again_with_the_reminder_in_front(digits: str, status: str, question: str) -> None:
    staged = StagedCall(MENU)
    staged.pick_up()

    staged.gather_ends(digits, status)

    assert (staged.call.step, staged.call.turn) == ("welcome", 2)
    assert asked(staged) == question


def test_a_caller_who_hung_up_is_not_asked_again() -> None:
    staged = StagedCall(MENU)
    staged.pick_up()
    before = staged.call

    assert staged.gather_ends("1", "call_hangup").commands == ()
    assert staged.call == before


def test_patience_ends_after_as_many_tries_as_the_flow_says_of_either_kind() -> None:
    staged = StagedCall(MENU)
    staged.pick_up()

    questions = [asked(staged)]
    for digits, status in (("", "timeout"), ("9", "valid"), ("", "timeout")):
        staged.gather_ends(digits, status)
        questions.append(asked(staged))

    assert questions == ["Press 1 or hash.", "No key. Press 1 or hash.", "Wrong key. Press 1 or hash.", "Goodbye."]
    assert staged.call.step == "goodbye"


def test_patience_begins_anew_when_the_caller_comes_back() -> None:
    staged = StagedCall(MENU)
    staged.pick_up()
    staged.gather_ends("", "timeout")

    staged.gather_ends("#")

    assert staged.call.waiting == {}
    assert asked(staged) == "Press 1 or hash."


def test_without_a_way_out_the_next_step_follows_and_without_one_the_call_ends() -> None:
    follows = StagedCall("steps:\n  ask: {menu: Press 1., keys: {1: ask}, tries: 1}\n  after: {say: After.}\n")
    ends = StagedCall("steps:\n  ask: {menu: Press 1., keys: {1: ask}, tries: 1}\n")
    follows.pick_up()
    ends.pick_up()

    follows.gather_ends("", "timeout")
    decision = ends.gather_ends("", "timeout")

    assert follows.call.step == "after"
    assert (ends.call.step, actions(decision)) == ("", ["hangup"])


def test_without_a_reminder_the_question_alone_is_asked_again() -> None:
    staged = StagedCall("steps:\n  ask: {menu: Press 1., keys: {1: ask}}\n")
    staged.pick_up()

    staged.gather_ends("9")

    assert asked(staged) == "Press 1."


@pytest.mark.parametrize(("status", "failed"), [("file_not_found", True), ("failed", True), ("completed", False)])
def test_a_menu_whose_audio_could_not_be_played_stops_listening_and_takes_the_error_path(
    status: str,
    failed: bool,  # noqa: FBT001 -- a case of the table
) -> None:
    staged = StagedCall(MENU.replace("menu: Press 1 or hash.", "menu: {media: welcome}"))
    assert actions(staged.pick_up()) == ["gather_using_audio"]

    decision = staged.audio_ends(status)

    assert actions(decision) == (["gather_stop", "speak"] if failed else [])
    assert staged.call.step == ("sorry" if failed else "welcome")


def test_a_refused_menu_stops_listening_and_takes_its_own_error_path() -> None:
    staged = StagedCall(MENU.replace("otherwise: goodbye", "otherwise: goodbye\n        on_error: sales"))
    staged.pick_up()

    assert actions(staged.refuse()) == ["gather_stop", "speak"]
    assert staged.call.step == "sales"
