"""Campaigns' lists: written to a folder in parts, as the engine reads them, then uploaded to the bucket.

A list is never held in memory. Its parts are uploaded first and its description last, so that half a list does not
count.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dialtone.domain.campaigns.campaign import ListSummary, Part, list_key, list_prefix, part_key
from dialtone.domain.campaigns.list_reader import RefusedRow
from dialtone.domain.campaigns.recipient import PART_RECIPIENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from dialtone.domain.campaigns.recipient import Recipient

    Zones = tuple[str, ...]

SHOWN_ROWS = 20
"""Refused rows shown on the terminal."""
REFUSED = "refused.jsonl"

AT_ONCE = 8
"""Parts uploaded in parallel: a hundred kilobytes each, so most of the time is waiting for responses."""

JSON_LINES = "application/x-ndjson"


@dataclass(slots=True)
class CheckedList:
    """A list that was read completely."""

    folder: Path
    """Has its parts, named by `part_name`, and all refused rows in `refused.jsonl`."""
    parts: list[Part] = field(default_factory=list)
    recipients: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Number of rows by rule."""
    first_refused: list[RefusedRow] = field(default_factory=list)
    zones: Counter[Zones] = field(default_factory=Counter)
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    @property
    def rows(self) -> int:
        """Rows that were read."""
        return self.recipients + self.refused.total()

    @property
    def sha256(self) -> str:
        """Hash of all recipients, independent of the file's format."""
        return self._digest.hexdigest()

    def file(self, part: int) -> Path:
        """A part's file."""
        return self.folder / part_name(part)

    def _take_part(self, lines: list[str]) -> None:
        content = "".join(f"{line}\n" for line in lines).encode()
        self.file(len(self.parts)).write_bytes(content)
        self._digest.update(content)
        name = part_name(len(self.parts))
        self.parts.append(Part(name, len(lines), hashlib.sha256(content).hexdigest()))

    def take(self, rows: Iterable[Recipient | RefusedRow], progress: Callable[[int], None]) -> None:
        """Write all rows. `progress` is called with their number from time to time."""
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


def refused_key(campaign_id: str) -> str:
    """The key of the refused rows, one line each."""
    return f"campaigns/{campaign_id}/{REFUSED}"


def upload(checked: CheckedList, campaign_id: str, columns: Sequence[str], client: S3Client, bucket: str) -> str:
    """Upload the list; return the key of its `list.json`. Idempotent: the same list has the same keys."""

    def put(part: int) -> None:
        body = checked.file(part).read_bytes()
        client.put_object(Bucket=bucket, Key=part_key(campaign_id, part), Body=body, ContentType=JSON_LINES)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(put, range(len(checked.parts))):
            pass  # an error is raised here
    with (checked.folder / REFUSED).open("rb") as refused:
        client.put_object(Bucket=bucket, Key=refused_key(campaign_id), Body=refused, ContentType=JSON_LINES)
    summary = ListSummary(
        list_prefix(campaign_id),
        tuple(replace(each, key=part_key(campaign_id, place)) for place, each in enumerate(checked.parts)),
        checked.recipients,
        checked.rows,
        dict(checked.refused),
        tuple(columns),
    )
    body = json.dumps(summary.to_json(), ensure_ascii=False).encode()
    client.put_object(Bucket=bucket, Key=list_key(campaign_id), Body=body, ContentType="application/json")
    return list_key(campaign_id)
