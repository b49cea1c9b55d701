"""The carrier over real HTTP: the official SDK speaks to it, and its webhooks reach a real server."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import telnyx
from telnyx import Telnyx

from infra.carrier import (
    ApiFault,
    Application,
    Caller,
    Carrier,
    HangUp,
    Hear,
    Person,
    Press,
    Request,
    Say,
    Silence,
    Step,
    UndeliveredError,
)
from infra.carrier.server import CarrierServer, http_fetch, http_post
from infra.carrier.trace import Commanded, Pressed, Spoke
from infra.cli.errors import INTERRUPTED
from infra.cli.main import main
from tests.carrier.desk import wav_of

pytestmark = pytest.mark.no_cover

NUMBER, CALLER, AGENT = "+15550100", "+15551234567", "+15550111"
CONNECTION = "1293384261075731499"


class Webhooks:
    """A real HTTP server that takes webhooks, verifies them with the SDK, and reacts."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.delays: dict[str, float] = {}
        self.hosts: list[str] = []
        self.on: dict[str, Any] = {}
        self.verifier: Telnyx | None = None
        webhooks = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                webhooks.hosts.append(self.headers["host"])
                body = self.rfile.read(int(self.headers["content-length"]))
                if webhooks.verifier is None:
                    self.close_connection = True
                    return
                webhooks.verifier.webhooks.unwrap(body.decode(), headers=dict(self.headers.items()))
                data = json.loads(body)["data"]
                webhooks.events.append(data)
                time.sleep(webhooks.delays.pop(data["event_type"], 0))
                if data["event_type"] in webhooks.on:
                    webhooks.on[data["event_type"]](data["payload"])
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                found = self.path == "/hours.wav"
                audio = wav_of(3) if found else b""
                self.send_response(200 if found else 404)
                self.send_header("content-length", str(len(audio)))
                self.end_headers()
                self.wfile.write(audio)

            def log_message(self, *_arguments: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def types(self) -> list[str]:
        return [event["event_type"] for event in self.events]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def webhooks() -> Iterator[Webhooks]:
    server = Webhooks()
    yield server
    server.close()


@pytest.fixture
def carrier(webhooks: Webhooks, sdk: Telnyx) -> Iterator[Carrier]:
    carrier = Carrier(http_post, fetch=http_fetch, delivery_threads=4)
    carrier.add_application(Application(CONNECTION, f"{webhooks.url}/webhooks/telnyx"), [NUMBER])
    webhooks.verifier = sdk.with_options(public_key=carrier.public_key)
    with CarrierServer(carrier):
        yield carrier


@pytest.fixture(scope="module")
def sdk() -> Iterator[Telnyx]:
    with Telnyx(api_key="KEY") as client:
        yield client


@pytest.fixture
def client(carrier: Carrier, sdk: Telnyx) -> Telnyx:
    return sdk.with_options(api_key=carrier.api_key, base_url=f"{carrier.public_url}/v2", max_retries=0, timeout=10)


def _answered(carrier: Carrier, client: Telnyx, webhooks: Webhooks, *steps: Step) -> str:
    line = carrier.call(CALLER, NUMBER, Caller(Silence(0.2), *steps))
    carrier.run(when=lambda: "call.initiated" in webhooks.types())
    client.calls.actions.answer(line.name.call_control_id)
    carrier.run_for(0.1)
    return line.name.call_control_id


GOOD: dict[str, dict[str, Any]] = {
    "update_client_state": {"client_state": "eA=="},
    "enqueue": {"queue_name": "support", "max_size": 20, "max_wait_time_secs": 600},
    "gather": {"maximum_digits": 4, "valid_digits": "123"},
    "stop_gather": {},
    "gather_using_audio": {"audio_url": "http://127.0.0.1:9/none.wav", "maximum_tries": 1},
    "gather_using_speak": {"payload": "Hi", "voice": "female", "invalid_payload": "No", "language": "en-US"},
    "start_playback": {"audio_url": "http://127.0.0.1:9/none.wav", "loop": "infinity", "target_legs": "self"},
    "stop_playback": {"stop": "all"},
    "pause_recording": {},
    "resume_recording": {},
    "start_recording": {"format": "wav", "channels": "dual", "transcription": True, "transcription_engine": "B"},
    "stop_recording": {},
    "send_dtmf": {"digits": "1w2W#", "duration_millis": 250},
    "speak": {
        "payload": "Hi",
        "voice": "AWS.Polly.Joanna-Neural",
        "voice_settings": {"type": "aws"},
        "loop": 2,
        "command_id": "891510ac-f3e4-11e8-af5b-de00688a4901",
    },
    "transfer": {"to": AGENT, "webhook_retries_policies": {"call.hangup": {"retries_ms": [100]}}, "from_": NUMBER},
    "hangup": {"custom_headers": [{"name": "X-One", "value": "1"}]},
}


@pytest.mark.parametrize("method", sorted(GOOD))
def test_the_sdk_is_obeyed_by_every_command_of_an_answered_call(
    carrier: Carrier, client: Telnyx, webhooks: Webhooks, method: str
) -> None:
    carrier.add_callee(AGENT, Person(answers_after=1))
    call = _answered(carrier, client, webhooks)

    answer = getattr(client.calls.actions, method)(call, **GOOD[method])

    assert answer.data.result == "ok"
    assert [seen.result for seen in carrier.trace if isinstance(seen, Commanded)] == ["accepted", "accepted"]


BAD: dict[str, dict[str, Any]] = {
    "answer": {"record": "always"},
    "bridge": {"call_control_id_to_bridge_with": "v3:nobody"},
    "update_client_state": {"client_state": "?"},
    "enqueue": {"queue_name": 7},
    "gather": {"maximum_digits": 400},
    "stop_gather": {"extra_body": {"nothing": 1}},
    "gather_using_audio": {"terminating_digit": "12"},
    "gather_using_speak": {"payload": "Hi", "voice": "female", "language": "xx"},
    "start_playback": {"audio_url": "http://127.0.0.1:9/a.wav", "media_name": "a"},
    "stop_playback": {"stop": "none"},
    "leave_queue": {"client_state": "?"},
    "pause_recording": {"recording_id": "6a09cdc3-8948-47f0-aa62-74ac943d6c58"},
    "resume_recording": {"recording_id": "6a09cdc3-8948-47f0-aa62-74ac943d6c58"},
    "start_recording": {"format": "ogg", "channels": "dual"},
    "stop_recording": {"recording_id": "6a09cdc3-8948-47f0-aa62-74ac943d6c58"},
    "reject": {"cause": "BORED"},
    "send_dtmf": {"digits": ""},
    "speak": {"payload": "x" * 3_001, "voice": "female"},
    "transfer": {"to": "somebody"},
    "hangup": {"client_state": "?"},
}


@pytest.mark.parametrize("method", sorted(BAD))
def test_the_sdk_learns_what_is_wrong_with_every_command(
    carrier: Carrier, client: Telnyx, webhooks: Webhooks, method: str
) -> None:
    call = _answered(carrier, client, webhooks)

    with pytest.raises(telnyx.UnprocessableEntityError) as refused:
        getattr(client.calls.actions, method)(call, **BAD[method])

    error = refused.value.response.json()["errors"][0]
    assert {"code", "title", "detail", "source", "meta"} == set(error)


def test_the_sdk_can_answer_reject_dial_and_bridge(carrier: Carrier, client: Telnyx, webhooks: Webhooks) -> None:
    carrier.add_callee(AGENT, Person(answers_after=1))
    rejected = carrier.call(CALLER, NUMBER)
    call = _answered(carrier, client, webhooks)

    client.calls.actions.reject(rejected.name.call_control_id, cause="USER_BUSY")
    dialled = client.calls.dial(connection_id=CONNECTION, from_=NUMBER, to=AGENT, record="record-from-answer")
    assert dialled.data is not None
    assert dialled.data.recording_id is not None
    carrier.run_for(3)
    client.calls.actions.bridge(call, call_control_id_to_bridge_with=dialled.data.call_control_id)
    carrier.run_for(1)

    status = client.calls.retrieve_status(dialled.data.call_control_id)
    assert status.data is not None
    assert status.data.is_alive
    assert webhooks.types().count("call.bridged") == 2


def test_a_whole_call_is_played_over_http_in_no_time(carrier: Carrier, client: Telnyx, webhooks: Webhooks) -> None:
    actions = client.calls.actions
    webhooks.on = {
        "call.initiated": lambda printed: actions.answer(printed["call_control_id"], record="record-from-answer"),
        "call.answered": lambda printed: actions.start_playback(
            printed["call_control_id"], audio_url=f"{webhooks.url}/hours.wav"
        ),
        "call.playback.ended": lambda printed: actions.gather_using_speak(
            printed["call_control_id"], payload="Press one, or wait.", voice="female", maximum_digits=1
        ),
        "call.gather.ended": lambda printed: actions.hangup(printed["call_control_id"]),
    }
    begun = time.monotonic()

    carrier.call(CALLER, NUMBER, Caller(Hear("press one"), Say(600, "thinking"), Press("1")))
    carrier.run()

    assert webhooks.types() == [
        "call.initiated",
        "call.answered",
        "call.playback.started",
        "call.playback.ended",
        "call.gather.ended",
        "call.hangup",
        "call.recording.saved",
    ]
    assert webhooks.events[4]["payload"]["status"] == "timeout"
    assert carrier.clock.now > 180
    assert time.monotonic() - begun < 10
    assert carrier.given_up == []


def test_recordings_are_listed_and_downloaded(carrier: Carrier, client: Telnyx, webhooks: Webhooks) -> None:
    call = _answered(carrier, client, webhooks, Say(5), HangUp())
    client.calls.actions.start_recording(call, format="wav", channels="dual")
    carrier.run()
    saved = next(event for event in webhooks.events if event["event_type"] == "call.recording.saved")["payload"]

    listed = client.recordings.list(filter={"call_leg_id": saved["call_leg_id"]})
    recording_id = listed.data[0].id
    assert recording_id is not None
    found = client.recordings.retrieve(recording_id)
    assert found.data is not None
    assert found.data.download_urls is not None
    response = httpx.get(str(found.data.download_urls.wav))
    part = httpx.get(saved["recording_urls"]["wav"], headers={"range": "bytes=0-43"})

    assert response.content[:4] == b"RIFF"
    assert len(response.content) == int(response.headers["content-length"])
    assert (part.status_code, part.content) == (206, response.content[:44])
    assert client.recordings.delete(recording_id).data is not None
    with pytest.raises(telnyx.NotFoundError):
        client.recordings.retrieve(recording_id)


def test_a_caller_can_listen_to_a_recording_that_the_carrier_itself_serves(
    carrier: Carrier, client: Telnyx, webhooks: Webhooks
) -> None:
    call = _answered(carrier, client, webhooks, Say(4), Silence(60))
    client.calls.actions.start_recording(call, format="wav", channels="single")
    carrier.run_for(3)
    client.calls.actions.stop_recording(call)
    carrier.run(when=lambda: "call.recording.saved" in webhooks.types())
    url = webhooks.events[-1]["payload"]["recording_urls"]["wav"]

    client.with_options(timeout=2).calls.actions.start_playback(call, audio_url=url)
    carrier.run(when=lambda: "call.playback.ended" in webhooks.types())

    ended = next(event for event in webhooks.events if event["event_type"] == "call.playback.ended")
    assert ended["payload"]["status"] == "completed"


def test_dial_waits_for_the_end_of_the_call_where_it_is_asked_to(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    carrier.add_callee(AGENT, Person(HangUp(), answers_after=1))
    _dials_from_here(carrier, monkeypatch)
    monkeypatch.setattr("time.sleep", lambda _seconds: carrier.run_for(3))

    status = main(["dial", AGENT, "--flow", "announcement", "--from", NUMBER, "--wait"])

    printed = capsys.readouterr().out
    assert status == 0
    assert printed.startswith(f"ringing {AGENT}: session ")
    assert printed.splitlines()[-1].startswith("over after ")
    assert not carrier.legs[-1].alive


def test_dial_says_that_the_call_goes_on_where_its_wait_is_interrupted(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    carrier.add_callee(AGENT, Person(answers_after=1))
    _dials_from_here(carrier, monkeypatch)

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)

    status = main(["dial", AGENT, "--flow", "announcement", "--from", NUMBER, "--wait"])

    printed, said = capsys.readouterr()
    session = printed.partition("session ")[2].partition(",")[0]
    assert status == INTERRUPTED
    assert f"dialtone: the call goes on: `dialtone calls show {session}`" in said
    assert "has been ended" not in said
    assert carrier.legs[-1].alive


def _dials_from_here(carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "TELNYX_CONNECTION_ID": CONNECTION,
        "TELNYX_API_KEY": carrier.api_key,
        "TELNYX_BASE_URL": f"{carrier.public_url}/v2",
    }.items():
        monkeypatch.setenv(name, value)


def test_whoever_takes_a_telephone_over_speaks_alone(carrier: Carrier, client: Telnyx, webhooks: Webhooks) -> None:
    line = carrier.call(CALLER, NUMBER, Caller(Silence(2), Say(1, "from the script"), HangUp()))
    carrier.run(when=lambda: "call.initiated" in webhooks.types())
    client.calls.actions.answer(line.name.call_control_id)
    carrier.run_for(1)

    line.take_over()
    line.say(1, "by hand")
    carrier.run_for(10)

    assert [seen.words for seen in carrier.trace if isinstance(seen, Spoke)] == ["by hand"]
    assert line.leg.alive


def test_an_expired_url_answers_with_an_xml_page(carrier: Carrier, client: Telnyx, webhooks: Webhooks) -> None:
    call = _answered(carrier, client, webhooks)
    client.calls.actions.start_recording(call, format="mp3", channels="single")
    client.calls.actions.stop_recording(call)
    carrier.run_for(2)
    url = webhooks.events[-1]["payload"]["recording_urls"]["mp3"]

    carrier.run_for(601)

    response = httpx.get(url)
    assert (response.status_code, response.headers["content-type"]) == (403, "application/xml")


def test_the_sdk_sees_faults_as_what_they_are(carrier: Carrier, client: Telnyx, webhooks: Webhooks) -> None:
    call = _answered(carrier, client, webhooks)
    quick = client.with_options(timeout=0.5)
    expected = {
        ApiFault.RATE_LIMITED: telnyx.RateLimitError,
        ApiFault.UNAVAILABLE: telnyx.InternalServerError,
        ApiFault.UNAVAILABLE_AFTER_OBEYING: telnyx.InternalServerError,
        ApiFault.TIME_OUT_BEFORE_OBEYING: telnyx.APITimeoutError,
        ApiFault.TIME_OUT_AFTER_OBEYING: telnyx.APITimeoutError,
        ApiFault.RESET_BEFORE_OBEYING: telnyx.APIConnectionError,
        ApiFault.RESET_AFTER_OBEYING: telnyx.APIConnectionError,
    }

    for fault, error in expected.items():
        carrier.faults.disturb_api(fault, action="send_dtmf")
        with pytest.raises(error):
            quick.calls.actions.send_dtmf(call, digits="1", command_id=fault.value)
        quick.calls.actions.send_dtmf(call, digits="1", command_id=fault.value)

    results = [seen.result for seen in carrier.trace if isinstance(seen, Commanded) and seen.action == "send_dtmf"]
    assert results.count("accepted") == len(expected)
    assert results.count("ignored") == len([fault for fault in expected if "after" in fault])


def test_a_wrong_key_and_an_unknown_path_are_distinguished(client: Telnyx) -> None:
    with pytest.raises(telnyx.AuthenticationError):
        client.with_options(api_key="wrong").recordings.list()
    with pytest.raises(telnyx.NotFoundError):
        client.get("/nothing", cast_to=httpx.Response)


def test_time_stands_still_while_a_webhook_is_being_answered(
    carrier: Carrier, client: Telnyx, webhooks: Webhooks
) -> None:
    webhooks.delays["call.initiated"] = 0.3
    webhooks.on["call.initiated"] = lambda printed: client.calls.actions.answer(printed["call_control_id"])

    carrier.call(CALLER, NUMBER, Caller(gives_up_after=1))
    carrier.run()

    assert "call.answered" in webhooks.types()
    answer = next(seen for seen in carrier.trace if isinstance(seen, Commanded))
    assert answer.at == pytest.approx(0.05)


def test_time_stands_still_while_it_is_held(carrier: Carrier) -> None:
    carrier.call(CALLER, NUMBER, Caller(gives_up_after=1))
    playing = threading.Thread(target=carrier.run)

    with carrier.holding():
        playing.start()
        time.sleep(0.2)
        held_at = carrier.clock.now
    playing.join()

    assert held_at == 0
    assert carrier.clock.now > 1


def test_an_answer_later_than_the_applications_time_out_is_no_answer(carrier: Carrier, webhooks: Webhooks) -> None:
    carrier.change_application(CONNECTION, webhook_timeout_secs=0.2)
    webhooks.delays["call.initiated"] = 0.6

    carrier.call(CALLER, NUMBER, Caller(gives_up_after=60))
    carrier.run_for(5)

    assert webhooks.types() == ["call.initiated", "call.initiated"]
    assert carrier.given_up == []


def test_a_webhook_that_reaches_nobody_is_retried_and_given_up() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/webhooks"
        carrier = Carrier(http_post, delivery_threads=2)
        carrier.add_application(Application(CONNECTION, url), [NUMBER])
        carrier.call(CALLER, NUMBER, Caller(gives_up_after=600))
        carrier.run_for(120)
        carrier.close()

    assert [(given_up.attempts, "refused" in given_up.reason.lower()) for given_up in carrier.given_up] == [(6, True)]


def test_a_host_name_under_localhost_is_this_machine_and_reaches_the_server_by_its_name(webhooks: Webhooks) -> None:
    port = webhooks.url.rpartition(":")[2]

    with pytest.raises(UndeliveredError, match="not on this machine"):
        http_post(Request("POST", f"http://api.localhost.example.com:{port}/"), 1)
    with pytest.raises(UndeliveredError, match="RemoteDisconnected"):
        http_post(Request("POST", f"http://api.execute-api.localhost:{port}/webhooks", body=b"{}"), 5)

    assert webhooks.hosts == [f"api.execute-api.localhost:{port}"]


def test_nothing_leaves_the_machine(webhooks: Webhooks) -> None:
    carrier = Carrier(http_post, fetch=http_fetch)
    carrier.add_application(Application(CONNECTION, "https://example.com/webhooks"), [NUMBER])
    carrier.call(CALLER, NUMBER, Caller(gives_up_after=600))
    carrier.run_for(120)

    assert carrier.given_up[0].reason == "https://example.com/webhooks is not on this machine"
    assert carrier.media.at("https://example.com/a.wav").failed_status == "file_not_found"
    assert carrier.media.at(f"{webhooks.url}/hours.wav").seconds == 3
    assert "404" in str(carrier.media.at(f"{webhooks.url}/none.wav").failed_detail)


def test_a_paced_clock_takes_wall_time_and_wakes_for_a_key(
    carrier: Carrier, client: Telnyx, webhooks: Webhooks
) -> None:
    line = carrier.call(CALLER, NUMBER)
    carrier.run(when=lambda: "call.initiated" in webhooks.types())
    client.calls.actions.answer(line.name.call_control_id)
    carrier.run_for(1)
    carrier.pump.pace = 10
    playing = threading.Thread(target=carrier.run_for, args=(8,))
    begun = time.monotonic()

    playing.start()
    time.sleep(0.3)
    line.press("7")
    playing.join()

    taken = time.monotonic() - begun
    pressed = next(seen for seen in carrier.trace if isinstance(seen, Pressed))
    assert 1 + 3 <= pressed.at < 1 + 8
    assert 0.8 <= taken < 4
    assert "call.dtmf.received" in webhooks.types()


def test_one_connection_serves_many_requests(carrier: Carrier) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(carrier.public_url.rpartition(":")[2]))
    statuses = []
    for _ in range(3):
        connection.request("GET", "/v2/recordings", headers={"Authorization": f"Bearer {carrier.api_key}"})
        response = connection.getresponse()
        statuses.append(response.status)
        response.read()
    connection.close()

    assert statuses == [200, 200, 200]
    assert httpx.get(f"{carrier.public_url}/recordings-storage/x/none.wav").status_code == 404


def test_a_head_request_and_a_bad_length_are_answered(carrier: Carrier) -> None:
    head = httpx.head(f"{carrier.public_url}/recordings-storage/x/none.wav")
    with socket.create_connection(("127.0.0.1", int(carrier.public_url.rpartition(":")[2]))) as raw:
        raw.sendall(b"POST /v2/calls HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n")
        refused = raw.recv(100)

    assert (head.status_code, head.content) == (404, b"")
    assert refused.startswith(b"HTTP/1.1 400")


def test_a_server_refuses_a_carrier_that_would_wait_for_itself() -> None:
    with pytest.raises(ValueError, match="delivery_threads"):
        CarrierServer(Carrier(http_post))


def test_a_fault_of_the_poster_itself_is_not_swallowed() -> None:
    def broken(_request: Request, _timeout_seconds: float) -> int:
        raise KeyError("a bug")

    carrier = Carrier(broken, delivery_threads=1)
    carrier.add_application(Application(CONNECTION, "http://127.0.0.1:9/webhooks"), [NUMBER])
    carrier.call(CALLER, NUMBER)

    with pytest.raises(KeyError, match="a bug"):
        carrier.run()
    carrier.close()
