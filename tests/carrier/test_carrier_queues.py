"""Queues at the simulated carrier: who waits where, who is taken, and what is refused."""

from typing import Any

import pytest

from infra.carrier import HangUp, Silence
from infra.carrier.legs import LegState
from tests.carrier.desk import Desk

LONG = Silence(3_600)


def dequeued(desk: Desk) -> list[tuple[str, str]]:
    return [(reported["call_control_id"], reported["reason"]) for reported in desk.of("call.dequeued")]


def calls_in(desk: Desk, queue: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = desk.api("GET", f"/queues/{queue}/calls").json()["data"]
    return listed


def test_calls_wait_in_the_order_in_which_they_came_and_say_where() -> None:
    desk = Desk()
    first, second = desk.answered_call(), desk.answered_call()

    desk.obeyed(first, "enqueue", queue_name="support", client_state="eA==")
    desk.carrier.run_for(30)
    desk.obeyed(second, "enqueue", queue_name="support")
    desk.carrier.run_for(10)

    reported = desk.of("call.enqueued")
    assert [(each["queue"], each["current_position"], each["client_state"]) for each in reported] == [
        ("support", 1, "eA=="),
        ("support", 2, None),
    ]
    of_second = desk.api("GET", f"/queues/support/calls/{second}").json()["data"]
    assert (of_second["queue_position"], of_second["wait_time_secs"], of_second["is_alive"]) == (2, 10, True)
    queue = desk.api("GET", "/queues/support").json()["data"]
    assert (queue["current_size"], queue["average_wait_time_secs"], queue["max_size"]) == (2, 25, 100)


def test_a_bridge_takes_the_first_and_each_caller_once() -> None:
    desk = Desk()
    first, second, agent, other_agent, third_agent = (desk.answered_call() for _ in range(5))
    for call in (first, second):
        desk.obeyed(call, "enqueue", queue_name="support")

    desk.obeyed(agent, "bridge", queue="support")
    desk.obeyed(other_agent, "bridge", queue="support")
    desk.carrier.run_for(1)

    assert dequeued(desk) == [(first, "bridged"), (second, "bridged")]
    legs = desk.carrier.exchange.legs
    assert (legs[agent].peer, legs[other_agent].peer) == (legs[first], legs[second])
    assert desk.code(third_agent, "bridge", queue="support") == (422, "90033")
    assert desk.code(third_agent, "bridge", queue="sales") == (422, "90033")
    assert desk.code(third_agent, "bridge", queue="support", call_control_id=first) == (422, "10015")
    assert desk.code(third_agent, "bridge") == (422, "10004")


def test_a_caller_leaves_by_hanging_up_by_command_or_by_time() -> None:
    desk = Desk()
    hangs_up, leaves, waits = (
        desk.answered_call(Silence(5), HangUp()),
        desk.answered_call(),
        desk.answered_call(),
    )
    for call in (hangs_up, leaves):
        desk.obeyed(call, "enqueue", queue_name="support")
    desk.obeyed(waits, "enqueue", queue_name="support", max_wait_time_secs=60)

    desk.carrier.run_for(10)
    desk.obeyed(leaves, "leave_queue")
    desk.carrier.run_for(60)

    assert dequeued(desk) == [(hangs_up, "hangup"), (leaves, "leave"), (waits, "timeout")]
    assert desk.of("call.dequeued")[-1]["wait_time_secs"] == 60
    assert desk.carrier.exchange.legs[waits].state is LegState.ANSWERED
    assert desk.code(leaves, "leave_queue") == (422, "90033")


def test_a_full_queue_and_a_second_place_are_refused() -> None:
    desk = Desk()
    first, second = desk.answered_call(), desk.answered_call()
    desk.obeyed(first, "enqueue", queue_name="support", max_size=1)

    assert desk.code(second, "enqueue", queue_name="support", max_size=50) == (422, "90036")
    assert desk.code(first, "enqueue", queue_name="support") == (422, "90038")
    assert desk.code(first, "enqueue", queue_name="sales") == (422, "90033")
    assert desk.code(second, "enqueue") == (422, "10004")
    assert desk.code(second, "enqueue", queue_name="support", max_wait_time_secs=0) == (422, "10033")
    assert [each["call_control_id"] for each in calls_in(desk, "support")] == [first]


def test_a_place_that_is_kept_outlives_the_call_and_a_bridge_with_it_fails() -> None:
    desk = Desk()
    gone, agent = desk.answered_call(Silence(5), HangUp()), desk.answered_call()
    desk.obeyed(gone, "enqueue", queue_name="support", keep_after_hangup=True)

    desk.carrier.run_for(10)

    assert [each["is_alive"] for each in calls_in(desk, "support")] == [False]
    assert desk.code(agent, "bridge", queue="support") == (422, "90018")
    assert calls_in(desk, "support") == []


def test_music_and_keys_go_on_in_a_queue_and_the_bridge_ends_them() -> None:
    desk = Desk()
    call, agent = desk.answered_call(), desk.answered_call()
    desk.obeyed(call, "enqueue", queue_name="support")
    desk.obeyed(call, "speak", payload="You are number one", voice="female", loop="infinity")
    desk.obeyed(call, "gather", timeout_millis=60_000, initial_timeout_millis=60_000)
    desk.carrier.run_for(5)

    desk.obeyed(agent, "bridge", queue="support")
    desk.carrier.run_for(1)

    assert [reported["status"] for reported in desk.of("call.gather.ended")] == ["cancelled"]
    assert len(desk.of("call.speak.ended")) == 1
    assert len(desk.of("call.bridged")) == 2


def test_queues_are_made_listed_resized_and_deleted() -> None:
    desk = Desk()
    made = desk.api("POST", "/queues", {"queue_name": "support", "max_size": 2})
    assert (made.status, made.json()["data"]["max_size"]) == (201, 2)

    assert desk.api("POST", "/queues", {"queue_name": "support"}).status == 422
    assert desk.api("POST", "/queues", {"queue_name": "x" * 256}).status == 422
    assert desk.api("PATCH", "/queues/support", {"max_size": 9}).json()["data"]["max_size"] == 9
    assert [each["name"] for each in desk.api("GET", "/queues").json()["data"]] == ["support"]
    call = desk.answered_call()
    desk.obeyed(call, "enqueue", queue_name="support")
    assert desk.api("DELETE", "/queues/support").status == 422
    assert desk.api("PATCH", f"/queues/support/calls/{call}", {"keep_after_hangup": True}).status == 204
    assert desk.api("DELETE", f"/queues/support/calls/{call}").status == 204
    assert desk.api("GET", f"/queues/support/calls/{call}").status == 404
    assert desk.api("DELETE", "/queues/support").status == 200
    assert desk.api("GET", "/queues/support/calls").status == 404


@pytest.mark.parametrize("path", ["/queues", "/queues/support", "/queues/support/calls"])
def test_other_methods_are_refused(path: str) -> None:
    assert Desk().api("PUT", path).status == 405
