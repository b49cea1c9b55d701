"""A choice that is said is taken once, whatever webhooks and requests do, and no word of it is kept."""

import json

import pytest

from dialtone.domain.deadline import NO_DEADLINE
from infra.carrier import ApiFault, Caller, HangUp, Hear, Press, Say, Silence, WebhookFault
from infra.flowkit.stage import Stage
from tests.simulation.plays import LANGUAGE_FLOWS

LINE = "+15550147"
SAYS = Caller(Hear("say repairs"), Say(2, "Zebedee Quirke, repairs please."), Hear("our mechanics"), Silence(20))
PRESSES = Caller(Hear("For sales"), Press("1", after=1), Hear("Our sellers"), Silence(20))


def played(caller: Caller, **options: object) -> Stage:
    stage = Stage(flows=LANGUAGE_FLOWS, **options)  # type: ignore[arg-type] # passed on
    stage.ring(LINE, caller)
    return stage


def heard(stage: Stage, words: str) -> int:
    return sum(words in str(each.parameters.get("payload", "")) for _, each in stage.api.log if each.action == "speak")


def events(stage: Stage, event_type: str) -> int:
    return sum(each.type == event_type for each in stage.received)


def test_a_choice_that_is_said_is_followed_and_no_word_of_it_is_kept() -> None:
    stage = played(SAYS)

    assert heard(stage, "our mechanics") == 1
    kept = json.dumps([stage.table.items(), [dict(each.payload) for each in stage.received]], default=str)
    assert "Zebedee" not in kept
    assert '"choice": "2"' in kept.replace("\\", "")


def test_a_key_stops_the_listening() -> None:
    stage = played(PRESSES)

    assert [each.action for _, each in stage.api.log][-3:-1] == ["ai_assistant_stop", "speak"]
    assert (events(stage, "call.ai_gather.ended"), heard(stage, "Our sellers")) == (1, 1)


def test_a_key_while_the_model_still_thinks_about_what_was_said_wins() -> None:
    stage = played(
        Caller(Hear("For sales"), Say(1, "Repairs"), Press("1", after=0.2), Hear("Our sellers"), Silence(20))
    )

    assert (heard(stage, "Our sellers"), heard(stage, "our mechanics")) == (1, 0)


@pytest.mark.parametrize("fault", [WebhookFault.TWICE, WebhookFault.LATE, WebhookFault.OUT_OF_ORDER, WebhookFault.SLOW])
@pytest.mark.parametrize(("caller", "said"), [(SAYS, "our mechanics"), (PRESSES, "Our sellers")])
def test_webhooks_twice_late_or_out_of_order_lead_once(caller: Caller, said: str, fault: WebhookFault) -> None:
    assert heard(played(Caller(*caller.steps[:2], Silence(120)), faults={fault: 1.0}), said) == 1


@pytest.mark.parametrize("action", ["gather_using_ai", "ai_assistant_stop"])
@pytest.mark.parametrize("fault", list(ApiFault))
def test_a_request_or_an_answer_that_is_lost_is_made_good(fault: ApiFault, action: str) -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    stage.carrier.faults.disturb_api(fault, action=action)

    stage.ring(LINE, PRESSES)

    assert heard(stage, "Our sellers") == 1


def test_every_event_again_asks_for_nothing_again() -> None:
    stage = played(SAYS)

    for event in tuple(stage.received):
        stage.processor.handle(event, NO_DEADLINE)
    stage.carrier.run()

    assert heard(stage, "our mechanics") == 1
    assert sum(each.action == "gather_using_ai" for _, each in stage.api.log) == 1


def test_a_caller_who_hangs_up_meanwhile_is_not_asked_again() -> None:
    stage = played(Caller(Hear("For sales"), Say(1, "Well"), HangUp()))

    assert events(stage, "call.hangup") == 1
    assert heard(stage, "call again") == 0
