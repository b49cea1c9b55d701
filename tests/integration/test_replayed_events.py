"""Parked events that are run again when their call is over: they are kept, and nobody is rung, spoken to or asked."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialtone.adapters.telnyx_api import Outcome
from dialtone.domain.events import READ_BACK, REPLAY, Event
from tests.integration.deliveries import CONTROL, LEG, SESSION, event, phone_call, team_call
from tests.integration.dependencies import Died, Line

LOOKS_UP = "flow: desk\nsteps:\n  who: {lookup: customers, into: customer, gives: [name]}\n  bye: hangup\n"


def replayed(event: Event) -> Event:
    """Give the event as `dialtone replay` has it run again."""
    return event._replace(payload={**event.payload, READ_BACK: REPLAY})


def played(flows: Path, call: Callable[[Line], Iterator[Event]]) -> list[Event]:
    """Give the events of a call that nothing disturbed."""
    line, received = Line.in_memory(flows), []
    for each in call(line):
        received.append(each)
        line.deliver(each)
    return received


@given(call=st.sampled_from([phone_call, team_call]), failing=st.sets(st.integers(0, 15)))
@settings(max_examples=3 * settings().max_examples, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whichever_events_of_a_call_had_failed_its_record_is_whole_and_nobody_hears_of_it(
    flows: Path, call: Callable[[Line], Iterator[Event]], failing: set[int]
) -> None:
    line = Line.in_memory(flows)
    failed: list[Event] = []
    received: list[Event] = []
    for number, each in enumerate(call(line)):
        received.append(each)
        if number in failing:
            failed.append(each)
        else:
            line.deliver(each)
    obeyed = list(line.telnyx.obeyed)

    for _ in range(2):
        for each in sorted(failed, key=lambda each: each.type != "call.hangup" or each.about_callee):
            assert not line.deliver(replayed(each)).unsent

    remains = line.remains(SESSION)
    assert sorted(each.event_id for each in remains.timeline) == sorted(each.id for each in received)
    assert [leg.status for leg in remains.legs if leg.leg_id == LEG] == ["ended"]
    assert {command.action for _, command in line.telnyx.obeyed[len(obeyed) :]} <= {"hangup"}
    urls = [each for each in received if "recording_urls" in each.payload]
    assert sum('"audio"' in job for job in remains.jobs) == len(urls)


@pytest.mark.parametrize("call", [phone_call, team_call])
def test_of_a_call_that_is_over_they_start_nothing(flows: Path, call: Callable[[Line], Iterator[Event]]) -> None:
    received = played(flows, call)
    line = Line.in_memory(flows)
    for each in received:
        if each.type == "call.hangup":
            line.deliver(each)

    results = [line.deliver(replayed(each)) for each in received if each.type != "call.hangup"]

    assert {command.action for _, command in line.telnyx.obeyed} <= {"hangup"}
    assert not any(each.unsent or each.duplicate for each in results)
    remains = line.remains(SESSION)
    assert len(remains.timeline) == len(received)
    assert all(leg.status == "ended" and leg.initiated_at for leg in remains.legs)


def test_recordings_and_transcripts_are_taken_into_custody_and_none_is_expected_that_was_never_begun(
    flows: Path,
) -> None:
    received = played(flows, phone_call)
    line = Line.in_memory(flows)
    line.deliver(next(each for each in received if each.type == "call.hangup"))

    begun, come = [each for each in received if ".recording." not in each.type], received
    for each in begun:
        line.deliver(replayed(each))
    assert line.store.recordings(SESSION) == ()
    for each in come:
        line.deliver(replayed(each))

    remains = line.remains(SESSION)
    assert sorted(json.loads(job)["kind"] for job in remains.jobs) == ["audio", "audio", "transcript"]
    assert {each.status for each in remains.recordings} == {"saved"}


def test_no_other_system_is_asked(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text(LOOKS_UP, encoding="utf-8")
    (tmp_path / "numbers.yaml").write_text('"+15550100": desk\n', encoding="utf-8")
    line = Line.in_memory(tmp_path)
    line.deliver(event("call.hangup", 9, hangup_cause="normal_clearing"))

    for _ in range(2):
        line.deliver(replayed(event("call.answered", 2, direction="incoming")))

    assert line.systems.asked == []


def test_one_that_had_been_decided_on_sends_what_hands_over_and_says_nothing(flows: Path) -> None:
    """The fault may come after the commit: its commands are of another day, its job is not."""
    received = played(flows, phone_call)
    saved = next(each for each in received if each.type == "call.recording.saved")
    line = Line.in_memory(flows, {5: "dies after", 7: "dies after"})
    line.deliver(received[0])  # 0 to 2: read, commit, answer
    with pytest.raises(Died):  # 3, 4: read, commit; 5: its first command
        line.deliver(received[1])
    with pytest.raises(Died):  # 6, 7: read, commit
        line.deliver(saved)
    line.deliver(event("call.hangup", 30, hangup_cause="normal_clearing"))
    obeyed = list(line.telnyx.obeyed)

    for each in (received[1], saved):
        assert line.deliver(replayed(each)).duplicate

    assert line.telnyx.obeyed == obeyed
    # The first is the hang-up's: what came of the call goes into the metadata.
    assert [json.loads(job)["kind"] for job in line.jobs()] == ["metadata", "audio"]


def test_people_whom_nobody_hung_up_on_are_hung_up_on(flows: Path) -> None:
    received = played(flows, team_call)
    rung = [each for each in received if each.type == "call.initiated" and each.about_callee]
    line = Line.in_memory(flows)
    for each in received[:3]:
        line.deliver(each)
    line.deliver(next(each for each in received if each.type == "call.hangup" and not each.about_callee))
    line.telnyx.obeyed.clear()
    line.telnyx.refuses["hangup"] = Outcome("ended", 1, 422, code="90018", title="Call has already ended")

    results = [line.deliver(replayed(each)) for each in rung]

    assert [(sent.command.action, sent.command.call_control_id) for each in results for sent in each.sent] == [
        ("hangup", f"{CONTROL}-{number}") for number in (1, 2, 3)
    ]
