"""`dialtone flow schema`: the JSON Schemas that editors complete and check flows by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "of", nargs="?", choices=("calendar", "flow", "numbers"), default="flow", help="of what; a flow if not said"
    )
    parser.add_argument("--write", action="store_true", help="write all, for editors, into the project's schema folder")
    parser.set_defaults(run=later("infra.cli.flow_schema_run"))
