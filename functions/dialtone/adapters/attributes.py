"""Plain values as DynamoDB's attributes, and back: text, whole numbers, true and false, nothing, lists, mappings.

boto3 has the same for every type of DynamoDB, with decimals for numbers; from cold it costs more than the webhook's own
code, and for each item several times this.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Attribute = Mapping[str, Any]
"""A value with its type's letter: `{"S": "text"}`."""


def attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    """An item, or expression values, as DynamoDB takes them. Raises TypeError for what it cannot keep."""
    return {name: attribute(value) for name, value in values.items()}


def plain(item: Mapping[str, Attribute]) -> dict[str, Any]:
    """An item as plain values; of a type that is never written here, another version's, as DynamoDB gives it."""
    return {name: _plain(value) for name, value in item.items()}


def attribute(value: object) -> dict[str, Any]:
    """One value."""
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case None:
            return {"NULL": True}
        case Mapping():
            return {"M": attributes(value)}
        case list() | tuple():
            return {"L": [attribute(each) for each in value]}
    raise TypeError(f"{type(value).__name__} is not kept in the table: make it text or a whole number")


def _plain(value: Attribute) -> Any:  # noqa: ANN401 -- whatever was kept
    [(kind, kept)] = value.items()
    match kind:
        case "S" | "BOOL":
            return kept
        case "N":
            return float(kept) if {*kept} & {*".eE"} else int(kept)
        case "NULL":
            return None
        case "M":
            return plain(kept)
        case "L":
            return [_plain(each) for each in kept]
    return kept
