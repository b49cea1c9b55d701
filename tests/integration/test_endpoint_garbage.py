"""Garbage at the webhook's address, signed by Telnyx: one line in the log, a counter, no traceback, nothing lost."""

import base64
import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from dialtone.adapters.signature import Verifier
from dialtone.adapters.telemetry import Observer
from dialtone.domain.events import MAX_ID_CHARACTERS, MAX_TEXT_CHARACTERS
from tests.function_output import Output, follow_stdout
from tests.integration.deliveries import LEG, PHONE_CALL, SESSION, SIGNED_URL, Signer, body
from tests.integration.dependencies import Line
from tests.webhook_types import WEBHOOK_TYPES
from webhook.endpoint import Endpoint
from webhook.event_types import UNDERSTOOD

pytestmark = pytest.mark.no_cover  # plays again and again what other tests take

RINGS = {"direction": "incoming", "state": "parked"}


class Door:
    """An endpoint where anything that is signed comes in."""

    def __init__(self, line: Line, capsys: pytest.CaptureFixture[str]) -> None:
        self.line = line
        self._capsys = capsys
        self._signer = Signer()
        verifier = Verifier.from_text(self._signer.public_key)
        self._endpoint = Endpoint(verifier, line.processor(), Observer("webhook"), handling_seconds=60)

    def take(self, whole: bytes, *, as_base64: bool = True) -> tuple[int, Output]:
        """Give the answer and what was written about it."""
        follow_stdout("webhook")
        answer = self._endpoint.respond(self._signer.request(whole, as_base64=as_base64))
        written = self._capsys.readouterr()
        assert written.err == ""
        return int(answer["statusCode"]), Output.read(written.out)


@pytest.fixture
def door(line: Line, capsys: pytest.CaptureFixture[str]) -> Door:
    return Door(line, capsys)


def changed(data: dict[str, object] | None = None, /, **payload: object) -> bytes:
    """Give an incoming call's first event with other values in it; `...` takes one out."""
    document = json.loads(body("call.initiated", **RINGS))
    for target, changes in ((document["data"], data or {}), (document["data"]["payload"], payload)):
        target.update(changes)
        for name in [name for name, value in target.items() if value is ...]:
            del target[name]
    return json.dumps(document).encode()


def mark(fields: object) -> str:
    return base64.b64encode(json.dumps(fields).encode()).decode()


def nested(depth: int) -> bytes:
    return body("call.initiated", **RINGS).replace(b'"from"', b'"deep": ' + b"[" * depth + b"]" * depth + b', "from"')


NOT_EVENTS: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b"   ",
    "not JSON": b"<xml/>",
    "half of it": body("call.initiated")[:100],
    "two of them": body("call.initiated") * 2,
    "1 MB that is not JSON": random.Random(1).randbytes(1_000_000),
    "1 MB of brackets": b"[" * 1_000_000,
    "1 MB of nested objects": b'{"data":' * 125_000,
    "a number of 10,000 digits": b'{"data": ' + b"9" * 10_000 + b"}",
    "invalid UTF-8": body("call.initiated", **(RINGS | {"from": "?"})).replace(b"?", b"\xff\xfe"),
    "text": b'"call.initiated"',
    "a list": b"[]",
    "null": b"null",
    "an empty object": b"{}",
    "data that is text": b'{"data": "x"}',
    "data that is null": b'{"data": null}',
    "an empty data": b'{"data": {}}',
    "no payload": changed({"payload": ...}),
    "a payload that is a list": changed({"payload": []}),
    "no event type": changed({"event_type": ...}),
    "an empty event type": changed({"event_type": ""}),
    "an event type that is a number": changed({"event_type": 5}),
    "an event type of 1 MB": changed({"event_type": "call." + "x" * 1_000_000}),
    "an event type with a line break": changed({"event_type": "call.initiated\nX"}),
    "no id": changed({"id": ...}),
    "an id that is null": changed({"id": None}),
    "an id that is a list": changed({"id": ["x"]}),
    "an id too long for a key": changed({"id": "x" * (MAX_ID_CHARACTERS + 1)}),
    "an id with half a surrogate pair": changed({"id": "\ud800"}),
    "no time": changed({"occurred_at": ...}),
    "a time that is none": changed({"occurred_at": "yesterday"}),
    "a time that is a number": changed({"occurred_at": 1_790_000_000}),
    "a time before all times": changed({"occurred_at": "0001-01-01T00:00:00+14:00"}),
    "no session": changed(call_session_id=...),
    "no leg": changed(call_leg_id=...),
    "nobody to command": changed(call_control_id=...),
    "a session that is empty": changed(call_session_id=""),
    "a session too long for a key": changed(call_session_id="s" * 2_000),
    "a control id that is no part of an address": changed(call_control_id="v3:a/../b?c#d e"),
    "a leg that is an object": changed(call_leg_id={"S": "leg"}),
}

IGNORED: dict[str, tuple[bytes, list[str]]] = {
    "a caller that is a number": (changed(**{"from": 15_550_123}), ["from"]),
    "a caller of 500,000 characters": (changed(**{"from": "x" * 500_000}), ["from"]),
    "a direction that is a list": (changed(direction=["incoming"]), ["direction"]),
    "a mark that is a number": (changed(client_state=7), ["client_state"]),
    "half a surrogate pair": (changed(to="\ud800"), ["to"]),
    "UTF-16 surrogates as UTF-8": (
        body("call.initiated", **(RINGS | {"from": "?"})).replace(b"?", b"\xed\xa0\x80"),
        ["from"],
    ),
    "nested deeper than can be written": (nested(900), ["another"]),
}

EVENTS: dict[str, bytes] = {
    "a connection that is a number": changed(connection_id=7267),
    "another program's mark with half a surrogate pair": changed(
        client_state=mark({"g": {"a": "\ud800"}, "f": "\ud800"})
    ),
    "such a mark that claims to be ours": changed(client_state=mark({"dialtone": 1, "g": {"a": "\ud800"}})),
    "another program's mark with keys like ours": changed(client_state=mark({"t": 7, "p": "leg", "f": "front-desk"})),
    "half a surrogate pair in a field that nobody reads": changed(caller_id_name="\ud800"),
    "more fields than known": changed({"new": {"a": [1, 2.5, None, True]}}, newer={"b": []}),
    "nulls": changed(connection_id=None, client_state=None, state=None),
    "unknown values of enums": changed(direction="sideways", state="upside-down"),
    "1 MB of a field that nobody knows": changed(note="x" * 1_000_000),
    "a mark that is not ours": changed(client_state="bm90IG91cnM="),
    "a mark that is not base64": changed(client_state="%%%"),
    "a mark of the wrong shape": changed(client_state="eyJ0IjogIngiLCAicCI6IFtdfQ=="),
    "a mark of a far future turn": changed(client_state="eyJ0IjogOTk5OTk5OTk5OTk5OTk5OTk5OTl9"),
    "numbers beyond JSON": changed(note=float("nan"), other=float("inf")),
    "an outlandish number called": changed(to="☎" * 50),
    "another zone's time": changed({"occurred_at": "2026-09-21T14:00:01+02:00"}),
    "a year of four digits too few": changed({"occurred_at": "0001-01-01T00:00:00Z"}),
    "the last of all years": changed({"occurred_at": "9999-12-31T23:59:59Z"}),
    "nested as deep as may be": nested(60),
    "a mark of a byte order": b"\xef\xbb\xbf" + changed(),
    "UTF-16": json.dumps(json.loads(changed()), ensure_ascii=False).encode("utf-16"),
}


def check_reported(status: int, said: Output) -> None:
    assert said.line["answer"] == status
    assert "exception" not in said.line, said.line["exception"]
    assert len(said.text) < 6_000, "a log line must stay one"
    counted = said.counted()
    assert counted["Webhooks"] == 1
    assert counted.get("MalformedWebhooks", 0) == (status == 400)
    assert "WebhookFaults" not in counted


def decodable(whole: bytes) -> bool:
    """Whether API Gateway may hand it over as text."""
    try:
        whole.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize(
    ("garbage", "as_base64"),
    [(name, form) for name, whole in NOT_EVENTS.items() for form in (True, False) if form or decodable(whole)],
)
def test_what_is_no_event_is_answered_400_and_reported_in_one_line(
    door: Door, garbage: str, *, as_base64: bool
) -> None:
    whole = NOT_EVENTS[garbage]

    status, said = door.take(whole, as_base64=as_base64)

    assert status == 400
    check_reported(status, said)
    assert said.line["level"] == "WARNING"
    assert said.line["reason"]
    assert door.line.spent() == {}


@pytest.mark.parametrize("strange", EVENTS)
def test_what_is_strange_and_still_an_event_is_handled_and_kept(door: Door, strange: str) -> None:
    status, said = door.take(EVENTS[strange])

    assert status == 200
    check_reported(status, said)
    [entry] = door.line.store.timeline(SESSION)
    assert entry.event_type == "call.initiated"


@pytest.mark.parametrize("odd", IGNORED)
def test_a_field_that_is_not_as_described_reads_as_absent_and_is_counted_and_named(door: Door, odd: str) -> None:
    whole, names = IGNORED[odd]

    status, said = door.take(whole)

    assert status == 200
    check_reported(status, said)
    assert (said.line["level"], said.line["ignored_fields"]) == ("WARNING", names)
    assert said.counted()["IgnoredFields"] == len(names)
    assert len(door.line.store.timeline(SESSION)) == 1


@pytest.mark.parametrize("event_type", WEBHOOK_TYPES)
def test_every_webhook_that_the_sdk_knows_is_answered_200_and_kept(door: Door, event_type: str) -> None:
    whole, kept_as = WEBHOOK_TYPES[event_type]

    status, said = door.take(json.dumps(whole).encode())

    assert status == 200
    check_reported(status, said)
    assert said.line["event_type"] == kept_as
    assert door.line.store.timeline(said.line["call_session_id"])[0].event_type == kept_as


def test_webhooks_of_api_version_1_name_the_setting_to_change_and_have_a_metric_of_their_own(door: Door) -> None:
    payload = {"call_control_id": "v3:x", "call_leg_id": LEG, "call_session_id": SESSION, "direction": "incoming"}
    version_1 = {"record_type": "event", "event_type": "call_initiated", "id": "1", "payload": payload}

    status, said = door.take(json.dumps(version_1).encode())

    assert status == 400
    check_reported(status, said)
    assert 'set the application\'s webhook_api_version to "2"' in said.line["reason"]
    assert said.counted()["ApiVersion1Webhooks"] == 1


@pytest.mark.parametrize("ours", [each for each in sorted(UNDERSTOOD) if each.startswith("dialtone.")])
def test_an_event_of_ours_cannot_come_from_outside(door: Door, ours: str) -> None:
    status, said = door.take(changed({"event_type": ours}))

    assert status in {200, 400}
    check_reported(status, said)
    assert door.line.telnyx.obeyed == []


HUGE = "x" * 500_000
WIDE = "\u0431" * 90_000


@pytest.mark.parametrize(
    ("event_type", "payload"),
    [
        ("call.initiated", RINGS | {"from": HUGE}),
        ("call.initiated", RINGS | {"to": HUGE}),
        ("call.initiated", RINGS | {"connection_id": HUGE}),
        ("call.initiated", RINGS | {"direction": HUGE}),
        ("call.initiated", RINGS | {"client_state": HUGE}),
        ("call.hangup", {"hangup_cause": HUGE, "hangup_source": "caller"}),
        ("call.hangup", {"hangup_cause": "timeout", "hangup_source": HUGE}),
        ("call.machine.detection.ended", {"result": HUGE}),
        ("call.machine.greeting.ended", {"result": HUGE}),
        ("call.gather.ended", {"digits": HUGE, "status": "valid"}),
        ("call.recording.error", {"reason": HUGE}),
        ("call.recording.saved", {"recording_urls": {"mp3": HUGE}}),
        ("call.recording.saved", {"recording_urls": {f"k{number}": "https://x" for number in range(30_000)}}),
        ("call.recording.saved", {"recording_urls": {"mp3": SIGNED_URL}, "channels": HUGE}),
        ("call.recording.saved", {"recording_urls": {"mp3": SIGNED_URL}, "recording_id": HUGE}),
        ("call.recording.saved", {"recording_urls": {"mp3": SIGNED_URL}, "format": HUGE}),
        ("call.recording.transcription.saved", {"recording_id": "r", "transcription_text": HUGE}),
        ("call.recording.transcription.saved", {"recording_id": "r", "transcription_text": WIDE}),
        ("call.recording.transcription.saved", {"recording_id": "r", "transcription_text": "\0" * 90_000}),
        ("call.recording.transcription.saved", {"recording_id": HUGE, "transcription_text": "x"}),
        ("call.recording.transcription.saved", {"recording_id": "r", "recording_transcription_id": HUGE}),
    ],
    ids=lambda value: value if isinstance(value, str) else max(value, key=lambda name: len(str(value[name]))),
)
def test_a_value_too_big_for_its_place_is_no_fault_of_ours(
    door: Door, event_type: str, payload: dict[str, Any]
) -> None:
    """The limits: 400 KB for an item of DynamoDB, 256 KB for a message of SQS."""
    if event_type != "call.initiated":
        door.take(body("call.initiated", 1, **RINGS))
        door.take(body("call.answered", 2))

    status, said = door.take(body(event_type, 3, **payload))

    assert status in {200, 400}
    check_reported(status, said)


def test_the_largest_of_all_values_together_are_a_call_that_can_be_stored(door: Door) -> None:
    largest = "\U0001d11e" * MAX_TEXT_CHARACTERS
    whose = {"from": largest, "connection_id": largest}
    delivered: list[tuple[str, dict[str, object]]] = [
        ("call.initiated", {**RINGS}),
        ("call.answered", {}),
        ("call.machine.detection.ended", {"result": largest}),
        ("call.machine.greeting.ended", {"result": largest}),
        ("call.recording.error", {"reason": largest}),
        ("call.hangup", {"hangup_cause": largest, "hangup_source": largest}),
        ("call.recording.saved", {"recording_urls": {"mp3": SIGNED_URL}, "channels": largest, "recording_id": largest}),
    ]

    answers = [
        door.take(body(event_type, n, **(payload | whose)))[0] for n, (event_type, payload) in enumerate(delivered)
    ]

    assert answers == [200] * len(delivered)
    assert door.line.store.legs(SESSION)[0].hangup_cause == largest


def test_a_transcript_in_any_alphabet_reaches_the_archive(door: Door) -> None:
    words = "\u0434\u043e\u0431\u0440\u044b\u0439 \u0434\u0435\u043d\u044c " * 300

    status, _ = door.take(body("call.recording.transcription.saved", recording_id="r", transcription_text=words))

    assert status == 200
    [job] = door.line.jobs()
    assert json.loads(job)["transcript"] == words


@pytest.mark.parametrize(
    "times",
    [
        {"recording_started_at": "yesterday"},
        {"recording_started_at": 5},
        {"recording_started_at": None},
        {"recording_started_at": ""},
        {"recording_started_at": "2026-09-21T14:00:00+02:00", "recording_ended_at": "2026-09-21"},
        {"recording_started_at": "9999-12-31T23:59:59Z"},
        {"recording_started_at": "0001-01-01T00:00:00Z"},
        {"recording_ended_at": "../../etc"},
    ],
)
def test_a_recording_with_times_that_are_none_is_no_fault_of_ours(door: Door, times: dict[str, object]) -> None:
    door.take(body("call.initiated", 1, **RINGS))

    status, said = door.take(body("call.recording.saved", 2, recording_urls={"mp3": SIGNED_URL}, **times))

    assert status in {200, 400}
    check_reported(status, said)
    if status == 200:
        assert len(door.line.jobs()) == 1


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.text(st.characters(), max_size=20),
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.text(st.sampled_from("0123456789abcdef-"), min_size=1, max_size=36),
    st.sampled_from(["", "incoming", "2026-09-21T12:00:00Z", "valid", LEG, "../..", "\ud800", "\0", "v3:x y"]),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.one_of(st.none(), st.text(max_size=3), st.integers()), max_size=3),
)


def places(document: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:  # noqa: ANN401 -- JSON
    if isinstance(document, dict):
        for name, value in document.items():
            yield (*path, name)
            yield from places(value, (*path, name))


def replaced(document: dict[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    other = copy.deepcopy(document)
    inner: Any = other
    for name in path[:-1]:
        inner = inner.get(name) if isinstance(inner, dict) else None
    if isinstance(inner, dict):
        inner[path[-1]] = value
    return other


@settings(
    max_examples=max(150, settings().max_examples),
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_value_in_any_field_of_any_event_is_handled_or_refused(door: Door, data: st.DataObject) -> None:
    event_type, payload = data.draw(st.sampled_from(PHONE_CALL + tuple((each, {}) for each in sorted(UNDERSTOOD))))
    number = data.draw(st.integers(1, 10**6))
    document = json.loads(body(event_type, number, **payload))
    fields = [
        *places(document),
        *(("data", "payload", name) for name in ("client_state", "digits", "result", "reason")),
    ]
    for path in data.draw(st.lists(st.sampled_from(fields), min_size=1, max_size=2)):
        document = replaced(document, path, data.draw(VALUES))

    status, said = door.take(json.dumps(document).encode())

    event(str(status))
    assert status in {200, 400}
    check_reported(status, said)
