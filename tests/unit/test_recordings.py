import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.object_keys import object_key
from dialtone.domain.recordings import ArchiveJob, AudioCopy, Recording, Report, TranscriptCopy

RECORDING = Recording("session", "leg", 1, 3, "2026-09-21T12:00:00.000000Z", "record_start")
JOB = ArchiveJob("audio", "session", "leg", "leg-01", "r-1", {"mp3": "https://recordings.example/1.mp3"})


@pytest.mark.parametrize(
    "recording",
    [
        RECORDING,
        RECORDING._replace(audio=AudioCopy("key", 5, "c0ffee", None)),
        RECORDING._replace(audio=AudioCopy("key", 5, "c0ffee", 90), transcript=TranscriptCopy("key", "facade", "t-1")),
    ],
)
def test_an_entry_reads_as_it_was_written(recording: Recording) -> None:
    assert Recording.from_json(json.loads(json.dumps(recording.to_json()))) == recording


def test_fields_of_another_version_are_passed_over() -> None:
    stored = RECORDING.to_json() | {
        "of_tomorrow": "given",
        "audio": {"key": "k", "length_bytes": 1, "sha256": "s", "codec": "?"},
    }

    assert Recording.from_json(stored) == RECORDING._replace(audio=AudioCopy("k", 1, "s"))


def test_an_entry_of_before_copies_were_kept_reads_without_them() -> None:
    stored = RECORDING.to_json()
    del stored["audio"], stored["transcript"]

    assert Recording.from_json(stored) == RECORDING


def test_a_recording_is_named_before_telnyx_names_it() -> None:
    assert RECORDING.name == "leg-01"
    assert RECORDING._replace(number=12, recording_id="r-1").name == "leg-12"


def test_a_recording_lies_under_the_day_that_it_began() -> None:
    begun = RECORDING._replace(started_at="2026-09-22T00:00:00.100000Z")

    assert object_key(RECORDING, "wav") == "recordings/2026/09/21/session/leg-01.wav"
    assert object_key(begun, "json") == "recordings/2026/09/22/session/leg-01.json"


ORDINARY = st.one_of(st.uuids().map(str), st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True))
ANY_TEXT = st.text(st.characters(), max_size=300) | st.sampled_from(["", ".", "..", "../../x", "a/../b", "a/b", "\x00"])


@given(session=ORDINARY, leg=ORDINARY)
def test_ordinary_ids_stand_in_a_key_as_they_are(session: str, leg: str) -> None:
    recording = RECORDING._replace(call_session_id=session, call_leg_id=leg)

    assert object_key(recording, "wav") == f"recordings/2026/09/21/{session}/{leg}-01.wav"


@given(session=ANY_TEXT, leg=ANY_TEXT | st.text("ä/.", min_size=2_000, max_size=3_000), day=ANY_TEXT)
def test_no_id_makes_a_key_that_s3_or_a_file_system_reads_otherwise(session: str, leg: str, day: str) -> None:
    recording = RECORDING._replace(call_session_id=session, call_leg_id=leg, started_at=day)

    key = object_key(recording, "wav")

    assert re.fullmatch(r"recordings/(undated|\d{4}/\d\d/\d\d)/[A-Za-z0-9_.:~-]+/[A-Za-z0-9_.:~-]+-01\.wav", key)
    assert len(key.encode()) <= 512
    assert not any(part in {"", ".", ".."} or part.startswith(".") for part in key.split("/"))
    assert ".." not in key


@given(one=ANY_TEXT, other=ANY_TEXT)
def test_different_ids_make_different_keys(one: str, other: str) -> None:
    keys = {object_key(RECORDING._replace(call_leg_id=each), "wav") for each in (one, other)}

    assert len(keys) == len({one, other})


def test_an_entry_of_before_what_was_asked_of_it_was_noted_reads_as_a_plain_one() -> None:
    stored = RECORDING.to_json()
    for name in ("trimmed", "silence_seconds", "max_seconds", "content_doubt"):
        del stored[name]

    assert Recording.from_json(stored) == RECORDING


@pytest.mark.parametrize("job", [JOB, JOB._replace(urls=None), JOB._replace(kind="transcript", transcript="Žofie\n")])
def test_a_job_reads_as_it_was_written(job: ArchiveJob) -> None:
    assert ArchiveJob.from_json(job.to_json()) == job


def without(name: str) -> dict[str, Any]:
    return {each: value for each, value in json.loads(JOB.to_json()).items() if each != name}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "audio",
        "null",
        "5",
        '"kind"',
        "[]",
        '["kind"]',
        "{}",
        json.dumps(without("kind")),
        json.dumps(without("call_session_id")),
        json.dumps(json.loads(JOB.to_json()) | {"kind": 5}),
        json.dumps(json.loads(JOB.to_json()) | {"recording": None}),
        json.dumps(json.loads(JOB.to_json()) | {"call_leg_id": ["leg"]}),
        json.dumps(json.loads(JOB.to_json()) | {"urls": "https://recordings.example"}),
        json.dumps(json.loads(JOB.to_json()) | {"urls": {"mp3": None}}),
    ],
)
def test_anything_else_is_no_job(body: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        ArchiveJob.from_json(body)


@pytest.mark.parametrize(
    ("started_at", "expected"),
    [
        ("2026-09-21T12:00:01.123456Z", True),
        ("2026-09-21T12:00:01.123457Z", False),
        ("2026-09-21T12:00:01.123000Z", True),
        ("2026-09-21T12:00:01.124000Z", True),
        ("2026-09-21T12:00:01.125000Z", False),
    ],
)
def test_a_report_of_the_webhook_is_known_in_what_the_api_lists_of_it(started_at: str, *, expected: bool) -> None:
    """The webhook gives microseconds, the API milliseconds."""
    webhook = Report(1, "2026-09-21T12:00:01.123456Z", "dual", files="a1b2")

    assert Report(0, started_at, "dual", "r-1", "a1b2").is_of(webhook) is expected
    assert webhook.is_of(Report(0, started_at, "dual", "r-1", "a1b2")) is expected
    assert not Report(0, started_at, "dual", "r-1", "c3d4").is_of(webhook)
    assert not Report(0, started_at, "single", "r-1", "a1b2").is_of(webhook)
