"""Runs `dialtone campaigns suppress add`, `remove`, `import` and `list`."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime

from dialtone.adapters.campaign_numbers import CampaignNumbers
from dialtone.domain.campaigns.list_numbers import NumberUnclear, read_number
from dialtone.domain.campaigns.list_reader import RefusedRow, read_rows
from dialtone.domain.campaigns.list_rows import NUMBER_COLUMNS
from dialtone.domain.campaigns.suppression import MAX_REASON_CHARACTERS, Suppression
from dialtone.domain.errors import DialtoneError
from dialtone.domain.numbers import E164
from infra.cli.flow_versions_access import author
from infra.cli.recordings_access import calls_table
from infra.operations import aws
from infra.operations.campaigns.source import pieces
from infra.output.terminal import printable

SHOWN = 20
"""Rows without a clear number that are shown."""


def run(given: argparse.Namespace) -> int:
    """Change the list, or show it; 1 where something that was asked for is not there, or a row has no number."""
    with aws.explained():
        numbers = CampaignNumbers(*calls_table(given))
        return {"add": _add, "remove": _remove, "import": _import, "list": _list}[given.action](given, numbers)


def _add(given: argparse.Namespace, numbers: CampaignNumbers) -> int:
    note = _note(given.reason)
    added = numbers.suppress([note(_number(each)) for each in given.numbers])
    print(f"no campaign dials {'it' if added == 1 else f'these {added} numbers'} from now on")
    return 0


def _remove(given: argparse.Namespace, numbers: CampaignNumbers) -> int:
    missing = [each for each in map(_number, given.numbers) if not numbers.allow(each)]
    for each in missing:
        print(f"{each} was not on the list", file=sys.stderr)
    print(f"{len(given.numbers) - len(missing)} taken off the list")
    return 1 if missing else 0


def _list(given: argparse.Namespace, numbers: CampaignNumbers) -> int:
    if given.number:
        found = [each for each in [numbers.suppression(_number(given.number))] if each]
        if not found:
            print(f"{given.number} is not on the list", file=sys.stderr)
            return 1
    for each in found if given.number else numbers.suppressions():
        if given.json:
            print(json.dumps(asdict(each)))
        else:
            day = datetime.fromtimestamp(each.at, UTC).strftime("%Y-%m-%d")
            print(f"{each.number}  {day}  {printable(each.by)}: {printable(each.reason)}")
    return 0


def _import(given: argparse.Namespace, numbers: CampaignNumbers) -> int:
    """Two passes: the first checks every row and lays the numbers down, the second writes them."""
    note, like, wrong = _note(given.reason), _number(given.like) if given.like else "", 0
    with tempfile.TemporaryFile("w+", encoding="ascii") as laid_down:
        for each in _rows(given.list, like):
            if isinstance(each, RefusedRow):
                wrong += 1
                if wrong <= SHOWN:
                    print(f"row {each.row}: {printable(each.reason)}", file=sys.stderr)
            else:
                laid_down.write(f"{each}\n")
        if wrong and not given.skip_invalid:
            print(f"{wrong:,} rows have no valid number: nothing is imported; correct them, or add --skip-invalid")
            return 1
        laid_down.seek(0)
        count = numbers.suppress(note(line.rstrip("\n")) for line in laid_down)
    print(f"{count:,} rows imported, {wrong:,} skipped")
    return 0


def _rows(where: str, like: str) -> Iterator[str | RefusedRow]:
    """The number of each row, or why there is none."""
    column = ""
    for row in read_rows(pieces(where)):
        if isinstance(row, RefusedRow):
            yield row
            continue
        column = column or next((name for name in NUMBER_COLUMNS if name in row.fields), "")
        if not column:
            raise DialtoneError("the list has no column `number`: name the one with the phone numbers so")
        try:
            yield read_number(str(row.fields.get(column) or ""), like)
        except NumberUnclear as unclear:
            yield RefusedRow(row.row, "number", str(unclear))


def _note(reason: str) -> Callable[[str], Suppression]:
    """Makes a number's entry, in the name of the person who runs this."""
    if not reason.strip() or len(reason) > MAX_REASON_CHARACTERS:
        raise DialtoneError(f"--reason is empty, or has more than {MAX_REASON_CHARACTERS} characters: shorten it")
    by, at = author(), int(time.time())
    return lambda number: Suppression(number, reason.strip(), by, at)


def _number(written: str) -> str:
    if not E164.fullmatch(written):
        raise DialtoneError(f"{written} is not a number: write it with + and its country's code")
    return written
