"""Who answers when a flow rings somebody."""

import argparse

from infra.phone.key_help import KIND_NAMES


def add_agent_to(parser: argparse.ArgumentParser) -> None:
    """Add `--agent`."""
    parser.add_argument(
        "--agent",
        action="append",
        default=[],
        metavar="[NUMBER=]WHO",
        help=f"who answers when the flow dials somebody: {', '.join(KIND_NAMES)} (a person); may be given again",
    )
