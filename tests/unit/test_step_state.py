"""What steps remember, in the form in which every deployed version of the program stores and reads it."""

import pytest

from dialtone.flow.consent import ConsentState
from dialtone.flow.in_call_keys import Consultation
from dialtone.flow.prompted_input import PromptedInputState
from dialtone.flow.step_state import NO_STATE, PromptState, StepState
from dialtone.flow.steps.collect import CollectState
from dialtone.flow.steps.lookup import LookUpState
from dialtone.flow.steps.record import RecordState
from dialtone.flow.steps.transfer import TransferState
from dialtone.flow.tries import Failure

STORED: list[tuple[StepState, dict[str, int]]] = [
    (NO_STATE, {}),
    (PromptState(prompts=2), {"prompts": 2}),
    (ConsentState(prompts=1, asked=1), {"prompts": 1, "asked": 1}),
    (ConsentState(consented=True), {"consented": 1}),
    (LookUpState(meanwhile=True), {"meanwhile": 1}),
    (
        PromptedInputState(tried=3, no_input=2, wrong=1, last=Failure.WRONG_INPUT),
        {"tried": 3, "no_input": 2, "wrong": 1, "last": 2},
    ),
    (PromptedInputState(piece=1, pieces=3), {"piece": 1, "pieces": 3}),
    (PromptedInputState(prompts=1, heard=True), {"prompts": 1, "heard": 1}),
    (CollectState(paused=True, confirming=True, last=Failure.NO_INPUT), {"paused": 1, "confirming": 1, "last": 1}),
    (RecordState(prompts=2, consented=True), {"prompts": 2, "consented": 1}),
    (RecordState(phase="running", number=2, redone=1), {"running": 1, "number": 2, "redone": 1}),
    (RecordState(phase="saving", number=2), {"running": 1, "saving": 1, "number": 2}),
    (RecordState(phase="listening", number=2, asked=1), {"listening": 1, "number": 2, "asked": 1}),
    (RecordState(phase="choosing", number=2, asked=1), {"choosing": 1, "number": 2, "asked": 1}),
    (
        TransferState(prompts=2, announcing=True, round=1, busy=1),
        {"prompts": 2, "announcing": 1, "round": 1, "busy": 1},
    ),
    (TransferState(connected=True, no_answer=1, failed=2), {"connected": 1, "no_answer": 1, "failed": 2}),
    (TransferState(connected=True, agent_key=11, agent_millis=9), {"connected": 1, "agent_key": 11, "agent_millis": 9}),
    (TransferState(consulted=1, consultation=Consultation.TALKING), {"consulted": 1, "consultation": 2}),
    (TransferState(parted=True, whispers={"far-1": 2}), {"parted": 1, "far-1": 2}),
]


@pytest.mark.parametrize(("state", "stored"), STORED)
def test_a_state_is_stored_under_the_names_that_other_versions_know_and_read_back(
    state: StepState, stored: dict[str, int]
) -> None:
    assert state.stored() == stored
    assert type(state).read(stored) == state


def test_a_count_of_nothing_is_the_same_as_none() -> None:
    assert TransferState.read({"prompts": 2, "announcing": 0}) == TransferState(prompts=2)


@pytest.mark.parametrize("kind", [PromptedInputState, CollectState, RecordState, ConsentState, LookUpState])
def test_what_a_later_version_adds_is_passed_over(kind: type[StepState]) -> None:
    assert kind.read({"imagined": 7}) == kind()


def test_a_failure_of_a_later_version_is_none() -> None:
    assert PromptedInputState.read({"last": 3, "tried": 1}) == PromptedInputState(tried=1)
