"""Which ways of a flow calls have taken, and that looking on changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dialtone.flow.parser import read_flow
from infra.flowkit.coverage import Coverage, CoverageItem, CoverageRecorder, TracedName, items_of, traced

if TYPE_CHECKING:
    from dialtone.flow.flow import Flow

FLOW = """\
flow: desk
last_resort: sorry
steps:
  welcome:
    menu: Press 1 or 2.
    keys: {1: hours, 2: hours}
    otherwise: bye
  hours:
    say: We are open.
    on_error: sorry
  card:
    collect: Key your card number in.
    into: card
    otherwise: bye
  desk:
    transfer: "+15550199"
    busy: sorry
    no_answer: sorry
  bye: hangup
  sorry:
    say: We are sorry.
    next: bye
"""


def desk() -> Flow:
    return read_flow("desk.yaml", FLOW)


def test_a_signpost_is_its_name_and_knows_where_it_stands() -> None:
    signpost = TracedName("hours", "welcome", "keys.1")

    assert signpost == "hours"
    assert hash(signpost) == hash("hours")
    assert json.dumps(signpost) == '"hours"'
    assert (signpost.step, signpost.where) == ("welcome", "keys.1")


def test_a_signposted_flow_has_the_same_steps_and_ways() -> None:
    flow = desk()

    looked_on = traced(flow, CoverageRecorder())

    assert {name: step.model_dump() for name, step in looked_on.steps.items()} == {
        name: step.model_dump() for name, step in flow.steps.items()
    }
    assert all(isinstance(looked_on.steps[name], type(step)) for name, step in flow.steps.items())
    assert (looked_on.start, looked_on.last_resort, looked_on.version) == (flow.start, flow.last_resort, flow.version)


NESTED = """\
flow: desk
steps:
  who:
    branch:
      - {when: {caller: "+1555*"}, to: message}
      - {when: {day: sunday}, to: bye}
    otherwise: again
  again: {go: who}
  message:
    record: Please leave a message.
    review: {say: "To delete it, press star.", deleted: bye}
  bye: hangup
"""


@pytest.mark.parametrize("text", [FLOW, NESTED])
def test_every_name_in_a_signposted_flow_says_where_it_stands(text: str) -> None:
    looked_on = traced(read_flow("desk.yaml", text), CoverageRecorder())

    for name, step in looked_on.steps.items():
        for where, target in step.targets():
            assert isinstance(target, TracedName), (name, where)
            assert (target.step, target.where) == (name, where)


def test_two_keys_that_lead_to_the_same_step_are_two_ways() -> None:
    recorder = CoverageRecorder()
    menu = traced(desk(), recorder).steps["welcome"]
    targets = dict(menu.targets())

    recorder.enter(desk(), "hours", targets["keys.2"])

    assert CoverageItem("desk", "welcome", "keys.2") in recorder.taken
    assert CoverageItem("desk", "welcome", "keys.1") not in recorder.taken


def test_a_step_entered_again_at_once_stands_once() -> None:
    recorder = CoverageRecorder()
    for step in ("welcome", "welcome", "hours", "welcome"):
        recorder.enter(desk(), step, step)

    assert recorder.steps == ["welcome", "hours", "welcome"]
    assert recorder.step == "welcome"


def test_everything_that_people_choose_and_every_error_path_must_be_taken() -> None:
    ways = {str(way) for way in items_of(desk())}

    assert ways == {
        *(f"step {name}" for name in ("welcome", "hours", "card", "desk", "bye", "sorry")),
        "welcome: keys.1",
        "welcome: keys.2",
        "welcome: otherwise",
        "hours: next",
        "hours: on_error",
        "card: next",
        "card: otherwise",
        "desk: busy",
        "desk: no_answer",
        "sorry: next",
        "the flow's last_resort",
    }


def test_what_was_taken_elsewhere_does_not_count() -> None:
    taken = [CoverageItem("desk", "welcome"), CoverageItem("office", "hours"), CoverageItem("desk", "cellar")]

    coverage = Coverage.of(desk(), taken)

    assert coverage.taken == {CoverageItem("desk", "welcome")}
    assert CoverageItem("desk", "hours") in coverage.missing
    assert coverage.percent == pytest.approx(100 / 17)
