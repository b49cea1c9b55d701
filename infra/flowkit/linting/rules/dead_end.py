"""Steps with no way on."""

from collections.abc import Iterator

from dialtone.flow.document import Path
from dialtone.flow.prompted_input import PromptedInput
from dialtone.flow.steps.answered_by import AnsweredBy
from dialtone.flow.steps.choose_language import ChooseLanguage
from dialtone.flow.steps.collect import Collect
from dialtone.flow.steps.conference import Conference
from dialtone.flow.steps.queue import Queue
from dialtone.flow.steps.transfer import UNANSWERED_PATHS, Transfer
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule


@rule("dead-end", ERROR)
def dead_end(file: FlowFile) -> Iterator[Found]:
    """A step from which a call has no path onward: the caller is cut off without a word, or waits for ever."""
    routed = file.path.stem in file.folder.routed_flows
    visited = file.path.stem in file.folder.visited_flows  # at its end the call comes back to who visits it
    for name, step in file.steps.items():
        path = ("steps", name)
        if isinstance(step, PromptedInput) and not step.next and not visited:
            yield from _asked_at_the_end(path, step)
        if isinstance(step, Transfer) and not (step.on_error or file.flow.last_resort):
            yield from _cut_off(path, step)
        if isinstance(step, (Conference, Queue)) and not (step.on_error or file.flow.last_resort):
            yield from _left_alone(path, step)
        if isinstance(step, AnsweredBy) and routed:
            reason = "waits for ever on an incoming call: only a call that we dialled is listened to for a machine"
            yield Found(path, reason, "lead the number to another flow, or begin with another step")


def _asked_at_the_end(path: Path, step: PromptedInput) -> Iterator[Found]:
    if step.falls_through():
        remedy = "add `otherwise` with the step for callers who give no answer"
        yield Found(path, "cuts the caller off when the tries are used up", remedy)
    if isinstance(step, (Collect, ChooseLanguage)):
        yield Found(path, "cuts the caller off as soon as there is an answer", "add `next` with the step that follows")


def _left_alone(path: Path, step: Conference | Queue) -> Iterator[Found]:
    missing = [
        step_path for step_path in (("timeout", "full") if step.hold else ("full",)) if not getattr(step, step_path)
    ]
    if missing:
        reason = f"cuts the caller off where the wait ends with {' or '.join(missing)}"
        yield Found(path, reason, f"add {', '.join(missing)}, on_error or a last_resort, so that the call goes on")


def _cut_off(path: Path, step: Transfer) -> Iterator[Found]:
    missing = [step_path for step_path in UNANSWERED_PATHS if not getattr(step, step_path)]
    if missing:
        reason = f"cuts the caller off where the transfer ends with {' or '.join(missing)}"
        yield Found(path, reason, f"add {', '.join(missing)}, on_error or a last_resort, so that the call goes on")
