"""The `dialtone` command."""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from infra.cli.commands import CommandParser, add_commands
from infra.cli.errors import INTERRUPTED, sentence_of
from infra.version import VERSION

COMMANDS = {
    "new": ("new:configure", "create a project with your own flows"),
    "demo": ("demo:configure", "play four kinds of calls through the real code, on this machine"),
    "up": ("up:configure", "run the stack and the simulated carrier on this machine, until Ctrl-C"),
    "call": ("call:configure", "call one of your numbers from this terminal"),
    "secret": ("account:secret", "store the Telnyx API key in Secrets Manager"),
    "deploy": ("stack:deploy", "deploy a project to AWS, or update it"),
    "connect": ("account:connect", "connect Telnyx numbers to a deployed stack"),
    "disconnect": ("account:disconnect", "restore Telnyx's settings from before the first connect"),
    "numbers": ("account:numbers", "list the account's numbers and the flow of each"),
    "doctor": ("doctor:configure", "check machine, AWS and Telnyx, and say how to fix problems"),
    "dial": ("dial:configure", "dial a number and run a flow when it is answered"),
    "announce": ("announce:configure", "dial everybody on a list with a flow, after an estimate"),
    "campaigns": ("campaigns:configure", "manage campaigns, and the numbers that no campaign dials"),
    "flow": ("flow:configure", "check, draw, compare and test flows"),
    "publish": ("publishing:publish", "publish the current flows for new calls, without a deployment"),
    "versions": ("publishing:versions", "list the published flow versions, and which is live"),
    "rollback": ("publishing:rollback", "go back to an earlier flow version for new calls"),
    "calls": ("calls:configure", "list calls, show one, follow calls as they happen"),
    "console": ("console:configure", "open calls, recordings, flows and the stack's health in a browser"),
    "logs": ("logs:configure", "query the functions' logs: by call, flow, errors or slowness"),
    "rollback-code": ("stack:rollback_code", "roll the webhook function back to its previous version"),
    "after-restore": ("stack:after_restore", "restore a restored calls table's settings and stream readers"),
    "uninstall": ("stack:uninstall", "delete a stack, after showing what would be lost"),
    "events": ("events:configure", "resend events that did not reach the event bus"),
    "replay": ("replay:configure", "replay parked webhooks that failed because of a bug, after the fix"),
    "recordings": ("recordings:configure", "find, verify, export, hold, erase and redrive recordings"),
    "completion": ("completion:configure", "set up shell completion of commands, options, flows and numbers"),
    "bench": ("bench:configure", "run the benchmarks and write docs/bench (from a checkout)"),
}

FAILED = 1

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
