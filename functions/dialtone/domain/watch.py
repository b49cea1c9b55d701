"""Since when a call waits for its next event, by when that must come, and the event that reports it overdue. Pure.

One message of the watchdog's queue goes with each call: it returns every quarter of a minute while the call moves on,
and less and less often while it does not. A webhook that finds a call moving again after a long wait starts a new
message, whose first look is soon; the old one is dropped when it returns.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from dialtone.domain.events import OURS
from dialtone.domain.stored_records import restored

OVERDUE = f"{OURS}event.overdue"
"""The event type for a call whose next event should have come, and did not."""

LOOK_SECONDS = 15
"""Between two looks: a caller who hears nothing for longer hangs up."""


LONGEST_CALL_SECONDS = 15_300
"""Telnyx ends calls after four hours: a call that has waited longer is over."""


GRACE_SECONDS = 5
"""Beyond the longest time that an event may take: for its transport, and for differing clocks."""


class Watch(NamedTuple):
    """A call's wait for its next event. Times are unix seconds, by our clock."""

    chain: str
    """The start of the id of the event that began the looks: messages of other chains are dropped."""
    since: int
    """When the call's state was last written."""
    until: int = 0
    """When the next event is overdue; 0 for no limit, as during a conversation."""


class Look(NamedTuple):
    """A message of the watchdog's queue: look at this call."""

    call_session_id: str
    call_leg_id: str
    chain: str
    sent_again_at: int = 0
    """When commands that Telnyx had not taken were sent again, in unix seconds; 0 for never."""

    def to_json(self) -> str:
        """As a message's body."""
        return json.dumps(self._asdict())

    @classmethod
    def from_json(cls, body: str) -> Look:
        """The message that `to_json` gave, in any version of the program. Raises ValueError and TypeError."""
        return restored(cls, json.loads(body))
