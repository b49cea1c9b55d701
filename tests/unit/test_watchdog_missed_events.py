"""What a call misses, by Telnyx's account of it and its timeline."""

from datetime import datetime
from typing import Any

import pytest

from dialtone.adapters.calls_table import TimelineEntry
from dialtone.adapters.telnyx_api import ReportedEvent, TakenCommand
from dialtone.domain.calls import Call
from dialtone.domain.commands import command
from dialtone.domain.unconfirmed_commands import Unconfirmed
from dialtone.domain.watch import GRACE_SECONDS, Look, Watch
from watchdog.missed_events import DELIVERIES_SECONDS, Missed, led_by_others, missed, overdue, untaken

AT = "2026-11-30T12:00:00.000000Z"
SECOND_LATER = "2026-11-30T12:00:01.500000Z"
NOW = datetime.fromisoformat(AT).timestamp() + 20


def entry(event_type: str = "call.answered", at: str = AT, event_id: str = "known", *actions: str) -> TimelineEntry:
    commands = tuple(command(action, "v3:call") for action in actions)
    return TimelineEntry(event_id, event_type, at, "leg", {}, "", "welcome", 1, commands)


def webhook(event_type: str = "call.answered", at: str = AT, event_id: str = "known") -> dict[str, Any]:
    return {"id": event_id, "event_type": event_type, "occurred_at": at, "payload": {"call_session_id": "session"}}


def listed(event_type: str = "call.answered", at: str = AT, event_id: str = "known") -> ReportedEvent:
    return ReportedEvent(event_type, "leg", at, webhook(event_type, at, event_id))


def test_what_came_is_not_missed() -> None:
    assert missed([entry()], [listed()], [webhook()], NOW) == Missed()


def test_what_came_is_known_though_it_is_listed_under_another_id() -> None:
    assert missed([entry()], [listed(event_id="another")], [], NOW) == Missed()


OTHERS = (
    listed("call.speak.ended", event_id="new"),
    listed(at=SECOND_LATER, event_id="new"),
    listed(event_id="new")._replace(call_leg_id="the callee's"),
)


@pytest.mark.parametrize("of", OTHERS)
def test_another_event_or_one_at_another_time_or_on_another_leg_is_missed(of: ReportedEvent) -> None:
    assert missed([entry()], [of], [], NOW).events == (of.event,)


def test_what_telnyx_gave_up_is_missed_by_its_id_and_the_oldest_is_first() -> None:
    newer, older = webhook("call.hangup", SECOND_LATER, "b"), webhook("call.speak.ended", AT, "a")

    assert missed([entry()], [], [newer, older], NOW).events == (older, newer)


def test_an_event_of_which_only_the_name_is_listed_is_still_on_its_way_for_a_minute() -> None:
    named = ReportedEvent("call.speak.ended", "leg", AT, None)

    assert missed([], [named], [], NOW) == Missed(unreadable=True)
    assert missed([], [named], [], NOW + DELIVERIES_SECONDS) == Missed()


@pytest.mark.parametrize("at", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_a_time_that_is_none_is_long_ago(at: str) -> None:
    assert missed([], [ReportedEvent("call.speak.ended", "leg", at, None)], [], NOW) == Missed()


@pytest.mark.parametrize(("until", "late"), [(0, False), (NOW - GRACE_SECONDS + 1, False), (NOW - GRACE_SECONDS, True)])
def test_an_event_is_overdue_a_little_after_the_longest_that_it_may_take(until: float, *, late: bool) -> None:
    watch = Watch("chain", int(NOW - 60), int(until))

    assert overdue(watch, Look("session", "leg", "chain"), NOW) is late


def test_what_was_sent_again_has_its_time_once_more() -> None:
    watch = Watch("chain", int(NOW - 60), int(NOW - 40))

    assert not overdue(watch, Look("session", "leg", "chain", sent_again_at=int(NOW - 5)), NOW)
    assert overdue(watch, Look("session", "leg", "chain", sent_again_at=int(NOW - 30)), NOW)


def test_commands_of_others_are_distinguished_from_ours() -> None:
    timeline, since = [entry("call.answered", AT, "known", "record_stop")], NOW - 20
    ours, others = TakenCommand("record_stop", "leg", ""), TakenCommand("speak", "leg", "")
    call = Call("session", "leg")

    assert not led_by_others(call, timeline, [ours], since)
    assert led_by_others(call, timeline, [ours, others], since)
    assert not led_by_others(call, timeline, [TakenCommand("speak", "another leg", "")], since)
    assert led_by_others(call, [], [ours], since)


def test_a_command_is_untaken_if_no_event_has_confirmed_it_and_telnyx_does_not_list_it() -> None:
    decided = entry("call.answered", AT, "known", "record_stop", "playback_stop")
    waiting = Call("session", "leg", unconfirmed=Unconfirmed("known", AT, 2, groups=((0,), (1,))))
    confirmed = Call("session", "leg", unconfirmed=Unconfirmed("known", AT, 2))
    both = [TakenCommand("record_stop", "leg", ""), TakenCommand("playback_stop", "leg", "")]

    assert untaken(waiting, decided, both[:1])
    assert not untaken(waiting, decided, both)
    assert not untaken(confirmed, decided, [])
    assert not untaken(waiting, None, [])
