"""Queues from which no flow takes callers."""

from collections.abc import Iterator

from dialtone.flow.steps.queue import Queue
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule


@rule("untaken-queue", WARNING)
def untaken_queue(file: FlowFile) -> Iterator[Found]:
    """A queue without `agents`, from which no flow here takes callers: they wait until the longest wait is over."""
    for name, step in file.steps.items():
        if isinstance(step, Queue) and not step.agents and step.queue not in file.folder.taken_queues:
            reason = f"keeps callers in {step.queue}, from which no flow here takes them"
            remedy = f"add a flow for agents with `take_from: {step.queue}`, or name `agents` who are rung"
            yield Found(file.path_to(name, "queue"), reason, remedy)
