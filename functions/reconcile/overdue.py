"""What is to be done about an open recording, by how long it is overdue, and about an open leg. Pure.

| the recording | since | what is done |
|---|---|---|
| expected, its call goes on | | looked at again in the next sweep |
| expected | its call's end, two minutes ago | Telnyx is asked, at every sweep |
| saved or copied | its own end, five minutes ago | its archive job is put on the queue again |
| any | nine minutes ago | the alarm rings; a sweep comes every five minutes, so within a quarter of an hour |
| expected, and Telnyx lists nothing | nine minutes ago | failed |
| any | a day ago | failed |
| verified, its transcript has not come | its own end, five minutes ago | Telnyx is asked for it |
| verified, its transcript has not come | a day ago | its transcription failed |
| a text of no recording, not archived | it was asked for, five minutes ago | its job is put on the queue again |
| the same | a day ago | failed |

After nine minutes the pauses grow with the age, since what did not help so far hardly helps now.

| the leg | since | what is done |
|---|---|---|
| goes on, as Telnyx says | | looked at again after as long as it has been going on, at most a quarter of an hour |
| is over, as Telnyx says | its end, two minutes ago | closed |
| is not known to Telnyx any more | | closed |
| cannot be asked about | four and a quarter hours ago | closed |
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
"""Less than lies between two sweeps: what is moved on by it is looked at in the next."""

CLOCK_SKEW_SECONDS = 5
"""Between Telnyx's clocks, and ours."""

DELIVERIES_SECONDS = 120
"""After the end of its call: Telnyx has saved the recording, and delivered its webhook for the last time (60 s)."""

ARCHIVE_SECONDS = 300
"""After the end of the recording: that long a try of the archive may take."""

TRANSCRIBED_SECONDS = 300
"""After the end of the recording: Telnyx has transcribed all but the longest, and delivered the webhook."""

OVERDUE_SECONDS = 540
"""A sweep later is within fourteen minutes: the alarm, evaluated each minute, rings within a quarter of an hour."""

GIVE_UP_HOURS = 24
"""Longer than any outage from which things recover by themselves."""
GIVE_UP_SECONDS = GIVE_UP_HOURS * 3_600

LONGEST_PAUSE_SECONDS = 21_600

LONGEST_LEG_PAUSE_SECONDS = 900
"""A call of four hours is looked at seventeen times; one that is over keeps its callees for no longer than that."""

LOOK_BACK_SECONDS = LONGEST_LEG_PAUSE_SECONDS + 600
"""What Telnyx could not deliver on a call that goes on is asked for since then: since before the last look, which came
up to a sweep later than planned, and the tries that went on by then."""

LONGEST_CALL_SECONDS = 15_300
"""Telnyx ends calls after four hours by itself; a call of whose end nothing is known is over by then."""

Do = Literal["wait", "ask", "queue", "give up"]


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be done about a recording now."""

    do: Do
    age_seconds: float = 0
    """Since it could have come."""

    @property
    def overdue(self) -> bool:
        """Whether the alarm rings as long as it is not verified."""
        return self.age_seconds >= OVERDUE_SECONDS

    def next_at(self, now: float) -> int:
        """When it is looked at next, in unix seconds, if it is not settled by then."""
        pause = min(self.age_seconds, LONGEST_PAUSE_SECONDS) if self.overdue else NEXT_SWEEP_SECONDS
        return int(now + pause)


def look_at(recording: Recording, ended: float | None, now: float) -> Look:
    """What is to be done about an open recording; `ended` is when its leg ended, None if it goes on.

    Times are unix seconds.
    """
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
    """What is to be done about a text of no recording that is not kept; `now` in unix seconds."""
    age = now - seconds(text.requested_at)
    if age >= GIVE_UP_SECONDS:
        return Look("give up", age)
    return Look("queue" if age >= ARCHIVE_SECONDS else "wait", age)


class Over(Enum):
    """What is known of a leg that is not to be closed now."""

    NOT = "it goes on"
    NOT_YET = "its own hang-up may still come"


def leg_age(leg: Call, now: float) -> float:
    """How long ago a leg was first seen, as far as its state shows."""
    seen = leg.initiated_at or leg.answered_at or leg.entered_at
    return now - seconds(seen) if seen else 0.0


def next_leg_look(leg: Call, now: float) -> int:
    """When a leg that goes on is looked at next, in unix seconds."""
    return int(now + min(max(leg_age(leg, now), NEXT_SWEEP_SECONDS), LONGEST_LEG_PAUSE_SECONDS))


def when_over(leg: Call, call: CallInfo | None, now: float) -> float | Over:
    """When a leg ended, by what Telnyx says of it.

    Now, where that is not known: nothing that happened on the call may count as having come after its end.
    """
    if call and call.is_alive:
        return Over.NOT
    if call is None or not call.ended_at:
        return now
    ended = seconds(call.ended_at)
    if -NEXT_SWEEP_SECONDS < now - ended < DELIVERIES_SECONDS:
        return Over.NOT_YET
    return ended if 0 < now - ended <= leg_age(leg, now) else now


def over_by_age(leg: Call, now: float) -> float | Over:
    """The same of a leg that Telnyx does not answer about."""
    return now if leg_age(leg, now) >= LONGEST_CALL_SECONDS else Over.NOT_YET


def unlisted(recording: Recording, not_made: str, entries: Iterable[Recording]) -> Recording:
    """The entry of a recording that Telnyx does not list: failed, and why. `not_made`: why it cannot have begun."""
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
    """Why a recording cannot have begun, as far as its call shows; '' if it may have: then its absence is a loss."""
    if leg is None or not leg.ended_at:
        return ""
    if not leg.answered_at:
        return "not made: the call ended before it was answered"
    if recording.requested_at >= leg.ended_at:
        return "not made: the call had ended when it was asked for"
    return ""


def given_up(recording: Recording, why: str) -> Recording:
    """The entry of a recording that could not be verified for a whole day."""
    reason = f"given up after {GIVE_UP_HOURS} hours: {why}"
    return recording._replace(status=FAILED, reason="; ".join(filter(None, (reason, recording.reason))))


def seconds(moment: str) -> float:
    """Unix seconds of an ISO 8601 time; one without a zone is UTC. Raises ValueError."""
    read = datetime.fromisoformat(moment)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
