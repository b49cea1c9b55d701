"""What lies in DynamoDB and S3 when the calls are over."""

import io
import json
import time
import wave
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dialtone.adapters.calls_table import TimelineEntry
from dialtone.domain.calls import Call
from dialtone.domain.recordings import FAILED, KEPT_STATUSES, Recording
from infra.local.line import PhoneLine

FUNCTIONS = (
    "WebhookFunction",
    "WatchdogFunction",
    "ArchiveFunction",
    "ReconcileFunction",
    "LookupFunction",
    "FailoverFunction",
)

ARCHIVE_SECONDS = 30.0
"""How long recordings may take into S3 on a busy machine."""
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class StoredCall:
    """Everything that one phone call left behind."""

    legs: tuple[Call, ...]
    timeline: tuple[TimelineEntry, ...]
    recordings: tuple[Recording, ...]
    objects: Mapping[str, bytes]
    """Key → content, of this call's folder."""

    @property
    def led(self) -> Call:
        """The leg that a flow led."""
        return next((leg for leg in self.legs if leg.flow), self.legs[0])

    @property
    def steps(self) -> list[str]:
        """The steps that the caller went through, in order."""
        steps: list[str] = []
        for entry in sorted(self.timeline, key=lambda entry: entry.turn):
            if entry.step and (not steps or steps[-1] != entry.step):
                steps.append(entry.step)
        return steps

    def metadata(self) -> dict[str, Any]:
        """The JSON beside the recording; empty if there is none."""
        fields: dict[str, Any] = json.loads(self._object(".json") or b"{}")
        return fields

    def audio(self) -> bytes:
        """The recording; empty if there is none."""
        return self._object(".mp3", ".wav")

    def transcript(self) -> str:
        """The transcript; empty if there is none."""
        return self._object(".txt").decode()

    def _object(self, *endings: str) -> bytes:
        return next((content for key, content in self.objects.items() if key.endswith(endings)), b"")


def wait_for_archive(line: PhoneLine, session: str, *, transcript: bool = False) -> None:
    """Until every recording of the call is verified or failed, and its transcript there; at most ARCHIVE_SECONDS."""
    ends = time.monotonic() + ARCHIVE_SECONDS
    while time.monotonic() < ends:
        recordings = line.store.recordings(session)
        done = all(recording.status in {*KEPT_STATUSES, FAILED} for recording in recordings)
        if done and (not transcript or any(key.endswith(".txt") for key in _keys(line, session))):
            return
        time.sleep(POLL_SECONDS)


def kept(line: PhoneLine, session: str) -> StoredCall:
    """Read it all back."""
    s3 = line.cloud.client("s3")
    bucket = line.cloud.recordings_bucket
    objects = {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in _keys(line, session)}
    return StoredCall(
        line.store.legs(session), line.store.timeline(session), line.store.recordings(session), dict(objects)
    )


def items(line: PhoneLine) -> Iterable[Mapping[str, Any]]:
    """Every item of the table, as DynamoDB gives it."""
    for page in line.cloud.client("dynamodb").get_paginator("scan").paginate(TableName=line.cloud.calls_table):
        yield from page["Items"]


def objects(line: PhoneLine) -> Mapping[str, str]:
    """Every object of the bucket of recordings as text, by its key."""
    s3, bucket = line.cloud.client("s3"), line.cloud.recordings_bucket
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8", "replace") for key in _keys(line)}


def log_lines(line: PhoneLine) -> Iterable[str]:
    """Every line that a function wrote, metrics among them."""
    for function in FUNCTIONS:
        yield from line.cloud.logs(function)


def seconds_of_wav(audio: bytes) -> tuple[float, int]:
    """How long a WAV file plays, and on how many channels; none at all if there is no file."""
    if not audio:
        return 0.0, 0
    with wave.open(io.BytesIO(audio)) as file:
        return file.getnframes() / file.getframerate(), file.getnchannels()


def _keys(line: PhoneLine, session: str = "") -> list[str]:
    pages = line.cloud.client("s3").get_paginator("list_objects_v2").paginate(Bucket=line.cloud.recordings_bucket)
    keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
    return [key for key in keys if session in key]
