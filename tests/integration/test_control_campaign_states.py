"""Campaigns by the control API: how they stand, and what people order of them."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import boto3
import pytest
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from control import campaign_states
from control.campaign_states import campaign_state_routes
from control.problems import answer_problems
from dialtone.adapters.calls_table import LostRace
from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.adapters.telemetry import Observer
from dialtone.domain.calls import Call
from dialtone.domain.campaigns.attempt import Attempt
from dialtone.domain.campaigns.campaign import PAUSED, RUNNING, Campaign
from dialtone.domain.campaigns.outcomes_and_redials import PERSON
from dialtone.domain.campaigns.progress import Progress
from dialtone.domain.campaigns.recipient import Recipient
from dialtone.domain.decisions import Decision
from tests.integration.campaign_example import CAMPAIGN as ORDERED
from tests.integration.campaign_example import FLOW
from tests.integration.deliveries import LEG, SESSION, event
from tests.integration.dependencies import Line

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
BEGAN = int(NOW.timestamp())
CAMPAIGN = replace(ORDERED, created_at=BEGAN, starts_at=BEGAN, status=RUNNING)
ADA = "arn:aws:sts::123456789012:assumed-role/control/ada"


@pytest.fixture
def store(line: Line) -> CampaignsTable:
    found = CampaignsTable(boto3.client("dynamodb"), line.table)
    found.order(CAMPAIGN, FLOW)
    found.commit("water-off", [], Progress(dials=3).with_outcome(PERSON), now=BEGAN)
    return found


@pytest.fixture
def api(store: CampaignsTable) -> APIGatewayHttpResolver:
    made = APIGatewayHttpResolver(enable_validation=True)
    answer_problems(made, Observer("control"))
    made.include_router(campaign_state_routes(store, lambda: NOW))
    return made


def ask(api: APIGatewayHttpResolver, method: str, path: str, body: object = None, query: str = "") -> tuple[int, Any]:
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "queryStringParameters": dict(parse_qsl(query, keep_blank_values=True)) or None,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {
            "http": {"method": method, "path": path},
            "stage": "$default",
            "requestId": "1",
            "authorizer": {"iam": {"userArn": ADA}},
        },
    }
    answer = api.resolve(event, None)  # type: ignore[arg-type]  # no route looks at the context
    return int(answer["statusCode"]), json.loads(answer["body"])


def test_campaigns_are_listed_and_shown(store: CampaignsTable, api: APIGatewayHttpResolver) -> None:
    store.order(replace(CAMPAIGN, id="later", created_at=BEGAN + 5), FLOW)

    status, listed = ask(api, "GET", "/campaigns")
    shown = ask(api, "GET", "/campaigns/water-off")[1]

    assert (status, [each["id"] for each in listed["campaigns"]]) == (200, ["later", "water-off"])
    assert (shown["settled"], shown["dials"], shown["outcomes"], shown["from"]) == (1, 3, {PERSON: 1}, "+15550100")
    assert (listed["campaigns"][1]["dials"], "course" in listed["campaigns"][1]) == (3, False)
    assert ask(api, "GET", "/campaigns/nothing")[0] == 404
    assert ask(api, "GET", "/campaigns/..%2Fx")[0] in {404, 422}


def test_a_campaign_is_shown_over_time_with_what_it_costs_and_what_came_of_each_recipient(
    line: Line, store: CampaignsTable, api: APIGatewayHttpResolver
) -> None:
    asked = replace(CAMPAIGN, id="big", recipients=1_001, estimated_dollars=7.1, estimated_seconds=50)
    store.order(asked, FLOW)
    zoe, yan = (
        Attempt.of("big", 0, Recipient(row, f"+1555010{row:04}", ("UTC",), {"street": "=Main"})) for row in (2, 3)
    )
    progress = Progress().with_dials(2, 1.0, BEGAN).with_call(2, 1, PERSON, BEGAN + 70)
    ended = zoe.claimed(BEGAN).ended(asked, PERSON, BEGAN + 70, 41)
    store.commit("big", [ended, yan.held_back("suppressed", None, BEGAN)], progress, now=BEGAN + 71)
    call = Call(SESSION, LEG)._replace(campaign="big/0/2/1", initiated_at="2026-11-30T12:00:00.000000Z")
    line.store.commit(event("call.cost"), call, Decision(call._replace(cost=6_800)), at_seconds=BEGAN)

    shown = ask(api, "GET", "/campaigns/big")[1]
    status, first = ask(api, "GET", "/campaigns/big/recipients")

    assert shown["course"] == {
        "begins_at": "2026-11-30T12:00:00+00:00",
        "minutes": 1,
        "columns": [{"dials": 2, "answered": 0, "failed": 0}, {"dials": 0, "answered": 1, "failed": 0}],
    }
    assert shown["cost"] == {"estimated": 7.1, "estimated_seconds": 50, "amount": 0.0068, "calls": 1}
    assert (shown["began_at"], shown["at"]) == ("2026-11-30T12:00:00+00:00", "2026-11-30T12:01:11+00:00")
    assert (status, first["next_part"], len(first["recipients"])) == (200, 1, 2)
    reached, refused = first["recipients"]
    assert (
        reached | {"number": "+15550100002", "outcomes": [PERSON], "cost": "0.0068", "given": {"street": "=Main"}}
        == reached
    )
    assert (refused["refused"], refused["outcome"], refused["cost"]) == ("suppressed", "", "")
    assert ask(api, "GET", "/campaigns/big/recipients", query="part=1")[1] == {"recipients": [], "next_part": None}
    assert ask(api, "GET", "/campaigns/nothing/recipients")[0] == 404
    new = ask(api, "GET", "/campaigns/water-off")[1]
    assert (new["course"]["columns"], new["cost"]["estimated"], new["began_at"]) == ([], None, None)


def test_a_campaign_is_paused_goes_on_and_is_cancelled_by_whom_is_noted(
    store: CampaignsTable, api: APIGatewayHttpResolver
) -> None:
    for order, status in (("pause", "paused"), ("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        answered, body = ask(api, "POST", f"/campaigns/water-off/{order}", {"reason": "wrong street"})
        assert (answered, body["status"]) == (200, status)

    assert store.campaign("water-off").reason == f"by {ADA}: wrong street"  # type: ignore[union-attr]
    answered, body = ask(api, "POST", "/campaigns/water-off/resume", {})
    assert (answered, body["error"]["code"]) == (409, "not_possible")
    assert ask(api, "POST", "/campaigns/water-off/explode", {})[0] in {404, 422}


def test_an_order_is_repeated_while_the_worker_changes_the_campaign_and_given_up_in_the_end(
    store: CampaignsTable, api: APIGatewayHttpResolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, lost = CampaignsTable.change, [1, 1]

    def sometimes(table: CampaignsTable, campaign: Campaign) -> None:
        if lost:
            lost.pop()
            raise LostRace
        change(table, campaign)

    monkeypatch.setattr(CampaignsTable, "change", sometimes)
    assert ask(api, "POST", "/campaigns/water-off/pause", {})[1]["status"] == PAUSED

    lost.extend([1] * campaign_states.TRIES)
    assert ask(api, "POST", "/campaigns/water-off/resume", {})[0] == 409
    assert store.campaign("water-off").status == PAUSED  # type: ignore[union-attr]
