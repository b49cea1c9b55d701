"""Files that people rely on: written whole or not at all, and by one command at a time."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dialtone.domain.errors import DialtoneError


def write_whole(file: Path, text: str) -> None:
    """Put the text in the file's place, or leave the file as it is: on a full disk, or interrupted. Raises OSError."""
    if file.exists() and not file.is_file():  # a pipe or a device has no place to be put into
        file.write_text(text, encoding="utf-8")
        return
    place = file.resolve()  # what a link leads to is replaced, not the link
    beside = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    try:
        beside.write_text(text, encoding="utf-8")
        if place.exists():
            shutil.copymode(place, beside)
        beside.replace(place)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error
    finally:
        beside.unlink(missing_ok=True)  # gone if all went well


@contextmanager
def alone(folder: Path, otherwise: str = "") -> Iterator[None]:
    """Hold a folder while other commands that hold it wait, or with `otherwise` raise DialtoneError with that sentence.

    The operating system lets go of it when the process ends, however it ends.
    """
    held = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | (fcntl.LOCK_NB if otherwise else 0))
        except BlockingIOError:
            raise DialtoneError(otherwise) from None
        yield
    finally:
        os.close(held)
