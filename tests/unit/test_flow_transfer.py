"""Another person is rung and connected, or is not."""

import pytest

from dialtone.flow.steps.transfer import PARTED_SECONDS
from tests.staged_call import LEG, StagedCall, actions, happened, mark_of, moment

TRANSFER = """
    last_resort: sorry
    steps:
      agent:
        transfer: "+15550199"
        ring_seconds: 25
        hold: {media: hold-music}
        busy: all-busy
        no_answer: nobody
        failed: unreachable
      all-busy: {say: Busy.}
      nobody: {say: Nobody.}
      unreachable: {say: Unreachable.}
      sorry: {say: Sorry.}
"""
BARE = """
    last_resort: sorry
    steps:
      agent: {transfer: "sip:desk@example.com"}
      after: {say: After.}
      sorry: {say: Sorry.}
"""


def ringing(flow: str = TRANSFER) -> StagedCall:
    staged = StagedCall(flow)
    staged.pick_up()
    return staged


def test_the_caller_hears_music_while_the_other_is_rung() -> None:
    decision = StagedCall(TRANSFER).pick_up()

    music, ring = decision.commands
    assert (music.action, music.parameters["media_name"], music.parameters["loop"]) == (
        "playback_start",
        "hold-music",
        "infinity",
    )
    assert (ring.action, ring.parameters["to"], ring.parameters["timeout_secs"]) == ("transfer", "+15550199", 25)


def test_the_far_legs_events_come_back_to_the_leg_that_asked() -> None:
    staged = ringing()

    staged.tell_of_callee("call.initiated", direction="outgoing")
    staged.tell_of_callee("call.answered")

    assert (staged.call.leg_id, staged.call.step, staged.call.turn) == (LEG, "agent", 1)
    assert staged.call.status == "answered"
    assert [actions(decision) for decision in staged.decisions[-2:]] == [[], []]
    assert [decision.reason for decision in staged.decisions[-2:]] == ["the callee's leg rings", "the callee answered"]


def test_a_call_that_we_dialled_shows_our_number_to_the_other() -> None:
    staged = StagedCall(BARE, direction="outgoing")
    staged.pick_up()

    (ring,) = staged.decisions[-1].commands

    assert ring.parameters["from"] == staged.call.from_number
    assert "from" not in ringing(BARE).decisions[-1].commands[0].parameters


def test_without_music_nothing_is_played_or_stopped() -> None:
    staged = ringing(BARE)

    assert actions(staged.decisions[-1]) == ["transfer"]
    assert staged.tell("call.bridged").commands == ()
    assert staged.call.status == "bridged"


@pytest.mark.parametrize("far_first", [False, True])
def test_the_music_stops_once_though_both_legs_tell_that_they_are_connected(far_first: bool) -> None:  # noqa: FBT001 -- a case of the table
    staged = ringing()

    if far_first:
        decisions = [staged.tell_of_callee("call.bridged"), staged.tell("call.bridged")]
    else:
        decisions = [staged.tell("call.bridged"), staged.tell_of_callee("call.bridged")]

    assert [actions(decision) for decision in decisions] == [["playback_stop"], []]
    assert decisions[0].commands[0].parameters == {"stop": "all"}
    assert (staged.call.status, staged.call.turn) == ("bridged", 1)


@pytest.mark.parametrize("overtaken", [False, True])
def test_the_earlier_of_the_two_times_is_when_they_were_connected(overtaken: bool) -> None:  # noqa: FBT001 -- a case of the table
    staged = ringing()

    for second in (20, 10) if overtaken else (10, 20):
        staged.take(happened("call.bridged", second, staged.mark))

    assert staged.call.bridged_at == moment(10)


@pytest.mark.parametrize(
    ("cause", "step"),
    [
        ("user_busy", "all-busy"),
        ("timeout", "nobody"),
        ("no_answer", "nobody"),
        ("call_rejected", "unreachable"),
        ("not_found", "unreachable"),
        ("unspecified", "unreachable"),
        ("a_cause_of_tomorrow", "unreachable"),
        ("", "unreachable"),
    ],
)
def test_a_transfer_that_nobody_answers_takes_the_way_that_the_cause_names(cause: str, step: str) -> None:
    staged = ringing()

    decision = staged.tell_of_callee("call.hangup", hangup_cause=cause)

    assert actions(decision) == ["playback_stop", "speak"]
    assert staged.call.step == step
    assert staged.call.status == "answered", "it was the callee that hung up"


@pytest.mark.parametrize("cause", ["normal_clearing", "originator_cancel", "time_limit"])
def test_the_caller_of_a_far_leg_that_was_talked_to_or_given_up_is_waited_for_and_not_for_ever(cause: str) -> None:
    staged = ringing()

    decision = staged.tell_of_callee("call.hangup", hangup_cause=cause)

    assert actions(decision) == ["gather"]
    assert decision.commands[0].parameters["initial_timeout_millis"] == PARTED_SECONDS * 1_000
    assert staged.call.step == "agent"


@pytest.mark.parametrize("cause", ["normal_clearing", "originator_cancel", "time_limit"])
@pytest.mark.parametrize(("flow", "step"), [(TRANSFER, "nobody"), (BARE, "sorry")])
def test_a_caller_who_is_still_there_after_that_was_never_connected(cause: str, flow: str, step: str) -> None:
    staged = ringing(flow)
    staged.tell_of_callee("call.hangup", hangup_cause=cause)

    staged.gather_ends("", status="timeout")

    assert staged.call.step == step


def test_a_caller_who_is_still_there_after_a_conversation_that_ends_the_call_is_hung_up() -> None:
    staged = ringing()
    staged.tell_of_callee("call.hangup", hangup_cause="normal_clearing")
    staged.tell("call.bridged")

    assert actions(staged.gather_ends("", status="timeout")) == ["hangup"]


def test_nobody_waits_for_a_caller_who_has_hung_up() -> None:
    staged = ringing()
    end = staged.seconds + 1
    staged.take(happened("call.hangup", end, staged.mark, hangup_cause="normal_clearing", hangup_source="caller"))
    staged.seconds -= 1

    assert staged.tell_of_callee("call.hangup", hangup_cause="normal_clearing").commands == ()


@pytest.mark.parametrize("cause", ["user_busy", "timeout", "call_rejected"])
def test_without_a_way_for_it_a_transfer_takes_the_error_path(cause: str) -> None:
    staged = ringing(BARE)

    decision = staged.tell_of_callee("call.hangup", hangup_cause=cause)

    assert staged.call.step == "sorry"
    assert decision.reason == f"transfer to sip:desk@example.com: {cause}"


def test_once_connected_the_far_legs_end_is_the_calls_end_and_no_way_is_taken() -> None:
    staged = ringing()
    staged.tell("call.bridged")

    assert staged.tell_of_callee("call.hangup", hangup_cause="user_busy").commands == ()
    assert staged.call.step == "agent"


def test_a_far_leg_of_a_transfer_already_left_changes_nothing() -> None:
    staged = ringing()
    staged.tell_of_callee("call.hangup", hangup_cause="timeout")
    before = staged.call

    decisions = [
        staged.tell_of_callee("call.speak.ended", status="completed"),
        staged.tell_of_callee("call.hangup", hangup_cause="user_busy"),
    ]

    assert [decision.commands for decision in decisions] == [(), ()]
    assert [decision.reason for decision in decisions] == [
        "late: of turn 1, now 2",
        "reported before, under another id",
    ]
    assert staged.call == before


@pytest.mark.parametrize("status", ["completed", "cancelled", "file_not_found", "failed"])
def test_music_that_ends_or_fails_does_not_end_the_transfer(status: str) -> None:
    staged = ringing()

    assert staged.audio_ends(status).commands == ()
    assert staged.call.step == "agent"


@pytest.mark.parametrize(("flow", "stopped"), [(TRANSFER, ["playback_stop"]), (BARE, [])])
def test_a_refused_transfer_stops_the_music_and_takes_the_error_path(flow: str, stopped: list[str]) -> None:
    staged = ringing(flow)

    assert actions(staged.refuse("transfer refused: 90041")) == [*stopped, "speak"]
    assert staged.call.step == "sorry"


def test_the_far_leg_is_marked_with_the_turn_so_that_a_second_transfer_is_distinguished() -> None:
    staged = StagedCall(BARE.replace("after: {say: After.}", 'after: {transfer: "+15550198"}').replace(
        '"sip:desk@example.com"}', '"+15550199", failed: after}'
    ))  # fmt: skip
    staged.pick_up()

    staged.tell_of_callee("call.hangup", hangup_cause="call_rejected")

    (second,) = staged.decisions[-1].commands
    assert second.parameters["to"] == "+15550198"
    assert mark_of(second).turn == 2
