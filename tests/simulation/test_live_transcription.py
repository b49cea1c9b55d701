"""What is said is written down while it is said: kept in order, once, and not while a card's number is asked for."""

import json
from operator import itemgetter

import pytest

from dialtone.adapters.dynamodb_items import plain
from dialtone.domain.compact_json import expanded
from dialtone.domain.deadline import NO_DEADLINE
from infra.carrier import Caller, HangUp, Hear, Say, Silence, WebhookFault
from infra.flowkit.stage import Stage
from tests.simulation.plays import LANGUAGE_FLOWS, SPEECH_PLAYS

PLAY = "words that are written down while they are said"
SAID = ["I need a new bell.", "Of course.", "Is it ready?"]


def played(**options: object) -> Stage:
    stage = Stage(flows=LANGUAGE_FLOWS, **options)  # type: ignore[arg-type] # passed on
    SPEECH_PLAYS[PLAY](stage)
    return stage


def kept(stage: Stage) -> list[str]:
    """The sentences in the timeline, in its order."""
    events = sorted((each for each in map(plain, stage.table.items()) if "event_type" in each), key=itemgetter("item"))
    payloads = [expanded(each["payload"]) for each in events if each["event_type"] == "call.transcription"]
    return [payload["transcript"] for payload in payloads if "transcript" in payload]


def test_every_sentence_stands_in_the_timeline_but_those_said_while_a_card_is_asked_for() -> None:
    stage = played()

    assert kept(stage) == SAID
    everything = json.dumps(stage.table.items(), default=str)
    assert ("four seven" in everything, "bell" in everything) == (False, True)


def test_the_last_sentence_of_the_caller_is_a_variable() -> None:
    stage = played()

    spoken = [str(each.parameters.get("payload")) for _, each in stage.api.log if each.action == "speak"]
    assert "You said, I need a new bell." in spoken


@pytest.mark.parametrize("fault", [WebhookFault.TWICE, WebhookFault.OUT_OF_ORDER, WebhookFault.SLOW])
def test_webhooks_twice_or_out_of_order_are_kept_once_and_in_order(fault: WebhookFault) -> None:
    assert kept(played(faults={fault: 1.0})) == SAID


def test_every_event_again_keeps_nothing_again_and_commands_nothing() -> None:
    stage = played()
    before = len(stage.api.log)

    for event in tuple(stage.received):
        stage.processor.handle(event, NO_DEADLINE)
    stage.carrier.run()

    assert (kept(stage), len(stage.api.log)) == (SAID, before)


def test_what_was_said_is_written_into_the_bucket_once_the_call_is_over_and_when_more_comes() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    stage.ring("+15550158", Caller(Hear("sentence"), Say(2, "I need"), Silence(1), HangUp()))

    jobs = [each.kind for each in stage.jobs.put_jobs]
    assert jobs == ["words"]
