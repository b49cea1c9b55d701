"""A call whose hang-up never came is closed as if it had; one that goes on is left alone; what was lost rings."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialtone.adapters.calls_table import CallsTable, DueItem
from dialtone.adapters.telnyx_api import CallInfo, ReportedEvent
from dialtone.domain.errors import TelnyxRefused, TelnyxUnavailable
from dialtone.domain.events import Event
from dialtone.domain.recordings import FIRST_LOOK_SECONDS, Recording
from tests.integration.deliveries import BEGAN, CONTROL, LEG, SESSION, initiated, phone_call, team_call
from tests.integration.dependencies import FAULTS, Died, Fault, Line
from tests.integration.reconciling import HANG_UP, RECORDING_WEBHOOKS, Reconciling, listed, reconciling

UNAVAILABLE = TelnyxUnavailable("rate-limited", 2, None)
ALIVE = CallInfo(is_alive=True, ended_at="")
ENDED_AT = "2026-09-21T12:00:11.500000Z"
OVER = CallInfo(is_alive=False, ended_at=ENDED_AT)
TEAM_HANG_UP = frozenset({13, 14})
FIRST_LOOK = int((BEGAN + timedelta(seconds=1 + FIRST_LOOK_SECONDS)).timestamp())
"""Of the call whose first event came in its first second."""


@pytest.fixture
def house(flows: Path) -> Reconciling:
    return reconciling(flows)


def until_ringing(line: Line) -> Iterator[Event]:
    """Give the events of the team's call up to the one by which three telephones ring."""
    for number, event in enumerate(team_call(line), start=1):
        if number <= 6:
            yield event


def hang_up(house: Reconciling) -> Event:
    """Give the call's own hang-up."""
    return list(phone_call(house.line))[10]


# The index


def test_a_leg_is_due_from_its_first_event_until_it_has_ended(house: Reconciling) -> None:
    seen = []
    for number, event in enumerate(phone_call(house.line), start=1):
        house.line.deliver(event)
        seen.append([each.due_at for each in house.line.store.due_items(9e9, 10) if each.leg_id])
        if number == 11:
            break

    assert seen == [[FIRST_LOOK]] * 10 + [[]]


def test_events_that_overtake_one_another_do_not_write_the_index_again(house: Reconciling) -> None:
    first, second, *_ = phone_call(house.line)

    house.line.deliver(second)
    before = house.leg().due_at
    house.line.deliver(first)

    assert house.leg().due_at == before == FIRST_LOOK + 1


def test_what_a_sweep_has_moved_on_stays_so_when_the_next_event_comes(house: Reconciling) -> None:
    house.play(without=RECORDING_WEBHOOKS | HANG_UP | {10})
    [due] = [each for each in house.line.store.due_items(9e9, 10) if each.leg_id]
    house.line.store.move_due(due, 2_000_000_000)

    house.line.deliver(list(phone_call(house.line))[9])

    assert house.leg().due_at == 2_000_000_000


def test_an_item_of_before_the_index_reads_as_ever_and_comes_into_it_with_its_next_event(house: Reconciling) -> None:
    events = iter(phone_call(house.line))
    house.line.deliver(next(events))
    [due] = [each for each in house.line.store.due_items(9e9, 10) if each.leg_id]
    house.line.store.drop_due(due)
    house.telnyx.calls[CONTROL] = ALIVE
    assert house.sweep(6) == {"outstanding": 1}

    house.line.deliver(next(events))

    assert house.due_legs() == [LEG]


def test_a_webhook_still_takes_two_trips(house: Reconciling) -> None:
    house.line.deliver(initiated())

    assert {name: count for name, count in house.line.spent().items() if name != "Telnyx" and count} == {
        "BatchGetItem": 1,
        "TransactWriteItems": 1,
        "SendMessage": 1,  # to the watchdog, once a call
    }


# Over, and never reported


def test_a_call_whose_hang_up_never_came_is_closed_as_if_it_had(house: Reconciling, flows: Path) -> None:
    house.play(without=HANG_UP)
    house.telnyx.calls[CONTROL] = OVER
    undisturbed = reconciling(flows)
    undisturbed.play(without=())

    counts = house.sweep(6)

    assert (counts["calls"], counts["calls_closed"]) == (1, 1)
    leg, other_leg = house.leg(), undisturbed.leg()
    assert (leg.status, leg.ended_at, leg.hangup_cause, leg.hangup_source) == ("ended", ENDED_AT, "unknown", "unknown")
    assert (leg.step, leg.turn, leg.ending, leg.variables) == (
        other_leg.step,
        other_leg.turn,
        other_leg.ending,
        other_leg.variables,
    )
    assert house.noted.measured["CallsClosed"] == 1
    assert house.due_legs() == []
    [closed] = [each for each in house.line.store.timeline(SESSION) if each.event_type == "call.hangup"]
    assert closed.payload["read_back_by"] == "dialtone"


@pytest.mark.parametrize(
    "call",
    [
        None,
        CallInfo(is_alive=False, ended_at=""),
        CallInfo(is_alive=False, ended_at="2099-01-01T00:00:00Z"),
        CallInfo(is_alive=False, ended_at="1999-01-01T00:00:00Z"),
    ],
)
def test_where_telnyx_does_not_say_when_it_ended_it_is_when_the_sweep_found_out(
    house: Reconciling, call: CallInfo | None
) -> None:
    house.play(without=HANG_UP)
    house.telnyx.calls[CONTROL] = call

    house.sweep(6)

    assert house.leg().ended_at == "2026-09-21T12:06:11.000000Z"


def test_it_is_not_closed_while_its_own_hang_up_may_still_come(house: Reconciling) -> None:
    house.play(without=HANG_UP)
    for ended in ("2026-09-21T12:04:20Z", "2026-09-21T12:06:12Z"):
        house.telnyx.calls[CONTROL] = CallInfo(is_alive=False, ended_at=ended)
        house.sweep(6)
        assert house.leg().status == "answered"

    house.sweep(11)

    assert (house.leg().status, house.leg().ended_at) == ("ended", "2026-09-21T12:06:12.000000Z")


def test_the_hang_up_that_comes_after_all_says_how_the_call_ended(house: Reconciling) -> None:
    house.play(without=HANG_UP)
    house.sweep(6)
    assert house.leg().hangup_cause == "unknown"

    for _ in range(2):
        house.line.deliver(hang_up(house))

    leg = house.leg()
    assert (leg.hangup_cause, leg.hangup_source) == ("normal_clearing", "callee")
    assert leg.ended_at == hang_up(house).occurred_at
    assert house.due_legs() == []


def test_the_hang_up_that_comes_at_the_same_moment_counts(house: Reconciling) -> None:
    house.play(without=HANG_UP)
    house.telnyx.before = lambda: house.line.deliver(hang_up(house))

    house.sweep(6)

    assert house.leg().hangup_cause == "normal_clearing"


def test_the_callees_of_a_call_that_is_over_are_hung_up_on(house: Reconciling) -> None:
    house.play(call=until_ringing)

    house.sweep(6)

    ended = {each.call_control_id for _, each in house.line.telnyx.obeyed if each.action == "hangup"}
    assert ended == {f"{CONTROL}-{number}" for number in (1, 2, 3)}
    assert house.leg().status == "ended"


def test_hang_ups_that_did_not_go_out_go_out_with_the_next_sweep(house: Reconciling) -> None:
    """The webhook function died between the commit and the commands: the leg has ended, and its callees ring on."""
    house.play(call=until_ringing)
    house.line.spent()
    house.line.faults.plan, house.line.faults.place = {7: "dies after"}, 0
    with suppress(Died):
        house.sweep(6)
    assert house.line.wire.requests[-1] == "TransactWriteItems"
    house.line.faults.plan = {}
    assert house.leg().status == "ended"
    assert not [each for _, each in house.line.telnyx.obeyed if each.action == "hangup"]

    house.sweep(11)

    ended = [each.call_control_id for _, each in house.line.telnyx.obeyed if each.action == "hangup"]
    assert sorted(ended) == [f"{CONTROL}-{number}" for number in (1, 2, 3)]
    assert house.due_legs() == []
    assert [each.event_type for each in house.line.store.timeline(SESSION)].count("call.hangup") == 1


def test_callees_who_have_hung_up_leave_nothing_to_do(house: Reconciling) -> None:
    house.play(without={*TEAM_HANG_UP, 7, 8, 9}, call=team_call)
    house.sweep(6)
    house.line.spent()

    house.sweep(11)

    assert house.line.spent()["Telnyx"] <= 1
    assert house.due_legs() == []


# What Telnyx could not deliver


def undelivered(event: Event, **changes: object) -> dict[str, object]:
    """Give an event as Telnyx lists it."""
    listed = {"id": event.id, "event_type": event.type, "occurred_at": event.occurred_at, "payload": event.payload}
    return {"record_type": "event", **listed, **changes}


def test_a_hang_up_that_telnyx_could_not_deliver_is_read_back(house: Reconciling, flows: Path) -> None:
    house.play(without=HANG_UP)
    house.telnyx.lost = [undelivered(hang_up(house))]
    undisturbed = reconciling(flows)
    undisturbed.play(without=())

    house.sweep(6)

    leg, other_leg = house.leg(), undisturbed.leg()
    assert (leg.hangup_cause, leg.ended_at) == ("normal_clearing", hang_up(house).occurred_at)
    assert (leg.outcome, leg.ending, leg.variables) == (other_leg.outcome, other_leg.ending, other_leg.variables)
    assert [each.event_type for each in house.line.store.timeline(SESSION)].count("call.hangup") == 1
    assert house.noted.measured["CallsClosed"] == 1


def test_a_hang_up_that_was_delivered_elsewhere_is_read_from_telnyx_s_account_of_the_call(house: Reconciling) -> None:
    """To the failover, which keeps nothing: it is not listed as failed."""
    house.play(without=HANG_UP)
    own = undelivered(hang_up(house))
    callee_s = {**own, "id": "e-9", "payload": {**hang_up(house).payload, "call_leg_id": "callee"}}
    occurred = hang_up(house).occurred_at
    house.telnyx.events = [
        ReportedEvent("call.hangup", "callee", occurred, callee_s),
        ReportedEvent("call.hangup", LEG, occurred, None),
        ReportedEvent("call.hangup", LEG, occurred, own),
    ]

    house.sweep(6)

    assert (house.leg().hangup_cause, house.leg().ended_at) == ("normal_clearing", occurred)
    assert [each.event_type for each in house.line.store.timeline(SESSION)].count("call.hangup") == 1


def test_the_hang_ups_of_callees_are_read_back_too_and_do_not_end_the_call(house: Reconciling) -> None:
    house.play(without={10, 11, 13, 14}, call=team_call)
    house.telnyx.lost = [undelivered(each) for each in list(team_call(house.line))[9:11]]

    house.sweep(6)

    leg = house.leg()
    assert (leg.status, leg.hangup_cause) == ("ended", "unknown")
    assert {each.cause for each in leg.far_legs.values()} == {"originator_cancel", ""}


@pytest.mark.parametrize("wrong", [{"id": ""}, {"occurred_at": "soon"}, {"payload": {"call_leg_id": LEG}}])
def test_what_is_listed_and_cannot_be_read_does_not_keep_the_call_open(
    house: Reconciling, wrong: dict[str, object]
) -> None:
    house.play(without=HANG_UP)
    house.telnyx.lost = [undelivered(hang_up(house), **wrong)]

    counts = house.sweep(6)

    assert counts["faults"] == 2
    assert (house.leg().status, house.leg().hangup_cause) == ("ended", "unknown")


def test_a_webhook_function_that_fails_once_does_not_cost_the_hang_up_its_cause(house: Reconciling) -> None:
    house.play(without=HANG_UP)
    house.telnyx.lost = [undelivered(hang_up(house))]

    def fail_next_read() -> None:
        if house.telnyx.asked[-1].startswith("undelivered"):
            house.line.faults.plan = {house.line.faults.place: "lost"}

    house.telnyx.before = fail_next_read

    counts = house.sweep(6)

    assert (counts["faults"], counts["read_back"]) == (1, 1)
    assert house.leg().hangup_cause == "normal_clearing"


def test_what_could_not_be_delivered_on_a_call_that_goes_on_is_processed_in_its_order(house: Reconciling) -> None:
    """A key that was pressed while we were down: the flow goes on with it, once."""
    house.telnyx.calls[CONTROL] = ALIVE
    for number, each in enumerate(phone_call(house.line), start=1):
        if number <= 2:
            house.line.deliver(each)
        elif number <= 5:
            house.telnyx.lost.append(undelivered(each))
    step = house.leg().step

    counts = house.sweep(6)

    assert counts["read_back"] == 3
    assert house.leg().step != step
    commands = len(house.line.telnyx.obeyed)
    for minutes in (16, 31):
        house.sweep(minutes)
    assert len(house.line.telnyx.obeyed) == commands
    types = [each.event_type for each in house.line.store.timeline(SESSION)]
    assert types.count("call.speak.ended") == 2


def test_of_a_call_that_is_over_only_hang_ups_are_read_back(house: Reconciling) -> None:
    """All else would have people rung for nobody."""
    house.play(without=HANG_UP | {5})
    answered = list(phone_call(house.line))[4]
    house.telnyx.lost = [undelivered(answered), undelivered(hang_up(house))]

    counts = house.sweep(6)

    assert counts["read_back"] == 1
    assert answered.id not in {each.event_id for each in house.line.store.timeline(SESSION)}


def test_without_an_answer_about_deliveries_the_call_is_closed_with_what_is_known(house: Reconciling) -> None:
    house.play(without=HANG_UP)

    def fails_from_now_on() -> None:
        if house.telnyx.asked[-1].startswith("undelivered"):
            raise UNAVAILABLE

    house.telnyx.before = fails_from_now_on

    house.sweep(6)

    assert (house.leg().status, house.leg().hangup_cause) == ("ended", "unknown")


# Going on


def test_a_call_that_goes_on_is_looked_at_ever_more_rarely_and_nothing_happens_to_it(house: Reconciling) -> None:
    house.play(call=until_ringing)
    house.telnyx.calls[CONTROL] = ALIVE
    before = house.leg()
    looks = []

    for minutes in range(5, 245, 5):
        house.sweep(minutes)
        if house.telnyx.asked:
            looks.append(minutes)
            house.telnyx.asked.clear()

    assert looks == [5, 15, *range(30, 245, 15)]
    assert house.leg() == before
    assert house.noted.measured == {"RecordingsOutstanding": 0}


def test_a_call_that_ends_while_its_recordings_are_asked_for_is_closed_with_them(house: Reconciling) -> None:
    house.play(without=RECORDING_WEBHOOKS | HANG_UP)
    house.telnyx.calls[CONTROL] = ALIVE
    for minutes in (5, 15):
        house.sweep(minutes)
    house.telnyx.calls[CONTROL] = CallInfo(is_alive=False, ended_at="2026-09-21T12:15:30Z")

    house.sweep(20)

    assert house.leg().status == "ended"
    assert house.noted.measured["CallsClosed"] == 1


def test_a_quiet_sweep_after_an_ordinary_call_reads_only_the_index(house: Reconciling) -> None:
    house.play(without=(), call=team_call)
    house.line.spent()

    counts = house.sweep(60)

    assert counts == {"outstanding": 0}
    assert house.line.spent() == {"Query": 5, "UpdateItem": 1, "BatchGetItem": 1}
    assert house.telnyx.asked == []


# What goes wrong


@pytest.mark.parametrize("fault", [UNAVAILABLE, TelnyxRefused(401, "10009", "the key"), TelnyxRefused(403, "", "no")])
def test_telnyx_that_does_not_answer_closes_no_call_that_may_go_on(house: Reconciling, fault: Exception) -> None:
    house.play(call=until_ringing)
    house.telnyx.fault = fault

    for minutes in range(5, 250, 5):
        house.sweep(minutes)

    assert house.leg().status == "answered"
    assert "CallsClosed" not in house.noted.measured
    assert house.noted.measured["SweepsIncomplete"] > 40


def test_a_call_that_cannot_be_asked_about_is_closed_when_no_call_lasts_any_longer(house: Reconciling) -> None:
    house.play(call=until_ringing)
    house.telnyx.fault = UNAVAILABLE

    house.sweep(260)

    assert house.leg().status == "ended"
    assert house.noted.measured["CallsClosed"] == 1


def test_a_webhook_function_that_is_down_is_asked_again_in_the_next_sweep(house: Reconciling) -> None:
    house.play(call=until_ringing)
    house.webhook_down = True
    assert house.sweep(6)["faults"] == 1
    assert house.leg().status == "answered"

    house.webhook_down = False
    house.sweep(11)

    assert house.leg().status == "ended"


def test_two_sweeps_at_once_share_the_work(house: Reconciling) -> None:
    house.play(call=until_ringing)
    due = house.line.store.due_items(9e9, 10)

    class Overtaken(CallsTable):
        """A table whose index shows what another sweep has claimed since."""

        def due_items(self, now_seconds: float, most: int) -> tuple[DueItem, ...]:
            """What was due before."""
            del now_seconds, most
            return due

    house.sweep(6)
    asked = len(house.telnyx.asked)
    house.store = Overtaken(house.line.dynamodb, house.line.table)
    house.sweep(6)

    assert len(house.telnyx.asked) == asked
    assert house.noted.measured["CallsClosed"] == 1


def test_without_time_left_the_calls_are_left_to_the_next_sweep(house: Reconciling) -> None:
    house.play(call=until_ringing)

    counts = house.sweep(6, deadline=time.monotonic() + 5)

    assert counts == {"outstanding": 0, "calls": 1, "left": 2}
    assert house.leg().status == "answered"


REQUESTS = 15
"""Of a sweep that closes a call with three telephones ringing, the commands to Telnyx included."""


def test_the_faults_below_are_tried_at_every_request(house: Reconciling) -> None:
    house.play(call=until_ringing)
    house.line.spent()

    house.sweep(6)

    spent = house.line.spent()
    assert spent == {"Query": 6, "UpdateItem": 2, "BatchGetItem": 2, "TransactWriteItems": 1, "Telnyx": 3}
    assert sum(spent.values()) < REQUESTS


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", range(REQUESTS))
def test_one_fault_anywhere_costs_a_sweep_at_most(flows: Path, place: int, fault: Fault) -> None:
    house = reconciling(flows)
    house.play(call=until_ringing)
    house.line.faults.plan, house.line.faults.place = {place: fault}, 0

    with suppress(Died, BotoCoreError):  # Lambda reports it, and calls again in five minutes
        house.sweep(6)
    house.line.faults.plan = {}
    for minutes in (11, 16):
        house.sweep(minutes)

    assert house.leg().status == "ended"
    ended = [each.call_control_id for _, each in house.line.telnyx.obeyed if each.action == "hangup"]
    assert sorted(ended) == [f"{CONTROL}-{number}" for number in (1, 2, 3)]
    assert [each.event_type for each in house.line.store.timeline(SESSION)].count("call.hangup") == 1
    assert house.noted.measured["CallsClosed"] >= 1
    assert house.due_legs() == []


@settings(
    max_examples=4 * settings().max_examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    plan=st.dictionaries(st.integers(0, 60), st.sampled_from(FAULTS), max_size=8),
    comes=st.sampled_from(["before", "between", "after", "never"]),
    down=st.sets(st.sampled_from([6, 11]), max_size=2),
)
def test_whatever_fails_and_whenever_the_hang_up_comes_the_call_ends_once(
    flows: Path, plan: dict[int, Fault], comes: str, down: set[int]
) -> None:
    house = reconciling(flows)
    house.play(without=RECORDING_WEBHOOKS | HANG_UP)
    house.telnyx.recordings = [listed(1), listed(2)]
    house.line.faults.plan, house.line.faults.place = dict(plan), 0
    if comes == "before":
        house.line.deliver_until_done(hang_up(house))
    for minutes in (6, 11):
        house.telnyx.fault = UNAVAILABLE if minutes in down else None
        with suppress(Died, BotoCoreError):
            house.sweep(minutes)
        if comes == ("between" if minutes == 6 else "after"):
            house.line.deliver_until_done(hang_up(house))
    house.line.faults.plan, house.telnyx.fault = {}, None
    for minutes in (16, 21, 26, 31):
        house.sweep(minutes)

    leg = house.leg()
    assert (leg.status, house.due_legs()) == ("ended", [])
    assert leg.hangup_cause == ("unknown" if comes == "never" else "normal_clearing")


class UnreadableLedger(CallsTable):
    """A table whose ledger cannot be read."""

    def recordings(self, call_session_id: str, call_leg_id: str = "") -> tuple[Recording, ...]:
        """Nothing but an error."""
        del call_session_id, call_leg_id
        throttled: Any = {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}
        raise ClientError(throttled, "Query")


def test_a_leg_whose_recordings_cannot_be_looked_at_is_closed_all_the_same(house: Reconciling) -> None:
    house.play(without=RECORDING_WEBHOOKS | HANG_UP)
    house.store = UnreadableLedger(house.line.dynamodb, house.line.table)

    assert house.sweep(6)["faults"] == 1

    assert house.leg().status == "ended"


def test_a_leg_of_which_no_command_could_be_asked_is_in_no_index(house: Reconciling) -> None:
    saved = list(phone_call(house.line))[11]
    nobody = {name: value for name, value in saved.payload.items() if name != "call_control_id"}

    house.line.deliver(saved._replace(payload=nobody))

    assert house.due_legs() == []
