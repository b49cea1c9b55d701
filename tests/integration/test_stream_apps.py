"""The two functions that read the table's stream, as Lambda starts them."""

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from dialtone.adapters.settings import SettingMissing

ENVIRONMENT = {
    "CALLS_TABLE": "calls",
    "RECORDINGS_BUCKET": "recordings",
    "EVENT_BUS": "bus",
    "EVENTS_DEAD_LETTER_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/dead",
    "DELIVERY_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/deliveries",
}
REMOVED = {
    "eventName": "REMOVE",
    "eventSource": "aws:dynamodb",
    "dynamodb": {
        "Keys": {"call_session_id": {"S": "s"}, "item": {"S": "RECORDING#l-01"}},
        "SequenceNumber": "1",
    },
}
NO_JOB = {
    "messageId": "1",
    "receiptHandle": "handle",
    "body": "not a job",
    "attributes": {"ApproximateReceiveCount": "1"},
    "eventSource": "aws:sqs",
}
NOTHING_FAILED: dict[str, list[Any]] = {"batchItemFailures": []}


@pytest.fixture(params=["events.app", "deliver.app"])
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    sys.modules.pop(request.param, None)
    yield request.param
    sys.modules.pop(request.param, None)


def started(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 -- a module
    for variable, value in ENVIRONMENT.items():
        monkeypatch.setenv(variable, value)
    return importlib.import_module(name)


def test_what_expires_from_the_table_is_no_news(aws: None, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    del aws
    handler = started(name, monkeypatch).handler

    assert handler({"Records": [REMOVED]}, None) == NOTHING_FAILED
    assert handler({"Records": []}, None) == NOTHING_FAILED


def test_a_message_of_the_queue_that_is_no_delivery_is_given_back(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    del aws
    sys.modules.pop("deliver.app", None)

    answer = started("deliver.app", monkeypatch).handler({"Records": [NO_JOB]}, None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}


def test_a_variable_that_is_missing_is_named_at_start(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ENVIRONMENT:
        monkeypatch.delenv(variable, raising=False)

    with pytest.raises(SettingMissing):
        importlib.import_module(name)
