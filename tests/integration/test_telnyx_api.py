"""What goes over the wire, and what each answer of Telnyx comes to."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest

from dialtone.adapters.telnyx_api import WITHOUT_COMMAND_ID, CallInfo, RecordingInfo, TelnyxApi
from dialtone.domain.commands import SEND_MESSAGE, Command, command
from dialtone.domain.deadline import NO_DEADLINE
from dialtone.domain.errors import TelnyxRefused, TelnyxUnavailable
from dialtone.domain.telnyx_actions import ACTIONS, WITH_CALL_IN_BODY
from tests.command_examples import taken
from tests.integration.scripted_telnyx import KEPT_BY, Answer, Later, ScriptedTelnyx, error

CALL = "v3:u5OAKGEPT3Dx8SZSSDRWEMdNH2OripQhO"
COMMAND_ID = "891510ac-f3e4-5c4b-9d6f-0a1b2c3d4e5f"
RECORDING = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
HTML = Answer(502, b"<html>Bad Gateway</html>", {"content-type": "text/html"})
SILENCE, CUT = Answer(silent=True), Answer(cut=True)


@dataclass
class Time:
    """A clock that goes only when somebody sleeps."""

    now: float = 1_000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def scripted() -> Iterator[ScriptedTelnyx]:
    with ScriptedTelnyx() as server:
        yield server


@pytest.fixture
def virtual() -> Time:
    return Time()


@pytest.fixture
def api(scripted: ScriptedTelnyx, virtual: Time) -> Iterator[TelnyxApi]:
    api = TelnyxApi("KEY0123", scripted.url, clock=virtual.clock, sleep=virtual.sleep)
    yield api
    api.close()


SPEAK = command("speak", CALL, payload="Good morning.", voice="female")


def test_a_connection_outlives_a_menu_and_not_a_minute(
    api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = Later()
    monkeypatch.setattr(KEPT_BY, later)

    for waited in (0, 20, 20, 60):
        later.by += waited
        assert api.send(SPEAK, f"command {later.by}", virtual.now + 5).kind == "accepted"

    first, second, third, fourth = (each.connection for each in scripted.requests)
    assert first == second == third != fourth


@pytest.mark.parametrize("action", [each for each in ACTIONS if each != SEND_MESSAGE])
def test_every_action_goes_out_with_exactly_its_parameters_and_the_command_id(
    action: str, api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    parameters = {name: taken(action, name)[0] for name in ACTIONS[action].parameters}
    everything = Command(action, "" if action == "dial" else CALL, parameters)

    outcome = api.send(everything, COMMAND_ID, virtual.now + 5)

    assert outcome.kind == "accepted"
    [request] = scripted.requests
    conference = parameters.pop("conference", None)
    of_a_conference = f"/v2/conferences/{conference}/actions/{action.removeprefix('conference_')}"
    of_a_call = of_a_conference if conference else f"/v2/calls/{CALL}/actions/{action}"
    assert request.path == {"dial": "/v2/calls", "conference_create": "/v2/conferences"}.get(action, of_a_call)
    named = {} if action in WITHOUT_COMMAND_ID else {"command_id": COMMAND_ID}
    whose = {"call_control_id": CALL} if action in WITH_CALL_IN_BODY else {}
    method = "PUT" if action == "client_state_update" else "POST"  # Telnyx's only PUT
    assert (request.method, request.json) == (method, parameters | named | whose)
    assert request.headers["authorization"] == "Bearer KEY0123"


@pytest.mark.parametrize("action", [each for each in ACTIONS if each != SEND_MESSAGE])
def test_an_optional_parameter_left_out_is_not_sent(
    action: str, api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    parameters = {name: taken(action, name)[0] for name in ACTIONS[action].required}
    if action == "bridge":
        parameters = {"call_control_id": "v3:other"}

    api.send(Command(action, "" if action == "dial" else CALL, parameters), COMMAND_ID, virtual.now + 5)

    [request] = scripted.requests
    assert isinstance(request.json, dict)
    ours = {"command_id", "call_control_id"} if action in WITH_CALL_IN_BODY else {"command_id"}
    assert request.json.keys() - ours == parameters.keys() - {"conference"}


def test_a_bridge_with_a_queue_names_no_call(api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time) -> None:
    api.send(command("bridge", CALL, queue="support"), COMMAND_ID, virtual.now + 5)

    [request] = scripted.requests
    assert request.json == {"queue": "support", "command_id": COMMAND_ID}


def test_an_action_that_only_a_later_version_knows_is_refused_and_not_sent(
    api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    stored = Command.from_json({"action": "teleport", "call_control_id": CALL, "parameters": {"to": "elsewhere"}})

    outcome = api.send(stored, COMMAND_ID, virtual.now + 5)

    assert (outcome.kind, outcome.title) == ("refused", "no action of this version: teleport")
    assert scripted.requests == []


def test_a_dial_gives_the_ids_of_the_new_leg(api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time) -> None:
    leg = {"call_control_id": "v3:new", "call_leg_id": "leg", "call_session_id": "session", "is_alive": False}
    scripted.answers.append(Answer(body=json.dumps({"data": leg}).encode()))

    outcome = api.send(
        command("dial", connection_id="7", to="+15550100", **{"from": "+15550101"}), COMMAND_ID, virtual.now + 5
    )

    assert (outcome.kind, outcome.attempts, outcome.status, outcome.data) == ("accepted", 1, 200, leg)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b'{"data": []}'])
def test_an_answer_without_data_is_accepted_with_nothing_in_it(
    body: bytes, api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    scripted.answers.append(Answer(body=body))

    outcome = api.send(SPEAK, COMMAND_ID, virtual.now + 5)

    assert (outcome.kind, outcome.data) == ("accepted", {})


def test_a_call_that_has_ended_is_no_fault(api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time) -> None:
    scripted.answers.append(error(422, "90018", title="Call has already ended"))

    outcome = api.send(SPEAK, COMMAND_ID, virtual.now + 5)

    assert (outcome.kind, outcome.code, outcome.title) == ("ended", "90018", "Call has already ended")
    assert len(scripted.requests) == 1


def test_the_code_that_a_call_has_ended_is_found_beside_others(
    api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    body = json.dumps({"errors": ["?", {"code": 90000}, {"code": 90018, "title": "Ended"}]}).encode()
    scripted.answers.append(Answer(422, body))

    outcome = api.send(SPEAK, COMMAND_ID, virtual.now + 5)

    assert (outcome.kind, outcome.code, outcome.title) == ("ended", "90018", "Ended")


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (400, "10015", ""),
        (403, "90041", "permissions"),
        (404, "10005", "TELNYX_BASE_URL"),
        (404, "90018", "TELNYX_BASE_URL"),
        (410, "10000", ""),
        (418, "1", ""),
        (422, "90034", ""),
        (422, "90015", ""),
    ],
)
def test_a_refusal_is_final_and_says_why(  # noqa: PLR0913 -- a table of three columns, three fixtures
    *, status: int, code: str, remedy: str, api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    scripted.answers.append(error(status, code, title="No", detail="Because"))

    outcome = api.send(SPEAK, COMMAND_ID, virtual.now + 5)

    assert (outcome.kind, outcome.status, outcome.attempts) == ("refused", status, 1)
    assert (outcome.code, outcome.title, outcome.detail) == (code, "No", "Because")
    assert remedy in outcome.remedy
    assert bool(outcome.remedy) == bool(remedy)
    assert (len(scripted.requests), virtual.slept) == (1, [])


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"errors": "no"}', b'{"errors": [7]}', b"\xff"])
def test_a_refusal_with_a_body_that_is_not_telnyx_own_is_a_refusal_all_the_same(
    body: bytes, api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    scripted.answers.append(Answer(422, body, {"content-type": "text/html"}))

    outcome = api.send(SPEAK, COMMAND_ID, virtual.now + 5)

    assert (outcome.kind, outcome.status, outcome.code, outcome.title) == ("refused", 422, "", "")


FOR_NOW = [
    pytest.param(Answer(408), "server-error", 408, id="408"),
    pytest.param(Answer(500), "server-error", 500, id="500"),
    pytest.param(Answer(503), "server-error", 503, id="503"),
    pytest.param(HTML, "server-error", 502, id="a page of something in between"),
    pytest.param(Answer(300), "server-error", 300, id="300"),
    pytest.param(Answer(body=b"<html>ok</html>"), "unreadable", 200, id="200 without JSON"),
    pytest.param(Answer(body=b"\xff\xfe\xfa", headers={}), "unreadable", 200, id="200 with garbage"),
    pytest.param(error(429, "10011"), "rate-limited", 429, id="429"),
    pytest.param(CUT, "connection", 0, id="connection cut"),
]


@pytest.mark.parametrize(("answer", "reason", "status"), FOR_NOW)
def test_what_fails_for_now_is_sent_once_more_the_same_and_accepted(  # noqa: PLR0913 -- a table of three columns, three fixtures
    *, answer: Answer, reason: str, status: int, api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    del reason, status
    scripted.answers.append(answer)

    outcome = api.send(SPEAK, COMMAND_ID, virtual.now + 5)

    assert (outcome.kind, outcome.attempts, virtual.slept) == ("accepted", 2, [0.5])
    first, second = scripted.requests
    assert (first.method, first.path, first.body) == (second.method, second.path, second.body)


@pytest.mark.parametrize(("answer", "reason", "status"), FOR_NOW)
def test_what_fails_for_now_twice_is_unavailable(  # noqa: PLR0913 -- a table of three columns, three fixtures
    *, answer: Answer, reason: str, status: int, api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    scripted.answers.extend([answer, answer])

    outcome = api.send(SPEAK, COMMAND_ID, virtual.now + 5)

    assert (outcome.kind, outcome.reason, outcome.status, outcome.attempts) == ("unavailable", reason, status, 2)
    assert len(scripted.requests) == 2


def test_a_conflict_is_sent_once_more_and_then_refused(api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time) -> None:
    scripted.answers.extend([error(409, "10012"), error(409, "10012")])

    outcome = api.send(SPEAK, COMMAND_ID, virtual.now + 5)

    assert (outcome.kind, outcome.status, outcome.attempts, virtual.slept) == ("refused", 409, 2, [0.5])


def test_a_refusal_after_a_failure_is_final(api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time) -> None:
    scripted.answers.extend([Answer(503), error(422, "90018")])

    outcome = api.send(SPEAK, COMMAND_ID, virtual.now + 5)

    assert (outcome.kind, outcome.attempts) == ("ended", 2)


def test_silence_ends_with_the_deadline_and_not_later(scripted: ScriptedTelnyx) -> None:
    scripted.answers.extend([SILENCE, SILENCE])
    api = TelnyxApi("KEY0123", scripted.url)
    api.send(SPEAK, COMMAND_ID, 0)  # the SDK is imported now
    began = time.monotonic()

    outcome = api.send(SPEAK, COMMAND_ID, began + 0.6)

    assert time.monotonic() - began < 0.8
    assert (outcome.kind, outcome.reason, outcome.attempts) == ("unavailable", "timeout", 1)
    assert 500 < outcome.milliseconds < 800
    api.close()


def test_silence_is_waited_out_for_the_time_of_a_read_and_sent_once_more(
    api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    scripted.answers.append(SILENCE)
    api.send(SPEAK, COMMAND_ID, 0)  # the SDK is imported now
    began = time.monotonic()

    outcome = api.send(SPEAK, COMMAND_ID, virtual.now + 5)

    assert 1.4 < time.monotonic() - began < 2.5
    assert (outcome.kind, outcome.attempts, virtual.slept) == ("accepted", 2, [0.5])


def test_nobody_listening_is_unavailable(virtual: Time) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/v2"
        api = TelnyxApi("KEY0123", nobody, clock=virtual.clock, sleep=virtual.sleep)

        outcome = api.send(SPEAK, COMMAND_ID, virtual.now + 5)

    assert (outcome.kind, outcome.reason, outcome.attempts) == ("unavailable", "connection", 2)
    assert outcome.detail == "ConnectError"
    api.close()


@pytest.mark.parametrize(
    ("left", "attempts", "slept"),
    [(5.0, 2, [2.0]), (2.05, 1, []), (2.15, 2, [2.0])],
)
def test_retry_after_is_waited_for_only_if_the_deadline_allows(  # noqa: PLR0913 -- a table of three columns, three fixtures
    *, left: float, attempts: int, slept: list[float], api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    limited = error(429, "10011", **{"retry-after": "2"})
    scripted.answers.extend([limited, limited])

    outcome = api.send(SPEAK, COMMAND_ID, virtual.now + left)

    assert (outcome.kind, outcome.reason, outcome.retry_after_seconds) == ("unavailable", "rate-limited", 2.0)
    assert (outcome.attempts, virtual.slept) == (attempts, slept)


@pytest.mark.parametrize("retry_after", ["", "-1", "soon", "Wed, 99 Oct 2026 07:28:00 GMT", "1.5", "٣"])
def test_a_retry_after_that_is_neither_a_number_nor_a_date_counts_as_none(
    retry_after: str, api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    headers = {"retry-after": retry_after} if retry_after.isascii() else {}
    scripted.answers.append(error(429, "10011", **headers))

    outcome = api.send(SPEAK, COMMAND_ID, virtual.now + 5)

    assert (outcome.kind, virtual.slept) == ("accepted", [0.5])


@pytest.mark.parametrize(
    ("retry_after", "slept"),
    [
        ("Wed, 21 Oct 2026 07:28:03 GMT", [3.0]),
        ("Wed, 21 Oct 2026 09:28:03 +0200", [3.0]),
        ("Wednesday, 21-Oct-26 07:28:03 GMT", [3.0]),
        ("Wed, 21 Oct 2026 07:28:03", [3.0]),
        ("Wed, 21 Oct 2026 07:27:00 GMT", [0.0]),
        ("Wed, 21 Oct 2026 07:29:00 GMT", []),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_that_is_a_date_is_waited_for_if_the_deadline_allows(
    scripted: ScriptedTelnyx, virtual: Time, status: int, retry_after: str, slept: list[float]
) -> None:
    now = datetime(2026, 10, 21, 7, 28, tzinfo=UTC).timestamp()
    api = TelnyxApi("KEY0123", scripted.url, clock=virtual.clock, sleep=virtual.sleep, now_seconds=lambda: now)
    scripted.answers.append(error(status, "10011", **{"retry-after": retry_after}))

    outcome = api.send(SPEAK, COMMAND_ID, virtual.now + 5)

    assert virtual.slept == slept
    assert (outcome.kind, outcome.attempts) == (("accepted", 2) if slept else ("unavailable", 1))
    api.close()


@pytest.mark.parametrize(
    ("status", "code", "action", "remedy"),
    [
        (401, "10009", "speak", "TELNYX_API_KEY"),
        (401, "", "dial", "TELNYX_API_KEY"),
        (403, "10010", "speak", "permissions"),
        (403, "", "hangup", "permissions"),
    ],
)
def test_a_refusal_of_the_key_or_the_account_is_no_refusal_of_the_command(  # noqa: PLR0913 -- a table, three fixtures
    *, status: int, code: str, action: str, remedy: str, api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    scripted.answers.append(error(status, code, title="No", detail="Because"))
    parameters = {name: taken(action, name)[0] for name in ACTIONS[action].required}
    asked = Command(action, "" if action == "dial" else CALL, parameters)

    outcome = api.send(asked, COMMAND_ID, virtual.now + 5)

    assert (outcome.kind, outcome.reason, outcome.status) == ("unavailable", "unauthorized", status)
    assert (outcome.code, outcome.title, outcome.attempts, virtual.slept) == (code, "No", 1, [])
    assert remedy in outcome.remedy


@pytest.mark.parametrize("action", ["dial", "transfer", "record_start"])
def test_a_403_for_a_destination_or_a_recording_may_be_about_these_and_is_a_refusal(
    action: str, api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    scripted.answers.append(error(403, "10010"))
    parameters = {name: taken(action, name)[0] for name in ACTIONS[action].required}
    asked = Command(action, "" if action == "dial" else CALL, parameters)

    assert api.send(asked, COMMAND_ID, virtual.now + 5).kind == "refused"


@pytest.mark.parametrize("left", [-1.0, 0.0, 0.05])
def test_after_the_deadline_nothing_is_sent(
    left: float, api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    outcome = api.send(SPEAK, COMMAND_ID, virtual.now + left)

    assert (outcome.kind, outcome.reason, outcome.attempts) == ("unavailable", "deadline", 0)
    assert scripted.requests == []


def test_the_base_url_of_the_environment_is_honoured(
    scripted: ScriptedTelnyx, virtual: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELNYX_BASE_URL", scripted.url)
    api = TelnyxApi("KEY0123", clock=virtual.clock, sleep=virtual.sleep)

    assert api.send(SPEAK, COMMAND_ID, virtual.now + 5).kind == "accepted"
    assert len(scripted.requests) == 1
    api.close()


def test_a_closed_api_opens_again(api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time) -> None:
    api.close()
    api.send(SPEAK, COMMAND_ID, virtual.now + 5)
    api.close()
    api.close()

    assert api.send(SPEAK, COMMAND_ID, virtual.now + 5).kind == "accepted"
    assert len(scripted.requests) == 2


def recording(recording_id: str, started_at: str, **more: object) -> dict[str, object]:
    return {
        "id": recording_id,
        "record_type": "recording",
        "call_leg_id": "leg",
        "call_session_id": "session",
        "channels": "dual",
        "status": "completed",
        "duration_millis": 60_000,
        "recording_started_at": started_at,
        "recording_ended_at": "2026-01-23T18:11:02.574Z",
        "download_urls": {"mp3": f"https://example.com/{recording_id}.mp3"},
    } | more


def listing(*recordings: object) -> Answer:
    return Answer(body=json.dumps({"data": recordings, "meta": {"page_number": 1, "total_pages": 1}}).encode())


def test_a_recording_is_found_by_its_id_with_fresh_urls(api: TelnyxApi, scripted: ScriptedTelnyx) -> None:
    scripted.answers.append(Answer(body=json.dumps({"data": recording(RECORDING, "2026-01-23T18:10:02Z")}).encode()))

    found = api.find_recording(recording_id=RECORDING)

    assert found == RecordingInfo(
        recording_id=RECORDING,
        call_leg_id="leg",
        call_session_id="session",
        channels="dual",
        status="completed",
        duration_millis=60_000,
        started_at="2026-01-23T18:10:02Z",
        ended_at="2026-01-23T18:11:02.574Z",
        download_urls={"mp3": f"https://example.com/{RECORDING}.mp3"},
    )
    assert found.format == "mp3"
    [request] = scripted.requests
    assert (request.method, request.path) == ("GET", f"/v2/recordings/{RECORDING}")


@pytest.mark.parametrize(
    ("started_at", "found_id"),
    [
        ("2026-01-23T18:10:02.574991Z", "second"),
        ("2026-01-23T19:10:02.574+01:00", "second"),
        ("2026-01-23T18:10:02.574", "second"),
        ("2026-01-23T18:05:00Z", "first"),
        ("2026-01-23T18:07:00Z", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_legs_recording_is_the_one_that_started_then(
    started_at: str, found_id: str | None, api: TelnyxApi, scripted: ScriptedTelnyx
) -> None:
    scripted.answers.append(
        listing(
            recording("first", "2026-01-23T18:05:00.000Z"),
            recording("second", "2026-01-23T18:10:02.574Z"),
            recording("third", "not yet"),
            "?",
        )
    )

    found = api.find_recording(call_leg_id="leg", started_at=started_at)

    assert (found and found.recording_id) == found_id
    [request] = scripted.requests
    assert request.path == "/v2/recordings?filter%5Bcall_leg_id%5D=leg&page%5Bsize%5D=250"


BEGAN_TOGETHER = "2026-01-23T18:05:00.200Z"


@pytest.mark.parametrize(
    ("file_name", "started_at", "found_id"),
    [
        ("leg-01", "2026-01-23T18:05:00.100Z", "ours"),
        ("leg-01", "", "ours"),
        ("", BEGAN_TOGETHER, None),
        ("", "2026-01-23T18:05:00.100Z", "the number's"),
        ("", "2026-01-23T18:05:00.900Z", None),
    ],
)
def test_of_two_that_began_together_the_files_name_tells_and_nearness_does_not(
    file_name: str, started_at: str, found_id: str | None, api: TelnyxApi, scripted: ScriptedTelnyx
) -> None:
    address = "https://s3.example/2026-01-23/{}-1769191500.mp3?X-Amz-Signature=f00d"
    scripted.answers.append(
        listing(
            recording("the number's", "2026-01-23T18:05:00.100Z", download_urls={"mp3": address.format("leg")}),
            recording("ours", BEGAN_TOGETHER, download_urls={"mp3": address.format("leg-01")}),
            recording("another", BEGAN_TOGETHER, download_urls={"mp3": address.format("leg-02")}),
        )
    )

    found = api.find_recording(call_leg_id="leg", file_name=file_name, started_at=started_at)

    assert (found and found.recording_id) == found_id


def test_a_legs_only_recording_needs_no_time(api: TelnyxApi, scripted: ScriptedTelnyx) -> None:
    scripted.answers.append(listing(recording("only", "2026-01-23T18:05:00Z")))

    found = api.find_recording(call_leg_id="leg")

    assert found is not None
    assert found.recording_id == "only"


@pytest.mark.parametrize("answer", [listing(), Answer(body=b"{}"), Answer(body=b'{"data": {}}')])
def test_a_leg_without_recordings_has_none(answer: Answer, api: TelnyxApi, scripted: ScriptedTelnyx) -> None:
    scripted.answers.append(answer)

    assert api.find_recording(call_leg_id="leg", started_at="2026-01-23T18:05:00Z") is None


def test_a_recording_that_telnyx_does_not_know_is_none(api: TelnyxApi, scripted: ScriptedTelnyx) -> None:
    scripted.answers.append(error(404, "10005"))

    assert api.find_recording(recording_id=RECORDING) is None


def test_a_recording_with_fields_missing_or_of_other_types_has_them_empty(
    api: TelnyxApi, scripted: ScriptedTelnyx
) -> None:
    scripted.answers.append(
        Answer(body=b'{"data": {"id": 7, "duration_millis": "x", "download_urls": {"mp3": null, "wav": ""}}}')
    )

    found = api.find_recording(recording_id=RECORDING)

    assert found == RecordingInfo("", "", "", "", "", None, "", "", {})
    assert found.format == ""


def test_a_refused_lookup_says_what_to_look_at(api: TelnyxApi, scripted: ScriptedTelnyx) -> None:
    scripted.answers.append(error(401, "10009"))

    with pytest.raises(TelnyxRefused, match=r"401.*check TELNYX_API_KEY") as refusal:
        api.find_recording(recording_id=RECORDING)

    assert (refusal.value.status, refusal.value.code) == (401, "10009")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (error(422, "10015", title="Bad", detail="Wrong id"), "status 422: 10015 Bad Wrong id"),
        (Answer(400, b""), "status 400: no reason given"),
    ],
)
def test_a_refused_lookup_says_what_telnyx_says(
    answer: Answer, sentence: str, api: TelnyxApi, scripted: ScriptedTelnyx
) -> None:
    scripted.answers.append(answer)

    with pytest.raises(TelnyxRefused, match=sentence):
        api.find_recording(call_leg_id="leg", started_at="2026-01-23T18:05:00Z")


def test_a_lookup_that_fails_for_now_is_repeated_and_then_unavailable(
    api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    limited = error(429, "10011", **{"retry-after": "3"})
    scripted.answers.extend([limited, limited])

    with pytest.raises(TelnyxUnavailable, match="rate-limited after 2 attempts") as failure:
        api.find_recording(recording_id=RECORDING)

    assert (failure.value.reason, failure.value.retry_after_seconds) == ("rate-limited", 3.0)
    assert virtual.slept == [3.0]


def test_a_lookup_keeps_to_the_deadline_that_it_is_given(
    api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    with pytest.raises(TelnyxUnavailable, match="deadline after 0 attempts"):
        api.find_recording(recording_id=RECORDING, deadline=virtual.now)

    assert scripted.requests == []


def test_a_lookup_needs_something_to_go_by(api: TelnyxApi) -> None:
    with pytest.raises(ValueError, match="recording_id or its call_leg_id"):
        api.find_recording(started_at="2026-01-23T18:05:00Z")


# --- Several at once ------------------------------------------------------------------------------------------


def test_several_commands_are_under_way_at_once_and_each_has_its_own_outcome(
    api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    asked = [(command("hangup", f"{CALL}-{number}"), f"id-{number}") for number in range(3)]
    scripted.before_answering = threading.Barrier(3, timeout=5).wait
    scripted.answers.append(error(422, "90018"))

    outcomes = api.send_together(asked, virtual.now + 5)

    came = {request.path.split("/")[3]: request.json for request in scripted.requests}
    assert came == {asked.call_control_id: {"command_id": its_id} for asked, its_id in asked}
    assert sorted(outcome.kind for outcome in outcomes) == ["accepted", "accepted", "ended"]


def test_an_outcome_is_that_of_the_command_in_its_place(
    api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    asked = [(command("hangup", f"{CALL}-{number}"), f"id-{number}") for number in range(4)]
    scripted.answering = lambda request: error(404, "10005") if f"{CALL}-2" in request.path else None

    outcomes = api.send_together(asked, virtual.now + 5)

    assert [outcome.kind for outcome in outcomes] == ["accepted", "accepted", "refused", "accepted"]


def test_telnyx_may_take_all_of_the_time_that_is_left_for_an_answer(scripted: ScriptedTelnyx) -> None:
    """No share of it is kept for a connection that is there."""
    api = TelnyxApi("KEY0123", scripted.url)
    api.send(SPEAK, "id-0", time.monotonic() + 10)
    scripted.before_answering = lambda: time.sleep(1.25)

    assert api.send(SPEAK, "id-1", time.monotonic() + 1.7).kind == "accepted"
    api.close()


def test_the_recordings_of_a_call_are_those_of_all_its_legs(api: TelnyxApi, scripted: ScriptedTelnyx) -> None:
    started = "2026-01-23T18:10:02Z"
    scripted.answers.append(
        listing(
            recording("a", started, call_leg_id="one", created_at="2026-01-23T18:11:04Z"), "?", recording("b", started)
        )
    )

    found = api.recordings_of("session")

    assert [(each.recording_id, each.call_leg_id) for each in found] == [("a", "one"), ("b", "leg")]
    assert [each.created_at for each in found] == ["2026-01-23T18:11:04Z", ""]
    [request] = scripted.requests
    assert unquote(request.path) == "/v2/recordings?filter[call_session_id]=session&page[size]=250"


@pytest.mark.parametrize(
    ("page", "meta", "more"),
    [(1, {"total_pages": 2}, True), (2, {"total_pages": 2}, False), (1, None, True), (2, {"total_pages": "2"}, True)],
)
def test_the_recordings_of_the_account_come_page_by_page(
    api: TelnyxApi, scripted: ScriptedTelnyx, page: int, meta: dict[str, object] | None, *, more: bool
) -> None:
    made = recording("a", "2026-01-23T18:10:02Z", connection_id="7")
    scripted.answers += [
        Answer(body=json.dumps({"data": [made], "meta": meta}).encode()),
        Answer(body=b'{"data": []}'),
    ]

    found, beyond = api.recordings_created(0.5, 60, page), api.recordings_created(0.5, 60, 3)

    assert [(each.recording_id, each.connection_id) for each in found.recordings] == [("a", "7")]
    assert (found.more, beyond.more) == (more, False)
    assert unquote(scripted.requests[0].path) == (
        "/v2/recordings?filter[created_at][gte]=1970-01-01T00:00:00.500Z"
        f"&filter[created_at][lte]=1970-01-01T00:01:00.000Z&page[number]={page}&page[size]=250"
    )


def test_the_commands_of_a_call_are_listed_by_action_and_leg_whatever_form_they_have(
    api: TelnyxApi, scripted: ScriptedTelnyx
) -> None:
    named = {"name": "call.speak", "call_leg_id": "one", "metadata": {"raw": {"command_id": "id-1"}}}
    scripted.answers.append(listing(named, "?", {"name": "hangup"}, {"name": 5, "call_leg_id": None}))

    found = api.commands_since("session", 0.5, NO_DEADLINE)

    assert [(each.action, each.call_leg_id) for each in found] == [("speak", "one"), ("hangup", ""), ("", "")]
    assert ["id-1" in each.said for each in found] == [True, False, False]
    [request] = scripted.requests
    assert unquote(request.path) == (
        "/v2/call_events?filter[application_session_id]=session&filter[type]=command"
        "&filter[occurred_at][gte]=1970-01-01T00:00:00.500Z&page[size]=250"
    )


def delivery(session: str, number: int, **changes: object) -> dict[str, object]:
    event = {"id": f"e-{number}", "event_type": "call.hangup", "occurred_at": f"2026-09-21T12:00:{number:02d}Z"}
    return {"status": "failed", "webhook": event | {"payload": {"call_session_id": session}}, **changes}


def test_the_events_of_a_call_that_could_not_be_delivered_are_listed_the_oldest_first_and_once(
    api: TelnyxApi, scripted: ScriptedTelnyx
) -> None:
    """Whatever else the filter lets through, or has no shape at all."""
    scripted.answers.append(
        listing(
            delivery("session", 9),
            delivery("session", 2),
            delivery("session", 2),
            delivery("session", 3, status="delivered"),
            delivery("another", 4),
            delivery("session", 6, webhook={"event_type": "call.hangup", "payload": "session"}),
            delivery("session", 7, webhook=None),
            "?",
        )
    )

    found = api.undelivered("session", 0.5)

    assert [each["id"] for each in found] == ["e-2", "e-9"]
    [request] = scripted.requests
    assert unquote(request.path) == (
        "/v2/webhook_deliveries?filter[status][eq]=failed"
        "&filter[webhook][contains]=session&filter[started_at][gte]=1970-01-01T00:00:00.500Z&page[size]=250"
    )


def test_what_is_deleted_twice_is_gone_and_what_cannot_be_deleted_is_no_success(
    api: TelnyxApi, scripted: ScriptedTelnyx
) -> None:
    scripted.answers.extend([Answer(), error(404, "10005"), error(403, "10010"), *[error(503, "x")] * 2])

    assert [api.delete_recording("r-1"), api.delete_transcription("t-1")] == [True, False]
    with pytest.raises(TelnyxRefused):
        api.delete_recording("r-1")
    with pytest.raises(TelnyxUnavailable):
        api.delete_recording("r-1")
    assert {each.method for each in scripted.requests} == {"DELETE"}


def test_transcriptions_are_those_of_the_recording_whatever_is_listed(api: TelnyxApi, scripted: ScriptedTelnyx) -> None:
    listed = [{"id": "t-1", "recording_id": "r-1"}, {"id": "t-2", "recording_id": "r-2"}, {"recording_id": "r-1"}]
    scripted.answers.append(Answer(body=json.dumps({"data": listed}).encode()))

    assert api.transcriptions_of("r-1") == ("t-1",)


@pytest.mark.parametrize("body", [b"{}", b'{"data": {}}', b'{"data": null}', b"[]", b'"none"'])
def test_an_answer_without_a_list_is_not_taken_for_there_being_none(
    api: TelnyxApi, scripted: ScriptedTelnyx, body: bytes
) -> None:
    scripted.answers.extend([Answer(body=body)] * 5)

    with pytest.raises(TelnyxUnavailable):
        api.undelivered("session", 0.5)
    with pytest.raises(TelnyxUnavailable):
        api.recordings_of("session")
    with pytest.raises(TelnyxUnavailable):
        api.recordings_created(0.5, 60)
    with pytest.raises(TelnyxUnavailable):
        api.transcriptions_of("recording")
    with pytest.raises(TelnyxUnavailable):
        api.commands_since("session", 0.5, NO_DEADLINE)


@pytest.mark.parametrize("answer", [HTML, SILENCE, CUT, error(429, "10011"), Answer(body=b"<html>")])
def test_recordings_that_cannot_be_asked_for_are_unavailable(
    api: TelnyxApi, scripted: ScriptedTelnyx, answer: Answer
) -> None:
    scripted.answers.extend([answer, answer])

    with pytest.raises(TelnyxUnavailable):
        api.recordings_of("session")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"is_alive": True}, CallInfo(is_alive=True, ended_at="")),
        ({"is_alive": False, "end_time": "2026-01-23T18:11:02Z"}, CallInfo(False, "2026-01-23T18:11:02Z")),  # noqa: FBT003
        ({"is_alive": False, "end_time": None}, CallInfo(is_alive=False, ended_at="")),
        ({"is_alive": False, "end_time": "soon"}, CallInfo(is_alive=False, ended_at="")),
    ],
)
def test_a_call_is_known_to_go_on_or_to_have_ended(
    api: TelnyxApi, scripted: ScriptedTelnyx, data: dict[str, object], expected: CallInfo
) -> None:
    scripted.answers.append(Answer(body=json.dumps({"data": data}).encode()))

    assert api.find_call(CALL) == expected
    [request] = scripted.requests
    assert (request.method, unquote(request.path)) == ("GET", f"/v2/calls/{CALL}")


@pytest.mark.parametrize("answer", [error(404, "10005"), error(422, "90015")])
def test_a_call_that_telnyx_does_not_know_is_none(api: TelnyxApi, scripted: ScriptedTelnyx, answer: Answer) -> None:
    scripted.answers.append(answer)

    assert api.find_call(CALL) is None


@pytest.mark.parametrize("body", [b"{}", b'{"data": {}}', b'{"data": {"is_alive": "yes"}}', b'{"data": []}'])
def test_an_answer_that_does_not_say_whether_a_call_goes_on_is_none_at_all(
    api: TelnyxApi, scripted: ScriptedTelnyx, body: bytes
) -> None:
    scripted.answers.append(Answer(body=body))

    with pytest.raises(TelnyxUnavailable):
        api.find_call(CALL)


TEXT = command("send_message", to="+15550142", text="Hello.", type="SMS", **{"from": "+15550100"})


def test_a_text_goes_out_under_its_key_the_same_byte_for_byte_however_it_was_stored(
    api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time
) -> None:
    stored = Command.from_json({**TEXT.to_json(), "parameters": dict(sorted(TEXT.parameters.items(), reverse=True))})

    for each in (TEXT, stored):
        assert api.send(each, "an-id", virtual.now + 5).kind == "accepted"

    first, second = scripted.requests
    assert (first.method, first.path) == ("POST", "/v2/messages")
    assert first.json == {"from": "+15550100", "text": "Hello.", "to": "+15550142", "type": "SMS"}
    assert {name.lower(): value for name, value in first.headers.items()}["idempotency-key"] == "an-id"
    assert first.body == second.body


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (error(403, "40300"), "refused", "40300"),
        (error(409, "40300"), "refused", "40300"),
        (error(400, "40305"), "refused", "40305"),
        (error(422, "10015"), "refused", "10015"),
        (error(409, "10015"), "unavailable", "10015"),
        (error(403, "10010"), "unavailable", "10010"),
    ],
)
def test_what_telnyx_says_of_a_text_is_final_where_it_is_about_the_text(  # noqa: PLR0913, PLR0917 -- a table, three fixtures
    api: TelnyxApi, scripted: ScriptedTelnyx, virtual: Time, answer: Answer, kind: str, code: str
) -> None:
    scripted.answers.extend([answer, answer])

    outcome = api.send(TEXT, "an-id", virtual.now + 5)

    assert (outcome.kind, outcome.code) == (kind, code)


def test_what_was_said_in_a_conversation_is_read_page_by_page(api: TelnyxApi, scripted: ScriptedTelnyx) -> None:
    pages = [[{"role": "user", "text": str(each)} for each in range(count)] for count in (100, 3)]
    scripted.answers.extend(Answer(body=json.dumps({"data": page}).encode()) for page in pages)
    scripted.answers.append(error(404, "10005"))

    said = api.conversation_messages("c/1")

    assert [len(said), said[0], api.conversation_messages("c/2")] == [103, {"role": "user", "text": "0"}, []]
    assert unquote(scripted.requests[1].path) == "/v2/ai/conversations/c/1/messages?page[number]=2&page[size]=100"
