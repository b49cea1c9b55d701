"""The function as Lambda starts it: from its environment alone."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dialtone.adapters.signature import KeyInvalid
from dialtone.domain.errors import FlowInvalid
from infra.checkout import SAMPLES
from infra.local.line import WATCHING_WEBHOOK
from tests.function_output import Output, follow_stdout
from tests.integration.deliveries import CONTROL, LEG, SESSION, Signer, body
from tests.integration.dependencies import aws_session, create_table
from tests.integration.scripted_telnyx import Answer, ScriptedTelnyx

FUNCTIONS = Path(__file__).parents[2] / "functions"
APP, WATCHING = "webhook.app", WATCHING_WEBHOOK.removesuffix(".handler")
START_SECONDS = 60
TELNYX_WAITS_SECONDS = 2
BUSY_MILLIS = 4_000
"""For a busy machine."""

SIGNER = Signer()
WHOLE = {
    "TELNYX_PUBLIC_KEY": SIGNER.public_key,
    "TELNYX_API_KEY": "KEY0123456789",
    "CALLS_TABLE": "calls",
    "ARCHIVE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/archive",
    "LOOKUP_FUNCTION": "lookup",
    "WATCHDOG_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/watchdog",
    "PARKED_EVENTS_BUCKET": "parked",
}
NEVER_TOLD = ("TELNYX_API_KEY_SECRET", "FLOWS_FOLDER")


def start(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Start it in a process of its own, as the runtime does."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", "import webhook.app; print(webhook.app.handler.__name__)"],
        cwd=FUNCTIONS,
        env=inherited | {"AWS_DEFAULT_REGION": "us-east-1"} | environ,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


def test_with_every_argument_it_starts_without_a_word() -> None:
    started = start(WHOLE)

    assert (started.returncode, started.stdout, started.stderr) == (0, "handler\n", "")


@pytest.mark.parametrize("missing", WHOLE)
def test_a_variable_that_is_missing_is_named_at_start(missing: str) -> None:
    started = start({name: value for name, value in WHOLE.items() if name != missing})

    assert started.returncode != 0
    last = started.stderr.strip().splitlines()[-1]
    assert missing in last
    assert "is not set" in last
    assert not any(name in last for name in WHOLE if name not in {missing, "TELNYX_API_KEY"})


@pytest.fixture
def telnyx() -> Iterator[ScriptedTelnyx]:
    with ScriptedTelnyx() as scripted:
        yield scripted


@pytest.fixture
def environment(aws_address: str, monkeypatch: pytest.MonkeyPatch, telnyx: ScriptedTelnyx) -> Iterator[None]:
    del aws_address
    for name in NEVER_TOLD:
        monkeypatch.delenv(name, raising=False)
    for name, value in (WHOLE | {"TELNYX_BASE_URL": telnyx.url, "FLOWS_FOLDER": str(SAMPLES)}).items():
        monkeypatch.setenv(name, value)
    for name in (APP, WATCHING):
        sys.modules.pop(name, None)
    yield
    for name in (APP, WATCHING):
        if app := sys.modules.pop(name, None):
            app.endpoint.processor.telnyx.close()


def started(name: str = APP) -> Any:  # noqa: ANN401 -- a module that is imported once more
    return importlib.import_module(name)


@pytest.mark.usefixtures("environment")
def test_the_handler_answers_a_webhook_with_what_its_environment_names(
    telnyx: ScriptedTelnyx, capsys: pytest.CaptureFixture[str]
) -> None:
    create_table(aws_session().client("dynamodb", endpoint_url=os.environ["AWS_ENDPOINT_URL"]), "calls")
    app = started()
    follow_stdout("webhook")

    whole = body("call.initiated", direction="incoming", state="parked")
    answer = app.handler(SIGNER.request(whole, as_base64=True), object())
    forged = app.handler(Signer().request(whole), object())

    assert (answer["statusCode"], forged["statusCode"]) == (200, 401)
    assert [each.path for each in telnyx.requests] == [f"/v2/calls/{CONTROL}/actions/answer"]
    assert telnyx.requests[0].headers["authorization"] == "Bearer KEY0123456789"
    written = Output.read(capsys.readouterr().out)
    assert [(line["service"], line["answer"]) for line in written.lines] == [("webhook", 200), ("webhook", 401)]
    assert written.lines[0]["call_session_id"] == SESSION


@pytest.mark.usefixtures("environment")
def test_a_table_that_does_not_answer_leaves_time_to_say_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with ScriptedTelnyx() as silent:
        silent.answering = lambda _: Answer(silent=True)
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", silent.url.removesuffix("/v2"))
        app = started()
        follow_stdout("webhook")

        answer = app.handler(SIGNER.request(body("call.initiated", direction="incoming")), object())

    assert answer["statusCode"] == 503
    [line] = Output.read(capsys.readouterr().out).lines
    assert line["error"] == "ReadTimeoutError"
    assert line["milliseconds"] < 1_000 * TELNYX_WAITS_SECONDS + BUSY_MILLIS


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("answers", [True, False])
def test_an_event_that_fails_by_a_fault_of_ours_goes_to_the_bucket_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, answers: bool
) -> None:
    monkeypatch.setattr("webhook.endpoint.PARKING_SECONDS", 60.0 if answers else 0.2)
    address = os.environ["AWS_ENDPOINT_URL"]
    dynamodb = aws_session().client("dynamodb", endpoint_url=address)
    s3 = aws_session().client("s3", endpoint_url=address)
    create_table(dynamodb, "calls")
    unreadable = {"call_session_id": {"S": SESSION}, "item": {"S": f"LEG#{LEG}"}}
    dynamodb.put_item(TableName="calls", Item=unreadable)
    s3.create_bucket(Bucket="parked")
    with ScriptedTelnyx() as silent:
        silent.answering = lambda _: Answer(silent=True)
        if not answers:
            monkeypatch.setenv("AWS_ENDPOINT_URL_S3", silent.url.removesuffix("/v2"))
        app = started()
        follow_stdout("webhook")

        answer = app.handler(SIGNER.request(body("call.answered")), object())

    assert answer["statusCode"] == 500
    [line] = Output.read(capsys.readouterr().out).lines
    kept = s3.list_objects_v2(Bucket="parked").get("Contents", [])
    if answers:
        assert [each["Key"] for each in kept] == [f"{line['parked']}.json"]
    else:
        assert kept == []
        assert line["not_parked"].startswith("ReadTimeoutError")
        assert line["milliseconds"] < 1_000 * TELNYX_WAITS_SECONDS + BUSY_MILLIS


@pytest.mark.usefixtures("environment")
def test_a_public_key_that_is_none_is_named_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELNYX_PUBLIC_KEY", "AAAA")

    with pytest.raises(KeyInvalid, match="'AAAA' is not a public key"):
        started()


@pytest.mark.usefixtures("environment")
def test_a_number_that_leads_nowhere_is_named_at_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "numbers.yaml").write_text('"+15550100": nowhere\n', encoding="utf-8")
    monkeypatch.setenv("FLOWS_FOLDER", str(tmp_path))

    with pytest.raises(FlowInvalid, match=r"numbers.yaml:1: .*nowhere"):
        started()


@pytest.mark.usefixtures("environment")
def test_flows_that_are_watched_are_followed_as_they_were_saved_last(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, telnyx: ScriptedTelnyx
) -> None:
    create_table(aws_session().client("dynamodb", endpoint_url=os.environ["AWS_ENDPOINT_URL"]), "calls")
    (tmp_path / "numbers.yaml").write_text("{}\n", encoding="utf-8")
    monkeypatch.setenv("FLOWS_FOLDER", str(tmp_path))
    monkeypatch.setenv("LOCAL_FOLDER", str(tmp_path))
    app = started(WATCHING)
    ringing = {"direction": "incoming", "state": "parked"}

    app.handler(SIGNER.request(body("call.initiated", 1, **ringing)), object())
    (tmp_path / "new.yaml").write_text("flow: new\nsteps:\n  bye: hangup\n", encoding="utf-8")
    (tmp_path / "numbers.yaml").write_text('"+15550100": new\n', encoding="utf-8")
    another = {"call_session_id": "another", "call_leg_id": "another", **ringing}
    app.handler(SIGNER.request(body("call.initiated", 2, **another)), object())

    assert [each.path.rpartition("/")[2] for each in telnyx.requests] == ["reject", "answer"]
