"""Data files that cannot be used."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, Of, rule


@rule("invalid-data", ERROR, Of.LINTER)
def invalid_data(file: FlowFile) -> Iterator[Found]:
    """A data file that Lambda refuses: a cell, a row, a column, or the file as a whole."""
    del file
    yield from ()
