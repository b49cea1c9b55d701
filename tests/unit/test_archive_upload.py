"""The parts in which audio goes into the bucket, whatever pieces it comes in and however slowly they leave."""

import hashlib
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from archive import upload
from archive.bucket import RecordingsBucket
from archive.upload import copy_audio
from dialtone.domain.recordings import Recording
from tests.drills.aws_memory import MemoryBucket

PART_BYTES = 1_000
RECORDING = Recording("session", "leg", 1, 1, "2026-09-21T12:00:00Z", "record_start")


class SlowBucket(MemoryBucket):
    """Reads a part only after the next one could have come."""

    def __init__(self) -> None:
        super().__init__()
        self.lengths: list[int] = []

    def upload_part(self, **part: Any) -> Any:  # noqa: ANN401 -- boto's own parameters and answer
        """Take a part, late."""
        time.sleep(0.003)
        self.lengths.append(len(part["Body"]))
        return super().upload_part(**part)


def cut(file: bytes, piece_bytes: int) -> Iterator[bytes]:
    return (file[start : start + piece_bytes] for start in range(0, len(file), piece_bytes))


@pytest.mark.parametrize("piece_bytes", [7, 999, 1_000, 1_001, 2_500, 10_000])
@pytest.mark.parametrize("length", [70, 1_000, 2_000, 6_789])
def test_a_part_is_what_came_until_it_is_sent(monkeypatch: pytest.MonkeyPatch, length: int, piece_bytes: int) -> None:
    monkeypatch.setattr(upload, "PART_BYTES", PART_BYTES)
    file, memory = b"\xff" + random.Random(length).randbytes(length - 1), SlowBucket()
    bucket: Any = RecordingsBucket(memory, "recordings")  # type: ignore[arg-type] # in memory

    copied = copy_audio(cut(file, piece_bytes), bucket, RECORDING)

    assert memory.objects == {copied.audio.key: file}
    assert copied.audio.sha256 == hashlib.sha256(file).hexdigest()
    assert sorted(memory.lengths)[1:] == [PART_BYTES] * (len(memory.lengths) - 1)
