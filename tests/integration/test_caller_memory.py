"""What flows remember of a caller: there at the next call, written with what sets it, and read only if wanted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from moto import mock_aws

from dialtone.adapters.calls_table import CALLER, MEMORY_ITEM
from dialtone.domain.calls import Call
from dialtone.domain.events import Event
from infra.carrier import Caller, Hear, Person, Silence
from infra.flowkit.stage import Stage
from tests.integration.dependencies import FAULTS, Fault, Line
from tests.staged_call import BEGAN, happened, mark_of

ANN, LINE = "+13125550142", "+15550100"
COUNTS = """
flow: desk
memory: {days: 90}
last_resort: sorry
steps:
  count: {set: {memory.visits: {add: 1}}}
  hello: {say: "Visit {memory.visits}."}
  bye: hangup
  sorry: {say: Sorry., next: bye}
"""
NO_MEMORY = COUNTS.replace("memory: {days: 90}\n", "")


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    return written(tmp_path, COUNTS)


def written(folder: Path, flow: str) -> Path:
    (folder / "desk.yaml").write_text(flow, encoding="utf-8")
    (folder / "numbers.yaml").write_text(f'"{LINE}": desk\n', encoding="utf-8")
    return folder


def events_of(session: str, seconds: float = 0, caller: str = ANN) -> Iterator[Event]:
    """A call that rings and is answered."""
    about = {"call_session_id": session, "call_leg_id": f"leg-{session}", "from": caller, "to": LINE}
    for place, (event_type, payload) in enumerate(
        (("call.initiated", {"direction": "incoming", "state": "parked"}), ("call.answered", {}))
    ):
        event = happened(event_type, seconds + place, None, **about, **payload)
        yield event._replace(id=f"{event_type}@{session}")


def called(line: Line, session: str, seconds: float = 0, caller: str = ANN) -> Call:
    for event in events_of(session, seconds, caller):
        line.deliver_until_done(event)
    (call,) = line.remains(session).legs
    return call


def remembered(line: Line) -> dict[str, str]:
    return dict(line.store.memory(ANN, BEGAN.isoformat()))


@mock_aws
def test_the_next_call_knows_what_the_one_before_has_set(flows: Path) -> None:
    line = Line.open(flows)

    visits = [called(line, f"s{each}").variables["memory.visits"] for each in range(3)]
    other = called(line, "other", caller="+13125550143").variables["memory.visits"]

    assert (visits, other) == (["1", "2", "3"], "1")
    assert remembered(line) == {"memory.visits": "3"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_request_that_fails_or_a_process_that_dies_counts_nothing_twice(flows: Path, fault: Fault) -> None:
    places = sum(Line.in_memory(flows).spent().values()) + 8

    for place in range(places):
        line = Line.in_memory(flows, {place: fault})
        visits = [called(line, session).variables["memory.visits"] for session in ("s1", "s2")]

        assert (visits, remembered(line)) == (["1", "2"], {"memory.visits": "2"}), place


def test_a_webhook_that_is_delivered_again_changes_nothing(flows: Path) -> None:
    line = Line.in_memory(flows)
    called(line, "s1")

    for event in events_of("s1"):
        line.deliver(event)

    assert remembered(line) == {"memory.visits": "1"}


def test_only_a_flow_that_remembers_reads_more_and_only_as_it_begins(tmp_path: Path) -> None:
    spent = {}
    for flow in (NO_MEMORY, COUNTS):
        line = Line.in_memory(written(tmp_path, flow))
        rings, is_answered = events_of("s1")
        (answer,) = (each.command for each in line.deliver(rings).sent)
        spent[flow, rings.type] = line.spent()
        line.deliver(is_answered._replace(client_state=mark_of(answer)))
        spent[flow, is_answered.type] = line.spent()

    read, wrote = "BatchGetItem", "TransactWriteItems"
    assert [spent[flow, "call.answered"][read] for flow in (NO_MEMORY, COUNTS)] == [1, 2]
    assert [spent[flow, "call.initiated"][read] for flow in (NO_MEMORY, COUNTS)] == [1, 1]
    assert [spent[flow, "call.answered"][wrote] for flow in (NO_MEMORY, COUNTS)] == [1, 1]


def test_without_memory_nothing_is_kept(tmp_path: Path) -> None:
    line = Line.in_memory(written(tmp_path, NO_MEMORY))

    visits = [called(line, session).variables["memory.visits"] for session in ("s1", "s2")]

    assert (visits, remembered(line)) == (["1", "1"], {})


def test_what_has_expired_counts_no_more_though_it_is_still_there(flows: Path) -> None:
    line, days = Line.in_memory(flows), 24 * 3_600
    called(line, "s1")

    on_the_last_day = called(line, "s2", seconds=90 * days - 60).variables["memory.visits"]
    too_late = called(line, "s3", seconds=(90 + 91) * days).variables["memory.visits"]

    assert (on_the_last_day, too_late) == ("2", "1")


def test_no_number_stands_in_a_key(flows: Path) -> None:
    stage = Stage(flows=flows, start=datetime.now(UTC))
    stage.ring(LINE, Caller(Hear("Visit 1"), Silence(3)))

    (item,) = (each for each in stage.table.items() if each["item"]["S"] == MEMORY_ITEM)
    assert item["call_session_id"]["S"].startswith(CALLER)
    assert "5550142" not in str(item)


@pytest.mark.parametrize("shown", ["anonymous", "Restricted", "+266696687"])
def test_callers_without_a_number_are_not_remembered(flows: Path, shown: str) -> None:
    stage = Stage(flows=flows, start=datetime.now(UTC))

    for _ in range(2):
        stage.call(shown, LINE, Caller(Hear("Visit 1"), Silence(3)))
        stage.carrier.run()

    assert [each for each in stage.table.items() if each["item"]["S"] == MEMORY_ITEM] == []


def test_who_is_dialled_is_remembered_and_known_when_calling_back(flows: Path) -> None:
    stage = Stage(flows=flows, start=datetime.now(UTC) - timedelta(hours=1))
    stage.dial("+15550142", Person(Hear("Visit 1"), Silence(3)), "desk", detection="disabled")

    session = stage.ring(LINE, Caller(Hear("Visit 2"), Silence(3)))

    (call,) = stage.store.legs(session)
    assert call.variables["memory.visits"] == "2"


def test_what_is_set_to_nothing_is_forgotten_and_too_much_takes_the_error_path(tmp_path: Path) -> None:
    flow = """
flow: desk
memory: {days: 1}
last_resort: sorry
steps:
  known: {branch: [{when: {memory.name: Ann}, to: forget}]}
  note: {set: {memory.name: Ann}}
  fill: {set: {memory.a: "%s", memory.b: "%s", memory.c: "%s"}, on_error: bye}
  never: {say: Never.}
  bye: hangup
  forget: {set: {memory.name: ""}, next: bye}
  sorry: {say: Sorry., next: bye}
""" % (("x" * 900,) * 3)
    line = Line.in_memory(written(tmp_path, flow))

    first = called(line, "s1")
    kept = remembered(line)
    called(line, "s2")

    assert (first.step, kept, remembered(line)) == ("bye", {"memory.name": "Ann"}, {})


def test_a_flow_with_variables_of_its_own_shares_the_memory(tmp_path: Path) -> None:
    flow = "flow: desk\nmemory: {days: 1}\nsteps:\n  a: {go: {flow: other, given: {}}}\n  b: {say: '{memory.x}'}\n"
    (tmp_path / "other.yaml").write_text("flow: other\nsteps:\n  a: {set: {memory.x: kept}}\n", encoding="utf-8")
    line = Line.in_memory(written(tmp_path, flow))

    assert called(line, "s1").variables == {"memory.x": "kept"}
    assert remembered(line) == {"memory.x": "kept"}
