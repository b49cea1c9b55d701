"""`dialtone campaigns list`, `show`, `pause`, `resume`, `cancel` and `report`, as an operator runs them."""

import csv
import json
import time
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.domain.calls import Call
from dialtone.domain.campaigns.attempt import Attempt
from dialtone.domain.campaigns.campaign import CANCELLED, DONE, PAUSED, RUNNING, SCHEDULED
from dialtone.domain.campaigns.outcomes_and_redials import BUSY, INVALID, PERSON
from dialtone.domain.campaigns.progress import Progress
from dialtone.domain.campaigns.recipient import Recipient
from dialtone.domain.decisions import Decision
from infra.cli.main import main
from infra.operations import aws
from infra.operations.campaigns.status import Standing, duration
from tests.integration.campaign_example import CAMPAIGN as ORDERED
from tests.integration.campaign_example import FLOW, NOW
from tests.integration.deliveries import LEG, SESSION, event
from tests.integration.dependencies import Line

CAMPAIGN = replace(ORDERED, status=RUNNING, estimated_dollars=0.035)


@pytest.fixture
def store(line: Line, monkeypatch: pytest.MonkeyPatch) -> CampaignsTable:
    """A campaign with one recipient who was reached, one who is dialled again, one refused, one that is no number."""
    monkeypatch.setenv("CALLS_TABLE", line.table)
    found = CampaignsTable(aws.client("dynamodb"), line.table)
    found.order(CAMPAIGN, FLOW)
    zoe, yan, xia, wim = (
        Attempt.of("water-off", 0, Recipient(row, f"+1555010{row:04}", ("UTC",), {"name": name}))
        for row, name in enumerate(("Zoë", "=HYPERLINK(1)", "Xia", "Wim"), start=2)
    )
    progress = Progress().took(4, end_of_part=False).with_dials(3, 1.0, NOW + 5)
    progress = (
        progress.with_call(2, 1, PERSON, NOW + 40)
        .with_outcome(PERSON)
        .with_refusal("suppressed")
        .with_call(3, 1, BUSY, NOW + 9)
    )
    progress = progress.with_call(5, 1, INVALID, NOW + 600).with_outcome(INVALID)
    found.commit(
        "water-off",
        [
            zoe.claimed(NOW).ended(CAMPAIGN, PERSON, NOW + 40, 31),
            replace(yan.claimed(NOW), state="waiting", outcomes=(BUSY,), due_at=NOW + 300),
            xia.held_back("suppressed", None, NOW),
            wim.claimed(NOW).refused_by_telnyx(CAMPAIGN, "10016", NOW + 600),
        ],
        progress,
        now=NOW + 600,
    )
    report_cost(line)
    return found


def report_cost(line: Line) -> None:
    """What Telnyx says that the call to Zoë cost."""
    call = Call(SESSION, LEG)._replace(campaign="water-off/0/2/1", initiated_at="2026-09-21T12:00:01.000000Z")
    line.store.commit(event("call.cost"), call, Decision(call._replace(cost=6_800)), at_seconds=NOW)


def campaigns(*arguments: str) -> int:
    return main(["campaigns", *arguments])


def test_campaigns_are_listed_and_shown(store: CampaignsTable, capsys: pytest.CaptureFixture[str]) -> None:
    store.order(replace(CAMPAIGN, id="later", created_at=NOW + 9, starts_at=NOW + 86_400, status=SCHEDULED), FLOW)

    assert campaigns("list") == 0
    head, newest, oldest = capsys.readouterr().out.splitlines()
    assert (head.split()[0], newest.split()[:2], oldest.split()[:2]) == (
        "campaign",
        ["later", "scheduled"],
        ["water-off", "running"],
    )
    assert campaigns("list", "--json", "--limit", "1") == 0
    assert json.loads(capsys.readouterr().out)["id"] == "later"

    assert campaigns("show", "water-off") == 0
    shown = capsys.readouterr().out
    assert "3 of 5 done" in shown
    assert "not called: on the suppression list" in shown
    assert "last failures: row 5 invalid number" in shown
    assert campaigns("show", "water-off", "--json") == 0
    assert json.loads(capsys.readouterr().out)["progress"]["settled"] == 3


def test_a_campaign_is_paused_goes_on_and_is_cancelled(
    store: CampaignsTable, capsys: pytest.CaptureFixture[str]
) -> None:
    for order, status in (("pause", PAUSED), ("pause", PAUSED), ("resume", RUNNING), ("cancel", CANCELLED)):
        assert campaigns(order, "water-off", "--reason", "wait") == 0
        assert store.campaign("water-off").status == status  # type: ignore[union-attr]
    assert "wait" in store.campaign("water-off").reason  # type: ignore[union-attr]
    capsys.readouterr()

    assert campaigns("resume", "water-off") == 1
    assert "is cancelled: order a new one" in capsys.readouterr().err


def test_the_name_of_a_campaign_is_enough_while_it_is_the_only_one(
    store: CampaignsTable, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = "tomorrow-20261130-a5c1", "tomorrow-20261201-b7d2"
    store.order(replace(CAMPAIGN, id=first), FLOW)

    assert campaigns("pause", "tomorrow") == 0
    assert capsys.readouterr().out == f"{first}: paused\n"
    assert campaigns("show", "tomor") == 1
    assert "there is no campaign tomor:" in capsys.readouterr().err

    store.order(replace(CAMPAIGN, id=second), FLOW)

    assert campaigns("cancel", "tomorrow") == 1
    said = capsys.readouterr().err
    assert "tomorrow is the beginning of 2 campaigns: give more of it: " in said
    assert {first, second} == set(said.strip().rpartition(": ")[2].split(", "))
    assert campaigns("cancel", "tomorrow-20261201") == 0
    assert store.campaign(second).status == CANCELLED  # type: ignore[union-attr]


def test_a_paused_campaign_that_has_not_begun_waits_for_its_start(store: CampaignsTable) -> None:
    store.order(replace(CAMPAIGN, id="later", starts_at=int(time.time()) + 86_400, status=SCHEDULED), FLOW)

    assert campaigns("pause", "later") == 0
    assert campaigns("resume", "later") == 0

    assert store.campaign("later").status == SCHEDULED  # type: ignore[union-attr]


def test_the_report_has_a_row_for_each_recipient_and_no_formula(
    store: CampaignsTable, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del store
    table, drawn = tmp_path / "results.csv", tmp_path / "report.svg"

    assert campaigns("report", "water-off", "--csv", str(table), "--svg", str(drawn)) == 0

    said = capsys.readouterr().out
    assert "1 minutes answered" in said
    assert "cost $0.01 for 1 calls; estimated $0.04 at most for one round" in said
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert [(each["row"], each["outcome"], each["refused"]) for each in rows] == [
        ("2", PERSON, ""),
        ("3", "waiting", ""),
        ("4", "", "suppressed"),
        ("5", INVALID, ""),
    ]
    assert [each["cost"] for each in rows] == ["0.0068", "", "", ""]
    assert rows[1]["given_name"] == "'=HYPERLINK(1)"
    assert rows[0]["number"] == "'+15550100002"
    text = "".join(ET.parse(drawn).getroot().itertext())  # noqa: S314 -- our own
    for part in (
        "water-off: running",
        "reached",
        "heard by a person",
        "not called: on the suppression list",
        "cost $0.01",
    ):
        assert part in text
    assert campaigns("report", "water-off", "--csv", "-") == 0
    assert capsys.readouterr().out.startswith("row,number,outcome")


def test_watching_looks_until_it_is_over(
    store: CampaignsTable, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    looks: list[float] = []

    def end(seconds: float) -> None:
        looks.append(seconds)
        current, progress = store.read(["water-off"])[0]
        store.change(current.with_status(DONE), progress)

    monkeypatch.setattr(time, "sleep", end)

    assert campaigns("show", "water-off", "--watch") == 0

    assert len(looks) == 1
    assert capsys.readouterr().out.count("water-off: ") == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("show", "nothing"), "there is no campaign nothing"),
        (("list", "--limit", "0"), "--limit 0 is not possible"),
        (("report", "water-off", "--csv", "/no/such/folder/x.csv"), "cannot be written"),
    ],
)
def test_what_cannot_be_shown_is_said_in_a_sentence(
    store: CampaignsTable, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    del store

    assert campaigns(*arguments) == 1

    assert sentence in capsys.readouterr().err


def test_time_left_is_said_while_dials_go_out_and_not_otherwise() -> None:
    campaign, now = replace(CAMPAIGN, recipients=10_000), NOW + 100
    progress = Progress(recipients=2_500, dials=2_500, began_at=NOW, dialling_since=NOW, dialled_at=now)

    moving = Standing(campaign, progress, now, rate=25.0)

    assert moving.seconds_left == 300
    assert "25.0 a second   5 min 0 s left to dial" in "\n".join(moving.lines())
    assert replace(moving, now=now + 60).seconds_left is None
    assert replace(moving, campaign=replace(campaign, status=PAUSED)).seconds_left is None
    assert [duration(each) for each in (59, 61, 4_000, 900)] == ["59 s", "1 min 1 s", "1 h 6 min", "15 min"]
