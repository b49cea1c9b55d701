"""A caller waits in a queue, and an agent takes the first."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dialtone.domain.callee_legs import MAX_LEGS
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.queues import Callback, QueueAnswer, QueueQuestion
from dialtone.domain.watch import Watch
from dialtone.domain.watchdog_schedule import overdue_event
from dialtone.flow.steps.queue import CONNECTING_SECONDS, GRACE_SECONDS, REPORT_SECONDS
from infra.flowkit.drawing.words import details_of, edge_label
from infra.flowkit.lint import lint
from tests.staged_call import CONTROL, LEG, SESSION, StagedCall, actions, happened, moment

QUEUE = """
    last_resort: sorry
    steps:
      line:
        queue: support
        hold: {media: tune}
        announce: "Number {queue_position}, {average_wait_minutes} minutes."
        announce_every_seconds: 30
        max_wait_time_secs: 300
        keys: {1: message, "#": sorry}
        timeout: message
        full: message
        on_hangup: {outcome: gave-up}
        on_hangup_connected: {outcome: served}
      message: {say: A message.}
      sorry: {say: Sorry.}
"""
BARE = """
    last_resort: sorry
    steps:
      line: {queue: support, hold: {media: tune}, max_wait_time_secs: 300}
      sorry: {say: Sorry.}
"""
AGENT = """
    last_resort: sorry
    steps:
      take: {take_from: [sales, support], hold: {media: tune}, keys: {9: sorry}}
      sorry: {say: Sorry.}
"""
STRAIGHT = """
    steps:
      take: {take_from: support, empty: nobody}
      nobody: {say: Nobody.}
"""


def in_line(flow: str = QUEUE, **entered: object) -> StagedCall:
    staged = StagedCall(flow)
    staged.pick_up()
    staged.tell("call.enqueued", queue="support", **{"current_position": 2, "queue_avg_wait_time_secs": 61, **entered})
    return staged


def later(staged: StagedCall, seconds: float) -> StagedCall:
    staged.seconds += seconds
    return staged


def answer(staged: StagedCall, given: QueueAnswer) -> Any:  # noqa: ANN401 -- a decision
    question = QueueQuestion(("support",), call_session_id=SESSION, call_leg_id=LEG, turn=staged.call.turn)
    event = given.event(question._replace(id=f"answer@{staged.seconds}", asked_at=moment(staged.seconds)))
    return staged.take(event)


def millis(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1_000)


def said(staged: StagedCall) -> list[object]:
    return [each.parameters["payload"] for each in staged.decisions[-1].commands if each.action == "speak"]


def test_the_caller_goes_to_the_end_of_the_queue_and_hears_where_that_is() -> None:
    staged = StagedCall(QUEUE)

    (enqueue,) = staged.pick_up().commands
    entered = staged.tell("call.enqueued", queue="support", current_position=2, queue_avg_wait_time_secs=61)

    assert {name: enqueue.parameters[name] for name in ("queue_name", "max_wait_time_secs")} == {
        "queue_name": "support",
        "max_wait_time_secs": 300,
    }
    assert actions(entered) == ["gather", "speak", "playback_start"]
    assert said(staged) == ["Number 2, 2 minutes."]
    assert entered.commands[2].parameters["loop"] == "infinity"


def test_the_place_is_asked_for_at_each_interval_and_said_between_the_music() -> None:
    staged = later(in_line(), 28)

    tick = staged.gather_ends("", "timeout")
    left = answer(staged, QueueAnswer("support", 1, 200))

    assert actions(tick) == ["gather"]
    assert tick.question == QueueQuestion(
        ("support",), CONTROL, average=True, call_session_id=SESSION, call_leg_id=LEG, turn=1
    )
    assert actions(left) == ["playback_stop", "speak", "playback_start"]
    assert said(staged) == ["Number 1, 4 minutes."]


def test_where_telnyx_does_not_say_the_music_goes_on() -> None:
    staged = later(in_line(), 28)
    staged.gather_ends("", "timeout")

    assert actions(answer(staged, QueueAnswer())) == []
    assert later(staged, 29).gather_ends("", "timeout").question is not None


def test_an_announcement_without_a_place_needs_no_question() -> None:
    staged = later(in_line(QUEUE.replace("Number {queue_position}, {average_wait_minutes} minutes.", "Hold on.")), 28)

    tick = staged.gather_ends("7", "valid")  # a key that leads nowhere does not end the timer, and is gathered

    assert (tick.question, actions(tick)) == (None, ["gather", "playback_stop", "speak", "playback_start"])


@pytest.mark.parametrize("reason", ["bridged", "bridging-in-process", "a new one"])
def test_an_agent_takes_the_caller(reason: str) -> None:
    staged = in_line()

    taken = staged.tell("call.dequeued", queue="support", reason=reason)
    bridged = staged.tell("call.bridged")
    again = [staged.tell("call.dequeued", queue="support", reason=reason), staged.gather_ends("", "timeout")]

    assert actions(taken) == ["gather"]
    assert actions(bridged) == ["playback_stop", "gather_stop"]
    assert [actions(each) for each in again] == [[], []]
    staged.hang_up()
    assert staged.call.outcome == "served"


def test_the_bridge_may_be_reported_first() -> None:
    staged = in_line()

    staged.tell("call.bridged")

    assert actions(staged.tell("call.dequeued", queue="support", reason="bridged")) == []
    assert staged.call.status == "bridged"


def test_a_caller_whom_the_bridge_does_not_reach_goes_to_the_end_of_the_queue() -> None:
    staged = in_line()
    staged.tell("call.dequeued", queue="support", reason="bridged")

    early = staged.gather_ends("", "timeout")  # the interval's, which ended just before
    late = later(staged, CONNECTING_SECONDS).gather_ends("", "timeout")

    assert actions(early) == ["gather"]
    assert actions(late) == ["playback_stop", "gather_stop", "enqueue"]
    assert actions(staged.tell("call.enqueued", queue="support", current_position=3)) == [
        "gather",
        "speak",
        "playback_start",
    ]


@pytest.mark.parametrize("reported", ["call.enqueued", "call.dequeued", "call.bridged"])
def test_a_late_report_of_a_failed_attempt_is_not_one_of_the_next(reported: str) -> None:
    """Else a caller who is back in the queue would count as connected, and wait in silence."""
    staged = in_line()
    staged.tell("call.dequeued", queue="support", reason="bridged")
    at = staged.seconds
    later(staged, CONNECTING_SECONDS).gather_ends("", "timeout")

    late = staged.take(happened(reported, at, staged.mark, queue="support", reason="bridged", current_position=1))
    staged.tell("call.enqueued", queue="support", current_position=3)

    assert (late.commands, staged.call.waiting["position"]) == ((), 3)
    assert actions(staged.tell("call.dequeued", queue="support", reason="bridged")) == ["gather"]
    assert actions(staged.tell("call.bridged")) == ["playback_stop", "gather_stop"]


def test_an_interval_reported_after_the_hang_up_does_not_end_the_wait() -> None:
    staged = in_line()
    interval = happened("call.gather.ended", staged.seconds + 1, staged.mark, digits="", status="timeout")
    wait = happened("call.gather.ended", staged.seconds + 300 + GRACE_SECONDS, staged.mark, digits="", status="timeout")
    later(staged, 300 + GRACE_SECONDS).hang_up()

    assert (staged.take(interval).call.step, staged.call.outcome) == ("line", "gave-up")
    assert staged.take(wait).call.step == "message"


def test_a_key_leads_on_once_the_queue_has_let_go() -> None:
    staged = in_line()

    pressed = staged.tell("call.dtmf.received", digit="#")
    again = staged.tell("call.dtmf.received", digit="1")
    gone = staged.tell("call.dequeued", queue="support", reason="leave")

    assert (actions(pressed), actions(again)) == (["leave_queue"], [])
    assert (actions(gone), staged.call.step) == (["playback_stop", "gather_stop", "speak"], "sorry")
    assert gone.entered[0].edge == "keys.#"
    assert staged.call.variables["queue_position"] == "2"


def test_an_agent_who_is_faster_than_the_key_wins() -> None:
    staged = in_line()
    staged.tell("call.dtmf.received", digit="1")

    staged.tell("call.dequeued", queue="support", reason="bridged")
    staged.tell("call.bridged")
    staged.hang_up()

    assert staged.call.outcome == "served"


def test_a_caller_who_waited_too_long_goes_on_elsewhere() -> None:
    decision = in_line().tell("call.dequeued", queue="support", reason="timeout")

    assert actions(decision) == ["playback_stop", "gather_stop", "speak"]
    assert (decision.call.step, decision.results) == ("message", ("not-reached",))


def test_so_does_one_whose_end_telnyx_never_reports() -> None:
    for flow, step in ((QUEUE, "message"), (BARE, "sorry")):
        staged = later(in_line(flow), 300 + GRACE_SECONDS)

        decision = staged.gather_ends("", "timeout")

        assert actions(decision) == ["leave_queue", "playback_stop", "gather_stop", "speak"]
        assert (staged.call.step, decision.incidents) == (step, ())


def test_a_queue_that_takes_no_more_has_a_path() -> None:
    staged = StagedCall(QUEUE)
    staged.pick_up()

    refused = staged.refuse("enqueue refused: 90033", action="enqueue")

    assert (staged.call.step, refused.incidents) == ("message", ())


def test_music_that_telnyx_refuses_does_not_end_the_wait() -> None:
    staged = in_line()

    refused = staged.refuse("playback_start refused: 90040", action="playback_start")

    assert (staged.call.step, actions(refused)) == ("line", [])
    assert later(staged, 28).gather_ends("", "timeout").question is not None


def test_who_is_taken_out_by_an_operator_takes_the_error_path_and_nobody_is_alarmed() -> None:
    staged = in_line()

    decision = staged.tell("call.dequeued", queue="support", reason="leave")

    assert (staged.call.step, decision.incidents) == ("sorry", ())


def test_a_caller_who_gives_up_is_noted_so() -> None:
    staged = in_line()

    staged.hang_up()
    decision = staged.tell("call.dequeued", queue="support", reason="hangup")

    assert (staged.call.outcome, actions(decision)) == ("gave-up", [])


def test_an_error_takes_the_caller_out_of_the_queue_first() -> None:
    staged = in_line()

    decision = staged.take(overdue_event(staged.call, Watch("chain", since=0, until=40)))

    assert actions(decision)[:3] == ["leave_queue", "playback_stop", "gather_stop"]


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("{queue: Support Line, hold: {media: tune}}", "queue"),
        ("{queue: support}", "hold"),
        ("{queue: support, hold: Hold on.}", "hold"),
        ("{queue: support, hold: {media: tune}, max_wait_time_secs: 9}", "max_wait_time_secs"),
        ("{queue: support, hold: {media: tune}, announce_every_seconds: 9}", "announce_every_seconds"),
        (
            "{queue: support, hold: {media: tune}, keys: {1: sorry}, callback: {1: sorry}}",
            "1 is under keys and under callback",
        ),
        ("{queue: support, hold: {media: tune}, callback: {1: sorry}, agents: ['+15550191']}", "call nobody back"),
        (
            "{queue: support, hold: {media: tune}, accept: 1, whisper: Press 1.}",
            "agents, whisper and accept need each other",
        ),
        (
            "{queue: support, hold: {media: tune}, agents: ['+15550191'], accept: 1}",
            "agents, whisper and accept need each other",
        ),
        ("{take_from: support}", "needs hold, what the agent hears"),
        ("{take_from: support, empty: sorry, hold: {media: tune}}", "empty leaves at once"),
        ("{take_from: [], empty: sorry}", "take_from"),
        ("{take_from: support, hold: Hold on.}", "hold takes audio"),
    ],
)
def test_what_cannot_be_is_refused(written: str, wrong: str) -> None:
    with pytest.raises(FlowInvalid, match=wrong):
        StagedCall(f"steps:\n  line: {written}\n  sorry: {{say: Sorry.}}\n")


# Agents who are rung


RUNG = QUEUE.replace("max_wait_time_secs: 300", 'max_wait_time_secs: 300\n        agents: ["+15550191", "+15550192"]')


def agent_leg(staged: StagedCall, event_type: str, leg: str = "a", **payload: object) -> Any:  # noqa: ANN401 -- a decision
    mark = staged.mark._replace(parent_leg=LEG, dialled=True)
    return staged.tell(event_type, mark, call_leg_id=leg, call_control_id=f"v3:{leg}", **payload)


def dialled(decision: Any) -> list[object]:  # noqa: ANN401 -- a decision
    return [each.parameters["to"] for each in decision.commands if each.action == "dial"]


def test_agents_are_rung_for_the_first_caller_only() -> None:
    second = in_line(RUNG)

    later(second, 8)
    second.gather_ends("", "timeout")
    still_second = answer(second, QueueAnswer("support", 2))
    first = answer(second, QueueAnswer("support", 1))

    assert dialled(second.decisions[2]) == dialled(still_second) == []
    assert dialled(first) == ["+15550191"]
    assert [dialled(each) for each in (in_line(RUNG, current_position=1).decisions[-1],)] == [["+15550191"]]


def test_an_agent_who_answers_takes_the_first_of_the_queue() -> None:
    staged = in_line(RUNG, current_position=1)
    agent_leg(staged, "call.initiated")

    (bridge,) = agent_leg(staged, "call.answered").commands
    staged.tell("call.dequeued", queue="support", reason="bridged")
    staged.tell("call.bridged")
    over = agent_leg(staged, "call.hangup", hangup_cause="normal_clearing")

    assert (bridge.call_control_id, bridge.parameters["queue"]) == ("v3:a", "support")
    assert dialled(over) == []


def test_a_caller_whose_agent_is_known_to_be_connected_is_not_torn_away_before_the_report_is_overdue() -> None:
    staged = in_line(RUNG, current_position=1)
    agent_leg(staged, "call.answered")
    staged.tell("call.dequeued", queue="support", reason="bridged")
    agent_leg(staged, "call.bridged")

    waits = later(staged, CONNECTING_SECONDS).gather_ends("", "timeout")
    overdue = later(staged, REPORT_SECONDS).gather_ends("", "timeout")

    assert (actions(waits), waits.commands[0].parameters["timeout_millis"]) == (["gather"], CONNECTING_SECONDS * 1_000)
    assert "enqueue" in actions(overdue)


def test_the_next_agent_is_rung_when_one_does_not_answer_and_all_again_after_a_pause() -> None:
    staged = in_line(RUNG, current_position=1)

    second = agent_leg(staged, "call.hangup", "a", hangup_cause="timeout")
    none_left = agent_leg(staged, "call.hangup", "b", hangup_cause="user_busy")
    too_soon = answer(staged, QueueAnswer("support", 1))
    assert (dialled(second), dialled(none_left), dialled(too_soon)) == (["+15550192"], [], [])

    staged.gather_ends("", "timeout")
    event = QueueAnswer("support", 1).event(QueueQuestion(("support",), id="x", turn=1, asked_at=moment(90)))
    again = staged.take(event._replace(payload={**event.payload, "call_session_id": SESSION, "call_leg_id": LEG}))
    assert dialled(again) == ["+15550191"]


def test_an_agent_who_still_rings_when_the_caller_is_taken_is_let_go() -> None:
    staged = in_line(RUNG, current_position=1)
    agent_leg(staged, "call.initiated")

    taken = staged.tell("call.dequeued", queue="support", reason="bridged")
    late = agent_leg(staged, "call.answered")

    assert [each.call_control_id for each in taken.commands if each.action == "hangup"] == ["v3:a"]
    assert [each.call_control_id for each in late.commands] == ["v3:a"]
    assert actions(late) == ["hangup"]


def test_an_agent_who_answers_when_nobody_is_left_in_the_queue_is_let_go() -> None:
    staged = in_line(RUNG, current_position=1)
    agent_leg(staged, "call.initiated")
    agent_leg(staged, "call.answered")

    refused = staged.refuse("bridge refused: 90033", action="bridge")

    assert ([each.call_control_id for each in refused.commands], staged.call.step) == (["v3:a"], "line")


def test_an_agent_who_cannot_be_rung_does_not_end_the_wait() -> None:
    staged = in_line(RUNG, current_position=1)

    assert dialled(staged.refuse("dial refused: 10010", action="dial")) == ["+15550192"]
    assert actions(staged.refuse("dial refused: 10010", action="dial")) == []
    assert staged.call.step == "line"


ACCEPTED = RUNG.replace("        keys:", "        whisper: Press 1 to take a call.\n        accept: 1\n        keys:")


def test_an_agent_takes_the_call_by_a_key_so_that_a_mailbox_does_not() -> None:
    staged = in_line(ACCEPTED, current_position=1)

    asked = agent_leg(staged, "call.answered")
    takes = agent_leg(staged, "call.gather.ended", digits="1", status="valid")
    mailbox = in_line(ACCEPTED, current_position=1)
    agent_leg(mailbox, "call.answered")
    refuses = agent_leg(mailbox, "call.gather.ended", digits="", status="timeout")

    assert [(each.action, each.call_control_id) for each in asked.commands] == [("gather_using_speak", "v3:a")]
    assert [(each.action, each.call_control_id) for each in takes.commands] == [("bridge", "v3:a")]
    assert [(each.action, each.call_control_id) for each in refuses.commands] == [("hangup", "v3:a")]


def test_an_agent_who_is_still_asked_when_the_caller_leaves_is_let_go_and_one_who_is_being_connected_is_not() -> None:
    asked, connecting = in_line(ACCEPTED, current_position=1), in_line(RUNG, current_position=1)
    for staged in (asked, connecting):
        agent_leg(staged, "call.answered")

    ends = [staged.tell("call.dequeued", queue="support", reason="timeout") for staged in (asked, connecting)]

    hung_up = [[each.call_control_id for each in end.commands if each.action == "hangup"] for end in ends]
    assert hung_up == [["v3:a"], []]


def test_legs_of_agents_who_did_not_answer_are_forgotten_in_time() -> None:
    staged = in_line(RUNG, current_position=1)

    for number in range(100):
        agent_leg(staged, "call.hangup", f"leg-{number}", hangup_cause="timeout")

    assert len(staged.call.far_legs) == MAX_LEGS
    assert "leg-99" in staged.call.far_legs


# Agents


def looking(flow: str = AGENT) -> StagedCall:
    staged = StagedCall(flow)
    staged.pick_up()
    return staged


def test_an_agent_takes_the_first_of_the_queue_in_which_somebody_waits() -> None:
    staged = StagedCall(AGENT)

    looks = staged.pick_up()
    takes = answer(staged, QueueAnswer("support"))
    staged.tell("call.bridged")

    assert looks.question == QueueQuestion(("sales", "support"), call_session_id=SESSION, call_leg_id=LEG, turn=1)
    (bridge,) = takes.commands
    assert (bridge.action, bridge.parameters["queue"], "call_control_id" in bridge.parameters) == (
        "bridge",
        "support",
        False,
    )
    assert actions(staged.gather_ends("", "timeout")) == []
    staged.hang_up()
    assert staged.call.outcome == "completed"


def test_an_agent_for_whom_nobody_waits_hears_music_and_looks_again() -> None:
    staged = looking()

    first, second = answer(staged, QueueAnswer()), later(staged, 5).gather_ends("", "timeout")
    third = answer(staged, QueueAnswer())

    assert [actions(each) for each in (first, second, third)] == [["playback_start"], ["gather"], []]
    assert second.question is not None
    assert actions(staged.tell("call.dtmf.received", digit="9"))[:2] == ["playback_stop", "gather_stop"]


def test_an_agent_who_was_too_late_looks_again_at_once() -> None:
    staged = looking()
    answer(staged, QueueAnswer("support"))

    refused = staged.refuse("bridge refused: 90033", action="bridge")

    assert (refused.question is not None, refused.incidents, staged.call.step) == (True, (), "take")


def test_an_agent_may_hear_that_nobody_waits() -> None:
    staged = looking(STRAIGHT)

    answer(staged, QueueAnswer())

    assert staged.call.step == "nobody"


# Callbacks


CALLBACK = QUEUE.replace('keys: {1: message, "#": sorry}', "callback: {3: sorry}")
KEPT = Callback("support", "their-session", "their-leg", 1_700_000_000_000)


def test_a_caller_who_asks_to_be_called_back_keeps_the_place() -> None:
    staged = in_line(CALLBACK)

    pressed = staged.tell("call.dtmf.received", digit="3")
    gone = staged.tell("call.dequeued", queue="support", reason="leave")

    assert (actions(pressed), pressed.promised) == (["leave_queue"], None)
    assert gone.promised == Callback("support", SESSION, LEG, millis(moment(3)))
    assert (staged.call.step, gone.entered[0].edge) == ("sorry", "callback.3")


def test_an_agent_who_takes_the_caller_first_makes_a_callback_needless() -> None:
    staged = in_line(CALLBACK)
    staged.tell("call.dtmf.received", digit="3")

    staged.tell("call.dequeued", queue="support", reason="bridged")

    assert [each.promised for each in staged.decisions] == [None] * len(staged.decisions)


def test_a_caller_who_shows_no_number_cannot_be_called_back_and_waits_on() -> None:
    staged = StagedCall(CALLBACK)
    staged.take(happened("call.initiated", 1, None, direction="incoming", **{"from": "anonymous"}))
    staged.take(happened("call.answered", 2, None, **{"from": "anonymous"}))
    entered = {"queue": "support", "current_position": 1, "from": "anonymous"}
    staged.take(happened("call.enqueued", 3, staged.mark, **entered))

    assert actions(staged.tell("call.dtmf.received", digit="3", **{"from": "anonymous"})) == []


def test_a_place_counts_those_who_are_to_be_called_back() -> None:
    staged = StagedCall(CALLBACK)
    staged.pick_up()

    entered = staged.tell("call.enqueued", queue="support", current_position=1)

    assert actions(entered) == ["gather"]
    assert entered.question is not None
    assert entered.question.since_millis == millis(moment(3))
    assert actions(answer(staged, QueueAnswer("support", 4))) == ["playback_stop", "speak", "playback_start"]


def test_where_telnyx_does_not_say_a_first_place_there_is_music_all_the_same() -> None:
    staged = in_line(CALLBACK)

    first, second = answer(staged, QueueAnswer()), answer(staged, QueueAnswer())

    assert (actions(first), actions(second)) == (["playback_start"], [])


def test_an_agent_calls_back_who_has_waited_longest() -> None:
    staged = looking()

    called = answer(staged, QueueAnswer("support", callback=KEPT, number="+15550142", shown="+15550100"))
    (bridge,) = agent_leg(staged, "call.answered").commands
    over = staged.tell("call.bridged")

    music, dial = called.commands
    assert (music.action, called.claimed) == ("playback_start", KEPT)
    assert [dial.parameters[name] for name in ("to", "from", "link_to")] == ["+15550142", "+15550100", CONTROL]
    assert (bridge.call_control_id, bridge.parameters["call_control_id"]) == (CONTROL, "v3:a")
    assert actions(over) == ["playback_stop", "gather_stop"]


def test_who_is_called_back_and_does_not_answer_has_had_the_turn() -> None:
    staged = looking()
    answer(staged, QueueAnswer("support", callback=KEPT, number="+15550142", shown="+15550100"))

    assert actions(staged.gather_ends("", "timeout")) == []
    missed = agent_leg(staged, "call.hangup", hangup_cause="timeout")

    assert (missed.question is not None, missed.claimed) == (True, None)
    assert actions(answer(staged, QueueAnswer("support"))) == ["bridge"]


# What the linter and the pictures say of it


def test_a_queue_without_a_way_on_is_a_dead_end(tmp_path: Path) -> None:
    (tmp_path / "line.yaml").write_text(
        "flow: line\nsteps:\n  line: {queue: support, hold: {media: hold-music}, full: bye}\n  bye: {say: Bye.}\n"
    )
    (tmp_path / "numbers.yaml").write_text('"+15550100": line\n')

    found, untaken = lint(tmp_path)

    assert (found.rule, "timeout" in found.reason, untaken.rule) == ("dead-end", True, "untaken-queue")


def test_pictures_say_what_is_heard_and_where_each_way_leads() -> None:
    steps = StagedCall(QUEUE).loaded.main.steps
    takes = StagedCall(AGENT).loaded.main.steps["take"]

    assert "announce every 30 s · max wait time 300 s" in details_of(steps["line"])
    assert edge_label(steps["line"], "full") == "queue full"
    assert "until somebody waits ♪ tune" in details_of(takes)
