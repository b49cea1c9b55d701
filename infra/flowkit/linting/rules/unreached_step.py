"""Steps that no call comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.flowkit.linting.rule import ERROR, Found, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.flowkit.linting.files import FlowFile


@rule("unreached-step", ERROR)
def unreached_step(file: FlowFile) -> Iterator[Found]:
    """A step that no caller can reach."""
    for name in file.steps:
        if name not in file.graph.reached:
            yield Found(("steps", name), "is never reached", "remove it, or let a step lead to it")
