"""The functions' code as the zip that Lambda is given."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

# Lambda gets the libraries by `sam build`; the emulator's workers find them in this project's own environment.
LEFT_OUT_NAMES = frozenset({"__pycache__", "requirements.in", "requirements.txt"})
# The earliest date that a zip can hold: same code, same bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)


def zip_functions(folder: Path) -> bytes:
    """A zip of the folder's files, without libraries, in a fixed order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in _code_files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _code_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not LEFT_OUT_NAMES.intersection(path.relative_to(folder).parts):
            yield path
