"""A new version is rolled out while people call: a good one gets all webhooks, a bad one goes back."""

import pytest

from infra.carrier import BEEP, Caller, Hear, Press, Say
from infra.checkout import SAMPLES
from tests.simulation.canary import CANARY_SECONDS, MINUTE, Broken, CanaryStage

NUMBER, CALLS, EVERY_SECONDS = "+15550100", 26, 15.0
MESSAGE = Caller(Hear("Welcome"), Press("2", after=1), BEEP, Say(4, "Hello."), Press("#", after=0.5), Hear("Thank you"))


def rolled_out(stage: CanaryStage) -> list[str]:
    """Let people call, one every few seconds, and the new version come in between. Gives the calls' sessions."""
    sessions: list[str] = []
    for number in range(CALLS):
        stage.carrier.clock.after(
            number * EVERY_SECONDS,
            lambda: sessions.append(stage.call("+15550142", NUMBER, MESSAGE).name.call_session_id),
        )
    stage.carrier.clock.after(MINUTE, stage.roll_out)
    stage.carrier.run()
    return sessions


def outcomes(stage: CanaryStage, sessions: list[str]) -> list[tuple[str, list[str]]]:
    return [
        (leg.outcome, [each.status for each in stage.store.recordings(leg.session_id)])
        for session in sessions
        for leg in stage.store.legs(session)
    ]


def test_a_good_version_gets_a_tenth_for_five_minutes_and_then_all() -> None:
    stage = CanaryStage(flows=SAMPLES, seed=7)

    sessions = rolled_out(stage)

    ended = MINUTE + CANARY_SECONDS
    canary = [at for at in stage.by_new if at < ended]
    assert (stage.outcome, stage.ended_at) == ("succeeded", ended)
    assert 0 < len(canary) < 0.2 * len(stage.received)
    assert max(stage.by_new) > ended
    assert outcomes(stage, sessions) == [("completed", ["saved"])] * CALLS


@pytest.mark.parametrize("event_type", ["call.initiated", "call.gather.ended"])
def test_a_version_that_fails_goes_back_and_every_call_ends_as_it_would_have(event_type: str) -> None:
    stage = CanaryStage(flows=SAMPLES, seed=2, broken=Broken(event_type))

    sessions = rolled_out(stage)

    assert stage.outcome == "stopped by an alarm"
    assert stage.ended_at < MINUTE + CANARY_SECONDS
    assert max(stage.by_new) <= stage.ended_at
    assert stage.metrics.counts.total()
    assert outcomes(stage, sessions) == [("completed", ["saved"])] * CALLS
    assert not stage.carrier.given_up


def test_while_an_alarm_rings_no_version_gets_a_webhook() -> None:
    stage = CanaryStage(flows=SAMPLES, seed=7)
    stage.metrics.counts["EventsParked", 1] = 1

    rolled_out(stage)

    assert (stage.outcome, stage.by_new) == ("stopped by an alarm", [])
