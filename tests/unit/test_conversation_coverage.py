"""Which edges of a flow calls have taken."""

import pytest

from dialtone.domain.calls import Call
from dialtone.domain.decisions import Decision, EnteredStep
from dialtone.flow.flow import Flow
from dialtone.flow.parser import read_flow
from infra.flowkit.conversations.coverage import Coverage, CoverageItem, CoverageRecorder, items_of
from tests.staged_call import StagedCall

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


def recorded(*entered: EnteredStep) -> CoverageRecorder:
    recorder = CoverageRecorder()
    for each in entered:
        recorder.record(Decision(Call("", ""), entered=(each,)))
    return recorder


@pytest.mark.parametrize("key", ["1", "2"])
def test_two_keys_that_lead_to_the_same_step_are_two_edges(key: str) -> None:
    call = StagedCall(FLOW.removeprefix("flow: desk\n"))
    call.pick_up()

    decision = call.gather_ends(key)

    assert decision.entered == (EnteredStep("tested", "hours", "welcome", f"keys.{key}"),)
    assert decision.edges == f"pressed {key}"
    assert CoverageItem("tested", "welcome", f"keys.{key}") in recorded(*decision.entered).taken


def test_an_error_path_is_the_steps_own_edge_or_the_flows() -> None:
    own, last_resort = (StagedCall(FLOW.removeprefix("flow: desk\n")) for _ in range(2))
    own.pick_up()
    own.gather_ends("1")
    last_resort.pick_up()

    assert own.refuse().entered[0] == EnteredStep("tested", "sorry", "hours", "on_error")
    assert last_resort.refuse().entered[0] == EnteredStep("tested", "sorry", "", "last_resort")


def test_a_call_that_comes_back_from_another_flow_goes_on_by_the_next_of_the_step_that_visited_it() -> None:
    recorder = recorded(
        EnteredStep("desk", "ask-office", "welcome", "keys.1"),
        EnteredStep("office", "hours", "", "start"),
        EnteredStep("desk", "bye", "", ""),
    )

    assert CoverageItem("desk", "ask-office", "next") in recorder.taken
    assert recorder.steps == ["ask-office", "office/hours", "bye"]


def test_a_step_entered_again_at_once_stands_once() -> None:
    recorder = recorded(*(EnteredStep("desk", step, "", "") for step in ("welcome", "welcome", "hours", "welcome")))

    assert recorder.steps == ["welcome", "hours", "welcome"]
    assert recorder.step == "welcome"


def test_everything_that_people_choose_and_every_error_path_must_be_taken() -> None:
    paths = {str(path) for path in items_of(desk())}

    assert paths == {
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


def test_an_error_path_of_the_last_resort_need_not_be_taken_since_no_call_takes_it() -> None:
    flow = read_flow("desk.yaml", FLOW.replace("say: We are sorry.", "say: We are sorry.\n    on_error: bye"))

    assert "sorry: on_error" not in {str(each) for each in items_of(flow)}
