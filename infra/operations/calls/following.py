"""Calls as they happen: the legs that go on, those that begin, and what is new in their timelines.

A look reads the index of open legs, the index of calls that began in the last minutes, each followed leg and its
timeline: 3 read units for an idle line, about 6 more for each call on it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from control.call_filters import Selection
from control.listing import Listing
from control.timeline import TO_DIALTONE, Row, call_timeline
from dialtone.adapters.calls_table import BegunLeg
from dialtone.domain.calls import Call

MOST_CALLS = 50
"""Followed at once."""

STAYS_SECONDS = 60
"""A call, after its end and whatever came last: for its cost and its recordings."""

LOOKED_BACK_SECONDS = 120
"""For calls that began: the index, and a call's first event, may be late."""

FAR_AHEAD_SECONDS = 10 * 365 * 86_400
"""Every open leg is due by then."""

MOST_OPEN = 200

Key = tuple[str, str]
"""A leg's session and its id."""


@dataclass(frozen=True, slots=True)
class News:
    """Something new on a call."""

    call: Call
    row: Row


@dataclass(slots=True)
class _Followed:
    place: BegunLeg
    was_on: bool
    """Whether it was on the line before we looked: what happened before is not shown."""
    over_since: datetime | None = None


@dataclass(slots=True)
class Following:
    """What is new on calls, look by look; nothing comes twice."""

    listing: Listing
    wanted: Selection
    began: datetime
    count: int = 0
    """How many calls were followed so far."""
    left_out: int = 0
    """How many are on the line now and are too many to be followed."""
    _followed: dict[Key, _Followed] = field(default_factory=dict)
    _done: dict[Key, int] = field(default_factory=dict)
    """Legs that are over or not wanted, and when they began."""
    _news: list[News] = field(default_factory=list)
    """Of a look that did not come to its end."""
    _seen: dict[str, set[str]] = field(default_factory=dict)
    """By session, the ids of the events that were shown: a session may have several legs."""

    def look(self, now: datetime) -> list[News]:
        """What happened since the look before, in its order. Raises botocore's errors: the next look has all of it."""
        self._find(now)
        for call in self.listing.calls([each.place for each in self._followed.values()]):
            self._news += self._news_of(call, now)
        news, self._news = sorted(self._news, key=lambda each: each.row.at), []
        return news

    def _find(self, now: datetime) -> None:
        since = max(self.began, now - timedelta(seconds=LOOKED_BACK_SECONDS))
        self._done = {key: began for key, began in self._done.items() if began >= since.timestamp() - 1}
        begun = self.listing.places(since - timedelta(seconds=1), now + timedelta(days=1))
        new = {(each.session_id, each.leg_id): each for each in (*self._open(), *begun)}
        new = {key: place for key, place in new.items() if key not in self._followed and key not in self._done}
        room = MOST_CALLS - len(self._followed)
        for key, place in list(new.items())[:room]:
            self._followed[key] = _Followed(place, was_on=place.began_at < int(self.began.timestamp()))
            self.count += 1
        self.left_out = max(0, len(new) - room)

    def _open(self) -> Iterator[BegunLeg]:
        """The legs that go on, as the sweep knows them; those that have just ended are among them."""
        until = datetime.now(UTC).timestamp() + FAR_AHEAD_SECONDS
        legs = [each for each in self.listing.store.due_items(until, MOST_OPEN) if each.leg_id]
        for call in self.listing.calls([BegunLeg(each.call_session_id, each.leg_id, 0) for each in legs]):
            if not call.ended_at:
                yield BegunLeg(call.session_id, call.leg_id, 0)

    def _news_of(self, call: Call, now: datetime) -> Iterator[News]:
        key = call.session_id, call.leg_id
        followed = self._followed[key]
        if not self.wanted.has(call):
            if call.flow or call.ended_at:  # before, its flow is not known
                self._drop(key)
            return
        seen = self._seen.setdefault(call.session_id, set())
        entries = [each for each in self.listing.store.timeline(call.session_id) if each.event_id not in seen]
        seen |= {each.event_id for each in entries}
        if followed.was_on:
            followed.was_on = False
            at = entries[-1].occurred_at if entries else call.initiated_at
            yield News(call, Row(at, call.leg_id, TO_DIALTONE, "on the line", "", f"at {call.step or 'no step'}"))
        else:
            for row in call_timeline(call.session_id, [call], entries, ()).rows:
                yield News(call, row)
        if not call.ended_at:
            return
        if followed.over_since is None or entries:
            followed.over_since = now
        elif now - followed.over_since > timedelta(seconds=STAYS_SECONDS):
            self._drop(key)

    def _drop(self, key: Key) -> None:
        self._done[key] = self._followed.pop(key).place.began_at
        if not any(session == key[0] for session, _ in self._followed):
            self._seen.pop(key[0], None)
