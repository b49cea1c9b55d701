"""Actions by the control API on calls in progress: the API, the webhook's code and the simulated carrier together."""

from pathlib import Path
from typing import Any

import pytest

from dialtone.adapters.telemetry import Measure
from dialtone.adapters.telnyx_api import Outcome
from dialtone.domain.commands import Command, command_id
from infra.carrier import Caller, HangUp, Hear, Person, Press, Silence
from tests.simulation.controlled import ADA, BOB, ControlledStage, Died

MENU = """
record: {format: mp3}
steps:
  ask: {menu: "Press one to hear the news.", keys: {1: news}, wait_seconds: 20}
  news: {say: "There is no news.", next: bye}
  bye: hangup
"""
LONG = "A long story that goes on and on and on, and on for a while longer."
TALK = f"steps:\n  one: {{say: '{LONG}'}}\n  two: {{say: '{LONG}'}}\n  bye: hangup\n"
SPEECH = {"payload": "The office closes in ten minutes.", "voice": "female"}
FAR = "+15550161"


@pytest.fixture
def stage(tmp_path: Path) -> ControlledStage:
    return ControlledStage(MENU, tmp_path, other="steps:\n  hello: {say: 'This is another flow.'}\n  bye: hangup\n")


def test_an_announcement_is_heard_over_a_menu_which_takes_its_key_after(stage: ControlledStage) -> None:
    leg = stage.answered(Caller(Hear("closes in ten"), Press("1", after=1), Hear("no news"), Silence(9), HangUp()))

    status, body, _ = stage.act(leg, "speak", SPEECH, key="one")
    stage.carrier.run()

    assert (status, body["action"], body["repeated"]) == (200, "speak", False)
    assert body["command_id"] == command_id(stage.delivered[0]["dialtone_event"]["id"], 0)
    assert [body["command_id"]] == [
        name for name, each in stage.api.obeyed.items() if each.parameters.get("payload") == SPEECH["payload"]
    ]
    assert stage.steps(leg) == ["ask", "news", "bye"]


def test_the_same_request_again_is_carried_out_once(stage: ControlledStage) -> None:
    leg = stage.answered(Caller(Silence(30), HangUp()))
    first = stage.act(leg, "speak", SPEECH, key="one")[1]
    stage.carrier.run_for(90)  # Telnyx has forgotten the command's id

    again = stage.act(leg, "speak", SPEECH, key="one")[1]

    assert again == {**first, "repeated": True}
    assert stage.sent("speak").count({**SPEECH, "client_state": stage.sent("speak")[0]["client_state"]}) == 1


def test_another_request_under_the_same_key_is_refused(stage: ControlledStage) -> None:
    leg = stage.answered(Caller(Silence(30), HangUp()))
    stage.act(leg, "speak", SPEECH, key="one")

    status, body, _ = stage.act(leg, "hangup", key="one")

    assert (status, body["error"]["parameter"]) == (422, "Idempotency-Key")
    assert stage.sent("hangup") == []


def test_what_was_refused_is_refused_again(stage: ControlledStage) -> None:
    leg = stage.answered(Caller(Silence(30), HangUp()))
    stage.api.refuses = lambda command: command.action == "speak"

    refused = [stage.act(leg, "speak", SPEECH, key="one")[:2] for _ in range(2)]

    assert refused[0] == refused[1]
    assert (refused[0][0], refused[0][1]["error"]["code"]) == (409, "90033")
    assert stage.steps(leg) == ["ask"], "the flow takes no notice"


def test_a_refused_hangup_is_the_answer_and_no_alarm(stage: ControlledStage, monkeypatch: pytest.MonkeyPatch) -> None:
    leg = stage.answered(Caller(Silence(30), HangUp()))
    measured: list[Measure] = []
    monkeypatch.setattr(type(stage.observer), "measure", lambda _, *measures: measured.extend(measures))
    stage.api.refuses = lambda command: command.action == "hangup"

    refused = [stage.act(leg, "hangup", key="one")[:2] for _ in range(2)]

    assert refused[0] == refused[1]
    assert (refused[0][0], refused[0][1]["error"]["code"]) == (409, "90033")
    assert refused[0][1]["error"]["message"].startswith("Telnyx says: hangup refused: 90033")
    assert stage.steps(leg) == ["ask"], "the flow takes no notice"
    assert {"CommandsRefused"} == {"CommandsRefused", "HangupsRefused", "WebhookFaults"} & {
        each.name for each in measured
    }


def test_a_recording_is_paused_until_it_is_resumed(stage: ControlledStage) -> None:
    leg = stage.answered(Caller(Silence(60), HangUp()))

    assert stage.act(leg, "record_pause")[0] == 200
    status, body, _ = stage.act(leg, "record_pause", by=BOB)
    assert (status, body["error"]["code"]) == (409, "paused")
    stage.carrier.run_for(8)
    assert stage.act(leg, "record_resume")[0] == 200
    stage.carrier.run()

    (recording,) = stage.store.recordings(leg.name.call_session_id)
    assert [each.why for each in recording.pauses or ()] == ["outside"]


def test_of_two_transfers_at_once_one_wins_and_the_other_is_refused(stage: ControlledStage) -> None:
    leg = stage.answered(Caller(Silence(60), HangUp()))
    stage.carrier.add_callee(FAR, Person(Silence(20), HangUp()))

    def faster() -> None:
        stage.before_delivery = lambda: None
        assert stage.act(leg, "transfer", {"to": FAR}, by=BOB)[0] == 200

    stage.before_delivery = faster
    status, body, _ = stage.act(leg, "transfer", {"to": FAR}, by=ADA)
    stage.carrier.run()

    assert (status, body["error"]["code"]) == (409, "connecting")
    assert len(stage.sent("transfer")) == 1
    assert stage.store.legs(leg.name.call_session_id)[0].bridged_at


def test_a_transfer_that_nobody_answers_brings_the_flow_back(stage: ControlledStage) -> None:
    leg = stage.answered(Caller(Silence(100), Hear("Press one"), Press("1"), Hear("no news"), Silence(9), HangUp()))

    assert stage.act(leg, "transfer", {"to": FAR, "timeout_secs": 10})[0] == 200
    stage.carrier.run()

    assert stage.steps(leg)[:2] == ["ask", "ask"]


def test_a_call_is_put_into_another_flow_and_into_a_step(stage: ControlledStage) -> None:
    leg = stage.answered(Caller(Hear("another flow"), Silence(30), HangUp()))
    path = f"/calls/{leg.name.call_session_id}/flow"

    assert stage.post(path, {"flow": "nowhere"})[1]["error"]["parameter"] == "flow"
    assert stage.post(path, {"step": "nowhere"})[1]["error"]["parameter"] == "step"
    status, body, _ = stage.post(path, {"flow": "other"})
    stage.carrier.run()

    assert (status, body["command_id"]) == (200, None)
    assert stage.steps(leg) == ["ask", "hello", "bye"]
    assert stage.store.legs(leg.name.call_session_id)[0].flow == "other"


def test_keys_from_the_callers_phone_answer_what_was_asked_from_outside(tmp_path: Path) -> None:
    stage = ControlledStage(TALK, tmp_path)
    leg = stage.answered(Caller(Hear("Press five"), Press("5"), Silence(30), HangUp()), 2)

    asked = {"payload": "Press five.", "voice": "female", "maximum_digits": 1}
    assert stage.act(leg, "gather_using_speak", asked)[0] == 200
    stage.carrier.run()

    gathered = [
        each for each in stage.store.timeline(leg.name.call_session_id) if each.event_type == "call.gather.ended"
    ]
    assert [each.payload["digits"] for each in gathered] == ["5"]


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("playback_start", {"media_name": "missing"}),
        ("playback_stop", {}),
        ("record_stop", {}),
        ("send_dtmf", {"digits": "12"}),
        ("hangup", {}),
        ("bridge", {"call_control_id": "v3:nobody"}),
        ("gather_using_audio", {"media_name": "missing"}),
        ("record_start", {"format": "wav", "channels": "single"}),
    ],
)
def test_every_action_leaves_the_call_to_come_to_its_end(tmp_path: Path, action: str, body: dict[str, Any]) -> None:
    stage = ControlledStage(TALK, tmp_path)
    leg = stage.answered(Caller(Silence(200), HangUp()), 1)

    status, answer, _ = stage.act(leg, action, body)
    stage.carrier.run()

    assert status == (409 if action == "bridge" else 200), answer
    assert stage.store.legs(leg.name.call_session_id)[0].ended_at


def test_telnyx_asked_too_often_says_when_to_ask_again(stage: ControlledStage, monkeypatch: pytest.MonkeyPatch) -> None:
    leg = stage.answered(Caller(Silence(30), HangUp()))
    limited = Outcome("unavailable", 1, 429, reason="rate-limited", retry_after_seconds=6.5, rate_limited=1)
    with monkeypatch.context() as patched:
        patched.setattr(type(stage.api), "send", lambda *_: limited)
        status, body, headers = stage.act(leg, "speak", SPEECH, key="one")

    assert (status, body["error"]["code"], headers["Retry-After"]) == (429, "rate_limited", "7")
    assert stage.act(leg, "speak", SPEECH, key="one")[0] == 200
    assert len([each for each in stage.sent("speak") if each["payload"] == SPEECH["payload"]]) == 1


def test_telnyx_that_does_not_answer_is_asked_again_under_the_same_id(
    stage: ControlledStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    leg = stage.answered(Caller(Silence(30), HangUp()))
    ids: list[str] = []

    def silent(_: object, asked: Command, name: str, deadline: float) -> Outcome:
        del asked, deadline
        ids.append(name)
        return Outcome("unavailable", 2, reason="timeout")

    with monkeypatch.context() as patched:
        patched.setattr(type(stage.api), "send", silent)
        status, _, headers = stage.act(leg, "speak", SPEECH, key="one")
    answer = stage.act(leg, "speak", SPEECH, key="one")[1]

    assert (status, headers["Retry-After"], len(ids)) == (503, "2", 2)
    assert len({*ids}) == 1, "what the flow had sent, and is not known to be obeyed, comes first"
    assert answer["command_id"] in stage.api.obeyed


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_control_function_may_die_anywhere(stage: ControlledStage, when: str) -> None:
    leg = stage.answered(Caller(Silence(30), HangUp()))

    def die() -> None:
        raise Died

    setattr(stage, f"{when}_delivery", die)
    with pytest.raises(Died):
        stage.act(leg, "speak", SPEECH, key="one")
    setattr(stage, f"{when}_delivery", lambda: None)
    stage.carrier.run_for(5)

    assert stage.act(leg, "speak", SPEECH, key="one")[0] == 200
    assert len([each for each in stage.sent("speak") if each["payload"] == SPEECH["payload"]]) == 1


def test_the_webhook_function_may_die_between_its_commit_and_telnyx(
    stage: ControlledStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    leg = stage.answered(Caller(Silence(30), HangUp()))

    def die(*_: object) -> Outcome:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(type(stage.api), "send", die)
        with pytest.raises(Died):
            stage.act(leg, "speak", SPEECH, key="one")

    assert stage.act(leg, "speak", SPEECH, key="one")[0] == 200
    assert len([each for each in stage.sent("speak") if each["payload"] == SPEECH["payload"]]) == 1


def test_the_same_key_at_once_from_two_programs_is_one_request(stage: ControlledStage) -> None:
    leg = stage.answered(Caller(Silence(30), HangUp()))
    other: list[Any] = []

    def at_once() -> None:
        stage.before_delivery = lambda: None
        other.append(stage.act(leg, "speak", SPEECH, key="one"))

    stage.before_delivery = at_once
    first = stage.act(leg, "speak", SPEECH, key="one")

    assert {first[0], other[0][0]} == {200}
    assert first[1]["command_id"] == other[0][1]["command_id"]
    assert len([each for each in stage.sent("speak") if each["payload"] == SPEECH["payload"]]) == 1


def test_a_call_that_ends_meanwhile_is_said_to_be_over(stage: ControlledStage) -> None:
    leg = stage.answered(Caller(Silence(30), HangUp()))
    stage.before_delivery = lambda: stage.carrier.run_for(60)

    status, body, _ = stage.act(leg, "speak", SPEECH)

    assert (status, body["error"]["code"]) == (409, "call_ended")


def test_a_call_that_telnyx_knows_to_be_over_is_said_to_be(
    stage: ControlledStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    leg = stage.answered(Caller(Silence(30), HangUp()))
    ended = Outcome("ended", 1, 422, code="90018", title="Call has already ended")
    monkeypatch.setattr(type(stage.api), "send", lambda *_: ended)

    status, body, _ = stage.act(leg, "speak", SPEECH)

    assert (status, body["error"]["code"]) == (409, "90018")
    assert "Call has already ended" in body["error"]["message"]


@pytest.mark.parametrize(
    ("action", "body", "parameter"),
    [
        ("speak", {"voice": "female"}, "payload"),
        ("speak", {**SPEECH, "payload": "x" * 3_001}, "payload"),
        ("speak", {**SPEECH, "volume": 3}, "volume"),
        ("speak", {**SPEECH, "client_state": "AAAA"}, "client_state"),
        ("speak", {**SPEECH, "command_id": "1"}, "command_id"),
        ("hangup", {"reason": 5}, "reason"),
        ("send_dtmf", {"digits": "12", "duration_millis": 99}, "duration_millis"),
        ("transfer", {"to": "0800"}, "to"),
    ],
)
def test_a_wrong_parameter_is_named(stage: ControlledStage, action: str, body: dict[str, Any], parameter: str) -> None:
    leg = stage.answered(Caller(Silence(30), HangUp()))

    status, answer, _ = stage.act(leg, action, body)

    assert (status, answer["error"]["code"], answer["error"]["parameter"]) == (422, "invalid_parameter", parameter)
    assert stage.delivered == []


@pytest.mark.parametrize(("to", "status"), [("+15560161", 403), ("sip:ada@elsewhere.example", 403), (FAR, 200)])
def test_nobody_is_rung_who_is_not_allowed(stage: ControlledStage, to: str, status: int) -> None:
    leg = stage.answered(Caller(Silence(30), HangUp()))

    assert stage.act(leg, "transfer", {"to": to})[0] == status


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        ("{", "", 422),
        ("[]", "", 422),
        ("null", "", 422),
        ("", "", 422),
        ("{}", "text/plain", 415),
        ("{}", "multipart/form-data", 415),
        ("payload=Hello", "application/x-www-form-urlencoded", 415),
        ("{}" + " " * 100_000, "", 422),
        ('{"payload": "\\ud800", "voice": "female"}', "", 422),
        ('{"payload": "x", "voice": "female", "voice_settings": ' + '{"a": ' * 900 + "1" + "}" * 900 + "}", "", 422),
        ("[" * 50_000, "", 422),
    ],
)
def test_a_body_that_is_none_is_refused(stage: ControlledStage, raw: str, kind: str, status: int) -> None:
    leg = stage.answered(Caller(Silence(30), HangUp()))

    assert stage.act(leg, "speak", raw=raw, kind=kind)[0] == status


def test_an_unknown_call_is_said_to_be_missing(stage: ControlledStage) -> None:
    assert stage.post("/calls/nothing/actions/hangup")[0] == 404


def test_who_asked_for_it_stands_in_the_timeline_and_what_was_said_only_once(stage: ControlledStage) -> None:
    leg = stage.answered(Caller(Silence(30), HangUp()))
    stage.act(leg, "speak", SPEECH)

    (entry,) = [
        each for each in stage.store.timeline(leg.name.call_session_id) if each.event_type.endswith("control.action")
    ]

    assert (entry.payload["asked_by"], entry.payload["action"], entry.reason) == (ADA, "speak", "speak from outside")
    assert "parameters" not in entry.payload


def test_of_two_who_put_a_call_elsewhere_from_one_step_one_wins_and_the_other_is_told(stage: ControlledStage) -> None:
    leg = stage.answered(Caller(Silence(30), HangUp()))
    path = f"/calls/{leg.name.call_session_id}/flow"

    def faster() -> None:
        stage.before_delivery = lambda: None
        assert stage.post(path, {"step": "news", "from_step": "ask"}, by=BOB)[0] == 200

    stage.before_delivery = faster
    status, body, _ = stage.post(path, {"flow": "other", "from_step": "ask"}, by=ADA)

    assert (status, body["error"]["code"]) == (409, "moved")
    assert stage.store.legs(leg.name.call_session_id)[0].step == "news"
