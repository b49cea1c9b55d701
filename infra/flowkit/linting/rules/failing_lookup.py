"""Lookups that end the call when the system that is asked does not answer."""

from collections.abc import Iterator

from dialtone.flow.steps.lookup import LookUp
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule


@rule("failing-lookup", ERROR)
def failing_lookup(file: FlowFile) -> Iterator[Found]:
    """A lookup without a path for when the other system is down: callers would be hung up on."""
    for name, step in file.steps.items():
        if isinstance(step, LookUp) and not step.on_error and not file.flow.last_resort:
            reason = f"has no path when {step.lookup} does not answer"
            yield Found(("steps", name), reason, "give it `on_error`, or the flow a `last_resort`")
