"""Copies recordings out of the bucket into a folder that anybody can check without us.

| file | what it is |
|---|---|
| `recordings/…` | audio, metadata and transcripts, under the same names as in the bucket |
| `manifest.json` | what the ledger says of each recording, its files with their hashes, and what is missing |
| `SHA256SUMS` | the hash of each of these files, for `sha256sum -c` |

A file has its name only when all of it is there and its hash is the ledger's; manifest and hashes are there only
when the export is finished. So an export that was interrupted is run again, and fetches what is not there yet.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from botocore.exceptions import HTTPClientError, IncompleteReadError

from archive.metadata import OF_CALL, metadata
from dialtone.domain.errors import DialtoneError
from dialtone.domain.recordings import Recording
from infra.operations.custody.expected_objects import Promise, agrees, promises
from infra.operations.custody.objects import TRIES, Absent, Objects, Unreadable

MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
UNFINISHED = "unfinished-export.json"
"""The selection of an unfinished export."""
PART = ".part"

DIFFERS = "differs from the ledger"

SCHEMA_VERSION = 1
"""Of the manifest: goes up when a field changes its meaning or goes."""

READ_BYTES = 1_048_576

_ORDINARY_PATH = re.compile(r"recordings(/[A-Za-z0-9_~-][A-Za-z0-9._:~-]*)+")
"""What the archive's keys look like; no path leads out of the folder."""


@dataclass(slots=True)
class Exported:
    """What an export has done."""

    recordings: int = 0
    fetched: int = 0
    """Promises."""
    there: int = 0
    """Promises that an earlier run had fetched."""
    missing: list[str] = field(default_factory=list)
    """Promises that could not be exported, and why."""
    strange: list[str] = field(default_factory=list)
    """Promises in the folder that are not of the export."""


@dataclass(frozen=True, slots=True)
class Export:
    """Exports recordings into one folder."""

    objects: Objects
    folder: Path
    of: Mapping[str, Any]
    """What is exported: of which table and bucket, and which selection."""

    def prepare(self) -> None:
        """Make the folder, unless it is there. Raises DialtoneError."""
        with _disk(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)

    def begin(self) -> None:
        """Take up an export of the same that was begun in the folder, or begin there. Raises DialtoneError."""
        with _disk(self.folder):
            begun = _of(self.folder / UNFINISHED) or _of(self.folder / MANIFEST)
            if begun is None and any(self.folder.iterdir()):
                raise DialtoneError(f"{self.folder} has other files: name a folder that is empty or does not exist yet")
            if begun not in (None, self.of):
                raise DialtoneError(f"{self.folder} holds an export of another selection: name another folder")
            (self.folder / UNFINISHED).write_text(json.dumps({"of": self.of}), encoding="utf-8")
            for name in (SUMS, MANIFEST):
                (self.folder / name).unlink(missing_ok=True)

    def run(self, recordings: Iterable[Recording], made_at: str) -> Iterator[Exported]:
        """Export them; returns what is done after each. Raises DialtoneError and botocore's errors."""
        done, paths = Exported(), set[str]()
        with _disk(self.folder), _Listing(self.folder, self.of, made_at) as listing:
            for recording in recordings:
                files = []
                for promise in promises(recording):
                    wanted = self._resolved(promise, recording)
                    if problem := self._fetch(wanted, done) if wanted.sha256 else DIFFERS:
                        done.missing.append(f"{wanted.key}: {problem}")
                        listing.miss(recording, wanted, problem)
                    else:
                        files.append(wanted)
                        paths.add(wanted.key)
                listing.add(recording, files, self.folder)
                done.recordings += 1
                yield done
            listing.close()
            done.strange = self._strange(paths)
            (self.folder / UNFINISHED).unlink(missing_ok=True)
        yield done

    def _resolved(self, promise: Promise, recording: Recording) -> Promise:
        """The promise with the hash of what is there, where that is metadata that says what the ledger says."""
        if promise.sha256:
            return promise
        try:
            content = self.objects.content(promise.key)
        except Unreadable:
            return promise
        if content is None or not agrees(content, recording):
            return promise
        return replace(promise, sha256=hashlib.sha256(content).hexdigest())

    def _fetch(self, wanted: Promise, done: Exported) -> str:
        """Make sure that a file is in the folder; returns why that is not possible, or ''."""
        if not _ORDINARY_PATH.fullmatch(wanted.key):
            return "is not a key of the archive: it is not exported"
        path = self.folder / wanted.key
        if path.is_file() and _hash_of(path) == wanted.sha256:
            done.there += 1
            return ""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + PART)
        try:
            found = self._copy(wanted.key, "", part)
            if found != wanted.sha256:
                version = self.objects.version_with(wanted.key, wanted.sha256)
                if not version or self._copy(wanted.key, version, part) != wanted.sha256:
                    part.unlink(missing_ok=True)
                    return DIFFERS if found else "is not in the bucket"
        except Unreadable as why:
            return str(why)
        part.replace(path)
        done.fetched += 1
        return ""

    def _copy(self, key: str, version: str, part: Path) -> str:
        """Copy a version of an object; returns its hash, '' if it is not there."""
        for attempt in range(1, TRIES + 1):
            sha256 = hashlib.sha256()
            try:
                with part.open("wb") as out:
                    for piece in self.objects.pieces(key, version):
                        sha256.update(piece)
                        out.write(piece)
                    out.flush()
                    os.fsync(out.fileno())
            except Absent:
                part.unlink(missing_ok=True)
                return ""
            except (HTTPClientError, IncompleteReadError):
                if attempt == TRIES:
                    raise
            else:
                break
        return sha256.hexdigest()

    def _strange(self, paths: set[str]) -> list[str]:
        held = {each.relative_to(self.folder).as_posix() for each in self.folder.rglob("*") if not each.is_dir()}
        return sorted(held - paths - {MANIFEST, SUMS, UNFINISHED})


class _Listing:
    """The manifest and the hashes, written as the export goes on: constant memory however many there are."""

    def __init__(self, folder: Path, of: Mapping[str, Any], made_at: str) -> None:
        self._folder = folder
        self._missing: list[dict[str, str]] = []
        self._first = True
        self._manifest = (folder / (MANIFEST + PART)).open("w", encoding="utf-8")
        self._sums = (folder / (SUMS + PART)).open("w", encoding="utf-8")
        head = {"schema_version": SCHEMA_VERSION, "made_at": made_at, "of": dict(of)}
        self._manifest.write(json.dumps(head, indent=1).removesuffix("\n}") + ',\n "recordings": [')

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_how: object) -> None:
        self._manifest.close()
        self._sums.close()

    def add(self, recording: Recording, files: Iterable[Promise], folder: Path) -> None:
        fields = {name: value for name, value in json.loads(metadata(recording)).items() if name not in OF_CALL}
        listed = [
            {"path": each.key, "bytes": (folder / each.key).stat().st_size, "sha256": each.sha256} for each in files
        ]
        entry = {"status": recording.status, "reason": recording.reason or None, **fields, "files": listed}
        self._manifest.write(("" if self._first else ",") + "\n  " + json.dumps(entry))
        self._sums.writelines(f"{each.sha256}  {each.key}\n" for each in files)
        self._first = False

    def miss(self, recording: Recording, file: Promise, problem: str) -> None:
        self._missing.append({"recording": recording.name, "path": file.key, "problem": problem})

    def close(self) -> None:
        """Complete and rename both files; the hashes last, because they show that the export is complete."""
        self._manifest.write(f'\n ],\n "missing": {json.dumps(self._missing)}\n}}\n')
        self._manifest.close()
        manifest = self._folder / MANIFEST
        manifest.with_name(MANIFEST + PART).replace(manifest)
        self._sums.write(f"{_hash_of(manifest)}  {MANIFEST}\n")
        self._sums.close()
        (self._folder / (SUMS + PART)).replace(self._folder / SUMS)


def _of(file: Path) -> Any:  # noqa: ANN401 -- whatever stands there
    """What a folder was to hold, as the file says; None if there is no such file."""
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        return "?"
    return stored.get("of", "?") if isinstance(stored, dict) else "?"


def _hash_of(path: Path) -> str:
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(READ_BYTES):
            sha256.update(piece)
    return sha256.hexdigest()


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """Raise what the disk refuses as a sentence."""
    try:
        yield
    except OSError as error:
        raise DialtoneError(
            f"{error.filename or folder}: {error.strerror}; once this is fixed, the same command continues"
        ) from error
