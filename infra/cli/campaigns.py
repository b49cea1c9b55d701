"""`dialtone campaigns`: what is dialled to many, and whom no campaign dials. The arguments of its commands."""

import argparse

from infra.cli.commands import add_commands, later
from infra.cli.stack_option import add_stack

DEFAULT_LIMIT = 20
LOOK_SECONDS = 2.0


def _list(parser: argparse.ArgumentParser) -> None:
    parser.description = "List campaigns, the newest first, with how far each is."
    parser.add_argument("--limit", type=int, default=DEFAULT_LIMIT, help=f"at most so many (default: {DEFAULT_LIMIT})")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_run"), what="list")


def _show(parser: argparse.ArgumentParser) -> None:
    parser.description = "Show how a campaign stands: counts, rate, time left, and the last calls that failed."
    _add_campaign(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--watch", action="store_true", help=f"look every {LOOK_SECONDS:.0f} s until it is over, or Ctrl-C"
    )
    form.add_argument("--json", action="store_true", help="as JSON")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_run"), what="show")


def _pause(parser: argparse.ArgumentParser) -> None:
    parser.description = "Let a campaign dial nobody more, within two seconds. Calls that are under way go on."
    _add_order(parser, "pause")


def _resume(parser: argparse.ArgumentParser) -> None:
    parser.description = "Let a paused campaign go on, within a minute."
    _add_order(parser, "resume")


def _cancel(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "End a campaign: nobody more is dialled, calls that are under way go on. It cannot be taken back."
    )
    _add_order(parser, "cancel")


def _add_order(parser: argparse.ArgumentParser, what: str) -> None:
    _add_campaign(parser)
    parser.add_argument("--reason", default="", help="a note for the next operator")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_run"), what=what)


def _report(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Say what came of a campaign. --csv has a row for each recipient who was looked at, with what the list gave;"
        " what would be a formula in a spreadsheet is defused."
    )
    _add_campaign(parser)
    parser.add_argument("--csv", default="", metavar="FILE", help="write the results there; - for standard output")
    parser.add_argument("--svg", default="", metavar="FILE", help="draw the report there")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_run"), what="report")


def _add_campaign(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("campaign", metavar="ID", help="as `dialtone campaigns list` shows it")


def _suppress(parser: argparse.ArgumentParser) -> None:
    add_commands(parser, "action", SUPPRESS_ACTIONS)


def _suppress_add(parser: argparse.ArgumentParser) -> None:
    parser.description = "Put numbers on the suppression list: no campaign dials them, those that are at work included."
    _add_numbers(parser)
    parser.add_argument("--reason", required=True, help="why, as it is kept with the number")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_suppress_run"), action="add")


def _suppress_remove(parser: argparse.ArgumentParser) -> None:
    parser.description = "Take numbers off the suppression list: campaigns dial them again. Ask their owners first."
    _add_numbers(parser)
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_suppress_run"), action="remove")


def _add_numbers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("numbers", nargs="+", metavar="NUMBER", help="in E.164, such as +15555550142")


def _suppress_import(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Put every number of a list on the suppression list: CSV or JSON lines with a column `number`; other columns "
        "are passed over. If a row has no clear number, nothing is imported."
    )
    parser.add_argument("list", metavar="LIST", help="a file, s3://bucket/key, or - for standard input")
    parser.add_argument("--reason", required=True, help="why, as it is kept with each number")
    parser.add_argument(
        "--like",
        default="",
        metavar="NUMBER",
        help="a number in E.164: those without their country's code are read as of the same country",
    )
    parser.add_argument("--skip-invalid", action="store_true", help="import the others where rows have no clear number")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_suppress_run"), action="import")


def _suppress_list(parser: argparse.ArgumentParser) -> None:
    parser.description = "Show which numbers no campaign dials, why, and who put them there."
    parser.add_argument("number", nargs="?", default="", metavar="NUMBER", help="only this one, in E.164")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_suppress_run"), action="list")


ACTIONS = {
    "list": (_list, "the campaigns that there are, and how far each is"),
    "show": (_show, "how a campaign stands: counts, rate, time left, failures"),
    "pause": (_pause, "dial nobody more for now"),
    "resume": (_resume, "let a paused campaign go on"),
    "cancel": (_cancel, "end a campaign"),
    "report": (_report, "what came of a campaign, as a table and a picture"),
    "suppress": (_suppress, "the suppression list: numbers that no campaign dials"),
}
SUPPRESS_ACTIONS = {
    "add": (_suppress_add, "let no campaign dial these numbers"),
    "remove": (_suppress_remove, "let campaigns dial these numbers again"),
    "import": (_suppress_import, "put every number of a list on the suppression list"),
    "list": (_suppress_list, "show the list, or why one number is on it"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    add_commands(parser, "action", ACTIONS)
