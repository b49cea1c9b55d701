"""Audio that is not there, or is none."""

from collections.abc import Iterator
from pathlib import Path as File

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.prompts import PromptPiece
from infra.flowkit.linting.rule import ERROR, Found, rule
from infra.flowkit.linting.rules.unknown_step import near

HEAD_BYTES = 12
"""Enough for the marks at the beginning of WAV and MP3 files."""


@rule("missing-audio", ERROR)
def missing_audio(file: FlowFile) -> Iterator[Found]:
    """Audio beside the flow that is missing, empty, or not what its name says."""
    for piece in file.pieces:
        if piece.kind == "file" and (fault := _fault(file, piece)):
            yield Found(piece.path, *fault)
        if piece.kind == "media" and (path := file.folder.audio.get(piece.value)) and not _is_audio(path):
            yield Found(piece.path, f"plays {path.name}, which is no {path.suffix[1:].upper()} file", _EXPORT)


_EXPORT = "export it anew from the program that it was made with"


def _fault(file: FlowFile, piece: PromptPiece) -> tuple[str, str] | None:
    paths = {path.name: path for path in file.folder.audio.values()}
    path = paths.get(piece.value)
    if path is None:
        remedy = near(piece.value, paths, "put it there, or name a file that is there")
        return f"plays {piece.value}, which is not in the folder audio", remedy
    if not _is_audio(path):
        return f"plays {piece.value}, which is no {path.suffix[1:].upper()} file", _EXPORT
    return None


def _is_audio(path: File) -> bool:
    try:
        with path.open("rb") as audio:
            head = audio.read(HEAD_BYTES)
    except OSError:
        return False
    if path.suffix == ".wav":
        return head[:4] == b"RIFF" and head[8:12] == b"WAVE"
    return head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0)  # noqa: PLR2004 -- MPEG sync
