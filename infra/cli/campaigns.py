"""`dialtone campaigns`: what is dialled to many, and whom no campaign dials. The arguments of its commands."""

import argparse

from infra.cli.commands import add_commands, later
from infra.cli.options import add_stack

DEFAULT_LIMIT = 20
LOOK_SECONDS = 2.0


def _list(parser: argparse.ArgumentParser) -> None:
    parser.description = "List campaigns with their progress, newest first."
    parser.add_argument(
        "--limit", type=int, default=DEFAULT_LIMIT, help=f"maximum number of campaigns (default: {DEFAULT_LIMIT})"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_run"), what="list")


def _show(parser: argparse.ArgumentParser) -> None:
    parser.description = "Show a campaign's progress: counts, rate, time left, and the latest failed calls."
    _add_campaign(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--watch", action="store_true", help=f"refresh every {LOOK_SECONDS:.0f} s until it is done, or Ctrl-C"
    )
    form.add_argument("--json", action="store_true", help="as JSON")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_run"), what="show")


def _pause(parser: argparse.ArgumentParser) -> None:
    parser.description = "Stop a campaign's dialling within two seconds. Calls in progress continue."
    _add_order(parser, "pause")


def _resume(parser: argparse.ArgumentParser) -> None:
    parser.description = "Resume a paused campaign, within a minute."
    _add_order(parser, "resume")


def _cancel(parser: argparse.ArgumentParser) -> None:
    parser.description = "End a campaign: dialling stops, calls in progress continue. This cannot be undone."
    _add_order(parser, "cancel")


def _add_order(parser: argparse.ArgumentParser, what: str) -> None:
    _add_campaign(parser)
    parser.add_argument("--reason", default="", help="a note for the next operator")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_run"), what=what)


def _report(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Show a campaign's results. --csv has a row for each recipient taken from the list so far, with the list's "
        "values; spreadsheet formulas are escaped."
    )
    _add_campaign(parser)
    parser.add_argument("--csv", default="", metavar="FILE", help="write the results there; - for standard output")
    parser.add_argument("--svg", default="", metavar="FILE", help="draw the report as SVG")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_run"), what="report")


def _add_campaign(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "campaign",
        metavar="ID",
        help="as `dialtone campaigns list` shows it; its name is enough while no other campaign has it",
    )


def _suppress(parser: argparse.ArgumentParser) -> None:
    add_commands(parser, "action", SUPPRESS_ACTIONS)


def _suppress_add(parser: argparse.ArgumentParser) -> None:
    parser.description = "Add numbers to the suppression list: no campaign dials them, not even a running one."
    _add_numbers(parser)
    parser.add_argument("--reason", required=True, help="the reason, stored with the number")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_suppress_run"), action="add")


def _suppress_remove(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Remove numbers from the suppression list: campaigns may dial them again. Ask their owners first."
    )
    _add_numbers(parser)
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_suppress_run"), action="remove")


def _add_numbers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("numbers", nargs="+", metavar="NUMBER", help="in E.164, such as +15555550142")


def _suppress_import(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Put every number of a list on the suppression list: CSV or JSON lines with a column `number`; other "
        "columns are ignored. If a row has no valid number, nothing is imported."
    )
    parser.add_argument("list", metavar="LIST", help="a file, s3://bucket/key, or - for standard input")
    parser.add_argument("--reason", required=True, help="the reason, stored with each number")
    parser.add_argument(
        "--like",
        default="",
        metavar="NUMBER",
        help="a number in E.164: numbers without a country code are read as numbers of the same country",
    )
    parser.add_argument("--skip-invalid", action="store_true", help="skip rows without a valid number")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_suppress_run"), action="import")


def _suppress_list(parser: argparse.ArgumentParser) -> None:
    parser.description = "Show the suppressed numbers, the reasons, and who added them."
    parser.add_argument("number", nargs="?", default="", metavar="NUMBER", help="only this one, in E.164")
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_suppress_run"), action="list")


ACTIONS = {
    "list": (_list, "list campaigns with their progress"),
    "show": (_show, "show a campaign's counts, rate, time left and failures"),
    "pause": (_pause, "stop dialling for now"),
    "resume": (_resume, "resume a paused campaign"),
    "cancel": (_cancel, "end a campaign"),
    "report": (_report, "show a campaign's results, as a table and a picture"),
    "suppress": (_suppress, "manage the suppression list: numbers that no campaign dials"),
}
SUPPRESS_ACTIONS = {
    "add": (_suppress_add, "add numbers to the list"),
    "remove": (_suppress_remove, "remove numbers from the list"),
    "import": (_suppress_import, "add all numbers of a file to the list"),
    "list": (_suppress_list, "show the list, or one number's entry"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    add_commands(parser, "action", ACTIONS)
