"""Calls whose hang-ups never come: after the sweeps every leg has ended, and nobody is left on a line."""

import pytest

from dialtone.domain.outcomes import UNKNOWN
from infra.carrier import Caller, HangUp, Person, Silence
from infra.carrier.account import AGENT
from infra.demo import scenes
from infra.flowkit.stage import Stage
from tests.integration.reconciling import Noted
from tests.simulation.plays import PLAYS
from tests.simulation.test_lost_recordings import HANG_UP, HOUR_SECONDS, SweptStage, swept


def swept_without_hangups(play: str) -> tuple[SweptStage, str]:
    """Play a call whose hang-ups never arrive, with a Telnyx that lists neither deliveries nor events."""
    return swept(play, HANG_UP, unasked=("webhook_deliveries", "call_events"))


def assert_everybody_has_gone(stage: SweptStage, session: str, reported: Stage, reported_session: str) -> None:
    legs, legs_reported = stage.store.legs(session), reported.store.legs(reported_session)
    assert [each.status for each in legs] == ["ended"] * len(legs_reported)
    assert [each for each in stage.carrier.exchange.legs.values() if each.alive] == []
    assert stage.noted.measured["CallsClosed"] == len(legs)
    assert [each for each in stage.store.due_items(9e12, 100) if each.leg_id] == []


SHOWN = ("a recorded conversation", "a message ended by silence", "a caller who hangs up in the menu")


@pytest.mark.parametrize(
    ("play", "unasked"), [*((play, "") for play in PLAYS), *((play, "webhook_deliveries") for play in SHOWN)]
)
def test_every_call_ends_as_if_its_hang_ups_had_come_since_telnyx_has_them_still(play: str, unasked: str) -> None:
    """Also where it does not list what it could not deliver, and only its account of the call shows them."""
    reported = Stage(seed=7)
    reported_session = PLAYS[play](reported)

    stage, session = swept(play, HANG_UP, unasked=[unasked] * bool(unasked), meanwhile=True)

    assert_everybody_has_gone(stage, session, reported, reported_session)
    for leg, leg_reported in zip(stage.store.legs(session), reported.store.legs(reported_session), strict=True):
        assert (leg.outcome, leg.hangup_cause, leg.hangup_source) == (
            leg_reported.outcome,
            leg_reported.hangup_cause,
            leg_reported.hangup_source,
        )


@pytest.mark.parametrize("play", PLAYS)
def test_without_them_every_leg_is_ended_with_the_outcome_as_far_as_it_can_be_known(play: str) -> None:
    reported = Stage(seed=7)
    reported_session = PLAYS[play](reported)

    stage, session = swept_without_hangups(play)

    assert_everybody_has_gone(stage, session, reported, reported_session)
    for leg, leg_reported in zip(stage.store.legs(session), reported.store.legs(reported_session), strict=True):
        assert leg.outcome in {leg_reported.outcome, UNKNOWN}
        assert (leg.hangup_cause, leg.hangup_source) == (UNKNOWN, UNKNOWN)


@pytest.mark.parametrize(
    ("play", "outcome"),
    [
        ("a recorded conversation", "completed"),
        ("a message ended by silence", "completed"),
        ("an announcement that is acknowledged", "acknowledged"),
        ("a caller who hangs up in the menu", UNKNOWN),
        ("an announcement to a busy line", UNKNOWN),
    ],
)
def test_what_the_flow_shows_of_the_outcome_is_known_without_a_cause(play: str, outcome: str) -> None:
    stage, session = swept_without_hangups(play)

    assert [each.outcome for each in stage.store.legs(session)] == [outcome]


@pytest.mark.parametrize("play", PLAYS)
def test_sweeps_do_nothing_to_calls_whose_hang_ups_came(play: str) -> None:
    reported = Stage(seed=7)
    reported_session = PLAYS[play](reported)

    stage, session = swept(play)

    assert stage.end_state(session).legs == reported.end_state(reported_session).legs
    assert "CallsClosed" not in stage.noted.measured


def test_nothing_happens_to_a_call_that_goes_on_and_its_hang_up_ends_it() -> None:
    stage = SweptStage(seed=7)
    stage.noted = Noted()
    *steps, _ = scenes.RECORDED.script.steps
    stage.carrier.add_callee(AGENT, Person(Silence(5 * HOUR_SECONDS)))
    line = stage.call("+15550143", scenes.RECORDED.number, Caller(*steps, Silence(3 * HOUR_SECONDS), HangUp()))

    while not line.leg.ended:
        stage.sweep()

    [leg] = stage.store.legs(line.name.call_session_id)
    assert (leg.status, leg.hangup_cause) == ("ended", "normal_clearing")
    assert "CallsClosed" not in stage.noted.measured
