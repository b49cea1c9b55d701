"""Actions that are asked for again under their key, once the call has moved on: the answer says only what is known."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialtone.adapters.telnyx_api import Outcome, TakenCommand
from dialtone.domain.commands import Command
from infra.carrier import ApiFault, Caller, HangUp, Press, Silence
from infra.carrier.legs import Leg
from tests.simulation.controlled import ControlledStage, Died

LONG = "Press one to hear the news of today, of yesterday, of last week, or of the year before. " * 20
MENU = f"""
record: {{format: mp3}}
steps:
  ask: {{menu: "{LONG}", keys: {{1: news}}, wait_seconds: 60}}
  news: {{say: "There is no news.", next: again}}
  again: {{menu: "Press one to hear it again.", keys: {{1: news}}, wait_seconds: 60}}
"""
SPEECH = {"payload": "The office closes in ten minutes.", "voice": "female"}
MINUTE = 60


@pytest.fixture
def stage(tmp_path: Path) -> ControlledStage:
    return ControlledStage(MENU, tmp_path)


def unanswered(
    stage: ControlledStage, leg: Leg, monkeypatch: pytest.MonkeyPatch, *, obeyed: bool, action: str = "speak"
) -> int:
    """Ask for an action of which Telnyx's answer is lost, or the request itself. Gives the answer's status."""
    send: Callable[..., Outcome] = type(stage.api).send

    def lost(api: object, asked: Command, name: str, deadline: float) -> Outcome:
        if asked.action != action:
            return send(api, asked, name, deadline)
        if obeyed:
            send(api, asked, name, deadline)
        return Outcome("unavailable", 1, reason="timeout")

    with monkeypatch.context() as patched:
        patched.setattr(type(stage.api), "send", lost)
        return stage.act(leg, action, SPEECH if action == "speak" else {}, key="one")[0]


def repeated(stage: ControlledStage, leg: Leg, action: str = "speak") -> tuple[int, str]:
    """Ask for it again; gives status and code."""
    status, body, _ = stage.act(leg, action, SPEECH if action == "speak" else {}, key="one")
    return status, body.get("error", {}).get("code", "")


def spoken(stage: ControlledStage) -> int:
    return sum(each["payload"] == SPEECH["payload"] for each in stage.sent("speak"))


def moving_on(wait: float = 70) -> Caller:
    """Somebody who presses a key after so long, and stays on the line."""
    return Caller(Silence(wait), Press("1"), Silence(90), HangUp())


def test_what_telnyx_never_took_is_not_said_to_be_done(stage: ControlledStage, monkeypatch: pytest.MonkeyPatch) -> None:
    leg = stage.answered(moving_on())
    first = unanswered(stage, leg, monkeypatch, obeyed=False)
    stage.carrier.run_for(70)
    moved_to = stage.steps(leg)[-1]

    answers = [repeated(stage, leg) for _ in range(2)]

    assert (first, moved_to) == (503, "news")
    assert answers == [(409, "too_late")] * 2
    assert spoken(stage) == 0


def test_what_telnyx_took_is_said_to_be_done_though_its_answer_was_lost(
    stage: ControlledStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    leg = stage.answered(moving_on())
    first = unanswered(stage, leg, monkeypatch, obeyed=True)
    stage.carrier.run_for(70)

    answers = [repeated(stage, leg) for _ in range(2)]

    assert (first, answers, spoken(stage)) == (503, [(200, "")] * 2, 1)


def test_of_what_telnyx_gives_no_account_nothing_is_said_to_be_known(
    stage: ControlledStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    leg = stage.answered(moving_on())
    unanswered(stage, leg, monkeypatch, obeyed=True)
    stage.carrier.run_for(70)
    stage.carrier.faults.disturb_api(ApiFault.UNAVAILABLE, action="call_events", times=1)

    answers = [repeated(stage, leg) for _ in range(2)]

    assert answers == [(409, "not_known"), (200, "")]
    assert spoken(stage) == 1


@pytest.mark.parametrize("action", ["speak", "speech-is-said"])
def test_a_command_that_the_account_does_not_name_by_its_id_may_be_another(
    stage: ControlledStage, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    leg = stage.answered(moving_on())
    unanswered(stage, leg, monkeypatch, obeyed=False)
    stage.carrier.run_for(70)
    account = [TakenCommand(action, leg.name.call_leg_id, "{}")]
    monkeypatch.setattr(type(stage.api), "commands_since", lambda *_: account)

    assert repeated(stage, leg) == (409, "not_known")


@pytest.mark.parametrize(("obeyed", "answer"), [(False, (409, "not_known")), (True, (200, ""))])
def test_of_a_call_that_is_over_an_empty_account_says_nothing(
    stage: ControlledStage, monkeypatch: pytest.MonkeyPatch, *, obeyed: bool, answer: tuple[int, str]
) -> None:
    leg = stage.answered(Caller(Silence(8), HangUp()))
    unanswered(stage, leg, monkeypatch, obeyed=obeyed)
    stage.carrier.run_for(10)

    assert stage.store.legs(leg.name.call_session_id)[0].ended_at
    assert [repeated(stage, leg) for _ in range(2)] == [answer] * 2
    assert spoken(stage) == int(obeyed)


def test_what_goes_before_the_next_decision_is_done_and_said_to_be_without_a_question(
    stage: ControlledStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    leg = stage.answered(moving_on(10))
    unanswered(stage, leg, monkeypatch, obeyed=False)
    stage.carrier.run_for(15)
    monkeypatch.delattr(type(stage.api), "commands_since")

    assert (repeated(stage, leg), spoken(stage)) == ((200, ""), 1)


@pytest.mark.parametrize("wait", [10, 70])
def test_a_pause_is_never_too_late(stage: ControlledStage, monkeypatch: pytest.MonkeyPatch, wait: float) -> None:
    leg = stage.answered(moving_on(wait))
    unanswered(stage, leg, monkeypatch, obeyed=False, action="record_pause")
    stage.carrier.run_for(wait + 5)

    assert repeated(stage, leg, "record_pause") == (200, "")
    assert len(stage.sent("record_pause")) == 1


@pytest.mark.parametrize("obeyed", [False, True])
def test_what_the_call_still_waits_for_is_sent_after_a_minute_if_telnyx_has_not_taken_it(
    stage: ControlledStage, monkeypatch: pytest.MonkeyPatch, *, obeyed: bool
) -> None:
    leg = stage.answered(Caller(Silence(200), HangUp()))
    unanswered(stage, leg, monkeypatch, obeyed=obeyed)
    stage.carrier.run_for(MINUTE)

    assert repeated(stage, leg) == (200, "")
    assert spoken(stage) == 1


def test_an_answer_that_was_lost_on_its_way_is_given_again_without_a_question(
    stage: ControlledStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    leg = stage.answered(moving_on())
    first = stage.act(leg, "speak", SPEECH, key="one")[1]
    stage.carrier.run_for(70)
    delivered = len(stage.delivered)
    monkeypatch.delattr(type(stage.api), "commands_since")

    again = stage.act(leg, "speak", SPEECH, key="one")[1]

    assert again == {**first, "repeated": True}
    assert (len(stage.delivered), spoken(stage)) == (delivered, 1)


def test_a_control_function_that_died_with_the_answer_leaves_it_to_telnyxs_account(stage: ControlledStage) -> None:
    leg = stage.answered(moving_on())

    def die() -> None:
        raise Died

    stage.after_delivery = die
    with pytest.raises(Died):
        stage.act(leg, "speak", SPEECH, key="one")
    stage.after_delivery = lambda: None
    stage.carrier.run_for(70)

    assert (repeated(stage, leg), spoken(stage)) == ((200, ""), 1)


def test_two_who_ask_again_at_once_get_one_answer(stage: ControlledStage, monkeypatch: pytest.MonkeyPatch) -> None:
    leg = stage.answered(moving_on())
    unanswered(stage, leg, monkeypatch, obeyed=False)
    stage.carrier.run_for(70)
    other: list[Any] = []

    def at_once() -> None:
        stage.before_delivery = lambda: None
        other.append(repeated(stage, leg))

    stage.before_delivery = at_once

    assert [repeated(stage, leg), *other] == [(409, "too_late")] * 2
    assert spoken(stage) == 0


@pytest.mark.parametrize("listed", [0, 250])
def test_a_list_that_is_empty_or_full_does_not_settle_it(
    stage: ControlledStage, monkeypatch: pytest.MonkeyPatch, listed: int
) -> None:
    leg = stage.answered(moving_on())
    unanswered(stage, leg, monkeypatch, obeyed=False)
    stage.carrier.run_for(70)
    account = [TakenCommand("answer", leg.name.call_leg_id, "{}")] * listed
    monkeypatch.setattr(type(stage.api), "commands_since", lambda *_: account)

    assert repeated(stage, leg) == (409, "not_known")


def test_under_a_new_key_it_is_done(stage: ControlledStage, monkeypatch: pytest.MonkeyPatch) -> None:
    leg = stage.answered(moving_on())
    unanswered(stage, leg, monkeypatch, obeyed=False)
    stage.carrier.run_for(70)
    repeated(stage, leg)

    assert stage.act(leg, "speak", SPEECH, key="two")[0] == 200
    assert spoken(stage) == 1
