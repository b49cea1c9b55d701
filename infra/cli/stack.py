"""`dialtone deploy`, `rollback-code`, `after-restore` and `uninstall`: their arguments."""

import argparse
from pathlib import Path

from infra.cli.commands import later
from infra.cli.options import add_stack_to


def deploy(parser: argparse.ArgumentParser) -> None:
    """`dialtone deploy`: puts a project's line on AWS, or brings it up to date."""
    parser.description = (
        "Check the project's flows, package them with Dialtone's functions, and deploy the stack named in "
        "dialtone.toml. After an upgrade of Dialtone, the same command updates the stack."
    )
    parser.add_argument(
        "environment", nargs="?", default="", metavar="ENV", help="the environment (default: the project's first)"
    )
    parser.add_argument(
        "--project", type=Path, metavar="FOLDER", help="the project's folder (default: the nearest above this folder)"
    )
    parser.add_argument(
        "--rollout",
        choices=["canary", "all-at-once"],
        help="canary: a tenth of the webhooks first, rolled back on an alarm; all-at-once: all of them, ignoring "
        "alarms (default: the environment's parameter, else canary)",
    )
    parser.add_argument(
        "--yes", action="store_true", help="do not ask, even if the environment has `confirm`; for scripts"
    )
    parser.set_defaults(run=later("infra.cli.deploy_run"))


def rollback_code(parser: argparse.ArgumentParser) -> None:
    """`dialtone rollback-code`: back to the version before, without building anything."""
    parser.description = (
        "Roll the webhook function back to its previous version; published flows stay. A deployment in progress is "
        "stopped instead. Nothing else of the stack changes."
    )
    add_stack_to(parser)
    parser.add_argument("--undo", action="store_true", help="go forward again, to the version deployed last")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts")
    parser.set_defaults(run=later("infra.cli.rollback_code_run"))


def after_restore(parser: argparse.ArgumentParser) -> None:
    """`dialtone after-restore`: gives a restored calls table back what a restore leaves out."""
    parser.description = (
        "Show what a restored calls table lacks (expiry of items, point-in-time recovery, deletion protection, its "
        "stream and the functions that read it), ask, and restore it. Safe to repeat, also after an interruption."
    )
    add_stack_to(parser)
    parser.add_argument("--dry-run", action="store_true", help="show it, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts")
    parser.set_defaults(run=later("infra.cli.after_restore_run"))


def uninstall(parser: argparse.ArgumentParser) -> None:
    """`dialtone uninstall`: deletes a stack, and nothing silently with it."""
    parser.description = (
        "Show what would be lost with a stack and what would stay, ask, remove its deletion protection, and delete "
        "it. Tables, buckets and the archive's dead-letter queue stay."
    )
    add_stack_to(parser)
    parser.add_argument("--dry-run", action="store_true", help="show it, and delete nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts")
    parser.set_defaults(run=later("infra.cli.uninstall_run"))
