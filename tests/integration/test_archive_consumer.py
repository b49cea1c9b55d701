"""Batches as Lambda hands them over: what is reported, put back, given up and counted."""

import json
from typing import Any

import pytest

from archive.consumer import RESERVED_SECONDS
from archive.retries import RETRY_SECONDS
from dialtone.adapters.calls_table import READ_TRIES
from dialtone.domain.recordings import FAILED, SAVED, VERIFIED
from tests.integration.archiving import (
    KEY,
    MAX_RECEIVES,
    RECORDING_ID,
    ArchiveHouse,
    Lambda,
    Served,
    entry,
    logged,
    metrics,
    wav,
)
from tests.integration.deliveries import SESSION


def waits(house: ArchiveHouse) -> list[int]:
    """Give for how long messages were put back, in order."""
    asked = zip(house.wire.requests, house.wire.bodies, strict=True)
    return [json.loads(body)["VisibilityTimeout"] for name, body in asked if name == "ChangeMessageVisibility"]


def test_a_poisoned_message_does_not_hold_the_others(house: ArchiveHouse) -> None:
    second = entry()._replace(number=2, recording_id=RECORDING_ID)
    house.save(second)
    good = house.job(recording=second.name)

    failed = house.deliver("{", house.job(), "null", good, '{"kind": "fax"}', house.job(kind="fax"))

    assert failed == [0, 2, 4, 5]
    assert house.entry().status == VERIFIED
    assert house.entry(second.name).status == VERIFIED


@pytest.mark.parametrize("body", ["", "{", "[]", "[" * 100_000, json.dumps({"kind": "audio"}), "\x00", "𝄞"])
def test_garbage_is_sent_to_the_dead_letters_without_waiting(
    house: ArchiveHouse, body: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    record = house.record("-", 0, 1, 0.0) | {"body": body}
    last = house.record("-", 1, MAX_RECEIVES, 0.0) | {"body": body}

    reported = house.consumer().consume({"Records": [record, last]}, Lambda())

    assert reported == {"batchItemFailures": [{"itemIdentifier": "0"}, {"itemIdentifier": "1"}]}
    assert waits(house) == [0, 0]
    assert [(line["msg"], line["levelname"]) for line in logged(caplog)] == [
        ("job delayed", "WARNING"),
        ("job given up", "ERROR"),
    ]
    assert logged(caplog)[0]["reason"].startswith("the message is not a job: ")
    assert metrics(capsys.readouterr().out.splitlines()) == {"RecordingsFailed": [1.0]}


def test_a_message_that_failed_comes_again_sooner_than_the_queue_would_let_it(house: ArchiveHouse) -> None:
    house.telnyx.served = [Served(status=500)] * 4

    for receives in range(1, MAX_RECEIVES):
        assert house.deliver(house.job(), receives=receives) == [0]

    assert waits(house) == list(RETRY_SECONDS)
    assert house.entry().status == SAVED


def test_the_last_failure_closes_the_ledger_rings_and_hands_the_message_over_at_once(
    house: ArchiveHouse, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    house.telnyx.served = [Served(status=500)] * 2
    house.deliver(house.job(), receives=MAX_RECEIVES - 1)
    before = metrics(capsys.readouterr().out.splitlines())

    failed = house.deliver(house.job(), receives=MAX_RECEIVES)

    assert failed == [0]
    assert before == {}
    assert metrics(capsys.readouterr().out.splitlines()) == {"RecordingsFailed": [1.0]}
    assert house.entry().status == FAILED
    assert house.entry().reason == "Telnyx's storage answered 500"
    assert waits(house)[-1] == 0
    last = logged(caplog)[-1]
    assert (last["levelname"], last["msg"], last["last"]) == ("ERROR", "job given up", True)
    assert last["recording"] == entry().name
    assert last["call_session_id"] == SESSION


def test_a_job_of_a_kind_that_only_a_later_version_knows_fails_no_recording(
    house: ArchiveHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    """It goes to the dead-letter queue, whose alarm rings; put back, it is done by the version that knows it."""
    assert house.deliver(house.job(kind="verify"), receives=MAX_RECEIVES) == [0]

    assert house.entry().status == SAVED
    assert metrics(capsys.readouterr().out.splitlines()) == {}


def test_a_job_whose_ledger_entry_is_not_there_waits_for_it_and_is_given_up_in_the_end(
    house: ArchiveHouse, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    nobody = house.job(recording="nobody")

    assert house.deliver(nobody) == [0]
    assert house.deliver(nobody, receives=MAX_RECEIVES) == [0]

    assert house.telnyx.requests == []
    assert waits(house) == [RETRY_SECONDS[0], 0]
    assert {line["reason"] for line in logged(caplog)} == {'the ledger has no recording "nobody"'}
    assert metrics(capsys.readouterr().out.splitlines()) == {"RecordingsFailed": [1.0]}
    assert [each.name for each in house.store.recordings(SESSION)] == [entry().name]


def test_a_recording_that_another_archive_kept_is_not_given_up(
    house: ArchiveHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    def meanwhile(operation: str) -> None:
        if operation == "UploadPart":
            house.wire.before_each = lambda _: None
            assert house.deliver(house.job(), receives=2) == []

    house.wire.before_each = meanwhile

    failed = house.deliver(house.job(), receives=MAX_RECEIVES)

    assert failed == []
    assert house.entry().status == VERIFIED
    assert "RecordingsFailed" not in metrics(capsys.readouterr().out.splitlines())


SERVICES = {"BatchGetItem": "dynamodb", "UpdateItem": "dynamodb", "ChangeMessageVisibility": "sqs"}


def refusing(house: ArchiveHouse, operation: str, code: str, status: int = 400) -> None:
    """Let AWS refuse an operation from now on."""

    def refuse(http_response: Any, parsed: dict[str, Any], **_: object) -> None:  # noqa: ANN401 -- botocore's own answer
        http_response.status_code = status
        parsed["Error"] = {"Code": code, "Message": "no"}

    house.after(SERVICES.get(operation, "s3"), operation, refuse)


@pytest.mark.parametrize(
    ("operation", "code", "status"),
    [
        ("BatchGetItem", "ProvisionedThroughputExceededException", 400),
        ("UpdateItem", "ThrottlingException", 400),
        ("CreateMultipartUpload", "AccessDenied", 403),
        ("UploadPart", "SlowDown", 503),
        ("CompleteMultipartUpload", "InternalError", 500),
        ("CompleteMultipartUpload", "ConditionalRequestConflict", 409),
        ("GetObject", "AccessDenied", 403),
        ("PutObject", "SlowDown", 503),
    ],
)
def test_what_aws_refuses_is_tried_again_and_then_named(
    house: ArchiveHouse, operation: str, code: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    refusing(house, operation, code, status)

    assert house.deliver(house.job()) == [0]
    refused = logged(caplog)[0]
    house.recover()
    again = house.deliver(house.job(), receives=2)

    assert code in refused["reason"]
    assert again == []
    assert house.entry().status == VERIFIED
    assert house.versions(f"{KEY}.wav") == 1


def test_a_ledger_that_cannot_record_the_end_does_not_keep_the_message_from_its_way(
    house: ArchiveHouse, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    refusing(house, "UpdateItem", "ThrottlingException")

    failed = house.deliver(house.job(), receives=MAX_RECEIVES)

    assert failed == [0]
    assert waits(house) == [0]
    assert "the ledger could not record that a job was given up" in [line["msg"] for line in logged(caplog)]
    assert metrics(capsys.readouterr().out.splitlines()) == {"RecordingsFailed": [1.0]}


def test_a_message_that_cannot_be_put_back_early_is_reported_all_the_same(
    house: ArchiveHouse, caplog: pytest.LogCaptureFixture
) -> None:
    refusing(house, "ChangeMessageVisibility", "AWS.SimpleQueueService.NonExistentQueue")

    assert house.deliver("{") == [0]
    assert "a message could not be put back early" in [line["msg"] for line in logged(caplog)]


def test_keys_that_dynamodb_leaves_unread_are_a_passing_fault(
    house: ArchiveHouse, caplog: pytest.LogCaptureFixture
) -> None:
    def unread(parsed: dict[str, Any], **_: object) -> None:
        parsed["Responses"] = {}
        parsed["UnprocessedKeys"] = {house.name: {"Keys": [{"call_session_id": {"S": "s"}, "item": {"S": "i"}}]}}

    house.after("dynamodb", "BatchGetItem", unread)

    assert house.deliver(house.job()) == [0]
    assert house.wire.requests.count("BatchGetItem") == READ_TRIES
    assert logged(caplog)[0]["fault"] == "StoreUnavailable"


def test_a_mistake_of_ours_is_reported_with_its_traceback_and_holds_nobody(
    house: ArchiveHouse, caplog: pytest.LogCaptureFixture
) -> None:
    name = {"call_session_id": {"S": SESSION}, "item": {"S": f"RECORDING#{entry(number=2).name}"}}
    house.dynamodb.put_item(TableName=house.name, Item=name)  # no entry at all, under an entry's name

    failed = house.deliver(house.job(recording=entry(number=2).name), house.job())

    assert failed == [0]
    line = logged(caplog)[0]
    assert (line["levelname"], line["reason"]) == ("ERROR", "a fault of ours: TypeError")
    assert line["exc_info"]
    assert house.entry().status == VERIFIED


def test_a_slow_message_uses_its_share_of_the_time_and_leaves_the_rest_to_those_behind_it(house: ArchiveHouse) -> None:
    second = entry()._replace(number=2, ended_at="2026-09-21T12:01:03.000000Z")
    house.save(second)
    house.telnyx.known = False
    house.telnyx.audio["wav"] = wav(60.0)
    house.telnyx.served = [Served(pause_seconds=0.2)]
    left_millis = round((RESERVED_SECONDS + 2.0) * 1_000)

    failed = house.deliver(house.job(), house.job(recording=second.name), left_millis=left_millis)

    assert failed == [0]
    assert house.entry().status == SAVED
    assert house.entry(second.name).status == VERIFIED
