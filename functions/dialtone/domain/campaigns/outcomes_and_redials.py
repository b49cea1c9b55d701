"""The outcome of a campaign's call, and who is dialled again. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dialtone.domain.call_variables import ANSWERED_BY, MACHINES, OUTCOME
from dialtone.domain.hangup_causes import TIME_LIMIT, hangup_cause
from dialtone.domain.outcomes import FLOW_FAILED, HUNG_UP, NO_FLOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dialtone.domain.calls import Call
    from dialtone.domain.campaigns.campaign import Campaign

ACKNOWLEDGED = "acknowledged"
"""A person confirmed, usually by a key: the flow set the variable of this name, or this outcome."""
PERSON = "person"
"""A person heard the flow to its end."""
MACHINE = "machine"
"""A machine answered and the flow ran to its end, having left a message if it leaves one."""
FAX = "fax"
BUSY, NO_ANSWER, REJECTED = "busy", "no_answer", "rejected"
INVALID = "invalid"
"""The number does not exist, or Telnyx does not dial it."""
CUT_OFF = "cut_off"
"""The call was answered, and ended before the flow did."""
FAILED = "failed"
"""The call was answered, and the flow failed: a fault of ours."""
UNKNOWN = "unknown"
"""Telnyx never reported anything about the dial, or not how the call ended."""
CANCELLED = "cancelled"
"""The campaign was cancelled before the recipient was dialled."""

OUTCOMES = (
    ACKNOWLEDGED,
    PERSON,
    MACHINE,
    FAX,
    BUSY,
    NO_ANSWER,
    REJECTED,
    INVALID,
    CUT_OFF,
    FAILED,
    UNKNOWN,
    CANCELLED,
)
FAILURES = frozenset({REJECTED, INVALID, CUT_OFF, FAILED, UNKNOWN})
"""Outcomes that are rare unless something is wrong with the campaign's list, number or flow."""

ANSWERED = frozenset({ACKNOWLEDGED, PERSON, MACHINE, FAX, CUT_OFF, FAILED})
"""Outcomes of calls that were answered, by a person or a machine."""

NOT_REACHED = frozenset({BUSY, NO_ANSWER, CUT_OFF, FAILED, UNKNOWN})
"""Outcomes after which the last round tries again."""

UNKNOWN_AGAIN_SECONDS = 60
"""When somebody is dialled again, once, if nothing is known of the dial and no rule of the campaign says otherwise:
most likely the worker died before it dialled."""

MOST_ROUNDS = 20

_FAX_DETECTED = "fax_detected"


def outcome_of_call(call: Call) -> str:
    """The outcome of a call that has ended: one of OUTCOMES."""
    if not call.answered_at and not call.turn:
        return hangup_cause(call.hangup_cause).unanswered
    if call.variables.get(ACKNOWLEDGED) or call.variables.get(OUTCOME) == ACKNOWLEDGED:
        return ACKNOWLEDGED
    answered_by = call.variables.get(ANSWERED_BY)
    if answered_by == _FAX_DETECTED:
        return FAX
    if call.ending in {FLOW_FAILED, NO_FLOW}:
        return FAILED
    if call.ending == HUNG_UP or call.hangup_cause == TIME_LIMIT:
        return CUT_OFF
    return MACHINE if answered_by in MACHINES else PERSON


class Again(NamedTuple):
    """When somebody is dialled again."""

    at: int
    """Not before this unix second."""
    last: bool = False
    """Whether it is the last round."""


def again_after(campaign: Campaign, outcomes: Sequence[str], now: int, *, had_last: bool = False) -> Again | None:
    """When to dial somebody again after dials with these outcomes, the latest last; None for never."""
    outcome = outcomes[-1]
    if had_last or len(outcomes) >= MOST_ROUNDS:
        return None
    rule = next((each for each in campaign.retries if each.outcome == outcome), None)
    times, pause = (rule.times, rule.pause_seconds) if rule else (0, 0)
    if rule is None and outcome == UNKNOWN:
        times, pause = 1, UNKNOWN_AGAIN_SECONDS
    if outcomes.count(outcome) <= times:
        return Again(now + pause)
    if campaign.last_round_seconds and (rule or outcome in NOT_REACHED):
        return Again(now + campaign.last_round_seconds, last=True)
    return None
