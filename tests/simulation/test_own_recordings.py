"""Calls on a number that records each itself: Telnyx reports those recordings like the ones that flows ask for."""

from dataclasses import replace
from pathlib import Path

import pytest

from dialtone.domain.recordings import CERTAIN, LIKELY, SAVED, Recording
from infra.carrier import BEEP, Caller, HangUp, Press, Say, Silence
from infra.carrier.account import CONNECTION_ID
from infra.flowkit.stage import Stage

NUMBER = "+15550100"
FLOW = """\
flow: desk
last_resort: sorry
{record}
steps:
  message: {{record: Leave a message., channels: single, silence_seconds: 3, max_seconds: 30}}
  thanks: {{say: Thank you., next: bye}}
  bye: hangup
  sorry: {{say: We are sorry., next: bye}}
"""
RECORDED = "record: {channels: dual}"


def played(folder: Path, record: str, caller: Caller) -> tuple[str, list[Recording]]:
    """The call's last step, and its recordings: those that a command asked for, then the number's own."""
    (folder / "numbers.yaml").write_text(f'"{NUMBER}": desk\n', encoding="utf-8")
    (folder / "desk.yaml").write_text(FLOW.format(record=record), encoding="utf-8")
    stage = Stage(flows=folder)
    application = stage.carrier.exchange.applications[CONNECTION_ID]
    stage.carrier.add_application(replace(application, records_incoming_calls=True), [NUMBER])
    session = stage.ring(NUMBER, caller)
    [leg] = stage.store.legs(session)
    ledger = sorted(stage.store.recordings(session), key=lambda each: (each.source == "telnyx", each.requested_at))
    return leg.step, ledger


@pytest.mark.parametrize("record", ["", RECORDED])
@pytest.mark.parametrize("ends_by", ["silence", "key", "hanging up"])
def test_each_recording_is_filed_as_what_it_is(tmp_path: Path, record: str, ends_by: str) -> None:
    ends: dict[str, Press | Silence | HangUp] = {
        "silence": Silence(60),
        "key": Press("#"),
        "hanging up": HangUp(after=1),
    }

    step, ledger = played(tmp_path, record, Caller(BEEP, Say(4, "call back"), ends[ends_by], Silence(20)))

    asked = ["record-from-answer", "record_start"] if record else ["record_start"]
    assert [each.source for each in ledger] == [*asked, "telnyx"]
    assert {each.status for each in ledger} == {SAVED}
    message, own = ledger[-2:]
    assert {each.identity for each in ledger if each is not own} == {CERTAIN}
    assert own.identity == (LIKELY if record else CERTAIN)
    assert message.started_at > message.requested_at > own.started_at
    assert step == ("message" if ends_by == "hanging up" else "bye")
