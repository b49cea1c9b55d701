"""The control API on a stack by moto: what people and their programs read of calls and recordings."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import pytest
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.model import OperationModel

from control import call_filters as selection_module
from control import calls as calls_module
from control import listing as listing_module
from control.api import description, open_api
from control.audit import AUDIT, LISTENED, AuditItem, AuditTrail
from control.bucket import SIGNED_LINKS, RecordingsBucket
from control.calls import ID_CHARACTERS
from control.listing import QUIET_DAYS
from control.recordings import Status
from control.settings import Settings
from dialtone.adapters.aws_clients import client as client_of
from dialtone.adapters.calls_table import BEGAN_SHARDS, NAMED, CallsTable
from dialtone.adapters.campaigns_table import CAMPAIGNS, LEASE, ORDERED
from dialtone.adapters.telemetry import Observer
from dialtone.adapters.webhook_function import Answer
from dialtone.domain.calls import Call
from dialtone.domain.commands import command
from dialtone.domain.decisions import Decision
from dialtone.domain.errors import TelnyxUnavailable
from dialtone.domain.events import Event
from dialtone.domain.object_keys import object_key
from dialtone.domain.recordings import (
    COMPLETED,
    VERIFIED,
    ArchiveJob,
    AudioCopy,
    Consent,
    Recording,
    TranscriptCopy,
    Transcription,
)
from dialtone.domain.retention import KEEP_DAYS
from infra.checkout import ROOT
from infra.cli.recordings import STATUSES
from infra.operations.custody.call_items import CallItems
from tests.control_settings import CONTROL_SETTINGS
from tests.integration.archiving import ArchiveHouse
from tests.integration.ended_calls import ended_call

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LISTENER = "arn:aws:sts::123456789012:assumed-role/listener/ada"
SHORT_DAYS = 3
"""That calls are kept here: each day is a request to moto."""

_NUMBERS = itertools.count()


@dataclass
class Client:
    """A program with signed requests, and the calls of its stack."""

    api: APIGatewayHttpResolver
    house: ArchiveHouse
    telnyx: AtTelnyx
    authorizer: dict[str, Any] = field(default_factory=lambda: {"iam": {"userArn": LISTENER}})

    def delete(self, path: str) -> tuple[int, Any, dict[str, str]]:
        """Send a request that deletes; gives status, body and headers."""
        return self.get(path, "DELETE")

    def get(self, path: str, method: str = "GET", /, **query: object) -> tuple[int, Any, dict[str, str]]:
        """Send a request; gives status, body and headers."""
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": urlencode(query),
            "queryStringParameters": {name: str(value) for name, value in query.items()} or None,
            "headers": {},
            "isBase64Encoded": False,
            "requestContext": {
                "http": {"method": method, "path": path},
                "stage": "$default",
                "requestId": f"request-{next(_NUMBERS)}",
                "authorizer": self.authorizer,
            },
        }
        answer = self.api.resolve(event, None)  # type: ignore[arg-type]  # no route looks at the context
        return int(answer["statusCode"]), json.loads(answer["body"]), answer["headers"]

    @contextlib.contextmanager
    def counting(self) -> Iterator[list[str]]:
        """Give the list of requests to DynamoDB that are sent meanwhile."""
        asked: list[str] = []

        def sent(model: OperationModel, **_: object) -> None:
            asked.append(model.name)

        events = self.house.dynamodb.meta.events
        events.register("before-call.dynamodb", sent)
        try:
            yield asked
        finally:
            events.unregister("before-call.dynamodb", sent)

    def ok(self, path: str, **query: object) -> Any:  # noqa: ANN401 -- any JSON
        """Send a request that succeeds; gives the body."""
        status, body, _ = self.get(path, **query)
        assert status == 200, body
        return body

    def call(self, session: str, ago: timedelta = timedelta(0), **changes: Any) -> Call:  # noqa: ANN401 -- any field
        """Let there be a call that began so long ago, and is over unless it says otherwise."""
        call = ended_call(session, NOW - ago, **changes)
        given = {"call_session_id": call.session_id, "call_leg_id": call.leg_id, "from": call.from_number}
        event = Event(f"{session}-{next(_NUMBERS)}", "call.initiated", f"{NOW - ago:%Y-%m-%dT%H:%M:%S.%f}Z", given)
        said = (command("speak", call.control_id, payload="Hello.", voice="female"),)
        decision = Decision(call, said, recordings=call.recordings)
        CallsTable(self.house.dynamodb, self.house.name).commit(
            event, call._replace(turn=-1), decision, at_seconds=NOW.timestamp()
        )
        return call

    def recording(self, session: str, ago: timedelta = timedelta(0), **changes: Any) -> Recording:  # noqa: ANN401 -- any field
        """Let there be a call with a recording in the bucket, and its transcript."""
        key = f"recordings/2026/11/30/{session}/one"
        for suffix, content in (("wav", b"RIFF"), ("txt", b"Please call Ada back.")):
            self.house.s3.put_object(Bucket=self.house.name, Key=f"{key}.{suffix}", Body=content)
        fields = {
            "call_session_id": session,
            "call_leg_id": f"{session}-leg",
            "number": 1,
            "turn": 1,
            "requested_at": (NOW - ago).isoformat(),
            "source": "record_start",
            "status": VERIFIED,
            "format": "wav",
            "channels": "single",
            "from_number": "+15550142",
            "audio": AudioCopy(f"{key}.wav", 4, "ab" * 32, 5_300),
            "transcript": TranscriptCopy(f"{key}.txt", "cd" * 32),
            "transcription": Transcription(COMPLETED, "A", "en-US"),
            "consent": Consent("given", "May we record?", "en-US", NOW.isoformat(), "1"),
            "pauses": (),
        }
        recording = Recording(**{**fields, **changes})
        self.call(session, ago, recordings=(recording,), recordings_asked=1)
        return recording


class AtTelnyx:
    """Telnyx's copies of recordings."""

    def __init__(self) -> None:
        self.recordings = {"recording-1", "recording-2"}
        self.transcriptions = {"transcription-1": "recording-1", "transcription-2": "recording-2"}
        self.fails = False

    def transcriptions_of(self, recording_id: str) -> tuple[str, ...]:
        if self.fails:
            raise TelnyxUnavailable("timeout", 2, None)
        return tuple(each for each, of in self.transcriptions.items() if of == recording_id)

    def delete_transcription(self, transcription_id: str) -> bool:
        return self.transcriptions.pop(transcription_id, None) is not None

    def delete_recording(self, recording_id: str) -> bool:
        known = recording_id in self.recordings
        self.recordings.discard(recording_id)
        return known


SETTINGS = {**CONTROL_SETTINGS, "RECORDING_DELETION": "on"}


@pytest.fixture
def client(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    del aws
    for module in (listing_module, selection_module):
        monkeypatch.setattr(module, "KEEP_DAYS", SHORT_DAYS)
    with ArchiveHouse.open() as house, house.unharmed():
        yield client_with(house, **SETTINGS)


def client_with(house: ArchiveHouse, **settings: str) -> Client:
    """A program of a stack with these settings."""
    names = {"CALLS_TABLE": house.name, "RECORDINGS_BUCKET": house.name, "CAMPAIGNS_BUCKET": house.name}
    telnyx, signer = AtTelnyx(), client_of("s3", SIGNED_LINKS)
    read = Settings.read({**settings, **names})
    api = open_api(read, house.dynamodb, signer, _acts_on_nothing, telnyx, Observer("control"), lambda: NOW)
    return Client(api, house, telnyx)


def _acts_on_nothing(event: object) -> Answer:
    raise AssertionError(event)


def sessions(body: Any) -> list[str]:  # noqa: ANN401 -- any JSON
    return [each["call_session_id"] for each in body["calls"]]


def test_calls_are_listed_by_what_is_asked_for(client: Client) -> None:
    client.call("in", timedelta(hours=1))
    client.call("out", timedelta(hours=2), direction="outgoing", from_number="+15550100", to_number="+15550161")
    client.call("busy", timedelta(hours=3), flow="announcement", hangup_cause="user_busy")
    client.call("live", timedelta(minutes=1), status="answered", ended_at="", hangup_cause="")

    assert sessions(client.ok("/calls")) == ["live", "in", "out", "busy"]
    assert sessions(client.ok("/calls", number="+15550161")) == ["out"]
    assert sessions(client.ok("/calls", flow="announcement")) == ["busy"]
    assert sessions(client.ok("/calls", outcome="completed")) == ["in", "out"]
    assert sessions(client.ok("/calls", state="live")) == ["live"]
    assert sessions(client.ok("/calls", state="ended", since="150m")) == ["in", "out"]
    assert sessions(client.ok("/calls", until="2026-11-30T10:30")) == ["out", "busy"]


def test_pages_of_calls_follow_one_another(client: Client) -> None:
    every = [f"call-{number}" for number in range(7)]
    for number, session in enumerate(every):
        client.call(session, timedelta(seconds=10 * (number // 2)))

    found: list[str] = []
    body = client.ok("/calls", limit=2)
    while body["next_until"]:
        found += sessions(body)
        body = client.ok("/calls", limit=2, until=body["next_until"])

    assert sorted(found + sessions(body)) == every


def test_a_call_is_shown_with_all_that_happened_on_it(client: Client) -> None:
    recording = client.recording("talk")
    for named in ("talk", "v3:talk"):
        body = client.ok(f"/calls/{named}")

        assert body["call_session_id"] == "talk"
        assert [leg["from"] for leg in body["legs"]] == ["+15550142"]
        assert [row["telnyx"] for row in body["timeline"]] == ["initiated", "sent"]
        assert body["timeline"][1]["caller"] == "“Hello.”"
        assert [each["id"] for each in body["recordings"]] == [f"talk~{recording.name}"]
        assert (body["rows_left_out"], body["costs"], body["audit"]) == (0, [], [])


def test_a_call_is_shown_with_what_was_written_down_of_it_but_not_the_words(client: Client) -> None:
    call = client.call("talk")
    job = ArchiveJob("conversation", "talk", call.leg_id, conversation_id="c-1")
    event = Event("ended", "call.conversation.ended", call.ended_at, {"call_session_id": "talk"})
    store = CallsTable(client.house.dynamodb, client.house.name)
    before = store.legs("talk")[0]
    store.commit(event, before, Decision(before, archive=(job,)), at_seconds=NOW.timestamp())
    expected = client.ok("/calls/talk")["texts"]
    store.mark_live_transcript(store.live_transcripts("talk")[0].kept_as("recordings/key.txt", 12, "5a"))
    kept = client.ok("/calls/talk")["texts"]

    name = f"{call.leg_id}-conversation-c-1"
    assert [(each["name"], each["status"], each["sha256"]) for each in expected] == [(name, "expected", None)]
    assert [(each["status"], each["bytes"], each["sha256"]) for each in kept] == [("verified", 12, "5a")]
    CallItems(client.house.dynamodb, client.house.name).strip("talk")
    assert client.ok("/calls/talk")["texts"] == []


def test_a_long_timeline_shows_its_end_and_says_what_it_leaves_out(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls_module, "MOST_ROWS", 1)
    client.call("long")

    body = client.ok("/calls/long")

    assert ([row["telnyx"] for row in body["timeline"]], body["rows_left_out"]) == (["sent"], 1)


def test_recordings_are_listed_by_call_and_status(client: Client) -> None:
    client.recording("verified", timedelta(minutes=1))
    client.recording("failed", timedelta(minutes=2), status="failed", audio=None, reason="Telnyx lists none")
    client.call("unrecorded")

    listed = client.ok("/recordings")["recordings"]

    assert [(each["call_session_id"], each["status"]) for each in listed] == [
        ("verified", "verified"),
        ("failed", "failed"),
    ]
    assert [each["reason"] for each in client.ok("/recordings", status="failed")["recordings"]] == ["Telnyx lists none"]
    assert client.ok("/recordings", number="+15550199") == {"recordings": [], "next_until": None}


def test_a_status_that_no_recording_can_have_is_refused(client: Client) -> None:
    status, body, _ = client.get("/recordings", status="lost")

    assert (status, body["error"]["parameter"]) == (422, "status")
    assert get_args(get_args(Status)[0]) == ("", *STATUSES)


def test_a_recording_comes_with_a_link_of_minutes_and_its_words_and_who_asked_is_noted(client: Client) -> None:
    recording = client.recording("message")

    body = client.ok(f"/recordings/message~{recording.name}")

    link = urlsplit(body["audio"]["url"])
    assert (link.path.endswith("/message/one.wav"), parse_qs(link.query)["X-Amz-Expires"]) == (True, ["300"])
    assert body["audio"]["url_expires_at"] == (NOW + timedelta(minutes=5)).isoformat()
    assert (body["audio"]["bytes"], body["audio"]["seconds"]) == (4, 5.3)
    assert body["transcript"] == {"status": "completed", "text": "Please call Ada back.", "is_cut": False}
    assert body["consent"]["key"] == "1"
    assert client.ok("/calls/message")["audit"] == [
        {"at": NOW.isoformat(), "by": LISTENER, "did": "listened", "recording": recording.name}
    ]


def test_what_is_read_without_a_link_is_noted_as_that_and_still_new(client: Client) -> None:
    recording = client.recording(
        "new", audio=AudioCopy("recordings/2026/11/30/new/one.wav", 4, "ab", 5_300, peaks="AP8=")
    )
    path = f"/recordings/new~{recording.name}"

    read = client.ok(path, link="false")
    assert (read["audio"]["url"], read["audio"]["peaks"], read["heard_at"]) == (None, [[0, 255]], None)
    assert [each["did"] for each in client.ok("/calls/new")["audit"]] == ["read"]
    assert client.ok("/recordings")["recordings"][0]["heard_at"] is None

    client.ok(path)
    assert client.ok(path, link="false")["heard_at"] == NOW.isoformat()
    assert client.ok("/recordings")["recordings"][0]["heard_at"] == NOW.isoformat()
    assert client.ok("/calls/new")["recordings"][0]["heard_at"] == NOW.isoformat()


def test_calls_are_listed_by_whether_they_are_recorded(client: Client) -> None:
    client.recording("with")
    client.call("without", timedelta(minutes=1))

    assert [sessions(client.ok("/calls", recorded=each)) for each in ("yes", "no", "any")] == [
        ["with"],
        ["without"],
        ["with", "without"],
    ]


def test_a_long_transcript_is_cut_between_letters(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("control.bucket.TEXT_BYTES", 3)
    recording = client.recording("long")
    client.house.s3.put_object(Bucket=client.house.name, Key="recordings/2026/11/30/long/one.txt", Body="zéé".encode())

    transcript = client.ok(f"/recordings/long~{recording.name}")["transcript"]

    assert (transcript["text"], transcript["is_cut"]) == ("zé", True)


def test_what_is_not_in_the_bucket_has_no_link_and_nobody_has_listened(client: Client) -> None:
    recording = client.recording("late", status="saved", audio=None, transcript=None)

    assert client.ok(f"/recordings/late~{recording.name}")["audio"] is None
    assert client.ok("/calls/late")["audit"] == []


def test_what_has_expired_is_not_linked_to(client: Client) -> None:
    recording = client.recording("old")
    for suffix in ("wav", "txt"):
        client.house.s3.delete_object(Bucket=client.house.name, Key=f"recordings/2026/11/30/old/one.{suffix}")

    body = client.ok(f"/recordings/old~{recording.name}")

    assert (body["status"], body["audio"], body["transcript"]["text"]) == ("verified", None, None)


def test_a_link_that_cannot_be_noted_is_not_given(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = client.recording("secret")

    def fails(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url="dynamodb")

    monkeypatch.setattr(AuditTrail, "note", fails)
    status, body, headers = client.get(f"/recordings/secret~{recording.name}")

    assert (status, body["error"]["code"], headers["Retry-After"]) == (503, "unavailable", "2")
    assert "X-Amz" not in json.dumps(body)


def test_an_erasure_keeps_who_listened_and_nothing_of_the_caller(client: Client) -> None:
    recording = client.recording("gone")
    client.ok(f"/recordings/gone~{recording.name}")
    items = CallItems(client.house.dynamodb, client.house.name)

    items.strip("gone")
    left = [item for item in items.of("gone") if item["item"]["S"].startswith(AUDIT)]

    assert [(item["by"]["S"], item["did"]["S"]) for item in left] == [(LISTENER, "listened")]
    assert "+15550142" not in json.dumps(items.of("gone"))


@pytest.mark.parametrize(
    ("path", "query", "parameter"),
    [
        ("/calls", {"limit": 0}, "limit"),
        ("/calls", {"limit": 501}, "limit"),
        ("/calls", {"limit": "many"}, "limit"),
        ("/calls", {"state": "over"}, "state"),
        ("/calls", {"since": "yesterday"}, "since"),
        ("/calls", {"until": "2026-13-45"}, "until"),
        ("/calls", {"since": "9" * 41}, "since"),
        ("/calls", {"number": "1" * 256}, "number"),
        ("/recordings", {"limit": -1}, "limit"),
    ],
)
def test_a_wrong_parameter_is_named(client: Client, path: str, query: dict[str, object], parameter: str) -> None:
    status, body, _ = client.get(path, **query)

    assert (status, body["error"]["code"], body["error"]["parameter"]) == (422, "invalid_parameter", parameter)
    assert body["error"]["message"]


def test_no_stretch_of_time_costs_more_than_the_days_that_are_kept(client: Client) -> None:
    for path in ("/calls", "/recordings"):
        assert client.ok(path, since="99999w", until="9999-12-31")["next_until"] is None


@pytest.mark.parametrize("path", ["/calls", "/recordings"])
def test_a_list_of_a_new_stack_does_not_ask_for_each_day(
    client: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("control.call_filters.KEEP_DAYS", KEEP_DAYS)
    with client.counting() as asked:
        page = client.ok(path)

    assert page["next_until"] is None
    assert (asked.count("Query"), asked.count("Scan")) == (2 * QUIET_DAYS, 1)


@pytest.mark.parametrize("fits", [True, False])
def test_calls_of_a_quiet_line_are_found_however_long_ago_each_once(
    client: Client, monkeypatch: pytest.MonkeyPatch, *, fits: bool
) -> None:
    monkeypatch.setattr("control.call_filters.KEEP_DAYS", KEEP_DAYS)
    if not fits:
        monkeypatch.setattr(CallsTable, "all_begun", lambda _: None)
    days = (0, 5, 6, 7, 8, 13, 14, 15, 40, 41, 80)
    for number in days:
        client.call(f"session-{number}", timedelta(days=number))

    with client.counting() as asked:
        page = client.ok("/calls")
    some = client.ok("/calls", since="60d", until="10d")

    assert [each["call_session_id"] for each in page["calls"]] == [f"session-{number}" for number in days]
    assert [each["call_session_id"] for each in some["calls"]] == [f"session-{number}" for number in days[5:-1]]
    assert page["next_until"] is some["next_until"] is None
    assert asked.count("Query") == (2 * 4 * QUIET_DAYS if fits else 2 * (KEEP_DAYS + 2))


@pytest.mark.parametrize("limit", [1, 500])
def test_the_bounds_of_a_parameter_are_taken(client: Client, limit: int) -> None:
    assert client.ok("/calls", limit=limit) == {"calls": [], "next_until": None}


@pytest.mark.parametrize(
    "path",
    [
        "/calls/nothing",
        "/calls/FLOW%23main-menu",
        "/calls/SWEEP%23recordings",
        "/calls/CAMPAIGNS",
        "/calls/v3:unknown",
        "/calls/" + "%F0%9F%93%9E" * ID_CHARACTERS,
        "/recordings/nothing",
        "/recordings/~",
        "/recordings/one~two~three",
        "/recordings/one~" + "%F0%9F%93%9E" * (2 * ID_CHARACTERS - 4),
        "/elsewhere",
    ],
)
def test_what_is_not_there_is_said_to_be_missing_after_two_requests_at_most(client: Client, path: str) -> None:
    for partition, item in (("SWEEP#recordings", "SWEEP#recordings"), (CAMPAIGNS, LEASE), (CAMPAIGNS, f"{ORDERED}1")):
        beside = {"call_session_id": {"S": partition}, "item": {"S": item}}
        client.house.dynamodb.put_item(TableName=client.house.name, Item=beside)
    client.call("another")

    with client.counting() as asked:
        status, body, _ = client.get(unquote(path))

    assert (status, body["error"]["parameter"]) == (404, None)
    assert len(asked) <= 2


@pytest.mark.parametrize("named", ["one", "one-leg", "v3:one"])
def test_a_call_is_found_by_its_session_a_leg_or_a_call_control_id_however_old(client: Client, named: str) -> None:
    client.call("one", timedelta(days=1_000), control_id="v3:one")
    client.call("another")

    with client.counting() as asked:
        shown = client.ok(f"/calls/{named}")

    assert (shown["call_session_id"], shown["legs"][0]["call_control_id"]) == ("one", "v3:one")
    assert len(asked) <= 7, "two to find it, then its legs, timeline, recordings, texts and audit"


def test_each_id_of_a_leg_is_written_into_its_index_once(client: Client) -> None:
    call = client.call("one", control_id="v3:one")
    later = Event("later", "call.answered", f"{NOW:%Y-%m-%dT%H:%M:%S.%f}Z", {"call_session_id": "one"})
    store = CallsTable(client.house.dynamodb, client.house.name)
    before = store.leg("one", call.leg_id)
    assert before

    store.commit(later, before, Decision(before._replace(status="answered")), at_seconds=NOW.timestamp())

    items = client.house.dynamodb.scan(TableName=client.house.name)["Items"]
    of_one = [each for each in items if each["call_session_id"]["S"] == "one"]
    assert sorted(each[NAMED]["S"] for each in of_one if NAMED in each) == ["one-leg", "v3:one"]


def test_an_error_of_ours_says_no_more_than_that(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client.call("odd")
    monkeypatch.setattr(calls_module, "leg_json", lambda _: {"from": "+15550142"})

    status, body, _ = client.get("/calls/odd")

    assert (status, body["error"]["code"]) == (500, "fault")
    assert "+1555" not in json.dumps(body)
    assert vars(caplog.records[-1])["detail"] == "response.legs.0.call_session_id: Field required"
    assert "+1555" not in caplog.text


def test_the_description_is_the_one_in_the_docs(client: Client) -> None:
    described = json.loads(description(client.api))

    assert client.ok("/openapi.json") == described
    written = json.loads((ROOT / "docs" / "control-api.json").read_text(encoding="utf-8"))
    assert written == described, "write it anew: python -m tests.api_description"


def test_every_answer_of_every_route_is_described(client: Client) -> None:
    routes = json.loads(description(client.api))["paths"]

    for method, operation in (each for methods in routes.values() for each in methods.items()):
        answers = {int(status): each["content"]["application/json"] for status, each in operation["responses"].items()}
        assert answers.keys() == {200, 403, 404, 422, 503} | ({409, 415, 429} if method != "get" else set())
        problems = {answers[status]["schema"]["$ref"] for status in answers if status != 200}
        assert problems == {"#/components/schemas/ProblemAnswer"}


def test_a_token_without_the_role_is_refused(client: Client) -> None:
    client.authorizer = {"jwt": {"claims": {"email": "ada@example.com", "cognito:groups": "[control]"}}}

    status, body, _ = client.get("/calls")

    assert (status, body["error"]["code"]) == (403, "forbidden")
    assert "role listen" in body["error"]["message"]


def test_a_recording_is_deleted_for_good_and_who_did_it_is_noted(client: Client) -> None:
    recording = client.recording("gone", recording_id="recording-1", started_at="2026-11-30T10:00:00.000000Z")
    client.recording("kept", recording_id="recording-2")
    path = f"/recordings/gone~{recording.name}"
    for suffix in ("mp3", "json", "2.mp3"):  # twice: an overwritten version stays as long as nobody deletes it
        for _ in range(2):
            client.house.s3.put_object(Bucket=client.house.name, Key=object_key(recording, suffix), Body=b"audio")

    status, body, _ = client.delete(path)

    assert (status, body["deleted_by"]) == (200, LISTENER)
    assert (
        client.house.s3.list_object_versions(Bucket=client.house.name, Prefix=object_key(recording, ""))
        .keys()
        .isdisjoint({"Versions", "DeleteMarkers"})
    )
    assert (client.telnyx.recordings, client.telnyx.transcriptions) == (
        {"recording-2"},
        {"transcription-2": "recording-2"},
    )
    shown = client.ok(path)
    assert (shown["status"], shown["from"], shown["audio"], shown["consent"]) == ("erased", None, None, None)
    assert [(each["did"], each["by"]) for each in client.ok("/calls/gone")["audit"]] == [("deleted", LISTENER)]
    kept = client.ok("/recordings/kept~kept-leg-01")
    assert (bool(kept["audio"]), kept["deletable"], shown["deletable"]) == (True, True, False)


def test_a_deletion_that_died_half_way_is_finished_by_the_next(client: Client) -> None:
    recording = client.recording("half", recording_id="recording-1")
    path = f"/recordings/half~{recording.name}"
    client.telnyx.fails = True
    assert client.delete(path)[0] == 503
    client.telnyx.fails = False
    client.authorizer = {"iam": {"userArn": "somebody else"}}

    answers = [client.delete(path) for _ in range(2)]

    assert [(status, body["deleted_by"]) for status, body, _ in answers] == [(200, LISTENER)] * 2
    assert "recording-1" not in client.telnyx.recordings
    assert len(client.ok("/calls/half")["audit"]) == 1


def test_what_is_under_legal_hold_is_kept_everywhere(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = client.recording("held", recording_id="recording-1")

    def held(*_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "DeleteObject")

    monkeypatch.setattr(RecordingsBucket, "delete_all", held)
    status, body, _ = client.delete(f"/recordings/held~{recording.name}")

    assert (status, body["error"]["code"]) == (409, "held")
    assert "recording-1" in client.telnyx.recordings
    assert client.ok(f"/recordings/held~{recording.name}")["status"] == "verified"


@pytest.mark.parametrize(
    ("changes", "answer"),
    [({"status": "saved", "audio": None}, (409, "not_settled")), ({"status": "erased"}, (404, "not_found"))],
)
def test_what_is_not_there_yet_or_any_more_is_not_deleted(
    client: Client, changes: dict[str, Any], answer: tuple[int, str]
) -> None:
    recording = client.recording("odd", **changes)

    status, body, _ = client.delete(f"/recordings/odd~{recording.name}")

    assert (status, body["error"]["code"]) == answer
    assert client.delete("/recordings/nothing")[0] == 404


def test_nobody_deletes_where_the_switch_is_off(client: Client) -> None:
    recording = client.recording("safe")
    off = client_with(client.house, **{**SETTINGS, "RECORDING_DELETION": "off"})
    assert not off.ok(f"/recordings/safe~{recording.name}")["deletable"]

    status, body, _ = off.delete(f"/recordings/safe~{recording.name}")

    assert (status, body["error"]["code"]) == (403, "deletion_is_off")


def test_a_token_that_may_listen_and_control_may_not_delete(client: Client) -> None:
    recording = client.recording("safe")
    client.authorizer = {"jwt": {"claims": {"email": "ada@example.com", "cognito:groups": "[listen control]"}}}

    assert client.delete(f"/recordings/safe~{recording.name}")[0] == 403


@pytest.mark.parametrize("status", ["", VERIFIED])
def test_a_list_of_recordings_costs_requests_by_the_hundred(client: Client, status: str) -> None:
    for number in range(12):
        client.recording(f"call-{number}", timedelta(minutes=number))
    client.ok(f"/recordings/{'call-3~call-3-leg-01'}")

    with client.counting() as asked:
        listed = client.ok("/recordings", limit=10, status=status)

    heard = {each["call_session_id"] for each in listed["recordings"] if each["heard_at"]}
    assert heard == {"call-3"}
    assert len(listed["recordings"]) >= 10
    assert len(asked) <= 2 * BEGAN_SHARDS + 2, "the days' keys, the legs, the ledger"


def test_whether_a_recording_of_an_earlier_version_was_heard_is_read_from_the_audit(client: Client) -> None:
    client.recording("heard")
    client.recording("new", timedelta(minutes=1))
    client.ok("/recordings/heard~heard-leg-01")
    for session in ("heard", "new"):
        client.house.dynamodb.update_item(
            TableName=client.house.name,
            Key={"call_session_id": {"S": session}, "item": {"S": f"RECORDING#{session}-leg-01"}},
            UpdateExpression="REMOVE heard_at, heard_noted",
        )

    listed = client.ok("/recordings")["recordings"]

    assert [bool(each["heard_at"]) for each in listed] == [True, False]


def test_the_first_who_listens_is_the_one_that_lists_show(client: Client) -> None:
    client.recording("heard")
    first = client.ok("/recordings/heard~heard-leg-01")["heard_at"]
    trail = AuditTrail(client.house.dynamodb, client.house.name)
    trail.note("heard", AuditItem("2026-12-01T00:00:00+00:00", "bob", LISTENED, "heard-leg-01"), "later")

    assert [each["heard_at"] for each in client.ok("/recordings")["recordings"]] == [first]


def test_a_list_shows_of_a_call_what_its_own_page_shows(client: Client) -> None:
    outcome = {"outcome": "sold", "answered_by": "machine", "digits.account": "12345"}
    client.call("one", variables=outcome, step="bye", turn=7, answered_at="", bridged_at="")

    [listed], [shown] = client.ok("/calls")["calls"], client.ok("/calls/one")["legs"]

    assert listed == shown
    assert listed["outcome"] == "sold"


def test_a_call_shows_which_delivery_of_a_webhook_was_the_first_that_was_taken(client: Client) -> None:
    call = client.call("one")
    store = CallsTable(client.house.dynamodb, client.house.name)
    before = store.leg("one", call.leg_id)
    assert before
    at = f"{NOW + timedelta(seconds=5):%Y-%m-%dT%H:%M:%S.%f}Z"
    late = Event("late", "call.hangup", at, {"call_session_id": "one"}, attempt=3, delivered_to="a.example.com/hooks")
    store.commit(late, before, Decision(before), at_seconds=NOW.timestamp())

    rows = client.ok("/calls/one")["timeline"]

    assert [(each["telnyx"], each["attempt"], each["delivered_to"]) for each in rows] == [
        ("initiated", None, None),
        ("sent", None, None),
        ("hangup", 3, "a.example.com/hooks"),
    ]
