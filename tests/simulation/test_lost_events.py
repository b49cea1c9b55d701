"""Calls of which one event never comes: the watchdog reads it back from Telnyx, or moves the call on."""

import os
from collections.abc import Iterator

import pytest

from dialtone.domain.call_status import ENDED
from dialtone.domain.events import TELNYX_EVENT
from infra.carrier import ApiFault, Caller, Hear, Silence
from infra.demo import scenes
from tests.simulation.carrier_questions import CarrierQuestions
from tests.simulation.plays import PLAYS
from tests.simulation.watched import FailedOnly, Forgetful, WatchedStage

HANG_UP = "call.hangup"

AN_HOUR = 3_600

EVERY = 1 if os.environ.get("DRILL_EXAMPLES") else 5
"""Every fifth event is lost in each of the three ways; in a drill all are."""


def lost(play: str, number: int, asks: type[CarrierQuestions]) -> tuple[WatchedStage, str]:
    """Play a call without one event, whose number counts from 0."""
    stage = WatchedStage(seed=7, lost=number, asks=asks)
    return stage, PLAYS[play](stage)


def reported(play: str) -> WatchedStage:
    """Play it with all of them."""
    stage = WatchedStage(seed=7)
    PLAYS[play](stage)
    return stage


def losing(whole: WatchedStage, *, first: int, but: str = "") -> Iterator[tuple[int, str]]:
    """The numbers of the events that are lost, one after the other, and how that is called.

    A lost hang-up leaves nobody on the line; where it is not read back, a sweep closes the call: test_lost_hangups.py.
    """
    for number in range(first % EVERY, whole.events, EVERY):
        if (lost_one := whole.received[number].type) != but:
            yield number, f"without {lost_one}, number {number}"


def assert_all_have_gone(stage: WatchedStage, session: str, what: str) -> None:
    assert [each for each in stage.carrier.legs if each.alive] == [], what
    assert {each.status for each in stage.store.legs(session)} == {ENDED}, what


@pytest.mark.parametrize("play", PLAYS)
def test_the_watchdog_does_nothing_for_calls_whose_events_come(play: str) -> None:
    stage = reported(play)

    assert dict(stage.noted.measured) == {}


@pytest.mark.parametrize("play", PLAYS)
def test_an_event_that_never_comes_is_read_back_within_half_a_minute(play: str) -> None:
    whole = reported(play)

    for number, what in losing(whole, first=0):
        stage, session = lost(play, number, CarrierQuestions)

        assert_all_have_gone(stage, session, what)
        assert stage.noted.measured["EventsOverdue"] == 0, what
        assert HANG_UP in what or max(stage.read_back, default=0) <= 31, what


@pytest.mark.parametrize("play", PLAYS)
def test_without_the_events_themselves_it_is_read_back_once_telnyx_has_given_up(play: str) -> None:
    whole = reported(play)

    for number, what in losing(whole, first=1, but=HANG_UP):
        stage, session = lost(play, number, FailedOnly)

        assert_all_have_gone(stage, session, what)


@pytest.mark.parametrize("play", PLAYS)
def test_of_an_event_that_telnyx_does_not_know_either_the_call_goes_on_by_its_error_path(play: str) -> None:
    whole = reported(play)

    for number, what in losing(whole, first=2, but=HANG_UP):
        stage, session = lost(play, number, Forgetful)

        assert_all_have_gone(stage, session, what)


def test_a_caller_who_would_hear_nothing_more_hears_the_apology_of_the_flow() -> None:
    play = "a menu, hours and a message"
    number = next(place for place, event in enumerate(reported(play).received) if event.type == "call.gather.ended")

    stage, session = lost(play, number, Forgetful)

    overdue = next(each for each in stage.store.timeline(session) if each.event_type == "dialtone.event.overdue")
    assert "Telnyx reported nothing for" in overdue.reason
    assert [each.action for each in overdue.commands] == ["gather_stop", "speak"]
    assert stage.noted.measured["EventsOverdue"] >= 1


def test_the_usual_call_is_reported_to_the_watchdog_once_by_the_webhook_function() -> None:
    stage = WatchedStage(seed=7)

    PLAYS["a recorded conversation"](stage)

    assert stage.queue.sent - stage.queue.by_watchdog == 1


def test_a_conversation_is_asked_about_ever_more_seldom_and_left_alone() -> None:
    stage = WatchedStage(seed=7)
    *steps, _ = scenes.RECORDED.script.steps
    line = stage.talk(Caller(*steps, Silence(AN_HOUR)))

    assert not line.ended
    assert stage.noted.measured == {}
    assert stage.queue.sent < 30


def test_a_call_that_the_failover_leads_is_left_to_it() -> None:
    """It speaks to the caller though no event of that ever comes here."""
    stage = WatchedStage(seed=7, asks=Forgetful, lost=2)
    line = stage.call("+15550143", "+15550100", Caller(Hear("Welcome"), Silence(300)))
    stage.carrier.run_for(20)
    stage.say_for_another(line.leg, "We are sorry.")

    stage.carrier.run_for(120)

    assert stage.noted.measured["EventsOverdue"] == 0
    assert not line.leg.ended


def test_while_telnyx_does_not_answer_nothing_is_done_and_the_looks_go_on() -> None:
    whole = reported("a menu, hours and a message")
    number = next(place for place, event in enumerate(whole.received) if event.type == "call.answered")
    stage = WatchedStage(seed=7, lost=number)
    stage.carrier.faults.disturb_api(ApiFault.UNAVAILABLE, action="call_events", times=2)

    session = PLAYS["a menu, hours and a message"](stage)

    assert stage.noted.measured["WatchdogFaults"] == 2
    assert stage.noted.measured["EventsReadBack"] == 1
    assert {each.status for each in stage.store.legs(session)} == {ENDED}


def test_an_event_that_the_webhook_function_can_never_take_does_not_keep_the_call_waiting() -> None:
    play = "a menu, hours and a message"
    number = next(place for place, event in enumerate(reported(play).received) if event.type == "call.gather.ended")
    stage = WatchedStage(seed=7, lost=number, refuses=TELNYX_EVENT)

    session = PLAYS[play](stage)

    assert stage.noted.measured["EventsOverdue"] >= 1
    assert_all_have_gone(stage, session, "with an event that is never taken")


def test_messages_of_a_chain_that_another_has_replaced_are_dropped() -> None:
    stage = WatchedStage(seed=7)
    line = stage.call("+15550143", "+15550100", Caller(Hear("Welcome"), Silence(20)))
    stage.carrier.run_for(2)
    [leg] = stage.store.legs(line.name.call_session_id)
    sent = stage.queue.sent

    stage.queue.watchdog.look(stage.look_of(leg)._replace(chain="another"))

    assert stage.queue.sent == sent
