"""Digits that nobody but the caller may learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.flows.steps.collect import Collect
from infra.flowkit.linting.rule import ERROR, Found, rule
from infra.flowkit.linting.variables import conditions, uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.flowkit.linting.files import FlowFile


@rule("sensitive-digits", ERROR)
def sensitive_digits(file: FlowFile) -> Iterator[Found]:
    """Digits of a `sensitive` step that are put into a prompt, a variable, a condition, or anything else."""
    sensitive = {step.variable for step in file.steps.values() if isinstance(step, Collect) and step.sensitive}
    for use in uses(file.written):
        if use.name in sensitive:
            reason = f"gives {use.name} away, which is keyed in as sensitive"
            yield Found(use.path, reason, "leave it out: of sensitive digits only asterisks are kept")
    for use in conditions(file.written):
        if use.name in sensitive:
            reason = f"goes by {use.name}, which is keyed in as sensitive"
            yield Found(use.path, reason, "go by something else: of sensitive digits only asterisks are kept")
