"""Calls with a voice agent: led on once, whatever webhooks and requests do, and what was said is kept."""

import json

import pytest

from dialtone.domain.deadline import NO_DEADLINE
from infra.carrier import ApiFault, Caller, HangUp, Hear, Press, Say, Silence, WebhookFault
from infra.flowkit.stage import Stage
from tests.simulation.plays import LANGUAGE_FLOWS

LINE = "+15550159"
TALKS = Caller(
    Hear("How can I help"), Say(2, "It is Zebedee, where is my order?"), Hear("anything else"), Say(1, "No, goodbye."),
    Hear("Because"), Silence(20),
)  # fmt: skip
PRESSES = Caller(Hear("How can I help"), Press("0", after=1), Hear("This is the desk"), Silence(20))


def played(caller: Caller, **options: object) -> Stage:
    stage = Stage(flows=LANGUAGE_FLOWS, **options)  # type: ignore[arg-type] # passed on
    stage.ring(LINE, caller)
    return stage


def heard(stage: Stage, words: str) -> int:
    return sum(words in str(each.parameters.get("payload", "")) for _, each in stage.api.log if each.action == "speak")


def test_the_flow_goes_on_when_the_conversation_has_ended_and_no_word_of_it_is_in_the_table() -> None:
    stage = played(TALKS)

    assert heard(stage, "Because assistant_ended.") == 1
    (job,) = stage.jobs.put_jobs
    assert job.transcript.splitlines() == [
        "assistant: How can I help you?",
        "caller: It is Zebedee, where is my order?",
        "assistant: You said: It is Zebedee, where is my order? Is there anything else?",
        "caller: No, goodbye.",
        "assistant: Goodbye.",
    ]
    assert "Zebedee" not in json.dumps(stage.table.items(), default=str)


@pytest.mark.parametrize("fault", [WebhookFault.TWICE, WebhookFault.LATE, WebhookFault.OUT_OF_ORDER, WebhookFault.SLOW])
@pytest.mark.parametrize(("caller", "said"), [(TALKS, "Because"), (PRESSES, "This is the desk")])
def test_webhooks_twice_late_or_out_of_order_lead_once(caller: Caller, said: str, fault: WebhookFault) -> None:
    stage = played(Caller(*caller.steps[:-2], Silence(120)), faults={fault: 1.0})

    assert heard(stage, said) == 1


@pytest.mark.parametrize("action", ["ai_assistant_start", "ai_assistant_stop"])
@pytest.mark.parametrize("fault", list(ApiFault))
def test_a_request_or_an_answer_that_is_lost_is_made_good(fault: ApiFault, action: str) -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    stage.carrier.faults.disturb_api(fault, action=action)

    stage.ring(LINE, PRESSES)

    assert heard(stage, "This is the desk") == 1


def test_every_event_again_asks_for_nothing_again() -> None:
    stage = played(TALKS)
    before = len(stage.api.log)

    for event in tuple(stage.received):
        stage.processor.handle(event, NO_DEADLINE)
    stage.carrier.run()

    assert len(stage.api.log) == before


def test_one_that_cannot_begin_takes_the_error_path() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    stage.carrier.exchange.broken_assistants.add("assistant-1")

    stage.ring(LINE, Caller(Hear("This is the desk"), Silence(20)))

    assert heard(stage, "This is the desk") == 1
    assert stage.jobs.put_jobs == []


def test_one_that_talks_on_is_ended_by_the_limit_and_by_a_caller_who_hangs_up() -> None:
    assert heard(played(Caller(Hear("How can I help"), Silence(400))), "too long") == 1
    stage = played(Caller(Hear("How can I help"), Say(1, "Well."), HangUp()))
    assert [each.kind for each in stage.jobs.put_jobs] == ["conversation"]
