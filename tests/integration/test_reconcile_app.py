"""The reconcile function as Lambda starts it: from its environment alone, with real requests to all that it needs."""

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dialtone.adapters.calls_table import CallsTable
from dialtone.domain.calls import Call
from dialtone.domain.deadline import DeadlinePassed
from dialtone.domain.decisions import Decision
from dialtone.domain.recordings import EXPECTED
from tests.function_output import Output, follow_stdout
from tests.integration.archiving import Lambda, entry
from tests.integration.deliveries import LEG, SESSION, event
from tests.integration.dependencies import aws_session, create_table
from tests.integration.scripted_telnyx import Answer, Request, ScriptedTelnyx

APP = "reconcile.app"
FUNCTIONS = Path(__file__).parents[2] / "functions"
START_SECONDS = 60
WHOLE = {
    "TELNYX_API_KEY": "KEY0123456789",
    "CALLS_TABLE": "calls",
    "ARCHIVE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/archive",
    "RECORDINGS_BUCKET": "recordings",
    "WEBHOOK_FUNCTION": "webhook:live",
}
SCHEDULED = {"detail-type": "Scheduled Event", "time": "2026-09-21T12:06:00Z"}
LISTED = {
    "id": "r-1",
    "call_leg_id": LEG,
    "call_session_id": SESSION,
    "channels": "dual",
    "status": "completed",
    "recording_started_at": "2026-09-21T12:00:03.000Z",
    "recording_ended_at": "2026-09-21T12:00:05.000Z",
    "created_at": "2026-09-21T12:00:06.000Z",
    "download_urls": {"wav": f"https://recordings.example/{LEG}-01-1790000000.wav"},
}


@pytest.mark.parametrize("missing", WHOLE)
def test_a_variable_that_is_missing_is_named_at_start(missing: str) -> None:
    environ = {name: value for name, value in WHOLE.items() if name != missing}

    started = subprocess.run(  # noqa: S603 -- this interpreter
        [sys.executable, "-c", f"import {APP}"],
        cwd=FUNCTIONS,
        env={"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1"} | environ,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )

    assert started.returncode != 0
    assert missing in started.stderr.strip().splitlines()[-1]


@pytest.fixture
def dependencies() -> Iterator[ScriptedTelnyx]:
    """Telnyx, and Lambda with the webhook function: distinguished by their paths."""
    with ScriptedTelnyx() as scripted:
        scripted.answering = _answer
        yield scripted


def _answer(request: Request) -> Answer:
    if request.path.startswith("/v2/recordings"):
        listed = [LISTED] if "call_session_id" in request.path else []
        return Answer(body=json.dumps({"data": listed}).encode())
    return Answer(body=b'{"statusCode": 200}')


@pytest.fixture
def app(aws_address: str, monkeypatch: pytest.MonkeyPatch, dependencies: ScriptedTelnyx) -> Iterator[Any]:
    monkeypatch.delenv("TELNYX_API_KEY_SECRET", raising=False)
    session = aws_session()
    create_table(session.client("dynamodb", endpoint_url=aws_address), "calls")
    queue_url = session.client("sqs", endpoint_url=aws_address).create_queue(QueueName="archive")["QueueUrl"]
    other = {"ARCHIVE_QUEUE_URL": queue_url, "TELNYX_BASE_URL": dependencies.url}
    for name, value in (WHOLE | other).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", dependencies.url.removesuffix("/v2"))
    sys.modules.pop(APP, None)
    app = importlib.import_module(APP)
    yield app
    app.sweep.telnyx.close()
    sys.modules.pop(APP, None)


def save(aws_address: str, **changes: object) -> None:
    """Put an entry of a call that has ended into the ledger."""
    store = CallsTable(aws_session().client("dynamodb", endpoint_url=aws_address), "calls")
    call = Call(SESSION, LEG, answered_at="2026-09-21T12:00:01.000000Z", ended_at="2026-09-21T12:00:05.000000Z")
    decision = Decision(call, recordings=(entry(**changes),))
    store.commit(event("call.hangup"), Call(SESSION, LEG), decision, at_seconds=0)


def test_a_sweep_asks_telnyx_and_hands_what_it_finds_to_the_webhook_function(
    app: Any,  # noqa: ANN401 -- a module that was imported once more
    aws_address: str,
    dependencies: ScriptedTelnyx,
    capsys: pytest.CaptureFixture[str],
) -> None:
    save(aws_address, status=EXPECTED, file_name=f"{LEG}-01")
    follow_stdout("reconcile")

    counts: Mapping[str, int] = app.handler(SCHEDULED, Lambda(150_000))

    assert counts == {"outstanding": 1, "recovered": 1}
    asked, invoked, asked_for_all = dependencies.requests
    assert asked.headers["authorization"] == asked_for_all.headers["authorization"] == "Bearer KEY0123456789"
    assert "created_at" in asked_for_all.path
    assert "/functions/webhook%3Alive/invocations" in invoked.path
    document: Any = invoked.json
    assert document["telnyx_event"]["data"]["event_type"] == "call.recording.saved"
    written = Output.read(capsys.readouterr().out)
    assert {line["service"] for line in written.lines} == {"reconcile"}
    assert written.counted() == {"RecordingsOutstanding": 1, "RecordingsRecovered": 1}
    assert "https://" not in written.text, "who has a recording's address can listen to it"


def test_what_was_saved_and_not_archived_is_put_on_the_queue(app: Any, aws_address: str) -> None:  # noqa: ANN401
    save(aws_address)

    assert app.handler(SCHEDULED, Lambda(150_000)) == {"outstanding": 1, "queued_again": 1}

    sqs = aws_session().client("sqs", endpoint_url=aws_address)
    [message] = sqs.receive_message(QueueUrl=os.environ["ARCHIVE_QUEUE_URL"])["Messages"]
    assert json.loads(message["Body"])["recording"] == f"{LEG}-01"


def test_a_sweep_without_a_schedule_s_time_is_of_now(app: Any, aws_address: str) -> None:  # noqa: ANN401
    save(aws_address, requested_at="2099-01-01T00:00:00Z")

    assert app.handler({}, Lambda(150_000)) == {"outstanding": 0}


def test_a_sweep_that_has_no_time_left_does_not_begin(app: Any, aws_address: str) -> None:  # noqa: ANN401
    save(aws_address)

    with pytest.raises(DeadlinePassed):
        app.handler(SCHEDULED, Lambda(20_000))


@pytest.mark.parametrize("slow", [Answer(silent=True), Answer(drips="body"), Answer(drips="head")])
def test_a_telnyx_that_is_slow_ends_with_the_sweep_s_time_and_fails_no_recording(
    app: Any,  # noqa: ANN401 -- a module that was imported once more
    aws_address: str,
    dependencies: ScriptedTelnyx,
    slow: Answer,
) -> None:
    save(aws_address, status=EXPECTED, file_name=f"{LEG}-01")
    dependencies.answering = lambda _: slow
    began = time.monotonic()

    counts = app.handler(SCHEDULED | {"time": "2026-09-21T12:10:00Z"}, Lambda(35_000))

    assert counts == {"outstanding": 1, "overdue": 1, "left": 1}
    assert time.monotonic() - began < 15
    store = CallsTable(aws_session().client("dynamodb", endpoint_url=aws_address), "calls")
    assert [each.status for each in store.recordings(SESSION)] == [EXPECTED]
