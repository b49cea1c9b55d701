"""Outgoing calls: dialling, machines, transfers, bridges, and how each of them can fail."""

from base64 import b64encode
from typing import Any

import pytest

from infra.carrier import Busy, Callee, HangUp, Hear, Machine, NoAnswer, Person, Press, Rejects, Say, Silence, Unreached
from infra.carrier.legs import LegState, Nature
from infra.carrier.trace import Bridged, DigitsSent, Heard, Spoke
from tests.carrier.desk import CALLER, NUMBER, Desk, wav_of

AGENT = "+15550111"
OTHER = "+15550112"


def _about(desk: Desk, call: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        (event["event_type"], event["payload"])
        for event in desk.events
        if event["payload"].get("call_control_id") == call
    ]


def test_a_person_is_called_answers_listens_and_hangs_up() -> None:
    desk = Desk()
    desk.carrier.add_callee(AGENT, Person(Hear("goodbye"), HangUp(after=1), answers_after=4))
    desk.on["call.answered"] = lambda payload: desk.obeyed(
        payload["call_control_id"], "speak", payload="Hello and goodbye", voice="female"
    )

    dialled = desk.dial(AGENT, client_state="eA==", command_id="one")
    desk.carrier.run()

    assert desk.types() == [
        "call.initiated",
        "call.answered",
        "call.speak.started",
        "call.speak.ended",
        "call.hangup",
    ]
    initiated = desk.of("call.initiated")[0]
    assert (initiated["direction"], initiated["state"], initiated["to"]) == ("outgoing", "bridging", AGENT)
    assert {payload["client_state"] for _, payload in _about(desk, dialled["call_control_id"])} == {"eA=="}
    assert desk.of("call.hangup")[0]["hangup_source"] == "callee"
    assert desk.events[1]["at"] == pytest.approx(4.05)


@pytest.mark.parametrize(
    ("callee", "cause", "source", "sip"),
    [
        (Busy(), "user_busy", "callee", "486"),
        (Rejects(), "call_rejected", "callee", "603"),
        (NoAnswer(), "timeout", "caller", "487"),
        (NoAnswer(network_gives_up_after=20), "no_answer", "callee", "480"),
        (Unreached("unspecified"), "unspecified", "callee", "unspecified"),
        (None, "not_found", "callee", "404"),
    ],
)
def test_a_call_that_is_not_answered_ends_with_its_cause(
    callee: Callee | None, cause: str, source: str, sip: str
) -> None:
    desk = Desk()
    if callee is not None:
        desk.carrier.add_callee(AGENT, callee)

    desk.dial(AGENT, timeout_secs=25)
    desk.carrier.run()

    hangup = desk.of("call.hangup")[0]
    assert desk.types() == ["call.initiated", "call.hangup"]
    assert (hangup["hangup_cause"], hangup["hangup_source"], hangup["sip_hangup_cause"]) == (cause, source, sip)


def test_the_ringing_ends_at_the_dials_time_out_and_the_call_at_its_limit() -> None:
    desk = Desk()
    desk.carrier.add_callee(OTHER, Person(answers_after=1))

    desk.carrier.add_callee(AGENT, NoAnswer())
    desk.dial(AGENT, timeout_secs=7)
    desk.dial(OTHER, time_limit_secs=60)
    desk.carrier.run()

    ends = {
        event["payload"]["hangup_cause"]: event["at"] for event in desk.events if event["event_type"] == "call.hangup"
    }
    assert ends["timeout"] == pytest.approx(7, abs=0.2)
    assert ends["time_limit"] == pytest.approx(61, abs=0.2)


def test_a_call_can_be_cancelled_while_it_rings() -> None:
    desk = Desk()
    desk.carrier.add_callee(AGENT, Person(answers_after=10))
    call = desk.dial(AGENT)["call_control_id"]
    desk.carrier.run_for(3)

    desk.obeyed(call, "hangup")
    desk.carrier.run()

    assert desk.of("call.hangup")[0]["hangup_cause"] == "originator_cancel"
    assert desk.of("call.answered") == []


@pytest.mark.parametrize(
    ("callee", "mode", "expected"),
    [
        (Person(), "detect", [("detection", "human")]),
        (Person(nature=Nature.NOT_SURE), "detect", [("detection", "not_sure")]),
        (Machine(), "detect", [("detection", "machine")]),
        (Machine(), "greeting_end", [("detection", "machine"), ("greeting", "beep_detected")]),
        (Machine(beep=False), "greeting_end", [("detection", "machine"), ("greeting", "ended")]),
        (Machine(), "detect_words", [("detection", "machine"), ("greeting", "beep_detected")]),
        (Machine(), "detect_beep", [("detection", "machine"), ("greeting", "beep_detected")]),
        (Machine(beep=False), "detect_beep", [("detection", "machine")]),
        (Person(), "premium", [("premium.detection", "human_residence")]),
        (Machine(), "premium", [("premium.detection", "machine"), ("premium.greeting", "beep_detected")]),
        (Machine(greeting_seconds=1), "premium", [("premium.greeting", "beep_detected")]),
        (Machine(), "disabled", []),
    ],
)
def test_machines_and_people_are_distinguished(callee: Callee, mode: str, expected: list[tuple[str, str]]) -> None:
    desk = Desk()
    desk.carrier.add_callee(AGENT, callee)

    desk.dial(AGENT, answering_machine_detection=mode)
    desk.carrier.run_for(60)

    reported = [
        (event["event_type"].removeprefix("call.machine.").removesuffix(".ended"), event["payload"]["result"])
        for event in desk.events
        if "machine" in event["event_type"]
    ]
    assert reported == expected


def test_a_machine_hangs_up_when_it_has_recorded_enough() -> None:
    desk = Desk()
    desk.carrier.add_callee(AGENT, Machine(greeting_seconds=5, records_seconds=30, answers_after=2))

    desk.dial(AGENT)
    desk.carrier.run()

    assert desk.events[-1]["event_type"] == "call.hangup"
    assert desk.events[-1]["at"] == pytest.approx(2 + 5 + 30, abs=0.1)
    assert [seen.words for seen in desk.carrier.trace if isinstance(seen, Spoke)] == [
        "Please leave a message after the tone."
    ]


def test_of_several_numbers_the_first_to_answer_ends_the_others() -> None:
    desk = Desk()
    desk.carrier.add_callee(AGENT, Person(answers_after=9))
    desk.carrier.add_callee(OTHER, Person(answers_after=3))

    desk.dial([AGENT, OTHER])
    desk.carrier.run_for(20)

    assert [payload["to"] for payload in desk.of("call.answered")] == [OTHER]
    assert [(payload["to"], payload["hangup_cause"]) for payload in desk.of("call.hangup")] == [
        (AGENT, "originator_cancel")
    ]
    assert len({payload["call_session_id"] for payload in desk.of("call.initiated")}) == 1


def test_audio_and_keys_can_be_sent_as_soon_as_the_callee_answers() -> None:
    desk = Desk()
    desk.carrier.media.upload("hello", wav_of(2))
    desk.carrier.add_callee(AGENT, Person())
    desk.carrier.add_callee(OTHER, Person())

    desk.dial(AGENT, media_name="hello", send_digits_on_answer="1w2")
    desk.dial(f"{OTHER},77")
    desk.carrier.run_for(10)

    assert [payload["status"] for payload in desk.of("call.playback.ended")] == ["completed"]
    assert [seen.digits for seen in desk.carrier.trace if isinstance(seen, DigitsSent)] == ["1w2", "77"]


def test_a_transfer_rings_the_agent_in_the_same_session_and_bridges_both() -> None:
    desk = Desk()
    desk.carrier.add_callee(AGENT, Person(answers_after=5))
    call = desk.answered_call(Silence(30), HangUp())
    desk.obeyed(call, "playback_start", playback_content=_base64(wav_of(600)))

    desk.obeyed(call, "transfer", to=AGENT, client_state="b25l", target_leg_client_state="dHdv", timeout_secs=20)
    desk.carrier.run()

    agent = next(payload for payload in desk.of("call.initiated") if payload["direction"] == "outgoing")
    caller, other = (_about(desk, control) for control in (call, agent["call_control_id"]))
    assert agent["call_session_id"] == caller[0][1]["call_session_id"]
    assert (agent["from"], agent["to"]) == (NUMBER, AGENT)
    assert [kind for kind, _ in other] == ["call.initiated", "call.answered", "call.bridged", "call.hangup"]
    assert {payload["client_state"] for _, payload in other} == {"dHdv"}
    assert [kind for kind, _ in caller][-2:] == ["call.bridged", "call.hangup"]
    assert desk.of("call.playback.ended")[0]["status"] == "cancelled"
    assert [payload["hangup_source"] for payload in desk.of("call.hangup")] == ["caller", "caller"]
    assert len([seen for seen in desk.carrier.trace if isinstance(seen, Bridged)]) == 2


def _base64(audio: bytes) -> str:
    return b64encode(audio).decode()


@pytest.mark.parametrize(
    ("callee", "cause"),
    [(Busy(), "user_busy"), (Rejects(), "call_rejected"), (NoAnswer(), "timeout"), (None, "not_found")],
)
def test_a_transfer_that_fails_leaves_the_caller_on_the_line(callee: Callee | None, cause: str) -> None:
    desk = Desk()
    if callee is not None:
        desk.carrier.add_callee(AGENT, callee)
    call = desk.answered_call(Silence(300))

    desk.obeyed(call, "transfer", to=AGENT, timeout_secs=20)
    desk.carrier.run_for(60)

    assert [(payload["to"], payload["hangup_cause"]) for payload in desk.of("call.hangup")] == [(AGENT, cause)]
    desk.obeyed(call, "speak", payload="Nobody is there.", voice="female")


def test_a_caller_who_hangs_up_while_the_agent_rings_ends_the_ringing() -> None:
    desk = Desk()
    desk.carrier.add_callee(AGENT, Person(answers_after=20))
    call = desk.answered_call(HangUp(after=3))

    desk.obeyed(call, "transfer", to=AGENT)
    desk.carrier.run()

    assert [payload["hangup_cause"] for payload in desk.of("call.hangup")] == ["normal_clearing", "originator_cancel"]
    assert desk.of("call.bridged") == []


def test_an_agent_who_hangs_up_ends_the_caller_unless_the_caller_is_to_be_parked() -> None:
    for parks in (False, True):
        desk = Desk()
        desk.carrier.add_callee(AGENT, Person(Say(5), HangUp(), answers_after=1))
        call = desk.answered_call(Silence(300))
        more = {"park_after_unbridge": "self"} if parks else {}

        desk.obeyed(call, "transfer", to=AGENT, **more)
        desk.carrier.run_for(60)

        leg = desk.carrier.legs[0]
        assert leg.state is (LegState.ANSWERED if parks else LegState.ENDED)
        assert [payload["hangup_source"] for payload in desk.of("call.hangup")] == ["callee"] * (1 if parks else 2)


def test_a_whisper_is_heard_by_the_agent_alone_before_the_bridge() -> None:
    desk = Desk()
    desk.carrier.media.upload("whisper", wav_of(3))
    desk.carrier.add_callee(AGENT, Person(answers_after=1))
    call = desk.answered_call(Silence(60))

    desk.obeyed(call, "transfer", to=AGENT, media_name="whisper")
    desk.carrier.run_for(20)

    heard = [seen for seen in desk.carrier.trace if isinstance(seen, Heard) and seen.what == "whisper"]
    bridged = next(seen for seen in desk.carrier.trace if isinstance(seen, Bridged))
    assert [seen.leg.party for seen in heard if seen.leg is not None] == [AGENT]
    assert bridged.at == pytest.approx(heard[0].at + 3)


def test_bridged_people_hear_each_other_and_keys_are_reported() -> None:
    desk = Desk()
    desk.carrier.add_callee(AGENT, Person(Hear("account number"), Press("1"), answers_after=1))
    call = desk.answered_call(Silence(3), Say(2, "My account number is five"), Silence(60))

    desk.obeyed(call, "transfer", to=AGENT)
    desk.carrier.run_for(20)

    assert [payload["digit"] for payload in desk.of("call.dtmf.received")] == ["1"]
    voices = [seen for seen in desk.carrier.trace if isinstance(seen, Heard) and seen.kind == "voice"]
    assert [seen.leg.party for seen in voices if seen.leg is not None] == [AGENT]


def test_two_calls_can_be_bridged_and_one_hanging_up_ends_the_other() -> None:
    desk = Desk()
    desk.carrier.add_callee(AGENT, Person(answers_after=1))
    agent = desk.dial(AGENT)["call_control_id"]
    call = desk.answered_call(Silence(30), HangUp())
    desk.carrier.run_for(2)

    desk.obeyed(call, "bridge", call_control_id=agent)
    desk.carrier.run()

    assert {payload["call_control_id"] for payload in desk.of("call.bridged")} == {call, agent}
    assert {payload["call_control_id"] for payload in desk.of("call.hangup")} == {call, agent}


def test_bridging_with_somebody_else_ends_or_refuses_the_bridge_before() -> None:
    desk = Desk()
    desk.carrier.add_callee(AGENT, Person(answers_after=1))
    first, second = desk.answered_call(Silence(300)), desk.answered_call(Silence(300))
    agent = desk.dial(AGENT)["call_control_id"]
    desk.carrier.run_for(2)
    desk.obeyed(first, "bridge", call_control_id=agent)
    refused = desk.code(second, "bridge", call_control_id=agent, prevent_double_bridge=True)

    desk.obeyed(second, "bridge", call_control_id=agent)
    desk.carrier.run_for(5)

    assert refused == (422, "90033")
    states = {leg.name.call_control_id: leg.state for leg in desk.carrier.legs}
    assert (states[first], states[second], states[agent]) == (LegState.ENDED, LegState.BRIDGED, LegState.BRIDGED)


def test_a_dial_can_be_linked_and_bridged_on_answer() -> None:
    desk = Desk()
    desk.carrier.add_callee(AGENT, Person(answers_after=2))
    call = desk.answered_call(Silence(60))

    dialled = desk.dial(AGENT, link_to=call, bridge_intent=True, bridge_on_answer=True, park_after_unbridge="self")
    desk.carrier.run_for(10)
    desk.obeyed(call, "hangup")
    desk.carrier.run_for(1)

    assert dialled["call_session_id"] == desk.of("call.initiated")[0]["call_session_id"]
    assert desk.of("call.initiated")[1]["from"] == CALLER
    assert len(desk.of("call.bridged")) == 2
    assert [payload["call_control_id"] for payload in desk.of("call.hangup")] == [call]
    assert desk.carrier.legs[1].state is LegState.ANSWERED


def test_a_transferred_leg_can_be_recorded_from_its_answer() -> None:
    desk = Desk()
    desk.carrier.add_callee(AGENT, Person(Say(5), HangUp(), answers_after=4))
    call = desk.answered_call(Silence(300))

    answered = desk.obeyed(call, "transfer", to=AGENT, record="record-from-answer", record_format="wav")
    desk.carrier.run()

    saved = desk.of("call.recording.saved")[0]
    recording = desk.api("GET", f"/recordings/{answered['recording_id']}").json()["data"]
    assert recording["call_leg_id"] == saved["call_leg_id"]
    assert recording["duration_millis"] == 5_000


def test_keys_sent_down_the_line_are_heard_by_the_party() -> None:
    desk = Desk()
    desk.carrier.add_callee(AGENT, Person(Hear("42", kind="keys"), HangUp(), answers_after=1))
    call = desk.dial(AGENT)["call_control_id"]
    desk.carrier.run_for(2)

    desk.obeyed(call, "send_dtmf", digits="42")
    desk.carrier.run_for(1)

    assert desk.of("call.hangup")[0]["hangup_source"] == "callee"
