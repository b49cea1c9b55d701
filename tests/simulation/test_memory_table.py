"""The table in memory answers as DynamoDB does, as far as moto knows DynamoDB."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from dialtone.adapters.calls_table import CallsTable, LostRace
from dialtone.domain.call_status import RINGING
from dialtone.domain.calls import Call
from dialtone.domain.decisions import Decision
from dialtone.domain.events import Event
from dialtone.domain.recordings import EXPECTED, FAILED, Recording, Review
from infra.flowkit.memory_table import MemoryTable
from tests.integration.dependencies import create_table

if TYPE_CHECKING:
    from collections.abc import Iterator

FOR_EVER = 9_999_999_999


@pytest.fixture(params=["memory", "moto"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[CallsTable]:
    if request.param == "memory":
        yield CallsTable(MemoryTable(), "calls")  # type: ignore[arg-type]
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_table(client, "calls")
        yield CallsTable(client, "calls")


def event(name: str) -> Event:
    payload = {"call_session_id": "session", "call_leg_id": "leg"}
    return Event(name, "call.initiated", "2026-11-22T10:00:00.000000Z", payload)


def test_an_unknown_call_is_none_and_no_duplicate(store: CallsTable) -> None:
    loaded = store.load(event("first"))

    assert (loaded.call, loaded.decided) == (None, None)


def test_what_was_committed_is_loaded_and_known_as_a_duplicate(store: CallsTable) -> None:
    before = Call("session", "leg")
    after = replace(before, status=RINGING)

    store.commit(event("first"), before, Decision(after), at_seconds=1.0)

    loaded = store.load(event("first"))
    assert loaded.call == replace(after, version=1)
    assert loaded.decided is not None
    assert loaded.decided.at_seconds == 1.0


def test_the_same_event_is_not_committed_twice(store: CallsTable) -> None:
    before = Call("session", "leg")
    store.commit(event("first"), before, Decision(before, reason="as it was"), at_seconds=1.0)

    with pytest.raises(LostRace):
        store.commit(event("first"), before, Decision(before), at_seconds=2.0)

    decided = store.load(event("first")).decided
    assert decided is not None
    assert decided.at_seconds == 1.0


def test_who_decided_on_an_older_call_has_lost_the_race(store: CallsTable) -> None:
    before = Call("session", "leg")
    ringing = Decision(replace(before, status=RINGING))
    store.commit(event("first"), before, ringing, at_seconds=1.0)

    with pytest.raises(LostRace):
        store.commit(event("second"), before, ringing, at_seconds=1.0)

    assert [entry.event_id for entry in store.timeline("session")] == ["first"]


def test_what_a_caller_decides_about_a_recording_is_written_into_its_entry(store: CallsTable) -> None:
    before = Call("session", "leg")
    recording = Recording(
        "session", "leg", number=1, turn=2, requested_at="2026-11-20T14:00:00Z", source="record_start"
    )
    store.commit(event("first"), before, Decision(before, recordings=(recording,)), at_seconds=1.0)

    verdict = Decision(before, reviews=(Review(recording.name, "deleted"),))
    store.commit(event("second"), before, verdict, at_seconds=2.0)

    assert store.recordings("session") == (replace(recording, review="deleted"),)


def ledger(number: int, **changes: Any) -> Recording:  # noqa: ANN401 -- any field of an entry
    asked = Recording("session", "leg", number, 2, f"2026-11-20T14:{number:02d}:00.000000Z", "record_start")
    return replace(asked, **changes)


def test_open_entries_are_due_in_their_order_and_settled_ones_are_not(store: CallsTable) -> None:
    before = Call("session", "leg")
    entries = (ledger(3), ledger(1), ledger(2, status=FAILED))
    store.commit(event("first"), before, Decision(before, recordings=entries), at_seconds=1.0)

    due = store.due_items(FOR_EVER, 10)

    assert [each.recording for each in due] == ["leg-01", "leg-03"]
    assert store.due_items(FOR_EVER, 1) == due[:1]
    assert store.due_items(due[0].due_at - 1, 10) == ()


def test_an_entry_changes_only_from_the_status_that_is_named(store: CallsTable) -> None:
    before = Call("session", "leg")
    store.commit(event("first"), before, Decision(before, recordings=(ledger(1),)), at_seconds=1.0)

    marked = [store.mark_recording(ledger(1, status=FAILED, reason="r"), was=(EXPECTED,)) for _ in range(2)]

    assert marked == [True, False]
    assert store.recordings("session") == (ledger(1, status=FAILED, reason="r"),)
    assert store.due_items(FOR_EVER, 10) == ()
    assert not store.mark_recording(ledger(9), was=(EXPECTED,))


def test_what_is_dropped_is_not_due_any_more_and_reads_as_before(store: CallsTable) -> None:
    before = Call("session", "leg")
    store.commit(event("first"), before, Decision(before, recordings=(ledger(1),)), at_seconds=1.0)
    [due] = store.due_items(FOR_EVER, 10)

    store.drop_due(replace(due, due_at=due.due_at + 1))
    assert store.due_items(FOR_EVER, 10) == (due,)
    store.drop_due(due)

    assert store.due_items(FOR_EVER, 10) == ()
    assert store.recordings("session") == (ledger(1),)


def test_what_is_due_is_moved_on_once(store: CallsTable) -> None:
    before = Call("session", "leg")
    store.commit(event("first"), before, Decision(before, recordings=(ledger(1),)), at_seconds=1.0)
    [due] = store.due_items(FOR_EVER, 10)

    assert [store.move_due(due, due.due_at + 1) for _ in range(2)] == [True, False]
    assert store.due_items(FOR_EVER, 10) == (replace(due, due_at=due.due_at + 1),)
