"""Calls in the order in which they began, by the table's index `began`: the keys of a day, then the legs themselves.

What it costs: half a read unit for 4 KB of keys, some thirty of them, and half a unit for each leg that is read.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from control.selection import began
from control.timeline import CallTimeline, call_timeline
from dialtone.adapters.calls_table import KEEP_DAYS, KEYS_AT_ONCE, LEG, BegunLeg, CallsTable, call_from_item
from dialtone.adapters.dynamodb_items import attributes, plain
from dialtone.domain.errors import DialtoneError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

    from control.selection import Selection
    from dialtone.domain.calls import Call
    from dialtone.domain.recordings import Recording

READ_PAUSES_SECONDS = (0.1, 0.4, 1.6, 3.2)
"""Before keys that DynamoDB left unread are asked for again."""

MOST_KEYS = 200_000
"""That a search for an id reads: some 26 MB, 3,300 read units, $0.0004."""

NOT_DUE_LATER = timedelta(days=2 * KEEP_DAYS)
"""When what is open is looked at again at the latest."""

LEAST_CHARACTERS = 4
"""Of an id's beginning: fewer name no call."""

CONTROL_ID = re.compile(r"v\d+:\S+")

SHOWN_OF_SEVERAL = 5


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the calls that were asked for, the newest first."""

    calls: tuple[Call, ...]
    until: datetime | None
    """Ask for those before this time to go on; None if there are no more."""
    read: int
    """How many calls were looked at."""


@dataclass(frozen=True, slots=True)
class RecordingPage:
    """Some of the recordings that were asked for, those of the newest calls first."""

    recordings: tuple[Recording, ...]
    until: datetime | None
    """Ask for those of calls before this time to go on; None if there are no more."""


class Listing:
    """The calls of a stack. Every method raises botocore's errors."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table
        self.store = CallsTable(client, table)

    def places(self, since: datetime, until: datetime) -> Iterator[BegunLeg]:
        """Where the calls are that began from `since` on and before `until`, the newest first."""
        return self.store.begun(int(since.timestamp()), int(until.timestamp()) - 1)

    def calls(self, places: Iterable[BegunLeg]) -> Iterator[Call]:
        """The calls at these places, in their order; those that are gone by now are left out."""
        left = iter(places)
        while some := list(islice(left, KEYS_AT_ONCE)):
            found = self._legs(some)
            yield from (found[each] for each in some if each in found)

    def open_calls(self, now: datetime, most: int) -> tuple[list[Call], bool]:
        """The legs that go on, and whether these are all: by the index that holds only what is open, `most` of it."""
        items = self.store.due_items((now + NOT_DUE_LATER).timestamp(), most)
        places = (BegunLeg(each.call_session_id, each.item.removeprefix(LEG), 0) for each in items if each.is_leg)
        return [each for each in self.calls(places) if not each.ended_at], len(items) < most

    def page(self, wanted: Selection, since: datetime, until: datetime, limit: int, most: int) -> Page:
        """The newest `limit` calls of a selection, or what of it is among the newest `most` calls.

        A page ends with a second, so that the next one begins where it ended: it may have a few more.
        """
        found: list[Call] = []
        read, last = 0, until
        for call in self.calls(self.places(since, until)):
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
        """The recordings of the newest calls, at least `limit` if there are: the ledger itself has no order by time.

        A page ends with a second, as that of calls does.
        """
        found: list[Recording] = []
        read, last = 0, until
        for call in self.calls(self.places(since, until)):
            second = began(call).replace(microsecond=0)
            if (len(found) >= limit or read >= most) and second != last:
                return RecordingPage(tuple(found), last)
            read, last = read + 1, second
            if call.recordings_asked and wanted.has(call):
                entries = self.store.recordings(call.session_id, call.leg_id)
                found += (each for each in entries if status in {"", each.status})
        return RecordingPage(tuple(found), None)

    def find(self, named: str, now: datetime) -> str:
        """The session of the call that is named: by its session, a leg, the beginning of either, or a call-control id.

        Raises DialtoneError for no such call, and for several.
        """
        if named and (session := self.session_of(named)):
            return session
        if len(named) < LEAST_CHARACTERS:
            raise DialtoneError(f"{named!r} is too short: say at least {LEAST_CHARACTERS} characters of the call's id")
        sessions = self._sessions(named, now)
        if not sessions:
            raise DialtoneError(
                f"there is no call {named!r}: `dialtone calls list` shows the calls of the last {KEEP_DAYS} days, and"
                " calls of before this version of the table are found by their whole session only"
            )
        if len(sessions) > 1:
            some = ", ".join(sessions[:SHOWN_OF_SEVERAL]) + (", …" if len(sessions) > SHOWN_OF_SEVERAL else "")
            raise DialtoneError(f"{named!r} is the beginning of {len(sessions)} calls, say more of it: {some}")
        return sessions[0]

    def session_of(self, identifier: str) -> str | None:
        """The session of the call with that id: its session's, a leg's or a call-control id. Asks twice at most."""
        if self.store.is_session(identifier):
            return identifier
        return self.store.session_named(identifier)

    def _sessions(self, beginning: str, now: datetime) -> list[str]:
        """The sessions of all calls whose id, or a leg's, begins so."""
        if CONTROL_ID.fullmatch(beginning):
            return []
        since, until = now - timedelta(days=KEEP_DAYS), now + timedelta(days=1)
        places = islice(self.places(since, until), MOST_KEYS)
        return list(dict.fromkeys(each.session_id for each in places if _is_named(each, beginning.lower())))

    def timeline(self, session: str) -> CallTimeline:
        """All that the table has of a call."""
        try:
            legs, timeline = self.store.legs(session), self.store.timeline(session)
            return call_timeline(
                session, legs, timeline, self.store.recordings(session), self.store.kept_texts(session)
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DialtoneError(
                f"an item of the call {session} cannot be read ({type(error).__name__}: {error}): look at it with "
                "`aws dynamodb query`"
            ) from error

    def _legs(self, places: list[BegunLeg]) -> Mapping[BegunLeg, Call]:
        by_key = {(each.session_id, f"{LEG}{each.leg_id}"): each for each in places}
        keys = [attributes({"call_session_id": session, "item": item}) for session, item in by_key]
        wanted: Any = {self._table: {"Keys": keys}}
        found: dict[BegunLeg, Call] = {}
        for pause in (*READ_PAUSES_SECONDS, None):
            answer = self._client.batch_get_item(RequestItems=wanted)
            for item in map(plain, answer["Responses"].get(self._table, [])):
                found[by_key[item["call_session_id"], item["item"]]] = call_from_item(item)
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                return found
            if pause:
                time.sleep(pause)
        raise DialtoneError("DynamoDB leaves calls unread, being throttled: run this again in a minute")


def _is_named(place: BegunLeg, beginning: str) -> bool:
    return place.session_id.lower().startswith(beginning) or place.leg_id.lower().startswith(beginning)
