"""A text is sent once, and what becomes of it is noted, whatever is lost, late, twice or dead half-way."""

from datetime import timedelta
from pathlib import Path

import pytest

from dialtone.domain.calls import Call
from dialtone.domain.commands import SEND_MESSAGE
from dialtone.domain.deadline import NO_DEADLINE
from dialtone.domain.events import TEXT_ACCEPTED, Event
from dialtone.domain.sms import FINALIZED, SENT
from infra.carrier import ApiFault, Caller, HangUp, Hear, Press, Silence, WebhookFault
from infra.flowkit.stage import Stage
from tests.integration.reconciling import Noted
from tests.simulation.watched import WatchedStage

FLOW = """
flow: texts
last_resort: sorry
on_hangup: after
steps:
  hello: {say: Hello.}
  during: {text: "During the call, {caller}.", opted_out: stopped, no_number: nobody, on_error: failed}
  told: {say: You get a text., next: bye}
  stopped: {set: {result: opted out}, next: bye}
  nobody: {set: {result: no number}, next: bye}
  failed: {set: {result: failed}, next: bye}
  bye: hangup
  after: {text: "After the call, {caller}.", next: bye, on_error: lost}
  lost: {set: {after: lost}, next: bye}
  sorry: {say: Sorry., next: bye}
"""

LISTENER = Caller(Hear("You get a text"), Silence(30))


def flows(folder: Path, flow: str = FLOW) -> Path:
    (folder / "texts.yaml").write_text(flow)
    (folder / "numbers.yaml").write_text('"+15550173": texts\n')
    return folder


def played(stage: Stage, caller: Caller = LISTENER, from_: str = "+15550142") -> Call:
    line = stage.call(from_, "+15550173", caller)
    stage.carrier.run()
    return stage.store.legs(line.name.call_session_id)[0]


def sent(stage: Stage) -> list[str]:
    return [each["text"] for each in stage.carrier.exchange.messaging.sent]


BOTH = ["During the call, +15550142.", "After the call, +15550142."]


def test_texts_are_sent_during_the_call_and_after_it_and_what_became_of_them_is_noted(tmp_path: Path) -> None:
    stage = Stage(flows=flows(tmp_path))

    call = played(stage)

    assert sent(stage) == BOTH
    assert list(call.texts.values()) == ["delivered", "delivered"]
    timeline = stage.store.timeline(call.session_id)
    assert [each.reason for each in timeline if each.event_type == FINALIZED] == ["text delivered"] * 2
    assert not any("+1555" in str(each.payload) for each in timeline if each.event_type in {SENT, FINALIZED})


@pytest.mark.parametrize("fault", list(ApiFault))
def test_a_text_whose_request_or_answer_is_lost_is_sent_once(tmp_path: Path, fault: ApiFault) -> None:
    stage = WatchedStage(flows=flows(tmp_path))
    stage.carrier.faults.disturb_api(fault, action=SEND_MESSAGE, times=2)
    object.__setattr__(stage.endpoint, "observer", stage.noted)

    call = played(stage)

    assert sorted(sent(stage)) == sorted(BOTH)
    assert set(call.texts.values()) == {"delivered"}


@pytest.mark.parametrize("fault", [WebhookFault.TWICE, WebhookFault.LATE, WebhookFault.OUT_OF_ORDER, WebhookFault.SLOW])
def test_webhooks_twice_late_or_out_of_order_send_nothing_twice(tmp_path: Path, fault: WebhookFault) -> None:
    stage = Stage(flows=flows(tmp_path), faults={fault: 1.0})

    call = played(stage)

    assert sorted(sent(stage)) == sorted(BOTH)
    assert set(call.texts.values()) == {"delivered"}


def test_every_event_again_sends_nothing_again(tmp_path: Path) -> None:
    stage = Stage(flows=flows(tmp_path))
    call = played(stage)

    for event in tuple(stage.received):
        stage.processor.handle(event, NO_DEADLINE)
    stage.carrier.run()

    assert sent(stage) == BOTH
    assert stage.store.legs(call.session_id)[0] == call


class Dying:
    """The process dies once, after Telnyx has taken the text and before that is noted."""

    def __init__(self, stage: Stage) -> None:
        self.handle_ = stage.processor.handle
        self.died = False

    def handle(self, event: Event, deadline: float) -> object:
        if event.type == TEXT_ACCEPTED and not self.died:
            self.died = True
            raise ConnectionError("the process died")
        return self.handle_(event, deadline)


def test_a_process_that_dies_once_telnyx_has_taken_a_text_sends_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = WatchedStage(flows=flows(tmp_path))
    dying = Dying(stage)
    monkeypatch.setattr(type(stage.processor), "handle", lambda _, *given: dying.handle(*given))
    object.__setattr__(stage.endpoint, "observer", Noted())

    call = played(stage)

    assert dying.died
    assert sorted(sent(stage)) == sorted(BOTH)
    assert len(call.texts) == 2


def test_a_text_is_not_sent_again_once_telnyx_may_have_forgotten_its_key(tmp_path: Path) -> None:
    stage = Stage(flows=flows(tmp_path))
    stage.carrier.faults.disturb_api(ApiFault.TIME_OUT_AFTER_OBEYING, action=SEND_MESSAGE, times=20)
    call = played(stage, Caller(Hear("Hello"), Silence(30)))
    (ended,) = [each for each in stage.received if each.type == "call.speak.ended"][:1]
    stage.carrier.faults.disturb_api(ApiFault.UNAVAILABLE, action="nothing")
    much_later = stage.now_seconds() + timedelta(hours=23, minutes=30).total_seconds()
    stage.processor.now_seconds = lambda: much_later

    result = stage.processor.handle(ended, NO_DEADLINE)

    assert result.duplicate
    assert not any(each.command.action == SEND_MESSAGE for each in result.sent)
    assert call.session_id


@pytest.mark.parametrize(
    ("from_", "opted_out", "result"),
    [("+15550142", ["+15550142"], "opted out"), ("anonymous", [], "no number"), ("+442079460000", [], "no number")],
)
def test_nothing_is_sent_to_whoever_wants_or_takes_none(
    tmp_path: Path, from_: str, opted_out: list[str], result: str
) -> None:
    stage = Stage(flows=flows(tmp_path))
    stage.carrier.exchange.messaging.opted_out.update(opted_out)

    call = played(stage, Caller(Silence(30)), from_)

    assert (call.variables["result"], sent(stage)) == (result, [])
    assert call.texts == {}


def test_a_number_in_another_country_is_a_fault_of_the_flow(tmp_path: Path) -> None:
    stage = Stage(flows=flows(tmp_path))

    call = played(stage, Caller(Silence(30)), "+447400123456")

    assert (call.variables["result"], sent(stage)) == ("failed", [])
    reasons = [each.reason for each in stage.store.timeline(call.session_id)]
    assert any("not a number of the country" in each for each in reasons)


def test_a_number_that_the_caller_keyed_in_is_refused_though_lint_was_silenced(tmp_path: Path) -> None:
    flow = FLOW.replace(
        "  hello: {say: Hello.}\n",
        "  hello: {collect: Your number., into: number, digits: 11, otherwise: bye}\n"
        '  keep: {set: {target: "+{digits.number}"}}\n',
    ).replace('{text: "During the call, {caller}.",', '{text: Hello., to: "{target}",')
    stage = Stage(flows=flows(tmp_path, flow))

    call = played(stage, Caller(Hear("Your number"), Press("13125550199", after=1), Silence(30)))

    assert (call.variables["result"], sent(stage)) == ("failed", ["After the call, +15550142."])
    timeline = stage.store.timeline(call.session_id)
    assert any("callers choose target" in each.reason for each in timeline)


def test_a_text_that_does_not_arrive_is_noted_with_telnyxs_code(tmp_path: Path) -> None:
    stage = Stage(flows=flows(tmp_path))
    stage.carrier.exchange.messaging.undeliverable["+15550142"] = "40001"

    call = played(stage)

    assert set(call.texts.values()) == {"delivery_failed"}
    timeline = stage.store.timeline(call.session_id)
    assert "text delivery_failed 40001" in [each.reason for each in timeline]


def test_a_report_of_a_text_that_no_call_had_sent_is_taken_and_changes_nothing(tmp_path: Path) -> None:
    stage = Stage(flows=flows(tmp_path))
    played(stage)
    report = next(each for each in stage.received if each.type == FINALIZED)
    other = report._replace(id="x", payload={**report.payload, "message_id": "of-another-program"})
    stage.processor.now_seconds = lambda: stage.carrier.clock.datetime().timestamp() + 60

    assert stage.processor.handle(other, NO_DEADLINE).reason == "no call had it sent"


def test_a_call_sends_ten_texts_at_most(tmp_path: Path) -> None:
    flow = FLOW.replace("told: {say: You get a text., next: bye}", "told: {go: during}")
    stage = Stage(flows=flows(tmp_path, flow))

    call = played(stage, Caller(Hear("Hello"), Silence(60), HangUp()))

    assert len(sent(stage)) == 10
    assert call.variables["result"] == "failed"
