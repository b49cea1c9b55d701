"""Before a new version takes calls, a synthetic call is played through it: a broken version is stopped."""

from __future__ import annotations

import importlib
import json
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from dialtone.domain.calls import Call
from dialtone.domain.decisions import Decision
from dialtone.domain.synthetic_call import SCRIPT, SESSION_PREFIX, SYNTHETIC_CALL
from tests.function_output import Output, follow_stdout
from tests.integration.deliveries import SESSION, Signer, body, written_flows
from tests.integration.dependencies import aws_session, create_table
from tests.integration.hook import IDS, VERSION_ARN, Hook
from tests.integration.scripted_telnyx import ScriptedTelnyx

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SIGNER = Signer()
SECRET = "dialtone/telnyx-api-key"
ENVIRONMENT = {
    "TELNYX_PUBLIC_KEY": SIGNER.public_key,
    "TELNYX_API_KEY_SECRET": SECRET,
    "CALLS_TABLE": "calls",
    "ARCHIVE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/archive",
    "LOOKUP_FUNCTION": "lookup",
    "WATCHDOG_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/watchdog",
    "PARKED_EVENTS_BUCKET": "parked",
}
EXPECTED = [action for exchange in SCRIPT for action in exchange.actions]


@pytest.fixture
def telnyx() -> Iterator[ScriptedTelnyx]:
    with ScriptedTelnyx() as scripted:
        yield scripted


@pytest.fixture
def table(aws_address: str, monkeypatch: pytest.MonkeyPatch, telnyx: ScriptedTelnyx) -> DynamoDBClient:
    for name, value in (ENVIRONMENT | {"TELNYX_BASE_URL": telnyx.url}).items():
        monkeypatch.setenv(name, value)
    for name in ("TELNYX_API_KEY", "FLOWS_FOLDER"):
        monkeypatch.delenv(name, raising=False)
    secrets = aws_session().client("secretsmanager", endpoint_url=aws_address)
    secrets.create_secret(Name=SECRET, SecretString="KEY0123456789")
    dynamodb = aws_session().client("dynamodb", endpoint_url=aws_address)
    create_table(dynamodb, "calls")
    return dynamodb


def version(**environment: str) -> Callable[[Any], Any]:
    """Give the webhook function as Lambda starts it, with other settings."""
    sys.modules.pop("webhook.app", None)
    before = {name: os.environ.get(name, "") for name in environment}
    os.environ.update(environment)
    app: Any = importlib.import_module("webhook.app")
    os.environ.update(before)
    sys.modules.pop("webhook.app", None)
    return lambda asked: app.handler(asked, object())


def items(table: DynamoDBClient) -> list[Any]:
    return table.scan(TableName="calls")["Items"]


def test_a_good_version_passes_and_leaves_nothing_behind(
    table: DynamoDBClient, telnyx: ScriptedTelnyx, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []
    held: list[int] = []
    new = version()
    follow_stdout("webhook")

    def watched(request: Any) -> Any:  # noqa: ANN401 -- any JSON
        answered = new(request)
        asked.append(answered)
        held.append(len(items(table)))
        return answered

    with Hook(watched) as hook:
        assert hook.run(monkeypatch) == "Succeeded"

    sent = [command["path"].rpartition("/")[2] for each in asked[:10:2] for command in each["sent"]]
    assert sent == EXPECTED
    assert hook.reported == [
        {
            "deploymentId": IDS["DeploymentId"],
            "lifecycleEventHookExecutionId": IDS["LifecycleEventHookExecutionId"],
            "status": "Succeeded",
        }
    ]
    assert {unquote(path) for path in hook.invoked} == {f"/2015-03-31/functions/{VERSION_ARN}/invocations"}
    assert max(held) > len(SCRIPT), "the call is in the table while it is played"
    assert items(table) == []
    assert telnyx.requests == []
    counted = Output.read(capsys.readouterr().out).counted()
    assert counted == {"Webhooks": 2, "SignatureFailures": 2}, "only the two forgeries at the public door"


def unreadable(_: Any) -> Any:  # noqa: ANN401 -- any JSON
    raise ImportError("No module named 'telnyx'")


def decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhook.processor.route", lambda call, *_: Decision(call))


def forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialtone.domain.calls.Call.from_json", lambda stored: Call(stored["session_id"], "", ""))


def says_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "webhook.synthetic_call.FLOW",
        importlib.import_module("webhook.synthetic_call").FLOW.replace("Press 1", "Press 2"),
    )


def new_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhook.sending.id_of", lambda *_: str(uuid.uuid4()))


def believes_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialtone.adapters.signature.Verifier.verify", lambda *_: None)


def believes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialtone.adapters.signature._signed_by", lambda *_: False)


BROKEN: dict[str, tuple[Callable[[], Callable[[Any], Any]], Callable[[pytest.MonkeyPatch], None] | None, str]] = {
    "does not start": (lambda: unreadable, None, "ImportError: No module named 'telnyx'"),
    "answers 500": (lambda: lambda _: {"statusCode": 500, "body": ""}, None, "call.initiated: answered 500"),
    "answers nonsense": (lambda: lambda _: "ok", None, "it failed: no object"),
    "cannot read its secret": (lambda: version(TELNYX_API_KEY_SECRET="missing"), None, "ResourceNotFoundException"),
    "cannot write its table": (lambda: version(CALLS_TABLE="missing"), None, "ResourceNotFoundException"),
    "decides nothing": (version, decides_nothing, "call.initiated: sent []"),
    "forgets the call": (version, forgets, "call.gather.ended: answered 503"),
    "says something else": (version, says_something_else, "does not say what the flow says"),
    "sends again under new ids": (version, new_ids, "under new ids"),
    "believes anybody": (version, believes_anybody, "an unsigned webhook was answered 400, not 401"),
    "believes nobody": (version, believes_nobody, "call.initiated: answered 401"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_version_is_stopped_and_the_log_says_why(
    how: str, table: DynamoDBClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made, breaks, why = BROKEN[how]
    new = made()
    if breaks:
        breaks(monkeypatch)
    monkeypatch.setattr("pretraffic.check.PAUSE_SECONDS", 0.0)

    with Hook(new) as hook:
        assert hook.run(monkeypatch) == "Failed"

    said = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"wrong"' in line]
    assert why in said[-1]["wrong"]
    assert items(table) == []


def test_a_version_with_a_broken_flow_that_a_number_leads_to_is_stopped(
    table: DynamoDBClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Hook(version(FLOWS_FOLDER=str(written_flows(tmp_path)))) as hook:
        assert hook.run(monkeypatch) == "Failed"

    assert "flows that numbers lead to are broken: broken.yaml" in capsys.readouterr().out
    assert items(table) == []


def test_a_fault_that_passes_is_none_of_the_versions(table: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> None:
    new, came = version(), []
    monkeypatch.setattr("pretraffic.check.PAUSE_SECONDS", 0.0)

    def shaky(asked: Any) -> Any:  # noqa: ANN401 -- any JSON
        came.append(asked)
        return {"statusCode": 503, "said": {}} if len(came) % 3 == 1 and SYNTHETIC_CALL in asked else new(asked)

    with Hook(shaky) as hook:
        assert hook.run(monkeypatch) == "Succeeded"
    assert items(table) == []


def test_a_table_that_cannot_be_cleared_is_a_no(table: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> None:
    new = version()
    table.delete_table(TableName="calls")

    with Hook(new) as hook:
        assert hook.run(monkeypatch) == "Failed"


def test_no_call_but_a_synthetic_one_can_be_played(
    table: DynamoDBClient, telnyx: ScriptedTelnyx, monkeypatch: pytest.MonkeyPatch
) -> None:
    del monkeypatch
    forged = SIGNER.request(body("call.initiated", direction="incoming", state="parked"))

    answered = version()({SYNTHETIC_CALL: {"public_key": SIGNER.public_key, "request": forged}})

    assert not SESSION.startswith(SESSION_PREFIX)
    assert (answered["statusCode"], answered["sent"]) == (500, [])
    assert items(table) == []
    assert telnyx.requests == []
