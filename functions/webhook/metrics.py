"""The metrics of calls and commands. Few of them, with dimensions of few values, since each combination costs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dialtone.adapters.telemetry import Measure
from dialtone.domain.counted_changes import ANSWERED, COST, ENDED, PAID, STARTED
from dialtone.domain.decisions import NO_INPUT, NOT_REACHED, WRONG_INPUT
from dialtone.domain.payments import NOT_TRIED, SUCCESS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dialtone.adapters.telemetry import Unit
    from dialtone.adapters.telnyx_api import Outcome
    from dialtone.domain.counted_changes import CountedChange
    from webhook.refused_commands import Sent

_COMMANDS = {
    "accepted": "CommandsAccepted",
    "ended": "CommandsEnded",
    "refused": "CommandsRefused",
    "unavailable": "CommandsUnavailable",
}
"""A metric each, not a dimension: one log line has room for one value of a dimension. The line lists the actions."""

_ERRORS = ("refused", "unavailable")

TELNYX_CODES = frozenset(
    ["90000", "90009", "90010", "90012", "90013", "90015", "90020", "90034", "90040", "90041", "90042", "90043"]
)
"""Telnyx's error codes that are counted one by one: few, since each costs. The log line has every code."""

OTHER_CODE = "other"

_PROGRESS = {
    STARTED: ("CallsStarted", "Direction"),
    ANSWERED: ("CallsAnswered", ""),
    ENDED: ("CallsEnded", "Outcome"),
    COST: ("CallCost", ""),
    PAID: ("Payments", "Result"),
    NO_INPUT: ("NoInput", ""),
    WRONG_INPUT: ("WrongInput", ""),
    NOT_REACHED: ("TransfersFailed", ""),
}
"""The metric of each kind of progress, and its dimension."""


def of_progress(progress: Iterable[CountedChange]) -> Iterator[Measure]:
    """Metrics of what happened to a call."""
    for each in progress:
        name, dimension = _PROGRESS[each.what]
        unit: Unit = "None" if each.what == COST else "Count"
        yield Measure(name, each.value, unit, {dimension: each.kind} if dimension else {})
        if each.what == PAID and each.kind not in NOT_TRIED:
            yield Measure("PaymentsFailed", each.kind != SUCCESS)  # 0 for a success: the average is the share


def of_commands(sent: Sequence[Sent]) -> Iterator[Measure]:
    """Metrics of the outcomes of commands, and of how long Telnyx took."""
    outcomes = [each.outcome for each in sent]
    expected = {id(each.outcome) for each in sent if each.expected}
    for kind, count in Counter("accepted" if id(each) in expected else each.kind for each in outcomes).items():
        yield Measure(_COMMANDS[kind], count)
    for each in outcomes:
        if each.attempts:
            yield Measure("TelnyxTime", each.milliseconds, "Milliseconds")
    for code, count in Counter(
        _error_code(each) for each in outcomes if each.kind in _ERRORS and id(each) not in expected
    ).items():
        yield Measure("TelnyxErrors", count, dimensions={"Code": code})
    if retried := sum(each.attempts > 1 for each in outcomes):
        yield Measure("CommandsRetried", retried)
    if unauthorized := sum(each.reason == "unauthorized" for each in outcomes):
        yield Measure("TelnyxUnauthorized", unauthorized)
    if limited := sum(each.rate_limited for each in outcomes):
        yield Measure("TelnyxRateLimited", limited)


def _error_code(outcome: Outcome) -> str:
    """The metric's value for an error: why no answer counted, else Telnyx's own code if it is listed here."""
    return outcome.reason or (outcome.code if outcome.code in TELNYX_CODES else OTHER_CODE)
