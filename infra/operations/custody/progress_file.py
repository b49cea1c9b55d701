"""Progress of a verification, to continue after an interruption: a small file, rewritten as a whole each time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialtone.domain.errors import DialtoneError
from infra.operations.custody.ledger import Place
from infra.operations.custody.verification import Tally
from infra.output.files import write_whole


@dataclass(frozen=True, slots=True)
class PlaceFile:
    """A file for one table and one selection."""

    path: Path
    of: Mapping[str, Any]
    """What is verified: a file of something else is refused."""

    def read(self) -> tuple[Place | None, Tally]:
        """The place and what was found before it; the beginning if there is no such file. Raises DialtoneError."""
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None, Tally()
        except (OSError, ValueError) as error:
            raise DialtoneError(f"{self.path} cannot be read ({error}): name another file, or remove it") from error
        try:
            of, (session, item), tally = stored["of"], stored["after"], Tally.from_json(stored["tally"])
        except (TypeError, KeyError, ValueError):
            raise DialtoneError(
                f"{self.path} is not of `dialtone recordings verify`: name another file, or remove it"
            ) from None
        if of != self.of:
            raise DialtoneError(
                f"{self.path} is of another table or selection: verify the same as before, or name another file"
            )
        return (session, item), tally

    def write(self, after: Place, tally: Tally) -> None:
        """Note that everything up to this place has been checked. Raises DialtoneError."""
        try:
            write_whole(self.path, json.dumps({"of": self.of, "after": after, "tally": tally.to_json()}))
        except OSError as error:
            raise DialtoneError(f"{self.path} cannot be written ({error.strerror}): name another file") from error

    def remove(self) -> None:
        """The verification is complete: remove the file."""
        self.path.unlink(missing_ok=True)
