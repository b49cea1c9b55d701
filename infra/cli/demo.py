"""`dialtone demo`: four kinds of calls, played through the real code on this machine."""

import argparse

from infra.cli.commands import later


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.set_defaults(run=later("infra.cli.demo_run"))
