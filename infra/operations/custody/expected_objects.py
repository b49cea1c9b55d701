"""The objects that there are in the bucket of a recording, if all is as the ledger says. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from archive.metadata import OF_CALL, metadata
from dialtone.domain.object_keys import object_key
from dialtone.domain.recordings import KEPT_STATUSES, Recording


@dataclass(frozen=True, slots=True)
class Promise:
    """An object that there must be."""

    key: str
    sha256: str
    """'' for metadata: an earlier version of the program wrote fewer fields."""


def promises(recording: Recording) -> Iterator[Promise]:
    """Audio, transcript and metadata of a recording, as far as it has them."""
    audio, transcript = recording.audio, recording.transcript
    if audio:
        yield Promise(audio.key, audio.sha256)
    if transcript:
        yield Promise(transcript.key, transcript.sha256)
    if audio and recording.status in KEPT_STATUSES:
        yield Promise(object_key(recording, "json"), "")


def agrees(written: bytes, recording: Recording) -> bool:
    """Whether metadata says what the ledger says, in all that it says; what it does not know is no contradiction."""
    try:
        said = json.loads(written)
    except ValueError:
        return False
    if not isinstance(said, dict) or said.get("recording") != recording.name:
        return False
    ledger = json.loads(metadata(recording))
    known = ledger.keys() - OF_CALL - {"schema_version"}
    return all(ledger[name] == value for name, value in said.items() if name in known)
