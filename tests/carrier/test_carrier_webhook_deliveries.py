"""`GET /webhook_deliveries`: what became of every webhook."""

from typing import Any

import pytest

from infra.carrier import Caller, HangUp, WebhookFault
from infra.carrier.delivery import DEFAULT_RETRY_SECONDS
from tests.carrier.desk import CALLER, NUMBER, URL, Desk

HANG_UP = {"filter[event_type]": "call.hangup"}


@pytest.fixture
def desk() -> Desk:
    """Give a line on which one call has been: its hang-up was lost, its first event taken at the third try."""
    desk = Desk()
    desk.answers = iter([500, 503])
    desk.carrier.faults.disturb_webhooks(WebhookFault.LOST, event_type="call.hangup")
    desk.carrier.call(CALLER, NUMBER, Caller(HangUp(after=1)))
    desk.carrier.run()
    return desk


def listed(desk: Desk, **query: str) -> list[dict[str, Any]]:
    response = desk.api("GET", "/webhook_deliveries", query=query)
    assert response.status == 200, response.content()
    found: list[dict[str, Any]] = response.json()["data"]
    return found


def test_a_delivery_is_listed_with_its_attempts_and_the_event_as_it_was_sent(desk: Desk) -> None:
    [delivery] = listed(desk, **{"filter[event_type]": "call.initiated"})

    sent = desk.events[0]
    assert delivery["status"] == "delivered"
    assert {name: delivery["webhook"][name] for name in ("id", "event_type", "occurred_at", "payload")} == {
        name: sent[name] for name in ("id", "event_type", "occurred_at", "payload")
    }
    assert [each["http"]["response"]["status"] for each in delivery["attempts"]] == [200, 503, 500]
    assert [each["status"] for each in delivery["attempts"]] == ["delivered", "failed", "failed"]
    assert {each["http"]["request"]["url"] for each in delivery["attempts"]} == {URL}
    assert delivery["finished_at"] > delivery["started_at"]


def test_one_that_was_given_up_has_failed_and_one_under_way_is_not_listed() -> None:
    desk = Desk()
    desk.carrier.faults.disturb_webhooks(WebhookFault.LOST, event_type="call.hangup")
    desk.carrier.call(CALLER, NUMBER, Caller(HangUp(after=1)))

    desk.carrier.run_for(sum(DEFAULT_RETRY_SECONDS))
    assert listed(desk, **HANG_UP) == []

    desk.carrier.run()
    assert [each["status"] for each in listed(desk, **HANG_UP)] == ["failed"]


def test_filters_leave_what_they_name(desk: Desk) -> None:
    [failed] = listed(desk, **{"filter[status][eq]": "failed"})
    session = failed["webhook"]["payload"]["call_session_id"]
    everything = listed(desk)

    assert failed["webhook"]["event_type"] == "call.hangup"
    assert failed not in listed(desk, **{"filter[status][eq]": "delivered"})
    assert listed(desk, **{"filter[webhook][contains]": session}) == everything
    assert listed(desk, **{"filter[webhook][contains]": "nobody's"}) == []
    assert len(listed(desk, **{"filter[attempts][contains]": "503"})) == 1
    assert len(listed(desk, **{"filter[event_type]": "call.hangup,call.initiated"})) == 2
    for bound in ("gte", "lte"):
        assert failed in listed(desk, **{f"filter[started_at][{bound}]": failed["started_at"]})
        assert failed in listed(desk, **{f"filter[finished_at][{bound}]": failed["finished_at"]})
    assert listed(desk, **{"filter[started_at][gte]": "2199-01-01T00:00:00Z"}) == []
    assert listed(desk, **{"filter[finished_at][lte]": "1999-01-01T00:00:00Z"}) == []
    assert listed(desk, **{"page[size]": "1"}) == everything[:1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("filter[status]", "failed"),
        ("filter[status][eq]", "lost"),
        ("filter[webhook]", "a"),
        ("filter[started_at][gt]", "2026-01-01T00:00:00Z"),
        ("filter[started_at][gte]", "yesterday"),
        ("filter[call_session_id]", "a"),
        ("page[size]", "251"),
    ],
)
def test_a_filter_that_is_not_described_is_refused(desk: Desk, name: str, value: str) -> None:
    assert desk.api("GET", "/webhook_deliveries", query={name: value}).status == 422


def test_deliveries_are_only_listed(desk: Desk) -> None:
    assert desk.api("POST", "/webhook_deliveries").status == 405
    assert desk.api("GET", "/webhook_deliveries/one").status == 404
