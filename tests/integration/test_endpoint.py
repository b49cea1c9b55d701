"""The table of answers: the status that Telnyx gets, the log line, the metrics, the round trips."""

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.adapters.dynamodb_items import attributes
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.parked_events import ParkedEvents
from dialtone.adapters.secrets import CachedSecret
from dialtone.adapters.settings import key_from
from dialtone.adapters.signature import Verifier
from dialtone.adapters.telemetry import Observer
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.adapters.watchdog_queue import WatchdogQueue
from dialtone.domain.events import TELNYX_EVENT
from tests.function_output import Output, follow_stdout
from tests.integration.deliveries import (
    BEGAN,
    CALLER,
    CARD,
    CONTROL,
    LEG,
    PHONE_CALL,
    SESSION,
    Signer,
    body,
    request,
)
from tests.integration.dependencies import ONE_ATTEMPT, Fault, Line, aws_session
from tests.integration.scripted_telnyx import Answer, ScriptedTelnyx, error
from webhook.endpoint import Endpoint
from webhook.event_types import UNDERSTOOD
from webhook.processor import EventProcessor

API_KEY = "KEY0123456789"
PATIENT_SECONDS = 60.0
"""Longer than moto takes on a busy machine; what a deadline does is seen elsewhere."""
RINGS = {"direction": "incoming", "state": "parked"}


class AcceptingVerifier(Verifier):
    """Takes everything for signed, at any time."""

    def __init__(self) -> None:
        super().__init__(())

    def verify(self, body: bytes, headers: Mapping[str, str], now_seconds: float) -> None:
        """Believe it."""


class Desk:
    """An endpoint with AWS by moto and a Telnyx over HTTP, all of whose requests are counted."""

    def __init__(self, line: Line, scripted: ScriptedTelnyx, capsys: pytest.CaptureFixture[str]) -> None:
        self.line, self.scripted, self.signer = line, scripted, Signer()
        self.telnyx = TelnyxApi(API_KEY, scripted.url, sleep=lambda _: None)
        self._capsys = capsys
        self.endpoint = self.started()

    def started(self) -> Endpoint:
        """Give a process that has just started."""
        processor = EventProcessor(
            self.line.store,
            FlowLibrary.open(self.line.flows),
            self.telnyx,
            ArchiveQueue(self.line.sqs, self.line.queue_url),
            self.line.systems,
            WatchdogQueue(self.line.sqs, self.line.watchdog_queue_url),
        )
        verifier, observer = Verifier.from_text(self.signer.public_key), Observer("webhook")
        return Endpoint(verifier, processor, observer, handling_seconds=PATIENT_SECONDS)

    def take(self, request: dict[str, Any]) -> int:
        """Give the answer's status."""
        follow_stdout("webhook")
        response = self.endpoint.respond(request)
        assert set(response) == {"statusCode", "headers", "body"}
        assert response["body"] == ""
        json.dumps(response)
        return int(response["statusCode"])

    def deliver(self, event_type: str, number: int = 1, /, **payload: object) -> int:
        return self.take(self.signer.request(body(event_type, number, **payload)))

    def said(self) -> Output:
        written = self._capsys.readouterr()
        assert written.err == ""
        return Output.read(written.out)

    def spent(self) -> Counter[str]:
        spent = self.line.spent()
        spent["Telnyx"] = len(self.scripted.requests)
        self.scripted.requests.clear()
        return +spent

    def mark(self) -> dict[str, str]:
        """Give the mark that the last command left: Telnyx echoes it."""
        marks = [each.json.get("client_state") for each in self.scripted.requests if isinstance(each.json, dict)]
        return next(({"client_state": mark} for mark in reversed(marks) if mark), {})


@pytest.fixture
def desk(line: Line, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    with ScriptedTelnyx() as scripted:
        desk = Desk(line, scripted, capsys)
        yield desk
        desk.telnyx.close()


# --- 200 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_base64", [False, True])
def test_a_webhook_is_handled_as_text_and_as_base64(desk: Desk, *, as_base64: bool) -> None:
    whole = body("call.initiated", **RINGS)

    status = desk.take(desk.signer.request(whole, as_base64=as_base64))

    assert status == 200
    assert [each.path for each in desk.scripted.requests] == [f"/v2/calls/{CONTROL}/actions/answer"]
    assert desk.line.store.legs(SESSION)[0].status == "ringing"


def test_bytes_that_are_not_what_json_would_write_again_are_verified_as_they_came(desk: Desk) -> None:
    whole = (
        b"\n\t" + body("call.initiated", **(RINGS | {"from": "Zo\u00eb"})).replace(b"\\u00eb", "ë".encode()) + b"  \r\n"
    )

    assert desk.take(desk.signer.request(whole)) == 200
    assert desk.take(desk.signer.request(whole, as_base64=True)) == 200


def test_header_names_may_be_in_any_case(desk: Desk) -> None:
    whole = body("call.initiated", **RINGS)
    headers = {name.upper(): value for name, value in desk.signer.headers(whole).items()}

    assert desk.take(request(whole, headers)) == 200


def test_a_handled_webhook_is_reported_in_one_line(desk: Desk) -> None:
    desk.deliver("call.initiated", **RINGS)

    line = desk.said().line

    assert line.pop("milliseconds") >= 0
    fields = {name: line[name] for name in line.keys() - {"timestamp", "location"}}
    assert fields == {
        "level": "INFO",
        "service": "webhook",
        "message": "webhook handled",
        "answer": 200,
        "event_type": "call.initiated",
        "event_id": "00000001-0fd4-4d53-b2f6-0b5d1c1bd0e8",
        "call_session_id": SESSION,
        "call_leg_id": LEG,
        "call_status": "ringing",
        "flow": "front-desk",
        "step": "",
        "turn": 0,
        "duplicate": False,
        "reason": "",
        "commands": [{"action": "answer", "result": "accepted"}],
    }


def test_a_handled_webhook_is_measured(desk: Desk) -> None:
    desk.deliver("call.initiated", **RINGS)

    measured = desk.said().measured()

    for took in ("HandlingTime", "EventAge", "TelnyxTime"):
        assert measured.pop((took, "service=webhook")) >= 0
    assert measured == {
        ("Webhooks", "Answer=200", "service=webhook"): 1,
        ("CommandsAccepted", "service=webhook"): 1,
        ("CallsStarted", "Direction=incoming", "service=webhook"): 1,
    }


def test_metrics_have_their_units(desk: Desk) -> None:
    desk.deliver("call.initiated", **RINGS)

    directives = [each for blob in desk.said().blobs for each in blob["_aws"]["CloudWatchMetrics"]]

    assert {each["Name"]: each["Unit"] for directive in directives for each in directive["Metrics"]} == {
        "Webhooks": "Count",
        "HandlingTime": "Milliseconds",
        "EventAge": "Milliseconds",
        "TelnyxTime": "Milliseconds",
        "CommandsAccepted": "Count",
        "CallsStarted": "Count",
    }


@pytest.mark.parametrize(
    ("addressed", "shown"),
    [
        ({"to": "+13125550177"}, "+1312555****"),
        ({"to": "sip:nobody@desk.sip.telnyx.com"}, "sip:…@desk.sip.telnyx.com"),
    ],
)
def test_a_call_that_no_flow_is_for_is_a_warning_that_says_for_whom_it_was_and_is_counted_once(
    desk: Desk, addressed: dict[str, str], shown: str
) -> None:
    status, said = desk.deliver("call.initiated", **RINGS, **addressed), desk.said()
    _, said_again = desk.deliver("call.initiated", **RINGS, **addressed), desk.said()

    assert status == 200
    assert [each.path.rpartition("/")[2] for each in desk.scripted.requests] == ["reject", "reject"]
    assert (said.line["level"], said.line["reason"]) == ("WARNING", f"no flow for {shown}")
    assert said.measured()["CallsTurnedAway", "service=webhook"] == 1
    assert "0177" not in json.dumps(said.line)
    assert not [name for name, *_ in said_again.measured() if name == "CallsTurnedAway"]


def test_a_number_that_the_flow_does_not_allow_is_not_rung_and_operators_hear(desk: Desk) -> None:
    flow = "flow: desk\nsteps:\n  ring: {transfer: '{caller}', allowed: '+1999*', on_error: bye}\n  bye: hangup\n"
    texts = {"numbers.yaml": '"+15550100": desk\n', "desk.yaml": flow}
    desk.endpoint = replace(
        desk.endpoint, processor=replace(desk.endpoint.processor, library=FlowLibrary.of_texts(texts))
    )
    desk.deliver("call.initiated", **RINGS)
    desk.said()

    desk.deliver("call.answered", 2, **desk.mark())

    said = desk.said()
    assert [each.path.rpartition("/")[2] for each in desk.scripted.requests] == ["answer", "hangup"]
    assert (said.line["level"], said.line["reason"][:16]) == ("WARNING", "refused to ring ")
    assert said.measured()["TargetsRefused", "service=webhook"] == 1
    assert CALLER not in json.dumps(said.line["reason"])


def test_a_call_for_a_number_of_ours_in_another_form_is_answered(desk: Desk) -> None:
    desk.deliver("call.initiated", **RINGS, to="15550100")

    (leg,) = desk.line.store.legs(SESSION)
    assert [each.path for each in desk.scripted.requests] == [f"/v2/calls/{CONTROL}/actions/answer"]
    assert leg.to_number == "+15550100"


def test_a_duplicate_is_answered_200_and_reported_as_one(desk: Desk) -> None:
    desk.deliver("call.initiated", **RINGS)
    desk.said()

    assert desk.deliver("call.initiated", **RINGS) == 200

    said = desk.said()
    assert (said.line["duplicate"], said.line["reason"], said.line["level"]) == (True, "came before", "INFO")
    assert said.counted() == {"Webhooks": 1, "EventsDuplicate": 1, "CommandsAccepted": 1}
    first, second = (each.json for each in desk.scripted.requests)
    assert first == second


@pytest.mark.parametrize(
    "event_type", ["call.refer.started", "call.siprec.started", "streaming.started", "call.x y", "?"]
)
def test_an_event_that_nobody_handles_is_kept_in_the_timeline_and_answered_200(desk: Desk, event_type: str) -> None:
    assert desk.deliver(event_type) == 200

    said = desk.said()
    assert (said.line["event_type"], said.line["reason"]) == (event_type, "not handled")
    assert ("Webhooks", "Answer=200", "service=webhook") in said.measured()
    assert [entry.event_type for entry in desk.line.store.timeline(SESSION)] == [event_type]


def test_an_event_that_belongs_to_no_call_is_kept_by_its_own_name(desk: Desk) -> None:
    whole = json.dumps(
        {
            "data": {
                "event_type": "number_order.complete",
                "id": "n-1",
                "occurred_at": "2026-09-21T12:00:00Z",
                "payload": {},
            }
        }
    ).encode()

    assert desk.take(desk.signer.request(whole)) == 200
    assert [entry.event_type for entry in desk.line.store.timeline("no-session-n-1")] == ["number_order.complete"]


def test_metrics_have_few_dimensions_with_values_of_a_short_list(desk: Desk) -> None:
    for number, event_type in enumerate([*sorted(UNDERSTOOD), "call.new", "call.newer", "anything"], start=1):
        desk.deliver(event_type, number, direction="sideways", hangup_cause=f"cause {number}", total_cost="1")
    desk.take(request(b"{}", {}))
    desk.scripted.answers.append(error(422, "12345"))
    desk.deliver("call.initiated", 99, **RINGS, call_leg_id="another", call_session_id="another")

    seen = {part for _, *parts in desk.said().measured() for part in parts}

    assert {part for part in seen if not part.startswith("Answer=")} == {
        "service=webhook",
        "Outcome=other",
        "Direction=incoming",
        "Direction=outgoing",
        "Code=other",
        "Result=other",
    }


def test_how_old_an_event_is_when_it_comes_is_measured(desk: Desk) -> None:
    document = json.loads(body("call.initiated", **RINGS))
    document["data"]["occurred_at"] = "2026-09-21T12:00:00.000000Z"
    arrives = datetime(2026, 9, 21, 12, 0, 2, 500_000, tzinfo=UTC).timestamp()
    desk.endpoint = replace(desk.endpoint, verifier=AcceptingVerifier(), now_seconds=lambda: arrives)

    desk.take(request(json.dumps(document).encode(), {}))

    assert desk.said().measured()["EventAge", "service=webhook"] == 2_500


def test_what_is_read_back_has_no_age_since_it_never_arrived(desk: Desk) -> None:
    follow_stdout("webhook")
    desk.endpoint.handle({TELNYX_EVENT: json.loads(body("call.initiated", **RINGS))["data"]})

    assert ("EventAge", "service=webhook") not in desk.said().measured()


def test_what_a_call_cost_is_counted_once(desk: Desk) -> None:
    desk.deliver("call.initiated", **RINGS)
    for _ in range(2):
        desk.deliver("call.cost", 9, total_cost="0.0064", status="success")

    assert desk.said().measured()["CallCost", "service=webhook"] == 0.0064


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([error(422, "90040")], "90040"),
        ([error(422, "31337")], "other"),
        ([Answer(503)] * 2, "server-error"),
        ([error(429, "10011")] * 2, "rate-limited"),
        ([error(401, "10009")] * 2, "unauthorized"),
        ([Answer(cut=True)] * 2, "connection"),
    ],
)
def test_errors_of_telnyx_are_counted_by_code(desk: Desk, answers: list[Answer], code: str) -> None:
    desk.scripted.answers.extend(answers)

    desk.deliver("call.initiated", **RINGS)

    measured = desk.said().measured()
    assert [name for name in measured if name[0] == "TelnyxErrors"] == [
        ("TelnyxErrors", f"Code={code}", "service=webhook")
    ]
    assert measured["TelnyxTime", "service=webhook"] > 0


# --- 401 ------------------------------------------------------------------------------------------------------


def forged(signer: Signer) -> dict[str, dict[str, Any]]:
    """Give requests that do not come from Telnyx, or not now, by what is wrong with them."""
    whole = body("call.initiated", **RINGS)
    right = signer.headers(whole)
    now = int(time.time())
    signature, timestamp = right["telnyx-signature-ed25519"], right["telnyx-timestamp"]
    return {
        "no headers": request(whole, None),
        "empty headers": request(whole, {}),
        "no signature": request(whole, {"telnyx-timestamp": timestamp}),
        "no timestamp": request(whole, {"telnyx-signature-ed25519": signature}),
        "another's key": Signer().request(whole),
        "another body": request(whole + b" ", right),
        "another body in base64": request(whole + b" ", right, as_base64=True),
        "no body": request(None, right),
        "another time": request(whole, right | {"telnyx-timestamp": str(now - 1)}),
        "too old": signer.request(whole, str(now - 302)),
        "too new": signer.request(whole, str(now + 302)),
        "signature twice": request(whole, right | {"telnyx-signature-ed25519": f"{signature},{signature}"}),
        "timestamp twice": request(whole, right | {"telnyx-timestamp": f"{timestamp},{timestamp}"}),
        "garbage for a signature": request(whole, right | {"telnyx-signature-ed25519": "!" * 88}),
        "text for a timestamp": request(whole, right | {"telnyx-timestamp": "now"}),
        "base64 that is none": request(whole, right) | {"isBase64Encoded": True},
        "a body of another type": request(whole, right) | {"body": {"data": {}}},
        "a base64 body of another type": request(whole, right) | {"body": 7, "isBase64Encoded": True},
        "half a surrogate pair": request(whole, right) | {"body": "\ud800"},
        "1 MB": request(b"x" * 1_000_000, right),
    }


@pytest.mark.parametrize("wrong", forged(Signer()))
def test_what_telnyx_did_not_sign_is_answered_401_and_touches_nothing(desk: Desk, wrong: str) -> None:
    status = desk.take(forged(desk.signer)[wrong])

    assert status == 401
    assert desk.spent() == {}
    said = desk.said()
    assert (said.line["level"], said.line["message"]) == ("WARNING", "webhook not signed by Telnyx")
    assert said.line["reason"]
    assert "exception" not in said.line
    assert said.counted() == {"Webhooks": 1, "SignatureFailures": 1}
    assert ("Webhooks", "Answer=401", "service=webhook") in said.measured()


# --- 400 ------------------------------------------------------------------------------------------------------


def test_a_missing_body_that_is_signed_is_no_event(desk: Desk) -> None:
    assert desk.take(request(None, desk.signer.headers(b""))) == 400


def test_what_is_signed_and_no_event_is_answered_400_and_touches_nothing(desk: Desk) -> None:
    assert desk.take(desk.signer.request(b'{"data": []}')) == 400

    assert desk.spent() == {}
    said = desk.said()
    assert (said.line["level"], said.line["message"]) == ("WARNING", "webhook is not a Telnyx event")
    assert said.line["reason"] == "data must be an object, is a list"
    assert said.counted() == {"Webhooks": 1, "MalformedWebhooks": 1}


# --- 503 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lost", "unanswered"])
@pytest.mark.parametrize(("event_type", "place", "dependency"), [
    ("call.initiated", 0, "the read"),
    ("call.initiated", 1, "the commit"),
    ("call.recording.saved", 2, "the queue"),
])  # fmt: skip
def test_a_dependency_that_does_not_answer_makes_telnyx_deliver_again(
    desk: Desk, event_type: str, place: int, dependency: str, fault: Fault
) -> None:
    del dependency
    desk.line.faults.plan = {place: fault}

    assert desk.deliver(event_type, **RINGS) == 503

    said = desk.said()
    assert (said.line["level"], said.line["answer"]) == ("ERROR", 503)
    assert said.line["error"] in {"ConnectTimeoutError", "ReadTimeoutError"}
    assert "exception" not in said.line
    assert said.counted() == {"Webhooks": 1, "WebhookFaults": 1}
    assert desk.deliver(event_type, **RINGS) == 200
    assert len(desk.line.store.timeline(SESSION)) == 1
    assert len(desk.scripted.requests) + len(desk.line.jobs()) >= 1


def test_a_webhook_that_met_a_fault_is_reported_by_its_event_and_call(desk: Desk) -> None:
    desk.line.faults.plan = {1: "lost"}

    desk.deliver("call.initiated", **RINGS)

    line = desk.said().line
    assert (line["event_type"], line["call_session_id"], line["call_leg_id"]) == ("call.initiated", SESSION, LEG)
    assert line["event_id"] == "00000001-0fd4-4d53-b2f6-0b5d1c1bd0e8"


def test_a_table_that_throttles_makes_telnyx_deliver_again(desk: Desk) -> None:
    def throttled(parsed: dict[str, Any], http_response: Any, **_: object) -> None:  # noqa: ANN401 -- botocore's own
        http_response.status_code = 400
        parsed["Error"] = {"Code": "ProvisionedThroughputExceededException", "Message": "Slow down"}

    desk.line.dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", throttled)

    assert desk.deliver("call.initiated", **RINGS) == 503
    assert desk.said().line["error"] == "ProvisionedThroughputExceededException"


@pytest.mark.parametrize(("times", "status"), [(1, 200), (2, 503)])
def test_a_rate_limit_of_telnyx_is_counted_whether_the_command_came_through_or_not(
    desk: Desk, times: int, status: int
) -> None:
    desk.scripted.answers.extend([error(429, "10011")] * times)

    assert desk.deliver("call.initiated", **RINGS) == status

    said = desk.said()
    assert said.line["commands"][0]["rate_limited"] == times
    assert said.counted()["TelnyxRateLimited"] == times


@pytest.mark.parametrize("answer", [Answer(503), Answer(cut=True), error(429, "10011"), Answer(body=b"<html>")])
def test_a_telnyx_that_takes_no_commands_makes_itself_deliver_again(desk: Desk, answer: Answer) -> None:
    desk.scripted.answers.extend([answer, answer])

    assert desk.deliver("call.initiated", **RINGS) == 503

    said = desk.said()
    assert (said.line["level"], said.line["commands_unsent"]) == ("ERROR", 1)
    [sent] = said.line["commands"]
    assert (sent["action"], sent["result"], sent["attempts"]) == ("answer", "unavailable", 2)
    assert said.counted()["CommandsUnavailable"] == 1
    assert said.counted()["WebhookFaults"] == 1
    assert desk.deliver("call.initiated", **RINGS) == 200
    assert desk.said().line["commands"] == [{"action": "answer", "result": "accepted"}]
    assert len({json.dumps(each.json) for each in desk.scripted.requests}) == 1


# --- 500 ------------------------------------------------------------------------------------------------------


def test_a_broken_flow_is_a_fault_of_ours_and_of_its_number_only(desk: Desk) -> None:
    assert desk.deliver("call.initiated", **(RINGS | {"to": "+15550166"})) == 500

    said = desk.said()
    assert (said.line["level"], said.line["error"]) == ("ERROR", "FlowInvalid")
    assert "broken.yaml" in said.line["detail"]
    assert "Traceback" in said.line["exception"]
    assert said.counted() == {"Webhooks": 1, "WebhookFaults": 1}
    assert desk.deliver("call.initiated", 2, **RINGS) == 200


def test_once_a_broken_flow_is_fixed_the_call_is_taken(desk: Desk) -> None:
    desk.deliver("call.initiated", **(RINGS | {"to": "+15550166"}))
    (desk.line.flows / "broken.yaml").write_text("flow: broken\nsteps:\n  bye: hangup\n", encoding="utf-8")
    desk.endpoint = desk.started()

    assert desk.deliver("call.initiated", **(RINGS | {"to": "+15550166"})) == 200
    assert len(desk.scripted.requests) == 1


def test_an_api_key_that_cannot_be_fetched_is_a_fault_and_nothing_is_lost(desk: Desk) -> None:
    texts = iter(['{"api_key": null}', API_KEY])
    key = CachedSecret("dialtone/telnyx-api-key", key_from, lambda *_: next(texts))
    desk.telnyx = TelnyxApi(key, desk.scripted.url)
    desk.endpoint = desk.started()

    assert desk.deliver("call.initiated", **RINGS) == 500
    assert "store the key itself" in desk.said().line["detail"]
    assert desk.deliver("call.initiated", **RINGS) == 200
    assert len(desk.scripted.requests) == 1


def test_headers_that_are_no_object_are_counted_as_a_signature_that_fails_and_touch_nothing(desk: Desk) -> None:
    assert desk.take({"body": "{}", "headers": ["telnyx-timestamp: 1"]}) == 401

    said = desk.said()
    assert (said.line["event_type"], said.line["level"]) == ("none", "WARNING")
    assert said.counted() == {"Webhooks": 1, "SignatureFailures": 1}
    assert desk.spent() == {}


def test_an_event_whose_report_fails_is_handled_all_the_same(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(desk.endpoint.observer, "measure", fails)

    assert desk.deliver("call.initiated", **RINGS) == 200
    assert len(desk.scripted.requests) == 1


def test_races_that_were_lost_are_reported(desk: Desk) -> None:
    desk.deliver("call.initiated", **RINGS)
    desk.said()

    def faster() -> None:
        desk.line.wire.at_commit = lambda: None
        desk.deliver("call.hangup", 3, hangup_cause="timeout")

    desk.line.wire.at_commit = faster

    assert desk.deliver("call.bridged", 2) == 200

    said = desk.said()
    hangup, bridged = said.lines
    assert said.counted()["RacesLost"] == 1
    assert "races_lost" not in hangup
    assert (bridged["event_type"], bridged["races_lost"]) == ("call.bridged", 1)


# --- Refusals -------------------------------------------------------------------------------------------------


def test_a_refused_command_is_answered_200_reported_with_its_remedy_and_counted(desk: Desk) -> None:
    desk.scripted.answers.append(error(404, "10005", title="Resource not found"))

    assert desk.deliver("call.initiated", **RINGS) == 200

    said = desk.said()
    assert said.line["level"] == "WARNING"
    refused = said.line["commands"][0]
    assert (refused["action"], refused["result"], refused["status"], refused["code"]) == (
        "answer",
        "refused",
        404,
        "10005",
    )
    assert "TELNYX_BASE_URL" in refused["remedy"]
    assert said.counted()["CommandsRefused"] == 1


@pytest.mark.parametrize(("status", "code", "remedy"), [(401, "10009", "TELNYX_API_KEY"), (403, "10010", "portal")])
def test_while_telnyx_refuses_the_key_or_the_account_its_webhooks_must_come_again_and_a_fixed_key_saves_the_call(
    desk: Desk, status: int, code: str, remedy: str
) -> None:
    desk.scripted.answering = lambda _: error(status, code, title="No")

    assert [desk.deliver("call.initiated", **RINGS) for _ in range(2)] == [503, 503]

    said = desk.said()
    for line in said.lines:
        [sent] = line["commands"]
        assert (sent["action"], sent["result"], sent["status"]) == ("answer", "unavailable", status)
        assert (sent["unavailable"], sent["title"]) == ("unauthorized", "No")
        assert remedy in sent["remedy"]
    assert said.counted()["TelnyxUnauthorized"] == 2
    desk.scripted.answering = lambda _: None
    assert desk.deliver("call.initiated", **RINGS) == 200
    assert "TelnyxUnauthorized" not in desk.said().counted()
    assert len({json.dumps(each.json) for each in desk.scripted.requests}) == 1


def test_a_command_that_was_sent_twice_and_accepted_leaves_a_trace(desk: Desk) -> None:
    desk.scripted.answers.append(Answer(503))

    assert desk.deliver("call.initiated", **RINGS) == 200

    said = desk.said()
    assert said.line["commands"] == [{"action": "answer", "result": "accepted", "attempts": 2}]
    assert said.counted()["CommandsRetried"] == 1
    assert desk.deliver("call.answered", 2, **desk.mark()) == 200
    again = desk.said()
    assert "attempts" not in again.line["commands"][0]
    assert "CommandsRetried" not in again.counted()


def test_a_command_on_a_call_that_ended_is_reported_and_is_no_warning(desk: Desk) -> None:
    desk.deliver("call.initiated", **RINGS)
    desk.said()
    desk.scripted.answers.append(error(422, "90018", title="Call has already ended"))

    assert desk.deliver("call.answered", 2, **desk.mark()) == 200

    said = desk.said()
    assert said.line["level"] == "INFO"
    assert [(each["action"], each["result"]) for each in said.line["commands"]] == [("speak", "ended")]
    assert "CommandsRefused" not in said.counted()


def test_the_first_recording_that_is_refused_is_a_warning_and_counted(desk: Desk) -> None:
    desk.scripted.answers.append(error(422, "90059", title="Invalid recording track"))

    desk.deliver("call.initiated", **RINGS)

    said = desk.said()
    assert said.line["level"] == "WARNING"
    assert said.counted()["RecordingErrors"] == 1


def test_a_recording_error_is_a_warning_and_counted_once_however_often_it_is_delivered(desk: Desk) -> None:
    desk.deliver("call.initiated", **RINGS)
    desk.said()
    counts = []
    for _ in range(2):
        assert desk.deliver("call.recording.error", 2, reason="Internal server error", **desk.mark()) == 200
        said = desk.said()
        counts.append((said.line["level"], said.counted().get("RecordingErrors", 0)))

    assert counts == [("WARNING", 1), ("INFO", 0)]
    assert "Internal server error" in desk.line.store.recordings(SESSION)[0].reason


def test_a_recording_of_which_it_is_doubtful_whose_it_is_is_a_warning_and_counted(desk: Desk) -> None:
    desk.deliver("call.initiated", **RINGS)
    desk.said()

    desk.deliver("call.recording.saved", 60, channels="single", recording_started_at=BEGAN.isoformat(), **desk.mark())

    said = desk.said()
    assert said.line["level"] == "WARNING"
    assert "is doubtful" in said.line["reason"]
    assert said.counted()["RecordingsUnidentified"] == 1


# --- The whole call -------------------------------------------------------------------------------------------


def test_neither_digits_nor_signed_addresses_nor_the_key_are_reported(desk: Desk) -> None:
    fields = ""
    for number, (event_type, payload) in enumerate(PHONE_CALL, start=1):
        assert desk.deliver(event_type, number, **(payload | desk.mark())) == 200
        fields += desk.said().text

    assert desk.line.store.legs(SESSION)[0].step == "bye"
    assert [secret for secret in (CARD, "X-Amz-Signature", API_KEY, '"#"') if secret in fields] == []
    # By themselves: within a time or a duration they stand by chance.
    assert not re.search(rf"(?<![\d.]){CARD[:4]}(?!\d)", fields)
    headers = [each.headers["authorization"] for each in desk.scripted.requests]
    assert set(headers) == {f"Bearer {API_KEY}"}


def test_what_each_webhook_costs_counted_at_the_wire(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    rows: dict[str, tuple[Counter[str], Counter[str]]] = {}
    marks: dict[str, str] = {}
    for number, (event_type, payload) in enumerate(PHONE_CALL, start=1):
        commands = len(desk.scripted.requests)
        assert desk.deliver(event_type, number, **(payload | marks)) == 200
        marked = marks
        marks = marks | desk.mark()
        sent = len(desk.said().line["commands"])
        new = desk.spent()
        assert desk.deliver(event_type, number, **(payload | marked)) == 200
        desk.said()
        duplicate = desk.spent()

        assert commands == 0
        assert new["BatchGetItem"] + new["TransactWriteItems"] <= 2
        assert new["Telnyx"] == sent
        assert 1 <= duplicate["BatchGetItem"] + duplicate["TransactWriteItems"] <= 2
        assert duplicate["Telnyx"] == sent
        jobs = len(payload.keys() & {"recording_urls", "transcription_text"})
        told_to_watch = event_type == "call.initiated"
        assert new["SendMessage"] == duplicate["SendMessage"] == jobs + told_to_watch
        if event_type not in rows or sent > rows[event_type][0]["Telnyx"]:
            rows[event_type] = new, duplicate

    for unsigned in forged(desk.signer).values():
        assert desk.take(unsigned) == 401
        assert desk.spent() == {}
    desk.said()

    with capsys.disabled():
        sys.stdout.write(costs(rows))


def costs(rows: dict[str, tuple[Counter[str], Counter[str]]]) -> str:
    """Give the table of requests: of each event type the one with the most commands."""
    columns = ("BatchGetItem", "TransactWriteItems", "SendMessage", "Telnyx")
    lines = [
        f"\n\n{'requests of a webhook':36}{'new: read commit SQS Telnyx':>30}{'duplicate: read commit SQS Telnyx':>38}"
    ]
    for event_type, (new, duplicate) in rows.items():
        counts = "".join(f"{new[column]:6}" for column in columns) + " " * 14
        counts += "".join(f"{duplicate[column]:6}" for column in columns)
        lines.append(f"{event_type:42}{counts}")
    lines.append(f"{'forged (20 paths)':42}{''.join(['     0'] * 4)}")
    return "\n".join(lines) + "\n"


# --- Parked -----------------------------------------------------------------------------------------------------


BUCKET = "parked"
PARKED = f"{SESSION}/00000001-0fd4-4d53-b2f6-0b5d1c1bd0e8"


@pytest.fixture
def parking(desk: Desk) -> ParkedEvents:
    """Give where the desk's endpoint parks events."""
    s3 = aws_session().client("s3", config=ONE_ATTEMPT)
    s3.create_bucket(Bucket=BUCKET)
    desk.line.wire.tap(s3)
    parked = ParkedEvents(s3, BUCKET)
    desk.endpoint = replace(desk.endpoint, parked=parked)
    return parked


def poison(desk: Desk) -> None:
    """Let every event of the call fail by a fault of ours: its leg is stored in a form that no version wrote."""
    unreadable = {"call_session_id": SESSION, "item": f"LEG#{LEG}"}
    desk.line.dynamodb.put_item(TableName=desk.line.table, Item=attributes(unreadable))


def test_an_event_that_fails_by_a_fault_of_ours_is_parked_as_telnyx_sent_it(desk: Desk, parking: ParkedEvents) -> None:
    whole = body("call.initiated", **(RINGS | {"to": "+15550166"}))
    request = desk.signer.request(whole, as_base64=True)

    assert desk.take(request) == 500

    said = desk.said()
    assert (said.line["level"], said.line["parked"]) == ("ERROR", PARKED)
    assert said.counted() == {"Webhooks": 1, "WebhookFaults": 1, "EventsParked": 1}
    assert CALLER not in said.text
    assert list(parking.names()) == [PARKED]
    event = parking.get(PARKED)
    assert event
    assert (event.body.encode(), event.headers) == (whole, request["headers"])
    assert (event.event_type, event.call_session_id, event.error) == ("call.initiated", SESSION, "FlowInvalid")


def test_however_often_it_fails_it_is_parked_once_as_it_failed_last(desk: Desk, parking: ParkedEvents) -> None:
    poison(desk)
    first = json.loads(body("call.answered"))

    for attempt in (1, 2, 3):
        whole = json.dumps(first | {"meta": {"attempt": attempt}}).encode()
        assert desk.take(desk.signer.request(whole)) == 500

    assert list(parking.names()) == [PARKED]
    event = parking.get(PARKED)
    assert event
    assert (event.attempt, event.error) == (3, "KeyError")


@pytest.mark.parametrize(
    ("event_type", "keyed"), [("call.dtmf.received", {"digit": "4"}), ("call.gather.ended", {"digits": CARD})]
)
def test_what_callers_key_in_is_never_parked(
    desk: Desk, parking: ParkedEvents, event_type: str, keyed: dict[str, str]
) -> None:
    poison(desk)

    assert desk.deliver(event_type, **keyed) == 500

    event = parking.get(PARKED)
    assert event
    payload = json.loads(event.body)["data"]["payload"]
    assert {name: payload[name] for name in keyed} == {name: "*" * len(digits) for name, digits in keyed.items()}
    assert CARD not in event.to_json()


@pytest.mark.parametrize(
    "code", ["ValidationException", "AccessDeniedException", "ResourceNotFoundException", "SerializationException"]
)
def test_a_request_that_dynamodb_refuses_for_good_is_a_fault_of_ours(
    desk: Desk, parking: ParkedEvents, code: str
) -> None:
    refuse(desk, {"Error": {"Code": code, "Message": "No"}})

    assert desk.deliver("call.initiated", **RINGS) == 500

    assert list(parking.names()) == [PARKED]
    assert "Traceback" in desk.said().line["exception"]


def test_an_item_that_is_too_large_for_the_table_is_a_fault_of_ours(desk: Desk, parking: ParkedEvents) -> None:
    reasons = [{"Code": "None"}, {"Code": "ValidationError", "Message": "Item size has exceeded the maximum"}]
    refuse(desk, {"Error": {"Code": "TransactionCanceledException", "Message": "No"}, "CancellationReasons": reasons})

    assert desk.deliver("call.initiated", **RINGS) == 500
    assert list(parking.names()) == [PARKED]


def refuse(desk: Desk, answer: dict[str, Any]) -> None:
    """Let DynamoDB refuse every commit."""

    def refused(parsed: dict[str, Any], http_response: Any, **_: object) -> None:  # noqa: ANN401 -- botocore's own
        http_response.status_code = 400
        parsed |= answer

    desk.line.dynamodb.meta.events.register("after-call.dynamodb.TransactWriteItems", refused)


@pytest.mark.parametrize("place", [0, 1])
def test_a_dependency_that_fails_parks_nothing(desk: Desk, parking: ParkedEvents, place: int) -> None:
    desk.line.faults.plan = {place: "lost"}

    assert desk.deliver("call.initiated", **RINGS) == 503
    assert desk.take(Signer().request(body("call.initiated"))) == 401
    assert desk.take(desk.signer.request(b'{"data": []}')) == 400

    assert list(parking.names()) == []


def test_an_event_that_cannot_be_parked_is_answered_5xx_all_the_same_and_the_log_says_so(
    desk: Desk, parking: ParkedEvents
) -> None:
    poison(desk)
    desk.line.faults.plan = {2: "lost"}

    assert desk.deliver("call.answered") == 500

    said = desk.said()
    assert said.line["not_parked"].startswith("ConnectTimeoutError: ")
    assert said.line["error"] == "KeyError"
    assert said.counted() == {"Webhooks": 1, "WebhookFaults": 1, "EventsNotParked": 1}
    assert list(parking.names()) == []


def test_an_event_that_is_handled_costs_no_request_to_the_bucket(desk: Desk, parking: ParkedEvents) -> None:
    del parking

    assert desk.deliver("call.initiated", **RINGS) == 200

    assert desk.spent() == {"BatchGetItem": 1, "TransactWriteItems": 1, "SendMessage": 1, "Telnyx": 1}


# --- Read back from Telnyx --------------------------------------------------------------------------------------


def test_an_event_that_was_read_back_is_handled_as_if_its_webhook_had_come(desk: Desk) -> None:
    document = json.loads(body("call.initiated", **RINGS))

    answers = [desk.endpoint.handle({TELNYX_EVENT: document}) for _ in range(2)]

    assert [answer["statusCode"] for answer in answers] == [200, 200]
    assert desk.line.store.legs(SESSION)[0].status == "ringing"
    assert len(desk.line.store.timeline(SESSION)) == 1


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"data": {"event_type": "dialtone.lookup.answered", "id": "1"}}, {"data": {"payload": 7}}],
)
def test_what_was_read_back_and_is_no_event_of_telnyx_s_is_refused(desk: Desk, document: object) -> None:
    assert desk.endpoint.handle({TELNYX_EVENT: document})["statusCode"] == 400
