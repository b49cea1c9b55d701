"""`dialtone recordings show`: all that is known of a recording."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from infra import aws
from infra.cli.recordings_options import add_stack, described, ledger, objects, printable, retention, stack
from infra.custody.holds import Holds

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = "Show the ledger's entry of a recording, or those of a call, with their objects in the bucket."
    parser.add_argument("name", metavar="RECORDING|SESSION", help="a recording, by its name or Telnyx's id, or a call")
    add_stack(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON object a line")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print every field that is known."""
    of = stack(given)
    with aws.explained():
        found = ledger(of).named(given.name)
        bucket = objects(of)
        holds = Holds(bucket, of.recordings_bucket) if bucket.has_lock() else None
        kept = retention(of)
        shown = [
            described(each) | {"hold": holds.is_held(each) if holds else None, "kept_days": kept.days(each) or None}
            for each in found
        ]
    for place, fields in enumerate(shown):
        if given.json:
            print(json.dumps(fields, ensure_ascii=True))
        else:
            _show(fields, first=not place)
    return 0


def _show(all_fields: Mapping[str, Any], *, first: bool) -> None:
    if not first:
        print()
    fields = {name: value for name, value in all_fields.items() if value not in (None, [])}
    width = max(map(len, fields))
    for name, value in fields.items():
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
        print(f"{name:{width}}  {printable(shown)}")
