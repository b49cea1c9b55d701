"""Runs `dialtone recordings show`."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from infra.cli.recordings_access import described, ledger, objects, retention, stack
from infra.operations import aws
from infra.operations.custody.holds import Holds
from infra.output.terminal import printable


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
