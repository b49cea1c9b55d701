"""Rotas that cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.flowkit.linting.rule import ERROR, Found, Of, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.flowkit.linting.files import FlowFile


@rule("invalid-rota", ERROR, Of.LINTER)
def invalid_rota(file: FlowFile) -> Iterator[Found]:
    """A rota that Lambda refuses for a reason that no other rule explains."""
    del file
    yield from ()
