"""Keys that no phone has."""

import re
from collections.abc import Iterator
from typing import Any

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, Of, rule

_TYPEABLE = re.compile(r"[0-9*#]")


@rule("untypeable-key", ERROR, Of.WRITTEN)
def untypeable_key(file: FlowFile) -> Iterator[Found]:
    """A key that a caller cannot type: phones have 0 to 9, * and #."""
    for path, keys in file.step_values("keys"):
        for named in keys if isinstance(keys, dict) else ():
            for key in (each for each in _keys(named) if not _typeable(each)):
                remedy = "a menu takes one key; ask for more with `collect`" if _several(key) else "take 0 to 9, * or #"
                yield Found((*path, named), f"offers the key {key}, which cannot be typed", remedy)
    for word in ("ends_on", "accept"):
        for path, written in file.step_values(word):
            for key in written if isinstance(written, list) else (written,):
                if key is not None and not _typeable(key):
                    yield Found(path, f"waits for the key {key}, which cannot be typed", "take 0 to 9, * or #")


def _keys(named: Any) -> Iterator[str]:  # noqa: ANN401 -- whatever the file holds
    """`1, 9` is two keys."""
    return (key.strip() for key in str(named).split(","))


def _typeable(key: Any) -> bool:  # noqa: ANN401 -- whatever the file holds
    return _TYPEABLE.fullmatch(str(key)) is not None


def _several(key: Any) -> bool:  # noqa: ANN401 -- whatever the file holds
    return re.fullmatch(r"[0-9*#]{2,}", str(key)) is not None
