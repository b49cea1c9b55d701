"""The stack as template.yaml deploys it: signed HTTP in, rows and log lines out."""

import base64
import json
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import httpx
import pytest
from nacl.signing import SigningKey

from infra.checkout import ROOT
from infra.local import metrics, translate
from infra.local.cloud import LocalCloud

# A cold worker on a busy machine.
TIMEOUT_SECONDS = 30


def event(event_type: str = "call.something.new", event_id: str = "") -> dict[str, Any]:
    """A Telnyx event that Dialtone keeps in the timeline and answers with nothing else."""
    return {
        "data": {
            "record_type": "event",
            "event_type": event_type,
            "id": event_id or str(uuid.uuid4()),
            "occurred_at": "2026-11-22T10:00:00.000000Z",
            "payload": {
                "call_control_id": f"v3:{uuid.uuid4()}",
                "call_leg_id": str(uuid.uuid4()),
                "call_session_id": str(uuid.uuid4()),
                "connection_id": "1",
            },
        }
    }


def post(cloud: LocalCloud, key: SigningKey, body: bytes, content_type: str = "application/json") -> int:
    timestamp = str(int(time.time()))
    signature = key.sign(f"{timestamp}|".encode() + body).signature
    headers = {
        "content-type": content_type,
        "telnyx-timestamp": timestamp,
        "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
    }
    return httpx.post(cloud.webhook_url, content=body, headers=headers, timeout=TIMEOUT_SECONDS).status_code


def timeline(cloud: LocalCloud, session: str) -> list[dict[str, Any]]:
    answer = cloud.client("dynamodb").query(
        TableName=cloud.calls_table,
        KeyConditionExpression="call_session_id = :session AND begins_with(#item, :event)",
        ExpressionAttributeNames={"#item": "item"},
        ExpressionAttributeValues={":session": {"S": session}, ":event": {"S": "EVENT#"}},
        ConsistentRead=True,
    )
    items: list[dict[str, Any]] = [dict(item) for item in answer["Items"]]
    return items


def session_of(sent: dict[str, Any]) -> str:
    session: str = sent["data"]["payload"]["call_session_id"]
    return session


def test_a_signed_event_is_answered_200_and_kept(cloud: LocalCloud, telnyx_key: SigningKey) -> None:
    sent = event()

    status = post(cloud, telnyx_key, json.dumps(sent).encode())

    assert status == 200
    assert [item["item"]["S"].endswith(sent["data"]["id"]) for item in timeline(cloud, session_of(sent))] == [True]


def test_of_a_flood_only_what_telnyx_signed_is_handled_and_none_of_that_is_refused(
    cloud: LocalCloud, telnyx_key: SigningKey
) -> None:
    real = [event() for _ in range(4)]
    forged = [event() for _ in range(16)]
    thief = SigningKey.generate()
    sending = [(telnyx_key, each) for each in real] + [(thief, each) for each in forged]
    Random(7).shuffle(sending)

    with ThreadPoolExecutor(2) as senders:
        answers = list(senders.map(lambda each: post(cloud, each[0], json.dumps(each[1]).encode()), sending))

    assert Counter(zip((key is thief for key, _ in sending), answers, strict=True)) == {
        (False, 200): 4,
        (True, 401): 16,
    }
    assert [len(timeline(cloud, session_of(each))) for each in (*real, *forged)] == [1] * 4 + [0] * 16


def test_a_body_that_the_gateway_encodes_is_verified_as_it_was_sent(cloud: LocalCloud, telnyx_key: SigningKey) -> None:
    sent = event()

    status = post(cloud, telnyx_key, json.dumps(sent).encode(), content_type="application/octet-stream")

    assert status == 200
    assert len(timeline(cloud, session_of(sent))) == 1


def test_a_redelivered_event_is_kept_once(cloud: LocalCloud, telnyx_key: SigningKey) -> None:
    sent = event()

    statuses = [post(cloud, telnyx_key, json.dumps(sent).encode()) for _ in range(3)]

    assert statuses == [200, 200, 200]
    assert len(timeline(cloud, session_of(sent))) == 1


def test_a_forged_event_is_answered_401_and_nothing_is_kept(cloud: LocalCloud) -> None:
    sent = event()

    status = post(cloud, SigningKey.generate(), json.dumps(sent).encode())

    assert status == 401
    assert timeline(cloud, session_of(sent)) == []


@pytest.mark.parametrize(
    "body",
    [b"not JSON", b"[]", b'{"data": 7}', b"\xff\xfe", b"[" * 5_000, b'"' + b"x" * 1_000_000 + b'"', b""],
    ids=["text", "list", "number", "not UTF-8", "nested", "1 MB", "empty"],
)
def test_signed_garbage_is_answered_400_with_one_line_and_no_traceback(
    cloud: LocalCloud, telnyx_key: SigningKey, body: bytes
) -> None:
    before = len(log_lines(cloud))

    status = post(cloud, telnyx_key, body, content_type="application/octet-stream")

    (line,) = log_lines(cloud)[before:]
    assert status == 400
    assert line["level"] == "WARNING"
    assert "exception" not in line


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_posts_have_a_route(cloud: LocalCloud, method: str) -> None:
    assert httpx.request(method, cloud.webhook_url, timeout=TIMEOUT_SECONDS).status_code == 404


def test_what_the_webhook_measures_is_asked_for(cloud: LocalCloud, telnyx_key: SigningKey) -> None:
    post(cloud, telnyx_key, json.dumps(event()).encode())
    post(cloud, telnyx_key, b"not JSON")
    post(cloud, SigningKey.generate(), b"forged")
    asked_for = metrics.asked_for(translate.read(ROOT / "infra" / "monitoring.yaml"))

    emitted = metrics.emitted(cloud.logs("WebhookFunction"))

    assert {metric.name for metric in emitted} >= {"Webhooks", "HandlingTime", "SignatureFailures", "MalformedWebhooks"}
    assert emitted <= asked_for


def test_the_outputs_name_what_was_deployed(cloud: LocalCloud) -> None:
    table = cloud.client("dynamodb").describe_table(TableName=cloud.calls_table)["Table"]
    queue = cloud.client("sqs").get_queue_attributes(QueueUrl=cloud.archive_queue_url, AttributeNames=["All"])
    dead = cloud.client("sqs").get_queue_attributes(
        QueueUrl=cloud.archive_dead_letter_queue_url, AttributeNames=["QueueArn"]
    )
    redrive = json.loads(queue["Attributes"]["RedrivePolicy"])

    assert [key["AttributeName"] for key in table["KeySchema"]] == ["call_session_id", "item"]
    assert redrive["deadLetterTargetArn"] == dead["Attributes"]["QueueArn"]
    assert cloud.client("s3").list_objects_v2(Bucket=cloud.recordings_bucket)["KeyCount"] >= 0


def log_lines(cloud: LocalCloud) -> list[dict[str, Any]]:
    """The function's structured lines, without the metrics."""
    lines = [json.loads(line) for line in cloud.logs("WebhookFunction")]
    return [line for line in lines if "_aws" not in line]
