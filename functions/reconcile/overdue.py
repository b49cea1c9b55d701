"""What a sweep does about an open recording or leg, by its age. Pure.

| the recording | since | what is done |
|---|---|---|
| expected, its call is open | | checked again in the next sweep |
| expected | its call's end, two minutes ago | Telnyx is asked, at every sweep |
| saved or copied | its own end, five minutes ago | its archive job is put on the queue again |
| any | nine minutes ago | the alarm goes off; sweeps run every five minutes, so within a quarter of an hour |
| expected, and Telnyx lists nothing | nine minutes ago | failed |
| any | a day ago | failed |
| verified, its transcript has not come | its own end, five minutes ago | Telnyx is asked for it |
| verified, its transcript has not come | a day ago | its transcription failed |
| a text of no recording, not archived | it was asked for, five minutes ago | its job is put on the queue again |
| the same | a day ago | failed |

After nine minutes the delays grow with the age, since what has not helped so far hardly helps now.

| the leg | since | what is done |
|---|---|---|
| open, as Telnyx says | | checked again after a delay equal to its age, at most a quarter of an hour |
| ended, as Telnyx says | its end, two minutes ago | closed |
| no longer known to Telnyx | | closed |
| Telnyx does not answer | its start, four and a quarter hours ago | closed |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Literal

from dialtone.domain.recordings import EXPECTED, FAILED, UNASKED, UNCERTAIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dialtone.adapters.telnyx_api import CallInfo
    from dialtone.domain.calls import Call
    from dialtone.domain.live_transcripts import LiveTranscript
    from dialtone.domain.recordings import Recording

NEXT_SWEEP_SECONDS = 240
"""Less than the time between two sweeps, so that the next sweep checks it."""

CLOCK_SKEW_SECONDS = 5
"""Between Telnyx's clocks and ours."""

DELIVERIES_SECONDS = 120
"""After the end of the call: by then Telnyx has saved the recording and made its last delivery attempt (60 s)."""

ARCHIVE_SECONDS = 300
"""After the end of the recording: an attempt of the archive may take this long."""

TRANSCRIBED_SECONDS = 300
"""After the end of the recording: by then Telnyx has transcribed all but the longest, and delivered the webhook."""

OVERDUE_SECONDS = 540
"""One sweep later is within fourteen minutes; the alarm, evaluated each minute, goes off within a quarter of an
hour."""

GIVE_UP_HOURS = 24
"""Longer than any outage that ends by itself."""
GIVE_UP_SECONDS = GIVE_UP_HOURS * 3_600

LONGEST_PAUSE_SECONDS = 21_600

LONGEST_LEG_PAUSE_SECONDS = 900
"""A call of four hours is checked seventeen times; an ended one keeps its callees no longer than this."""

LOOK_BACK_SECONDS = LONGEST_LEG_PAUSE_SECONDS + 600
"""How far back a sweep asks for undelivered events of an open call: before the last check, which may have been a sweep
late, including deliveries that were still retried then."""

LONGEST_CALL_SECONDS = 15_300
"""Telnyx ends calls after four hours; a call whose end is unknown has ended by then."""

Do = Literal["wait", "ask", "queue", "give up"]


@dataclass(frozen=True, slots=True)
class Look:
    """What to do about a recording now."""

    do: Do
    age_seconds: float = 0
    """Seconds since it could have come."""

    @property
    def overdue(self) -> bool:
        """Whether it is overdue and raises the alarm until it is verified."""
        return self.age_seconds >= OVERDUE_SECONDS

    def next_at(self, now: float) -> int:
        """The next check, in unix seconds, if it is not settled by then."""
        pause = min(self.age_seconds, LONGEST_PAUSE_SECONDS) if self.overdue else NEXT_SWEEP_SECONDS
        return int(now + pause)


def look_at(recording: Recording, ended: float | None, now: float) -> Look:
    """What to do about an open recording; `ended` is when its leg ended, None if it is open. Times are unix seconds."""
    if recording.status != EXPECTED:
        age = now - seconds(recording.ended_at or recording.started_at or recording.requested_at)
        if age >= GIVE_UP_SECONDS:
            return Look("give up", age)
        return Look("queue" if age >= ARCHIVE_SECONDS else "wait", age)
    if ended is None:
        return Look("wait")
    age = now - ended
    return Look("ask" if age >= DELIVERIES_SECONDS else "wait", age)


def look_at_text(text: LiveTranscript, now: float) -> Look:
    """What to do about a transcript without recording that is not archived; `now` in unix seconds."""
    age = now - seconds(text.requested_at)
    if age >= GIVE_UP_SECONDS:
        return Look("give up", age)
    return Look("queue" if age >= ARCHIVE_SECONDS else "wait", age)


class Over(Enum):
    """Why a leg is not closed now."""

    NOT = "it goes on"
    NOT_YET = "its own hang-up may still come"


def leg_age(leg: Call, now: float) -> float:
    """Seconds since a leg was first seen, as far as its state shows."""
    seen = leg.initiated_at or leg.answered_at or leg.entered_at
    return now - seconds(seen) if seen else 0.0


def next_leg_look(leg: Call, now: float) -> int:
    """The next check of an open leg, in unix seconds."""
    return int(now + min(max(leg_age(leg, now), NEXT_SWEEP_SECONDS), LONGEST_LEG_PAUSE_SECONDS))


def when_over(leg: Call, call: CallInfo | None, now: float) -> float | Over:
    """When a leg ended, according to Telnyx; now, if unknown: no event of the call may count as later than its end."""
    if call and call.is_alive:
        return Over.NOT
    if call is None or not call.ended_at:
        return now
    ended = seconds(call.ended_at)
    if -NEXT_SWEEP_SECONDS < now - ended < DELIVERIES_SECONDS:
        return Over.NOT_YET
    return ended if 0 < now - ended <= leg_age(leg, now) else now


def over_by_age(leg: Call, now: float) -> float | Over:
    """The same by the leg's age, if Telnyx does not answer."""
    return now if leg_age(leg, now) >= LONGEST_CALL_SECONDS else Over.NOT_YET


def unlisted(recording: Recording, not_made: str, entries: Iterable[Recording]) -> Recording:
    """The failed entry of a recording that Telnyx does not list. `not_made` says why it cannot have started."""
    doubtful = [
        each.name
        for each in entries
        if each.source == UNASKED and each.identity == UNCERTAIN and each.call_leg_id == recording.call_leg_id
    ]
    reason = not_made or "Telnyx lists no such recording"
    if doubtful and not not_made:
        reason = f"Telnyx lists none under its name; {' or '.join(doubtful)} may be it"
    return recording._replace(status=FAILED, reason="; ".join(filter(None, (reason, recording.reason))))


NEVER_TAKEN = "not made: Telnyx never took the command that asks for it"


def not_made(recording: Recording, leg: Call | None) -> str:
    """Why a recording cannot have started, judging by its call; '' if it may have, and is lost."""
    if leg is None or not leg.ended_at:
        return ""
    if not leg.answered_at:
        return "not made: the call ended before it was answered"
    if recording.requested_at >= leg.ended_at:
        return "not made: the call had ended when it was asked for"
    return ""


def given_up(recording: Recording, why: str) -> Recording:
    """The failed entry of a recording that could not be verified for a day."""
    reason = f"given up after {GIVE_UP_HOURS} hours: {why}"
    return recording._replace(status=FAILED, reason="; ".join(filter(None, (reason, recording.reason))))


def seconds(moment: str) -> float:
    """Unix seconds of an ISO 8601 time; one without a zone is UTC. Raises ValueError."""
    read = datetime.fromisoformat(moment)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
