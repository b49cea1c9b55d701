"""`dialtone new`: a project of one's own, ready to be rung."""

import argparse
from pathlib import Path

from infra.projects.new_project import TEMPLATES, create
from infra.projects.project import FLOWS_FOLDER, counted

DEFAULT_TEMPLATE = "front-desk"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = "Create a folder with your own flows, conversations that test them, and deployment settings."
    parser.epilog = "templates:\n" + "\n".join(f"  {name:13} {about}" for name, about in TEMPLATES.items())
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the folder; its last part is the project's name")
    parser.add_argument(
        "--template",
        choices=TEMPLATES,
        default=DEFAULT_TEMPLATE,
        help=f"the template to start from ({DEFAULT_TEMPLATE})",
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Make it, and say what comes next."""
    create(given.folder, given.template)
    print(f"{given.folder}: a project from the template {given.template}, {counted(given.folder / FLOWS_FOLDER)}")
    print("Next:")
    print(f"  cd {given.folder}")
    print("  dialtone call +15550100   # ring it from this terminal")
    print("  dialtone flow lint        # after each change; `dialtone flow test` plays its conversations")
    print("README.md there has the way onto a real number.")
    return 0
