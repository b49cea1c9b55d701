"""Erases calls: at Telnyx, in the bucket with every version, in the table, on the queue, among parked events.

Each step may be made twice, and the receipt comes first: from then on archive and sweep refuse what comes of the call.
An erasure that dies half-way is found by its receipt and finished by the next one. The order says what a death leaves:

1. the receipt, with the folders of the bucket
2. jobs that were given up
3. Telnyx's copies, as long as the ledger names them, and webhooks that were parked
4. the table's items: an archive that is at work finds its entry erased
5. the bucket, last: whatever was written until then goes with it
6. the receipt says that it is finished
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from dialtone.adapters.calls_table import EVENT, LEG, RECORDING
from dialtone.adapters.dynamodb_items import plain
from dialtone.adapters.erased_calls import delete_at_telnyx
from dialtone.domain.compact_json import expanded
from dialtone.domain.conversations import ENDED
from dialtone.domain.erasure import Receipt
from dialtone.domain.errors import DialtoneError
from dialtone.domain.object_keys import safe_id
from dialtone.domain.parked_event import call_folder
from infra.operations.custody.call_items import Counts, counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from control.archive_dead_letters import ArchiveDeadLetters
    from dialtone.adapters.erased_calls import Telnyx
    from infra.operations.custody.call_items import CallItems, RawItem
    from infra.operations.custody.holds import Holds
    from infra.operations.custody.objects import Objects, Version
    from infra.operations.custody.receipts import Receipts

SETTLED_SECONDS = 600
"""Since a call's end: by then Telnyx has delivered its webhooks, and the archive has worked on its recordings."""

MAX_ROUNDS = 5
"""Of emptying a folder into which somebody goes on writing."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENTS = ("occurred_at", "initiated_at", "ended_at", "requested_at", "started_at")
_KINDS = (LEG, EVENT, RECORDING)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure of one call will remove."""

    call_session_id: str
    items: Counts
    recording_ids: frozenset[str]
    """Telnyx's, as far as the ledger names them."""
    at_telnyx: int
    """Recordings that Telnyx lists."""
    versions: int
    """Of objects in the bucket."""
    folders: tuple[str, ...]
    obstacle: str = ""
    """Why it cannot be erased now."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure of one call has removed."""

    call_session_id: str
    recordings: int
    """At Telnyx, as are the transcriptions."""
    transcriptions: int
    versions: int
    items: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """Erases calls. Every method raises botocore's errors, TelnyxRefused and TelnyxUnavailable."""

    items: CallItems
    objects: Objects
    parked: Objects
    dead_letters: ArchiveDeadLetters
    receipts: Receipts
    telnyx: Telnyx
    holds: Holds | None
    """None if the bucket has no object lock."""

    def plan(self, call_session_id: str, now: datetime) -> Plan:
        """What would be removed of a call. Raises DialtoneError for a call of which nothing is known."""
        items = self.items.of(call_session_id)
        receipt = self.receipts.get(call_session_id)
        if not receipt and not any(_kind(item) for item in items):
            raise DialtoneError(f"there is no call session {call_session_id!r} in the table: `list` shows sessions")
        folders = tuple(sorted({*_folders(call_session_id, items), *(receipt.folders if receipt else ())}))
        return Plan(
            call_session_id=call_session_id,
            items=counts(items),
            recording_ids=frozenset(_recording_ids(items)),
            at_telnyx=len(self.telnyx.recordings_of(call_session_id)),
            versions=sum(1 for folder in folders for _ in self.objects.versions(folder)),
            folders=folders,
            obstacle=_obstacle(items, now) or self._held(folders),
        )

    def _held(self, folders: Sequence[str]) -> str:
        held = self.holds.held_in(folders) if self.holds else ()
        if not held:
            return ""
        return f"{', '.join(held)} is under legal hold: `dialtone recordings release` it first, if that is right"

    def begin(self, plans: Sequence[Plan], now: datetime) -> None:
        """Leave the receipts: from now on nothing more of these calls is taken in. Jobs of theirs are forgotten."""
        for plan in plans:
            receipt = self.receipts.get(plan.call_session_id) or Receipt(plan.call_session_id, _written(now))
            self.receipts.begin(replace(receipt, finished_at="", folders=plan.folders))
            self.items.put_receipt(receipt.call_session_id, receipt.begun_at)
        self._forget_jobs({plan.call_session_id for plan in plans})

    def run(self, plan: Plan, now: datetime) -> Erased:
        """Erase a call of which `begin` has left the receipt; once more is the same as once.

        Raises NotDeleted if S3 keeps something, DialtoneError where others go on writing.
        """
        session = plan.call_session_id
        for conversation_id in sorted(_conversation_ids(self.items.of(session))):
            self.telnyx.delete_conversation(conversation_id)
        recordings, transcriptions = delete_at_telnyx(self.telnyx, session, plan.recording_ids)
        self.parked.delete(list(self.parked.versions(call_folder(session))))
        items = self.items.strip(session)
        versions = self._empty(plan.folders)
        receipt = self.receipts.get(session) or Receipt(session, _written(now), folders=plan.folders)
        self.receipts.finish(replace(receipt, finished_at=_written(now)))
        return Erased(session, recordings, transcriptions, versions, items)

    def _forget_jobs(self, call_session_ids: set[str]) -> None:
        others = []
        try:
            for message in self.dead_letters.messages():
                if message.job and message.job.call_session_id in call_session_ids:
                    self.dead_letters.remove(message)
                else:
                    others.append(message)
        finally:
            for message in others:
                self.dead_letters.show_again(message)

    def _empty(self, folders: Iterable[str]) -> int:
        deleted = 0
        for folder in folders:
            for _ in range(MAX_ROUNDS):
                self.objects.abort_uploads(folder)
                left: list[Version] = list(self.objects.versions(folder))
                if not left:
                    break
                deleted += self.objects.delete(left)
            else:
                raise DialtoneError(f"{folder} is still being written to: erase the call again in a few minutes")
        return deleted


def _kind(item: RawItem) -> str:
    return next((kind for kind in _KINDS if item["item"]["S"].startswith(kind)), "")


def _recording_ids(items: Sequence[RawItem]) -> Iterator[str]:
    for item in items:
        if _kind(item) == RECORDING and (recording_id := plain(item).get("recording_id")):
            yield recording_id


def _conversation_ids(items: Sequence[RawItem]) -> set[str]:
    """Telnyx's, of all that an assistant heard on the call, be it but one answer."""
    events = (plain(item) for item in items if _kind(item) == EVENT)
    ended = (expanded(each["payload"]) for each in events if each.get("event_type") == ENDED and each.get("payload"))
    return {payload["conversation_id"] for payload in ended if payload.get("conversation_id")}


def _folders(call_session_id: str, items: Sequence[RawItem]) -> Iterator[str]:
    """The folders in which something of a call may lie: of each day on which something of it happened, and the next.

    A recording lies under the day on which it began, which a webhook that was lost may not have said.
    """
    name = f"{safe_id(call_session_id)}/"
    yield f"recordings/undated/{name}"
    for moment in {value for item in items for value in _moments(plain(item))}:
        for days in (0, 1):
            day = moment + timedelta(days=days)
            yield f"recordings/{day:%Y/%m/%d}/{name}"


def _moments(item: dict[str, Any]) -> Iterator[datetime]:
    for written in (item.get(name) for name in _MOMENTS):
        if isinstance(written, str) and _DAY.fullmatch(written[:10]):
            yield datetime.fromisoformat(written[:10])


def _obstacle(items: Sequence[RawItem], now: datetime) -> str:
    legs = [plain(item) for item in items if _kind(item) == LEG]
    if any(not leg.get("ended_at") for leg in legs):
        return "the call is open, or its hang-up has not been found yet: erase it a few minutes after its end"
    ends = [datetime.fromisoformat(leg["ended_at"]) for leg in legs]
    if any((now - end).total_seconds() < SETTLED_SECONDS for end in ends):
        return f"the call ended less than {SETTLED_SECONDS // 60} minutes ago, and webhooks of it may still come"
    return ""


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
