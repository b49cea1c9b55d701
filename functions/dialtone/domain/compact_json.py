"""JSON as the table stores it: unescaped, and compressed where it is long. Pure.

DynamoDB's limit of 400 KB an item counts bytes of UTF-8. Python's JSON by default escapes every letter beyond ASCII to
six bytes, three times what a Russian letter needs.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

COMPRESSED_FROM_BYTES = 65_536
"""Shorter texts stay readable in the table, also for versions of this program that knew no compression."""

_MARK = "zlib:"
"""What no JSON begins with."""


def plain_json(value: object) -> str:
    """The value as JSON with letters as they are."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which only its escape can be kept of
        return json.dumps(value, separators=(",", ":"))
    return text


def compact(value: object) -> str:
    """The value as JSON, as short as the table can hold it. Raises what `json.dumps` raises."""
    text = plain_json(value)
    content = text.encode()
    if len(content) < COMPRESSED_FROM_BYTES:
        return text
    return _MARK + base64.b64encode(zlib.compress(content)).decode()


def expanded(stored: str) -> Any:  # noqa: ANN401 -- whatever was stored
    """What `compact` was given, or any JSON that was stored before there was a compact form."""
    if stored.startswith(_MARK):
        return json.loads(zlib.decompress(base64.b64decode(stored.removeprefix(_MARK))))
    return json.loads(stored)
