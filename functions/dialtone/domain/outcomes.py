"""The outcome of a call, from its flow, its hang-up cause and its progress in the flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from dialtone.domain.call_variables import ANSWERED_BY, MACHINE, MACHINES, OUTCOME
from dialtone.domain.hangup_causes import HANGUP_CAUSES, NORMAL_CLEARING, hangup_cause

UNKNOWN = "unknown"
"""The hangup cause of a call that was found to be over and whose hang-up was never reported; also its outcome, unless
the progress in the flow shows more."""

COMPLETED, HUNG_UP, FLOW_FAILED, NO_FLOW = "completed", "hung-up", "failed", "no-flow"
"""The flow's progress when the call ended: at its end, or in the step's own purpose (a conversation, a message); in the
middle; in its last resort; or no flow at all."""


OTHER = "other"
"""For metrics: any hangup cause that is not listed here."""

_OF_CAUSES = {each.outcome for each in HANGUP_CAUSES.values() if each.outcome}

COUNTED = frozenset({*_OF_CAUSES, COMPLETED, HUNG_UP, FLOW_FAILED, NO_FLOW, MACHINE, UNKNOWN, OTHER})
"""The outcomes by which calls are counted: few and fixed, as a metric needs."""


class EndedCall(Protocol):
    """What an outcome follows from."""

    @property
    def variables(self) -> Mapping[str, str]:
        """Those that its flow set."""

    @property
    def direction(self) -> str:
        """`incoming` or `outgoing`."""

    @property
    def turn(self) -> int:
        """How many steps were entered."""

    @property
    def answered_at(self) -> str:
        """When it was answered; '' if it was not."""

    @property
    def ending(self) -> str:
        """How the flow stood at the end."""

    @property
    def hangup_cause(self) -> str:
        """As Telnyx reported it."""


def counted_outcome(call: EndedCall) -> str:
    """The value by which the call's outcome is counted: one of COUNTED, whatever outcome its flow set."""
    outcome = _seen(call)
    return outcome if outcome in COUNTED else OTHER


def outcome_of(call: EndedCall) -> str:
    """The outcome that the flow set, else what the hang-up cause and the progress in the flow show."""
    return call.variables.get(OUTCOME) or _seen(call)


def _seen(call: EndedCall) -> str:
    unknown = call.hangup_cause == UNKNOWN
    if call.hangup_cause != NORMAL_CLEARING and not unknown:
        return hangup_cause(call.hangup_cause).outcome
    if unknown and (call.ending == HUNG_UP or not (call.answered_at or call.turn)):
        return UNKNOWN
    if not call.answered_at and not call.turn:
        return "no-answer" if call.direction == "outgoing" else "cancelled"
    ending = call.ending or COMPLETED  # an earlier version did not store it
    by_machine = ending == COMPLETED and call.variables.get(ANSWERED_BY) in MACHINES
    return MACHINE if by_machine else ending
