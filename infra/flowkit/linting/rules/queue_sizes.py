"""Queues that several steps give different sizes."""

from collections.abc import Iterator

from dialtone.flow.steps.queue import Queue
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule


@rule("queue-sizes", WARNING)
def queue_sizes(file: FlowFile) -> Iterator[Found]:
    """A queue with different values of `max_size`: Telnyx uses the one of the first caller."""
    for name, step in file.steps.items():
        if isinstance(step, Queue) and len(sizes := file.folder.queue_sizes.get(step.queue, frozenset())) > 1:
            others = ", ".join(sorted(str(each or "none") for each in sizes - {step.max_size}))
            reason = f"gives the queue {step.queue} the size {step.max_size or 'none'}, and another step here {others}"
            yield Found(file.path_to(name, "queue"), reason, "write the same max_size wherever callers come into it")
