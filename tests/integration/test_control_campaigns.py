"""`POST /campaigns`: the people are checked before anything starts, and the same order twice is one campaign."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from control import campaigns as campaigns_module
from control.allowed_destinations import Destinations
from control.campaigns import Ordering, campaign_routes
from control.live_flows import live_flow
from control.problems import Refused, answer_problems
from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.adapters.flow_versions_table import Change, FlowVersionsTable, Version
from dialtone.adapters.telemetry import Observer
from dialtone.domain.campaigns.campaign import PREMIUM, RetryRule, Window, part_key
from dialtone.domain.campaigns.recipient import Recipient
from dialtone.domain.live_version import Live
from tests.integration.campaign_example import FLOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.dependencies import Line

    Send = Callable[..., tuple[int, Any]]

NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)
ANN = {"number": "+1 (312) 555-0142", "street": "Main St"}
ORDER = {"flow": "water-off", "from": "+13125550100", "consent": "customers, terms 4.2", "recipients": [ANN]}


@pytest.fixture
def store(line: Line) -> CampaignsTable:
    boto3.client("s3").create_bucket(Bucket="campaigns")
    return CampaignsTable(boto3.client("dynamodb"), line.table)


@pytest.fixture
def send(store: CampaignsTable) -> Send:
    ordering = Ordering(
        store,
        boto3.client("s3"),
        "campaigns",
        {"water-off": FLOW}.get,
        Destinations(("+1",)),
        "2815469930127543021",
        lambda: NOW,
    )
    api = APIGatewayHttpResolver(enable_validation=True)
    answer_problems(api, Observer("control"))
    api.include_router(campaign_routes(ordering))

    def post(**changes: object) -> tuple[int, Any]:
        event = {
            "version": "2.0",
            "rawPath": "/campaigns",
            "rawQueryString": "",
            "headers": {"content-type": "application/json"},
            "body": json.dumps({**ORDER, **changes}),
            "isBase64Encoded": False,
            "requestContext": {
                "http": {"method": "POST", "path": "/campaigns"},
                "stage": "$default",
                "authorizer": {"iam": {"userArn": "arn:aws:iam::123456789012:user/ada"}},
            },
        }
        answer = api.resolve(event, None)  # type: ignore[arg-type]  # no route looks at the context
        return int(answer["statusCode"]), json.loads(answer["body"])

    return post


def test_people_who_are_named_are_dialled_once_however_often_it_is_asked(send: Send, store: CampaignsTable) -> None:
    retries = [{"outcome": "busy", "times": 2, "pause_seconds": 600}]
    rules = {"window": "10:00-18:00", "retries": retries, "detection": PREMIUM}

    status, answer = send(**rules)
    again = send(**rules)[1]

    campaign = store.campaign(answer["id"])
    assert (status, answer["recipients"], answer["repeated"], answer["refused"]) == (200, 1, False, {})
    assert again == {**answer, "repeated": True}
    assert store.ordered() == [answer["id"]]
    assert campaign is not None
    assert campaign.created_by.endswith("user/ada")
    assert (campaign.window, campaign.retries) == (Window.read("10:00-18:00"), (RetryRule("busy", 2, 600),))
    assert (campaign.starts_at, campaign.connection_id) == (int(NOW.timestamp()), "2815469930127543021")
    assert (campaign.flow_version, campaign.detection) == (FLOW.version, PREMIUM)
    laid_down = boto3.client("s3").get_object(Bucket="campaigns", Key=part_key(answer["id"], 0))["Body"].read()
    assert Recipient.from_line(laid_down) == Recipient(1, "+13125550142", ("America/Chicago",), {"street": "Main St"})


def test_a_list_in_the_bucket_is_ordered_as_a_whole_or_without_what_is_wrong(send: Send, store: CampaignsTable) -> None:
    body = b"number,street\n+13125550142,Main St\nnobody,Main St\n"
    boto3.client("s3").put_object(Bucket="campaigns", Key="lists/people.csv", Body=body)
    by_list: dict[str, object] = {"recipients": [], "list_key": "lists/people.csv"}

    status, answer = send(**by_list)
    assert (status, answer["error"]["parameter"]) == (422, "list_key")
    assert "1 of 2 will be skipped, because: 1 number; the first is row 3" in answer["error"]["message"]
    status, answer = send(**by_list, skip_invalid=True, dry_run=True)
    assert (status, answer["refused"], answer["dry_run"]) == (200, {"number": 1}, True)
    assert store.ordered() == []

    status, answer = send(**by_list, skip_invalid=True)

    assert (status, answer["recipients"], answer["first_refused"][0]["row"]) == (200, 1, 3)
    assert store.ordered() == [answer["id"]]


@pytest.mark.usefixtures("store")
def test_what_is_wrong_is_named(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigns_module, "MOST_ROWS", 2)
    two_more = [{**ANN, "number": f"+1312555014{digit}"} for digit in (3, 4)]
    wrong: dict[str, dict[str, object]] = {
        "flow": {"flow": "water-on"},
        "from": {"from": "12345"},
        "consent": {"consent": ""},
        "recipients": {"recipients": [{"number": "+13125550142"}]},
        "list_key": {"recipients": [], "list_key": "lists/none.csv"},
        "at": {"at": "2020-01-01"},
        "window": {"window": "9-20"},
        "retries": {"retries": [{"outcome": "asleep", "times": 1, "pause_seconds": 60}]},
        "rate_per_second": {"rate_per_second": 31},
    }

    found = {parameter: send(**changes) for parameter, changes in wrong.items()}

    named = {parameter: (status, answer["error"]["parameter"]) for parameter, (status, answer) in found.items()}
    assert named == {parameter: (422, parameter) for parameter in wrong}
    assert send(at="9999-12-31T23:59")[1]["error"]["message"] == "9999-12-31T23:59 is more than a year away."
    abroad = send(recipients=[{**ANN, "number": "+4930901820"}])[1]["error"]
    assert "1 of 1 will be skipped, because: 1 destination" in abroad["message"]
    assert send(recipients=[])[1]["error"]["message"] == "Give either recipients or list_key."
    assert send(recipients=[ANN, *two_more])[1]["error"]["code"] == "too_many_rows"
    assert send(recipients=[], list_key="campaigns/x/list/00000.jsonl")[0] == 422


def test_the_flows_are_those_that_take_calls(line: Line) -> None:
    publications = FlowVersionsTable(boto3.client("dynamodb"), line.table)
    texts = {
        "water-off.yaml": "flow: water-off\nsteps:\n  a: hangup\n",
        "bad.yaml": "flow: bad\n",
        "numbers.yaml": "{}\n",
    }

    deployed = live_flow(line.store, "announcement")
    live = Live(1, 1)
    new = Version(1, "", "user/ada", NOW.isoformat(), "digest", 3)
    publications.change(Live(), Change(NOW.isoformat(), "user/ada", "published 1", live), new, texts)

    assert deployed is not None
    assert live_flow(line.store, "announcement") is None
    assert (found := live_flow(line.store, "water-off")) is not None
    assert found.name == "water-off"
    with pytest.raises(Refused, match="cannot be read"):
        live_flow(line.store, "bad")
