"""How far a campaign is with one recipient: one item, from the first look at them to their outcome. Pure.

A dial is claimed before it is sent, and the claim says which round it is. Whoever finds a claim without an answer,
because a worker died or Telnyx did not answer, sends the same dial again under the same command id while Telnyx
remembers that, and afterwards only waits: so nobody is dialled twice in a round.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from dialtone.domain.campaigns.place import Place
from dialtone.domain.campaigns.recipient import Recipient
from dialtone.domain.campaigns.results import CANCELLED, INVALID, UNKNOWN, again_after
from dialtone.domain.stored import restored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.campaigns.campaign import Campaign
    from dialtone.domain.campaigns.notes import CallNote

WAITING, CLAIMED, DIALLED, SETTLED = "waiting", "claimed", "dialled", "settled"
"""It is to be dialled later; it is being dialled; Telnyx has taken the dial; nothing more is done."""

SENT_AGAIN_SECONDS = 45
"""Since the claim: Telnyx ignores a command id that it has seen within 60 s."""
EVIDENCE_SECONDS = 150
"""Since the claim: by then the webhooks of a call that was dialled have come, the last redelivery included."""
SILENT_SECONDS = 120
"""Since the dial was taken: after so long without any event Telnyx is asked whether there is a call."""
LONGEST_CALL_SECONDS = 5 * 3_600
"""Telnyx ends a call after four hours."""
FIRST_LOOK_SECONDS, LOOK_SECONDS, SLOW_LOOK_SECONDS = 4.0, 3.0, 10.0
"""Pauses between looks at a call: after the dial, then, and once it has lasted for a minute."""
SLOW_AFTER_SECONDS = 60
MOST_HELD_SECONDS = 2 * 86_400
"""Until a rule allows a dial again: whom a campaign reaches a week late, it does not serve."""
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
    """Dials claimed."""
    due_at: int = 0
    """When it is to be dialled, if it waits; since when it is open, if it is being dialled."""
    claimed_at: int = 0
    last_round: bool = False
    outcomes: tuple[str, ...] = ()
    """Of its rounds."""
    refused: str = ""
    """The rule that kept it from being dialled, for now or for good."""
    code: str = ""
    """Telnyx's, where it refused the dial."""
    leg_id: str = ""
    session_id: str = ""
    control_id: str = ""
    seconds: int = 0
    """How long its calls were answered."""
    ended_at: int = 0
    version: int = 0

    @classmethod
    def of(cls, campaign: str, part: int, recipient: Recipient) -> Attempt:
        """Of a recipient that was never looked at."""
        return cls(campaign, part, recipient.to_line(), recipient.row)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Attempt:
        """What was stored, in this or another version of the program."""
        return restored(cls, stored, outcomes=tuple)

    def to_json(self) -> dict[str, Any]:
        """What is stored of it: what is as in a new one is left out."""
        known = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in known.items() if value or name in {"part", "row"}} | {
            "outcomes": list(self.outcomes)
        }

    @property
    def recipient(self) -> Recipient:
        """Whom it is about."""
        return Recipient.from_line(self.line)

    @property
    def place(self) -> Place:
        """That of its last dial."""
        return Place(self.campaign, self.part, self.row, self.round)

    @property
    def is_open(self) -> bool:
        """Whether a dial may be on its way or a call going on."""
        return self.state in {CLAIMED, DIALLED}

    @property
    def outcome(self) -> str:
        """What came of it in the end; '' while that is open, and for one that was refused."""
        return self.outcomes[-1] if self.state == SETTLED and self.outcomes else ""

    def claimed(self, now: int) -> Attempt:
        """Its next round begins."""
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
        """A rule forbids the dial until then, or for good: then it ends as its last round did."""
        if until is None or until - now > MOST_HELD_SECONDS:
            return replace(self, state=SETTLED, refused=rule, due_at=0)
        return replace(self, state=WAITING, refused=rule, due_at=until)

    def taken(self, leg_id: str, session_id: str, control_id: str) -> Attempt:
        """Telnyx has taken the dial."""
        return replace(self, state=DIALLED, leg_id=leg_id, session_id=session_id, control_id=control_id)

    def refused_by_telnyx(self, campaign: Campaign, code: str, now: int) -> Attempt:
        """Telnyx does not dial that number."""
        return replace(self.ended(campaign, INVALID, now), code=code)

    def given_back(self, now: int) -> Attempt:
        """The round has not begun after all: nothing was dialled, and nothing is to be for now."""
        return replace(self, state=WAITING, round=self.round - 1, due_at=now)

    def ended(self, campaign: Campaign, outcome: str, now: int, seconds: int = 0) -> Attempt:
        """A round is over: another follows, or none."""
        outcomes = (*self.outcomes, outcome)
        again = again_after(campaign, outcomes, now, had_last=self.last_round)
        over = replace(self, outcomes=outcomes, seconds=self.seconds + seconds, ended_at=now)
        if again is None:
            return replace(over, state=SETTLED, due_at=0)
        return replace(over, state=WAITING, due_at=again.at, last_round=again.last)

    def cancelled(self, now: int) -> Attempt:
        """The campaign is cancelled while it waits: it ends as its last round did."""
        outcomes = self.outcomes or (CANCELLED,)
        return replace(self, state=SETTLED, outcomes=outcomes, due_at=0, ended_at=now)


class Next(NamedTuple):
    """What is to be done about an open attempt."""

    what: str
    """One of the words below."""
    at: float = 0.0
    """For LOOK: when it is looked at next."""


LOOK, SEND, ASK, END, ADOPT = "look", "send", "ask", "end", "adopt"
"""Look later; send the dial (again); ask Telnyx whether the call is alive; it is over; it was dialled after all."""


def next_step(attempt: Attempt, note: CallNote | None, now: float, *, in_doubt: bool) -> Next:
    """What is to be done about an attempt that is open, by what the webhook function noted of its call.

    A claim is in doubt unless it is known that Telnyx took none of its dials.
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
    """The attempt whose round is over, as the note says, or with nothing known."""
    if note is None or not note.outcome:
        return attempt.ended(campaign, UNKNOWN, now)
    known = replace(attempt, leg_id=note.leg_id, session_id=note.session_id, control_id=note.control_id)
    return known.ended(campaign, note.outcome, note.at or now, note.seconds)


def pause_before_send(sends: int) -> float:
    """How long a dial waits until it is sent again."""
    return min(LATEST_AGAIN_SECONDS, 2.0 ** max(0, sends - 1))
