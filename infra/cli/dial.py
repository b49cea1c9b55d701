"""`dialtone dial`: dial a number and run a flow when it is answered."""

import argparse

from infra.cli.commands import later
from infra.cli.options import add_flows_to

DETECTIONS = ("greeting_end", "detect", "detect_beep", "detect_words", "premium", "disabled")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("to", help="the number to dial, in E.164, or a SIP address")
    parser.add_argument("--flow", required=True, help="the flow to run, e.g. announcement")
    parser.add_argument("--from", dest="caller", required=True, help="the caller ID, one of your numbers at Telnyx")
    parser.add_argument("--ring-seconds", type=int, default=30, help="how long to let it ring (default: 30)")
    parser.add_argument("--detection", choices=DETECTIONS, default="greeting_end", help="answering-machine detection")
    parser.add_argument(
        "--set",
        dest="given",
        action="append",
        type=_variable,
        default=[],
        metavar="NAME=VALUE",
        help="a flow input; repeatable",
    )
    parser.add_argument("--wait", action="store_true", help="return when the call has ended, and show its duration")
    add_flows_to(parser)
    parser.add_argument(
        "--stack",
        default="",
        metavar="NAME",
        help="the stack whose application dials (default: TELNYX_CONNECTION_ID, else the project's first environment)",
    )
    parser.add_argument("--region", default="", help="the stack's AWS region (default: as samconfig.toml has it)")
    parser.set_defaults(run=later("infra.cli.dial_run"))


def _variable(text: str) -> tuple[str, str]:
    name, between, value = text.partition("=")
    if not (name and between and value):
        raise argparse.ArgumentTypeError(f"{text}: give a variable's name and value, such as name=Ada")
    return name, value
