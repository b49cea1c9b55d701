"""The audio beside the flows, which Telnyx is given under the files' names without the ending."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from dialtone.domain.errors import DialtoneError
from infra.carrier.account import AUDIO_FOLDER
from infra.operations.connect.plan import Audio

FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.(mp3|wav)")
"""The files that flows may name."""

LARGEST_BYTES = 20 * 10**6
"""Telnyx stores no larger file."""


def audio_beside(flows: Path) -> dict[str, Audio]:
    """The files by the names that flows play them by. Raises DialtoneError for one that Telnyx would not store."""
    found: dict[str, Audio] = {}
    for file in sorted((flows / AUDIO_FOLDER).glob("*")):
        if file.name.startswith(".") or not file.is_file():
            continue
        if not FILE.fullmatch(file.name):
            remedy = "name it with letters, digits, - and _, ending in .mp3 or .wav, or move it elsewhere"
            raise DialtoneError(f"{file}: no flow can play a file of this name; {remedy}")
        if file.stem in found:
            raise DialtoneError(f"{file}: {found[file.stem].file_name} has the same name at Telnyx; rename one of them")
        content = file.read_bytes()
        if len(content) > LARGEST_BYTES:
            raise DialtoneError(f"{file}: is larger than the 20 MB that Telnyx stores; make it shorter, or an MP3")
        found[file.stem] = Audio(file.name, hashlib.sha256(content).hexdigest(), content)
    return found
