"""A payment is made once, and nothing of the card is kept but its last digits."""

import json
from pathlib import Path

import pytest

from dialtone.domain.calls import Call
from dialtone.domain.deadline import NO_DEADLINE
from dialtone.domain.payments import COMPLETED, outcome, report
from infra.carrier import ApiFault, Caller, HangUp, Hear, Press, Silence, WebhookFault
from infra.flowkit.stage import Stage

CARD, EXPIRY, CODE, POSTAL = "4111111111111111", "1230", "739", "90210"

FLOW = """
flow: shop
last_resort: sorry
record: {format: wav}
on_hangup: after
steps:
  payment: {pay: 12.50, declined: declined, failed: failed, on_error: failed}
  paid: {say: "Thank you. {pay.confirmation}.", next: bye}
  declined: {say: Declined., next: bye}
  failed: {say: That did not work., next: bye}
  bye: hangup
  after: {set: {seen: "{pay.result}"}, next: bye}
  sorry: {say: Sorry., next: bye}
"""

KEYS = (
    Hear("card number"),
    Press(f"{CARD}#", after=1),
    Hear("expiration"),
    Press(EXPIRY, after=1),
    Hear("postal"),
    Press(f"{POSTAL}#", after=1),
    Hear("security"),
    Press(f"{CODE}#", after=1),
)
PAYER = Caller(*KEYS, Hear("Thank you"), Silence(20))


def played(folder: Path, caller: Caller = PAYER, **options: object) -> tuple[Stage, Call]:
    (folder / "shop.yaml").write_text(FLOW)
    (folder / "numbers.yaml").write_text('"+15550175": shop\n')
    stage = Stage(flows=folder, **options)  # type: ignore[arg-type] # passed on
    session = stage.ring("+15550175", caller)
    return stage, stage.store.legs(session)[0]


def asked(stage: Stage, action: str) -> int:
    return sum(each.action == action for _, each in stage.api.log)


def test_a_payment_leaves_its_result_and_nothing_of_the_card_but_its_last_digits(tmp_path: Path) -> None:
    stage, call = played(tmp_path)

    assert call.variables["pay.result"] == "success"
    assert (call.variables["pay.charge_id"], call.variables["pay.last_four"]) == ("ch_1", "1111")
    kept = json.dumps(stage.table.items())
    assert not [
        secret for secret in (CARD, EXPIRY, CODE, POSTAL, "xxxx") if f'"{secret}' in kept or f"{secret}#" in kept
    ]
    assert '\\"last_four' not in kept


def test_a_recording_is_paused_while_the_card_is_keyed_in(tmp_path: Path) -> None:
    stage, call = played(tmp_path)

    (recording,) = stage.store.recordings(call.session_id)
    assert [pause.why for pause in recording.pauses or ()] == ["sensitive"]
    assert [asked(stage, action) for action in ("record_pause", "pay", "record_resume")] == [1, 1, 1]


@pytest.mark.parametrize("fault", [WebhookFault.TWICE, WebhookFault.LATE, WebhookFault.OUT_OF_ORDER, WebhookFault.SLOW])
def test_webhooks_twice_late_or_out_of_order_charge_once(tmp_path: Path, fault: WebhookFault) -> None:
    stage, call = played(tmp_path, Caller(*KEYS, Silence(120)), faults={fault: 1.0})

    assert asked(stage, "pay") == 1
    assert call.variables["pay.result"] == "success"


@pytest.mark.parametrize("fault", list(ApiFault))
def test_a_payment_whose_request_or_answer_is_lost_is_asked_for_once(tmp_path: Path, fault: ApiFault) -> None:
    (tmp_path / "shop.yaml").write_text(FLOW)
    (tmp_path / "numbers.yaml").write_text('"+15550175": shop\n')
    stage = Stage(flows=tmp_path)
    stage.carrier.faults.disturb_api(fault, action="pay")

    session = stage.ring("+15550175", PAYER)

    obeyed = [each for each in stage.carrier.trace if getattr(each, "action", "") == "pay"]
    assert sum(getattr(each, "result", "") == "accepted" for each in obeyed) <= 1
    assert stage.store.legs(session)[0].variables["pay.result"] == "success"


def test_every_event_again_asks_for_nothing_again(tmp_path: Path) -> None:
    stage, call = played(tmp_path)

    for event in tuple(stage.received):
        stage.processor.handle(event, NO_DEADLINE)
    stage.carrier.run()

    assert asked(stage, "pay") == 1
    assert stage.store.legs(call.session_id)[0] == call


def test_a_caller_who_hangs_up_has_cancelled_it_and_steps_after_the_hangup_know(tmp_path: Path) -> None:
    stage, call = played(tmp_path, Caller(*KEYS[:3], HangUp(after=1)))

    assert any(event.type == COMPLETED for event in stage.received)
    assert call.variables["seen"] == "cancelled"


def test_what_telnyx_shows_of_a_card_is_dropped_as_it_arrives() -> None:
    payload = {
        "call_leg_id": "leg",
        "payment_card_number": "xxxxxxxxxxxx1111",
        "expiration_date": "1230",
        "security_code": "xxx",
        "payment_card_postal_code": "90210",
        "bank_routing_number": "021000021",
        "bank_account_number": "xxxxxx89",
        "connector_error": {"detail": "card 4111111111111111"},
        "result": "success",
        "token_id": "tok_1",
    }

    assert report(payload) == {"call_leg_id": "leg", "result": "success", "token_id": "tok_1", "last_four": "1111"}
    assert report({"payment_card_number": "41111111111111xx"}) == {}
    assert outcome({"result": 5})["pay.result"] == ""


@pytest.mark.parametrize("amount", ["0", "-1", "12.345", "abc", "1e3", "''"])
def test_an_amount_that_is_none_is_refused(tmp_path: Path, amount: str) -> None:
    (tmp_path / "shop.yaml").write_text(FLOW.replace("12.50", amount))
    (tmp_path / "numbers.yaml").write_text('"+15550175": shop\n')

    with pytest.raises(Exception, match="is not an amount above 0"):
        Stage(flows=tmp_path).ring("+15550175", PAYER)
