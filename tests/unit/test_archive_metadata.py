import json
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from archive.metadata import SCHEMA_VERSION, metadata
from dialtone.domain.calls import Call
from dialtone.domain.recordings import AudioCopy, Consent, Pause, Recording, TranscriptCopy, Transcription

FIELDS = [
    "schema_version",
    "recording",
    "call_session_id",
    "call_leg_id",
    "recording_id",
    "call_control_id",
    "connection_id",
    "from",
    "to",
    "direction",
    "calling_party_type",
    "flow",
    "flow_version",
    "step",
    "outcome",
    "variables",
    "retention_days",
    "requested_at",
    "started_at",
    "ended_at",
    "channels",
    "format",
    "key",
    "bytes",
    "sha256",
    "duration_millis",
    "content_doubt",
    "source",
    "identity",
    "identity_reason",
    "pauses",
    "consent",
    "review",
    "transcript_key",
    "transcript_sha256",
    "transcription_id",
    "transcription_status",
    "transcription_engine",
    "transcription_language",
]

BARE = Recording("session", "leg", 2, 1, "2026-09-21T12:00:00.000000Z", "telnyx")
WHOLE = Recording(
    call_session_id="session",
    call_leg_id="leg",
    number=1,
    turn=4,
    requested_at="2026-09-21T12:00:00.000000Z",
    source="record_start",
    status="verified",
    consent=Consent("given", "May we?", "en-US", "2026-09-21T11:59:58.000000Z", "1"),
    review="kept",
    content_doubt="it plays 8.0 s; the recorder ran 60.0 s: too short",
    channels="dual",
    format="mp3",
    from_number="+15550123",
    direction="incoming",
    calling_party_type="pstn",
    flow="front-desk",
    flow_version="0c1d2e3f4a5b",
    step="message",
    retention_days=30,
    pauses=(Pause("2026-09-21T12:00:03.000000Z", "2026-09-21T12:00:05.000000Z", "sensitive"),),
    transcription=Transcription("completed", "B", "en"),
    file_name="leg-01",
    identity="certain",
    identity_reason="its file has the name that it was asked for under",
    to_number="+15550100",
    recording_id="r-1",
    started_at="2026-09-21T12:00:01.000000Z",
    ended_at="2026-09-21T12:00:09.000000Z",
    call_control_id="v3:control",
    connection_id="7267",
    audio=AudioCopy("recordings/2026/09/21/session/leg-01.mp3", 64_000, "c0ffee", 8_000),
    transcript=TranscriptCopy("recordings/2026/09/21/session/leg-01.txt", "facade", "t-1"),
)


def test_the_fields_stand_in_their_order_and_a_line_ends() -> None:
    written = metadata(WHOLE)

    assert list(json.loads(written)) == FIELDS
    assert written.endswith(b"}\n")
    assert list(json.loads(metadata(BARE))) == FIELDS


def test_everything_that_the_ledger_knows_is_reported() -> None:
    assert json.loads(
        metadata(WHOLE, Call("session", "leg", ended_at="2026-09-21T12:01:00.000000Z", variables={"outcome": "done"}))
    ) == {
        "schema_version": SCHEMA_VERSION,
        "recording": "leg-01",
        "call_session_id": "session",
        "call_leg_id": "leg",
        "recording_id": "r-1",
        "call_control_id": "v3:control",
        "connection_id": "7267",
        "from": "+15550123",
        "to": "+15550100",
        "direction": "incoming",
        "calling_party_type": "pstn",
        "flow": "front-desk",
        "flow_version": "0c1d2e3f4a5b",
        "step": "message",
        "outcome": "done",
        "variables": {"outcome": "done"},
        "retention_days": 30,
        "requested_at": "2026-09-21T12:00:00.000000Z",
        "started_at": "2026-09-21T12:00:01.000000Z",
        "ended_at": "2026-09-21T12:00:09.000000Z",
        "channels": "dual",
        "format": "mp3",
        "key": "recordings/2026/09/21/session/leg-01.mp3",
        "bytes": 64_000,
        "sha256": "c0ffee",
        "duration_millis": 8_000,
        "content_doubt": "it plays 8.0 s; the recorder ran 60.0 s: too short",
        "source": "record_start",
        "identity": "certain",
        "identity_reason": "its file has the name that it was asked for under",
        "pauses": [
            {"from": "2026-09-21T12:00:03.000000Z", "to": "2026-09-21T12:00:05.000000Z", "why": "sensitive"},
        ],
        "consent": {
            "how": "given",
            "prompt": "May we?",
            "language": "en-US",
            "at": "2026-09-21T11:59:58.000000Z",
            "key": "1",
        },
        "review": "kept",
        "transcript_key": "recordings/2026/09/21/session/leg-01.txt",
        "transcript_sha256": "facade",
        "transcription_id": "t-1",
        "transcription_status": "completed",
        "transcription_engine": "B",
        "transcription_language": "en",
    }


def test_what_is_not_known_is_null_and_never_empty() -> None:
    content = json.loads(metadata(BARE))

    assert "" not in content.values()
    assert {name for name, value in content.items() if value is not None} == {
        "schema_version",
        "recording",
        "call_session_id",
        "call_leg_id",
        "requested_at",
        "source",
    }


def test_an_entry_of_an_earlier_version_tells_no_pauses_rather_than_none() -> None:
    content = json.loads(metadata(WHOLE._replace(pauses=None, transcription=None)))

    assert content["pauses"] is None
    assert content["transcription_status"] == "completed"
    assert json.loads(metadata(WHOLE._replace(pauses=())))["pauses"] == []
    assert json.loads(metadata(BARE._replace(transcription=Transcription())))["transcription_status"] == "none"


def test_every_field_is_described_in_the_docs_in_its_order() -> None:
    page = Path("docs/recordings.md").read_text(encoding="utf-8").partition("\n## The metadata\n")[2]

    rows = [re.findall("`([a-z0-9_]+)`", row.split("|")[1]) for row in page.splitlines() if row.startswith("| `")]

    assert [name for names in rows for name in names] == FIELDS


@given(st.text(), st.text())
def test_any_number_and_name_makes_json_that_reads_the_same(number: str, source: str) -> None:
    recording = Recording("s", "l", 1, 1, "2026-09-21T12:00:00Z", source.strip("\ud800"), from_number=number)

    content = json.loads(metadata(recording))

    assert content["from"] == (number or None)
    assert content["source"] == recording.source


def test_what_came_of_the_call_is_there_once_it_has_ended() -> None:
    call = Call("session", "leg", variables={"outcome": "left a message", "name": "Ada", "digits.card": "****"})

    before = json.loads(metadata(WHOLE, call))
    after = json.loads(metadata(WHOLE, call._replace(ended_at="2026-09-21T12:00:10.000000Z")))

    assert (before["outcome"], before["variables"]) == (None, None)
    assert after["outcome"] == "left a message"
    assert after["variables"] == {"outcome": "left a message", "name": "Ada"}, "no digits that are kept nowhere"
