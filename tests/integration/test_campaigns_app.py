"""The campaigns function as Lambda calls it: AWS by moto, Telnyx by a real HTTP server."""

import importlib
import json
import sys
from dataclasses import replace

import boto3
import pytest

from campaigns.dials import answer_of, dial_of
from campaigns.list_parts import Lists, PartUnreadable
from campaigns.settings import Settings
from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.adapters.settings import SettingMissing
from dialtone.adapters.telnyx_api import Outcome
from dialtone.domain.campaigns.attempt import Attempt
from dialtone.domain.campaigns.campaign import RUNNING, Window, part_key
from dialtone.domain.campaigns.recipient import Recipient
from dialtone.domain.client_state import ClientState
from tests.integration.campaign_example import CAMPAIGN as ORDERED
from tests.integration.campaign_example import FLOW, NOW
from tests.integration.dependencies import Line
from tests.integration.scripted_telnyx import ScriptedTelnyx

CAMPAIGN = replace(ORDERED, recipients=1, connection_id="1293384261075731499", window=Window(0, 1_440), status=RUNNING)
ZOE = Recipient(2, "+15550142", ("UTC",), {"name": "Zoë"})


class Context:
    """Lambda's, of a function that has little time left."""

    def get_remaining_time_in_millis(self) -> int:
        """Two seconds to work in."""
        return 13_000


def test_a_minutes_work_dials_with_what_the_webhook_function_needs_to_know(
    line: Line, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="lists")
    s3.put_object(Bucket="lists", Key=part_key("water-off", 0), Body=f"{ZOE.to_line()}\n".encode())
    with ScriptedTelnyx() as telnyx:
        for name, value in {
            "CALLS_TABLE": line.table,
            "CAMPAIGNS_BUCKET": "lists",
            "TELNYX_API_KEY": "KEY",
            "TELNYX_BASE_URL": telnyx.url,
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delitem(sys.modules, "campaigns.app", raising=False)
        app = importlib.import_module("campaigns.app")
        assert app.handler({}, Context()) == {}  # nothing is ordered

        CampaignsTable(boto3.client("dynamodb"), line.table).order(CAMPAIGN, FLOW)
        done = app.handler({}, Context())

    assert done["dials"] == 1
    [asked] = [json.loads(each.body) for each in telnyx.requests if each.path.endswith("/calls")]
    state = ClientState.decode(asked["client_state"])
    assert (asked["to"], asked["from"], state.campaign, state.given) == (
        "+15550142",
        "+15550100",
        "water-off/0/2/1",
        {"name": "Zoë"},
    )
    assert '"CampaignDials":[1.0]' in capsys.readouterr().out.replace(" ", "")


def test_a_setting_that_is_missing_is_named() -> None:
    with pytest.raises(SettingMissing, match="CAMPAIGNS_BUCKET"):
        Settings.read({"CALLS_TABLE": "calls", "TELNYX_API_KEY": "KEY"})


def test_a_part_that_the_list_does_not_have_is_empty(line: Line) -> None:
    del line
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="lists")

    assert Lists(s3, "lists").part("water-off", 7) == ()


@pytest.mark.parametrize("written", [b"{", b"{}\n", b"[]\n", b"\xff\n", b"null\n"])
def test_a_part_that_is_not_as_it_was_written_is_said_to_be_unreadable(line: Line, written: bytes) -> None:
    del line
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="lists")
    s3.put_object(Bucket="lists", Key=part_key("water-off", 0), Body=written)

    with pytest.raises(PartUnreadable):
        Lists(s3, "lists").part("water-off", 0)


@pytest.mark.parametrize(
    ("outcome", "what", "is_sure"),
    [
        (Outcome("accepted", 1, 200, {"data": {"call_leg_id": "leg"}}), "taken", True),
        (Outcome("refused", 1, 422, code="10016"), "refused", True),
        (Outcome("refused", 2, 422, code="10016", rate_limited=1), "refused", True),
        (Outcome("refused", 2, 409, code="10016"), "refused", False),
        (Outcome("refused", 1, 403, code="90041"), "later", True),
        (Outcome("refused", 2, 403, code="90041"), "later", False),
        (Outcome("unavailable", 2, 429, reason="rate-limited", rate_limited=2), "later", True),
        (Outcome("unavailable", 2, 429, reason="rate-limited", rate_limited=1), "doubt", False),
        (Outcome("unavailable", 2, 503, reason="server-error"), "doubt", False),
        (Outcome("unavailable", 0, reason="deadline"), "doubt", False),
        (Outcome("unavailable", 1, 401, reason="unauthorized"), "locked out", True),
        (Outcome("unavailable", 2, 401, reason="unauthorized"), "locked out", False),
    ],
)
def test_what_telnyx_answers_says_whether_it_may_have_dialled(outcome: Outcome, what: str, *, is_sure: bool) -> None:
    answer = answer_of(outcome)

    assert (answer.what, answer.is_sure) == (what, is_sure)


def test_the_dial_is_the_same_whoever_sends_it() -> None:
    attempt = Attempt.of("water-off", 0, ZOE).claimed(NOW)

    assert dial_of(CAMPAIGN, attempt) == dial_of(CAMPAIGN, Attempt.from_json(attempt.to_json()))
