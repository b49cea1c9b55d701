"""Where personal data lies: what docs/security.md says of it, and what is found when calls are over."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from dialtone.domain.compact_json import expanded
from infra.checkout import ROOT

PAGE = ROOT / "docs" / "security.md"
SECTION = "## Where personal data lies"

ANY_PART = "…"
"""In a row's place: any text."""

_CODE = re.compile(r"`([^`]+)`")

IDS = frozenset(
    {"call_session_id", "item", "event_id", "call_leg_id", "occurred_at", "decided_at_millis", "expires_at"}
    | {"began_on", "began_at", "control_id"}
)
"""Attributes of the table's items that hold ids and times only: six digits of a time are nobody's."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the page."""

    place: str
    """An item's key, an object's key or a queue, with `…` for what differs."""
    attributes: tuple[str, ...]
    """Of an item; none for all of an object or a message."""
    kinds: frozenset[str]

    def has(self, found: Found) -> bool:
        """Whether it names what was found."""
        there = fnmatchcase(found.place, self.place.replace(ANY_PART, "*"))
        return there and found.kind in self.kinds and (not self.attributes or found.attribute in self.attributes)


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """Personal data of some kind, and where it was found."""

    place: str
    attribute: str
    kind: str


def documented(page: Path = PAGE) -> tuple[Row, ...]:
    """The rows of the page's table."""
    section = page.read_text(encoding="utf-8").partition(SECTION)[2].partition("\n## ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return tuple(
        Row(place, tuple(attributes), frozenset(kind.strip() for kind in kinds.split(",")))
        for where, kinds, *_ in lines
        for place, *attributes in [_CODE.findall(where)]
    )


def in_items(items: Iterable[Mapping[str, Any]], secrets: Mapping[str, str]) -> Iterator[Found]:
    """Where in the table's items, as DynamoDB gives them, these secrets (text → its kind) stand."""
    for item in items:
        for name, value in item.items():
            if name not in IDS:
                yield from _in(_text(value), item["item"]["S"], name, secrets)


def in_texts(texts: Mapping[str, str], secrets: Mapping[str, str]) -> Iterator[Found]:
    """Where in objects or messages, by their keys or queue, they stand; in the key itself, too."""
    for place, text in texts.items():
        yield from _in(f"{place}\n{text}", place, "", secrets)


def lines_with(lines: Iterable[str], secrets: Mapping[str, str]) -> list[str]:
    """The log lines or metrics that hold one of them, a number without its plus included."""
    spelled = {each.lstrip("+") for each in secrets} | {json.dumps(each)[1:-1] for each in secrets}
    return [line for line in lines if any(each in line for each in spelled)]


def _in(text: str, place: str, attribute: str, secrets: Mapping[str, str]) -> Iterator[Found]:
    for secret, kind in secrets.items():
        if secret in text or json.dumps(secret)[1:-1] in text:
            yield Found(place, attribute, kind)


def _text(value: Mapping[str, Any]) -> str:
    """An attribute as text, unpacked where it is stored compressed."""
    stored = value.get("S", "")
    return json.dumps(expanded(stored) if stored.startswith("zlib:") else value, ensure_ascii=False)
