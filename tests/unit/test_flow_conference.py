"""A caller joins a conference: by its name, as a moderator or not, and leaves it again."""

from pathlib import Path
from typing import Any

import pytest

from dialtone.domain.decisions import NOT_REACHED, Decision
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.queues import QueueAnswer, QueueQuestion
from dialtone.domain.watchdog_schedule import watched
from infra.flowkit.drawing.words import details_of, edge_label
from infra.flowkit.lint import lint
from tests.staged_call import CONTROL, LEG, SESSION, StagedCall, actions, happened, moment

ROOM = "428c31b6-abf3-3bc1-b7f4-5013ef9657c1"
OTHER_ROOM = "d28c31b6-abf3-4bc1-a7f4-5013ef9657c2"

MEMBER = """
    last_resort: sorry
    steps:
      room:
        conference: board
        hold: {media: tune}
        announce: Somebody came.
        max_wait_time_secs: 60
        max_participants: 5
        beep_enabled: always
        controls: {1: mute}
        keys: {"#": bye}
        full: later
        timeout: later
        on_hangup: {outcome: not-in}
        on_hangup_connected: {outcome: met}
      later: {say: Later., next: bye}
      bye: {say: Goodbye.}
      sorry: {say: Sorry.}
"""
MODERATOR = """
    last_resort: sorry
    steps:
      room:
        conference: board
        moderator: true
        mute: true
        recorded: true
        announce: "{caller} leads."
        end_conference_on_exit: true
        duration_minutes: 90
        controls: {1: mute, 2: mute_others, 3: record, 9: end}
        keys: {"#": bye}
      bye: {say: Goodbye.}
      sorry: {say: Sorry.}
"""


def entered(flow: str, *, conference: str = ROOM) -> StagedCall:
    """A call that is in the conference."""
    staged = StagedCall(flow)
    staged.pick_up()
    staged.tell("conference.participant.joined", conference_id=conference)
    return staged


def created(flow: str) -> StagedCall:
    """A call that is in the conference because it has created it."""
    staged = StagedCall(flow)
    staged.pick_up()
    staged.refuse(action="conference_join", code="10005", status=404)
    staged.tell("conference.participant.joined", conference_id=ROOM)
    return staged


def says(staged: StagedCall, status: str) -> Decision:
    """Telnyx says how far the conference is."""
    question = QueueQuestion((), id=f"answer@{staged.seconds}", asked_at=moment(staged.seconds), turn=staged.call.turn)
    question = question.asked_by(staged.call)
    return staged.take(QueueAnswer(conference_status=status).event(question))


def given(decision: Decision, action: str) -> dict[str, Any]:
    (found,) = (each for each in decision.commands if each.action == action)
    return {name: value for name, value in found.parameters.items() if name != "client_state"}


def step_of(staged: StagedCall) -> str:
    return staged.call.step.rpartition("/")[2]


def test_the_caller_joins_by_name_and_creates_what_is_not_there() -> None:
    staged = StagedCall(MEMBER)

    joins = staged.pick_up()
    creates = staged.refuse(action="conference_join", code="10005", status=404)

    assert given(joins, "conference_join") == {
        "conference": "board",
        "start_conference_on_enter": False,
        "beep_enabled": "always",
    }
    made = given(creates, "conference_create")
    assert (made["start_conference_on_create"], made["hold_media_name"], made["max_participants"]) == (False, "tune", 5)


def test_of_two_who_create_at_once_the_slower_one_joins() -> None:
    staged = StagedCall(MODERATOR)
    staged.pick_up()
    creates = staged.refuse(action="conference_join", code="10005", status=404)
    joins = staged.refuse(action="conference_create", code="90033")

    assert (actions(creates), actions(joins)) == (["conference_create"], ["conference_join"])
    assert given(joins, "conference_join")["start_conference_on_enter"] is True


def test_a_conference_that_ends_while_it_is_joined_is_created_anew() -> None:
    staged = StagedCall(MODERATOR)
    staged.pick_up()

    assert actions(staged.refuse(action="conference_join", code="90019")) == ["conference_create"]


def test_who_is_never_fast_enough_takes_the_error_path() -> None:
    staged = StagedCall(MODERATOR)
    staged.pick_up()
    for _ in range(3):
        staged.refuse(action="conference_join", code="10005", status=404)
        last = staged.refuse(action="conference_create", code="90033")

    assert "conference_join" not in actions(last)
    assert step_of(staged) == "sorry"


@pytest.mark.parametrize(("flow", "step"), [(MEMBER, "later"), (MODERATOR, "sorry")])
def test_a_conference_that_is_full_has_a_path_of_its_own(flow: str, step: str) -> None:
    staged = StagedCall(flow)
    staged.pick_up()

    full = staged.refuse(action="conference_join", code="90032")

    assert (step_of(staged), full.results) == (step, (NOT_REACHED,))


def test_a_refusal_that_comes_after_the_call_is_in_changes_nothing() -> None:
    staged = entered(MODERATOR)

    assert actions(staged.refuse(action="conference_join", code="90033")) == []
    assert step_of(staged) == "room"


def test_a_name_that_can_be_no_address_is_not_joined() -> None:
    staged = StagedCall(MODERATOR.replace("conference: board", 'conference: "{nothing}"'))

    staged.pick_up()

    assert step_of(staged) == "sorry"


def test_a_moderator_is_announced_recorded_and_muted_where_the_conference_is_new() -> None:
    new, there = created(MODERATOR), entered(MODERATOR)

    assert actions(new.decisions[-1]) == ["conference_mute", "record_start", "conference_speak"]
    assert given(new.decisions[-1], "conference_mute") == {"conference": ROOM, "call_control_ids": [CONTROL]}
    assert given(new.decisions[-1], "conference_speak")["payload"].endswith(" leads.")
    assert actions(there.decisions[-1]) == ["record_start", "conference_speak"]
    assert len(new.call.recordings) == 1


def test_who_waits_is_announced_only_if_the_conference_has_begun() -> None:
    waits, comes_late = entered(MEMBER), entered(MEMBER)

    assert waits.decisions[-1].question is not None
    assert waits.decisions[-1].question.conference == ROOM
    assert actions(says(waits, "init")) == []
    assert actions(says(comes_late, "in_progress")) == ["conference_speak"]
    assert actions(says(entered(MEMBER), "")) == []


def test_who_waits_too_long_leaves_and_then_takes_another_path() -> None:
    staged = entered(MEMBER)
    staged.seconds += 61

    asks = staged.gather_ends("", "timeout")
    leaves = says(staged, "init")
    staged.gather_ends("", "cancelled")
    gone = staged.tell("conference.participant.left", conference_id=ROOM)

    assert asks.question is not None
    assert actions(asks) == ["gather"]
    assert actions(leaves) == ["conference_leave"]
    assert (actions(gone), step_of(staged)) == (["gather_stop", "speak"], "later")


def test_without_a_path_for_it_that_is_an_error_but_no_fault() -> None:
    staged = entered(MEMBER.replace("        timeout: later\n", ""))
    staged.seconds += 61
    staged.gather_ends("", "timeout")
    says(staged, "init")

    gone = staged.tell("conference.participant.left", conference_id=ROOM)

    assert (step_of(staged), gone.incidents) == ("sorry", ())


def test_a_conference_that_has_begun_is_not_left_when_the_wait_would_be_over() -> None:
    staged = entered(MEMBER)
    staged.seconds += 30
    early = staged.gather_ends("7", "valid")
    staged.seconds += 31

    staged.gather_ends("", "timeout")
    begun = says(staged, "in_progress")

    assert (actions(early), early.question) == (["gather"], None)
    assert actions(begun) == ["gather_stop", "gather"]
    assert given(begun, "gather")["timeout_millis"] == 14_400_000


def test_keys_mute_and_unmute_the_caller_and_the_others() -> None:
    staged = entered(MODERATOR)

    done = [staged.tell("call.dtmf.received", digit=key) for key in "1122"]

    assert [actions(each) for each in done] == [
        ["conference_unmute"],
        ["conference_mute"],
        ["conference_mute", "conference_mute"],
        ["conference_unmute", "conference_mute"],
    ]
    assert [each.parameters["call_control_ids"] for each in done[2].commands] == [[], [CONTROL]]


def test_a_key_ends_the_recording_and_begins_another() -> None:
    staged = entered(MODERATOR)

    assert [actions(staged.tell("call.dtmf.received", digit="3")) for _ in range(2)] == [
        ["record_stop"],
        ["record_start"],
    ]


def test_a_key_ends_the_conference() -> None:
    assert given(entered(MODERATOR).tell("call.dtmf.received", digit="9"), "conference_end") == {"conference": ROOM}


def test_a_caller_leaves_by_a_key_once_the_conference_has_let_go() -> None:
    staged = entered(MODERATOR)

    leaves = staged.tell("call.dtmf.received", digit="#")
    again = [staged.tell("call.dtmf.received", digit=key) for key in "#1"]
    gone = staged.tell("conference.participant.left", conference_id=ROOM)

    assert actions(leaves) == ["conference_leave"]
    assert [actions(each) for each in again] == [[], []]
    assert (actions(gone), step_of(staged)) == (["record_stop", "speak"], "bye")


def test_what_the_creator_leaves_ends_by_a_command_since_telnyx_ends_it_for_others_only() -> None:
    by_key, by_hanging_up, other = created(MODERATOR), created(MODERATOR), entered(MODERATOR)

    assert actions(by_key.tell("call.dtmf.received", digit="#")) == ["conference_leave", "conference_end"]
    ended = by_hanging_up.hang_up()
    assert given(ended, "conference_end") == {"conference": ROOM}
    assert actions(other.hang_up()) == []


def test_the_call_ends_with_the_conference_if_it_is_not_over_by_then() -> None:
    goes_on, is_over = entered(MEMBER), entered(MEMBER)

    left = goes_on.tell("conference.participant.left", conference_id=ROOM)
    then = goes_on.gather_ends("", "timeout")
    is_over.tell("conference.participant.left", conference_id=ROOM)
    is_over.gather_ends("", "call_hangup")
    is_over.hang_up()

    assert actions(left) == ["gather_stop", "gather"]
    assert actions(then) == ["hangup"]
    assert is_over.call.outcome == "met"


def test_events_in_another_order_lead_to_the_same_state() -> None:
    in_order, out_of_order, another = StagedCall(MEMBER), StagedCall(MEMBER), entered(MEMBER)
    for staged, order in ((in_order, ("joined", "left")), (out_of_order, ("left", "joined"))):
        staged.pick_up()
        for what in order:
            staged.tell(f"conference.participant.{what}", conference_id=ROOM)

    assert in_order.call.waiting == out_of_order.call.waiting
    assert actions(another.tell("conference.participant.left", conference_id=OTHER_ROOM)) == []
    assert actions(another.tell("conference.participant.joined", conference_id=ROOM)) == []


def test_a_hang_up_before_the_call_is_in_is_no_meeting() -> None:
    staged = StagedCall(MEMBER)
    staged.pick_up()
    staged.hang_up()

    assert staged.call.outcome == "not-in"


def test_people_in_a_conference_are_not_overdue() -> None:
    staged = StagedCall(MODERATOR)
    before = staged.call
    joins = watched(staged.pick_up(), happened("call.answered", 2), before, 1_000.0)
    event = happened("conference.participant.joined", 3, conference_id=ROOM)
    staged.take(event)

    assert joins.call.watch is not None
    assert joins.call.watch.until > 1_000
    inside = watched(staged.decisions[-1], event, joins.call, 1_003.0).call.watch
    assert inside is not None
    assert inside.until == 0


def test_the_mark_of_another_call_in_an_event_of_a_conference_means_nothing() -> None:
    from dialtone.domain.client_state import ClientState  # noqa: PLC0415 -- only here

    mark = ClientState(turn=9, parent_leg="1d02a5f8", decision=3)
    event = happened("conference.participant.joined", 3, mark, call_leg_id=LEG, conference_id=ROOM)

    assert (event.client_state, event.owner_leg_id, event.call_session_id) == (ClientState(), LEG, SESSION)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("room: {conference: a, moderator: true, hold: {media: tune}}", "a moderator waits for nobody"),
        ("room: {conference: a, timeout: bye}", "need hold, for callers"),
        ("room: {conference: a, hold: Please wait.}", "words cannot be held out"),
        ("room: {conference: a, hold: [{media: a}, {media: b}]}", "takes one audio, media or file"),
        ("room: {conference: a, announce: {media: chime}}", "takes words only"),
        (
            "room: {conference: a, keys: {1: bye}, controls: {1: mute}}",
            "1 is under keys and under controls; remove it from one of them",
        ),
        ("room: {conference: a, controls: {1: end}}", "end is for a moderator"),
        ("room: {conference: a, max_participants: 1}", "write at least 2"),
        ("room: {conference: 'a/b'}", "conference"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(steps: str, said: str) -> None:
    with pytest.raises(FlowInvalid, match=said) as caught:
        StagedCall(f"steps:\n      {steps}\n      bye: {{say: Bye.}}")
    assert "room" in str(caught.value)


def test_the_linter_knows_rooms_without_a_moderator_and_rooms_that_are_guessed(tmp_path: Path) -> None:
    (tmp_path / "rooms.yaml").write_text(
        "flow: rooms\n\nsteps:\n"
        "  pin: {collect: PIN?, digits: 4, into: pin, otherwise: bye, next: room}\n"
        '  room: {conference: "room {digits.pin}", hold: {media: tune}, full: bye}\n'
        "  bye: {say: Bye., next: end}\n  end: hangup\n",
        encoding="utf-8",
    )

    (tmp_path / "numbers.yaml").write_text('"+15550100": rooms\n', encoding="utf-8")

    assert {found.rule for found in lint(tmp_path)} == {"dead-end", "guessable-conference", "no-moderator"}


@pytest.mark.parametrize("records", ["recorded: true", "controls: {1: record}"])
def test_a_recording_in_a_conference_needs_the_consent_that_the_flow_demands(tmp_path: Path, records: str) -> None:
    (tmp_path / "numbers.yaml").write_text('"+15550100": rooms\n', encoding="utf-8")
    (tmp_path / "rooms.yaml").write_text(
        "flow: rooms\nconsent_policy: {calls: announce}\n\nsteps:\n"
        f"  room: {{conference: board, {records}, full: end, next: end}}\n  end: hangup\n",
        encoding="utf-8",
    )

    (found,) = lint(tmp_path)

    assert (found.rule, "before it instead" in found.remedy) == ("missing-consent", True)


def test_the_picture_says_what_is_heard_and_when_the_call_leaves() -> None:
    step = StagedCall(MEMBER).loaded.main.steps["room"]

    assert "until a moderator comes" in details_of(step)
    assert edge_label(step, "full") == "conference full"
