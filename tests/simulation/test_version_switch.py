"""A deployment and a rollback in the middle of a call: it ends as it would have under one version."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.flowkit.stage import EndState, Stage
from tests.frozen_calls import FOLDER, continued, frozen
from tests.simulation.plays import ALL_PLAYS, flows_of
from tests.simulation.versions import UNKNOWN, SwitchingStage

pytestmark = pytest.mark.no_cover  # plays again what other tests take

BEGAN = datetime(2026, 3, 2, 10, tzinfo=UTC)
"""When calls are made: some keep times in their state."""


def undisturbed(play: str) -> tuple[EndState, list[str]]:
    stage = Stage(flows=flows_of(play), start=BEGAN)
    session = ALL_PLAYS[play](stage)
    return stage.end_state(session), actions(stage)


def actions(stage: Stage) -> list[str]:
    return [asked.action for _, asked in stage.api.log]


@pytest.mark.parametrize(("number", "play"), list(enumerate(ALL_PLAYS)))
def test_a_call_survives_a_switch_of_versions_before_every_event(number: int, play: str) -> None:
    """Every other call begins under the next version, so that each event is one before and one after a rollback."""
    stage = SwitchingStage(flows=flows_of(play), next_first=number % 2 == 1, start=BEGAN)

    session = ALL_PLAYS[play](stage)

    assert (stage.end_state(session), actions(stage)) == undisturbed(play)
    assert {"this", "next"} <= set(stage.versions)
    assert stage.table.extended
    assert not stage.carrier.given_up


def test_the_next_version_differs_wherever_a_field_can_be_added() -> None:
    stage = SwitchingStage(flows=flows_of("a recorded conversation"), next_first=True)
    ALL_PLAYS["a recorded conversation"](stage)

    text = json.dumps(stage.table.items())

    assert text.count(next(iter(UNKNOWN))) > stage.table.extended


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_calls_that_an_earlier_version_began_are_led_to_their_end(file: Path) -> None:
    """Its items lie in the table, and the rest of the events come: the call ends as it did under that version."""
    calls = frozen(file)

    for call in calls:
        assert continued(call) == call.outcome, call.play


def test_what_is_frozen_is_frozen_in_the_middle_of_a_call() -> None:
    for file in FOLDER.glob("*.json"):
        for call in frozen(file):
            assert call.items, call.play
            assert call.events, call.play
            assert any(item["item"]["S"].startswith("LEG#") for item in call.items), call.play
