"""`dialtone recordings` on the running stack, found by its name."""

import json
import uuid

import pytest

from archive.metadata import metadata
from dialtone.adapters.calls_table import RECORDING
from dialtone.adapters.dynamodb_items import attributes
from dialtone.domain.object_keys import object_key
from dialtone.domain.recordings import VERIFIED, ArchiveJob, AudioCopy, Recording
from infra.cli.main import main
from infra.local.cloud import LocalCloud
from infra.local.stack_name import STACK_NAME
from tests.integration.archiving import sha256, wav


def kept(cloud: LocalCloud, caller: str = "+15550171") -> Recording:
    """A recording in custody."""
    content = wav()
    recording = Recording(
        call_session_id=str(uuid.uuid4()),
        call_leg_id=str(uuid.uuid4()),
        number=1,
        turn=1,
        requested_at="2026-11-29T10:00:00.000000Z",
        source="record_start",
        status=VERIFIED,
        from_number=caller,
        direction="incoming",
    )
    key = object_key(recording, "wav")
    recording = Recording.from_json(
        recording.to_json() | {"audio": {"key": key, "length_bytes": len(content), "sha256": sha256(content)}}
    )
    assert isinstance(recording.audio, AudioCopy)
    item = {**recording.to_json(), "item": f"{RECORDING}{recording.name}"}
    cloud.client("dynamodb").put_item(TableName=cloud.calls_table, Item=attributes(item))
    for each, body in {key: content, object_key(recording, "json"): metadata(recording)}.items():
        cloud.client("s3").put_object(Bucket=cloud.recordings_bucket, Key=each, Body=body)
    return recording


def recordings(*arguments: str) -> int:
    return main(["recordings", *arguments, "--stack", STACK_NAME])


@pytest.mark.usefixtures("shell")
def test_recordings_are_listed_shown_verified_redriven_and_erased(
    cloud: LocalCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = kept(cloud)

    assert recordings("list", "--json", "--caller", "+15550171") == 0
    assert json.loads(capsys.readouterr().out)["recording"] == recording.name
    assert recordings("show", recording.call_session_id) == 0
    assert recordings("verify", "--caller", "+15550171") == 0
    assert "1 recordings verified" in capsys.readouterr().out
    assert recording.audio
    cloud.client("s3").put_object(Bucket=cloud.recordings_bucket, Key=recording.audio.key, Body=b"other")
    assert recordings("verify", "--caller", "+15550171") == 1
    assert "has the right bytes" in capsys.readouterr().out

    job = ArchiveJob("metadata", recording.call_session_id, recording.call_leg_id, recording.name)
    cloud.client("sqs").send_message(QueueUrl=cloud.archive_dead_letter_queue_url, MessageBody=job.to_json())
    assert recordings("redrive") == 0
    assert f"put back: metadata of {recording.name}" in capsys.readouterr().out

    s3, bucket, key = cloud.client("s3"), cloud.recordings_bucket, recording.audio.key
    assert len(s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]) > 1
    assert recordings("erase", "--caller", "+15550171", "--yes") == 0
    assert f"erased {recording.call_session_id}" in capsys.readouterr().out
    left = s3.list_object_versions(Bucket=bucket, Prefix=key)
    assert [left.get("Versions", []), left.get("DeleteMarkers", [])] == [[], []]
    assert recordings("list", "--caller", "+15550171") == 0
    assert recording.name not in capsys.readouterr().out
