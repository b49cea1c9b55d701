"""A call ends on the version of the flow that it began with, whatever is deployed meanwhile."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.telnyx_api import Outcome, TakenCommand
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import Command
from dialtone.domain.deadline import NO_DEADLINE
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.events import Event
from dialtone.domain.retention import KEEP_DAYS
from dialtone.domain.units import SECONDS_A_DAY
from infra.carrier import Caller, trace
from infra.flowkit.memory_table import MemoryTable
from infra.flowkit.stage import Jobs, Stage, Unwatched
from infra.flowkit.watched_flows import WatchedFlows
from tests.integration.campaign_example import CAMPAIGN
from tests.integration.dependencies import ForbiddenDependency
from tests.staged_call import CALLED, happened
from webhook.processor import KEPT_AGAIN_SECONDS, EventProcessor

OLD = """\
flow: desk
last_resort: bye
steps:
  hello: {say: "Old hello."}
  more: {say: "Old more."}
  open: {hours: office, closed: bye}
  aside: {go: {flow: aside}}
  bye: hangup
"""
NEW = "flow: desk\nsteps:\n  hi: {say: New hi.}\n  bye: hangup\n"
ASIDE = "flow: aside\nsteps:\n  word: {say: Old word.}\n"
CALENDAR = "calendar: office\ntime_zone: UTC\nopen: {mon-sun: 00:00-24:00}\n"


ITEM_BYTES = 400 * 1_024
"""DynamoDB's limit."""


class CountingTable(MemoryTable):
    """Counts what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.puts: list[dict[str, Any]] = []
        self.telnyx = Obedient()
        """It outlives a deployment, too."""

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803, ANN401 -- boto's own
        self.reads += 1
        return super().batch_get_item(RequestItems=RequestItems)

    def transact_write_items(self, *, TransactItems: Any) -> Any:  # noqa: N803, ANN401 -- boto's own
        self.puts += [each["Put"]["Item"] for each in TransactItems if "Put" in each]
        return super().transact_write_items(TransactItems=TransactItems)

    @property
    def kept(self) -> list[dict[str, Any]]:
        return [item for item in self.puts if item["item"]["S"].startswith("FLOW#")]


class Obedient:
    """Takes every command."""

    def __init__(self) -> None:
        self.taken: list[Command] = []

    def send(self, asked: Command, command_id: str, deadline: float) -> Outcome:
        del command_id, deadline
        self.taken.append(asked)
        return Outcome("accepted", 1, 200)

    def send_together(self, asked: Sequence[tuple[Command, str]], deadline: float) -> Sequence[Outcome]:
        return [self.send(command, command_id, deadline) for command, command_id in asked]

    def commands_since(self, call_session_id: str, since_seconds: float, deadline: float) -> Sequence[TakenCommand]:
        raise NotImplementedError


class Deployment:
    """A function with the flows that were deployed with it, on a table that outlives it."""

    def __init__(self, folder: Path, table: CountingTable) -> None:
        store = CallsTable(table, "calls")  # type: ignore[arg-type]
        self.telnyx = table.telnyx
        self.now = 0.0
        self.processor = EventProcessor(
            store,
            FlowLibrary.open(folder, store),
            self.telnyx,
            Jobs(),  # type: ignore[arg-type]
            ForbiddenDependency(),
            Unwatched(),
            now_seconds=lambda: self.now,
        )

    def last_command(self, event: Event) -> str:
        """What the last command after an event lets the caller hear, or its name."""
        before = len(self.telnyx.taken)
        states = [ClientState.decode(str(each.parameters.get("client_state", ""))) for each in self.telnyx.taken]
        if states:
            state = event.client_state._replace(decision=states[-1].decision, place=states[-1].place)
            event = event._replace(client_state=state)
        self.processor.handle(event, NO_DEADLINE)
        said = [str(each.parameters.get("payload", each.action)) for each in self.telnyx.taken[before:]]
        return said[-1] if said else ""


def ringing(session: str = "one", seconds: float = 0) -> Event:
    return happened("call.initiated", seconds, direction="incoming", call_session_id=session)


def spoken(turn: int, seconds: float) -> Event:
    mark = ClientState(turn=turn, flow="desk")
    return happened("call.speak.ended", seconds, mark, status="completed", call_session_id="one")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "calendars").mkdir()
    (tmp_path / "calendars" / "office.yaml").write_text(CALENDAR)
    (tmp_path / "aside.yaml").write_text(ASIDE)
    (tmp_path / "desk.yaml").write_text(OLD)
    (tmp_path / "numbers.yaml").write_text(f'"{CALLED}": desk\n')
    return tmp_path


@pytest.fixture
def table() -> CountingTable:
    return CountingTable()


def begun(folder: Path, table: CountingTable) -> Deployment:
    before = Deployment(folder, table)
    before.last_command(ringing())
    assert before.last_command(happened("call.answered", 1, call_session_id="one")) == "Old hello."
    return before


@pytest.mark.parametrize("deployed", [NEW, "flow: desk\nsteps: broken\n", None])
def test_a_call_ends_on_the_version_that_it_began_with(
    folder: Path, table: CountingTable, deployed: str | None
) -> None:
    begun(folder, table)
    for file in ("aside.yaml", "calendars/office.yaml", "desk.yaml"):
        (folder / file).unlink()
    (folder / "numbers.yaml").write_text("{}\n" if deployed is None else f'"{CALLED}": desk\n')
    if deployed is not None:
        (folder / "desk.yaml").write_text(deployed)

    after = Deployment(folder, table)

    assert after.last_command(spoken(1, 2)) == "Old more."
    assert after.last_command(spoken(2, 3)) == "Old word."
    assert after.last_command(spoken(5, 4)) == "hangup"


def test_a_call_that_comes_after_the_deploy_is_led_by_what_was_deployed(folder: Path, table: CountingTable) -> None:
    begun(folder, table)
    (folder / "desk.yaml").write_text(NEW)

    after = Deployment(folder, table)
    after.last_command(ringing("two"))

    assert after.last_command(happened("call.answered", 1, call_session_id="two")) == "New hi."


def dialled(seconds: float, event_type: str, version: str, session: str = "one") -> Event:
    """An event of a campaign's call, with what its dial has left."""
    mark = ClientState(flow="desk", campaign=f"{CAMPAIGN.id}/0/2/1", flow_version=version)
    return happened(event_type, seconds, mark, direction="outgoing", call_session_id=session)


@pytest.mark.parametrize("deployed", [NEW, "flow: desk\nsteps: broken\n", None])
def test_a_campaigns_call_plays_the_version_that_was_checked_as_it_was_ordered(
    folder: Path, table: CountingTable, deployed: str | None
) -> None:
    ordered = FlowLibrary.open(folder).flow("desk")
    assert ordered is not None
    CampaignsTable(table, "calls").order(replace(CAMPAIGN, flow="desk"), ordered)  # type: ignore[arg-type] # in memory
    (folder / "numbers.yaml").write_text("{}\n")
    (folder / "aside.yaml").unlink()
    (folder / "desk.yaml").write_text(deployed) if deployed else (folder / "desk.yaml").unlink()

    # Two processes take its events in turn: neither knows what the other has read.
    one, other = Deployment(folder, table), Deployment(folder, table)
    one.last_command(dialled(0, "call.initiated", ordered.version))

    assert other.last_command(dialled(1, "call.answered", ordered.version)) == "Old hello."
    assert one.last_command(spoken(1, 2)) == "Old more."
    assert other.last_command(spoken(2, 3)) == "Old word."


def test_a_call_of_a_campaign_that_kept_no_version_is_led_by_what_is_deployed(
    folder: Path, table: CountingTable
) -> None:
    line = Deployment(folder, table)
    line.last_command(dialled(0, "call.initiated", "0c1d2e3f4a5b"))

    assert line.last_command(dialled(1, "call.answered", "0c1d2e3f4a5b")) == "Old hello."


@pytest.mark.parametrize("file", ["desk.yaml", "aside.yaml", "calendars/office.yaml"])
def test_every_file_that_a_call_can_get_into_is_part_of_the_version(folder: Path, file: str) -> None:
    before = FlowLibrary.open(folder).flow("desk")

    (folder / file).write_text((folder / file).read_text() + "# changed\n")

    after = FlowLibrary.open(folder).flow("desk")
    assert before is not None
    assert after is not None
    assert before.version != after.version


def test_a_version_is_kept_once_with_the_first_call_and_read_only_where_another_is_deployed(
    folder: Path, table: CountingTable
) -> None:
    before = begun(folder, table)
    before.last_command(ringing("two"))
    reads = table.reads
    before.last_command(happened("call.answered", 1, call_session_id="two"))

    assert len(table.kept) == 1
    assert table.reads == reads + 1

    (folder / "desk.yaml").write_text(NEW)
    after = Deployment(folder, table)
    reads = table.reads
    after.last_command(spoken(1, 2))
    after.last_command(spoken(2, 3))
    assert table.reads == reads + 3, "two events, and the kept version once"


def test_a_version_that_takes_calls_for_long_is_kept_again_before_it_expires(
    folder: Path, table: CountingTable
) -> None:
    before = begun(folder, table)

    before.now = KEPT_AGAIN_SECONDS + 1
    before.last_command(ringing("later", 1))

    assert len(table.kept) == 2
    assert KEPT_AGAIN_SECONDS < KEEP_DAYS * SECONDS_A_DAY


def test_a_call_whose_version_is_kept_nowhere_is_led_by_what_is_deployed(folder: Path, table: CountingTable) -> None:
    begun(folder, table)
    for key in [key for key in table._items if key[0].startswith("FLOW#")]:  # noqa: SLF001 -- as if it had expired
        del table._items[key]  # noqa: SLF001 -- as above
    (folder / "desk.yaml").write_text(NEW + "last_resort: bye\n")

    assert Deployment(folder, table).last_command(spoken(1, 2)) == "hangup"


def test_a_call_whose_version_was_written_for_a_newer_program_is_led_by_what_is_deployed(
    folder: Path, table: CountingTable
) -> None:
    begun(folder, table)
    for key in [key for key in table._items if key[0].startswith("FLOW#")]:  # noqa: SLF001 -- as a newer program keeps it
        item = json.loads(table._items[key])  # noqa: SLF001 -- as above
        item["texts"] = {"S": json.dumps({"desk.yaml": "flow: desk\nsteps:\n  a: {teleport: home}\n"})}
        table._items[key] = json.dumps(item)  # noqa: SLF001 -- as above
    (folder / "desk.yaml").write_text(NEW + "last_resort: bye\n")

    assert Deployment(folder, table).last_command(spoken(1, 2)) == "hangup"


def test_a_large_flow_in_russian_answers_and_its_calls_end_on_it(folder: Path, table: CountingTable) -> None:
    filler = "".join(f"  s{n}: {{say: {'Добро пожаловать. ' * 90}, next: more}}\n" for n in range(80))
    (folder / "desk.yaml").write_text(OLD + filler)
    begun(folder, table)
    (folder / "desk.yaml").write_text(NEW)

    [kept] = table.kept

    assert len((OLD + filler).encode()) > 200_000
    assert len(json.dumps(kept, ensure_ascii=False).encode()) < ITEM_BYTES
    assert Deployment(folder, table).last_command(spoken(1, 2)) == "Old more."


def test_a_broken_flow_without_an_earlier_version_is_reported(folder: Path, table: CountingTable) -> None:
    (folder / "desk.yaml").write_text("flow: desk\nsteps: broken\n")

    with pytest.raises(FlowInvalid):
        Deployment(folder, table).last_command(ringing())


def test_a_flow_that_is_saved_in_the_middle_of_a_call_leads_the_next_one(folder: Path) -> None:
    (folder / "numbers.yaml").write_text(f'"{CALLED}": desk\n')
    stage = Stage(flows=folder, library=WatchedFlows(folder))
    heard: list[str] = []

    def listen(happening: trace.Happening) -> None:
        if isinstance(happening, trace.Heard):
            heard.append(happening.what)
            (folder / "desk.yaml").write_text(NEW)

    stage.carrier.observe(listen)

    stage.ring(CALLED, Caller())
    stage.ring(CALLED, Caller())

    assert heard == ["Old hello.", "Old more.", "Old word.", "New hi."]
