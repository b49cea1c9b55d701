"""Rotas that cannot be used."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, Of, rule


@rule("invalid-rota", ERROR, Of.LINTER)
def invalid_rota(file: FlowFile) -> Iterator[Found]:
    """A rota that Lambda refuses for a reason that no other rule explains."""
    del file
    yield from ()
