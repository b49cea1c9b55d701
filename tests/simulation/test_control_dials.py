"""Calls that the control API dials: the API, the webhook's code and the simulated carrier together."""

from pathlib import Path
from typing import Any

import pytest

from control.dialling import TAKEN
from control.telnyx_parameters import NOT_TAKEN
from dialtone.adapters.telnyx_api import Outcome
from dialtone.domain.telnyx_actions import ACTIONS
from infra.carrier import HangUp, Hear, Machine, Person, Silence
from infra.carrier.account import SHOWN_NUMBER
from tests.simulation.controlled import ADA, ControlledStage, Died

FAR = "+15550161"
RING = {"to": FAR, "from": SHOWN_NUMBER}
FLOW = """
given: {name: who}
steps:
  hello: {say: "Hello, {name}."}
  bye: hangup
"""
DETECTING = "steps:\n  who: {answered_by: {person: bye, machine: bye}}\n  bye: hangup\n"


@pytest.fixture
def stage(tmp_path: Path) -> ControlledStage:
    stage = ControlledStage(FLOW, tmp_path, detecting=DETECTING)
    stage.carrier.add_callee(FAR, Person(Hear("Hello"), Silence(30), HangUp()))
    return stage


def heard(stage: ControlledStage) -> list[str]:
    return [str(each["payload"]) for each in stage.sent("speak")]


def test_somebody_is_rung_for_a_flow_once_under_a_key(stage: ControlledStage) -> None:
    body = {**RING, "flow": "front", "variables": {"name": "Ada"}, "record": "record-from-answer", "timeout_secs": 20}

    status, first, _ = stage.post("/calls", body, key="one")
    again = stage.post("/calls", body, key="one")[1]
    stage.carrier.run()
    later = stage.post("/calls", body, key="one")[1]

    assert (status, first["repeated"]) == (200, False)
    assert again == later == {**first, "repeated": True}
    assert (len(stage.sent("dial")), heard(stage)) == (1, ["Hello, Ada."])
    (leg,) = stage.store.legs(first["call_session_id"])
    assert (leg.flow, leg.direction, leg.outcome) == ("front", "outgoing", "completed")
    assert leg.leg_id == first["call_leg_id"]


@pytest.mark.parametrize(
    ("detection", "callee"),
    [(None, Person(Hear("Your taxi"), Silence(5))), ("greeting_end", Machine(4.0))],
)
def test_a_text_is_said_without_a_flow(stage: ControlledStage, detection: str | None, callee: Any) -> None:  # noqa: ANN401 -- any callee
    stage.carrier.add_callee(FAR, callee)
    more = {"answering_machine_detection": detection} if detection else {}

    status, _, _ = stage.post("/calls", {**RING, "say": "Your taxi is here.", **more})
    stage.carrier.run()

    assert (status, heard(stage)) == (200, ["Your taxi is here."])


@pytest.mark.parametrize(
    ("more", "parameter"),
    [
        ({}, "flow"),
        ({"flow": "front", "say": "Hello."}, "flow"),
        ({"flow": "nowhere"}, "flow"),
        ({"flow": "Front"}, "flow"),
        ({"flow": "front"}, "variables"),
        ({"flow": "front", "variables": {"name": "x" * 901}}, "variables.name"),
        ({"flow": "front", "variables": {"name": 5}}, "variables.name"),
        ({"flow": "detecting"}, "answering_machine_detection"),
        ({"say": ""}, "say"),
        ({"say": "x" * 901}, "say"),
        ({"say": "Hello.", "to": "0800"}, "to"),
        ({"say": "Hello.", "to": [FAR]}, "to"),
        ({"say": "Hello.", "from": "me"}, "from"),
        ({"say": "Hello.", "timeout_secs": 4}, "timeout_secs"),
        ({"say": "Hello.", "timeout_secs": 601}, "timeout_secs"),
        ({"say": "Hello.", "record_format": "mp3"}, "record_format"),
        ({"say": "Hello.", "webhook_url": "https://elsewhere.example"}, "webhook_url"),
        ({"say": "Hello.", "client_state": "AAAA"}, "client_state"),
    ],
)
def test_a_wrong_parameter_is_named(stage: ControlledStage, more: dict[str, Any], parameter: str) -> None:
    status, body, _ = stage.post("/calls", {**RING, **more})

    assert (status, body["error"]["parameter"]) == (422, parameter)
    assert stage.sent("dial") == []


@pytest.mark.parametrize("to", ["+15560161", "sip:ada@elsewhere.example", "sip:+15550161@elsewhere.example"])
def test_nobody_is_rung_who_is_not_allowed(stage: ControlledStage, to: str) -> None:
    status, body, _ = stage.post("/calls", {**RING, "to": to, "say": "Hello."})

    assert (status, body["error"]["code"], body["error"]["parameter"]) == (403, "destination_not_allowed", "to")
    assert stage.delivered == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_control_function_may_die_and_it_rings_once(stage: ControlledStage, when: str) -> None:
    def die() -> None:
        raise Died

    setattr(stage, f"{when}_delivery", die)
    with pytest.raises(Died):
        stage.post("/calls", {**RING, "say": "Hello."}, key="one")
    setattr(stage, f"{when}_delivery", lambda: None)
    status, body, _ = stage.post("/calls", {**RING, "say": "Hello."}, key="one")
    stage.carrier.run()

    assert (status, body["repeated"], bool(body["call_session_id"])) == (200, True, True)
    assert heard(stage) == ["Hello."]


def test_what_may_have_rung_a_minute_ago_is_not_rung_again(stage: ControlledStage) -> None:
    def die() -> None:
        raise Died

    stage.after_delivery = die
    with pytest.raises(Died):
        stage.post("/calls", {**RING, "say": "Hello."}, key="one")
    stage.after_delivery = lambda: None
    stage.carrier.run_for(61)
    status, body, _ = stage.post("/calls", {**RING, "say": "Hello."}, key="one")

    assert (status, body["error"]["code"], len(stage.sent("dial"))) == (409, "not_known", 1)


def test_telnyx_may_refuse_to_dial(stage: ControlledStage, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Outcome("refused", 1, 403, code="10010", title="Authorization failed")
    monkeypatch.setattr(type(stage.api), "send", lambda *_: refused)

    answers = [stage.post("/calls", {**RING, "say": "Hello."}, key="one")[:2] for _ in range(2)]

    assert answers[0] == answers[1]
    assert (answers[0][0], answers[0][1]["error"]["code"]) == (409, "10010")


def test_another_dial_under_the_same_key_is_refused(stage: ControlledStage) -> None:
    stage.post("/calls", {**RING, "say": "Hello."}, key="one")

    status, body, _ = stage.post("/calls", {**RING, "say": "Goodbye."}, key="one")

    assert (status, body["error"]["parameter"]) == (422, "Idempotency-Key")


def test_who_dialled_stands_in_the_requests_timeline(stage: ControlledStage) -> None:
    stage.post("/calls", {**RING, "say": "Hello."}, key="one")

    partition = stage.delivered[0]["dialtone_event"]["payload"]["call_session_id"]
    (entry,) = stage.store.timeline(partition)

    assert (entry.payload["asked_by"], entry.reason) == (ADA, "dial from outside")
    assert stage.post(f"/calls/{partition}/actions/hangup")[0] == 404, "the call itself has another id"


def test_every_parameter_of_dial_can_be_given_or_is_dialtones_own() -> None:
    left = ACTIONS["dial"].parameters.keys() - {*TAKEN} - NOT_TAKEN

    assert left == {
        "assistant",
        "audio_url",
        "billing_group_id",
        "bridge_intent",
        "bridge_on_answer",
        "conference_config",
        "conversation_relay_config",
        "deepfake_detection",
        "dialogflow_config",
        "diversion",
        "enable_dialogflow",
        "link_to",
        "media_name",
        "park_after_unbridge",
        "prevent_double_bridge",
        "retry_on_timeout",
        "send_silence_when_idle",
        "sound_modifications",
        "stream_auth_token",
        "stream_bidirectional_codec",
        "stream_bidirectional_mode",
        "stream_bidirectional_sampling_rate",
        "stream_bidirectional_target_legs",
        "stream_codec",
        "stream_establish_before_call_originate",
        "stream_track",
        "stream_url",
        "supervise_call_control_id",
        "supervisor_role",
        "transcription",
        "transcription_config",
        "webhook_retries_policies",
        "webhook_url",
        "webhook_url_method",
        "webhook_urls",
        "webhook_urls_method",
    }
