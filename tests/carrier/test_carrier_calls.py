"""Incoming calls: states, webhooks and their fields, hang-ups, client state."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from telnyx import types

from infra.carrier import Application, Caller, HangUp, Machine, Person, Press, Say, Silence
from infra.carrier.caller_identity import CallerIdentity
from infra.carrier.trace import Answered, HungUp, Pressed, Rang
from tests.carrier.desk import CALLER, CONNECTION, NUMBER, URL, Desk


def test_an_incoming_call_is_reported_before_anything_else_and_rings_until_somebody_acts() -> None:
    desk = Desk()

    line = desk.carrier.call(CALLER, NUMBER, Caller(gives_up_after=7))
    desk.carrier.run()

    initiated, hangup = desk.events
    assert initiated["event_type"] == "call.initiated"
    assert initiated["payload"]["direction"] == "incoming"
    assert initiated["payload"]["state"] == "parked"
    assert initiated["payload"]["call_control_id"] == line.name.call_control_id
    assert (initiated["payload"]["from"], initiated["payload"]["to"]) == (CALLER, NUMBER)
    assert hangup["payload"]["hangup_cause"] == "originator_cancel"
    assert hangup["payload"]["hangup_source"] == "caller"
    assert hangup["payload"]["call_quality_stats"] is None
    assert hangup["at"] == pytest.approx(7.05)


def test_a_call_is_answered_and_hung_up_by_the_caller() -> None:
    desk = Desk().answering()

    desk.carrier.call(CALLER, NUMBER, Caller(Silence(10), HangUp()))
    desk.carrier.run()

    assert desk.types() == ["call.initiated", "call.answered", "call.hangup"]
    assert desk.of("call.answered")[0]["state"] == "answered"
    assert desk.of("call.hangup")[0]["hangup_cause"] == "normal_clearing"
    assert desk.of("call.hangup")[0]["call_quality_stats"]["inbound"]["packet_count"] == "500"
    assert [type(seen) for seen in desk.carrier.trace if isinstance(seen, Rang | Answered | HungUp)] == [
        Rang,
        Answered,
        HungUp,
    ]


def test_a_call_that_nobody_hangs_up_ends_after_four_hours_and_takes_no_time() -> None:
    desk = Desk().answering()

    desk.carrier.call(CALLER, NUMBER)
    desk.carrier.run()

    assert desk.of("call.hangup")[0]["hangup_cause"] == "time_limit"
    assert desk.carrier.clock.now > 14_400
    assert desk.carrier.quiet


@pytest.mark.parametrize(("cause", "hangup_cause"), [("USER_BUSY", "user_busy"), ("CALL_REJECTED", "call_rejected")])
def test_a_rejected_call_ends_with_the_cause_asked_for(cause: str, hangup_cause: str) -> None:
    desk = Desk()
    desk.on["call.initiated"] = lambda payload: desk.obeyed(payload["call_control_id"], "reject", cause=cause)

    desk.carrier.call(CALLER, NUMBER)
    desk.carrier.run()

    assert desk.types() == ["call.initiated", "call.hangup"]
    assert desk.of("call.hangup")[0]["hangup_cause"] == hangup_cause
    assert desk.of("call.hangup")[0]["hangup_source"] == "callee"


def test_what_plays_and_gathers_ends_before_the_hangup_is_reported() -> None:
    desk = Desk()
    call = desk.answered_call()
    desk.obeyed(call, "speak", payload="A rather long announcement. " * 10, voice="female")
    desk.obeyed(call, "gather", initial_timeout_millis=60_000)
    desk.carrier.run_for(1)

    desk.obeyed(call, "hangup")
    desk.carrier.run()

    assert desk.types()[-3:] == ["call.speak.ended", "call.gather.ended", "call.hangup"]
    assert desk.of("call.speak.ended")[0]["status"] == "call_hangup"
    assert desk.of("call.gather.ended")[0]["status"] == "call_hangup"
    assert desk.of("call.hangup")[0]["hangup_source"] == "callee"


def test_the_latest_client_state_is_echoed_on_every_later_webhook() -> None:
    desk = Desk()
    call = desk.answered_call(Silence(5), Press("1"), Silence(5), Press("2"))
    desk.obeyed(call, "speak", payload="Hi", voice="female", client_state="b25l")
    desk.carrier.run(when=lambda: bool(desk.of("call.dtmf.received")))

    desk.obeyed(call, "client_state_update", client_state="dHdv")
    desk.carrier.run_for(6)

    assert desk.of("call.initiated")[0]["client_state"] is None
    assert desk.of("call.speak.started")[0]["client_state"] == "b25l"
    assert [payload["client_state"] for payload in desk.of("call.dtmf.received")] == ["b25l", "dHdv"]


def test_a_refused_command_leaves_the_client_state_alone() -> None:
    desk = Desk()
    call = desk.answered_call(Silence(1), Press("1"))

    desk.command(call, "playback_start", audio_url="http://127.0.0.1/a.wav", overlay=True, client_state="bm8=")
    desk.carrier.run_for(2)

    assert desk.of("call.dtmf.received")[0]["client_state"] is None


def test_occurred_at_is_virtual_time_from_the_start_given() -> None:
    desk = Desk(start=datetime(2026, 1, 1, 9, tzinfo=UTC))

    desk.answered_call(Silence(90), HangUp())
    desk.carrier.run()

    assert desk.events[0]["occurred_at"] == "2026-01-01T09:00:00.000000Z"
    assert desk.events[-1]["occurred_at"] == "2026-01-01T09:01:30.150000Z"


def test_the_cost_comes_only_where_the_application_asks_for_it() -> None:
    asking = Desk(Application(CONNECTION, URL, call_cost_in_webhooks=True)).answering()
    silent = Desk().answering()

    for desk in (asking, silent):
        desk.carrier.call(CALLER, NUMBER, Caller(Silence(61), HangUp()))
        desk.carrier.run()

    cost = asking.of("call.cost")[0]
    assert (cost["billed_duration_secs"], cost["total_cost"], cost["status"]) == (120, "0.0136", "success")
    assert silent.of("call.cost") == []


def test_a_person_at_a_keyboard_can_press_speak_and_hang_up() -> None:
    desk = Desk().answering()
    line = desk.carrier.call(CALLER, NUMBER)
    desk.carrier.run(when=lambda: bool(desk.of("call.answered")))

    line.press("42")
    line.say(2, "hello")
    desk.carrier.run_for(3)
    line.hang_up()
    desk.carrier.run()

    assert [seen.digit for seen in desk.carrier.trace if isinstance(seen, Pressed)] == ["4", "2"]
    assert desk.of("call.hangup")[0]["hangup_source"] == "caller"


_MODELS: dict[str, Any] = {
    "call.answered": types.CallAnsweredWebhookEvent,
    "call.bridged": types.CallBridgedWebhookEvent,
    "call.cost": types.CallCostWebhookEvent,
    "call.dtmf.received": types.CallDtmfReceivedWebhookEvent,
    "call.gather.ended": types.CallGatherEndedWebhookEvent,
    "call.hangup": types.CallHangupWebhookEvent,
    "call.initiated": types.CallInitiatedWebhookEvent,
    "call.machine.detection.ended": types.CallMachineDetectionEndedWebhookEvent,
    "call.machine.greeting.ended": types.CallMachineGreetingEndedWebhookEvent,
    "call.playback.ended": types.CallPlaybackEndedWebhookEvent,
    "call.playback.started": types.CallPlaybackStartedWebhookEvent,
    "call.recording.error": types.CallRecordingErrorWebhookEvent,
    "call.recording.saved": types.CallRecordingSavedWebhookEvent,
    "call.recording.transcription.saved": types.CallRecordingTranscriptionSavedWebhookEvent,
    "call.speak.ended": types.CallSpeakEndedWebhookEvent,
    "call.speak.started": types.CallSpeakStartedWebhookEvent,
}


def test_every_event_has_the_fields_and_types_that_telnyx_describes(wav: bytes) -> None:
    desk = Desk(Application(CONNECTION, URL, call_cost_in_webhooks=True))
    desk.carrier.media.publish("http://127.0.0.1/a.wav", wav)
    desk.carrier.add_callee("+15550111", Person(Say(2, "hello"), HangUp(after=5)))
    desk.carrier.add_callee("+15550112", Machine())
    call = desk.answered_call(Silence(1), Press("5"))
    for action, parameters in (
        ("record_start", {"format": "wav", "channels": "dual", "transcription": True}),
        ("speak", {"payload": "Hi", "voice": "female"}),
        ("playback_start", {"audio_url": "http://127.0.0.1/a.wav"}),
        ("playback_start", {"media_name": "missing"}),
        ("gather", {}),
    ):
        desk.obeyed(call, action, client_state="eA==", **parameters)
    desk.carrier.run_for(10)
    desk.obeyed(call, "transfer", to="+15550111", target_leg_client_state="eQ==")
    desk.dial("+15550112", answering_machine_detection="greeting_end", client_state="eA==")
    desk.carrier.run()
    second = desk.answered_call()
    desk.carrier.recordings.fail_next("Internal server error")
    desk.obeyed(second, "record_start", format="mp3", channels="single", client_state="eA==")
    desk.obeyed(second, "hangup")

    desk.carrier.run()

    assert set(desk.types()) == set(_MODELS)
    for event in desk.events:
        model = _MODELS[event["event_type"]]
        data = model.model_validate({"data": _without_nulls(event)}, strict=False).data
        assert data is not None
        assert data.payload is not None
        unknown = set(event["payload"]) - {
            field.alias or name for name, field in type(data.payload).model_fields.items()
        }
        assert not unknown, (event["event_type"], unknown)


def _without_nulls(event: dict[str, object]) -> dict[str, object]:
    """A null client_state or billing group is how Telnyx says that there is none."""
    plain = {name: event[name] for name in ("event_type", "id", "occurred_at", "record_type")}
    payload = json.loads(json.dumps(event["payload"]))
    return {**plain, "payload": {name: value for name, value in payload.items() if value is not None}}


def test_a_call_of_another_time_leaves_the_others_in_theirs() -> None:
    desk = Desk(start=datetime(2026, 3, 2, 10, tzinfo=UTC)).answering()
    christmas = datetime(2026, 12, 24, 22, tzinfo=UTC)

    then = desk.carrier.call(CALLER, NUMBER, at=christmas)
    now = desk.carrier.call(CALLER, NUMBER)
    desk.carrier.run_for(2)
    then.hang_up()
    desk.carrier.run_for(2)

    times = [(event["payload"]["call_session_id"], event["occurred_at"][:13]) for event in desk.events]
    assert {hour for session, hour in times if session == then.name.call_session_id} == {"2026-12-24T22"}
    assert {hour for session, hour in times if session == now.name.call_session_id} == {"2026-03-02T10"}
    (hangup,) = (event for event in desk.events if event["event_type"] == "call.hangup")
    assert hangup["payload"]["start_time"].startswith("2026-12-24T22:00:00")


@pytest.mark.parametrize(
    ("inbound", "times"),
    [
        ({}, {"shaken_stir_attestation": "A", "shaken_stir_validated": False}),
        ({"inbound": {"shaken_stir_enabled": True}}, {"shaken_stir_attestation": "A", "shaken_stir_validated": False}),
        ({"inbound": {"shaken_stir_enabled": False}}, {}),
    ],
)
def test_a_call_tells_what_the_network_says_of_its_caller(inbound: dict[str, Any], times: dict[str, object]) -> None:
    identity = CallerIdentity("ADA BYRON", "A", validated=False, screening="spam_likely")
    desk = Desk()
    application = desk.carrier.exchange.applications[CONNECTION]
    desk.carrier.add_application(replace(application, settings=inbound), [NUMBER])

    desk.carrier.call("+15550142", NUMBER, identity=identity)
    desk.carrier.call("+15550143", NUMBER)
    desk.carrier.run()

    named, plain = desk.of("call.initiated")
    said = {name: named[name] for name in named if name.startswith("shaken_stir")}
    assert (said, named["caller_id_name"], named["call_screening_result"]) == (times, "ADA BYRON", "spam_likely")
    assert (plain["caller_id_name"], "call_screening_result" in plain) == ("+15550143", False)
