"""What holds of a flow that is visited from another: its `record` counts, its `limits` do not."""

import pytest

from dialtone.flow.loaded_flow import LoadedFlow
from dialtone.flow.parser import read_flow
from tests.staged_call import StagedCall, actions

LEAD = "steps:\n  hello: {say: Hello.}\n  there: {go: {flow: other%s}}\n  back: {say: Back.}\n"
OTHER = "steps:\n  first: {say: First.}\n  second: {say: Second.}\n"


WAV = "record: {channels: dual, format: wav}\n"


def staged(lead: str = LEAD % "", record: str = WAV) -> StagedCall:
    """A call in a flow that visits another, which records."""
    call = StagedCall(lead)
    visited = read_flow("other.yaml", f"flow: other\n{record}{OTHER}")
    leading = read_flow("tested.yaml", f"flow: tested\n{lead}")
    call.loaded = LoadedFlow(leading, {"other": visited})
    call.pick_up()
    return call


def test_a_visited_flow_records_from_its_start_on() -> None:
    call = staged()

    entered = call.prompt_ends()

    assert actions(entered) == ["record_start", "speak"]
    assert entered.commands[0].parameters["format"] == "wav"
    assert (call.call.recorder, len(call.call.recordings), call.call.step) == ("on", 1, "other/first")


def test_what_runs_already_is_not_begun_again() -> None:
    call = staged("record: {}\n" + LEAD % "")

    assert actions(call.prompt_ends()) == ["speak"]


def test_consent_is_not_asked_for_while_a_recording_runs() -> None:
    call = staged("record: {}\n" + LEAD % "", record="record: {consent: ask}\n")

    assert actions(call.prompt_ends()) == ["speak"]
    assert call.call.step == "other/first"


def test_with_consent_a_visited_flow_asks_first() -> None:
    call = staged(record="record: {consent: ask}\n")

    asked = call.prompt_ends()
    agreed = call.gather_ends("1")

    assert (actions(asked), actions(agreed)) == (["gather_using_speak"], ["record_start", "speak"])


def test_a_second_visit_begins_nothing() -> None:
    call = staged("steps:\n  hello: {say: Hello.}\n  there: {go: {flow: other}, next: hello}\n")

    visits = [actions(call.prompt_ends()) for _ in range(6)]

    assert visits.count(["record_start", "speak"]) == 1
    assert not [each for each in visits if each not in (["speak"], ["record_start", "speak"])]


def test_a_caller_who_declined_is_not_recorded_in_a_visit() -> None:
    lead = "record: {consent: ask}\n" + LEAD % ""
    call = staged(lead)

    call.gather_ends("2")
    entered = call.prompt_ends()

    assert (actions(entered), call.call.recorder) == (["speak"], "")


def test_a_visit_to_a_step_in_its_midst_begins_nothing() -> None:
    call = staged(LEAD % ", step: second")

    assert actions(call.prompt_ends()) == ["speak"]
    assert call.call.step == "other/second"


@pytest.mark.parametrize(("led_by", "steps"), [("limits: {steps: 3}\n", 3), ("", 200)])
def test_the_limits_that_count_are_those_of_the_flow_in_which_the_call_began(led_by: str, steps: int) -> None:
    call = staged(led_by + LEAD % "", record="limits: {steps: 1}\n")

    call.prompt_ends()
    call.prompt_ends()

    limited = steps == 3
    assert (call.decisions[-1].reason == "limit reached: 3 steps") is limited
    assert call.call.step == ("" if limited else "other/second")
