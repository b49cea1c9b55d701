"""`dialtone doctor`: what a line needs, checked one by one, with a remedy for what is missing."""

import argparse

from infra.cli.commands import later
from infra.cli.options import add_flows_to, add_stack_to


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Check this machine, the AWS account, the stack and the Telnyx account. The exit status is 1 if something "
        "is wrong or a service did not answer; warnings do not count."
    )
    add_stack_to(parser)
    add_flows_to(parser)
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.set_defaults(run=later("infra.cli.doctor_run"))
