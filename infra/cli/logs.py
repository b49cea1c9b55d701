"""`dialtone logs`: what the functions logged, by the queries that are saved with the stack."""

import argparse

from infra.cli.commands import later
from infra.cli.options import add_stack_to


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Run a saved query of CloudWatch Logs Insights, or those of an alarm's runbook. AWS charges half a cent "
        "per gigabyte read; the output ends with the amount. Log lines hold ids, never numbers or digits."
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--call", default="", metavar="CALL", help="one call's log lines, by any id that `dialtone calls show` accepts"
    )
    which.add_argument("--errors", action="store_true", help="errors, counted by code")
    which.add_argument("--slow", action="store_true", help="the slowest webhooks")
    which.add_argument("--flow", default="", help="how many calls reached each step of a flow")
    which.add_argument("--alarm", default="", help="the queries of this alarm's runbook: api-5xx, webhook-faults, …")
    parser.add_argument(
        "--since", default="", metavar="AGO", help="15m, 2h, 3d, or a time (default: 3h; with --call, the call's)"
    )
    parser.add_argument("--to", default="", dest="until", metavar="TIME", help="end of the period (default: now)")
    parser.add_argument(
        "--lines", action="store_true", help="the log lines themselves, without Insights; always on the local stack"
    )
    add_stack_to(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.set_defaults(run=later("infra.cli.logs_run"))
