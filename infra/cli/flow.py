"""`dialtone flow`: what people do with flows. The arguments of its commands."""

import argparse
from pathlib import Path

from infra.cli.commands import add_commands, later
from infra.cli.options import add_flows_to, add_stack, port

LINT_FORMATS = ("text", "json", "github", "sarif")
STANDARD_OUTPUT = "-"
DEFAULT_FORMAT = "svg"

WATCH_PORT = 4590
"""Fixed, so that a page that was left open finds the next one."""

ENDINGS = {"mermaid": "mmd", "svg": "svg", "html": "html"}
TEST_FORMATS = ("text", "json", "junit")
WHOLE = 100.0

MOST_CALLS = 1_000
"""That one command plays: a call takes some fifty milliseconds and a few read units."""


def _lint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="folders or flow files (default: the nearest project)",
    )
    parser.add_argument("--format", choices=LINT_FORMATS, default="text", help="output format (default: text)")
    parser.add_argument("--strict", action="store_true", help="treat warnings as errors")
    parser.add_argument("--rules", action="store_true", help="list the rules, and check nothing")
    parser.add_argument("--explain", metavar="RULE", help="show a rule's page, and check nothing")
    parser.set_defaults(run=later("infra.cli.flow_lint_run"))


def _draw(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("drawn", nargs="*", metavar="FLOW", help="a flow's file or name (default: all)")
    parser.add_argument("--format", choices=tuple(ENDINGS), help=f"(default: {DEFAULT_FORMAT})")
    _add_output_to(parser)
    parser.add_argument(
        "--watch", action="store_true", help="serve a page that updates when a file is saved, until Ctrl-C"
    )
    parser.add_argument("--port", type=port, default=WATCH_PORT, help=f"of that page (default: {WATCH_PORT})")
    add_flows_to(parser)
    parser.set_defaults(run=later("infra.cli.flow_draw_run"))


def _add_output_to(parser: argparse.ArgumentParser) -> None:
    """Add where the pictures go."""
    parser.add_argument(
        "--output",
        default=STANDARD_OUTPUT,
        metavar="PLACE",
        help="a folder for one file per flow, or a file such as desk.svg (default: -, standard output)",
    )


def _diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("old", metavar="OLD", help="a file, a file at a git revision (desk.yaml@HEAD~1), or a revision")
    parser.add_argument(
        "new", metavar="NEW", nargs="?", default="", help="likewise (default: the files as they are now)"
    )
    parser.add_argument("--format", choices=("text", "mermaid", "svg", "html"), default="text", help="(default: text)")
    _add_output_to(parser)
    add_flows_to(parser)
    parser.add_argument("--exit-code", action="store_true", help="exit with 1 if there are differences")
    parser.set_defaults(run=later("infra.cli.flow_diff_run"))


def _test(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="*", metavar="FLOW|FILE", help="a flow's name or a ….test.yaml (default: all)")
    add_flows_to(parser)
    parser.add_argument(
        "--cover", type=_percent, metavar="PERCENT", help="fail if conversations cover less of a flow's paths"
    )
    parser.add_argument(
        "-k", dest="name", default="", metavar="NAME", help="only conversations whose name contains this"
    )
    parser.add_argument("--jobs", type=_jobs, default=1, help="parallel processes (default: 1)")
    parser.add_argument("--format", choices=TEST_FORMATS, default="text", help="output format (default: text)")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of conversation files")
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


def _replay(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Replay real calls on this machine: on the flows that handled them, and on the project's flows. Each "
        "caller presses the same keys at the same steps, and hangs up at the same point. Nothing is sent to Telnyx."
    )
    parser.add_argument("sessions", nargs="*", metavar="SESSION", help="a call, as for `dialtone calls show`")
    parser.add_argument("--last", type=int, metavar="N", help="the newest N ended calls that a flow handled")
    add_flows_to(parser)
    parser.add_argument(
        "--version", type=int, metavar="N", help="on this published version, instead of the project's flows"
    )
    add_stack(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.set_defaults(run=later("infra.cli.flow_replay_run"))


def _test_from(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write a conversation from a real call: what the caller heard and pressed, and the steps reached. Numbers, "
        "ids and names are replaced, speech is left out. The conversation passes on the flow version that handled "
        "the call."
    )
    parser.add_argument("session", metavar="SESSION", help="the call, as for `dialtone calls show`")
    parser.add_argument("--append", type=Path, metavar="FILE", help="append it to this file (default: print it)")
    add_flows_to(parser)
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.flow_test_from_run"))


def _schema(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "of",
        nargs="?",
        choices=("calendar", "flow", "numbers"),
        default="flow",
        help="the kind of file (default: flow)",
    )
    parser.add_argument(
        "--write", action="store_true", help="write all schemas into the project's schema folder, for editors"
    )
    parser.set_defaults(run=later("infra.cli.flow_schema_run"))


ACTIONS = {
    "lint": (_lint, "check flows; report file, line, step and remedy"),
    "draw": (_draw, "draw flows: steps, keys, paths"),
    "diff": (_diff, "show and draw what a change means for callers"),
    "test": (_test, "play the flows' conversations, and report paths not covered"),
    "replay": (_replay, "replay real calls on other flows, and report differences"),
    "test-from": (_test_from, "write a conversation from a real call, without personal data"),
    "schema": (_schema, "print the JSON Schema of flows, or write all that are published"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    add_commands(parser, "action", ACTIONS)
