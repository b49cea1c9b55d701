"""`POST /health/queues/{queue}/redrive` on a stack by moto: once, by one person at a time, and noted."""

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from control import redriving as redriving_module
from control.audit import REDRIVES
from control.redriving import CLAIM_SECONDS
from control.watched_queues import QUEUES
from dialtone.adapters import aws_clients, queue_messages
from dialtone.adapters.calls_table import CallsTable
from dialtone.domain.recordings import ArchiveJob
from tests.integration.message_moves import MessageMoves
from tests.integration.test_control_api import LISTENER, NOW, SETTINGS, client_with
from tests.integration.test_control_api import Client as Stack
from tests.integration.test_control_api import client as stack  # noqa: F401 -- a fixture
from tests.integration.test_control_health import line, moves, put  # noqa: F401 -- fixtures

JOB = ArchiveJob("audio", "session", "leg", "leg-01", "recording-1", urls={"mp3": "https://expired.example"})
BATCH = {
    "DDBStreamBatchInfo": {
        "approximateArrivalOfFirstRecord": "2026-11-30T08:00:00Z",
        "approximateArrivalOfLastRecord": "2026-11-30T08:30:00Z",
    }
}
MOVED = "deliveries-dead-letters"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_messages, "WAIT_SECONDS", 0)  # moto has one server, and really waits


def redrive(stack: Stack, queue: str) -> tuple[int, Any]:  # noqa: F811 -- a parameter
    status, body, _ = stack.get(f"/health/queues/{queue}/redrive", "POST")
    return status, body


def bodies(stack: Stack, queue: str) -> list[str]:  # noqa: F811 -- as above
    url = next(SETTINGS[each.setting] for each in QUEUES if each.name == queue)
    received = stack.house.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [each["Body"] for each in received.get("Messages", [])]


def test_jobs_that_were_given_up_go_back_without_their_expired_addresses_and_what_is_no_job_stays(line: Stack) -> None:  # noqa: F811
    put(line, "archive-dead-letters", JOB.to_json(), "no job")

    status, found = redrive(line, "archive-dead-letters")

    assert (status, found["put_back"], found["is_finished"], found["is_moving"]) == (200, 1, True, False)
    assert found["notes"] == ["A message is not a job and stays in the queue: look at it in the SQS console."]
    [job] = bodies(line, "archive")
    assert ArchiveJob.from_json(job) == ArchiveJob("audio", "session", "leg", "leg-01", "recording-1")
    assert bodies(line, "archive-dead-letters") == ["no job"]
    assert found["by"] == LISTENER
    assert line.ok("/health")["redrives"] == [{"at": NOW.isoformat(), "by": LISTENER, "queue": "archive-dead-letters"}]


def test_events_are_sent_again_and_a_batch_names_its_command(line: Stack) -> None:  # noqa: F811
    call = line.call("talk")
    letter = {"call_session_id": "talk", "item": f"LEG#{call.leg_id}", "reason": ""}
    put(line, "events-dead-letters", json.dumps(letter), json.dumps(BATCH))

    status, found = redrive(line, "events-dead-letters")

    assert (status, found["put_back"]) == (200, 1)
    [note] = found["notes"]
    assert "dialtone events resend --since 2026-11-30T04:00:00Z --until 2026-11-30T08:30:00Z --stack dialtone" in note
    key = {"call_session_id": {"S": "talk"}, "item": {"S": f"LEG#{call.leg_id}"}}
    assert "resent_at" in line.house.dynamodb.get_item(TableName=line.house.name, Key=key)["Item"]


def test_of_two_people_at_once_one_puts_back_and_the_other_learns_of_it(line: Stack) -> None:  # noqa: F811
    store = CallsTable(line.house.dynamodb, line.house.name)
    seconds = int(NOW.timestamp())
    put(line, "archive-dead-letters", JOB.to_json())
    store.claim(REDRIVES, "REDRIVE#archive-dead-letters", now=seconds, until=seconds + 1, expires_at=seconds + 9)

    status, body, headers = line.get("/health/queues/archive-dead-letters/redrive", "POST")

    assert (status, body["error"]["code"]) == (409, "under_way")
    assert headers["Retry-After"] == str(CLAIM_SECONDS)
    assert len(bodies(line, "archive-dead-letters")) == 1
    assert line.ok("/health")["redrives"] == []
    store.hold(REDRIVES, "REDRIVE#archive-dead-letters", seconds - 1)  # its claim ends, though its holder died
    assert redrive(line, "archive-dead-letters")[1]["put_back"] == 1
    assert redrive(line, "archive-dead-letters")[1]["put_back"] == 0


def test_a_request_that_dies_half_way_loses_nothing_and_holds_nothing(line: Stack) -> None:  # noqa: F811
    put(line, "archive-dead-letters", JOB.to_json())
    events = aws_clients.session().events

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "OverLimit"}}, "DeleteMessage")

    events.register("before-call.sqs.DeleteMessage", refuse)
    assert redrive(client_with(line.house, **SETTINGS), "archive-dead-letters")[0] == 503
    events.unregister("before-call.sqs.DeleteMessage", refuse)

    url = SETTINGS["ARCHIVE_DEAD_LETTER_QUEUE_URL"]
    assert (
        line.house.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"][
            "ApproximateNumberOfMessagesNotVisible"
        ]
        == "1"
    )  # it is seen again later, and the archive does its job once
    assert redrive(line, "archive-dead-letters")[0] == 200


def test_what_takes_too_long_is_gone_on_with_by_the_next_request(
    line: Stack,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(line, "archive-dead-letters", *[JOB.to_json()] * 3)
    monkeypatch.setattr(redriving_module, "WORK_SECONDS", -1.0)

    found = redrive(line, "archive-dead-letters")[1]

    assert (found["put_back"], found["is_finished"]) == (1, False)


def test_sqs_moves_messages_by_itself_once_and_says_how_far_it_is(line: Stack, moves: MessageMoves) -> None:  # noqa: F811
    status, found = redrive(line, MOVED)
    assert (status, found["is_moving"], found["is_finished"]) == (200, True, False)
    status, refused = redrive(line, MOVED)

    assert (status, refused["error"]["code"]) == (409, "under_way")
    assert refused["error"]["message"].endswith("since 2026-11-30T12:00:00+00:00: 1 of about 3 so far.")
    shown = next(each for each in line.ok("/health")["queues"] if each["name"] == MOVED)
    assert (shown["move"]["status"], shown["move"]["moved"], shown["move"]["of"]) == ("RUNNING", 1, 3)
    moves.tasks[0]["Status"] = "COMPLETED"
    assert redrive(line, MOVED)[0] == 200
    assert len(moves.tasks) == 2


def test_who_begins_a_move_a_moment_too_late_learns_of_the_other(line: Stack, moves: MessageMoves) -> None:  # noqa: F811
    def first(**_: object) -> None:
        if not moves.tasks and not moves.fails:
            moves.began()

    aws_clients.session().events.register_first("before-call.sqs.StartMessageMoveTask", first)

    assert redrive(line, MOVED)[1]["error"]["code"] == "under_way"

    moves.tasks.clear()
    moves.fails = True
    assert redrive(line, MOVED)[0] == 503


@pytest.mark.parametrize(
    ("queue", "status", "said"),
    [
        ("watchdog-dead-letters", 409, "find the cause, then purge the queue, as docs/runbooks/watchdog.md"),
        ("archive", 409, "It is not a dead-letter queue"),
        ("nothing", 404, "There is no queue 'nothing'."),
        ("<b>", 404, "There is no queue '<b>'."),
        ("x" * 80, 404, "There is no queue"),
        ("x" * 81, 422, "queue: String should have at most 80 characters"),
    ],
)
def test_other_queues_are_not_redriven(line: Stack, queue: str, status: int, said: str) -> None:  # noqa: F811
    answered, body = redrive(line, queue)

    assert (answered, said in body["error"]["message"]) == (status, True), body


def test_the_emulator_moves_nothing_and_the_answer_says_so(line: Stack) -> None:  # noqa: F811
    local = client_with(line.house, **SETTINGS, AWS_ENDPOINT_URL="http://127.0.0.1:4566")

    assert redrive(local, MOVED)[1]["error"] == {
        "code": "emulated",
        "message": redriving_module.EMULATED,
        "parameter": None,
    }
    assert [each["part"] for each in local.ok("/health")["unread"]] == ["alarms"]


def test_listening_does_not_allow_to_redrive(line: Stack) -> None:  # noqa: F811
    line.authorizer = {"jwt": {"claims": {"email": "ada@example.com", "cognito:groups": "[listen]"}}}

    status, body = redrive(line, "archive-dead-letters")

    assert (status, body["error"]["code"]) == (403, "forbidden")
    assert line.ok("/health")["redrives"] == []


def test_a_claim_ends_by_itself(line: Stack) -> None:  # noqa: F811
    long_ago = int((NOW - timedelta(seconds=CLAIM_SECONDS + 1)).timestamp())
    CallsTable(line.house.dynamodb, line.house.name).claim(
        REDRIVES, "REDRIVE#archive-dead-letters", now=long_ago, until=long_ago + CLAIM_SECONDS, expires_at=long_ago + 99
    )

    assert redrive(line, "archive-dead-letters")[0] == 200
