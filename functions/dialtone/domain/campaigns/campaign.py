"""A campaign: one flow that is dialled to everybody on a list, within a window and at a rate. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from dialtone.domain.errors import DialtoneError
from dialtone.domain.stored_records import restored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.campaigns.estimate_assumptions import Estimate

SCHEDULED, RUNNING, PAUSED, CANCELLED, DONE = "scheduled", "running", "paused", "cancelled", "done"
STATUSES = (SCHEDULED, RUNNING, PAUSED, CANCELLED, DONE)

MINUTES_A_DAY = 24 * 60

GREETING_END, PREMIUM = "greeting_end", "premium"
"""Telnyx's two kinds of machine detection. Both report the end of a machine's greeting; premium reports a tone if there
is one. For a fax, greeting_end reports a machine or "not sure"; only premium reports `fax_detected`, and it costs
more."""

_WINDOW = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]|24):([0-5]\d)")


FARTHEST_SECONDS = 366 * 86_400
"""How far ahead a campaign may be scheduled: a later year is a typing error."""

_NOT_IN_IDS = re.compile(r"[^a-z0-9]+")


class WindowInvalid(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the window is invalid
    """A text that is not a time window."""


@dataclass(frozen=True, slots=True)
class Window:
    """The hours in which a recipient's phone may ring, by the recipient's own clock.

    The window begins with the minute `opens` and ends before the minute `closes`. If it closes before it opens, it
    spans midnight: 20:00-02:00.
    """

    opens: int = 9 * 60
    """Minutes after midnight."""
    closes: int = 20 * 60
    """As above; 1,440 is midnight at the day's end."""

    @classmethod
    def read(cls, text: str) -> Window:
        """Parse a window such as 09:00-20:00. Raises WindowInvalid."""
        found = _WINDOW.fullmatch(text.strip())
        hours = [int(part) for part in found.groups()] if found else [0, 0, 0, 0]
        opens, closes = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if opens == closes or closes > MINUTES_A_DAY:
            raise WindowInvalid(f"{text!r} is not a window: write when it opens and closes, such as 09:00-20:00")
        return cls(opens, closes)

    def has(self, minute: int) -> bool:
        """Whether it contains a minute of the day."""
        if self.opens < self.closes:
            return self.opens <= minute < self.closes
        return minute >= self.opens or minute < self.closes

    @property
    def minutes(self) -> int:
        """Its length."""
        return (self.closes - self.opens) % MINUTES_A_DAY or MINUTES_A_DAY

    def __str__(self) -> str:
        return f"{_clock(self.opens)}-{_clock(self.closes)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@dataclass(frozen=True, slots=True)
class RetryRule:
    """When to dial again somebody who was not reached."""

    outcome: str
    """The outcome of the attempt before: busy, no_answer, machine, …"""
    times: int
    """How often at most."""
    pause_seconds: int
    """From one attempt's end to the next."""


@dataclass(frozen=True, slots=True)
class ListSummary:
    """The summary of a campaign's list in S3, as `list.json` beside its parts stores it."""

    prefix: str
    """The key prefix of the parts: `campaigns/<id>/list/`."""
    parts: tuple[Part, ...] = ()
    recipients: int = 0
    """How many are to be dialled: rows that passed every check."""
    rows: int = 0
    """Rows of the list, without header and empty lines."""
    refused: Mapping[str, int] | None = None
    """Rule → how many rows it refused."""
    columns: tuple[str, ...] = ()
    """The variables that each recipient has."""

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> ListSummary:
        """The value that `to_json` gave. A later version's fields are ignored."""
        return restored(cls, kept, parts=lambda parts: tuple(restored(Part, part) for part in parts), columns=tuple)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {**asdict(self), "parts": [asdict(part) for part in self.parts], "columns": list(self.columns)}


@dataclass(frozen=True, slots=True)
class Part:
    """One object of a list: JSON lines, one recipient each, in the order of the rows."""

    key: str
    recipients: int
    sha256: str
    """Of its bytes, in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign's order and its status. The engine stores the counts of calls in items of their own."""

    id: str
    """Lower-case letters, digits and hyphens, since it is part of keys in the table and in S3."""
    flow: str
    from_number: str
    """E.164: the caller id, one of the account's numbers."""
    consent: str
    """Why these people may be called, in the words of the person who ordered it: `customers, outage notices, terms
    4.2`."""
    list_key: str
    """The S3 key of its `list.json`, a ListSummary."""
    recipients: int
    """The number of recipients on the list."""
    created_by: str
    """The person who ordered it, by AWS's name: `user/anna`."""
    created_at: int
    """Unix seconds, as all times here."""
    starts_at: int
    """Nobody is dialled before this time."""
    flow_version: str = ""
    """All calls play this version of the flow, which was checked when the campaign was ordered, whatever is published
    later. '' for a campaign ordered by an earlier version of the program."""
    connection_id: str = ""
    """Telnyx's id of the application that dials: the one that the stack is connected to."""
    detection: str = GREETING_END
    """GREETING_END or PREMIUM."""
    name: str = ""
    window: Window = Window()
    rate_per_second: float = 1.0
    max_in_flight: int = 100
    """The most calls that may ring or be answered at the same time."""
    weekly_limit: int = 3
    """Calls to one number in seven days, over all campaigns."""
    retries: tuple[RetryRule, ...] = ()
    last_round_seconds: int = 0
    """The people not reached are dialled once more, this long after the last other attempt; 0 for no such round."""
    estimated_dollars: float = 0.0
    """The highest cost, as estimated when it was ordered: one round, everybody answers; 0 without an estimate."""
    estimated_seconds: int = 0
    """From the first to the last dial of that round; 0 if it takes longer than is calculated."""
    status: str = SCHEDULED
    reason: str = ""
    """Why it is paused or cancelled."""
    revision: int = 0
    """How often it was changed: a change is written on condition that nobody else has changed it."""

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Campaign:
        """The value that `to_json` gave. A later version's fields are ignored."""
        return restored(
            cls,
            kept,
            window=lambda window: restored(Window, window),
            retries=lambda rules: tuple(restored(RetryRule, rule) for rule in rules),
        )

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {**asdict(self), "retries": [asdict(rule) for rule in self.retries]}

    def with_estimate(self, found: Estimate) -> Campaign:
        """The campaign with its estimate."""
        seconds = found.ends_at - found.starts_at if found.ends_at else 0
        return replace(self, estimated_dollars=round(found.most_dollars, 4), estimated_seconds=seconds)

    def with_status(self, status: str, reason: str = "") -> Campaign:
        """The campaign after a change of its status."""
        return replace(self, status=status, reason=reason, revision=self.revision + 1)


def new_id(flow: str, name: str, from_number: str, list_sha256: str, starts_at: int) -> str:
    """A campaign's id: the same for the same list, flow, name and day, so that a repeated order makes one campaign."""
    day = datetime.fromtimestamp(starts_at, UTC).strftime("%Y%m%d")
    title = _NOT_IN_IDS.sub("-", (name or flow).lower()).strip("-")[:40].rstrip("-") or "campaign"
    about = json.dumps([flow, from_number, name, list_sha256])
    return f"{title}-{day}-{sha256(about.encode()).hexdigest()[:10]}"


def list_prefix(campaign_id: str) -> str:
    """The key prefix of a campaign's list: parts of 1,000 recipients, named `00000.jsonl` and so on."""
    return f"campaigns/{campaign_id}/list/"


def part_key(campaign_id: str, part: int) -> str:
    """The key of a part, counted from 0."""
    return f"{list_prefix(campaign_id)}{part:05}.jsonl"


def list_key(campaign_id: str) -> str:
    """The key of the list's summary. It is written last: a list without it is incomplete."""
    return f"campaigns/{campaign_id}/list.json"
