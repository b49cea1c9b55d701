"""Lists calls by the time at which they began: reads a day's keys from the index `began`, then the legs.

Cost: half a read unit for 4 KB of keys (about thirty), and half a unit for each leg read.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from control.audit import AuditTrail, first_heard
from control.call_filters import began
from control.timeline import CallTimeline, call_timeline
from dialtone.adapters.calls_table import (
    HEARD_AT,
    HEARD_NOTED,
    KEYS_AT_ONCE,
    LEG,
    RECORDING,
    BegunLeg,
    CallsTable,
    call_from_item,
)
from dialtone.adapters.dynamodb_items import attributes, plain
from dialtone.domain.call_variables import ANSWERED_BY, OUTCOME
from dialtone.domain.errors import DialtoneError
from dialtone.domain.recordings import Recording, recording_name
from dialtone.domain.retention import KEEP_DAYS
from dialtone.domain.units import SECONDS_A_DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from control.call_filters import Selection
    from dialtone.domain.calls import Call

READ_PAUSES_SECONDS = (0.1, 0.4, 1.6, 3.2)
"""Pauses before keys that DynamoDB left unprocessed are requested again."""

MOST_KEYS = 200_000
"""Keys that a search for an id reads at most: about 26 MB, 3,300 read units, $0.0004."""

NOT_DUE_LATER = timedelta(days=2 * KEEP_DAYS)
"""Open items are due before this time at the latest."""

QUIET_DAYS = 7
"""Days without a call after which a whole page of the index is read: the index of a quiet line fits on one."""

LEAST_CHARACTERS = 4
"""Of the beginning of an id: fewer cannot identify a call."""

CONTROL_ID = re.compile(r"v\d+:\S+")

SHOWN_OF_SEVERAL = 5

LEAST_AT_ONCE = 20
"""Ledger entries to read at once if the first ones did not match."""

SHOWN = (
    *("call_session_id", "item", "call_leg_id", "control_id", "direction", "from_number", "to_number"),
    *("flow", "flow_version", "step", "turn", "status", "ending", f"variables.{OUTCOME}", f"variables.{ANSWERED_BY}"),
    *("initiated_at", "answered_at", "bridged_at", "ended_at", "recordings_asked", "hangup_cause", "hangup_source"),
)
"""The fields of a leg that lists show or filter by: all that `leg_json` and the outcome need."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the selected calls, newest first."""

    calls: tuple[Call, ...]
    until: datetime | None
    """The next page has the calls before this time; None on the last page."""
    read: int
    """Number of calls read."""


@dataclass(frozen=True, slots=True)
class HeardRecording:
    """A recording, and when a link to it was first handed out; None for never."""

    recording: Recording
    heard_at: str | None


@dataclass(frozen=True, slots=True)
class RecordingPage:
    """A page of the selected recordings, newest calls first."""

    recordings: tuple[HeardRecording, ...]
    until: datetime | None
    """The next page has the recordings of calls before this time; None on the last page."""


class Listing:
    """Lists a stack's calls. Every method raises botocore's errors."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table
        self._audit = AuditTrail(client, table)
        self.store = CallsTable(client, table)

    def places(self, since: datetime, until: datetime) -> Iterator[BegunLeg]:
        """The keys of the calls that began from `since` until before `until`, newest first.

        After QUIET_DAYS without a call the remaining days are read at once: otherwise each day takes a request per
        shard.
        """
        first, last = int(since.timestamp()), int(until.timestamp()) - 1
        asked = False
        while first <= last:
            begin = max(first, last // SECONDS_A_DAY * SECONDS_A_DAY - (QUIET_DAYS - 1) * SECONDS_A_DAY)
            found = False
            for each in self.store.begun(begin, last):
                found = True
                yield each
            last = begin - 1
            if not found and not asked and first <= last:
                asked = True
                if (left := self.store.all_begun()) is not None:
                    yield from (each for each in left if first <= each.began_at <= last)
                    return

    def calls(self, places: Iterable[BegunLeg], at_once: int = KEYS_AT_ONCE, *, brief: bool = False) -> Iterator[Call]:
        """The calls with these keys, in order, without those deleted meanwhile.

        `brief` leaves out fields that no list shows.
        """
        left = iter(places)
        while some := list(islice(left, min(at_once, KEYS_AT_ONCE))):
            found = self._legs(some, brief=brief)
            yield from (found[each] for each in some if each in found)

    def open_calls(self, now: datetime, most: int) -> tuple[list[Call], bool]:
        """At most `most` open legs, and whether these are all, from the index of open items."""
        items = self.store.due_items((now + NOT_DUE_LATER).timestamp(), most)
        places = (BegunLeg(each.call_session_id, each.item.removeprefix(LEG), 0) for each in items if each.is_leg)
        return [each for each in self.calls(places) if not each.ended_at], len(items) < most

    def page(self, wanted: Selection, since: datetime, until: datetime, limit: int, most: int) -> Page:
        """The newest `limit` calls of a selection, from among the newest `most` calls.

        A page includes all calls of its last second, so that the next page can begin there: it may have a few more.
        """
        found: list[Call] = []
        read, last = 0, until
        # One more call than the page has shows whether the second is complete.
        for call in self.calls(self.places(since, until), limit + 1, brief=True):
            second = began(call).replace(microsecond=0)
            if (len(found) >= limit or read >= most) and second != last:
                return Page(tuple(found), last, read)
            read, last = read + 1, second
            if wanted.has(call):
                found.append(call)
        return Page(tuple(found), None, read)

    def recordings(  # noqa: PLR0913, PLR0917 -- what is wanted, and how much of it
        self, wanted: Selection, status: str, since: datetime, until: datetime, limit: int, most: int
    ) -> RecordingPage:
        """At least `limit` recordings of the newest calls, if there are: the ledger itself is not sorted by time.

        A page includes all calls of its last second.
        """
        found: list[HeardRecording] = []
        recorded: list[Call] = []
        read, last, least = 0, until, 1
        for call in self.calls(self.places(since, until), limit + 1, brief=True):
            second = began(call).replace(microsecond=0)
            if second != last:
                wanting = max(limit - len(found), least)
                if sum(each.recordings_asked for each in recorded) >= wanting or read >= most:
                    found += self._recordings_of(recorded, status)
                    recorded.clear()
                    least = LEAST_AT_ONCE
                if len(found) >= limit or read >= most:
                    return RecordingPage(tuple(found), last)
            read, last = read + 1, second
            if call.recordings_asked and wanted.has(call):
                recorded.append(call)
        return RecordingPage((*found, *self._recordings_of(recorded, status)), None)

    def _recordings_of(self, calls: Iterable[Call], status: str) -> Iterator[HeardRecording]:
        """The ledger entries of these calls, in call order, filtered by status if one is given."""
        keys = [
            (call.session_id, f"{RECORDING}{recording_name(call.leg_id, number)}")
            for call in calls
            for number in range(1, call.recordings_asked + 1)
        ]
        for first in range(0, len(keys), KEYS_AT_ONCE):
            some = keys[first : first + KEYS_AT_ONCE]
            items = {(each["call_session_id"], each["item"]): each for each in self._items(some)}
            for item in (items[key] for key in some if key in items):
                recording = Recording.from_json(item)
                if status in {"", recording.status}:
                    heard = item.get(HEARD_AT) if item.get(HEARD_NOTED) else self._heard(recording)
                    yield HeardRecording(recording, heard)

    def _heard(self, recording: Recording) -> str | None:
        return first_heard(self._audit.of(recording.call_session_id)).get(recording.name)

    def find(self, named: str, now: datetime) -> str:
        """The session of the call with that session id, leg id, beginning of either, or call-control id.

        Raises DialtoneError if no call, or more than one, matches.
        """
        if named and (session := self.session_of(named)):
            return session
        if len(named) < LEAST_CHARACTERS:
            raise DialtoneError(f"{named!r} is too short: give at least {LEAST_CHARACTERS} characters of the call's id")
        sessions = self._sessions(named, now)
        if not sessions:
            raise DialtoneError(
                f"there is no call {named!r}: `dialtone calls list` shows the calls of the last {KEEP_DAYS} "
                f"days; older calls are found by their full session id only"
            )
        if len(sessions) > 1:
            some = ", ".join(sessions[:SHOWN_OF_SEVERAL]) + (", …" if len(sessions) > SHOWN_OF_SEVERAL else "")
            raise DialtoneError(f"{named!r} is the beginning of {len(sessions)} calls: give more of it: {some}")
        return sessions[0]

    def session_of(self, identifier: str) -> str | None:
        """The session of the call with that session id, leg id or call-control id. Two requests at most."""
        if self.store.is_session(identifier):
            return identifier
        return self.store.session_named(identifier)

    def _sessions(self, beginning: str, now: datetime) -> list[str]:
        """The sessions of all calls whose session id, or a leg's id, begins with that text."""
        if CONTROL_ID.fullmatch(beginning):
            return []
        since, until = now - timedelta(days=KEEP_DAYS), now + timedelta(days=1)
        places = islice(self.places(since, until), MOST_KEYS)
        return list(dict.fromkeys(each.session_id for each in places if _is_named(each, beginning.lower())))

    def timeline(self, session: str) -> CallTimeline:
        """A call's timeline, with its legs and recordings."""
        try:
            legs, timeline = self.store.legs(session), self.store.timeline(session)
            return call_timeline(
                session, legs, timeline, self.store.recordings(session), self.store.live_transcripts(session)
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DialtoneError(
                f"an item of the call {session} cannot be read ({type(error).__name__}: {error}): look at it with "
                "`aws dynamodb query`"
            ) from error

    def _legs(self, places: list[BegunLeg], *, brief: bool) -> Mapping[BegunLeg, Call]:
        by_key = {(each.session_id, f"{LEG}{each.leg_id}"): each for each in places}
        items = self._items(by_key, SHOWN if brief else ())
        return {by_key[each["call_session_id"], each["item"]]: call_from_item(each) for each in items}

    def _items(self, keys: Iterable[tuple[str, str]], fields: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
        """The existing items with these keys, in any order; with these fields only, if given. At most KEYS_AT_ONCE."""
        asked: dict[str, Any] = {
            "Keys": [attributes({"call_session_id": session, "item": item}) for session, item in keys]
        }
        if fields:
            names = {each: f"#{place}" for place, each in enumerate(sorted({*".".join(fields).split(".")}))}
            paths = (".".join(names[part] for part in each.split(".")) for each in fields)
            asked |= {
                "ProjectionExpression": ", ".join(paths),
                "ExpressionAttributeNames": {v: k for k, v in names.items()},
            }
        wanted: Any = {self._table: asked}
        for pause in (*READ_PAUSES_SECONDS, None):
            answer = self._client.batch_get_item(RequestItems=wanted)
            yield from map(plain, answer["Responses"].get(self._table, []))
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                return
            if pause:
                time.sleep(pause)
        raise DialtoneError("DynamoDB throttles the requests: run this again in a minute")


def _is_named(place: BegunLeg, beginning: str) -> bool:
    return place.session_id.lower().startswith(beginning) or place.leg_id.lower().startswith(beginning)
