"""`dialtone deploy`: puts a project's line on AWS, or brings it up to date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra.cli.commands import later

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Check the project's menus, pack them with Dialtone's functions, and deploy the stack that dialtone.toml names."
        " After an upgrade of Dialtone, the same command brings the stack to the new version."
    )
    parser.add_argument("environment", nargs="?", default="", metavar="ENV", help="(default: the project's first)")
    parser.add_argument("--project", type=Path, metavar="FOLDER", help="(default: the nearest above this folder)")
    parser.add_argument(
        "--rollout",
        choices=["canary", "all-at-once"],
        help="how callers come to a new version: a tenth first, taken back if an alarm rings, or all of them, whatever"
        " rings (default: as the environment's parameters say, else canary)",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask where the environment says confirm; for scripts")
    parser.set_defaults(run=later("infra.cli.deploy_run"))
