"""The watchdog function with AWS by moto, and what the webhook function does where its queue does not answer."""

import importlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.watchdog_queue import WatchdogQueue
from dialtone.domain.calls import Call
from dialtone.domain.decisions import UNWATCHED, Decision
from dialtone.domain.watch import LOOK_SECONDS, Look, Watch
from dialtone.domain.watchdog_schedule import begun_by
from tests.function_output import Output, follow_stdout
from tests.integration.deliveries import CONTROL, LEG, SESSION, event, phone_call, written_flows
from tests.integration.dependencies import Line, aws_session, create_table
from tests.integration.scripted_telnyx import Answer, Request, ScriptedTelnyx

APP = "watchdog.app"
ANSWERED = event("call.answered", 2)


def _answer(request: Request) -> Answer:
    """Telnyx, and Lambda with the webhook function: distinguished by their paths."""
    if request.path.startswith("/v2/call_events"):
        raw = {
            "id": ANSWERED.id,
            "event_type": ANSWERED.type,
            "occurred_at": ANSWERED.occurred_at,
            "payload": dict(ANSWERED.payload),
        }
        listed = {"name": ANSWERED.type, "call_leg_id": LEG, "type": "webhook", "event_timestamp": ANSWERED.occurred_at}
        return Answer(body=json.dumps({"data": [{**listed, "metadata": {"raw": raw}}]}).encode())
    if request.path.startswith("/v2/webhook_deliveries"):
        return Answer(body=b'{"data": []}')
    return Answer(body=b'{"statusCode": 200}')


@pytest.fixture
def telnyx() -> Iterator[ScriptedTelnyx]:
    with ScriptedTelnyx() as scripted:
        scripted.answering = _answer
        yield scripted


@pytest.fixture
def app(aws_address: str, monkeypatch: pytest.MonkeyPatch, telnyx: ScriptedTelnyx) -> Iterator[Any]:
    monkeypatch.delenv("TELNYX_API_KEY_SECRET", raising=False)
    session = aws_session()
    create_table(session.client("dynamodb", endpoint_url=aws_address), "calls")
    queue_url = session.client("sqs", endpoint_url=aws_address).create_queue(QueueName="watchdog")["QueueUrl"]
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": aws_address,
        "AWS_ENDPOINT_URL_LAMBDA": telnyx.url.removesuffix("/v2"),
        "AWS_SECRET_ACCESS_KEY": "testing",
        "CALLS_TABLE": "calls",
        "TELNYX_API_KEY": "KEY0123456789",
        "TELNYX_BASE_URL": telnyx.url,
        "WATCHDOG_QUEUE_URL": queue_url,
        "WEBHOOK_FUNCTION": "webhook:live",
    }.items():
        monkeypatch.setenv(name, value)
    sys.modules.pop(APP, None)
    app = importlib.import_module(APP)
    yield app
    app.watchdog.telnyx.close()
    sys.modules.pop(APP, None)


def waiting(aws_address: str, *, quiet: float, chain: str = "chain") -> None:
    """Store a leg that waits for an event since then."""
    store = CallsTable(aws_session().client("dynamodb", endpoint_url=aws_address), "calls")
    call = Call(SESSION, LEG, control_id=CONTROL, flow="front-desk", watch=Watch(chain, int(time.time() - quiet)))
    store.commit(event("call.initiated"), Call(SESSION, LEG), Decision(call), at_seconds=0)


def message(body: str) -> dict[str, Any]:
    return {"Records": [{"messageId": "1", "body": body}]}


def messages(aws_address: str) -> list[dict[str, Any]]:
    """What is on the queue, also what is delayed."""
    sqs = aws_session().client("sqs", endpoint_url=aws_address)
    asked: Any = sqs.get_queue_attributes(
        QueueUrl=os.environ["WATCHDOG_QUEUE_URL"], AttributeNames=["ApproximateNumberOfMessagesDelayed"]
    )
    return [{}] * int(asked["Attributes"]["ApproximateNumberOfMessagesDelayed"])


def test_a_call_that_moved_a_moment_ago_is_looked_at_again_later_and_nobody_is_asked(
    app: Any,  # noqa: ANN401 -- a module that was imported once more
    aws_address: str,
    telnyx: ScriptedTelnyx,
) -> None:
    waiting(aws_address, quiet=3)

    app.handler(message(Look(SESSION, LEG, "chain").to_json()), None)

    assert telnyx.requests == []
    assert len(messages(aws_address)) == 1


def test_an_event_that_telnyx_lists_and_that_never_came_goes_to_the_webhook_function(
    app: Any,  # noqa: ANN401 -- as above
    aws_address: str,
    telnyx: ScriptedTelnyx,
    capsys: pytest.CaptureFixture[str],
) -> None:
    waiting(aws_address, quiet=20)
    follow_stdout("watchdog")

    app.handler(message(Look(SESSION, LEG, "chain").to_json()), None)

    asked, invoked = telnyx.requests
    assert asked.headers["authorization"] == "Bearer KEY0123456789"
    assert "/functions/webhook%3Alive/invocations" in invoked.path
    document: Any = invoked.json
    assert document["telnyx_event"]["data"]["id"] == ANSWERED.id
    assert len(messages(aws_address)) == 1
    written = Output.read(capsys.readouterr().out)
    assert written.counted() == {"EventsReadBack": 1}
    assert {line["message"] for line in written.lines} == {"event read back"}


@pytest.mark.parametrize("look", [Look(SESSION, LEG, "another"), Look("no-session", LEG, "chain")])
def test_what_is_looked_after_by_another_message_or_unknown_is_let_go(
    app: Any,  # noqa: ANN401 -- as above
    aws_address: str,
    look: Look,
) -> None:
    waiting(aws_address, quiet=60)

    app.handler(message(look.to_json()), None)

    assert messages(aws_address) == []


@pytest.mark.parametrize("body", ["", "{}", "[]", "not JSON", '{"call_session_id": "s"}'])
def test_a_message_that_is_none_fails_and_ends_with_the_dead_letters(app: Any, body: str) -> None:  # noqa: ANN401
    with pytest.raises((ValueError, TypeError, AttributeError)):
        app.handler(message(body), None)


class BrokenQueue:
    """SQS that does not answer."""

    def send_message(self, **_: object) -> object:
        raise ConnectTimeoutError(endpoint_url="https://sqs.invalid")


def test_a_call_goes_on_though_the_watchdog_cannot_be_called_and_operators_hear(tmp_path: Path) -> None:
    line = Line.in_memory(written_flows(tmp_path))
    processor = line.processor()
    processor.watchdog = WatchdogQueue(BrokenQueue(), "watchdog")  # type: ignore[arg-type] # as much of it as is used

    handled = processor.handle(next(phone_call(line)), time.monotonic() + 60)

    assert handled.incidents == (UNWATCHED,)
    assert handled.reason == "not watched: ConnectTimeoutError"
    assert handled.unsent == 0
    assert [sent.command.action for sent in handled.sent] == ["answer"]


def test_a_webhook_that_died_before_it_called_the_watchdog_calls_it_when_it_comes_again(tmp_path: Path) -> None:
    line = Line.in_memory(written_flows(tmp_path))
    begun: list[Look] = []
    processor = line.processor()
    processor.watchdog = KeptLooks(begun)
    ringing = next(phone_call(line))
    processor.handle(ringing, time.monotonic() + 60)
    begun.clear()

    processor.handle(ringing, time.monotonic() + 60)

    [leg] = line.store.legs(SESSION)
    assert begun == [begun_by(ringing, leg)]
    assert leg.watch == (leg.watch or Watch("", 0))._replace(chain=begun[0].chain)


class KeptLooks:
    """Keeps the messages for the watchdog."""

    def __init__(self, begun: list[Look]) -> None:
        self._begun = begun

    def look_later(self, look: Look, seconds: int, deadline: float) -> None:
        del deadline
        assert seconds == LOOK_SECONDS
        self._begun.append(look)
