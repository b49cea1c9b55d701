"""`dialtone events resend`: what never reached the bus is sent again under the ids that it had."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import control.event_resending
from control.event_resending import Resending
from infra.cli.main import main
from tests.integration.deliveries import SESSION, phone_call, written_flows
from tests.integration.dependencies import Line
from tests.integration.streaming import StreamedTable, Streaming

BATCH = {
    "DDBStreamBatchInfo": {
        "shardId": "shardId-1",
        "startSequenceNumber": "1",
        "endSequenceNumber": "2",
        "approximateArrivalOfFirstRecord": "2026-09-21T12:00:00Z",
        "approximateArrivalOfLastRecord": "2026-09-21T12:30:00Z",
    }
}


class Stack:
    """A stack with one call, in memory, and its dead letters."""

    def __init__(self, flows: Path) -> None:
        self.table = StreamedTable()
        line = Line.in_memory(flows)
        line.dynamodb = self.table  # type: ignore[assignment]  # in memory
        for event in phone_call(line):
            line.deliver_until_done(event)
        self.letters: list[str] = []
        self.sent = self._sent(0)

    def _sent(self, since: int) -> list[dict[str, Any]]:
        streaming = Streaming()
        assert streaming.read(self.table.records[since:])
        return streaming.bus.taken

    def resent(self, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
        before = len(self.table.records)
        status = main(["events", "resend", *arguments])
        return status, self._sent(before)

    def receive_message(self, **_: object) -> dict[str, list[dict[str, str]]]:
        return {"Messages": [{"MessageId": body, "ReceiptHandle": body, "Body": body} for body in self.letters]}

    def delete_message(self, *, ReceiptHandle: str, **_: object) -> None:  # noqa: N803 -- boto's own
        self.letters.remove(ReceiptHandle)


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    there = Stack(written_flows(tmp_path))
    clients = {"dynamodb": there.table, "sqs": there}
    monkeypatch.setattr("infra.operations.aws.client", lambda name, *_: clients[name])
    monkeypatch.setenv("CALLS_TABLE", "calls")
    monkeypatch.setenv("EVENTS_DEAD_LETTER_QUEUE_URL", "dead-letters")
    return there


def by_id(events: list[dict[str, Any]]) -> dict[str, str]:
    return {each["id"]: each["type"] for each in events}


def test_a_calls_events_are_sent_again_under_their_ids_and_after_all_others(stack: Stack) -> None:
    status, resent = stack.resent(SESSION)

    assert status == 0
    sent = by_id(stack.sent)
    again = by_id(resent)
    assert {kind for kind in again.values() if kind.startswith("call.")} == {
        *(kind for kind in sent.values() if kind.startswith("call.")),
        "call.updated",
    }
    assert {each for each in again if again[each] != "call.updated"} <= set(sent)
    assert min(each["sequence"] for each in resent) > max(each["sequence"] for each in stack.sent)


def test_a_dead_letter_is_done_once_its_item_is_marked(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    [leg] = [each["item"]["S"] for each in stack.table.items() if each["item"]["S"].startswith("LEG#")]
    gone = {"call_session_id": "erased", "item": "LEG#erased", "reason": ""}
    stack.letters = [json.dumps({"call_session_id": SESSION, "item": leg, "reason": ""}), json.dumps(gone)]

    status, resent = stack.resent()

    assert (status, stack.letters) == (0, [])
    assert "call.ended" in by_id(resent).values()
    assert "2 dead letters processed" in capsys.readouterr().out


def test_a_batch_that_lambda_gave_up_stays_and_the_command_for_its_time_is_named(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.letters = [json.dumps(BATCH)]

    status, resent = stack.resent()

    assert (status, resent, stack.letters) == (1, [], [json.dumps(BATCH)])
    assert "events resend --since 2026-09-21T08:00:00Z --until 2026-09-21T12:30:00Z" in capsys.readouterr().out


def test_a_call_that_is_not_there_is_an_error_that_says_where_to_look(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stack.resent("nobody") == (1, [])
    assert "dialtone calls list" in capsys.readouterr().err
    assert stack.resent("--until", "2026-09-21") == (1, [])
    assert "--since" in capsys.readouterr().err


def test_the_calls_of_a_time_are_found_by_when_they_began(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def begun(resending: Resending, begin: datetime, end: datetime) -> list[str]:
        del resending
        assert (begin, end) == (datetime(2026, 9, 21, 8, tzinfo=UTC), datetime(2026, 9, 21, 12, 30, tzinfo=UTC))
        return [SESSION, SESSION]  # one for each leg

    monkeypatch.setattr(control.event_resending.Resending, "begun", begun)

    status, resent = stack.resent("--since", "2026-09-21T08:00:00Z", "--until", "2026-09-21T12:30:00Z")

    assert status == 0
    assert len([each for each in resent if each["type"] == "call.ended"]) == 1
