"""Flows that cannot be followed."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, Of, rule


@rule("invalid-flow", ERROR, Of.LINTER)
def invalid_flow(file: FlowFile) -> Iterator[Found]:
    """A flow that Lambda refuses and no other rule explains: unknown or missing keys, values out of range."""
    del file
    yield from ()
