"""The `dialtone` command."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from dialtone.domain.errors import DialtoneError
from infra.cli.commands import add_commands
from infra.local.errors import LocalCloudError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "new": ("infra.cli.new", "make a project: menus of your own, ready to be rung"),
    "demo": ("infra.cli.demo", "play three kinds of calls through the real code on this machine"),
    "up": ("infra.cli.up", "run the stack and the simulated carrier on this machine, until Ctrl-C"),
    "call": ("infra.cli.call", "call a number of yours from this terminal"),
    "secret": ("infra.cli.secret", "store the Telnyx API key where the functions read it"),
    "connect": ("infra.cli.connect", "let a deployed stack's numbers ring, through Telnyx's API"),
    "disconnect": ("infra.cli.disconnect", "put back what was at Telnyx before the first connect"),
    "numbers": ("infra.cli.numbers", "list the account's numbers and where each leads"),
    "doctor": ("infra.cli.doctor", "check a line, from this machine to Telnyx, with a remedy for what is wrong"),
    "dial": ("infra.cli.dial", "ring a number and let a flow talk to the person who answers"),
    "flow": ("infra.cli.flow", "check phone menus"),
    "calls": ("infra.cli.calls", "list the calls that there were, show one, follow those that go on"),
    "replay": ("infra.cli.replay", "run events again that failed by a fault of ours, after the fix"),
    "recordings": ("infra.cli.recordings", "find, verify and redrive what was recorded"),
    "bench": ("infra.cli.bench", "measure speed and cost, and write docs/bench (from a checkout)"),
}

INTERRUPTED = 130
"""What shells give for a command that Ctrl-C ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. An error is one sentence; `--debug` adds the traceback."""
    parsed = _parser().parse_args(arguments)
    try:
        status: int = parsed.run(parsed)
    except (DialtoneError, LocalCloudError) as error:
        if parsed.debug:
            raise
        print(f"dialtone: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output, such as `head`, has closed it; without this, Python complains again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("\ndialtone: interrupted; everything it started has been ended", file=sys.stderr)
        return INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dialtone", description="Phone lines on AWS Lambda, over Telnyx Call Control."
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    add_commands(parser, "command", COMMANDS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
