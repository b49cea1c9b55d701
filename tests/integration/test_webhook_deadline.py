"""One deadline for a whole webhook, whichever dependency is slow, silent, or drips."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpcore
import pytest

from dialtone.adapters import timed_network
from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.adapters.aws_clients import DeadlineClient, budget
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.lookup_function import LookupFunction
from dialtone.adapters.secrets import CachedSecret
from dialtone.adapters.settings import key_from
from dialtone.adapters.signature import Verifier
from dialtone.adapters.telemetry import Observer
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.adapters.timed_network import TimedNetwork
from dialtone.adapters.watchdog_queue import WatchdogQueue
from dialtone.domain.calls import Call
from dialtone.domain.deadline import DeadlinePassed
from dialtone.domain.decisions import Decision
from dialtone.domain.lookups import Lookup
from dialtone.domain.recordings import ArchiveJob
from tests.integration.deliveries import LEG, SESSION, Signer, body, event
from tests.integration.scripted_telnyx import Answer, Request, ScriptedTelnyx
from webhook.endpoint import Endpoint
from webhook.processor import EventProcessor

HANDLING_SECONDS = 0.8
"""Of this test's webhooks; less than a webhook really has, so that a dozen of them do not take long."""
MARGIN_SECONDS = 4.0
"""For a busy machine. What is held to it would go on for as long as the test lets it."""

RINGS = {"direction": "incoming", "state": "parked"}
TELNYX = "answer"
AWS_ANSWERS: dict[str, tuple[int, object]] = {
    "BatchGetItem": (200, {"Responses": {"calls": []}, "UnprocessedKeys": {}}),
    "TransactWriteItems": (200, {}),
    "UpdateItem": (200, {}),
    "GetSecretValue": (200, {"SecretString": "KEY0123"}),
    "SendMessage": (200, {"MessageId": "1"}),
    "Invoke": (202, {}),
}


def operation(request: Request) -> str:
    """Give what is asked of AWS."""
    return request.headers.get("x-amz-target", ".Invoke").rpartition(".")[2]


class Dependencies:
    """AWS and Telnyx over HTTP, quick and well, but for what the test makes them."""

    def __init__(self, aws: ScriptedTelnyx, telnyx: ScriptedTelnyx) -> None:
        self.aws, self.telnyx = aws, telnyx
        self.troubles: dict[str, Answer] = {}
        """By operation, or TELNYX."""
        aws.answering = self._aws
        telnyx.answering = lambda _: self.troubles.get(TELNYX)

    def _aws(self, request: Request) -> Answer:
        status, reported = AWS_ANSWERS[operation(request)]
        well = Answer(status, json.dumps(reported).encode(), {"content-type": "application/x-amz-json-1.0"})
        return self.troubles.get(operation(request), well)

    @property
    def asked(self) -> list[str]:
        return [*map(operation, self.aws.requests), *(TELNYX for _ in self.telnyx.requests)]


@pytest.fixture
def dependencies(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dependencies]:
    with ScriptedTelnyx() as aws, ScriptedTelnyx() as telnyx:
        for name, value in {
            "AWS_ENDPOINT_URL": aws.url.removesuffix("/v2"),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }.items():
            monkeypatch.setenv(name, value)
        yield Dependencies(aws, telnyx)


Aws = dict[str, Any]
"""boto3's clients by service, as the webhook function opens them."""


@pytest.fixture
def aws(dependencies: Dependencies) -> Aws:
    del dependencies
    seconds = budget(connect_seconds=0.5, read_seconds=0.8, attempts=2)
    clients = {name: DeadlineClient(name, seconds) for name in ("dynamodb", "sqs", "lambda")}
    for each in clients.values():
        each.open()
    return clients


SIGNER = Signer()


@pytest.fixture
def endpoint(dependencies: Dependencies, aws: Aws, flows: Path) -> Iterator[Endpoint]:
    telnyx = TelnyxApi(CachedSecret("dialtone/telnyx-api-key", key_from), dependencies.telnyx.url)
    telnyx.prepare()
    processor = EventProcessor(
        CallsTable(aws["dynamodb"], "calls"),
        FlowLibrary.open(flows),
        telnyx,
        ArchiveQueue(aws["sqs"], "https://sqs.us-east-1.amazonaws.com/123456789012/archive"),
        LookupFunction(aws["lambda"], "lookup", "webhook"),
        WatchdogQueue(aws["sqs"], "https://sqs.us-east-1.amazonaws.com/123456789012/watchdog"),
    )
    verifier = Verifier.from_text(SIGNER.public_key)
    yield Endpoint(verifier, processor, Observer("webhook"), handling_seconds=HANDLING_SECONDS)
    telnyx.close()


def answered(endpoint: Endpoint) -> tuple[int, float]:
    """Give the answer's status and how long it took."""
    request = SIGNER.request(body("call.initiated", **RINGS))
    began = time.monotonic()
    return endpoint.respond(request)["statusCode"], time.monotonic() - began


@pytest.mark.parametrize("trouble", [Answer(drips="head"), Answer(drips="body"), Answer(silent=True)])
@pytest.mark.parametrize("where", ["BatchGetItem", "TransactWriteItems", "GetSecretValue", TELNYX])
def test_whatever_drips_or_is_silent_the_webhook_is_answered_503_in_time(
    endpoint: Endpoint, dependencies: Dependencies, where: str, trouble: Answer
) -> None:
    dependencies.troubles[where] = trouble

    status, seconds = answered(endpoint)

    assert status == 503
    assert seconds < HANDLING_SECONDS + MARGIN_SECONDS
    dependencies.troubles.clear()
    for _ in range(20):  # a busy machine may need more than one
        if answered(endpoint)[0] == 200:
            break
    else:
        pytest.fail("a webhook that comes again is never handled")


def test_requests_that_are_all_slow_have_one_deadline_together(endpoint: Endpoint, dependencies: Dependencies) -> None:
    dependencies.aws.before_answering = lambda: time.sleep(0.6 * HANDLING_SECONDS)

    status, seconds = answered(endpoint)

    assert status == 503
    assert seconds < HANDLING_SECONDS + MARGIN_SECONDS
    assert dependencies.asked in (["BatchGetItem"], ["BatchGetItem", "TransactWriteItems"])


def test_a_webhook_whose_time_is_over_begins_nothing(endpoint: Endpoint, dependencies: Dependencies) -> None:
    late = Endpoint(endpoint.verifier, endpoint.processor, endpoint.observer, handling_seconds=0.0)

    assert answered(late)[0] == 503
    assert dependencies.asked == []


JOB = ArchiveJob("audio", SESSION, LEG, recording="1", urls={"mp3": "https://recordings.example/1.mp3"})
LOOKUP = Lookup("customers", {"phone": "+13125550142"}, 5, gives=("name",))
RINGING = event("call.initiated", **RINGS)


def requests(aws: Aws) -> dict[str, Callable[[float], object]]:
    """Give everything that a webhook waits for at AWS, each with a deadline."""
    store = CallsTable(aws["dynamodb"], "calls")
    before = Call(SESSION, LEG)
    queue = ArchiveQueue(aws["sqs"], "https://sqs.us-east-1.amazonaws.com/123456789012/archive")
    return {
        "load": lambda deadline: store.load(RINGING, deadline),
        "decided": lambda deadline: store.decided(RINGING, deadline),
        "note": lambda deadline: store.note_obeyed(RINGING, {0}, deadline),
        "commit": lambda deadline: store.commit(RINGING, before, Decision(before), at_seconds=1, deadline=deadline),
        "flow_texts": lambda deadline: store.flow_texts("main-menu", "1", deadline),
        "put": lambda deadline: queue.put(JOB, deadline),
        "ask": lambda deadline: LookupFunction(aws["lambda"], "lookup", "webhook").ask(LOOKUP, deadline),
        "secret": CachedSecret("dialtone/telnyx-api-key", key_from),
    }


ALL = ["load", "decided", "note", "commit", "flow_texts", "put", "ask", "secret"]


@pytest.mark.parametrize("name", ALL)
def test_after_its_deadline_nothing_is_asked(dependencies: Dependencies, aws: Aws, name: str) -> None:
    with pytest.raises(DeadlinePassed, match="no time is left for"):
        requests(aws)[name](time.monotonic())

    assert dependencies.asked == []


@pytest.mark.parametrize("name", ALL)
def test_what_drips_is_cut_off_at_the_deadline_and_not_asked_for_again(
    dependencies: Dependencies, aws: Aws, name: str
) -> None:
    dependencies.troubles = dict.fromkeys(AWS_ANSWERS, Answer(drips="body")) | {"Invoke": Answer(drips="head")}
    began = time.monotonic()

    with pytest.raises(Exception, match="time"):  # a read that timed out
        requests(aws)[name](began + 0.4)

    assert time.monotonic() - began < 0.4 + MARGIN_SECONDS
    assert len(dependencies.asked) <= 1


# Hosts with several addresses


@contextmanager
def deaf(host: str) -> Iterator[int]:
    """Give a port at which the addresses of a host take no more connections, and say nothing."""
    with socket.socket() as listening, ExitStack() as waiting:
        listening.bind((host, 0))
        listening.listen(0)
        port: int = listening.getsockname()[1]
        for _ in range(8):
            each = waiting.enter_context(socket.socket())
            each.settimeout(0)
            each.connect_ex((host.replace("0.0.0.0", "127.0.0.1"), port))  # noqa: S104 -- loopback has many addresses
        time.sleep(0.1)
        yield port


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Have a host's name lead to these addresses."""
    found: list[Any] = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]
    monkeypatch.setattr(timed_network, "_resolved", lambda *_: found)


def test_addresses_that_do_not_answer_have_the_time_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, *(f"127.0.0.{place}" for place in range(1, 41)))

    with deaf("0.0.0.0") as port:  # noqa: S104 -- as above
        began = time.monotonic()
        with pytest.raises(httpcore.ConnectTimeout):
            TimedNetwork().connect_tcp("many.example", port, timeout=0.3)
        seconds = time.monotonic() - began

    assert seconds < 0.3 + MARGIN_SECONDS


def test_where_the_first_address_does_not_answer_the_second_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "127.0.0.2", "127.0.0.1")

    with deaf("127.0.0.2") as port, socket.create_server(("127.0.0.1", port)):
        connected = TimedNetwork().connect_tcp("two.example", port, timeout=2.0)

        address = connected.get_extra_info("server_addr")
        connected.close()

    assert address == ("127.0.0.1", port)


def test_a_host_without_an_address_is_not_connected_to() -> None:
    with pytest.raises(httpcore.ConnectError):
        TimedNetwork().connect_tcp("nobody.invalid", 443, timeout=0.3)
