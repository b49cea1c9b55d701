"""Reads stored values that an earlier or later version of the program may have written. Pure."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from _typeshed import DataclassInstance

    Stored = TypeVar("Stored", bound=DataclassInstance)


def restored(kind: type[Stored], stored: Mapping[str, Any], /, **readers: Callable[[Any], Any]) -> Stored:
    """Restore a dataclass's stored value: missing fields get their defaults, unknown fields are ignored.

    A field with a reader is read by it, except that null stays null. Raises TypeError if a field without a default is
    missing.
    """
    known = {field.name: stored[field.name] for field in fields(kind) if field.name in stored}
    for name, read in readers.items():
        if known.get(name) is not None:
            known[name] = read(known[name])
    return kind(**known)
