"""JSON as the table stores it: unescaped, and compressed if it is long. Pure.

DynamoDB's limit of 400 KB an item counts bytes of UTF-8. By default Python's JSON escapes every non-ASCII letter to six
bytes, three times what a Russian letter needs.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

COMPRESSED_FROM_BYTES = 65_536
"""Shorter texts stay readable in the table, also for versions of the program without compression."""

_PREFIX = "zlib:"
"""A prefix that no JSON text has."""


def plain_json(value: object) -> str:
    """The value as JSON with unescaped letters."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which can be stored only escaped
        return json.dumps(value, separators=(",", ":"))
    return text


def compact(value: object) -> str:
    """The value as JSON, as short as the table can hold it. Raises what `json.dumps` raises."""
    text = plain_json(value)
    content = text.encode()
    if len(content) < COMPRESSED_FROM_BYTES:
        return text
    return _PREFIX + base64.b64encode(zlib.compress(content)).decode()


def expanded(stored: str) -> Any:  # noqa: ANN401 -- whatever was stored
    """The value that `compact` was called with, or any JSON stored before there was a compact form."""
    if stored.startswith(_PREFIX):
        return json.loads(zlib.decompress(base64.b64decode(stored.removeprefix(_PREFIX))))
    return json.loads(stored)
