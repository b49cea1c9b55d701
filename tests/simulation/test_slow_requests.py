"""Slow requests, dying processes, webhooks that overlap and come again: nothing is stuck, nothing is obeyed twice."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.call_status import ENDED
from infra.carrier.faults import ARRIVING, WebhookFault
from tests.simulation.plays import ALL_PLAYS, flows_of
from tests.simulation.processes import ConcurrentStage
from tests.simulation.test_orders import AS_DRAWN

PATIENCE_SECONDS = 240
"""How much longer than undisturbed a call may take: prompts said again, time-outs of questions, retries of webhooks."""


@cache
def undisturbed_seconds(play: str) -> float:
    stage = ConcurrentStage(seed=0, flows=flows_of(play))
    ALL_PLAYS[play](stage)
    return lasted(stage)


def lasted(stage: ConcurrentStage) -> float:
    ended = [leg.ended for leg in stage.carrier.legs]
    assert None not in ended, "a leg never ends"
    return max(each for each in ended if each is not None)


@pytest.mark.parametrize("play", ALL_PLAYS)
@AS_DRAWN
@given(
    seed=st.integers(0, 2**32),
    slow=st.sampled_from([0.02, 0.1, 0.3]),
    killed=st.sampled_from([0.0, 0.003, 0.01]),
    disturbed=st.booleans(),
)
def test_no_call_is_stuck_and_no_command_is_obeyed_twice(
    play: str,
    seed: int,
    slow: float,
    killed: float,
    disturbed: bool,  # noqa: FBT001 -- hypothesis gives keywords
) -> None:
    faults: dict[WebhookFault, float] = dict.fromkeys(ARRIVING, 0.05) if disturbed else {}
    stage = ConcurrentStage(seed=seed, flows=flows_of(play), slow=slow, copied=0.1, killed=killed, faults=faults)

    session = ALL_PLAYS[play](stage)

    assert stage.obeyed_twice() == {}
    assert lasted(stage) - undisturbed_seconds(play) < PATIENCE_SECONDS
    assert {leg.status for leg in stage.store.legs(session)} == {ENDED}
    assert not stage.carrier.given_up
