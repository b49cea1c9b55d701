"""What must hold of calls, however their webhooks came: by what the carrier and the table have, and nothing else."""

from collections import Counter
from collections.abc import Iterator, Sequence

from dialtone.adapters.calls_table import CallsTable, TimelineEntry
from dialtone.domain.call_status import ENDED
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import Command, command_id
from dialtone.domain.lookups import ANSWERED
from infra.carrier import Carrier
from tests.drills.report import DOUBLED, LOST, STUCK, Violation

REPEATABLE = frozenset({"hangup", "client_state_update", "switch_supervisor_role"})
"""What ends a leg ends it once, and a state set twice is set once."""

FROM_ELSEWHERE = frozenset({"dial"})
"""What operators send, too."""


def sessions_of(carrier: Carrier) -> list[str]:
    """Every session that there was."""
    return sorted({leg.session.id for leg in carrier.legs})


def unended(carrier: Carrier, store: CallsTable) -> Iterator[Violation]:
    """Every call ends, by the carrier and by the table."""
    for leg in carrier.legs:
        if leg.ended is None:
            yield Violation(STUCK, f"leg {leg.name.call_leg_id} never ends")
    for session in sessions_of(carrier):
        for call in store.legs(session):
            if call.status != ENDED:
                yield Violation(STUCK, f"the table holds leg {call.leg_id} for {call.status}")


def doubled(carrier: Carrier, store: CallsTable) -> Iterator[Violation]:
    """No command is obeyed twice or undecided, no event is in the timeline twice, no state was decided on twice."""
    sessions = {leg.session.id: leg.session for leg in carrier.legs}
    obeyed = Counter(
        str(each["metadata"]["raw"].get("command_id"))
        for session in sessions.values()
        for each in session.commands
        if each["name"] not in REPEATABLE
    )
    for obeyed_id, times in obeyed.items():
        if times > 1 and obeyed_id != "None":
            yield Violation(DOUBLED, f"command {obeyed_id} was obeyed {times} times")
    timelines = [store.timeline(session) for session in sessions]
    for timeline in timelines:
        yield from _recorded_twice(timeline)
        yield from _decided_at_once(timeline)
    decided = {
        command_id(entry.event_id, place)
        for timeline in timelines
        for entry in timeline
        for place in range(len(entry.commands))
    }
    for each in (each for session in sessions.values() for each in session.commands):
        used_id = each["metadata"]["raw"].get("command_id")
        if each["name"] not in FROM_ELSEWHERE and used_id and used_id not in decided:
            yield Violation(DOUBLED, f"{each['name']} {used_id} was obeyed, and no event has decided it")


def _recorded_twice(timeline: Sequence[TimelineEntry]) -> Iterator[Violation]:
    """A lookup that ran twice has two answers of one id, at their own times: the second changes nothing."""
    by_id: dict[str, list[TimelineEntry]] = {}
    for entry in timeline:
        by_id.setdefault(entry.event_id, []).append(entry)
    for event_id, entries in by_id.items():
        obeyed = [entry for entry in entries if entry.commands]
        if len(obeyed) > 1 or (len(entries) > 1 and entries[0].event_type != ANSWERED):
            yield Violation(DOUBLED, f"{entries[0].event_type} {event_id} is in the timeline {len(entries)} times")


def _decided_at_once(timeline: Sequence[TimelineEntry]) -> Iterator[Violation]:
    """No two events were decided on the same state of the call: each decision has a number of its own."""
    by_number: dict[int, str] = {}
    for entry in timeline:
        for number in {number for command in entry.commands for number in _numbers(command)}:
            first = by_number.setdefault(number, entry.event_id)
            if first != entry.event_id:
                yield Violation(DOUBLED, f"decision {number} was made on {first} and on {entry.event_id}")


def _numbers(command: Command) -> Iterator[int]:
    for name in ("client_state", "target_leg_client_state"):
        state = ClientState.decode(str(command.parameters.get(name, "")))
        if state.decision:
            yield state.decision


def lost(carrier: Carrier, store: CallsTable) -> Iterator[Violation]:
    """What was answered 200 is in the timeline."""
    kept = {entry.event_id for session in sessions_of(carrier) for entry in store.timeline(session)}
    for delivery in carrier._deliveries.settled:  # noqa: SLF001 -- the carrier's own account
        if delivery.delivered and "call_session_id" not in delivery.event.payload:
            kept |= {entry.event_id for entry in store.timeline(f"no-session-{delivery.event.id}")}
        if delivery.delivered and delivery.event.id not in kept:
            yield Violation(LOST, f"{delivery.event.event_type} {delivery.event.id} was answered 200 and is not kept")
