"""The lookup function against real HTTP: Lambda's API, other systems' addresses, and what goes wrong with them."""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from dialtone.adapters.lookup_function import LookupFunction
from dialtone.adapters.secrets import CachedSecret, FixedSecret
from dialtone.adapters.telemetry import Observer
from dialtone.domain.errors import DialtoneError
from dialtone.domain.lookups import FAILED, FOUND, NOT_FOUND, Answer, Lookup
from dialtone.domain.own_events import event_from_json
from lookup.answer_delivery import NotTaken, Webhook
from lookup.backend_client import BackendClient
from lookup.service import LookupService
from lookup.settings import Settings, tokens_from
from tests.function_output import Output, follow_stdout
from tests.integration.scripted_telnyx import Answer as Scripted
from tests.integration.scripted_telnyx import ScriptedTelnyx

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

FUNCTION = Lookup(
    "customers",
    {"phone": "+13125550142"},
    5,
    gives=("name",),
    call_session_id="session",
    call_leg_id="leg",
    turn=3,
    id="question",
)
NO_TOKENS: FixedSecret[Mapping[str, str]] = FixedSecret({})
CLOSE = {"connection": "close"}
"""So that the server need not wait for a connection that is kept alive."""
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def response(
    status: int = 200,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    silent: bool = False,
    cut: bool = False,
) -> Scripted:
    return Scripted(status, body, CLOSE | (headers or {}), silent=silent, cut=cut)


TAKEN = response(200, b'{"statusCode": 200}')


@pytest.fixture
def server() -> Iterator[ScriptedTelnyx]:
    with ScriptedTelnyx() as scripted:
        yield scripted


@pytest.fixture
def functions(server: ScriptedTelnyx) -> Iterator[LambdaClient]:
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, read_timeout=3, proxies={})
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    client = session.client("lambda", endpoint_url=server.url.removesuffix("/v2"), config=config)
    yield client
    client.close()


def at(server: ScriptedTelnyx, path: str = "/crm", limit_seconds: int = 5) -> Lookup:
    target = server.url.removesuffix("/v2") + path
    return FUNCTION._replace(target=target, send={"phone": "+1"}, limit_seconds=limit_seconds)


def asked(systems: BackendClient, lookup: Lookup) -> Answer:
    """Give the answer to a lookup that nothing is heard beside."""
    return systems.ask(lookup, lambda _: pytest.fail("nobody wants to know that it takes long"))


# PromptedInput


def test_a_function_receives_what_the_flow_sends_and_which_question_it_is(
    server: ScriptedTelnyx, functions: LambdaClient
) -> None:
    server.answers.append(response(200, b'{"name": "Ada"}'))

    answer = asked(BackendClient(functions, NO_TOKENS), FUNCTION)

    assert answer == Answer(FOUND, {"name": "Ada"})
    (request,) = server.requests
    assert request.path.endswith("/functions/customers/invocations")
    assert request.json == {"phone": "+13125550142", "lookup_id": "question"}


def test_a_function_that_fails_is_reported_by_the_kind_of_its_error_and_not_by_its_words(
    server: ScriptedTelnyx, functions: LambdaClient
) -> None:
    body = b'{"errorType": "KeyError", "errorMessage": "+13125550142 is secret"}'
    server.answers.append(response(200, body, {"x-amz-function-error": "Unhandled"}))

    assert asked(BackendClient(functions, NO_TOKENS), FUNCTION) == Answer(FAILED, reason="failed: KeyError")


@pytest.mark.parametrize("body", [b"not json", b"[]"])
def test_a_function_that_fails_without_a_word_has_failed_too(
    server: ScriptedTelnyx, functions: LambdaClient, body: bytes
) -> None:
    server.answers.append(response(200, body, {"x-amz-function-error": "Unhandled"}))

    assert asked(BackendClient(functions, NO_TOKENS), FUNCTION) == Answer(FAILED, reason="failed: unknown")


def test_a_function_that_is_not_there_or_not_allowed_is_reported_by_lambdas_code(
    server: ScriptedTelnyx, functions: LambdaClient
) -> None:
    server.answers.append(response(403, b"{}", {"x-amzn-errortype": "AccessDeniedException"}))

    assert asked(BackendClient(functions, NO_TOKENS), FUNCTION).reason == "Lambda refused: AccessDeniedException"


def test_an_address_is_posted_to_with_its_hosts_token_and_nobody_elses(
    server: ScriptedTelnyx, functions: LambdaClient
) -> None:
    server.answers.append(response(200, b'{"name": "Ada"}'))
    tokens = {"127.0.0.1": "token", "crm.example.com": "another"}

    answer = asked(BackendClient(functions, FixedSecret(tokens)), at(server))

    assert answer == Answer(FOUND, {"name": "Ada"})
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/crm")
    assert request.json == {"phone": "+1", "lookup_id": "question"}
    assert request.headers["authorization"] == "Bearer token"
    assert request.headers["idempotency-key"] == "question"


class Tokens:
    """A secret with tokens by host, which may be replaced."""

    def __init__(self, **tokens: str) -> None:
        self.tokens = tokens
        self.fetched = 0

    def fetch(self, _: str, __: float) -> str:
        self.fetched += 1
        return json.dumps({"127.0.0.1": self.tokens["here"], "crm.example.com": self.tokens["elsewhere"]})


def refusing(token: str, server: ScriptedTelnyx) -> None:
    """Have an address refuse a token."""
    refused = f"Bearer {token}"
    server.answering = lambda request: response(401) if request.headers.get("authorization") == refused else None


def test_a_token_that_was_replaced_is_fetched_when_the_address_refuses_the_old_one(
    server: ScriptedTelnyx, functions: LambdaClient
) -> None:
    kept = Tokens(here="OLD", elsewhere="another")
    systems = BackendClient(functions, CachedSecret("tokens", tokens_from, kept.fetch))
    server.answers.extend([response(200, b'{"name": "Ada"}'), response(200, b'{"name": "Ada"}')])
    asked(systems, at(server))
    kept.tokens["here"] = "NEW"
    refusing("OLD", server)

    answer = asked(systems, at(server))

    assert answer == Answer(FOUND, {"name": "Ada"})
    assert [each.headers["authorization"] for each in server.requests] == ["Bearer OLD", "Bearer OLD", "Bearer NEW"]
    assert {each.headers["idempotency-key"] for each in server.requests} == {"question"}


@pytest.mark.parametrize("elsewhere", ["another", "replaced too"])
def test_a_token_that_is_refused_and_was_not_replaced_is_sent_once(
    server: ScriptedTelnyx, functions: LambdaClient, elsewhere: str
) -> None:
    kept = Tokens(here="OLD", elsewhere="another")
    systems = BackendClient(functions, CachedSecret("tokens", tokens_from, kept.fetch))
    refusing("OLD", server)
    systems._tokens()  # noqa: SLF001 -- as an earlier lookup would have
    kept.tokens["elsewhere"] = elsewhere

    answer = asked(systems, at(server))

    assert answer == Answer(FAILED, reason="answered HTTP 401")
    assert (len(server.requests), kept.fetched) == (1, 2)


def test_a_redirection_is_not_followed(server: ScriptedTelnyx, functions: LambdaClient) -> None:
    server.answers.append(response(307, b"", {"location": f"{server.url}/elsewhere"}))

    answer = asked(BackendClient(functions, NO_TOKENS), at(server))

    assert answer == Answer(FAILED, reason="answered HTTP 307")
    assert "authorization" not in server.requests[0].headers
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("scripted", "answer"),
    [
        (response(404), Answer(NOT_FOUND)),
        (response(200, cut=True), Answer(FAILED, reason="could not be asked: ProtocolError")),
    ],
)
def test_an_address_that_knows_nothing_or_breaks_off_has_its_answer(
    server: ScriptedTelnyx, functions: LambdaClient, scripted: Scripted, answer: Answer
) -> None:
    server.answers.append(scripted)

    assert asked(BackendClient(functions, NO_TOKENS), at(server)) == answer


def test_nobody_is_waited_for_beyond_the_limit(server: ScriptedTelnyx, functions: LambdaClient) -> None:
    server.answers.append(response(silent=True))

    answer = asked(BackendClient(functions, NO_TOKENS), at(server, limit_seconds=1))

    assert answer.result == FAILED


def test_a_limit_holds_for_the_whole_however_slowly_it_drips(functions: LambdaClient) -> None:
    def drip(_: str, __: float) -> str:
        time.sleep(3)
        return "{}"

    began = time.monotonic()
    answer = asked(
        BackendClient(functions, CachedSecret("tokens", tokens_from, drip)), Lookup("https://crm.example.com/", {}, 1)
    )

    assert answer == Answer(FAILED, reason="no answer within 1 s")
    assert time.monotonic() - began < 3


def test_tokens_that_cannot_be_read_fail_the_lookup_at_once(server: ScriptedTelnyx, functions: LambdaClient) -> None:
    def tokens(_: str, __: float) -> str:
        raise DialtoneError("the secret is not JSON")

    answer = asked(BackendClient(functions, CachedSecret("tokens", tokens_from, tokens)), at(server))

    assert answer._replace(fault=None) == Answer(
        FAILED, reason="a fault of ours: DialtoneError: the secret is not JSON"
    )


def test_what_an_unforeseen_error_says_is_no_reason_since_it_may_quote_the_question(functions: LambdaClient) -> None:
    def tokens(_: str, __: float) -> str:
        raise ValueError("+13125550142")

    answer = asked(
        BackendClient(functions, CachedSecret("tokens", tokens_from, tokens)),
        FUNCTION._replace(target="https://crm.example"),
    )

    assert answer._replace(fault=None) == Answer(FAILED, reason="a fault of ours: ValueError")


def test_what_the_webhook_function_says_of_its_failure_is_reported_by_its_kind(
    server: ScriptedTelnyx, functions: LambdaClient
) -> None:
    said = b'{"errorType": "Sandbox.Timedout", "errorMessage": "+13125550142"}'
    failed = response(200, said, {"x-amz-function-error": "Unhandled"})
    server.answers.extend([failed] * 7)
    event = Answer(NOT_FOUND).event(FUNCTION, "2026-11-24T10:00:00.000000Z")

    with pytest.raises(NotTaken, match=r"it failed: Sandbox\.Timedout$"):
        Webhook(functions, lambda _: None).deliver(event, "webhook")


def test_a_lookup_that_takes_longer_than_a_silence_goes_unnoticed_is_reported_once(
    server: ScriptedTelnyx, functions: LambdaClient
) -> None:
    server.answers.append(response(silent=True))
    sent: list[str] = []

    answer = BackendClient(functions, NO_TOKENS).ask(
        at(server, limit_seconds=2)._replace(quiet_seconds=1), lambda _: sent.append("slow")
    )

    assert (answer.result, sent) == (FAILED, ["slow"])


def test_a_lookup_that_is_answered_at_once_is_not_reported_of(server: ScriptedTelnyx, functions: LambdaClient) -> None:
    server.answers.append(response(404))

    assert asked(BackendClient(functions, NO_TOKENS), at(server)._replace(quiet_seconds=1)) == Answer(NOT_FOUND)


# Answering


def delivered(server: ScriptedTelnyx) -> list[Any]:
    sent = [request.json for request in server.requests if isinstance(request.json, dict)]
    return [each["dialtone_event"] for each in sent if "dialtone_event" in each]


def test_an_answer_is_delivered_as_one_event_until_it_is_taken(server: ScriptedTelnyx, functions: LambdaClient) -> None:
    failed = response(200, b'{"errorMessage": "died"}', {"x-amz-function-error": "Unhandled"})
    unavailable = response(200, b'{"statusCode": 503}')
    server.answers.extend([failed, unavailable, response(200, cut=True), response(200, b"[]"), TAKEN])
    pauses: list[float] = []

    event = Answer(FOUND, {"name": "Ada"}).event(FUNCTION, "2026-11-24T10:00:00.000000Z")
    times = Webhook(functions, pauses.append).deliver(event, "webhook:7")

    assert times == 5
    assert pauses == [0.2, 0.5, 1.0, 2.0]
    assert [event_from_json(sent) for sent in delivered(server)] == [event] * 5
    assert "/functions/webhook%3A7/invocations" in server.requests[0].path


def test_that_it_takes_long_is_delivered_until_it_is_taken(server: ScriptedTelnyx, functions: LambdaClient) -> None:
    """If the webhook function dies between the commit and the prompt, the next delivery says it."""
    server.answers.extend([response(200, b'{"statusCode": 503}'), response(200, cut=True), TAKEN])
    event, waited = FUNCTION.slow("2026-11-24T10:00:00.000000Z"), list[float]()

    def still_waiting(seconds: float) -> bool:
        waited.append(seconds)
        return True

    Webhook(functions).deliver_while(still_waiting, event, "webhook")

    assert [event_from_json(sent) for sent in delivered(server)] == [event] * 3
    assert waited == [0.2, 0.5]


def test_once_the_answer_is_there_nobody_hears_that_it_takes_long(
    server: ScriptedTelnyx, functions: LambdaClient
) -> None:
    server.answers.append(response(200, b'{"statusCode": 503}'))
    event = FUNCTION.slow("2026-11-24T10:00:00.000000Z")

    Webhook(functions).deliver_while(lambda _: False, event, "webhook")

    assert len(delivered(server)) == 1


def test_whoever_tells_that_it_takes_long_is_woken_by_the_answer(
    server: ScriptedTelnyx, functions: LambdaClient
) -> None:
    server.before_answering = lambda: time.sleep(1.3)
    waits: list[bool] = []

    answer = BackendClient(functions, NO_TOKENS).ask(
        at(server, limit_seconds=20)._replace(quiet_seconds=1),
        lambda still_waiting: waits.extend([still_waiting(0.01), still_waiting(15.0)]),
    )

    assert (answer.result, waits) == (FOUND, [True, False])


def test_an_answer_that_is_never_taken_is_an_error_for_the_alarm(
    server: ScriptedTelnyx, functions: LambdaClient
) -> None:
    server.answers.extend([response(200, b'{"statusCode": 500}')] * 7)
    event = Answer(NOT_FOUND).event(FUNCTION, "2026-11-24T10:00:00.000000Z")

    with pytest.raises(NotTaken, match=r"delivered 7 times: it answered 500"):
        Webhook(functions, lambda _: None).deliver(event, "webhook")


def test_an_answer_is_logged_without_what_was_sent_and_what_was_found(
    server: ScriptedTelnyx, functions: LambdaClient, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers.extend([response(200, b'{"name": "Ada"}'), TAKEN])
    desk = LookupService(BackendClient(functions, NO_TOKENS), Webhook(functions), Observer("lookup"), lambda: NOW)
    follow_stdout("lookup")

    desk.answer(at(server, "/crm?key=secret"), "webhook")

    written = capsys.readouterr().out
    assert not [word for word in ("Ada", "+1", "secret") if word in written]
    (line,) = Output.read(written).lines
    assert (line["level"], line["result"], line["deliveries"]) == ("INFO", "found", 1)
    assert delivered(server)[0]["occurred_at"] == "2026-11-24T10:00:00.000000Z"


def test_a_failure_is_counted_and_says_why(
    server: ScriptedTelnyx, functions: LambdaClient, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers.extend([response(500), TAKEN])
    desk = LookupService(BackendClient(functions, NO_TOKENS), Webhook(functions), Observer("lookup"))
    follow_stdout("lookup")

    desk.answer(at(server), "webhook")

    output = Output.read(capsys.readouterr().out)
    assert (output.lines[0]["level"], output.lines[0]["reason"]) == ("WARNING", "answered HTTP 500")
    assert output.counted()["LookupsFailed"] == 1


def test_a_fault_of_ours_is_logged_with_its_traceback(
    server: ScriptedTelnyx, functions: LambdaClient, capsys: pytest.CaptureFixture[str]
) -> None:
    def tokens(_: str, __: float) -> str:
        raise DialtoneError("the secret is not JSON")

    server.answers.append(TAKEN)
    desk = LookupService(
        BackendClient(functions, CachedSecret("tokens", tokens_from, tokens)), Webhook(functions), Observer("lookup")
    )
    follow_stdout("lookup")

    desk.answer(at(server), "webhook")

    (line,) = Output.read(capsys.readouterr().out).lines
    assert (line["level"], line["exception_name"]) == ("ERROR", "DialtoneError")
    assert "in tokens" in line["exception"]


# Handing over


def test_a_question_is_left_with_lambda_which_asks_it_by_itself(
    server: ScriptedTelnyx, functions: LambdaClient
) -> None:
    server.answers.append(response(202, b""))

    LookupFunction(functions, "lookup", "webhook:7").ask(FUNCTION)

    (request,) = server.requests
    assert request.headers["x-amz-invocation-type"] == "Event"
    assert request.json == {
        "answer_to": "webhook:7",
        "lookup": json.loads(json.dumps(FUNCTION.to_json())),
    }


def test_the_function_asks_and_answers(server: ScriptedTelnyx, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": server.url.removesuffix("/v2"),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    server.answers.extend([response(200, b'{"name": "Ada"}'), TAKEN])
    sys.modules.pop("lookup.app", None)
    app = importlib.import_module("lookup.app")
    follow_stdout("lookup")

    app.handler({"lookup": json.loads(json.dumps(FUNCTION.to_json())), "answer_to": "webhook"}, None)

    (sent,) = delivered(server)
    assert sent["payload"]["values"] == {"name": "Ada"}


# Tokens


def test_tokens_stand_in_a_secret_by_host(aws_address: str) -> None:
    client = boto3.client("secretsmanager", endpoint_url=aws_address)
    client.create_secret(Name="tokens", SecretString='{"CRM.example.com": "token"}')

    assert Settings.read({"LOOKUP_TOKENS_SECRET": "tokens"}).tokens() == {"crm.example.com": "token"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("token", "is not JSON"),
        ("[]", "does not map hosts"),
        ('{"a": 1}', "does not map hosts"),
        ('{"a": null}', "does not map hosts"),
        ('{"a": "token", "b": ""}', "has no usable token for b"),
        ('{"a": " ", "B": "to\\nken", "c": "tökén"}', "has no usable token for a, b, c"),
    ],
)
def test_a_secret_that_holds_no_tokens_says_what_to_store(text: str, reason: str) -> None:
    with pytest.raises(DialtoneError, match=f"^the secret tokens {reason}.*: store JSON"):
        tokens_from("tokens", text)


def test_no_secret_is_read_where_no_host_wants_a_token() -> None:
    assert Settings.read({}).tokens() == {}
