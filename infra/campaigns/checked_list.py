"""A list, checked and laid down in a folder as the parts that the engine reads; nothing of it is held in memory."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dialtone.domain.campaigns.campaign import Part
from dialtone.domain.campaigns.list_reader import RefusedRow
from dialtone.domain.campaigns.recipient import PART_RECIPIENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from dialtone.domain.campaigns.recipient import Recipient

    Zones = tuple[str, ...]

SHOWN_ROWS = 20
"""Of refused rows, on the terminal."""
REFUSED = "refused.jsonl"


@dataclass(slots=True)
class CheckedList:
    """What is known of a list once all of it was read."""

    folder: Path
    """With its parts, as `part_name` names them, and every refused row in `refused.jsonl`."""
    parts: list[Part] = field(default_factory=list)
    recipients: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Rule → rows."""
    first_refused: list[RefusedRow] = field(default_factory=list)
    zones: Counter[Zones] = field(default_factory=Counter)
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    @property
    def rows(self) -> int:
        """Rows that were read."""
        return self.recipients + self.refused.total()

    @property
    def sha256(self) -> str:
        """Of all recipients, whatever file they came from."""
        return self._digest.hexdigest()

    def file(self, part: int) -> Path:
        """A part's file."""
        return self.folder / part_name(part)

    def described(self) -> Mapping[str, object]:
        """For people's programs."""
        return {"rows": self.rows, "recipients": self.recipients, "refused": dict(self.refused.most_common())}

    def _take_part(self, lines: list[str]) -> None:
        content = "".join(f"{line}\n" for line in lines).encode()
        self.file(len(self.parts)).write_bytes(content)
        self._digest.update(content)
        name = part_name(len(self.parts))
        self.parts.append(Part(name, len(lines), hashlib.sha256(content).hexdigest()))

    def take(self, rows: Iterable[Recipient | RefusedRow], progress: Callable[[int], None]) -> None:
        """Lay all rows down. `progress` is called with their number now and then."""
        lines: list[str] = []
        with (self.folder / REFUSED).open("w", encoding="utf-8") as refused:
            for each in rows:
                if isinstance(each, RefusedRow):
                    self.refused[each.rule] += 1
                    if len(self.first_refused) < SHOWN_ROWS:
                        self.first_refused.append(each)
                    refused.write(f"{each.to_line()}\n")
                    continue
                self.recipients += 1
                self.zones[each.zones] += 1
                lines.append(each.to_line())
                if len(lines) == PART_RECIPIENTS:
                    self._take_part(lines)
                    lines = []
                    progress(self.rows)
        if lines:
            self._take_part(lines)


def part_name(part: int) -> str:
    """A part's name in its folder, be that on a disk or in S3."""
    return f"{part:05}.jsonl"


def as_json(value: object) -> str:
    """Readable JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False)
