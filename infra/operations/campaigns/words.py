"""Outcomes and rules of campaigns in plain words, for people; programs have the stored ones. Pure."""

from collections.abc import Mapping

from dialtone.domain.campaigns import dialling_rules, outcomes_and_redials

OUTCOMES: Mapping[str, str] = {
    outcomes_and_redials.ACKNOWLEDGED: "acknowledged",
    outcomes_and_redials.PERSON: "heard by a person",
    outcomes_and_redials.MACHINE: "answering machine",
    outcomes_and_redials.FAX: "fax machine",
    outcomes_and_redials.BUSY: "busy",
    outcomes_and_redials.NO_ANSWER: "no answer",
    outcomes_and_redials.REJECTED: "rejected",
    outcomes_and_redials.INVALID: "invalid number",
    outcomes_and_redials.CUT_OFF: "cut off",
    outcomes_and_redials.FAILED: "the flow failed",
    outcomes_and_redials.UNKNOWN: "unknown",
    outcomes_and_redials.CANCELLED: "cancelled",
}
RULES: Mapping[str, str] = {
    dialling_rules.SUPPRESSED: "on the suppression list",
    dialling_rules.WEEKLY_LIMIT: "called too often this week",
    dialling_rules.QUIET_HOURS: "quiet hours",
    dialling_rules.NO_COMMON_WINDOW: "no time within the window",
}
"""Why somebody was not called."""


def outcome(word: str) -> str:
    """An outcome in plain words; one of a later version as it is."""
    return OUTCOMES.get(word, word.replace("_", " "))


def not_called(rule: str) -> str:
    """Why somebody was not called."""
    return f"not called: {RULES.get(rule, rule.replace('_', ' '))}"


def failure(listed: str) -> str:
    """One of the last failures, which are listed as row, round and outcome."""
    row, round_, word = listed.split(" ", 2)
    return f"row {row} {outcome(word)}{f' (round {round_})' if round_ != '1' else ''}"
