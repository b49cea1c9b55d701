"""Files that cannot be read at all."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, Of, rule


@rule("unreadable-file", ERROR, Of.LINTER)
def unreadable_file(file: FlowFile) -> Iterator[Found]:
    """A file that is missing, may not be read, or is not UTF-8."""
    del file
    yield from ()
