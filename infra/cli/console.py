"""`dialtone console`: pages on calls, recordings, flows and health, in this machine's browser."""

import argparse

from infra.cli.commands import later
from infra.cli.options import add_stack, port

CONSOLE_PORT = 4582
"""Where `dialtone up` serves it, and this command, too."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Serve the console on this machine and open it in a browser, until Ctrl-C. It calls the stack's control "
        "API with this shell's AWS credentials, which the page never sees. Without --stack it opens the console of "
        "the line that `dialtone up` runs here, if there is one."
    )
    add_stack(parser)
    parser.add_argument("--port", type=port, default=CONSOLE_PORT, help=f"of the console (default: {CONSOLE_PORT})")
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    parser.set_defaults(run=later("infra.cli.console_run"))
