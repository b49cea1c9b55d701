"""Webhook delivery: signatures, retries, failover, order, and faults on request."""

import itertools
import json
import time
from base64 import b64decode
from typing import Any

import pytest
from nacl.signing import VerifyKey
from telnyx import Telnyx

from infra.carrier import Application, Caller, HangUp, Person, Press, Request, Silence, UndeliveredError, WebhookFault
from infra.carrier.delivery import DEFAULT_RETRY_SECONDS
from infra.carrier.trace import Disturbed, WebhookAnswered, WebhookSent
from infra.flowkit.dialling import dial_command
from tests.carrier.desk import CALLER, CONNECTION, FAILOVER_URL, NUMBER, URL, Desk


def _attempts(desk: Desk) -> list[tuple[str, float]]:
    """Give the URL and time of each attempt, from the first on."""
    sent = [seen for seen in desk.carrier.trace if isinstance(seen, WebhookSent)]
    return [(seen.url, round(seen.at - sent[0].at, 3)) for seen in sent]


def test_a_webhook_is_signed_so_that_the_sdk_accepts_it() -> None:
    desk = Desk()
    desk.carrier.call(CALLER, NUMBER)
    desk.carrier.run_for(1)
    request = desk.requests[0]

    event = Telnyx(api_key="KEY", public_key=desk.carrier.public_key).webhooks.unwrap(
        request.body.decode(), headers=dict(request.headers)
    )

    assert type(event).__name__ == "CallInitiatedWebhookEvent"


def test_the_signature_is_made_over_wall_time_whatever_the_virtual_clock_says() -> None:
    desk = Desk()
    desk.carrier.call(CALLER, NUMBER, after=86_400)
    desk.carrier.run_for(86_401)
    request = desk.requests[0]

    stamp = request.headers["telnyx-timestamp"]
    signature = b64decode(request.headers["telnyx-signature-ed25519"])
    VerifyKey(b64decode(desk.carrier.public_key)).verify(stamp.encode() + b"|" + request.body, signature)
    assert abs(int(stamp) - time.time()) < 5


def test_an_event_has_telnyxs_envelope() -> None:
    desk = Desk()
    desk.carrier.call(CALLER, NUMBER)
    desk.carrier.run_for(1)

    body = json.loads(desk.requests[0].body)

    assert set(body) == {"data", "meta"}
    assert set(body["data"]) == {"event_type", "id", "occurred_at", "payload", "record_type"}
    assert body["data"]["record_type"] == "event"
    assert body["meta"] == {"attempt": 1, "delivered_to": URL}


@pytest.mark.parametrize("status", [408, 429, 500, 503, 599])
def test_what_may_pass_is_retried_until_it_is_acknowledged(status: int) -> None:
    desk = Desk()
    desk.answers = iter([status, status, 200])

    desk.carrier.call(CALLER, NUMBER)
    desk.carrier.run_for(30)

    assert _attempts(desk) == [(URL, 0), (URL, 2), (URL, 6)]
    assert [event["meta"]["attempt"] for event in desk.events] == [1, 2, 3]
    assert len({event["id"] for event in desk.events}) == 1
    assert desk.carrier.given_up == []


@pytest.mark.parametrize("status", [400, 401, 404, 302])
def test_any_other_refusal_loses_the_event_for_good(status: int) -> None:
    desk = Desk()
    desk.answers = iter([status])

    desk.carrier.call(CALLER, NUMBER)
    desk.carrier.run_for(30)

    assert len(desk.events) == 1
    given_up = desk.carrier.given_up[0]
    assert (given_up.event_type, given_up.attempts, given_up.reason) == ("call.initiated", 1, f"answered {status}")
    assert given_up in desk.carrier.trace


def test_after_two_attempts_the_failover_url_gets_its_turn() -> None:
    desk = Desk(Application(CONNECTION, URL, webhook_event_failover_url=FAILOVER_URL))
    desk.answers = itertools.chain([500] * 3, itertools.repeat(200))

    desk.carrier.call(CALLER, NUMBER)
    desk.carrier.run_for(30)

    assert [url for url, _ in _attempts(desk)] == [URL, URL, FAILOVER_URL, FAILOVER_URL]
    assert desk.events[2]["meta"] == {"attempt": 3, "delivered_to": FAILOVER_URL}


def test_an_event_that_nobody_takes_is_given_up_after_the_last_retry() -> None:
    class Unreachable(Desk):
        def post(self, request: Request, timeout_seconds: float) -> int:
            super().post(request, timeout_seconds)
            raise UndeliveredError("connection refused")

    desk = Unreachable()
    desk.carrier.call(CALLER, NUMBER, Caller(gives_up_after=600))
    desk.carrier.run_for(100)

    assert len(_attempts(desk)) == 1 + len(DEFAULT_RETRY_SECONDS)
    assert sum(DEFAULT_RETRY_SECONDS) <= 60
    desk.carrier.run()
    assert {given_up.reason for given_up in desk.carrier.given_up} == {"connection refused"}
    answered = [seen for seen in desk.carrier.trace if isinstance(seen, WebhookAnswered)]
    assert {(seen.status, seen.failure) for seen in answered} == {(None, "connection refused")}


def test_a_call_can_have_a_retry_policy_of_its_own() -> None:
    desk = Desk()
    policy = {"call.answered": {"retries_ms": [100, 400]}, "call.hangup": {"retries_ms": []}}
    desk.on["call.initiated"] = lambda payload: desk.obeyed(
        payload["call_control_id"], "answer", webhook_retries_policies=policy
    )
    desk.answers = itertools.chain([200], itertools.repeat(500))

    desk.carrier.call(CALLER, NUMBER, Caller(Silence(5), HangUp()))
    desk.carrier.run()

    assert [at for _, at in _attempts(desk)][1:4] == [0.05, 0.15, 0.55]
    assert [(given_up.event_type, given_up.attempts) for given_up in desk.carrier.given_up] == [
        ("call.answered", 3),
        ("call.hangup", 1),
    ]


def test_an_answered_outgoing_call_is_silent_for_half_a_second_after_a_webhook_that_was_not_acknowledged() -> None:
    desk = Desk()
    asked = dial_command(CALLER, caller=NUMBER, flow="announcement", connection_id=CONNECTION, detection="disabled")
    desk.carrier.add_callee(CALLER, Person(answers_after=1))
    desk.answers = itertools.chain([200, 503, 503], itertools.repeat(200))

    desk.dial(CALLER, webhook_retries_policies=asked.parameters["webhook_retries_policies"])
    desk.carrier.run_for(60)

    sent = [seen for seen in desk.carrier.trace if isinstance(seen, WebhookSent) and seen.event_type == "call.answered"]
    assert [round(seen.at - sent[0].at, 3) for seen in sent] == [0, 0.5, 1.0]


def test_a_command_can_send_webhooks_elsewhere() -> None:
    desk = Desk()
    desk.on["call.initiated"] = lambda payload: desk.obeyed(
        payload["call_control_id"],
        "answer",
        webhook_url="http://127.0.0.1:9/other",
        webhook_urls={"call.hangup": ["http://127.0.0.1:9/ended"]},
    )

    desk.carrier.call(CALLER, NUMBER, Caller(HangUp(after=1)))
    desk.carrier.run()

    assert [request.path for request in desk.requests] == [URL, "http://127.0.0.1:9/other", "http://127.0.0.1:9/ended"]


def _played(seed: int, chances: dict[WebhookFault, float] | None = None) -> Desk:
    desk = Desk(seed=seed, fault_chances=chances, key_seed=bytes(32)).answering()
    desk.carrier.call(CALLER, NUMBER, Caller(Press("123456789", after=1), HangUp(after=1)))
    desk.carrier.run()
    return desk


def test_events_arrive_in_their_order_unless_something_is_asked_for() -> None:
    desk = _played(1)

    assert desk.types() == ["call.initiated", "call.answered", *["call.dtmf.received"] * 9, "call.hangup"]
    assert [payload["digit"] for payload in desk.of("call.dtmf.received")] == list("123456789")


def test_a_webhook_can_come_twice() -> None:
    desk = Desk().answering()
    desk.carrier.faults.disturb_webhooks(WebhookFault.TWICE, event_type="call.answered")

    desk.carrier.call(CALLER, NUMBER, Caller(HangUp(after=10)))
    desk.carrier.run()

    answered = [event for event in desk.events if event["event_type"] == "call.answered"]
    assert len(answered) == 2
    assert answered[0]["id"] == answered[1]["id"]
    assert [seen.fault for seen in desk.carrier.trace if isinstance(seen, Disturbed)] == ["twice"]


def test_what_happened_can_be_reported_under_two_ids() -> None:
    desk = Desk().answering()
    desk.carrier.faults.disturb_webhooks(WebhookFault.UNDER_TWO_IDS, event_type="call.answered")

    desk.carrier.call(CALLER, NUMBER, Caller(HangUp(after=10)))
    desk.carrier.run()

    first, second = [event for event in desk.events if event["event_type"] == "call.answered"]
    assert first["id"] != second["id"]
    assert first | {"id": "", "at": 0} == second | {"id": "", "at": 0}
    assert [seen.fault for seen in desk.carrier.trace if isinstance(seen, Disturbed)] == ["under_two_ids"]


def test_a_webhook_can_come_late_and_be_overtaken() -> None:
    desk = Desk().answering()
    desk.carrier.faults.disturb_webhooks(WebhookFault.LATE, event_type="call.answered")

    desk.carrier.call(CALLER, NUMBER, Caller(HangUp(after=0.5)))
    desk.carrier.run()

    assert desk.types() == ["call.initiated", "call.hangup", "call.answered"]


def test_webhooks_can_come_in_any_order() -> None:
    played = [_played(seed, {WebhookFault.OUT_OF_ORDER: 0.8}) for seed in range(20)]
    orders = {tuple(event["payload"].get("digit", event["event_type"]) for event in desk.events) for desk in played}

    assert len(orders) > 10
    assert all(order[0] == "call.initiated" for order in orders)


def test_a_webhook_can_come_before_its_cause_is_answered_but_not_before_the_cause() -> None:
    desk = Desk()
    seen: list[str] = []

    def answer(payload: dict[str, Any]) -> None:
        seen.append("command")
        desk.obeyed(payload["call_control_id"], "answer")
        seen.append("result")

    desk.on["call.initiated"] = answer
    desk.on["call.answered"] = lambda _payload: seen.append("call.answered")
    desk.carrier.faults.disturb_webhooks(WebhookFault.AT_ONCE, event_type="call.answered")

    desk.carrier.call(CALLER, NUMBER, Caller(HangUp(after=1)))
    desk.carrier.run()

    assert seen == ["command", "call.answered", "result"]


def test_an_answer_that_gets_lost_makes_the_event_come_again() -> None:
    desk = Desk()
    desk.carrier.faults.disturb_webhooks(WebhookFault.DROP_RESPONSE)

    desk.carrier.call(CALLER, NUMBER)
    desk.carrier.run_for(30)

    assert _attempts(desk) == [(URL, 0), (URL, 4)]
    failures = [seen.failure for seen in desk.carrier.trace if isinstance(seen, WebhookAnswered)]
    assert failures == ["time-out", ""]


def test_a_slow_answer_is_taken_or_comes_too_late() -> None:
    attempts = {len(_attempts(_slow(seed))) for seed in range(12)}

    assert attempts == {1, 2}


def _slow(seed: int) -> Desk:
    desk = Desk(seed=seed)
    desk.carrier.faults.disturb_webhooks(WebhookFault.SLOW)
    desk.carrier.call(CALLER, NUMBER)
    desk.carrier.run_for(30)
    return desk


def test_the_same_seed_plays_the_same_call() -> None:
    chances = dict.fromkeys(WebhookFault, 0.3)

    first, second, other = _played(7, chances), _played(7, chances), _played(8, chances)

    def received(desk: Desk) -> list[Any]:
        return [(event["id"], event["event_type"], event["at"], event["meta"]) for event in desk.events]

    assert received(first) == received(second)
    assert received(first) != received(other)
    assert first.carrier.faults.seed == 7


def test_a_lost_webhook_never_arrives_and_is_given_up() -> None:
    desk = Desk()
    desk.carrier.faults.disturb_webhooks(WebhookFault.LOST, event_type="call.initiated")
    desk.carrier.call(CALLER, NUMBER, Caller(HangUp(after=1)))

    desk.carrier.run()

    assert "call.initiated" not in [json.loads(each.body)["data"]["event_type"] for each in desk.requests]
    [given_up] = desk.carrier.given_up
    assert (given_up.event_type, given_up.attempts) == ("call.initiated", 1 + len(DEFAULT_RETRY_SECONDS))
