"""AWS without botocore's service models, against botocore's own clients: the same on the wire and in the hand."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ChecksumError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
)
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.adapters.aws import clients
from dialtone.adapters.aws.credentials import credentials
from dialtone.adapters.aws.services import DynamoDb, Lambda, SecretsManager, Sqs
from dialtone.adapters.aws.wire import IDLE_SECONDS, PAUSE_SECONDS, THROTTLED, Wire
from dialtone.adapters.calls_table import CallsTable, LostRace
from dialtone.adapters.settings import telnyx_api_key
from dialtone.domain.calls import Call
from dialtone.domain.commands import command
from dialtone.domain.decisions import Decision
from dialtone.domain.recordings import ArchiveJob
from tests.integration.deliveries import CONTROL, LEG, SESSION, event
from tests.integration.dependencies import aws_session, create_table
from tests.integration.scripted_telnyx import KEPT_BY, Answer, Later, Request, ScriptedTelnyx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SAID_BY_EACH = {
    *("host", "accept-encoding", "user-agent", "amz-sdk-invocation-id", "amz-sdk-request"),
    *("authorization", "x-amz-date", "content-length"),
    "x-amzn-query-mode",  # asks SQS for the names that errors had before it spoke JSON
}
"""Headers that differ between two clients or two requests of one; botocore's JSON has blanks in it."""
KEY = {"call_session_id": {"S": "session"}, "item": {"S": "LEG#ä ☎"}}
READ: Any = {"RequestItems": {"calls": {"Keys": [KEY], "ConsistentRead": True}}}
WRITE: Any = {
    "TransactItems": [{"Put": {"TableName": "calls", "Item": KEY, "ConditionExpression": "attribute_not_exists(x)"}}],
    "ClientRequestToken": "token",
}
UPDATE: Any = {
    "TableName": "calls",
    "Key": KEY,
    "UpdateExpression": "SET #0 = :0",
    "ExpressionAttributeNames": {"#0": "status"},
    "ExpressionAttributeValues": {":0": {"N": "1"}},
}
QUERY: Any = {"TableName": "calls", "KeyConditionExpression": "a = :a", "ExpressionAttributeValues": {":a": {"S": ""}}}
MESSAGE: Any = {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/archive", "MessageBody": "{}"}
SECRET: Any = {"SecretId": "telnyx"}
QUESTION: Any = {
    "FunctionName": "arn:aws:lambda:us-east-1:1:function:desk:live",
    "InvocationType": "Event",
    "Payload": b"{}",
}

OPERATIONS = {
    # botocore's service and method → ours
    ("dynamodb", "batch_get_item"): (DynamoDb, READ),
    ("dynamodb", "transact_write_items"): (DynamoDb, WRITE),
    ("dynamodb", "update_item"): (DynamoDb, UPDATE),
    ("dynamodb", "query"): (DynamoDb, QUERY),
    ("sqs", "send_message"): (Sqs, MESSAGE),
    ("secretsmanager", "get_secret_value"): (SecretsManager, SECRET),
    ("lambda", "invoke"): (Lambda, QUESTION),
}


NO_HEADERS: Mapping[str, str] = {}


def json_answer(status: int = 200, body: object = None, headers: Mapping[str, str] = NO_HEADERS) -> Answer:
    content = b"" if body is None else json.dumps(body).encode()
    return Answer(
        status, content, {"content-type": "application/x-amz-json-1.0", "connection": "close"} | dict(headers)
    )


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedTelnyx]:
    """A service that answers as it is told."""
    with ScriptedTelnyx() as scripted:
        scripted.answering = lambda _: None if scripted.answers else json_answer(body={})
        monkeypatch.setenv("AWS_ENDPOINT_URL", scripted.url.removesuffix("/v2"))
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "webhook")
        monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988;Lineage=a:1|b:2")
        yield scripted


@pytest.fixture
def wire() -> Iterator[Wire]:
    opened = Wire(1, 0.4, 2, sleep=lambda _: None)
    yield opened
    opened.close()


def botocores(service: str) -> Any:  # noqa: ANN401 -- each service has its own type
    """A client as the functions would have it."""
    retries: Any = {"mode": "standard", "total_max_attempts": 2}
    config = Config(connect_timeout=1, read_timeout=0.4, retries=retries, proxies={})
    return botocore.session.get_session().create_client(service, config=config)


def differences(request: Request) -> tuple[str, str, dict[str, str], object]:
    """Give what has to be the same of two requests."""
    headers = {name: value for name, value in request.headers.items() if name not in SAID_BY_EACH}
    return request.method, request.path, headers, request.json


@pytest.mark.parametrize(("service", "method"), OPERATIONS)
def test_a_request_is_botocores(service: str, method: str, server: ScriptedTelnyx, wire: Wire) -> None:
    ours, asked = OPERATIONS[service, method]
    server.answers.extend([json_answer(202 if service == "lambda" else 200, {})] * 2)

    getattr(botocores(service), method)(**asked)
    getattr(ours(wire), method)(**asked)

    theirs, own = server.requests
    assert differences(own) == differences(theirs)
    scope = f"/us-east-1/{service}/aws4_request"
    assert all(scope in each.headers["authorization"] for each in (theirs, own))


def outcome(call: Callable[..., Any], asked: dict[str, Any]) -> tuple[object, ...]:
    """Give what comes of a call, as far as anybody looks at it."""
    try:
        answer = call(**asked)
    except ClientError as error:
        response: Any = error.response
        reasons = [
            {name: reason[name] for name in ("Code", "Item") if name in reason}
            for reason in response.get("CancellationReasons", [])
        ]
        return error.operation_name, response["Error"], response["ResponseMetadata"]["HTTPStatusCode"], reasons
    except BotoCoreError as error:
        return (type(error),)
    return ({name: value for name, value in answer.items() if name != "ResponseMetadata"},)


AWS_ERROR = "com.amazonaws.dynamodb.v20120810#"
CANCELED = {
    "__type": f"{AWS_ERROR}TransactionCanceledException",
    "Message": "Transaction cancelled",
    "CancellationReasons": [{"Code": "ConditionalCheckFailed", "Message": "failed", "Item": KEY}, {"Code": "None"}],
}
FOUND = {"Responses": {"calls": [KEY]}, "UnprocessedKeys": {}}
ANSWERS = {
    "an answer": [json_answer(body=FOUND)],
    "an answer whose checksum is right": [
        json_answer(body=FOUND, headers={"x-amz-crc32": str(zlib.crc32(json.dumps(FOUND).encode()))})
    ],
    "refused": [json_answer(400, {"__type": f"{AWS_ERROR}ResourceNotFoundException", "message": "no such table"})],
    "cancelled": [json_answer(400, CANCELED)],
    "forbidden": [json_answer(403, {"__type": "AccessDeniedException", "Message": "not authorized"})],
    "no JSON, no luck": [Answer(403, b"<html>", {"connection": "close"})],
    "elsewhere": [json_answer(307, {}, {"location": "http://127.0.0.1:1/"})],
    "throttled once": [
        json_answer(400, {"__type": f"{AWS_ERROR}ProvisionedThroughputExceededException"}),
        json_answer(body=FOUND),
    ],
    "throttled": [json_answer(400, {"__type": f"{AWS_ERROR}ThrottlingException", "message": "slow"})] * 2,
    "broken once": [json_answer(500, {"__type": "InternalServerError"}), json_answer(body=FOUND)],
    "broken": [json_answer(503, {"__type": "ServiceUnavailable", "message": "later"})] * 2,
    "a gateway's page": [Answer(502, b"<html>", {"connection": "close"})] * 2,
    "cut once": [Answer(cut=True), json_answer(body=FOUND)],
    "silent once": [Answer(silent=True), json_answer(body=FOUND)],
    "silent": [Answer(silent=True)] * 2,
    "damaged once": [json_answer(body=FOUND, headers={"x-amz-crc32": "1"}), json_answer(body=FOUND)],
}


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS)
def test_what_comes_of_a_request_is_what_comes_of_botocores(
    answers: list[Answer], server: ScriptedTelnyx, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)  # botocore waits up to a second
    server.answers.extend(answers)
    theirs = outcome(botocores("dynamodb").batch_get_item, READ)
    sent_by_theirs = len(server.requests)
    server.answers.extend(answers)

    ours = outcome(DynamoDb(wire).batch_get_item, READ)

    assert not server.answers
    assert sent_by_theirs == len(server.requests) - sent_by_theirs == len(answers)
    assert pageless(ours) == pageless(theirs)


def pageless(what: tuple[object, ...]) -> tuple[object, ...]:
    """Leave out the page of whoever stood in between: botocore takes it for the message."""
    return tuple(
        {**each, "Message": ""} if isinstance(each, dict) and each.get("Code") in {"403", "502"} else each
        for each in what
    )


def test_a_refusal_may_be_named_by_a_header(
    server: ScriptedTelnyx, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    throttled = json_answer(429, {"message": "slow"}, {"x-amzn-errortype": "TooManyRequestsException:http://x"})
    server.answers.extend([throttled] * 4)

    theirs = outcome(botocores("lambda").invoke, QUESTION)

    assert outcome(Lambda(wire).invoke, QUESTION) == theirs
    assert len(server.requests) == 4


def test_the_codes_that_are_sent_again_are_botocores() -> None:
    throttled: Any = ThrottledRetryableChecker
    transient: Any = TransientRetryableChecker
    theirs = {*throttled._THROTTLED_ERROR_CODES, *transient._TRANSIENT_ERROR_CODES}  # noqa: SLF001 -- nowhere else

    assert theirs - {"EC2ThrottledException"} == THROTTLED


def test_what_is_damaged_again_is_no_answer(server: ScriptedTelnyx, wire: Wire) -> None:
    server.answers.extend([json_answer(body=FOUND, headers={"x-amz-crc32": "1"})] * 2)

    with pytest.raises(ChecksumError):
        DynamoDb(wire).batch_get_item(**READ)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"Responses": '])
def test_an_answer_that_is_none_is_asked_for_again_and_then_a_fault(
    body: bytes, server: ScriptedTelnyx, wire: Wire
) -> None:
    server.answers.extend([Answer(200, body, {"connection": "close"})] * 2)

    with pytest.raises(HTTPClientError, match="BatchGetItem: the answer is no JSON object"):
        DynamoDb(wire).batch_get_item(**READ)


def test_a_service_that_is_not_there_is_tried_again_and_named(
    server: ScriptedTelnyx, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    del server
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:1/")

    tried: list[float] = []
    wire.sleep = tried.append

    with pytest.raises(EndpointConnectionError, match=r"http://127\.0\.0\.1:1"):
        Sqs(wire).send_message(**MESSAGE)

    assert len(tried) == wire.attempts - 1


def test_a_connection_that_does_not_come_about_is_waited_for_as_long_as_was_said(
    server: ScriptedTelnyx, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    del server
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://192.0.2.1")  # RFC 5737: nobody is there, or a network says so
    wire.connect_seconds = 0.05
    tried: list[float] = []
    wire.sleep = tried.append

    with pytest.raises((ConnectTimeoutError, EndpointConnectionError)):
        Sqs(wire).send_message(**MESSAGE)

    assert len(tried) == wire.attempts - 1


def test_a_transaction_that_is_sent_again_is_the_same(server: ScriptedTelnyx, wire: Wire) -> None:
    server.answers.extend([Answer(silent=True), json_answer(body={})])
    wire.read_seconds = 0.1

    DynamoDb(wire).transact_write_items(TransactItems=WRITE["TransactItems"])
    DynamoDb(wire).transact_write_items(TransactItems=WRITE["TransactItems"])

    first, again, other = (json.loads(each.body)["ClientRequestToken"] for each in server.requests)
    assert first == again != other


def test_the_pause_before_is_by_chance_and_short(server: ScriptedTelnyx) -> None:
    paused: list[float] = []
    wire = Wire(1, 1, 30, sleep=paused.append)
    server.answering = lambda _: json_answer(503, {}) if len(server.requests) < 30 else json_answer(body={})

    DynamoDb(wire).batch_get_item(**READ)
    wire.close()

    assert len(set(paused)) == 29
    assert all(0 <= pause <= PAUSE_SECONDS for pause in paused)


def test_connections_are_kept_and_opened_anew_after_closing(server: ScriptedTelnyx, wire: Wire) -> None:
    server.answering = lambda _: replace(json_answer(body={}), headers={})

    for _ in range(3):
        DynamoDb(wire).batch_get_item(**READ)
    wire.close()
    wire.close()
    DynamoDb(wire).batch_get_item(**READ)

    first, second, third, fourth = (each.connection for each in server.requests)
    assert first == second == third != fourth


def test_a_connection_that_was_not_used_for_a_minute_is_not_relied_on(
    server: ScriptedTelnyx, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = Later()
    monkeypatch.setattr(KEPT_BY, later)
    server.answering = lambda _: replace(json_answer(body={}), headers={})

    for waited in (0, IDLE_SECONDS - 5, IDLE_SECONDS + 5):
        later.by += waited
        DynamoDb(wire).batch_get_item(**READ)

    first, second, third = (each.connection for each in server.requests)
    assert first == second != third


# Who asks, and whom


def test_the_region_is_botocores(server: ScriptedTelnyx, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    botocores("dynamodb").batch_get_item(**READ)
    DynamoDb(wire).batch_get_item(**READ)
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    DynamoDb(wire).batch_get_item(**READ)

    regions = [each.headers["authorization"].split("/")[2] for each in server.requests]
    assert regions == ["eu-central-1", "eu-central-1", "eu-west-1"]


def test_without_a_region_the_address_is_not_known(
    server: ScriptedTelnyx, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    del server
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)

    with pytest.raises(NoRegionError):
        DynamoDb(wire).batch_get_item(**READ)


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1"])
@pytest.mark.parametrize("service", ["dynamodb", "sqs", "secretsmanager", "lambda"])
def test_addresses_are_botocores(service: str, region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from dialtone.adapters.aws import services, wire  # noqa: PLC0415 -- private: the address is on no wire here

    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    ours = {each.name: each for each in (services.DYNAMODB, services.SQS, services.SECRETS_MANAGER, services.LAMBDA)}
    client = botocore.session.get_session().create_client(service, region_name=region)

    assert wire._endpoint(ours[service], region) == client.meta.endpoint_url  # noqa: SLF001 -- as above


def test_an_endpoint_may_lie_in_a_folder(server: ScriptedTelnyx, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"{server.url}/aws/")
    server.answers.extend([json_answer(202, {})] * 2)

    botocores("lambda").invoke(**QUESTION)
    Lambda(wire).invoke(**QUESTION)

    theirs, own = server.requests
    assert own.path == theirs.path
    assert own.path.startswith("/v2/aws/2015-03-31/functions/arn%3Aaws")


def test_a_proxy_of_the_environment_is_asked_but_for_the_hosts_that_need_none(
    server: ScriptedTelnyx, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url.removesuffix("/v2"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://sqs.invalid")
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")

    Sqs(wire).send_message(**MESSAGE)
    DynamoDb(wire).batch_get_item(**READ)

    assert [each.path for each in server.requests] == ["http://sqs.invalid/", "/"]


def test_a_proxy_that_refuses_is_a_neighbour_that_does_not_answer(
    server: ScriptedTelnyx, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.url.removesuffix("/v2"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "https://sqs.invalid")
    tried: list[float] = []
    wire.sleep = tried.append

    with pytest.raises(HTTPClientError):
        Sqs(wire).send_message(**MESSAGE)

    assert len(tried) == wire.attempts - 1


@dataclass
class Container:
    """Where a function that woke from a snapshot asks for its credentials."""

    server: ScriptedTelnyx
    given: int = 0

    def answer(self, request: Request) -> Answer | None:
        if request.path != "/credentials":
            return json_answer(body={})
        self.given += 1
        expires = datetime.fromtimestamp(4_000_000_000 if self.given > 1 else 1_000_000_000, UTC)
        key = {"AccessKeyId": f"ASIA{self.given}", "SecretAccessKey": "secret", "Token": f"token{self.given}"}
        return json_answer(body=key | {"Expiration": expires.isoformat()})


def test_a_function_that_woke_from_a_snapshot_asks_for_credentials_and_renews_them(
    server: ScriptedTelnyx, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients.session.cache_clear()
    container = Container(server)
    server.answering = container.answer
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{server.url.removesuffix('/v2')}/credentials")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "let me in")

    for _ in range(3):
        DynamoDb(wire).batch_get_item(**READ)
    clients.session.cache_clear()

    asked = [each for each in server.requests if each.path == "/credentials"]
    assert [each.headers["authorization"] for each in asked] == ["let me in"] * container.given
    tokens = [each.headers["x-amz-security-token"] for each in server.requests if each.path == "/"]
    assert tokens[-1] == f"token{container.given}"
    assert container.given == 2, "the first were old"


def test_without_credentials_nothing_is_sent(
    server: ScriptedTelnyx, wire: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    clients.session.cache_clear()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, f"{tmp_path}/none")

    with pytest.raises(NoCredentialsError):
        DynamoDb(wire).batch_get_item(**READ)
    clients.session.cache_clear()

    assert server.requests == []


def test_a_key_without_a_token_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)

    assert credentials() == ("AKIA", "secret", "")


# An AWS that keeps what it is told


@pytest.fixture
def store(aws_address: str, wire: Wire) -> CallsTable:
    create_table(aws_session().client("dynamodb", endpoint_url=aws_address), "calls")
    wire.read_seconds = 5
    return CallsTable(DynamoDb(wire), "calls")


def test_the_store_keeps_calls_through_it(store: CallsTable) -> None:
    first, second = event("call.initiated", 1), event("call.answered", 2)
    before, speak = Call(SESSION, LEG), command("hangup", CONTROL)
    decision = Decision(replace(before, status="ringing"), (speak,))

    store.commit(first, before, decision, at_seconds=1)

    loaded = store.load(first)
    assert loaded.call == replace(before, status="ringing", version=1)
    assert loaded.decided is not None
    assert loaded.decided.commands == (speak,)
    with pytest.raises(LostRace):
        store.commit(first, before, decision, at_seconds=2)
    with pytest.raises(LostRace):
        store.commit(second, before, decision, at_seconds=2)
    assert [entry.event_id for entry in store.timeline(SESSION)] == [first.id]
    assert store.legs(SESSION) == (loaded.call,)


def test_a_long_timeline_comes_in_pages(store: CallsTable) -> None:
    before = Call(SESSION, LEG)
    told = [event("call.speak.started", place, said="x" * 30_000) for place in range(1, 41)]
    for each in told:
        store.commit(each, before, Decision(before), at_seconds=1)

    assert [entry.event_id for entry in store.timeline(SESSION)] == [each.id for each in told]


def test_the_queue_takes_jobs_through_it(aws_address: str, wire: Wire) -> None:
    sqs = aws_session().client("sqs", endpoint_url=aws_address)
    url = sqs.create_queue(QueueName="archive")["QueueUrl"]
    job = ArchiveJob("audio", SESSION, LEG, recording="1", urls={"mp3": "https://recordings.example/☎"})
    wire.read_seconds = 5

    ArchiveQueue(Sqs(wire), url).put(job)

    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert ArchiveJob.from_json(message["Body"]) == job


def test_a_secret_is_read_through_it(aws_address: str) -> None:
    secrets = aws_session().client("secretsmanager", endpoint_url=aws_address)
    secrets.create_secret(Name="dialtone/telnyx-api-key", SecretString=" KEY0123\n")

    assert telnyx_api_key({"TELNYX_API_KEY_SECRET": "dialtone/telnyx-api-key"})() == "KEY0123"


@pytest.mark.usefixtures("aws_address")
def test_a_secret_that_does_not_exist_is_found_out_when_the_key_is_needed() -> None:
    key = telnyx_api_key({"TELNYX_API_KEY_SECRET": "dialtone/telnyx-api-key"})

    with pytest.raises(ClientError) as error:
        key()

    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"
