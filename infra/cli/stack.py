"""`dialtone deploy`, `rollback-code`, `after-restore` and `uninstall`: their arguments."""

import argparse
from pathlib import Path

from infra.cli.commands import later
from infra.cli.stack_option import add_stack_to


def deploy(parser: argparse.ArgumentParser) -> None:
    """`dialtone deploy`: puts a project's line on AWS, or brings it up to date."""
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


def rollback_code(parser: argparse.ArgumentParser) -> None:
    """`dialtone rollback-code`: back to the version before, without building anything."""
    parser.description = (
        "Let the webhook function's version before take webhooks again; menus that were published stay. A deployment "
        "that is going on is stopped instead. Nothing else of the stack changes."
    )
    add_stack_to(parser)
    parser.add_argument("--undo", action="store_true", help="go forth again, to the version that was deployed last")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts")
    parser.set_defaults(run=later("infra.cli.rollback_code_run"))


def after_restore(parser: argparse.ArgumentParser) -> None:
    """`dialtone after-restore`: gives a restored calls table back what a restore leaves out."""
    parser.description = (
        "Show what a restored calls table lacks (expiry of items, point-in-time recovery, deletion protection, its "
        "stream and the functions that read it), ask, and give it back. Where it lacks nothing, nothing is done: "
        "interrupted, it is run again."
    )
    add_stack_to(parser)
    parser.add_argument("--dry-run", action="store_true", help="show it, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts")
    parser.set_defaults(run=later("infra.cli.after_restore_run"))


def uninstall(parser: argparse.ArgumentParser) -> None:
    """`dialtone uninstall`: deletes a stack, and nothing silently with it."""
    parser.description = (
        "Show what would be lost with a stack and what would stay, ask, take its protection off, and delete it. "
        "Tables, buckets and the archive's dead letters stay."
    )
    add_stack_to(parser)
    parser.add_argument("--dry-run", action="store_true", help="show it, and delete nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts")
    parser.set_defaults(run=later("infra.cli.uninstall_run"))
