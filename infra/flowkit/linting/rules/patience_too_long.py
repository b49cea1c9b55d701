"""Patience that lasts longer than the call may."""

from collections.abc import Iterator

from dialtone.flow.prompted_input import PromptedInput
from dialtone.flow.step import Step
from dialtone.flow.steps.transfer import Transfer
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule

SECONDS_A_MINUTE = 60

CHARACTERS_A_SECOND = 15
"""Of speech at its usual pace."""


@rule("patience-too-long", ERROR)
def patience_too_long(file: FlowFile) -> Iterator[Found]:
    """Retries that add up to more than the flow's time limit, which then ends the call in the middle of them."""
    limit = file.flow.limits.minutes * SECONDS_A_MINUTE
    for name, step in file.steps.items():
        seconds = _seconds(file, step)
        if seconds > limit:
            reason = f"may last {seconds / SECONDS_A_MINUTE:.0f} minutes with all its tries, over the flow's limit"
            remedy = f"try less often, wait less long, or raise limits.minutes, which is {file.flow.limits.minutes}"
            yield Found(("steps", name), reason, remedy)


def _seconds(file: FlowFile, step: Step) -> float:
    """How long a step takes in which everything is tried as often as it can be."""
    if isinstance(step, Transfer):
        rounds = len(step.transfer.to) if step.transfer.how == "in_turn" else 1
        return rounds * (step.ring_seconds + (step.accept_seconds if step.accept else 0))
    if not isinstance(step, PromptedInput):
        return 0
    tries = min(step.tries.in_all, step.tries.no_input + step.tries.wrong - 1)
    words = sum(len(piece.value) for piece in file.pieces if piece.prompt[1] == step.name and piece.speaks)
    return tries * (words / CHARACTERS_A_SECOND + step.wait_seconds)
