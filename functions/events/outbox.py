"""The outbox: sends changes of calls and recordings from the table's stream to the event bus, in order.

A committed change is in the stream for a day. It is resent with the same ids until the bus accepts it, so that nothing
committed is lost, wherever a process dies.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from dialtone.adapters.calls_table import LEG, OUTBOX, RECORDING
from dialtone.adapters.table_stream import Change, number_of
from dialtone.domain.calls import Call
from dialtone.domain.compact_json import plain_json
from dialtone.domain.life_cycle import UPDATED, call_changes, recording_changes
from dialtone.domain.synthetic_call import SESSION_PREFIX
from events.life_cycle_events import Committed, call_events, recording_events

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dialtone.adapters.telemetry import Observer
    from events.bus import EventBus
    from events.dead_letters import DeadLetters
    from events.life_cycle_events import LifeCycleEvent

DEPENDENCY_FAULTS = (ClientError, BotoCoreError)
"""Temporary errors: the stream retries the records."""


def events_of(change: Change, mask: Callable[[str], str]) -> tuple[LifeCycleEvent, ...]:
    """The life-cycle events of a change, in order. Raises KeyError, TypeError or ValueError."""
    if change.session_id.startswith(SESSION_PREFIX):
        return ()
    committed = Committed(change.committed_at, change.number)
    if call := change.call:
        return tuple(call_events(_happened(change, call), call, committed, mask))
    if recordings := change.recordings:
        return tuple(recording_events(recording_changes(*recordings), recordings[1], committed, mask))
    return ()


def _happened(change: Change, call: Call) -> tuple[str, ...]:
    """What this write of the leg put into its outbox; other writes leave the attribute as it is."""
    if change.is_resent:
        return (*call_changes(Call("", ""), call), *([UPDATED] if call.ended_at else []))
    after, before = change.after or {}, change.before or {}
    return tuple(str(after.get(OUTBOX, "")).split()) if before.get("version") != after["version"] else ()


@dataclass(frozen=True, slots=True)
class Outbox:
    """Sends the stream's changes."""

    bus: EventBus
    dead_letters: DeadLetters
    observer: Observer
    mask: Callable[[str], str]

    def send(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Process the records of Lambda's event; return the first that must be retried, and with it all after it.

        An event that can never be sent, because of a bug or because the bus refuses it, becomes a dead letter and is
        skipped.
        """
        unsent = self._unsent(batch["Records"])
        return {"batchItemFailures": [{"itemIdentifier": unsent}] if unsent else []}

    def _unsent(self, records: Sequence[Mapping[str, Any]]) -> str:
        """Sequence number of the first record that must be retried; '' for none."""
        events: list[tuple[str, LifeCycleEvent]] = []
        unkept = ""
        for record in records:
            number = number_of(record)
            try:
                events += [(number, each) for each in events_of(Change.of(record), self.mask)]
            except Exception as fault:  # noqa: BLE001 -- one record must not block those after it for a day
                if not self._parked(record, f"a fault of ours: {type(fault).__name__}", fault):
                    unkept = number
                    break
        return self._sent(events) or unkept

    def _sent(self, events: Sequence[tuple[str, LifeCycleEvent]]) -> str:
        """Send the events; return the sequence number of the first record that must be retried."""
        if not events:
            return ""
        try:
            faults = self.bus.put([(each.type, body_of(each)) for _, each in events])
        except DEPENDENCY_FAULTS as fault:
            self._delayed(len(events), f"{type(fault).__name__}: {fault}")
            return events[0][0]
        self.observer.log("info", "events sent", {"events": faults.count(None)})
        left = [(number, fault) for (number, _), fault in zip(events, faults, strict=True) if fault]
        for_good = [each for (_, each), fault in zip(events, faults, strict=True) if fault and fault.for_good]
        unkept = not all(map(self._refused, for_good))
        later = [(number, fault.code) for number, fault in left if unkept or not fault.for_good]
        if later:
            self._delayed(len(later), ", ".join(sorted({code for _, code in later})))
        return later[0][0] if later else ""

    def _delayed(self, events: int, reason: str) -> None:
        self.observer.log("warning", "events not sent yet", {"events": events, "reason": reason})

    def _refused(self, event: LifeCycleEvent) -> bool:
        session, item = item_of(event)
        return self._dead_letter(session, item, f"the bus refuses {event.type}", None)

    def _parked(self, record: Mapping[str, Any], why: str, fault: Exception) -> bool:
        keys = record.get("dynamodb", {}).get("Keys", {})
        session, item = (str(keys.get(name, {}).get("S", "")) for name in ("call_session_id", "item"))
        return self._dead_letter(session, item, why, fault)

    def _dead_letter(self, session: str, item: str, why: str, fault: Exception | None) -> bool:
        """Queue a dead letter. False if that failed: then the record must be retried."""
        fields = {"call_session_id": session, "item": item, "reason": why}
        self.observer.log("error", "event cannot be sent", fields, failed=fault or False)
        try:
            self.dead_letters.keep(session, item, why)
        except DEPENDENCY_FAULTS as unkept:
            self.observer.log("error", "dead letter not kept", fields | {"fault": type(unkept).__name__})
            return False
        return True


def item_of(event: LifeCycleEvent) -> tuple[str, str]:
    """An event's partition and item."""
    if event.schema == "call-1":
        return event.call.call_session_id, f"{LEG}{event.call.call_leg_id}"
    return event.recording.call_session_id, f"{RECORDING}{event.recording.name}"


def body_of(event: LifeCycleEvent) -> str:
    """An event as JSON."""
    return plain_json(asdict(event))
