"""Commands that Telnyx refuses: status, error code and the parameter that it points at."""

import json
from typing import Any

import pytest

from infra.carrier import API_KEY, ApiFault, Caller, Loss, Person, Request, commands
from infra.carrier.api import api, specification
from infra.carrier.trace import Commanded
from tests.carrier.desk import CALLER, NUMBER, Desk

SPEECH = {"payload": "Hi", "voice": "female"}
AUDIO = {"audio_url": "http://127.0.0.1/a.wav"}
RECORDING = {"format": "wav", "channels": "single"}


@pytest.mark.parametrize(
    ("action", "parameters", "code", "pointer"),
    [
        ("speak", {"voice": "female"}, "10004", "/payload"),
        ("speak", {**SPEECH, "payload": ""}, "10004", "/payload"),
        ("speak", {**SPEECH, "payload": 5}, "90010", "/payload"),
        ("speak", {**SPEECH, "payload": "x" * 3_001}, "90010", "/payload"),
        ("speak", {**SPEECH, "voice": "Nobody.Knows"}, "90012", "/voice"),
        ("speak", {**SPEECH, "language": "xx-XX"}, "90013", "/language"),
        ("speak", {**SPEECH, "service_level": "basic", "language": "de-DE"}, "90013", "/language"),
        ("speak", {**SPEECH, "service_level": "basic", "payload_type": "ssml"}, "10015", "/payload_type"),
        ("speak", {**SPEECH, "payload_type": "html"}, "10032", "/payload_type"),
        ("speak", {**SPEECH, "loop": 101}, "90009", "/loop"),
        ("speak", {**SPEECH, "loop": "often"}, "90009", "/loop"),
        ("speak", {**SPEECH, "loop": True}, "90009", "/loop"),
        ("speak", {**SPEECH, "stop": "now"}, "90016", "/stop"),
        ("speak", {**SPEECH, "target_legs": "all"}, "10032", "/target_legs"),
        ("speak", {**SPEECH, "client_state": "not base64!"}, "90017", "/client_state"),
        ("speak", {**SPEECH, "volume": 3}, "10015", "/volume"),
        ("speak", {**SPEECH, "voice_settings": {"type": "nobody"}}, "10015", "/voice_settings"),
        ("playback_start", {}, "10004", "/audio_url"),
        ("playback_start", {**AUDIO, "media_name": "a"}, "10015", "/media_name"),
        ("playback_start", {**AUDIO, "overlay": True, "target_legs": "both"}, "10015", "/target_legs"),
        ("playback_start", {**AUDIO, "overlay": "yes"}, "10015", "/overlay"),
        ("playback_start", {"audio_url": "a.wav"}, "10015", "/audio_url"),
        ("playback_start", {**AUDIO, "audio_type": "ogg"}, "10032", "/audio_type"),
        ("playback_stop", {"stop": "some"}, "90016", "/stop"),
        ("record_start", {"format": "wav"}, "10004", "/channels"),
        ("record_start", {**RECORDING, "format": "ogg"}, "90000", "/format"),
        ("record_start", {**RECORDING, "channels": "triple"}, "10032", "/channels"),
        ("record_start", {**RECORDING, "recording_track": "middle"}, "90059", "/recording_track"),
        ("record_start", {**RECORDING, "max_length": 14_401}, "10033", "/max_length"),
        ("record_start", {**RECORDING, "timeout_secs": -1}, "10033", "/timeout_secs"),
        ("record_start", {**RECORDING, "timeout_secs": 1.5}, "10015", "/timeout_secs"),
        ("record_start", {**RECORDING, "custom_file_name": "x" * 41}, "10033", "/custom_file_name"),
        ("record_start", {**RECORDING, "transcription_language": "xx"}, "10032", "/transcription_language"),
        (
            "record_start",
            {**RECORDING, "transcription_engine": "deepgram/nova-3", "transcription_language": "de"},
            "10015",
            "/transcription_language",
        ),
        (
            "record_start",
            {**RECORDING, "transcription_engine": "B", "transcription_speaker_diarization": True},
            "10015",
            "/transcription_speaker_diarization",
        ),
        ("record_stop", {"recording_id": "6a09cdc3-8948-47f0-aa62-74ac943d6c58"}, "10015", "/recording_id"),
        ("gather", {"minimum_digits": 0}, "10033", "/minimum_digits"),
        ("gather", {"maximum_digits": 129}, "10033", "/maximum_digits"),
        ("gather", {"minimum_digits": 5, "maximum_digits": 4}, "10033", "/minimum_digits"),
        ("gather", {"valid_digits": "abc"}, "10015", "/valid_digits"),
        ("gather", {"terminating_digit": "##"}, "10015", "/terminating_digit"),
        ("gather", {"gather_id": "x" * 41}, "10033", "/gather_id"),
        ("gather", {"maximum_tries": 2}, "10015", "/maximum_tries"),
        ("gather_using_speak", {"payload": "Hi"}, "10004", "/voice"),
        ("gather_using_speak", {**SPEECH, "maximum_tries": 0}, "10033", "/maximum_tries"),
        ("gather_using_audio", {}, "10004", "/audio_url"),
        (
            "gather_using_audio",
            {**AUDIO, "invalid_audio_url": "http://127.0.0.1/b", "invalid_media_name": "b"},
            "10015",
            "/invalid_media_name",
        ),
        ("transfer", {}, "10004", "/to"),
        ("transfer", {"to": "5550111"}, "10016", "/to"),
        ("transfer", {"to": "+15550111", "from": "me"}, "10016", "/from"),
        ("transfer", {"to": "+15550111", "timeout_secs": 601}, "10033", "/timeout_secs"),
        ("transfer", {"to": "+15550111", "park_after_unbridge": "both"}, "10032", "/park_after_unbridge"),
        ("transfer", {"to": "+15550111", "target_leg_client_state": "?"}, "90017", "/target_leg_client_state"),
        (
            "transfer",
            {"to": "+15550111", "webhook_retries_policies": {"call.hangup": {"retries_ms": [1] * 6}}},
            "10015",
            "/webhook_retries_policies/call.hangup/retries_ms",
        ),
        ("bridge", {"call_control_id": "v3:nobody"}, "90015", "/call_control_id"),
        ("bridge", {"video_room_id": "6d5c6a4e-0b0f-4e8e-9d5a-5f1f6a7d2c11"}, "90015", "/call_control_id"),
        ("send_dtmf", {"digits": "12E"}, "10015", "/digits"),
        ("send_dtmf", {"digits": "1", "duration_millis": 501}, "10033", "/duration_millis"),
        ("hangup", {"custom_headers": [{"name": "X-One"}]}, "10004", "/custom_headers/0/value"),
        ("client_state_update", {}, "10004", "/client_state"),
    ],
)
def test_a_wrong_parameter_is_refused_and_pointed_at(
    action: str, parameters: dict[str, Any], code: str, pointer: str
) -> None:
    desk = Desk()
    call = desk.answered_call()

    response = desk.command(call, action, **parameters)

    error = response.json()["errors"][0]
    assert (response.status, error["code"], error["source"]) == (422, code, {"pointer": pointer})
    assert {"title", "detail", "meta"} <= set(error)


@pytest.mark.parametrize(
    ("parameters", "code", "pointer"),
    [
        ({"to": "+15550111", "from": NUMBER}, "10004", "/connection_id"),
        ({"connection_id": "1", "to": "+15550111", "from": NUMBER}, "10015", "/connection_id"),
        ({"connection_id": "1293384261075731499", "to": [], "from": NUMBER}, "10004", "/to"),
        ({"connection_id": "1293384261075731499", "to": ["+15550111", "x"], "from": NUMBER}, "10016", "/to"),
        (
            {"connection_id": "1293384261075731499", "to": "+15550111", "from": NUMBER, "bridge_on_answer": True},
            "10004",
            "/link_to",
        ),
        (
            {"connection_id": "1293384261075731499", "to": "+15550111", "from": NUMBER, "link_to": "v3:nobody"},
            "90015",
            "/link_to",
        ),
        (
            {"connection_id": "1293384261075731499", "to": "+15550111", "from": NUMBER, "time_limit_secs": 29},
            "10033",
            "/time_limit_secs",
        ),
    ],
)
def test_a_wrong_dial_is_refused_and_nobody_is_called(parameters: dict[str, Any], code: str, pointer: str) -> None:
    desk = Desk()

    response = desk.api("POST", "/calls", parameters)

    error = response.json()["errors"][0]
    assert (response.status, error["code"], error["source"]) == (422, code, {"pointer": pointer})
    assert desk.carrier.legs == []


def test_a_dial_whose_audio_cannot_be_fetched_is_refused() -> None:
    desk = Desk()

    response = desk.api(
        "POST",
        "/calls",
        {"connection_id": "1293384261075731499", "to": "+15550111", "from": NUMBER, **AUDIO},
    )

    assert (response.status, response.json()["errors"][0]["code"]) == (400, "90040")


MINIMAL: dict[str, dict[str, Any]] = {
    "ai_assistant_start": {"assistant": {"id": "assistant-1"}},
    "ai_assistant_stop": {},
    "transcription_start": {},
    "transcription_stop": {},
    "answer": {},
    "bridge": {"call_control_id": "v3:other"},
    "client_state_update": {"client_state": "eA=="},
    "enqueue": {"queue_name": "support"},
    "gather": {},
    "gather_stop": {},
    "gather_using_ai": {"parameters": {"type": "object", "properties": {"choice": {"enum": ["1"]}}}},
    "gather_using_audio": AUDIO,
    "gather_using_speak": SPEECH,
    "hangup": {},
    "leave_queue": {},
    "pay": {"amount": 12.5},
    "playback_start": AUDIO,
    "playback_stop": {},
    "record_pause": {},
    "record_resume": {},
    "record_start": RECORDING,
    "record_stop": {},
    "reject": {"cause": "USER_BUSY"},
    "send_dtmf": {"digits": "1"},
    "speak": SPEECH,
    "switch_supervisor_role": {"role": "barge"},
    "transfer": {"to": "+15550111"},
}


def test_every_action_that_is_described_is_obeyed() -> None:
    assert set(commands.COMMANDS) == set(MINIMAL) == set(specification.DESCRIPTIONS) - {"dial"}
    assert api.actions() == set(MINIMAL) | {"dial"}


@pytest.mark.parametrize("action", sorted(MINIMAL))
def test_a_call_that_has_ended_takes_no_commands(action: str) -> None:
    desk = Desk()
    call = desk.answered_call()
    desk.obeyed(call, "hangup")

    assert desk.code(call, action, **MINIMAL[action]) == (422, "90018")


@pytest.mark.parametrize("action", sorted(MINIMAL))
def test_a_call_control_id_that_was_never_given_out_is_refused(action: str) -> None:
    assert Desk().code("v3:nobody", action, **MINIMAL[action]) == (422, "90015")


@pytest.mark.parametrize(
    "action", sorted(set(MINIMAL) - {"answer", "reject", "hangup", "client_state_update", "record_start"})
)
def test_a_call_that_is_not_answered_takes_no_commands_that_need_audio(action: str) -> None:
    desk = Desk()
    line = desk.carrier.call(CALLER, NUMBER)
    desk.carrier.run_for(1)

    assert desk.code(line.name.call_control_id, action, **MINIMAL[action]) == (422, "90034")


def test_recording_before_there_is_audio_has_an_error_of_its_own() -> None:
    desk = Desk()
    line = desk.carrier.call(CALLER, NUMBER)

    assert desk.code(line.name.call_control_id, "record_start", **RECORDING) == (422, "90020")


@pytest.mark.parametrize("action", ["answer", "reject"])
def test_only_an_incoming_call_that_rings_can_be_answered_or_rejected(action: str) -> None:
    desk = Desk()
    desk.carrier.add_callee("+15550111", Person(answers_after=20))
    answered = desk.answered_call()
    outgoing = desk.dial("+15550111")["call_control_id"]

    assert desk.code(answered, action, **MINIMAL[action]) == (422, "90033")
    assert desk.code(outgoing, action, **MINIMAL[action]) == (422, "90033")


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": API_KEY}])
def test_a_missing_or_wrong_key_is_refused_whatever_is_asked(headers: dict[str, str]) -> None:
    desk = Desk()
    call = desk.answered_call()

    for path in (f"/v2/calls/{call}/actions/hangup", "/v2/recordings", "/v2/nothing"):
        response = desk.carrier.handle(Request("POST", path, {}, headers, b"{}"))
        assert (response.status, response.json()["errors"][0]["code"]) == (401, "10009")
    assert desk.carrier.legs[0].alive


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/nothing", 404),
        ("POST", "/calls/v3:x/actions/dance", 404),
        ("GET", "/calls/v3:x/actions/speak", 405),
        ("POST", "/calls/v3:x/actions/client_state_update", 405),
        ("GET", "/calls", 405),
        ("PUT", "/recordings/x", 405),
        ("GET", "/recordings/x", 404),
        ("GET", "/recording_transcriptions/x", 404),
        ("GET", "/calls/v3:x", 422),
    ],
)
def test_unknown_paths_and_methods_are_refused(method: str, path: str, status: int) -> None:
    response = Desk().api(method, path)

    assert response.status == status
    assert response.json()["errors"][0]["code"]


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", "10015"), (b"[1]", "10015"), (b'"x"', "10015"), (b"\xff{}", "10028"), (b"[" * 100_000, "10015")],
)
def test_a_body_that_is_no_json_object_is_a_bad_request(body: bytes, code: str) -> None:
    desk = Desk()
    call = desk.answered_call()
    headers = {"authorization": f"Bearer {API_KEY}"}

    response = desk.carrier.handle(Request("POST", f"/v2/calls/{call}/actions/speak", {}, headers, body))

    assert (response.status, response.json()["errors"][0]["code"]) == (400, code)


def test_a_command_seen_before_is_ignored_for_sixty_seconds() -> None:
    desk = Desk()
    call = desk.answered_call()

    for _ in range(2):
        assert desk.obeyed(call, "speak", command_id="one", **SPEECH) == {"result": "ok"}
    desk.carrier.run_for(59)
    desk.obeyed(call, "speak", command_id="one", **SPEECH)
    desk.carrier.run_for(2)
    desk.obeyed(call, "speak", command_id="one", **SPEECH)
    desk.carrier.run_for(9)

    results = [seen.result for seen in desk.carrier.trace if isinstance(seen, Commanded) and seen.action == "speak"]
    assert results == ["accepted", "ignored", "ignored", "accepted"]
    assert len(desk.of("call.speak.started")) == 2


def test_a_refused_command_is_not_remembered() -> None:
    desk = Desk()
    line = desk.carrier.call(CALLER, NUMBER)
    call = line.name.call_control_id
    early = desk.code(call, "speak", command_id="one", **SPEECH)
    desk.obeyed(call, "answer")

    desk.obeyed(call, "speak", command_id="one", **SPEECH)
    desk.carrier.run_for(5)

    assert early == (422, "90034")
    assert len(desk.of("call.speak.started")) == 1


def test_a_command_id_counts_for_its_own_call_only() -> None:
    desk = Desk()
    calls = [desk.answered_call(), desk.answered_call()]

    for call in calls:
        desk.obeyed(call, "speak", command_id="one", **SPEECH)
    desk.carrier.run_for(5)

    assert len(desk.of("call.speak.started")) == 2


def test_a_dial_seen_before_calls_nobody_again_and_is_answered_alike() -> None:
    desk = Desk()
    desk.carrier.add_callee("+15550111", Person())

    first = desk.dial("+15550111", command_id="one", record="record-from-answer")
    second = desk.dial("+15550111", command_id="one", record="record-from-answer")

    assert first == second
    assert first["is_alive"] is False
    assert len(desk.carrier.legs) == 1


def test_a_call_can_be_looked_up() -> None:
    desk = Desk()
    call = desk.answered_call()
    desk.carrier.run_for(30)
    alive = desk.api("GET", f"/calls/{call}").json()["data"]
    desk.obeyed(call, "hangup")

    ended = desk.api("GET", f"/calls/{call}").json()["data"]

    assert (alive["is_alive"], alive["call_duration"], alive["record_type"]) == (True, 30, "call")
    assert ended["is_alive"] is False
    assert ended["end_time"] > ended["start_time"]
    desk.carrier.run_for(601)
    assert desk.api("GET", f"/calls/{call}").status == 422


@pytest.mark.parametrize(
    ("fault", "status", "lost", "obeyed"),
    [
        (ApiFault.RATE_LIMITED, 429, None, False),
        (ApiFault.UNAVAILABLE, 503, None, False),
        (ApiFault.UNAVAILABLE_AFTER_OBEYING, 503, None, True),
        (ApiFault.TIME_OUT_BEFORE_OBEYING, 0, Loss.SILENCE, False),
        (ApiFault.TIME_OUT_AFTER_OBEYING, 200, Loss.SILENCE, True),
        (ApiFault.RESET_BEFORE_OBEYING, 0, Loss.RESET, False),
        (ApiFault.RESET_AFTER_OBEYING, 200, Loss.RESET, True),
    ],
)
def test_faults_are_dealt_to_the_action_they_were_ordered_for(
    fault: ApiFault,
    status: int,
    lost: Loss | None,
    obeyed: bool,  # noqa: FBT001 - an expectation
) -> None:
    desk = Desk()
    call = desk.answered_call()
    desk.carrier.faults.disturb_api(fault, action="speak", times=1, retry_after_seconds=7)

    desk.obeyed(call, "gather")
    disturbed = desk.command(call, "speak", command_id="one", **SPEECH)
    again = desk.obeyed(call, "speak", command_id="one", **SPEECH)
    desk.carrier.run_for(5)

    assert (disturbed.status, disturbed.lost) == (status, lost)
    assert again == {"result": "ok"}
    assert len(desk.of("call.speak.started")) == 1
    first = next(seen for seen in desk.carrier.trace if isinstance(seen, Commanded) and seen.action == "speak")
    assert (first.result, len([1 for seen in desk.carrier.trace if isinstance(seen, Commanded)])) == (
        "accepted",
        4 if obeyed else 3,
    )
    if status == 429:
        assert disturbed.headers["retry-after"] == "7"


def test_a_refusal_says_what_to_do_in_the_trace() -> None:
    desk = Desk()
    call = desk.answered_call()

    desk.command(call, "speak", voice="female")

    refused = desk.carrier.trace[-1]
    assert isinstance(refused, Commanded)
    assert (refused.result, refused.status, refused.code) == ("refused", 422, "10004")
    assert "payload" in refused.detail


def test_the_effects_of_a_command_are_reported_after_it() -> None:
    desk = Desk().answering()
    desk.carrier.call(CALLER, NUMBER, Caller())
    desk.carrier.run_for(1)

    kinds = [type(seen).__name__ for seen in desk.carrier.trace]
    assert kinds[:4] == ["Rang", "WebhookSent", "Commanded", "Answered"]
    assert json.dumps(desk.events[0]["payload"])


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/one", ["http://127.0.0.1:9/one"]])
def test_webhook_urls_may_be_written_as_the_description_or_as_the_sdk_has_them(url: object) -> None:
    desk = Desk()
    desk.on["call.initiated"] = lambda payload: desk.obeyed(
        payload["call_control_id"], "answer", webhook_urls={"call.answered": url}
    )

    desk.carrier.call(CALLER, NUMBER)
    desk.carrier.run_for(1)

    assert desk.requests[1].path == "http://127.0.0.1:9/one"


def test_linking_to_a_call_that_has_ended_is_refused() -> None:
    desk = Desk()
    call = desk.answered_call()
    desk.obeyed(call, "hangup")

    response = desk.api(
        "POST",
        "/calls",
        {"connection_id": "1293384261075731499", "to": "+15550111", "from": NUMBER, "link_to": call},
    )

    assert (response.status, response.json()["errors"][0]["code"]) == (422, "90018")


def test_a_call_cannot_be_bridged_with_itself_nor_with_one_that_is_over_or_not_answered() -> None:
    desk = Desk()
    call, over = desk.answered_call(), desk.answered_call()
    desk.obeyed(over, "hangup")
    desk.carrier.add_callee("+15550111", Person(answers_after=20))
    ringing = desk.dial("+15550111")["call_control_id"]

    codes = [desk.code(call, "bridge", call_control_id=other) for other in (call, over, ringing)]

    assert codes == [(422, "90015"), (422, "90018"), (422, "90034")]


def test_somebody_who_calls_a_number_of_nobody_learns_how_to_give_it_away() -> None:
    with pytest.raises(LookupError, match="add_application"):
        Desk().carrier.call(CALLER, "+15559999")
