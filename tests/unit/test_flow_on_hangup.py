"""What a step notes of a call that ends in it."""

from __future__ import annotations

import pytest

from tests.staged_call import StagedCall, happened

MENU = """
    steps:
      ask: {menu: Press 1., keys: {1: told}, on_hangup: {outcome: gave up in the menu, place: menu}}
      told: {say: It is told., on_hangup: {outcome: told in part}}
      done: {set: {outcome: told}}
      bye: hangup
"""


def asked() -> StagedCall:
    staged = StagedCall(MENU)
    staged.pick_up()
    return staged


def test_the_step_in_which_the_call_ends_says_what_came_of_it() -> None:
    staged = asked()

    decision = staged.hang_up()

    assert decision.reason == staged.call.outcome == "gave up in the menu"
    assert staged.call.variables == {"outcome": "gave up in the menu", "place": "menu"}


def test_a_step_that_was_left_notes_nothing() -> None:
    staged = asked()
    staged.gather_ends("1")
    staged.prompt_ends()

    staged.hang_up()

    assert staged.call.variables == {"outcome": "told"}


@pytest.mark.parametrize("hangup_first", [False, True])
def test_a_key_pressed_before_the_hang_up_counts_though_it_is_told_after_it(hangup_first: bool) -> None:  # noqa: FBT001 -- a case of the table
    staged = asked()
    key = happened("call.gather.ended", 10, staged.mark, digits="1", status="valid")
    end = happened("call.hangup", 11, staged.mark, hangup_cause="normal_clearing", hangup_source="caller")

    for event in (end, key) if hangup_first else (key, end):
        staged.take(event)

    assert staged.call.variables == {"outcome": "told in part"}


@pytest.mark.parametrize("hangup_first", [False, True])
def test_what_came_after_the_hang_up_is_taken_back_with_its_notes(hangup_first: bool) -> None:  # noqa: FBT001 -- a case of the table
    staged = asked()
    key = happened("call.gather.ended", 12, staged.mark, digits="1", status="valid")
    end = happened("call.hangup", 11, staged.mark, hangup_cause="normal_clearing", hangup_source="caller")

    for event in (end, key) if hangup_first else (key, end):
        staged.take(event)

    assert staged.call.variables["outcome"] == "gave up in the menu"


def test_what_detection_finds_after_the_end_stays_known() -> None:
    staged = asked()
    staged.hang_up()

    staged.tell("call.machine.detection.ended", result="human")
    key = happened("call.gather.ended", 2.5, staged.mark, digits="1", status="valid")
    staged.take(key)

    assert staged.call.variables == {"answered_by": "human", "outcome": "told in part"}
