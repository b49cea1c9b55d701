"""The `dialtone` command."""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from infra.cli.commands import CommandParser, add_commands
from infra.cli.errors import sentence_of
from infra.version import VERSION

COMMANDS = {
    "new": ("new:configure", "make a project: menus of your own, ready to be rung"),
    "demo": ("demo:configure", "play four kinds of calls through the real code on this machine"),
    "up": ("up:configure", "run the stack and the simulated carrier on this machine, until Ctrl-C"),
    "call": ("call:configure", "call a number of yours from this terminal"),
    "secret": ("account:secret", "store the Telnyx API key where the functions read it"),
    "deploy": ("stack:deploy", "put a project's line on AWS, or bring it up to date"),
    "connect": ("account:connect", "let a deployed stack's numbers ring, through Telnyx's API"),
    "disconnect": ("account:disconnect", "put back what was at Telnyx before the first connect"),
    "numbers": ("account:numbers", "list the account's numbers and where each leads"),
    "doctor": ("doctor:configure", "check a line, from this machine to Telnyx, with a remedy for what is wrong"),
    "dial": ("dial:configure", "ring a number and let a flow talk to the person who answers"),
    "announce": ("announce:configure", "let a flow talk to everybody on a list, and say before what that takes"),
    "campaigns": ("campaigns:configure", "what is dialled to many, and the numbers that no campaign dials"),
    "flow": ("flow:configure", "check phone menus"),
    "publish": ("publishing:publish", "let the menus as they are now take new calls, without a deployment"),
    "versions": ("publishing:versions", "list the published versions of the menus, and which takes calls"),
    "rollback": ("publishing:rollback", "let an earlier version of the menus take new calls again"),
    "calls": ("calls:configure", "list the calls that there were, show one, follow those that go on"),
    "console": ("console:configure", "open pages on calls, recordings, flows and the line's health in a browser"),
    "logs": ("logs:configure", "show what the functions logged: of a call, of a flow, what failed, what was slow"),
    "rollback-code": ("stack:rollback_code", "let the webhook function's version before take webhooks again"),
    "after-restore": ("stack:after_restore", "give a restored calls table its settings back, and its stream readers"),
    "uninstall": ("stack:uninstall", "delete a stack, after showing what would be lost with it"),
    "events": ("events:configure", "send events of calls and recordings again that never reached the event bus"),
    "replay": ("replay:configure", "run events again that failed by a fault of ours, after the fix"),
    "recordings": ("recordings:configure", "find, verify and redrive what was recorded"),
    "completion": ("completion:configure", "let a shell complete commands, options, flows and numbers"),
    "bench": ("bench:configure", "measure speed and cost, and write docs/bench (from a checkout)"),
}

FAILED = 1

INTERRUPTED = 130
"""What shells give for a command that Ctrl-C ended."""

BROKEN_PIPE = 141
"""What shells give for a program whose reader went away (128 and SIGPIPE)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. An error is one sentence; `--debug` shows the traceback instead."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if sys.platform == "win32":
        _tell("dialtone: runs on macOS and Linux; on Windows, use it in WSL (wsl --install)")
        return FAILED
    try:
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # until now, by infra.cli.start
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return _run(given)
    except BrokenPipeError:
        # The reader of our output, such as `head`, has closed it.
        _give_up_output()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        _tell("\ndialtone: interrupted; everything it started has been ended")
        return INTERRUPTED
    except Exception as error:
        if _wants_tracebacks(given):
            raise
        _tell(f"dialtone: {sentence_of(error)}")
        return FAILED


def _run(arguments: Sequence[str]) -> int:
    try:
        parsed = command_parser().parse_args(arguments)
        status: int = parsed.run(parsed)
        return status
    finally:
        _flush()


def _flush() -> None:
    """Let a full disk or a closed pipe be noticed here, and not when Python ends."""
    if sys.stdout is None:
        return  # it was closed before the program began
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _give_up_output()
        raise OSError(error.errno, error.strerror, "standard output") from error


def _give_up_output() -> None:
    """Without this, Python complains again at its end that what it holds cannot be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(sentence: str) -> None:
    with suppress(OSError):  # where even that cannot be written, the exit status says it
        print(sentence, file=sys.stderr, flush=True)


def _wants_tracebacks(arguments: Sequence[str]) -> bool:
    return "--debug" in arguments[:1]


def command_parser() -> CommandParser:
    """The parser of the whole command line."""
    parser = CommandParser(prog="dialtone", description="Phone lines on AWS Lambda, over Telnyx Call Control.")
    parser.add_argument("--version", action="version", version=f"dialtone {VERSION}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    add_commands(parser, "command", COMMANDS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
