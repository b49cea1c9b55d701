"""Flows are published to the table by the real commands, and take new calls without a deployment."""

import json
import re
import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dialtone.adapters import calls_table, flow_versions_table
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.adapters.dynamodb_items import attributes
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.flow_versions import FlowVersions
from dialtone.adapters.flow_versions_table import REREAD_SECONDS, FlowVersionsTable, LiveCache
from dialtone.adapters.telemetry import Observer
from dialtone.domain.calls import Call
from dialtone.domain.client_state import ClientState
from dialtone.domain.events import Event
from dialtone.domain.hangup_causes import NORMAL_CLEARING
from dialtone.domain.live_version import Live
from infra.checkout import ROOT
from infra.cli.main import main
from infra.operations import aws
from reconcile.report import Report
from reconcile.trials import TrialWatch
from tests import runbooks
from tests.function_output import follow_stdout
from tests.integration.campaign_example import CAMPAIGN
from tests.integration.dependencies import FOR_EVER, Died, Line
from tests.staged_call import CALLED, happened
from webhook.processor import EventProcessor
from webhook.wiring import report_unreadable

FLOW = "flow: desk\nsteps:\n  hello: {{say: {word}}}\n  more: {{say: {word} more.}}\n  bye: hangup\n"


def write(folder: Path, word: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "numbers.yaml").write_text(f'"{CALLED}": desk\n')
    (folder / "desk.yaml").write_text(FLOW.format(word=word))


@dataclass
class Published:
    """A line on AWS whose menus somebody publishes from a folder."""

    line: Line
    flows: Path
    capsys: pytest.CaptureFixture[str]
    seconds: float = 0.0
    calls: int = 0
    _processor: EventProcessor | None = None

    def run(self, *arguments: str) -> tuple[int, str, str]:
        self.capsys.readouterr()
        status = main([*arguments])
        out, err = self.capsys.readouterr()
        return status, out, err

    def publish(self, *arguments: str) -> tuple[int, str, str]:
        return self.run("publish", "--flows", str(self.flows), "--yes", *arguments)

    def start(self) -> EventProcessor:
        """A process that has just started, with the flows that were deployed."""
        live = LiveCache(lambda: self.seconds)
        store = CallsTable(self.line.dynamodb, self.line.table, live)
        self._processor = self.line.processor()
        self._processor.store = store
        self._processor.library = FlowVersions(
            FlowLibrary.open(self.line.flows, store),
            lambda: live.value,
            store.published_texts,
            partial(report_unreadable, Observer("webhook")),
            store,
        )
        return self._processor

    def hears(self, event: Event) -> str:
        """What the caller hears after an event."""
        before = len(self.line.telnyx.obeyed)
        (self._processor or self.start()).handle(event, FOR_EVER)
        said = [command.parameters.get("payload") for _, command in self.line.telnyx.obeyed[before:]]
        return str(next(filter(None, said), ""))

    def call(self, **payload: object) -> str:
        """What a new caller hears first."""
        self.calls += 1
        session = {"call_session_id": f"session-{self.calls}"}
        rings = happened("call.initiated", self.calls * 10, direction="incoming", **session, **payload)
        return self.hears(rings) or self.hears(happened("call.answered", self.calls * 10 + 1, **session))

    def goes_on(self) -> str:
        """What the last caller hears next."""
        mark = ClientState(turn=1, flow="desk")
        session = f"session-{self.calls}"
        return self.hears(
            happened("call.speak.ended", self.calls * 10 + 2, mark, status="completed", call_session_id=session)
        )

    def later(self) -> None:
        """Let so much time pass that what is live is read again."""
        self.seconds += REREAD_SECONDS


@pytest.fixture
def published(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Published:
    deployed, flows = tmp_path / "deployed", tmp_path / "flows"
    write(deployed, "Deployed.")
    write(flows, "First.")
    line.flows = deployed
    clients: dict[str, Any] = {"dynamodb": line.dynamodb, "sts": Identity()}
    monkeypatch.setattr(aws, "client", lambda service, *_: clients[service])
    monkeypatch.setenv("CALLS_TABLE", line.table)
    return Published(line, flows, capsys)


class Identity:
    """AWS's answer to who this is."""

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": "arn:aws:iam::123456789012:user/anna"}


def test_a_published_menu_takes_new_calls_within_seconds_and_without_a_deployment(published: Published) -> None:
    before = published.call()

    status, out, err = published.publish("-m", "Spring hours")

    assert (status, "Version 1" in out, "every new call" in out) == (0, True, True), err
    assert (before, published.call()) == ("Deployed.", "Deployed.")
    published.later()
    assert published.call() == "First."


def test_a_published_flow_has_a_picture_for_the_console_and_one_that_is_too_large_none(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = CallsTable(published.line.dynamodb, published.line.table)
    flow = FlowLibrary.open(published.flows).flow("desk")
    assert flow

    published.publish("--dry-run")
    assert store.flow_picture("desk", flow.version) is None
    published.publish()

    assert "First." in str(store.flow_picture("desk", flow.version))
    write(published.flows, "Second.")
    monkeypatch.setattr(flow_versions_table, "MAX_BYTES", 1_000)
    assert "no picture of desk: too large" in published.publish()[1]


def test_a_process_that_has_just_started_takes_it_up_with_its_first_event(published: Published) -> None:
    published.publish()

    published.start()

    assert published.call() == "First."


def test_a_call_in_progress_ends_on_the_version_that_it_began_with(published: Published) -> None:
    published.publish()
    published.call()
    write(published.flows, "Second.")
    published.publish()
    published.later()

    same_process = published.goes_on()
    published.start()

    assert same_process == "First. more."
    assert published.call() == "Second."


def test_a_call_that_the_deployed_flows_began_ends_on_them_in_a_process_that_knows_only_published_ones(
    published: Published,
) -> None:
    published.call()
    published.publish()
    published.start()

    assert published.goes_on() == "Deployed. more."


def test_a_new_call_costs_no_request_more_once_its_version_is_read(published: Published) -> None:
    asked: list[str] = []
    published.publish()
    published.call()
    published.line.dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: asked.append(model.name))
    published.later()

    published.hears(happened("call.initiated", 50, direction="incoming", call_session_id="another"))

    assert asked == ["BatchGetItem", "TransactWriteItems"]


def test_a_rollback_goes_to_the_version_before_and_to_any_other(published: Published) -> None:
    published.publish()
    write(published.flows, "Second.")
    published.publish()

    heard = []
    for arguments in ([], ["--to", "2"], ["--to", "0"]):
        assert published.run("rollback", "--yes", *arguments)[0] == 0
        published.later()
        heard.append(published.call())

    assert heard == ["First.", "Second.", "Deployed."]


def test_a_second_rollback_goes_further_back_and_not_forth_again(published: Published) -> None:
    published.publish()
    write(published.flows, "Second.")
    published.publish()

    live = []
    for _ in range(3):
        status, _, err = published.run("rollback", "--yes")
        live.append((status, json.loads(published.run("versions", "--json")[1])["live"]["version"]))

    assert live == [(0, 1), (0, 0), (1, 0)]
    assert "no version was live before them" in err


def test_versions_and_who_published_them_are_listed(published: Published) -> None:
    published.publish("-m", "Spring hours")
    write(published.flows, "Second.")
    published.publish("-m", "Louder")
    published.run("rollback", "--yes")

    _, out, _ = published.run("versions")
    _, changes, _ = published.run("versions", "--changes")

    assert [line.split()[:2] for line in out.splitlines()] == [["2", out.split()[1]], ["live", "1"], ["0", "deployed"]]
    assert "Louder" in out.splitlines()[0]
    assert [line.split("user/anna  ")[1] for line in changes.splitlines()] == [
        "went back to version 1",
        "published version 2 for every new call",
        "published version 1 for every new call",
    ]
    assert json.loads(published.run("versions", "--json")[1])["live"]["version"] == 1


def test_a_trial_takes_a_share_of_the_callers_and_the_same_ones_again(published: Published) -> None:
    published.publish()
    write(published.flows, "Second.")
    published.publish("--percent", "50")
    callers = [f"+1555014{number:04}" for number in range(20)]
    published.later()

    heard = [[published.call(**{"from": caller}) for caller in callers] for _ in range(2)]

    assert heard[0] == heard[1]
    assert set(heard[0]) == {"First.", "Second."}


def test_a_trial_on_a_number_leaves_the_others_alone(published: Published) -> None:
    (published.flows / "numbers.yaml").write_text(f'"{CALLED}": desk\n"+15550188": desk\n')
    published.publish()
    (published.flows / "desk.yaml").write_text(FLOW.format(word="Second."))
    published.publish("--number", "+15550188")
    published.later()

    assert (published.call(), published.call(to="+15550188")) == ("First.", "Second.")


def test_a_campaign_plays_the_version_that_it_was_ordered_with_and_is_on_no_trial(published: Published) -> None:
    published.publish()
    write(published.flows, "Checked.")
    checked = FlowLibrary.open(published.flows).flow("desk")
    assert checked is not None
    CampaignsTable(published.line.dynamodb, published.line.table).order(replace(CAMPAIGN, flow="desk"), checked)
    write(published.flows, "Tried.")
    published.publish("--percent", "99")
    published.later()

    heard = []
    for row in range(3):
        mark = ClientState(flow="desk", campaign=f"{CAMPAIGN.id}/0/{row}/1", flow_version=checked.version)
        session = {"call_session_id": f"session-{row}"}
        published.calls = row
        published.hears(happened("call.initiated", row * 10, mark, direction="outgoing", **session))
        heard += [published.hears(happened("call.answered", row * 10 + 1, mark, **session)), published.goes_on()]
        leg = published.line.store.legs(f"session-{row}")[0]
        assert (leg.published, leg.flow_version) == (1, checked.version)

    assert heard == ["Checked.", "Checked. more."] * 3


def test_a_trial_ends_by_a_rollback_or_takes_every_call_by_publishing_the_same_again(published: Published) -> None:
    published.publish()
    write(published.flows, "Second.")
    published.publish("--percent", "99")

    published.run("rollback", "--yes")
    after_rollback = published.run("versions", "--json")[1]
    published.publish("--percent", "99")
    write(published.flows, "Third.")
    assert "The trial of version 2 ends." in published.publish("--dry-run")[1]
    write(published.flows, "Second.")
    status, out, _ = published.publish()
    published.later()

    assert json.loads(after_rollback)["live"] == {"revision": 3, "version": 1, "trial": None}
    assert (status, "in the table already" in out) == (0, True)
    assert published.call() == "Second."
    assert [each["number"] for each in json.loads(published.run("versions", "--json")[1])["versions"]] == [2, 1]


def test_the_same_files_are_not_published_twice(published: Published) -> None:
    published.publish()

    status, out, _ = published.publish()

    assert (status, "Nothing to publish" in out) == (0, True)
    assert json.loads(published.run("versions", "--json")[1])["live"]["revision"] == 1


def test_what_changes_is_shown_and_a_dry_run_changes_nothing(published: Published) -> None:
    published.publish()
    (published.flows / "numbers.yaml").write_text(f'"{CALLED}": desk\n"+15550188": desk\n')
    (published.flows / "desk.yaml").write_text(FLOW.format(word="Second."))

    status, out, _ = published.publish("--dry-run")

    assert status == 0
    assert "desk.yaml" in out
    assert "Second." in out
    assert "+15550188 is new" in out
    assert json.loads(published.run("versions", "--json")[1])["live"]["version"] == 1


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("desk.yaml", "flow: desk\nsteps:\n  hello: {say: Hi., next: nowhere}\n", "the flows have errors"),
        (
            "desk.test.yaml",
            "flow: desk\nconversations:\n  - name: hears\n    talk:\n      - hears: Never.\n",
            "1 of 1 conversations failed",
        ),
        ("numbers.yaml", f'"{CALLED}": gone\n', "the flows have errors"),
    ],
)
def test_menus_with_errors_are_not_published(published: Published, file: str, text: str, said: str) -> None:
    (published.flows / file).write_text(text)

    status, _, err = published.publish()

    assert (status, said in err) == (1, True), err
    assert json.loads(published.run("versions", "--json")[1]) == {
        "live": {"revision": 0, "version": 0, "trial": None},
        "versions": [],
        "changes": [],
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["publish"], "add --yes"),
        (["publish", "--yes", "--number", "+15550177"], "is not in numbers.yaml"),
        (["publish", "--yes", "--number", CALLED[:-1]], "is not in numbers.yaml"),
        (["rollback", "--yes"], "no version was live before them"),
        (["rollback", "--yes", "--to", "9"], "there is no version 9"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_remedy(published: Published, arguments: list[str], said: str) -> None:
    flows = ["--flows", str(published.flows)] if arguments[0] == "publish" else []

    status, _, err = published.run(arguments[0], *flows, *arguments[1:])

    assert (status, said in err) == (1, True), err


def test_of_two_who_publish_at_once_the_second_changes_nothing(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    published.publish()
    write(published.flows, "Second.")
    publications = FlowVersionsTable(published.line.dynamodb, published.line.table)
    seen = publications.live()
    published.publish()
    write(published.flows, "Third.")
    monkeypatch.setattr(FlowVersionsTable, "live", lambda _: seen)

    status, _, err = published.publish()

    monkeypatch.undo()
    assert (status, "somebody else has published" in err) == (1, True), err
    assert (publications.live(), len(publications.versions())) == (Live(2, 2), 2)


@pytest.mark.parametrize(
    "file", [{"desk.yaml": "flow: desk\nsteps:\n  hello: {sing: Later.}\n"}, {"numbers.yaml": "[]"}]
)
def test_a_version_that_this_program_cannot_read_leaves_new_calls_to_the_deployed_flows(
    published: Published, monkeypatch: pytest.MonkeyPatch, file: dict[str, str]
) -> None:
    published.publish()
    follow_stdout("webhook")
    readable = CallsTable.published_texts
    monkeypatch.setattr(CallsTable, "published_texts", lambda self, *of: {**(readable(self, *of) or {}), **file})
    published.start()

    assert published.call() == "Deployed."
    assert published.goes_on() == "Deployed. more."
    assert published.call() == "Deployed."
    logged = [json.loads(line) for line in published.capsys.readouterr().out.splitlines()]
    assert {1} == {line["published_version"] for line in logged if "published_version" in line}
    assert [line["PublishedFlowsUnreadable"] for line in logged if "PublishedFlowsUnreadable" in line] == [[1.0], [1.0]]


def sweep(published: Published, now: datetime) -> dict[str, int]:
    """What a sweep that finds nothing else does about a trial."""
    report = Report(Observer("reconcile"))
    publications = FlowVersionsTable(published.line.dynamodb, published.line.table)
    TrialWatch(published.line.store, publications, report, now.timestamp()).look()
    return dict(report.close())


def keep_calls(published: Published, version: int, began: datetime, outcomes: Mapping[str, int]) -> None:
    """Put calls into the table that a version took, by how their flow stood when they ended."""
    for number, ending in enumerate(Counter(outcomes).elements()):
        call = Call(
            f"{version}-{number}",
            f"leg-{number}",
            flow="desk",
            published=version,
            initiated_at=began.isoformat(),
            answered_at=began.isoformat(),
            ended_at=began.isoformat(),
            hangup_cause=NORMAL_CLEARING,
            ending=ending,
        )
        event = happened("call.hangup", 0, call_session_id=call.session_id)
        item = attributes(calls_table._call_fields(call, event))  # noqa: SLF001 -- as a commit writes it
        published.line.dynamodb.put_item(TableName=published.line.table, Item=item)


def test_a_trial_whose_callers_give_up_more_often_ends_by_itself_and_operators_hear(published: Published) -> None:
    now = datetime.now(UTC) + timedelta(minutes=1)
    published.publish()
    write(published.flows, "Second.")
    published.publish("--percent", "50")
    keep_calls(published, 1, now, {"completed": 55, "hung-up": 5})
    keep_calls(published, 2, now, {"completed": 30, "hung-up": 30})
    follow_stdout("reconcile")

    first, second = (sweep(published, now + timedelta(minutes=5)) for _ in range(2))

    assert (first.get("trials_ended"), second.get("trials_ended")) == (1, None)
    assert '"TrialsEnded":[1.0]' in published.capsys.readouterr().out
    assert json.loads(published.run("versions", "--json")[1])["live"] == {"revision": 3, "version": 1, "trial": None}
    assert "30 of 60 calls went wrong, of the others 5 of 60 calls" in published.run("versions", "--changes")[1]


@pytest.mark.parametrize("when", ["before-call", "after-call"])
def test_a_sweep_that_dies_while_it_ends_a_trial_leaves_it_to_the_next_or_has_ended_it(
    published: Published, when: str
) -> None:
    now = datetime.now(UTC) + timedelta(minutes=1)
    published.publish()
    write(published.flows, "Second.")
    published.publish("--percent", "50")
    keep_calls(published, 1, now, {"completed": 55, "hung-up": 5})
    keep_calls(published, 2, now, {"completed": 30, "hung-up": 30})
    name = f"{when}.dynamodb.TransactWriteItems"
    published.line.dynamodb.meta.events.register(name, _die)

    with pytest.raises(Died):
        sweep(published, now + timedelta(minutes=5))
    published.line.dynamodb.meta.events.unregister(name, _die)
    sweep(published, now + timedelta(minutes=10))

    changes = json.loads(published.run("versions", "--json")[1])["changes"]
    assert [each["author"] for each in changes] == ["the sweep", "user/anna", "user/anna"]
    assert changes[0]["live"] == {"revision": 3, "version": 1, "trial": None}


def _die(**_: object) -> None:
    raise Died


def test_a_trial_that_does_as_well_goes_on(published: Published) -> None:
    now = datetime.now(UTC) + timedelta(minutes=1)
    published.publish()
    write(published.flows, "Second.")
    published.publish("--percent", "50")
    for version in (1, 2):
        keep_calls(published, version, now, {"completed": 50, "hung-up": 10})

    assert sweep(published, now + timedelta(minutes=5)).get("trials_ended") is None
    assert json.loads(published.run("versions", "--json")[1])["live"]["trial"]["version"] == 2


def test_every_example_of_the_pages_runs(published: Published) -> None:
    page = (ROOT / "docs" / "publishing.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^(dialtone .*)$", page, re.MULTILINE)) | set(re.findall(r"`(dialtone [^`]*)`", page))
    shown |= {each for each in runbooks.commands("dialtone") if shlex.split(each)[1] in {"versions", "rollback"}}
    published.publish()

    for number, example in enumerate(sorted(shown)):
        _, command, *arguments = shlex.split(example.replace(f"--stack {runbooks.IN_THE_DOCS}", ""))
        write(published.flows, f"Example {number}.")
        given = {"publish": ["--flows", str(published.flows), "--yes"], "rollback": ["--yes"]}.get(command, [])
        if command in {"publish", "versions", "rollback"}:
            status, _, err = published.run(command, *given, *arguments)
            assert status == 0 or "already" in err, (example, err)
