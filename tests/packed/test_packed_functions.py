"""Every function as `make build` packs it, started by AWS's own runtime client from its package alone.

`make check-sam` runs these: they need the package, and a Python of Lambda's version.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.adapters.flow_library import read_numbers
from dialtone.domain.campaigns.campaign import RUNNING, Window, part_key
from dialtone.domain.campaigns.recipient import Recipient
from dialtone.domain.lookups import Lookup
from infra.checkout import DEPLOYED_FLOWS, ROOT
from infra.packing.pack import SERVICES
from infra.packing.runtime_api import PackedFunction, Runtime
from tests.control_settings import CONTROL_SETTINGS
from tests.integration.campaign_example import CAMPAIGN, FLOW
from tests.integration.deliveries import Signer, body
from tests.integration.delivering import House, message
from tests.integration.dependencies import create_table
from tests.integration.scripted_telnyx import Answer, ScriptedTelnyx
from tests.integration.streaming import passes_filters
from tests.packages import package_of

if TYPE_CHECKING:
    from collections.abc import Iterator

if "PACKED" not in os.environ:
    pytest.skip("make check-sam runs these, with a package", allow_module_level=True)

BUILD = Path(os.environ["PACKED"])
RUNTIME = Runtime(Path(os.environ["LAMBDA_PYTHON"]), Path(os.environ["LAMBDA_RUNTIME"]))
SIGNER = Signer()
TABLE = "calls"
TELNYX_WAITS_SECONDS = 2.0
NUMBER = next(iter(read_numbers(DEPLOYED_FLOWS)))

ALONE = """
import sys; sys.path.insert(0, sys.argv[1])
import telnyx
client = telnyx.Telnyx(api_key="KEY")
print(client.calls.actions.__class__.__name__, telnyx.types.StreamCodec is not None)
"""

QUESTIONS = {
    "cloudwatch": "describe_alarms()",
    "codedeploy": "list_applications()",
    "dynamodb": "list_tables()",
    "events": "list_event_buses()",
    "lambda": "list_functions()",
    "s3": "list_objects_v2(Bucket='packed')",
    "secretsmanager": "list_secrets()",
    "sesv2": "list_email_identities()",
    "sqs": "list_queues()",
    "sts": "get_caller_identity()",
}

ASKING = """
import sys; sys.path.insert(0, sys.argv[1])
import boto3
for service in sys.argv[2:]:
    client = boto3.client(service.partition(".")[0])
    print(eval("client." + service.partition(".")[2])["ResponseMetadata"]["HTTPStatusCode"])
"""


@cache
def packed(function: str) -> Path:
    return package_of(BUILD, function)


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    return boto3.Session("testing", "testing", region_name="us-east-1")


@pytest.fixture(scope="module")
def aws(session: boto3.Session) -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    create_table(session.client("dynamodb", endpoint_url=url), TABLE)
    session.client("sqs", endpoint_url=url).create_queue(QueueName="watchdog")
    session.client("secretsmanager", endpoint_url=url).create_secret(Name="telnyx", SecretString="KEY0123456789")
    yield url
    server.stop()


@pytest.fixture
def telnyx() -> Iterator[ScriptedTelnyx]:
    with ScriptedTelnyx() as server:
        yield server


@pytest.fixture
def environment(aws: str, telnyx: ScriptedTelnyx) -> dict[str, str]:
    return {
        "ARCHIVE_QUEUE_URL": f"{aws}/123456789012/archive",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": aws,
        "AWS_SECRET_ACCESS_KEY": "testing",
        "CALLS_TABLE": TABLE,
        "FAILOVER_LANGUAGE": "en-US",
        "FAILOVER_SENTENCE": "We are sorry.",
        "FAILOVER_VOICE": "AWS.Polly.Joanna-Neural",
        "LOOKUP_FUNCTION": "lookup",
        "WATCHDOG_QUEUE_URL": f"{aws}/123456789012/watchdog",
        "PARKED_EVENTS_BUCKET": "parked",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
        "RECORDINGS_BUCKET": "recordings",
        "TELNYX_API_KEY_SECRET": "telnyx",
        "TELNYX_BASE_URL": telnyx.url,
        "TELNYX_PUBLIC_KEY": SIGNER.public_key,
        "WEBHOOK_FUNCTION": "webhook:live",
    }


def webhook(number: int, *, signer: Signer = SIGNER) -> dict[str, Any]:
    """Give API Gateway's request for an incoming call's first event, of a call of its own."""
    ids = {"call_session_id": f"session-{number}", "call_leg_id": f"leg-{number}", "to": NUMBER}
    content = body("call.initiated", number, **ids, direction="incoming", state="parked")
    now = str(int(time.time()))
    headers = {"telnyx-signature-ed25519": signer.sign(content, now), "telnyx-timestamp": now}
    return {"version": "2.0", "headers": headers, "body": content.decode(), "isBase64Encoded": False}


def control_request(path: str) -> dict[str, Any]:
    """Give API Gateway's request of somebody who is signed in by IAM."""
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": {},
        "requestContext": {
            "http": {"method": "GET", "path": path},
            "stage": "$default",
            "requestId": "1",
            "authorizer": {"iam": {"userArn": "arn:aws:iam::123456789012:user/ada"}},
        },
    }


def a_message_to_deliver() -> list[dict[str, Any]]:
    """Give what the table's stream says of a message that is kept, and is to be e-mailed."""
    house = House()
    asked = message()
    house.recorded(asked)
    house.kept(asked)
    return house.table.records


def logged(function: PackedFunction) -> list[dict[str, Any]]:
    ends = time.monotonic() + 5
    while time.monotonic() < ends and '"HandlingTime"' not in function.output:
        time.sleep(0.05)
    return [json.loads(line) for line in function.output.splitlines() if line.startswith("{")]


def test_a_signed_webhook_is_answered_and_its_command_sent(environment: dict[str, str], telnyx: ScriptedTelnyx) -> None:
    with PackedFunction(packed("WebhookFunction"), "webhook.app.handler", environment, RUNTIME) as function:
        answer = function.invoke(webhook(1))

        assert answer.payload["statusCode"] == 200
        line, *blobs = logged(function)

    assert [request.path.rpartition("/")[2] for request in telnyx.requests] == ["answer"]
    assert telnyx.requests[0].headers["authorization"] == "Bearer KEY0123456789"
    assert (line["event_type"], line["commands"]) == ("call.initiated", [{"action": "answer", "result": "accepted"}])
    measured = {name: value for blob in blobs for name, value in blob.items()}
    assert (measured["Webhooks"], measured["CommandsAccepted"], measured["CallsStarted"]) == ([1], [1], [1])


def test_a_forged_webhook_is_refused(environment: dict[str, str], telnyx: ScriptedTelnyx) -> None:
    with PackedFunction(packed("WebhookFunction"), "webhook.app.handler", environment, RUNTIME) as function:
        answer = function.invoke(webhook(2, signer=Signer()))

    assert answer.payload["statusCode"] == 401
    assert telnyx.requests == []


def test_a_function_that_wakes_from_a_snapshot_answers(environment: dict[str, str], telnyx: ScriptedTelnyx) -> None:
    package = packed("WebhookFunction")
    with PackedFunction(package, "webhook.app.handler", environment, RUNTIME, snap_start=True) as function:
        answer = function.invoke(webhook(3))

        assert function.restored

    assert answer.payload["statusCode"] == 200
    assert len(telnyx.requests) == 1


def test_the_archive_takes_a_batch_and_gives_back_what_is_no_job(environment: dict[str, str]) -> None:
    record = {
        "messageId": "1",
        "receiptHandle": "handle",
        "body": "not a job",
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": str(int(time.time() * 1_000))},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:archive",
        "awsRegion": "us-east-1",
    }
    with PackedFunction(packed("ArchiveFunction"), "archive.app.handler", environment, RUNTIME) as function:
        nothing = function.invoke({"Records": []})
        given_back = function.invoke({"Records": [record]})

    assert nothing.payload == {"batchItemFailures": []}
    assert given_back.payload == {"batchItemFailures": [{"itemIdentifier": "1"}]}


def test_a_sweep_reads_what_is_outstanding(environment: dict[str, str], telnyx: ScriptedTelnyx) -> None:
    nothing_recorded = {"data": [], "meta": {"total_pages": 0, "total_results": 0, "page_number": 1, "page_size": 250}}
    telnyx.answers.append(Answer(body=json.dumps(nothing_recorded).encode()))

    with PackedFunction(packed("ReconcileFunction"), "reconcile.app.handler", environment, RUNTIME) as function:
        swept = function.invoke({"time": "2026-09-21T12:00:00Z"})

    assert swept.payload == {"outstanding": 0}


def test_the_watchdog_lets_go_of_a_call_that_is_not_in_the_table(environment: dict[str, str]) -> None:
    look = '{"call_session_id": "nobody", "call_leg_id": "nobody", "chain": "none"}'

    with PackedFunction(packed("WatchdogFunction"), "watchdog.app.handler", environment, RUNTIME) as function:
        looked = function.invoke({"Records": [{"messageId": "1", "body": look}]})

    assert looked.payload is None


def test_the_events_function_sends_what_the_tables_stream_says(
    environment: dict[str, str], session: boto3.Session, aws: str
) -> None:
    events = session.client("events", endpoint_url=aws)
    bus = events.create_event_bus(Name="bus")["EventBusArn"]
    events.create_archive(ArchiveName="all", EventSourceArn=bus)
    settings = environment | {"EVENT_BUS": "bus", "EVENTS_DEAD_LETTER_QUEUE_URL": f"{aws}/123456789012/dead"}
    records = [each for each in a_message_to_deliver() if passes_filters(each)]

    with PackedFunction(packed("EventsFunction"), "events.app.handler", settings, RUNTIME) as function:
        sent = function.invoke({"Records": records})

    assert sent.payload == {"batchItemFailures": []}
    assert events.describe_archive(ArchiveName="all")["EventCount"] > 0


def test_the_deliver_function_notes_a_message_and_leaves_one_for_which_it_is_too_early(
    environment: dict[str, str], session: boto3.Session, aws: str
) -> None:
    sqs = session.client("sqs", endpoint_url=aws)
    queue = sqs.create_queue(QueueName="deliveries")["QueueUrl"]
    settings = environment | {"DELIVERY_QUEUE_URL": f"{aws}/123456789012/deliveries"}
    records = [each for each in a_message_to_deliver() if passes_filters(each, "DeliverFunction", "Due")]

    with PackedFunction(packed("DeliverFunction"), "deliver.app.handler", settings, RUNTIME) as function:
        noted = function.invoke({"Records": records})

    assert noted.payload == {"batchItemFailures": []}
    waiting: Any = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed")
    assert sum(int(waiting[name]) for name in names) == 1


def test_the_campaigns_function_dials_whom_a_list_names(
    environment: dict[str, str], session: boto3.Session, aws: str, telnyx: ScriptedTelnyx
) -> None:
    s3 = session.client("s3", endpoint_url=aws)
    s3.create_bucket(Bucket="lists")
    somebody = Recipient(2, "+15550142", ("UTC",), {"street": "Elm Street"})
    s3.put_object(Bucket="lists", Key=part_key(CAMPAIGN.id, 0), Body=f"{somebody.to_line()}\n".encode())
    ordered = replace(CAMPAIGN, recipients=1, connection_id="1293", window=Window(0, 1_440), status=RUNNING)
    CampaignsTable(session.client("dynamodb", endpoint_url=aws), TABLE).order(ordered, FLOW)
    settings = environment | {"CAMPAIGNS_BUCKET": "lists"}

    with PackedFunction(packed("CampaignsFunction"), "campaigns.app.handler", settings, RUNTIME) as function:
        done = function.invoke({}, limit_seconds=15)  # of which it works four

    assert done.payload == {"dials": 1}
    assert [json.loads(request.body)["to"] for request in telnyx.requests] == ["+15550142"]


def test_the_control_function_describes_itself_and_lists_calls(environment: dict[str, str]) -> None:
    settings = CONTROL_SETTINGS | environment | {"RECORDINGS_BUCKET": "recordings", "CAMPAIGNS_BUCKET": "campaigns"}

    with PackedFunction(packed("ControlFunction"), "control.app.handler", settings, RUNTIME) as function:
        description = function.invoke(control_request("/openapi.json"))
        calls = function.invoke(control_request("/calls"))

    described = (ROOT / "docs" / "control-api.json").read_text(encoding="utf-8")
    assert json.loads(description.payload["body"]) == json.loads(described)
    assert calls.payload["statusCode"] == 200
    assert isinstance(json.loads(calls.payload["body"])["calls"], list)


def test_the_pre_traffic_function_starts_and_refuses_a_version_that_it_cannot_invoke(
    environment: dict[str, str], telnyx: ScriptedTelnyx
) -> None:
    elsewhere = telnyx.url.removesuffix("/v2")
    telnyx.answers.extend([Answer(404, b'{"Type": "User"}'), Answer(200, b"{}")])
    settings = {
        "NEW_VERSION": "webhook:1",
        "AWS_ENDPOINT_URL_LAMBDA": elsewhere,
        "AWS_ENDPOINT_URL_CODEDEPLOY": elsewhere,
    }

    # The scripted server is Lambda, and CodeDeploy.
    with PackedFunction(
        packed("PreTrafficFunction"), "pretraffic.app.handler", environment | settings, RUNTIME
    ) as function:
        function.invoke({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1"})

    reported = telnyx.requests[-1].json
    assert reported == {"deploymentId": "d-1", "lifecycleEventHookExecutionId": "e-1", "status": "Failed"}


def test_the_failover_answers_a_call_from_cold_before_telnyx_gives_up(
    environment: dict[str, str], telnyx: ScriptedTelnyx
) -> None:
    """Nothing is warm: it loads boto3, fetches the key, and makes its first connections."""
    began = time.monotonic()
    with PackedFunction(packed("FailoverFunction"), "failover.app.handler", environment, RUNTIME) as function:
        answer = function.invoke(webhook(4))

    assert answer.payload["statusCode"] == 200
    assert [request.path.rpartition("/")[2] for request in telnyx.requests] == ["answer"]
    assert telnyx.requests[0].headers["authorization"] == "Bearer KEY0123456789"
    assert answer.at_seconds - began < TELNYX_WAITS_SECONDS


@pytest.mark.parametrize("package", sorted(path.parent.name for path in BUILD.glob("*/dialtone")))
def test_the_plain_import_of_the_sdk_that_the_lean_one_falls_back_to_is_in_the_package(package: str) -> None:
    done = subprocess.run(  # noqa: S603 -- our own package
        [RUNTIME.python, "-I", "-S", "-B", "-c", ALONE, str(BUILD / package)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("ActionsResource True\n", "")


def test_every_aws_service_can_be_asked_with_what_the_package_keeps_of_botocore(
    environment: dict[str, str], session: boto3.Session, aws: str
) -> None:
    session.client("s3", endpoint_url=aws).create_bucket(Bucket="packed")
    asked = [f"{service}.{question}" for service, question in QUESTIONS.items()]

    done = subprocess.run(  # noqa: S603 -- our own package
        [RUNTIME.python, "-I", "-S", "-B", "-c", ASKING, str(packed("ControlFunction")), *asked],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout.split(), done.stderr) == (["200"] * len(asked), "")
    assert QUESTIONS.keys() == SERVICES


def test_every_module_of_ours_has_bytecode_that_no_date_can_make_stale() -> None:
    package = packed("WebhookFunction")
    sources = [source for folder in ("dialtone", "webhook") for source in (package / folder).rglob("*.py")]

    flags = {(each.parent / "__pycache__" / f"{each.stem}.cpython-313.pyc").read_bytes()[4:8] for each in sources}

    assert flags == {b"\x01\x00\x00\x00"}, "unchecked hash (PEP 552)"


def test_the_lookup_function_asks_and_answers(environment: dict[str, str], telnyx: ScriptedTelnyx) -> None:
    elsewhere = telnyx.url.removesuffix("/v2")
    lookup = Lookup(f"{elsewhere}/crm", {"phone": "+1"}, 5, gives=("name",), id="question")
    telnyx.answers.extend([Answer(200, b'{"name": "Ada"}'), Answer(200, b'{"statusCode": 200}')])

    # The scripted server is the CRM, and Lambda with the webhook function.
    with PackedFunction(
        packed("LookupFunction"), "lookup.app.handler", environment | {"AWS_ENDPOINT_URL": elsewhere}, RUNTIME
    ) as function:
        answered = function.invoke({"lookup": lookup.to_json(), "answer_to": "webhook"})

    assert answered.payload is None
    asked, delivered = telnyx.requests
    assert (asked.path, asked.json) == ("/crm", {"phone": "+1", "lookup_id": "question"})
    assert json.loads(delivered.body)["dialtone_event"]["payload"]["values"] == {"name": "Ada"}
