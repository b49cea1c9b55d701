"""Telnyx's hangup causes, in the words of SIP, of conversations and of a caller."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HangupCause:
    """What one cause is called elsewhere."""

    sip: str
    """SIP's status code."""
    text: str
    """What the party does or is, as a caller is shown it."""
    result: str = "given_up"
    """The result of a transfer, in a conversation's `ends`."""
    answers: str = "nobody"
    """The `answers` of a conversation's callee who ends a call like this."""


_CAUSES = {
    "normal_clearing": HangupCause("200", "hung up"),
    "user_busy": HangupCause("486", "is busy", "busy", "busy"),
    "call_rejected": HangupCause("603", "rejects the call", "rejected", "rejects"),
    "timeout": HangupCause("487", "does not answer", "no_answer"),
    "no_answer": HangupCause("480", "does not answer", "no_answer"),
    "not_found": HangupCause("404", "is nobody's number", "unreachable", "unknown"),
    "originator_cancel": HangupCause("487", "is not rung any more"),
}


def cause_named(name: str) -> HangupCause:
    """Look a cause up by Telnyx's name; one that is not listed keeps that name as its text."""
    return _CAUSES.get(name) or HangupCause("unspecified", name.replace("_", " "))


def cause_of(answers: str) -> str:
    """Telnyx's name for how a conversation's callee refuses: busy, rejects or unknown."""
    return next(name for name, cause in _CAUSES.items() if cause.answers == answers)
