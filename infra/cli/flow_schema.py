"""`dialtone flow schema`: the JSON Schemas that editors complete and check flows by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.checkout import ROOT
from infra.flowkit.key_reference import page
from infra.flowkit.schemas import schemas, written

if TYPE_CHECKING:
    import argparse

DOCS = ROOT / "docs" / "schema"
"""Where they are published."""

KEYS = DOCS.parent / "flow-keys.md"
"""The page of every key."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "of", nargs="?", choices=("calendar", "flow", "numbers"), default="flow", help="of what; a flow if not said"
    )
    parser.add_argument("--write", action="store_true", help="write all of them, and the page of every key, to docs")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print one, or write all."""
    if not given.write:
        print(written(schemas()[given.of]), end="")
        return 0
    DOCS.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        (DOCS / f"{name}.schema.json").write_text(written(schema), encoding="utf-8")
    KEYS.write_text(page(), encoding="utf-8")
    return 0
