"""Agents who take callers by the control API: the API, the webhook's code and the simulated carrier together."""

from pathlib import Path
from typing import Any

import pytest

from dialtone.flow.built_in_flows import inline_text, taking
from dialtone.flow.loader import read_script
from infra.carrier import Caller, HangUp, Hear, Machine, Person, Press, Silence
from infra.carrier.legs import Leg
from tests.simulation.controlled import BOB, NUMBER, ControlledStage, Died

LINE = """
steps:
  in-line:
    queue: help_desk-1
    hold: {media: hold-music}
    callback: {3: promised}
    on_hangup_connected: {outcome: served}
  promised: {say: "We call you back.", next: bye}
  bye: hangup
"""
TAKE = "/queues/help_desk-1/take"
ADAS_PHONE, BOBS_PHONE, MAILBOX = "+15550191", "+15550192", "+15550193"
READY = (Hear("press 1"), Press("1"))


@pytest.fixture
def stage(tmp_path: Path) -> ControlledStage:
    stage = ControlledStage(LINE, tmp_path, broken="steps: [")
    for phone in (ADAS_PHONE, BOBS_PHONE):
        stage.carrier.add_callee(phone, Person(*READY, Silence(40), HangUp()))
    stage.carrier.add_callee(MAILBOX, Machine(4.0))
    return stage


def waits(stage: ControlledStage, number: str = "+15550142", *does: Any) -> Leg:  # noqa: ANN401 -- what callers do
    """Somebody calls, and waits in the queue by now."""
    line = stage.call(number, NUMBER, Caller(*(does or (Silence(300), HangUp()))))
    stage.carrier.run_for(4)
    return line.leg


def outcome(stage: ControlledStage, leg: Leg) -> str:
    return stage.store.legs(leg.name.call_session_id)[0].outcome


def steps_of(stage: ControlledStage, session: str) -> list[str]:
    """Where an agent's call was; a question that is repeated counts once."""
    turns = {entry.turn: entry.step for entry in stage.store.timeline(session)}
    return list(dict.fromkeys(step for _, step in sorted(turns.items()) if step))


def test_queues_say_who_waits_in_order_whoever_is_to_be_called_back_included(stage: ControlledStage) -> None:
    waits(stage, "+15550141", Silence(3), Press("3"), Silence(10))
    stage.carrier.run_for(10)
    second = waits(stage, "+15550142")

    found = stage.get("/queues")

    (queue,) = found["queues"]
    assert (queue["name"], found["is_whole"]) == ("help_desk-1", False), "one flow cannot be read"
    assert [(each["position"], each["from"], each["callback"]) for each in queue["waiting"]] == [
        (1, "+15550141", True),
        (2, "+15550142", False),
    ]
    assert queue["waiting"][1]["call_session_id"] == second.name.call_session_id
    assert queue["waiting"][0]["since"] < queue["waiting"][1]["since"]


def test_an_agent_is_rung_once_under_a_key_and_has_the_first_caller(stage: ControlledStage) -> None:
    first, second = waits(stage, "+15550141"), waits(stage, "+15550142")

    status, body, _ = stage.post(TAKE, {"agent": ADAS_PHONE}, key="one")
    again = stage.post(TAKE, {"agent": ADAS_PHONE}, key="one")[1]
    stage.carrier.run_for(20)
    talking = stage.get("/queues")["queues"][0]["waiting"]
    later = stage.post(TAKE, {"agent": ADAS_PHONE}, key="one")
    stage.carrier.run()

    assert (status, again, later[:2]) == (200, {**body, "repeated": True}, (200, {**body, "repeated": True}))
    assert [(each["to"], each["from"]) for each in stage.sent("dial")] == [(ADAS_PHONE, NUMBER)]
    assert [each["from"] for each in talking] == ["+15550142"]
    assert (outcome(stage, first), outcome(stage, second)) == ("served", "hung-up")
    assert steps_of(stage, body["call_session_id"]) == ["accept", "take"]


def test_two_agents_at_once_get_two_callers_and_of_one_caller_one_agent_wins_and_the_other_hears_so(
    stage: ControlledStage,
) -> None:
    only = waits(stage)

    sessions = [
        stage.post(TAKE, {"agent": phone}, by=by)[1]["call_session_id"]
        for phone, by in ((ADAS_PHONE, "ada"), (BOBS_PHONE, BOB))
    ]
    stage.carrier.run()

    assert outcome(stage, only) == "served"
    assert sorted(steps_of(stage, each) for each in sessions) == [
        ["accept", "take"],
        ["accept", "take", "nobody", "bye"],
    ]


def test_an_agent_whose_caller_has_hung_up_meanwhile_hears_so(stage: ControlledStage) -> None:
    waits(stage, "+15550142", Silence(8), HangUp())
    stage.carrier.add_callee(ADAS_PHONE, Person(Silence(15), *READY, Hear("Nobody is waiting"), Silence(9)))

    session = stage.post(TAKE, {"agent": ADAS_PHONE})[1]["call_session_id"]
    stage.carrier.run()

    assert steps_of(stage, session) == ["accept", "take", "nobody", "bye"]


def test_a_mailbox_that_picks_up_takes_nobody(stage: ControlledStage) -> None:
    caller = waits(stage)

    session = stage.post(TAKE, {"agent": MAILBOX})[1]["call_session_id"]
    stage.carrier.run()

    assert steps_of(stage, session) == ["accept", "bye"]
    assert outcome(stage, caller) == "hung-up"


def test_who_was_to_be_called_back_is_rung_for_the_agent(stage: ControlledStage) -> None:
    waits(stage, "+15550141", Silence(3), Press("3"), Silence(10))
    stage.carrier.add_callee("+15550141", Person(Silence(60), HangUp()))
    stage.carrier.run_for(10)

    status, _, _ = stage.post(TAKE, {"agent": ADAS_PHONE})
    stage.carrier.run()

    assert (status, [each["to"] for each in stage.sent("dial")]) == (200, [ADAS_PHONE, "+15550141"])
    assert stage.get("/queues")["queues"][0]["waiting"] == []


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        (TAKE, {"agent": ADAS_PHONE}, (409, "nobody_waits", None)),
        ("/queues/elsewhere/take", {"agent": ADAS_PHONE}, (404, "not_found", None)),
        ("/queues/HELP/take", {"agent": ADAS_PHONE}, (422, "invalid_parameter", "name")),
        (TAKE, {}, (422, "invalid_parameter", "agent")),
        (TAKE, {"agent": ADAS_PHONE, "flow": "front"}, (422, "invalid_parameter", "flow")),
    ],
)
def test_what_cannot_be_taken_rings_nobody(
    stage: ControlledStage, path: str, body: dict[str, str], answer: tuple[int, str, str | None]
) -> None:
    status, said, _ = stage.post(path, body)

    assert (status, said["error"]["code"], said["error"]["parameter"]) == answer
    assert stage.sent("dial") == []


@pytest.mark.parametrize(
    ("agent", "answer"),
    [
        ("+4420555014", (403, "destination_not_allowed")),
        ("sip:ada@elsewhere.example.com", (403, "destination_not_allowed")),
        ("+15550191,+4420555014", (422, "invalid_parameter")),
        ("<img src=x>", (422, "invalid_parameter")),
    ],
)
def test_an_agent_is_only_where_the_stack_may_ring(stage: ControlledStage, agent: str, answer: tuple[int, str]) -> None:
    waits(stage)

    status, said, _ = stage.post(TAKE, {"agent": agent})

    assert (status, said["error"]["code"], said["error"]["parameter"]) == (*answer, "agent")
    assert stage.sent("dial") == []


def test_a_request_that_died_half_way_rings_once_when_it_is_sent_again(stage: ControlledStage) -> None:
    waits(stage)

    def dies() -> None:
        stage.after_delivery = lambda: None
        raise Died

    stage.after_delivery = dies
    with pytest.raises(Died):
        stage.post(TAKE, {"agent": ADAS_PHONE}, key="one")
    status, body, _ = stage.post(TAKE, {"agent": ADAS_PHONE}, key="one")
    stage.carrier.run()

    assert (status, body["repeated"], len(stage.api.obeyed)) == (200, True, len(set(stage.api.obeyed)))
    assert len({each["to"] for each in stage.sent("dial")}) == 1
    assert [leg.direction for leg in stage.store.legs(body["call_session_id"])] == ["outgoing"]


def test_a_dial_that_telnyx_refuses_is_said_in_its_words(stage: ControlledStage) -> None:
    waits(stage)
    stage.api.refuses = lambda command: command.action == "dial"

    status, said, _ = stage.post(TAKE, {"agent": ADAS_PHONE})

    assert (status, said["error"]["message"].startswith("Telnyx says: ")) == (409, True)


@pytest.mark.parametrize("queue", ["support", "a-b_c", "a--b", "u-u", "7", "_".join("a" * 32)])
def test_every_name_of_a_queue_has_a_flow_that_takes_from_it(queue: str) -> None:
    flow = read_script(taking(queue), inline_text)

    assert flow is not None
    assert getattr(flow.main.steps["take"], "take_from", None) == (queue,)
    assert inline_text("dialtone-take-.yaml") is None
