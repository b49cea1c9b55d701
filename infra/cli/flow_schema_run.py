"""Runs `dialtone flow schema`."""

import argparse

from dialtone.domain.errors import DialtoneError
from infra.checkout import IS_INSTALLED, ROOT
from infra.flowkit.conversations.conversation import schema as conversations_schema
from infra.flowkit.reference.keys import page
from infra.flowkit.reference.schemas import schemas, written
from infra.output.files import write_whole
from infra.projects.new_project import SCHEMA_FOLDER
from infra.projects.project import nearest, shown

DOCS = ROOT / "docs" / "schema"
"""Where they are published."""

KEYS = DOCS.parent / "flow-keys.md"
"""The page of every key."""


def run(given: argparse.Namespace) -> int:
    """Print one, or write all: for the nearest project, and in a checkout without one for Dialtone's own pages."""
    if not given.write:
        print(written(schemas()[given.of]), end="")
        return 0
    project = nearest()
    if project.is_samples and IS_INSTALLED:
        raise DialtoneError("schemas are written into a project, and none lies here or above: `dialtone new` makes one")
    folder = DOCS if project.is_samples else project.root / SCHEMA_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        write_whole(folder / f"{name}.schema.json", written(schema))
    write_whole(folder / "conversations.schema.json", conversations_schema())
    if project.is_samples:
        write_whole(KEYS, page())
    print(f"written: {shown(folder)}")
    return 0
