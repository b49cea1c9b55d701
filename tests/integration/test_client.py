"""dialtone.client against the control API on a stack by moto: what programs get, answers and errors."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.credentials import Credentials

from dialtone.client import Client, Refused
from dialtone.domain.errors import DialtoneError
from infra.carrier import Caller, HangUp, Person, Silence
from tests.integration.control_server import ControlServer
from tests.integration.test_control_api import Client as Stack
from tests.integration.test_control_api import client as stack  # noqa: F401 -- a fixture
from tests.simulation.controlled import ControlledStage
from tests.unit.test_docs import ROOT, blocks

REGION = "eu-west-1"
CREDENTIALS = Credentials("AKIDEXAMPLE", "secret", "token")
PROGRAMS = blocks(ROOT / "docs" / "control-api.md", "python")
TALK = """
record: {format: mp3}
steps:
  first: {say: Please hold., next: wait}
  wait: {wait: 30}
  later: {wait: 30}
  bye: hangup
"""


@pytest.fixture
def server(stack: Stack) -> Iterator[ControlServer]:  # noqa: F811 -- the fixture
    with ControlServer(stack.api) as running:
        yield running


@pytest.fixture
def program(server: ControlServer) -> Iterator[Client]:
    with Client(f"{server.url}/", REGION, CREDENTIALS) as made:
        yield made


@pytest.fixture
def stage(tmp_path: Path) -> ControlledStage:
    return ControlledStage(TALK, tmp_path)


def test_calls_and_recordings_are_read_page_after_page(stack: Stack, program: Client) -> None:  # noqa: F811
    for number in range(5):
        stack.recording(f"call-{number}", timedelta(minutes=number))

    assert [each["call_session_id"] for each in program.every_call(limit=2)] == [f"call-{n}" for n in range(5)]
    listed = list(program.every_recording(limit=1, number="+15550142"))
    assert [each["call_session_id"] for each in listed] == [f"call-{n}" for n in range(5)]

    shown = program.recording(listed[0]["id"])
    assert (shown["from"], shown["transcript"]["text"]) == ("+15550142", "Please call Ada back.")
    assert program.call("call-0")["audit"][0]["did"] == "listened"


def test_requests_are_signed_for_the_api(program: Client, server: ControlServer) -> None:
    program.calls(number="+15550142", since="2h")

    path, headers = server.requests[-1]
    assert path == "/calls?number=%2B15550142&since=2h"
    assert f"/{REGION}/execute-api/aws4_request" in headers["authorization"]
    assert headers["x-amz-security-token"] == "token"


def test_an_id_cannot_leave_its_place_in_the_path(program: Client, server: ControlServer) -> None:
    with pytest.raises(Refused):
        program.call("../recordings?x=1#y")

    assert server.requests[-1][0] == "/calls/..%2Frecordings%3Fx%3D1%23y"


def test_what_is_refused_says_what_is_wrong(program: Client) -> None:
    with pytest.raises(Refused, match="limit") as refused:
        program.calls(limit=0)
    assert (refused.value.status, refused.value.code, refused.value.parameter) == (422, "invalid_parameter", "limit")

    with pytest.raises(Refused, match="There is no call 'nothing'") as refused:
        program.call("nothing")
    assert (refused.value.status, refused.value.code) == (404, "not_found")

    with pytest.raises(Refused, match="It is not a dead-letter queue") as refused:
        program.redrive("archive")
    assert (refused.value.status, refused.value.code) == (409, "not_redrivable")


def test_a_busy_api_is_asked_again_as_soon_as_it_says(
    program: Client, server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("dialtone.client.api.time.sleep", waited.append)
    server.instead += [(503, {"Retry-After": "2"}, "{}"), (429, {}, "{}"), (503, {"Retry-After": "9999"}, "{}")]

    assert program.calls() == {"calls": [], "next_until": None}
    assert waited == [2.0, 1.0, 10.0]


@pytest.mark.parametrize(
    ("status", "body", "message", "code"),
    [
        (403, '{"message":"Forbidden"}', "Forbidden", "gateway"),
        (400, "[]", "Bad Request", "gateway"),
        (200, "<html>", "what answered is not the control API", "no_json"),
    ],
)
def test_answers_of_others_are_distinguished(  # noqa: PLR0913, PLR0917 -- the cases' columns
    program: Client, server: ControlServer, status: int, body: str, message: str, code: str
) -> None:
    server.instead.append((status, {}, body))

    with pytest.raises(Refused, match=message) as refused:
        program.calls()

    assert refused.value.code == code


def test_without_credentials_or_region_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoCredentials:
        region_name = None

        def get_credentials(self) -> None:
            return None

    monkeypatch.setattr("dialtone.client.api.boto3.Session", NoCredentials)

    with pytest.raises(DialtoneError, match="no AWS credentials"):
        Client("https://api.example")
    with pytest.raises(DialtoneError, match="region is not set"):
        Client("https://api.example", credentials=Credentials("AKIDEXAMPLE", "secret"))


def test_the_program_of_the_docs_runs(
    stack: Stack,  # noqa: F811
    server: ControlServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack.call("busy", timedelta(hours=1), ending="failed")
    monkeypatch.setenv("CONTROL_URL", server.url)
    reading, _, health = PROGRAMS

    exec(compile(reading, "control-api.md", "exec"), {})  # noqa: S102 -- the docs' own program

    assert "+15550142" in capsys.readouterr().out
    exec(compile(health, "control-api.md", "exec"), {})  # noqa: S102 -- as above
    assert "CloudWatch has no alarm of this stack" in capsys.readouterr().out


def test_the_acting_program_of_the_docs_runs(stage: ControlledStage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.answered(Caller(Silence(30), HangUp()))
    stage.carrier.add_callee("+15550161", Person(Silence(9)))
    _, acting, _ = PROGRAMS

    with ControlServer(stage.control) as server:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "test")
        monkeypatch.setenv("CONTROL_URL", server.url)
        exec(compile(acting, "control-api.md", "exec"), {})  # noqa: S102 -- the docs' own program

    assert [len(stage.sent(each)) for each in ("record_pause", "record_resume", "speak", "dial")] == [1, 1, 2, 1]


def test_what_acts_is_done_once_though_the_api_was_busy_or_is_asked_again(
    stage: ControlledStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dialtone.client.api.time.sleep", lambda _: None)
    leg = stage.answered(Caller(Silence(30), HangUp())).name.call_session_id
    words = {"payload": "The office closes.", "voice": "female"}

    with ControlServer(stage.control) as server, Client(server.url, REGION, CREDENTIALS) as program:
        server.instead += [(503, {}, "{}"), (429, {}, "{}")]
        first = program.act(leg, "speak", words)
        keys = {headers["idempotency-key"] for _, headers in server.requests}
        again = program.act(leg, "speak", words, key=keys.pop())
        with pytest.raises(Refused) as refused:
            program.act(leg, "speak", {"voice": "female"})
        put = program.put_into_flow(leg, step="later")
        queues = program.queues()["queues"]
        with pytest.raises(Refused) as nobody:
            program.take("support", "+15550191")

    assert keys == set()
    assert (first["repeated"], again) == (False, {**first, "repeated": True})
    assert (refused.value.status, refused.value.parameter) == (422, "payload")
    assert (queues, nobody.value.code) == ([], "not_found")
    assert (put["action"], stage.store.legs(leg)[0].step) == ("flow", "later")


def test_a_recording_is_deleted_or_is_said_to_be_missing(program: Client, server: ControlServer) -> None:
    server.instead.append((200, {}, '{"id": "a", "deleted_at": "2026-11-30T12:00:00Z", "deleted_by": "ada"}'))

    assert program.delete_recording("a/b")["deleted_by"] == "ada"
    assert server.requests[-1][0] == "/recordings/a%2Fb"
    with pytest.raises(Refused, match="There is no recording 'a'") as refused:
        program.delete_recording("a")
    assert refused.value.status == 404
