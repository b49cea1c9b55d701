"""Comments that silence nothing."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, Of, rule


@rule("idle-silence", ERROR, Of.LINTER)
def idle_silence(file: FlowFile) -> Iterator[Found]:
    """A `lint: ignore` that names no rule, gives no reason, or has nothing to silence."""
    del file
    yield from ()
