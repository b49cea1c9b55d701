"""The sample of a consumer: whatever comes twice or late, it ends with what is so."""

import json
import random
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.checkout import ROOT
from infra.event_consumer.consumer import handler
from infra.local import translate
from tests.integration.deliveries import SESSION, written_flows
from tests.integration.streaming import Streaming
from tests.integration.test_events_outbox import played

TEMPLATE = translate.read(ROOT / "infra" / "event_consumer" / "template.yaml")["Resources"]


@pytest.fixture
def latest(aws: None, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 -- boto3's client
    del aws
    dynamodb = boto3.client("dynamodb")
    table = TEMPLATE["LatestTable"]["Properties"]
    wanted = {name: table[name] for name in ("BillingMode", "AttributeDefinitions", "KeySchema")}
    dynamodb.create_table(TableName="latest", **wanted)
    monkeypatch.setenv("LATEST_TABLE", "latest")
    return dynamodb


def test_in_whatever_order_events_come_and_however_often_the_latest_is_kept(latest: Any, tmp_path: Path) -> None:  # noqa: ANN401 -- as above
    streaming = Streaming()
    streaming.read(played(written_flows(tmp_path))[0].records)
    wanted = TEMPLATE["ConsumerFunction"]["Properties"]["Events"]["CallsAndRecordings"]["Properties"]["Pattern"]
    events = [each for each in streaming.bus.taken if each["type"] in wanted["detail-type"]] * 2
    random.Random(7).shuffle(events)

    for each in events:
        handler({"source": "dialtone", "detail-type": each["type"], "detail": each}, None)

    kept = {item["id"]["S"]: item for item in latest.scan(TableName="latest")["Items"]}
    call = next(item for name, item in kept.items() if not name.endswith(("-01", "-02")))
    assert json.loads(call["latest"]["S"])["status"] == "ended"
    recordings = [item["type"]["S"] for name, item in kept.items() if name.endswith(("-01", "-02"))]
    assert recordings == ["recording.transcribed"] * 2
    assert all(name.startswith(f"{SESSION}/") for name in kept)
