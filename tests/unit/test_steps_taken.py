"""The steps of calls as the local stack's webhook function notes them."""

from pathlib import Path

import pytest

from dialtone.adapters.calls_table import CallsTable, LostRace
from dialtone.domain.calls import Call
from dialtone.domain.decisions import Decision, EnteredStep
from infra.flowkit.memory_table import MemoryTable
from infra.local.steps_taken import NotingTable, steps_taken
from tests.staged_call import LEG, SESSION, happened

STEPS = (EnteredStep("menu", "welcome", "", "start"), EnteredStep("menu", "<b>", "welcome", "keys.1"))


def test_every_step_that_was_stored_is_noted_once_in_its_order(tmp_path: Path) -> None:
    table = NotingTable(CallsTable(MemoryTable(), "calls"), tmp_path / "steps")  # type: ignore[arg-type]
    before, event = Call(SESSION, LEG), happened("call.initiated", direction="incoming")
    decision = Decision(before, entered=STEPS)

    table.commit(event, before, decision, at_seconds=0.0)
    with pytest.raises(LostRace):
        table.commit(event, before, decision, at_seconds=0.0)

    assert steps_taken(tmp_path / "steps", SESSION, 0) == list(STEPS)
    assert steps_taken(tmp_path / "steps", SESSION, 1) == [STEPS[1]]
    assert steps_taken(tmp_path / "steps", "another", 0) == []
