"""`GET /health` on a stack by moto: what needs somebody, and what a dependency that fails leaves of it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from control import health as health_module
from control.alarms import alarms_of
from control.health import custody_of
from control.health_sentences import sentences_of
from control.watched_queues import QUEUES
from dialtone.adapters import aws_clients
from dialtone.adapters.parked_events import ParkedEvents
from dialtone.domain.parked_event import ParkedEvent
from dialtone.domain.recordings import ASKED_FOR, COPIED, EXPECTED, SAVED, VERIFIED, Transcription
from tests.control_settings import CONTROL_SETTINGS
from tests.integration.archiving import entry
from tests.integration.message_moves import MessageMoves
from tests.integration.test_control_api import NOW, SETTINGS, client_with
from tests.integration.test_control_api import Client as Stack
from tests.integration.test_control_api import client as stack  # noqa: F401 -- a fixture

WHAT = "The function fails. Callers hear silence. First: read the log; then deploy. docs/runbooks/webhooks.md#api-5xx"
LATER = "No caller notices: a job was given up. First: redrive. docs/runbooks/recordings.md#dead-letters"
PARKED = ParkedEvent("e-1", "call.hangup", "", "", 1, "2026-11-30T11:00:00+00:00", "KeyError", "{}")
EMPTY = {"messages": 0, "in_flight": 0, "delayed": 0, "oldest_at": None}


@pytest.fixture
def moves(aws: None) -> MessageMoves:
    del aws
    return MessageMoves()


@pytest.fixture
def line(stack: Stack, moves: MessageMoves) -> Stack:  # noqa: F811 -- the fixture
    """A stack with its queues, its bucket of parked webhooks, and two alarms that are quiet."""
    assert moves.tasks == []
    for each in QUEUES:
        stack.house.sqs.create_queue(QueueName=each.name)
    stack.house.s3.create_bucket(Bucket=CONTROL_SETTINGS["PARKED_EVENTS_BUCKET"])
    stack.house.store.mark_recording(entry()._replace(status=VERIFIED), was=(SAVED,))
    alarm("dialtone-api-5xx", WHAT)
    alarm("dialtone-dead-letters", LATER)
    alarm("dialtone-prod-api-5xx", WHAT)  # of another stack, whose name begins alike
    return stack


def alarm(
    name: str, description: str, state: str = "OK", metric: str = "5xx", measured: tuple[float, ...] = (3.0, 7.0)
) -> None:
    cloudwatch = boto3.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        AlarmDescription=description,
        Namespace="AWS/ApiGateway",
        MetricName=metric,
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold",
    )
    data = json.dumps({"recentDatapoints": measured}) if state == "ALARM" else "{}"
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="because", StateReasonData=data)


def put(line: Stack, queue: str, *bodies: str) -> None:
    url = next(CONTROL_SETTINGS[each.setting] for each in QUEUES if each.name == queue)
    for body in bodies:
        line.house.sqs.send_message(QueueUrl=url, MessageBody=body)


def test_a_quiet_stack_is_well(line: Stack) -> None:
    found = line.ok("/health")

    assert (found["is_well"], found["sentences"], found["unread"], found["stack"]) == (True, [], [], "dialtone")
    assert found["alarms"] == {"watched": 2, "ringing": [], "without_data": []}
    assert [each["name"] for each in found["queues"]] == [each.name for each in QUEUES]
    assert all(EMPTY.items() <= each.items() for each in found["queues"])
    assert (found["parked"]["events"], found["parked"]["is_whole"]) == (0, True)


def test_an_alarm_says_what_it_means_and_what_to_do_those_of_callers_first(line: Stack) -> None:
    alarm("dialtone-dead-letters", LATER, "ALARM")
    alarm("dialtone-api-5xx", WHAT, "ALARM")
    alarm("dialtone-prod-api-5xx", WHAT, "ALARM")

    found = line.ok("/health")

    first, second = found["alarms"]["ringing"]
    assert (first["name"], first["affects_callers"], second["name"]) == ("api-5xx", True, "dead-letters")
    assert first["means"] == "The function fails. Callers hear silence."
    assert first["first"] == "Read the log; then deploy."
    assert first["measured"] == "5xx in 1 min: 3, 7. It rings above 0."
    assert (first["runbook"], first["runbook_url"], first["sends"]) == ("docs/runbooks/webhooks.md#api-5xx", None, True)
    url = "https://git.example.com/docs/runbooks/"
    linked = client_with(line.house, **SETTINGS, RUNBOOKS_URL=url).ok("/health")
    assert linked["alarms"]["ringing"][0]["runbook_url"] == f"{url}webhooks.md#api-5xx"
    assert linked["queues"][0]["runbook_url"] == f"{url}recordings.md#dead-letters"
    assert datetime.fromisoformat(first["since"]) <= datetime.now(UTC)
    assert found["sentences"] == [
        "Callers are affected: api-5xx is on.",
        "No caller notices, and it can wait until morning: dead-letters is on.",
    ]


def test_what_was_given_up_or_parked_is_counted_with_the_command_that_brings_it_back(line: Stack) -> None:
    put(line, "archive-dead-letters", "{}", "{}")
    put(line, "archive", "{}")
    ParkedEvents(line.house.s3, CONTROL_SETTINGS["PARKED_EVENTS_BUCKET"]).put(PARKED)

    found = line.ok("/health")

    queues = {each["name"]: each for each in found["queues"]}
    assert queues["archive-dead-letters"]["messages"] == 2
    assert queues["archive-dead-letters"]["command"] == "dialtone recordings redrive --stack dialtone"
    assert queues["deliveries-dead-letters"]["command"].endswith(
        "arn:aws:sqs:us-east-1:123456789012:deliveries-dead-letters"
    )
    assert (queues["archive"]["messages"], queues["archive"]["command"]) == (1, None)
    assert (found["parked"]["events"], found["parked"]["command"]) == (1, "dialtone replay --all --stack dialtone")
    webhook, letters = found["sentences"]
    assert webhook.startswith("1 webhook is parked because of a bug: once it is fixed, `dialtone replay")
    assert letters.startswith("2 messages in archive-dead-letters: a recording that the archive gave up.")


def test_the_age_of_the_oldest_message_is_known_where_cloudwatch_knows_it(line: Stack) -> None:
    put(line, "events-dead-letters", "{}")
    boto3.client("cloudwatch").put_metric_data(
        Namespace="AWS/SQS",
        MetricData=[
            {
                "MetricName": "ApproximateAgeOfOldestMessage",
                "Dimensions": [{"Name": "QueueName", "Value": "events-dead-letters"}],
                "Timestamp": NOW - timedelta(minutes=2),
                "Value": 3_600.0,
            }
        ],
    )

    queues = {each["name"]: each for each in line.ok("/health")["queues"]}

    assert queues["events-dead-letters"]["oldest_at"] == "2026-11-30T10:58:00+00:00"


def test_the_oldest_recording_that_is_not_verified_is_named(line: Stack) -> None:
    late = line.recording("late", timedelta(hours=2), status=COPIED, ended_at=(NOW - timedelta(hours=1)).isoformat())
    line.recording("new", timedelta(minutes=3), status=EXPECTED)
    line.recording("kept", timedelta(hours=3), transcription=Transcription(ASKED_FOR, "A", "en-US"), transcript=None)

    custody = line.ok("/health")["recordings"]

    assert custody["oldest_unverified"] == {
        "id": f"late~{late.name}",
        "call_session_id": "late",
        "status": "copied",
        "since": "2026-11-30T11:00:00+00:00",
        "is_late": True,
    }
    assert custody["unverified"] == {"copied": 1, "expected": 1}
    assert (custody["awaiting_transcript"], custody["is_whole"]) == (1, True)


def test_a_recording_that_is_being_made_is_not_late_and_hides_none_that_is() -> None:
    made = entry()._replace(status=EXPECTED, ended_at="", requested_at=(NOW - timedelta(hours=2)).isoformat())
    stuck = entry()._replace(number=2, status=SAVED, ended_at=(NOW - timedelta(minutes=16)).isoformat())

    alone, both = custody_of([made], NOW, is_whole=True), custody_of([made, stuck], NOW, is_whole=True)

    assert alone["oldest_unverified"]
    assert both["oldest_unverified"]
    assert (alone["oldest_unverified"]["is_late"], sentences_of(None, alone, [], None)) == (False, [])
    assert both["oldest_unverified"]["status"] == SAVED
    assert sentences_of(None, both, [], None) == ["A recording that should be verified by now is still saved."]
    assert custody_of([], NOW, is_whole=True)["oldest_unverified"] is None


def refuse(**_: object) -> None:
    raise EndpointConnectionError(endpoint_url="https://aws.example")


def garble(parsed: dict[str, Any], **_: object) -> None:
    for name in [each for each in parsed if each != "ResponseMetadata"]:
        parsed[name] = "nonsense"


PARTS = [
    # what fails, which operation of it, what is unread then
    ("cloudwatch", "DescribeAlarms", "alarms"),
    ("cloudwatch", "GetMetricData", "ages"),
    ("sqs", "GetQueueAttributes", "queues"),
    ("s3", "ListObjectsV2", "parked"),
    ("dynamodb", "Query", "recordings"),
]


SAID: dict[Callable[..., None], str] = {refuse: "AWS did not answer in time.", garble: "returned an unexpected answer."}


@pytest.mark.parametrize(("service", "operation", "part"), PARTS)
def test_a_dependency_that_fails_leaves_the_rest(line: Stack, service: str, operation: str, part: str) -> None:
    put(line, "archive-dead-letters", "{}")
    ParkedEvents(line.house.s3, CONTROL_SETTINGS["PARKED_EVENTS_BUCKET"]).put(PARKED)
    events = line.house.dynamodb.meta.events if service == "dynamodb" else aws_clients.session().events
    for trouble, said in SAID.items():
        place = f"{'after' if trouble is garble else 'before'}-call.{service}.{operation}"
        events.register(place, trouble)
        try:
            found = client_with(line.house, **SETTINGS).ok("/health")
        finally:
            events.unregister(place, trouble)

        also = {"redrives"} if service == "dynamodb" else set()
        assert {each["part"] for each in found["unread"]} == {part} | also, trouble
        assert found["unread"][0]["message"].endswith(said)
        assert found["is_well"] is False
        left = {name for name in ("alarms", "recordings", "parked") if found[name] is None}
        assert left == {part} - {"queues", "ages"}
        assert (found["queues"][0]["messages"] is None) is (part == "queues")


def test_messages_are_counted_though_it_is_not_known_how_a_move_went(line: Stack, moves: MessageMoves) -> None:
    moves.is_silent = True

    found = line.ok("/health")

    assert [each["part"] for each in found["unread"]] == ["queues"]
    assert all(EMPTY.items() <= each.items() and each["move"] is None for each in found["queues"])


def test_a_dependency_that_is_slow_is_not_waited_for(line: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_module, "TIMEOUT_SECONDS", 1.0)
    ended = Event()

    def wait(**_: object) -> None:
        ended.wait()

    aws_clients.session().events.register("before-call.cloudwatch.DescribeAlarms", wait)

    found = line.ok("/health")
    ended.set()

    assert [each["part"] for each in found["unread"]] == ["alarms"]
    assert found["unread"][0]["message"] == "The alarms could not be read: AWS did not answer in time."


def test_an_emulator_has_no_alarms_and_the_answer_says_so(line: Stack) -> None:
    found = client_with(line.house, **SETTINGS, AWS_ENDPOINT_URL="http://127.0.0.1:4566").ok("/health")

    assert (found["alarms"], found["is_well"], found["sentences"]) == (None, False, [])
    assert found["unread"] == [{"part": "alarms", "message": health_module.EMULATED}]


def test_what_is_odd_about_alarms_is_said() -> None:
    rings: dict[str, Any] = {"StateValue": "ALARM", "ActionsEnabled": False, "StateReason": "x"}
    described: list[dict[str, Any]] = [
        {"AlarmName": "a-api-5xx", "AlarmDescription": WHAT, "StateValue": "INSUFFICIENT_DATA"},
        {"AlarmName": "a-dead-letters", "AlarmDescription": LATER, **rings},
        {"AlarmName": "a-own", "AlarmDescription": None, **rings},
    ]

    alarms = alarms_of("a", described)

    assert (alarms["watched"], alarms["without_data"], alarms["ringing"][0]["measured"]) == (2, ["api-5xx"], "x")
    assert [each.partition(":")[0] for each in sentences_of(alarms, None, [], None)] == [
        "No caller notices, and it can wait until morning",
        "Nobody gets an e-mail of dead-letters",
        "CloudWatch has no data for api-5xx",
    ]
    assert sentences_of(alarms_of("b", described), None, [], None) == [
        "CloudWatch has no alarm of this stack: deploy it again with monitoring."
    ]
