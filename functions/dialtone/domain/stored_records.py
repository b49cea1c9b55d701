"""Records as they are stored, and as they are read back, whichever version of the program stored them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Stored = TypeVar("Stored")

EMPTY: Mapping[str, Any] = {}
"""The default of a record's mappings. Nobody changes a `Mapping`; a `MappingProxyType` could be neither pickled nor
written as JSON."""


def restored(kind: type[Stored], stored: Mapping[str, Any], /, **readers: Callable[[Any], Any]) -> Stored:
    """Restore a stored named tuple or dataclass: missing fields get their defaults, unknown fields are ignored.

    A field with a reader is read by it, except that null stays null. Raises TypeError if a field without a default is
    missing.
    """
    names: tuple[str, ...] = kind.__match_args__  # type: ignore[attr-defined]  # both kinds name their fields there
    known = {name: stored[name] for name in names if name in stored}
    for name, read in readers.items():
        if known.get(name) is not None:
            known[name] = read(known[name])
    return kind(**known)


def written(value: Any) -> Any:  # noqa: ANN401 -- whatever a record holds
    """A record as it is stored: it, and every record in it, as an object; tuples as lists."""
    if isinstance(value, tuple):
        return written(value._asdict()) if hasattr(value, "_asdict") else [written(each) for each in value]
    return {name: written(each) for name, each in value.items()} if isinstance(value, Mapping) else value
