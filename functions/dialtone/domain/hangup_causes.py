"""Telnyx's hangup causes, and what each means: to the flow that dialled, to operators, in a timeline."""

from __future__ import annotations

from typing import NamedTuple

NORMAL_CLEARING = "normal_clearing"
"""Says only that somebody hung up; the call's outcome follows from the progress in the flow."""
ORIGINATOR_CANCEL = "originator_cancel"
"""For a callee's leg: it still rang when the caller hung up, which is reported for the caller's leg, too."""
USER_BUSY, CALL_REJECTED, NOT_FOUND, TIME_LIMIT = "user_busy", "call_rejected", "not_found", "time_limit"

AFTER_A_CONVERSATION = frozenset({NORMAL_CLEARING, TIME_LIMIT})
"""Causes of legs that may have been in a conversation."""


class HangupCause(NamedTuple):
    """What one cause is called in each of these places."""

    outcome: str = ""
    """The call's outcome unless its flow set one; '' if the progress in the flow decides."""
    unanswered: str = "unknown"
    """The outcome for a campaign, if nobody answered the call."""
    path: str = "failed"
    """The path of a step (no_answer, busy, failed) if the callee's leg ended with this cause before the two talked. A
    callee that hung up between answer and bridge, for instance a mailbox, counts as not answering."""
    callee: str = ""
    """What the callee is or did, for people; '' if the timeline says who hung up."""


HANGUP_CAUSES = {
    NORMAL_CLEARING: HangupCause("", "no_answer", "no_answer"),
    USER_BUSY: HangupCause("busy", "busy", "busy", "is busy"),
    CALL_REJECTED: HangupCause("rejected", "rejected", callee="rejects the call"),
    "timeout": HangupCause("no-answer", "no_answer", "no_answer", "does not answer"),
    "no_answer": HangupCause("no-answer", "no_answer", "no_answer", "does not answer"),
    NOT_FOUND: HangupCause("unreachable", "invalid", callee="cannot be reached"),
    ORIGINATOR_CANCEL: HangupCause("cancelled", "no_answer", "no_answer"),
    TIME_LIMIT: HangupCause("cut-off", path="no_answer"),
}


def hangup_cause(name: str) -> HangupCause:
    """The cause by Telnyx's name; one that is not listed is its own outcome."""
    return HANGUP_CAUSES.get(name) or HangupCause(name)
