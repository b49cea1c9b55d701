"""docs/campaigns.md shows what the commands print and the API takes. There are no sockets, so no AWS is asked."""

import json
import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from control.campaigns import CampaignOrder
from dialtone.domain.campaigns.campaign import RUNNING, Campaign
from dialtone.domain.campaigns.costs import Spent
from dialtone.domain.campaigns.progress import Progress
from infra.checkout import ROOT
from infra.cli.main import main
from infra.operations.campaigns.status import Standing
from tests.unit.test_docs import blocks

PAGE = ROOT / "docs" / "campaigns.md"
VARIES = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC|\b[0-9a-f]{12}\b")
"""Times, and the flow's version."""


def list_of_the_page() -> str:
    """2,000 people, three of them written wrongly."""
    numbers = {row: f"+1312{2_000_000 + row}" for row in range(2, 2_002)}
    numbers |= {17: numbers[4], 218: "4.93E+10", 950: numbers[949]}
    return "".join(["number,street,until\n", *(f"{numbers[row]},Main Street,noon\n" for row in sorted(numbers))])


def test_a_dry_run_without_a_stack_checks_all_that_the_page_shows_and_asks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command, shown = next(each for each in blocks(PAGE, "sh") if "announce" in each), blocks(PAGE, "text")[0]
    (tmp_path / "flows").mkdir()
    for text in blocks(PAGE, "yaml"):
        (tmp_path / "flows" / text.splitlines()[0].removeprefix("# ")).write_text(text, encoding="utf-8")
    environment = '[environments.dev]\nstack = "my-line-dev"\n'
    (tmp_path / "dialtone.toml").write_text(environment, encoding="utf-8")
    (tmp_path / "people.csv").write_text(list_of_the_page(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("CALLS_TABLE", "CONTROL_URL", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    day = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}T18:00"

    status = main([*shlex.split(command)[1:], "--at", day])

    said = capsys.readouterr()
    printed = f"{said.out}{said.err.splitlines()[-1]}\n"
    assert status == 1
    assert VARIES.sub("…", printed) == VARIES.sub("…", shown)


def test_a_campaign_stands_as_the_page_shows_it() -> None:
    outcomes = {"acknowledged": 819, "person": 1_555, "machine": 770, "fax": 103, "rejected": 154, "invalid": 176}
    progress = Progress(
        recipients=4_370,
        dials=5_270,
        in_flight=385,
        outcomes=outcomes,
        failures=("4181 1 rejected", "4064 1 cut_off", "4070 2 cut_off"),
        dialled_at=1_000,
    )
    campaign = Campaign("water-off", "water-off", "", "", "", 10_000, "", 0, 0, status=RUNNING, estimated_dollars=71.08)

    lines = Standing(campaign, progress, 1_001, 24.8, Spent(24_210_000, 3_247)).lines()

    assert next(each for each in blocks(PAGE, "text") if "last failures" in each).splitlines() == lines


def test_the_api_takes_the_order_of_the_page() -> None:
    (order,) = blocks(PAGE, "json")

    assert CampaignOrder.model_validate(json.loads(order)).recipients[0]["street"] == "Main Street"
