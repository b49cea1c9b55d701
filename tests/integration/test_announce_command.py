"""`dialtone announce`, as people run it: the plan before anything starts, and a list that is complete or not there."""

import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import boto3
import pytest

from campaigns.list_parts import Lists
from dialtone.adapters.campaign_numbers import CampaignNumbers
from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.domain.campaigns.campaign import GREETING_END, ListSummary, RetryRule, Window, part_key
from dialtone.domain.campaigns.recipient import Recipient
from dialtone.domain.campaigns.suppression import Suppression
from infra.cli.main import main
from tests.integration.control_server import ControlServer
from tests.integration.dependencies import Line
from tests.simulation.controlled import ControlledStage

FROM = "+13125550100"
DAY = (datetime.now(UTC) + timedelta(days=30)).date()
OPENS = datetime.combine(DAY, time(10), ZoneInfo("America/Chicago")).astimezone(UTC)
"""The next one: its second day is never more than a year away."""
FLOW = """
flow: water-off
last_resort: sorry
given: {street: The street}
steps:
  notice: {say: "In {street} the water is off."}
  bye: hangup
  sorry: {say: Sorry., next: bye}
"""


class Announcer:
    """Somebody with a list, a project and a stack."""

    def __init__(self, folder: Path, line: Line, capsys: pytest.CaptureFixture[str]) -> None:
        self.list = folder / "people.csv"
        self.flows = folder / "flows"
        self.flows.mkdir()
        (self.flows / "water-off.yaml").write_text(FLOW, encoding="utf-8")
        (self.flows / "numbers.yaml").write_text("{}\n", encoding="utf-8")
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket="campaigns")
        self.store = CampaignsTable(boto3.client("dynamodb"), line.table)
        self._capsys = capsys

    def write(self, *rows: str) -> None:
        self.list.write_text("\n".join(["number,street", *rows]), encoding="utf-8")

    def run(self, *options: str, to: str = "") -> tuple[int, str, str]:
        """Give status, output and errors."""
        self._capsys.readouterr()
        fixed = ["--to", to or str(self.list), "--flow", "water-off", "--from", FROM, "--flows", str(self.flows)]
        given = [] if "--consent" in options else ["--consent", "customers, terms 4.2"]
        status = main(["announce", *fixed, *given, *options])
        return (status, *self._capsys.readouterr())

    def keys(self) -> list[str]:
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket="campaigns").get("Contents", [])]

    def read(self, key: str) -> str:
        return self.s3.get_object(Bucket="campaigns", Key=key)["Body"].read().decode()


@pytest.fixture
def announcer(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Announcer:
    for name, value in {
        "CALLS_TABLE": line.table,
        "CAMPAIGNS_BUCKET": "campaigns",
        "TELNYX_CONNECTION_ID": "2815469930127543021",
    }.items():
        monkeypatch.setenv(name, value)
    return Announcer(tmp_path, line, capsys)


def rows(count: int) -> list[str]:
    return [f"+1312{2_000_000 + place},Main St {place}" for place in range(count)]


def test_a_list_is_laid_down_in_parts_and_the_campaign_ordered(announcer: Announcer) -> None:
    announcer.write(*rows(1_002))

    options = ("--rate", "5/s", "--window", "10:00-18:00", "--retry", "busy=2@10m", "--last-round", "4h")
    status, out, err = announcer.run(*options, "--at", f"{DAY}T15:00+01:00")

    [name] = announcer.store.ordered()
    campaign = announcer.store.campaign(name)
    assert campaign is not None
    assert (campaign.flow_version != "", campaign.detection) == (True, GREETING_END)
    assert (
        "a fax counts as a machine, or as a person where greeting_end is not sure: --detection premium reports it"
        in out
    )
    summary = ListSummary.from_json(json.loads(announcer.read(campaign.list_key)))
    first, second = (Lists(announcer.s3, "campaigns").part(name, part) for part in range(2))  # as the engine reads it
    assert (status, f"ordered: {name}" in err) == (0, True)
    assert "note: water-off has no step `opt_out: campaigns`" in err
    assert "all 1,002 rows can be dialled" in out
    assert f"1,002 people hear water-off {campaign.flow_version}, 10:00-18:00 of their own day, 5 a second" in out
    assert f"from {OPENS:%Y-%m-%d %H:%M} UTC" in out
    assert (campaign.recipients, campaign.from_number, campaign.consent) == (1_002, FROM, "customers, terms 4.2")
    assert (campaign.window, campaign.rate_per_second) == (Window.read("10:00-18:00"), 5.0)
    assert (campaign.retries, campaign.last_round_seconds) == ((RetryRule("busy", 2, 600),), 4 * 3_600)
    assert (campaign.connection_id, campaign.created_by != "") == ("2815469930127543021", True)
    assert [each.recipients for each in summary.parts] == [1_000, 2]
    assert [each.key for each in summary.parts] == [part_key(name, 0), part_key(name, 1)]
    assert (len(first), len(second)) == (1_000, 2)
    assert first[0] == Recipient(2, "+13122000000", ("America/Chicago",), {"street": "Main St 0"})


def test_the_same_list_is_ordered_once_unless_the_campaign_has_another_name(announcer: Announcer) -> None:
    announcer.write(*rows(3))

    assert announcer.run()[0] == 0
    status, _, err = announcer.run()
    assert (status, "exists already" in err) == (1, True)
    assert announcer.run("--name", "Second notice")[0] == 0

    assert len(announcer.store.ordered()) == 2
    assert any(each.startswith("second-notice-") for each in announcer.store.ordered())


def test_nothing_starts_from_a_list_that_fails_its_check_unless_that_is_wanted(announcer: Announcer) -> None:
    announcer.write(*rows(2), "nobody,Main St", '="+1 (312) 200-0000",again', "+13122000009,=1+1")

    status, out, err = announcer.run()

    assert status == 1
    assert "3 of 5 will be skipped, because: 1 duplicate, 1 formula, 1 number" in out
    assert "row 5: duplicate: it is the number of row 2" in out
    assert "--skip-invalid" in err
    assert (announcer.store.ordered(), announcer.keys()) == ([], [])

    refused = announcer.list.with_name("refused.jsonl")
    assert announcer.run("--skip-invalid", "--refused", str(refused))[0] == 0

    [name] = announcer.store.ordered()
    kept = [json.loads(line) for line in announcer.read(f"campaigns/{name}/refused.jsonl").splitlines()]
    assert [(each["row"], each["rule"]) for each in kept] == [(4, "number"), (5, "duplicate"), (6, "formula")]
    assert refused.read_text(encoding="utf-8").count("\n") == 3


def test_a_suppressed_number_is_skipped_and_is_no_fault_of_the_list(announcer: Announcer) -> None:
    announcer.write(*rows(2))
    CampaignNumbers(boto3.client("dynamodb"), "calls").suppress([Suppression("+13122000000", "asked", "user/a", 1)])

    status, out, _ = announcer.run()

    assert status == 0
    assert "1 of 2 will be skipped, because: 1 suppressed" in out
    campaign = announcer.store.campaign(announcer.store.ordered()[0])
    assert campaign is not None
    assert campaign.recipients == 1


def test_a_dry_run_says_all_of_it_as_json_and_leaves_nothing(announcer: Announcer) -> None:
    announcer.s3.put_object(Bucket="campaigns", Key="people.jsonl", Body=b'{"phone": "+13122000000", "street": "A"}\n')

    status, out, err = announcer.run("--dry-run", "--json", to="s3://campaigns/people.jsonl")

    plan: dict[str, Any] = json.loads(out)
    assert (status, "nobody is dialled" in err) == (0, True)
    assert (plan["rows"], plan["recipients"], plan["refused"]) == (1, 1, {})
    assert plan["campaign"]["flow"] == "water-off"
    assert plan["estimate"]["most_dollars"] > 0
    assert (announcer.store.ordered(), announcer.keys()) == ([], ["people.jsonl"])


def test_a_dry_run_needs_no_stack(announcer: Announcer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CALLS_TABLE", "CAMPAIGNS_BUCKET"):
        monkeypatch.delenv(name)
    announcer.write(*rows(1))

    status, out, _ = announcer.run("--dry-run")

    assert (status, "neither the suppression list nor the live flow version" in out) == (0, True)
    assert announcer.run()[0] == 1


@pytest.mark.parametrize(
    ("live", "note"),
    [
        (FLOW, ""),
        (FLOW.replace("Sorry.", "So sorry."), " live, the campaign plays this one, "),
        (FLOW.replace("{street: The street}", "{street: X, town: Y}"), "; that one is given street, town"),
        (FLOW.replace("water-off", "water-on"), "note: the stack has no flow water-off live"),
        ("", "note: which water-off the stack has live is not known: "),
    ],
)
def test_a_flow_that_is_not_the_stacks_is_noted_as_its_control_api_says(
    announcer: Announcer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, live: str, note: str
) -> None:
    announcer.write(*rows(1))
    (tmp_path / "live").mkdir()
    stage = ControlledStage("steps: {bye: hangup}\n", tmp_path / "live")
    name = "water-on" if "water-on" in live else "water-off"
    (tmp_path / "live" / f"{name}.yaml").write_text(live or FLOW, encoding="utf-8")

    with ControlServer(stage.control) as server:
        monkeypatch.setenv("CONTROL_URL", server.url if live else "http://127.0.0.1:9")
        status, out, err = announcer.run("--dry-run", "--json")

    plan = json.loads(out)
    assert (status, note in err) == (0, True)
    assert (plan["flow_version"] == plan["live_flow_version"]) is (note == "")


def test_what_cannot_be_ordered_is_said_in_a_sentence(announcer: Announcer) -> None:
    announcer.write()
    assert "has no rows" in announcer.run()[2]
    announcer.write(*rows(1))
    sentences = {
        ("--flow", "water-on"): "there is no flow water-on",
        ("--from", "12345"): "--from 12345 is not a number",
        ("--consent", " "): "--consent is empty",
        ("--at", "2020-01-01"): "is past",
        ("--at", "soon"): "is not a time",
        ("--at", "9999-12-31"): "more than a year away",
    }

    said = {options: announcer.run(*options) for options in sentences}

    assert [options for options, (status, _, err) in said.items() if not (status and sentences[options] in err)] == []
    assert announcer.store.ordered() == []


def test_an_upload_that_fails_half_way_leaves_no_campaign(
    announcer: Announcer, monkeypatch: pytest.MonkeyPatch
) -> None:
    announcer.write(*rows(3))
    monkeypatch.setenv("CAMPAIGNS_BUCKET", "not-there")

    assert announcer.run()[0] == 1
    assert announcer.store.ordered() == []

    monkeypatch.setenv("CAMPAIGNS_BUCKET", "campaigns")
    assert announcer.run()[0] == 0
    assert len(announcer.store.ordered()) == 1
