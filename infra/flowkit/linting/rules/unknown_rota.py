"""Rotas that are named and are not there."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.mentions import rotas
from infra.flowkit.linting.rule import ERROR, Found, Of, rule
from infra.flowkit.linting.rules.unknown_step import near


@rule("unknown-rota", ERROR, Of.WRITTEN)
def unknown_rota(file: FlowFile) -> Iterator[Found]:
    """A rota that a step uses, and that has no file."""
    known = file.folder.rota_names
    for path, rota in rotas(file.document):
        if rota not in known:
            remedy = near(rota, known, f"add rotas/{rota}.yaml beside the flow, or name one that is there")
            yield Found(path, f"goes by the rota {rota}, which does not exist", remedy)
