"""How far a campaign is with one recipient: one item, from the first check to the outcome. Pure.

A dial is claimed before it is sent, and the claim names its round. If a claim has no answer, because a worker died or
Telnyx did not answer, the next worker sends the same dial under the same command id while Telnyx remembers that id, and
afterwards only waits. So nobody is dialled twice in a round.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from dialtone.domain.campaigns.dial_id import DialId
from dialtone.domain.campaigns.outcomes_and_redials import CANCELLED, INVALID, UNKNOWN, again_after
from dialtone.domain.campaigns.recipient import Recipient
from dialtone.domain.stored_records import restored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.campaigns.call_notes import CallNote
    from dialtone.domain.campaigns.campaign import Campaign

WAITING, CLAIMED, DIALLED, SETTLED = "waiting", "claimed", "dialled", "settled"
"""To be dialled later; being dialled; Telnyx has taken the dial; nothing more is done."""

SENT_AGAIN_SECONDS = 45
"""After the claim: Telnyx ignores a command id that it has received within 60 s."""
EVIDENCE_SECONDS = 150
"""After the claim: by then the webhooks of a dialled call have come, including the last redelivery."""
SILENT_SECONDS = 120
"""After the dial was taken: if no event has come by then, Telnyx is asked whether there is a call."""
LONGEST_CALL_SECONDS = 5 * 3_600
"""Telnyx ends a call after four hours."""
FIRST_LOOK_SECONDS, LOOK_SECONDS, SLOW_LOOK_SECONDS = 4.0, 3.0, 10.0
"""Pauses between looks at a call: the first, the next ones, and those after its first minute."""
SLOW_AFTER_SECONDS = 60
MOST_HELD_SECONDS = 2 * 86_400
"""How long a rule may delay a dial: reaching somebody a week late is no use."""
LATEST_AGAIN_SECONDS = 8.0
"""The longest pause before a dial is sent again."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How far a campaign is with a recipient."""

    campaign: str
    part: int
    line: str
    """The recipient's line in the list."""
    row: int = 0
    state: str = WAITING
    round: int = 0
    """How many dials were claimed."""
    due_at: int = 0
    """When it is to be dialled, while it waits; since when it is open, while it is being dialled."""
    claimed_at: int = 0
    last_round: bool = False
    outcomes: tuple[str, ...] = ()
    """The outcomes of its rounds."""
    refused: str = ""
    """The rule that keeps it from being dialled, for now or for good."""
    code: str = ""
    """Telnyx's error code, if it refused the dial."""
    leg_id: str = ""
    session_id: str = ""
    control_id: str = ""
    seconds: int = 0
    """The total duration of its answered calls."""
    ended_at: int = 0
    version: int = 0

    @classmethod
    def of(cls, campaign: str, part: int, recipient: Recipient) -> Attempt:
        """A new attempt, for a recipient who has not been dialled."""
        return cls(campaign, part, recipient.to_line(), recipient.row)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Attempt:
        """What was stored, by this or another version of the program."""
        return restored(cls, stored, outcomes=tuple)

    def to_json(self) -> dict[str, Any]:
        """The attempt as it is stored, without default values."""
        known = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in known.items() if value or name in {"part", "row"}} | {
            "outcomes": list(self.outcomes)
        }

    @property
    def recipient(self) -> Recipient:
        """The recipient."""
        return Recipient.from_line(self.line)

    @property
    def dial_id(self) -> DialId:
        """The identity of its last dial."""
        return DialId(self.campaign, self.part, self.row, self.round)

    @property
    def is_open(self) -> bool:
        """Whether a dial may be on its way, or a call in progress."""
        return self.state in {CLAIMED, DIALLED}

    @property
    def outcome(self) -> str:
        """The final outcome; '' while it is open, and if a rule refused it."""
        return self.outcomes[-1] if self.state == SETTLED and self.outcomes else ""

    def claimed(self, now: int) -> Attempt:
        """The attempt once its next round has begun."""
        return replace(
            self,
            state=CLAIMED,
            round=self.round + 1,
            due_at=now,
            claimed_at=now,
            refused="",
            leg_id="",
            session_id="",
            control_id="",
        )

    def held_back(self, rule: str, until: int | None, now: int) -> Attempt:
        """The attempt after a rule forbids the dial until then, or for good: then it ends like its last round."""
        if until is None or until - now > MOST_HELD_SECONDS:
            return replace(self, state=SETTLED, refused=rule, due_at=0)
        return replace(self, state=WAITING, refused=rule, due_at=until)

    def taken(self, leg_id: str, session_id: str, control_id: str) -> Attempt:
        """The attempt once Telnyx has taken the dial."""
        return replace(self, state=DIALLED, leg_id=leg_id, session_id=session_id, control_id=control_id)

    def refused_by_telnyx(self, campaign: Campaign, code: str, now: int) -> Attempt:
        """The attempt after Telnyx refused to dial the number."""
        return replace(self.ended(campaign, INVALID, now), code=code)

    def given_back(self, now: int) -> Attempt:
        """The attempt without the round just claimed: nothing was dialled, and nothing will be for now."""
        return replace(self, state=WAITING, round=self.round - 1, due_at=now)

    def ended(self, campaign: Campaign, outcome: str, now: int, seconds: int = 0) -> Attempt:
        """The attempt after a round is over; another one may follow."""
        outcomes = (*self.outcomes, outcome)
        again = again_after(campaign, outcomes, now, had_last=self.last_round)
        over = replace(self, outcomes=outcomes, seconds=self.seconds + seconds, ended_at=now)
        if again is None:
            return replace(over, state=SETTLED, due_at=0)
        return replace(over, state=WAITING, due_at=again.at, last_round=again.last)

    def cancelled(self, now: int) -> Attempt:
        """The attempt if its campaign is cancelled while it waits: it ends like its last round."""
        outcomes = self.outcomes or (CANCELLED,)
        return replace(self, state=SETTLED, outcomes=outcomes, due_at=0, ended_at=now)


class Next(NamedTuple):
    """What to do about an open attempt."""

    what: str
    """One of the words below."""
    at: float = 0.0
    """For LOOK: the time of the next look."""


LOOK, SEND, ASK, END, ADOPT = "look", "send", "ask", "end", "adopt"
"""Look later; send the dial (again); ask Telnyx whether the call is alive; it is over; the dial did go through."""


def next_step(attempt: Attempt, note: CallNote | None, now: float, *, in_doubt: bool) -> Next:
    """What to do about an open attempt, given what the webhook function has noted of its call.

    A claim is in doubt unless we know that Telnyx took none of its dials.
    """
    since = now - attempt.claimed_at
    if note and note.outcome:
        return Next(END)
    if attempt.state == CLAIMED:
        return _next_of_claim(attempt, note, now, in_doubt=in_doubt)
    if since >= LONGEST_CALL_SECONDS:
        return Next(END)
    if note is None and since >= SILENT_SECONDS:
        return Next(ASK)
    return Next(LOOK, now + (LOOK_SECONDS if since < SLOW_AFTER_SECONDS else SLOW_LOOK_SECONDS))


def _next_of_claim(attempt: Attempt, note: CallNote | None, now: float, *, in_doubt: bool) -> Next:
    since = now - attempt.claimed_at
    if note:
        return Next(ADOPT)
    if since < SENT_AGAIN_SECONDS or not in_doubt:
        return Next(SEND)
    return Next(END) if since >= EVIDENCE_SECONDS else Next(LOOK, now + LOOK_SECONDS)


def ended_by(attempt: Attempt, note: CallNote | None, campaign: Campaign, now: int) -> Attempt:
    """The attempt after its round is over, as the note says; without a note, nothing is known."""
    if note is None or not note.outcome:
        return attempt.ended(campaign, UNKNOWN, now)
    known = replace(attempt, leg_id=note.leg_id, session_id=note.session_id, control_id=note.control_id)
    return known.ended(campaign, note.outcome, note.at or now, note.seconds)


def pause_before_send(sends: int) -> float:
    """How long to wait before sending a dial again."""
    return min(LATEST_AGAIN_SECONDS, 2.0 ** max(0, sends - 1))
