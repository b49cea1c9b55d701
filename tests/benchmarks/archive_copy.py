"""Copies audio from a storage into S3, one way or the other; a program of its own, started by `archive_speed.py`."""

from __future__ import annotations

import json
import resource
import sys
import time

import boto3
import urllib3
from botocore.config import Config

from archive.bucket import RecordingsBucket
from archive.deadline import Deadline
from archive.decompression import unpacked
from archive.download import Downloader
from archive.upload import copy_audio
from dialtone.domain.recordings import Recording

MEGABYTE = 1_048_576
ENOUGH_SECONDS = 600.0


def main(url: str, path: str, length: int, number: int) -> None:
    """Copy once small, to have everything loaded, then as asked; print what `archive_speed.Copied` has as JSON."""
    s3 = boto3.client("s3", endpoint_url=url, config=Config(s3={"addressing_style": "path"}))
    bucket, deadline = RecordingsBucket(s3, "bucket"), Deadline(time.monotonic() + ENOUGH_SECONDS)

    def copied(length: int, number: int) -> dict[str, float]:
        began, cpu = time.monotonic(), time.process_time()

        def since() -> dict[str, float]:
            return {"seconds": time.monotonic() - began, "cpu": time.process_time() - cpu}

        if path == "boto3":
            response = urllib3.request("GET", f"{url}/audio/{length}", preload_content=False)
            s3.upload_fileobj(response, "bucket", f"bare-{number}")  # type: ignore[arg-type]
            return since()
        download = Downloader(local=True).get(f"{url}/audio/{length}", deadline)
        recording = Recording("session", f"leg-{path}", number, 1, "2026-09-21T12:00:00Z", "record_start")
        copy = copy_audio(unpacked(download.pieces()), bucket, recording).audio
        copying = since()
        proved = bucket.read_back(copy.key, deadline)
        if proved is None or (proved.length_bytes, proved.sha256) != (length, copy.sha256):
            raise AssertionError(f"{proved} is not what was copied: {copy}")
        whole = since()
        return {
            **copying,
            "proving": whole["seconds"] - copying["seconds"],
            "proving_cpu": whole["cpu"] - copying["cpu"],
        }

    copied(MEGABYTE + 44, number)
    measured = copied(length, number + 1)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1_024)
    sys.stdout.write(json.dumps({**measured, "memory": memory}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
