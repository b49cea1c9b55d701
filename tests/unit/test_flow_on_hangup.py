"""What a step notes of a call that ends in it."""

import itertools
from collections.abc import Sequence

import pytest

from dialtone.domain.client_state import ClientState
from dialtone.domain.events import Event
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
def test_a_key_pressed_before_the_hang_up_counts_though_it_is_reported_after_it(hangup_first: bool) -> None:  # noqa: FBT001 -- a case of the table
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


QUEUE = """
    steps:
      agents:
        transfer: "+15550191"
        no_answer: nobody
        on_hangup: {outcome: gave up in the queue}
        on_hangup_connected: {outcome: talked with an agent}
      nobody: {say: Nobody.}
"""
AFTER = (
    QUEUE.replace("        no_answer: nobody\n", "        no_answer: nobody\n        after: survey\n")
    + """
      survey: {menu: How was it., keys: {1: nobody}, on_hangup: {outcome: no answer in the survey}}
"""
)


def ringing(flow: str) -> StagedCall:
    staged = StagedCall(flow)
    staged.pick_up()
    return staged


def callee_mark(staged: StagedCall) -> ClientState:
    return ClientState.decode(str(staged.decisions[-1].commands[-1].parameters["target_leg_client_state"]))


def bridged(staged: StagedCall) -> list[Event]:
    return [happened("call.bridged", 20, staged.mark), happened("call.bridged", 20.001, callee_mark(staged))]


def hung_up(staged: StagedCall, own: float, far: float, far_source: str) -> list[Event]:
    cause = {"hangup_cause": "normal_clearing"}
    return [
        happened("call.hangup", own, staged.mark, **cause, hangup_source="caller"),
        happened("call.hangup", far, callee_mark(staged), **cause, hangup_source=far_source),
    ]


ORDERS = list(itertools.permutations(range(4)))


def take(staged: StagedCall, reported: list[Event], order: Sequence[int]) -> None:
    for place in order:
        staged.take(reported[place])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("own", "far", "far_source"), [(80, 80.01, "caller"), (80, 80, "caller"), (80.01, 80, "callee")]
)
def test_a_caller_who_was_connected_has_not_given_up_whoever_hangs_up_first(
    own: float, far: float, far_source: str, order: Sequence[int]
) -> None:
    staged = ringing(QUEUE)

    take(staged, [*bridged(staged), *hung_up(staged, own, far, far_source)], order)

    assert staged.call.outcome == "talked with an agent"


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("own", "far"), [(80, 80.01), (80, 80), (80.01, 80)])
def test_a_caller_who_hangs_up_in_the_conversation_never_came_to_what_is_after_it(
    own: float, far: float, order: Sequence[int]
) -> None:
    staged = ringing(AFTER)

    take(staged, [*bridged(staged), *hung_up(staged, own, far, "caller")], order)

    assert (staged.call.step, staged.call.outcome) == ("agents", "talked with an agent")


@pytest.mark.parametrize("order", ORDERS)
def test_a_caller_who_hangs_up_in_what_is_after_the_conversation_has_that_outcome(order: Sequence[int]) -> None:
    staged = ringing(AFTER)

    take(staged, [*bridged(staged), *hung_up(staged, 90, 80, "callee")], order)

    assert (staged.call.step, staged.call.outcome) == ("survey", "no answer in the survey")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_caller_who_hangs_up_while_it_rings_has_given_up(order: Sequence[int]) -> None:
    staged = ringing(QUEUE)
    reported = [
        happened("call.hangup", 30, staged.mark, hangup_cause="normal_clearing", hangup_source="caller"),
        happened("call.hangup", 30, callee_mark(staged), hangup_cause="originator_cancel", hangup_source="caller"),
    ]

    take(staged, reported, order)

    assert staged.call.outcome == "gave up in the queue"


MAILBOX = """
    steps:
      message:
        record: Please leave a message.
        on_hangup: {outcome: hung up before the tone}
        on_hangup_recorded: {outcome: left a message}
"""


def test_a_caller_who_hangs_up_before_the_tone_has_left_nothing() -> None:
    staged = ringing(MAILBOX)

    staged.hang_up()

    assert staged.call.outcome == "hung up before the tone"


@pytest.mark.parametrize("saved_first", [False, True])
def test_a_caller_who_hangs_up_after_the_tone_has_left_a_message(saved_first: bool) -> None:  # noqa: FBT001 -- a case of the table
    staged = ringing(MAILBOX)
    staged.prompt_ends()
    end = happened("call.hangup", 20, staged.mark, hangup_cause="normal_clearing", hangup_source="caller")
    saved = happened("call.recording.saved", 22, staged.mark, channels="single")

    for event in (saved, end) if saved_first else (end, saved):
        staged.take(event)

    assert staged.call.outcome == "left a message"


def test_without_a_word_of_its_own_a_message_has_that_of_the_step() -> None:
    staged = ringing(MAILBOX.replace("        on_hangup_recorded: {outcome: left a message}\n", ""))
    staged.prompt_ends()

    staged.hang_up()

    assert staged.call.outcome == "hung up before the tone"
