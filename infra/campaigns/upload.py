"""Puts a checked list into the bucket: its parts first, what describes it last, so that half a list is none."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from dialtone.domain.campaigns.campaign import ListSummary, list_key, list_prefix, part_key
from infra.campaigns.checked_list import REFUSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_s3 import S3Client

    from infra.campaigns.checked_list import CheckedList

AT_ONCE = 8
"""Parts on their way: a hundred kilobytes each, so that waiting for answers is most of the time."""

JSON_LINES = "application/x-ndjson"


def refused_key(campaign_id: str) -> str:
    """The key of what was refused, a line for each row."""
    return f"campaigns/{campaign_id}/{REFUSED}"


def upload(checked: CheckedList, campaign_id: str, columns: Sequence[str], client: S3Client, bucket: str) -> str:
    """Upload all of it; gives the key of its `list.json`. Twice is once: the same list has the same keys."""

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
