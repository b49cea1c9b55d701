"""`dialtone flow test`: plays the conversations that stand beside the flows."""

from __future__ import annotations

import argparse

from infra.cli.commands import later
from infra.cli.flows_option import add_flows_to

FORMATS = ("text", "json", "junit")

WHOLE = 100.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("what", nargs="*", metavar="FLOW|FILE", help="a flow's name or a ….test.yaml (default: all)")
    add_flows_to(parser)
    parser.add_argument("--cover", type=_percent, metavar="PERCENT", help="fail if less of a flow was taken")
    parser.add_argument("-k", dest="name", default="", metavar="NAME", help="only conversations whose name holds this")
    parser.add_argument("--jobs", type=_jobs, default=1, help="processes that play at once (default: 1)")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to report (default: text)")
    parser.add_argument(
        "--schema", action="store_true", help="print the JSON Schema of such files, and do nothing else"
    )
    parser.set_defaults(run=later("infra.cli.flow_test_run"))


def _percent(text: str) -> float:
    percent = float(text)
    if not 0 <= percent <= WHOLE:
        raise argparse.ArgumentTypeError("must be from 0 to 100")
    return percent


def _jobs(text: str) -> int:
    jobs = int(text)
    if jobs < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return jobs
