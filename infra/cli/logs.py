"""`dialtone logs`: what the functions logged, by the queries that are saved with the stack."""

import argparse

from infra.cli.commands import later
from infra.cli.stack_option import add_stack_to


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Run a saved query of CloudWatch Logs Insights, or those of an alarm's runbook. AWS takes half a cent for each "
        "gigabyte that a query reads; what it was stands at the end. Log lines hold ids, never numbers or digits."
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--call", default="", metavar="CALL", help="one call's lines, by any id that `dialtone calls show` takes"
    )
    which.add_argument("--errors", action="store_true", help="what went wrong, counted by code")
    which.add_argument("--slow", action="store_true", help="the slowest webhooks")
    which.add_argument("--flow", default="", help="how many calls came to each step of a flow")
    which.add_argument("--alarm", default="", help="the queries of this alarm's runbook: api-5xx, webhook-faults, …")
    parser.add_argument("--since", default="", metavar="AGO", help="15m, 2h, 3d, or a time (default: 3h; a call's own)")
    parser.add_argument("--to", default="", dest="until", metavar="TIME", help="before then (default: now)")
    parser.add_argument(
        "--lines", action="store_true", help="the lines themselves, without Insights; so it is on the local stack"
    )
    add_stack_to(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON object a line")
    parser.set_defaults(run=later("infra.cli.logs_run"))
