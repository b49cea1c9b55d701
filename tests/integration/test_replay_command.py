"""`dialtone replay`: parked events are run again by the real command, through the real endpoint, on a stack by moto."""

import io
import json
import shlex
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dialtone.adapters.dynamodb_items import attributes
from dialtone.adapters.parked_events import ParkedEvents
from dialtone.adapters.signature import Verifier
from dialtone.adapters.telemetry import Observer
from dialtone.adapters.webhook_function import WebhookFunction
from dialtone.domain.client_state import ClientState
from dialtone.domain.parked_event import ParkedEvent
from infra.cli import replay_run as replay
from infra.cli.main import main
from infra.operations import aws
from infra.operations.parked_events import Replays
from tests.function_output import follow_stdout
from tests.integration.deliveries import BEGAN, CONTROL, LEG, SESSION, SIGNED_URL, Signer, body, request
from tests.integration.dependencies import ONE_ATTEMPT, Died, Line, aws_session
from tests.runbooks import IN_THE_DOCS, commands
from webhook.endpoint import Endpoint

BUCKET, FUNCTION = "parked", "webhook:live"
RINGS: dict[str, object] = {"direction": "incoming", "state": "parked"}
HANG_UP: dict[str, object] = {"hangup_cause": "normal_clearing", "hangup_source": "caller"}
SAVED: dict[str, object] = {"channels": "single", "recording_urls": {"mp3": SIGNED_URL}}
CALL: tuple[tuple[str, dict[str, object]], ...] = (
    ("call.initiated", RINGS),
    ("call.answered", {}),
    ("call.hangup", HANG_UP),
    ("call.recording.saved", SAVED),
)
MINUTES_LATER = BEGAN.timestamp() + 600
LONG_AFTER = BEGAN.timestamp() + 30_000
POISON = {"call_session_id": SESSION, "item": f"LEG#{LEG}"}
"""A leg in a form that no version wrote: the events of the call fail until it is gone."""


@dataclass
class Deployed:
    """The webhook function as Lambda invokes it, and who runs events again."""

    line: Line
    capsys: pytest.CaptureFixture[str]
    parked: ParkedEvents
    signer: Signer = field(default_factory=Signer)
    now: float = MINUTES_LATER
    dies_after: bool = False
    answers: Callable[[], dict[str, Any]] | None = None
    """What takes the place of the function's own answer."""
    invoked: list[Mapping[str, Any]] = field(default_factory=list)

    def endpoint(self) -> Endpoint:
        follow_stdout("webhook")
        verifier = Verifier.from_text(self.signer.public_key)
        processor, observer = self.line.processor(), Observer("webhook")
        return Endpoint(verifier, processor, observer, lambda: self.now, handling_seconds=60, parked=self.parked)

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 -- boto's own names
        assert FunctionName == FUNCTION
        self.invoked.append(json.loads(Payload))
        if self.answers:
            return self.answers()
        response = self.endpoint().handle(json.loads(Payload))
        if self.dies_after:
            raise Died
        return {"Payload": io.BytesIO(json.dumps(response).encode())}

    def deliver(self, event_type: str, number: int = 1, /, **payload: object) -> int:
        """Let Telnyx deliver an event; gives the answer's status."""
        whole = body(event_type, number, **payload)
        return int(
            self.endpoint().respond(request(whole, self.signer.headers(whole, str(int(self.now)))))["statusCode"]
        )

    def poison(self) -> None:
        self.line.dynamodb.put_item(TableName=self.line.table, Item=attributes(POISON))

    def fix(self) -> None:
        self.line.dynamodb.delete_item(TableName=self.line.table, Key=attributes(POISON))

    def replay(self, *arguments: str) -> tuple[int, str, str]:
        """Run the command; gives status, output and errors."""
        self.capsys.readouterr()
        status = main(["replay", *arguments])
        out, err = self.capsys.readouterr()
        said = [line for line in out.splitlines() if not line.startswith("{")]
        return status, "\n".join(said), err

    def names(self) -> list[str]:
        return [each.rpartition("/")[2][:8] for each in self.parked.names()]


@pytest.fixture
def deployed(line: Line, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Deployed:
    s3 = aws_session().client("s3", config=ONE_ATTEMPT)
    s3.create_bucket(Bucket=BUCKET)
    made = Deployed(line, capsys, ParkedEvents(s3, BUCKET))
    clients: dict[str, Any] = {"dynamodb": line.dynamodb, "s3": s3, "lambda": made}
    monkeypatch.setattr(aws, "client", lambda service, *_: clients[service])
    environment = {"CALLS_TABLE": line.table, "PARKED_EVENTS_BUCKET": BUCKET, "WEBHOOK_FUNCTION": FUNCTION}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(replay, "time", SimpleNamespace(time=lambda: made.now))
    return made


def failed_call(deployed: Deployed) -> None:
    """Let every event of a call fail that was answered, hung up and recorded."""
    deployed.poison()
    for number, (event_type, payload) in enumerate(CALL, start=1):
        assert deployed.deliver(event_type, number, **payload) == 500
    deployed.fix()


def test_a_call_whose_every_event_failed_gets_its_record_and_nobody_hears_a_word(deployed: Deployed) -> None:
    failed_call(deployed)

    status, out, err = deployed.replay("--all")

    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == [
        "call.hangup",
        "call.initiated",
        "call.answered",
        "call.recording.saved",
        "4",
    ]
    assert out.endswith("4 run again, 0 still parked")
    assert deployed.names() == []
    remains = deployed.line.remains(SESSION)
    assert [(leg.status, leg.initiated_at != "", leg.hangup_cause) for leg in remains.legs] == [
        ("ended", True, "normal_clearing")
    ]
    assert len(remains.timeline) == 4
    assert [json.loads(job)["kind"] for job in remains.jobs] == ["audio"]
    assert remains.obeyed == ()


def test_every_example_of_the_page_runs(deployed: Deployed) -> None:
    said = f"dialtone replay --stack {IN_THE_DOCS} "
    examples = [each.removeprefix(said) for each in commands("dialtone") if each.startswith(said)]
    failed_call(deployed)

    assert {"--list", "--all"} <= set(examples)
    assert {deployed.replay(*shlex.split(arguments))[0] for arguments in examples} == {0}
    assert deployed.names() == []


def test_run_twice_there_is_nothing_left_to_do(deployed: Deployed) -> None:
    failed_call(deployed)
    deployed.replay("--all")
    remains = deployed.line.remains(SESSION)
    deployed.invoked.clear()

    assert deployed.replay("--all") == (0, "0 run again, 0 still parked", "")
    assert deployed.replay("--list") == (0, "nothing is parked", "")
    assert deployed.invoked == []
    assert deployed.line.remains(SESSION).timeline == remains.timeline


def test_two_who_run_it_at_once_run_it_once(deployed: Deployed) -> None:
    failed_call(deployed)
    function = WebhookFunction(deployed)  # type: ignore[arg-type] # what of Lambda is needed
    replays = Replays(
        deployed.parked, deployed.line.store, partial(function.deliver, function=FUNCTION), lambda: deployed.now
    )
    events = replays.find()

    with ThreadPoolExecutor(2) as two:
        results = [*two.map(lambda _: list(replays.run(events)), range(2))]

    assert all(each.taken for result in results for each in result)
    assert deployed.names() == []
    remains = deployed.line.remains(SESSION)
    assert len(remains.timeline) == 4
    assert remains.obeyed == ()


def test_one_that_fails_again_stays_parked_and_the_others_are_run(deployed: Deployed) -> None:
    failed_call(deployed)
    other = {"call_session_id": "other", "call_leg_id": "other"}
    deployed.line.dynamodb.put_item(
        TableName=deployed.line.table, Item=attributes(POISON | {"call_session_id": "other", "item": "LEG#other"})
    )
    assert deployed.deliver("call.hangup", 9, **(HANG_UP | other)) == 500
    before = deployed.parked.get("other/00000009-0fd4-4d53-b2f6-0b5d1c1bd0e8")

    status, out, _ = deployed.replay("--all")

    assert status == 1
    assert "call.hangup other/00000009-0fd4-4d53-b2f6-0b5d1c1bd0e8: cannot be read: KeyError" in out
    assert out.endswith("4 run again, 1 still parked")
    assert deployed.parked.get("other/00000009-0fd4-4d53-b2f6-0b5d1c1bd0e8") == before


def denied() -> dict[str, Any]:
    raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not you"}}, "Invoke")


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (lambda: {"Payload": io.BytesIO(b'{"statusCode": 500}')}, "it answered 500"),
        (
            lambda: {"Payload": io.BytesIO(b'{"errorType": "Sandbox.Timedout"}'), "FunctionError": "Unhandled"},
            "Timedout",
        ),
        (lambda: {"Payload": io.BytesIO(b"<html>")}, "JSONDecodeError"),
        (denied, "AccessDeniedException"),
    ],
)
def test_what_the_function_does_not_take_stays_parked(
    deployed: Deployed, answers: Callable[[], dict[str, Any]], why: str
) -> None:
    failed_call(deployed)
    deployed.answers = answers

    status, out, _ = deployed.replay(SESSION)

    assert (status, len(deployed.names())) == (1, 4)
    assert f"{SESSION}/00000003-0fd4-4d53-b2f6-0b5d1c1bd0e8: failed again: " in out
    assert why in out
    assert out.endswith("0 run again, 4 still parked")


def test_an_event_that_came_later_after_all_changes_nothing(deployed: Deployed) -> None:
    deployed.poison()
    assert deployed.deliver("call.hangup", 3, **HANG_UP) == 500
    deployed.fix()
    assert deployed.deliver("call.hangup", 3, **HANG_UP) == 200
    timeline = deployed.line.store.timeline(SESSION)

    status, out, _ = deployed.replay("00000003-0fd4-4d53-b2f6-0b5d1c1bd0e8")

    assert (status, deployed.names()) == (0, [])
    assert "had been processed: a later delivery succeeded" in out
    assert deployed.line.store.timeline(SESSION) == timeline


def test_while_its_call_may_go_on_an_event_is_not_run(deployed: Deployed) -> None:
    deployed.poison()
    assert deployed.deliver("call.answered", 2) == 500
    deployed.fix()

    status, out, _ = deployed.replay("--all")

    assert (status, deployed.invoked, deployed.names()) == (1, [], ["00000002"])
    assert "its call may still be open" in out
    deployed.now = LONG_AFTER
    assert deployed.replay("--all")[0] == 0
    assert deployed.line.telnyx.obeyed == []


def test_an_event_of_a_callee_waits_for_the_hang_up_of_the_caller(deployed: Deployed) -> None:
    mark = ClientState(turn=1, parent_leg=LEG, dialled=True).encode()
    callee = {"call_leg_id": f"{LEG}-1", "call_control_id": f"{CONTROL}-1", "client_state": mark}
    deployed.poison()
    assert deployed.deliver("call.hangup", 3, **(HANG_UP | callee)) == 500
    assert deployed.deliver("call.hangup", 4, **HANG_UP) == 500
    deployed.fix()

    assert deployed.replay("--all")[0] == 0
    assert len(deployed.line.store.timeline(SESSION)) == 2


def test_a_command_that_dies_in_between_is_run_again(deployed: Deployed) -> None:
    failed_call(deployed)
    deployed.dies_after = True
    with pytest.raises(Died):
        deployed.replay("--all")
    deployed.dies_after = False

    status, out, _ = deployed.replay("--all")

    assert (status, deployed.names()) == (0, [])
    assert "call.hangup" in out.splitlines()[0]
    assert "had been processed" in out.splitlines()[0]
    assert len(deployed.line.store.timeline(SESSION)) == 4


def test_what_is_parked_is_listed_and_shown_and_moves_no_cursor(deployed: Deployed) -> None:
    deployed.poison()
    deployed.deliver("call.answered", 2)
    [name] = deployed.parked.names()
    event = deployed.parked.get(name)
    assert event
    deployed.parked.put(event._replace(event_id="odd", event_type="\x1b[2J"))

    status, out, _ = deployed.replay("--list")
    deployed.capsys.readouterr()
    shown = main(["replay", "00000002-0fd4-4d53-b2f6-0b5d1c1bd0e8", "--show"])

    assert (status, shown) == (0, 0)
    assert f"call.answered  KeyError  delivery 1  {SESSION}/00000002" in out
    assert out.endswith("2 events are parked")
    assert "\x1b" not in out
    assert json.loads(deployed.capsys.readouterr().out)["call_session_id"] == SESSION
    assert len(deployed.names()) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "which events? Name some, or add --all"),
        (["one", "--all"], "which events?"),
        (["unknown"], "unknown is not parked: it was replayed, or has expired after 14 days"),
    ],
)
def test_what_cannot_be_run_is_said_in_a_sentence(deployed: Deployed, arguments: list[str], sentence: str) -> None:
    status, out, err = deployed.replay(*arguments)

    assert (status, out) == (1, "")
    assert err.startswith(f"dialtone: {sentence}")


@pytest.mark.parametrize("stored", ["[]", '{"data": []}', "x"])
def test_what_is_not_an_event_as_this_version_reads_it_stays_parked(deployed: Deployed, stored: str) -> None:
    deployed.parked.put(ParkedEvent("e-1", "", "", "", 0, "2026-09-21T12:00:00+00:00", "KeyError", stored))

    status, out, _ = deployed.replay("e-1")

    assert (status, deployed.invoked) == (1, [])
    assert "this version cannot read the event" in out
