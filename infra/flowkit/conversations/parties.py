"""Who takes part in a conversation: the number that is called, and the people who are rung."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import get_args

from dialtone.adapters.flow_library import read_numbers
from dialtone.domain.errors import DialtoneError
from dialtone.domain.hangup_causes import CALL_REJECTED, NOT_FOUND, USER_BUSY, hangup_cause
from infra import carrier
from infra.carrier import Fax, Machine, NoAnswer, Person, Silent, Unreached
from infra.carrier.legs import Nature
from infra.carrier.parties import Step
from infra.flowkit.conversations.conversation import Callee, Script, TransferResult

_ANSWERS_SECONDS = {
    "person": 3.0,
    "not_sure": 3.0,
    "machine": 4.0,
    "fax": 4.0,
    "silent": 4.0,
    "nobody": 0.0,
    "busy": 0.5,
    "rejects": 2.0,
    "unknown": 0.5,
}
"""How long it rings where a conversation does not say: as long as the carrier's own callees let it."""

_REFUSALS = {"busy": USER_BUSY, "rejects": CALL_REJECTED, "unknown": NOT_FOUND}
"""A callee's `answers` that refuses a call → Telnyx's hangup cause."""


def cause_of(answers: str) -> str:
    """Telnyx's hangup cause of a callee who refuses: busy, rejects or unknown."""
    return _REFUSALS[answers]


def how_answered(cause: str) -> str:
    """The `answers` of a callee whose leg ended with this cause, unanswered."""
    return next((answers for answers, each in _REFUSALS.items() if each == cause), "nobody")


def transfer_result(cause: str) -> str:
    """The result of a transfer, in a conversation's `ends`, whose callee's leg ended with this cause."""
    outcome = hangup_cause(cause).outcome.replace("-", "_")
    return outcome if outcome in get_args(TransferResult) else "given_up"


def called_number(script: Script, flows: Path) -> str:
    """The number that the caller dials. Raises DialtoneError if the conversation names none and none leads there."""
    if script.conversation.called:
        return script.conversation.called
    for number, flow in read_numbers(flows).items():
        if flow == script.flow:
            return number
    raise DialtoneError(
        f"no number in numbers.yaml leads to {script.flow}: add one, or give “{script.conversation.name}” "
        "a number under called or dials"
    )


def callee_of(who: Callee, steps: Iterable[Step] = ()) -> carrier.Callee:
    """Somebody who is rung; a person then does the steps."""
    after = _ANSWERS_SECONDS[who.answers] if who.after is None else who.after
    match who.answers:
        case "person" | "not_sure":
            nature = Nature.HUMAN if who.answers == "person" else Nature.NOT_SURE
            return Person(*steps, nature=nature, answers_after=after)
        case "machine":
            return Machine(greeting_seconds=who.greeting, beep=who.beep, answers_after=after)
        case "fax" | "silent":
            return replace(Fax() if who.answers == "fax" else Silent(), answers_after=after)
        case "nobody":
            return NoAnswer()
        case _:
            return Unreached(cause_of(who.answers), after)
