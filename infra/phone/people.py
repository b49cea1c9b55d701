"""Who is reached when a flow rings somebody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dialtone.domain.errors import DialtoneError
from infra.carrier.account import AGENT, AGENT_SCRIPT, CALLEES
from infra.carrier.parties import Busy, Callee, Machine, NoAnswer, Person, Rejects, Say, Silence, Unknown, party_of
from infra.phone.key_help import KIND_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from infra.carrier.exchange import Exchange
    from infra.carrier.legs import Party

CONNECTING_SECONDS = 0.5
"""From lifting the receiver to the first word: by then the two lines are connected."""

PERSON = Person(Silence(CONNECTING_SECONDS), Say(1.5, "Hello, who is calling?"), answers_after=4)

KINDS: Mapping[str, Callee] = dict(
    zip(KIND_NAMES, (PERSON, Busy(), NoAnswer(), NoAnswer(), Rejects(), Machine(), Unknown()), strict=True)
)
"""What somebody can be like, by the word for it; `nobody` as conversations have it."""

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}|sip:.+")


class People:
    """Everybody who can be rung: each answers by default."""

    def __init__(self, everybody: str = "", named: Mapping[str, str] | None = None) -> None:
        """`everybody` is one of KINDS, '' for a person and the account's CALLEES; `named` by number."""
        self._default = KINDS[everybody or "person"]
        self._later: dict[str, list[Callee]] = {}
        self._named: dict[str, Callee] = {} if everybody else _callees()
        self._named.update({number: KINDS[kind] for number, kind in (named or {}).items()})

    def reached_at(self, number: str) -> Callee:
        """Who answers, or does not, under a number that is rung now."""
        if later := self._later.get(number):
            self._named[number] = later.pop(0)
        return self._named.get(number, self._default)

    def meet(self, others: Mapping[str, Sequence[Callee]]) -> None:
        """Let these be reached as well, in place of those who had their numbers: each time the next, then the last."""
        self._later.update({number: [*attempts] for number, attempts in others.items()})

    def move_in(self, exchange: Exchange) -> None:
        """Let them be reached in the carrier, whatever number a flow comes to dial."""
        exchange.callees = _reached(self, exchange)


def people(options: Iterable[str]) -> People:
    """From `busy`, or `+15550199=busy`, any number of them. Raises DialtoneError naming what is none of that."""
    everybody = ""
    named: dict[str, str] = {}
    for text in options:
        number, _, kind = text.rpartition("=")
        if kind not in KINDS or (number and not _NUMBER.fullmatch(number)):
            kinds = ", ".join(KINDS)
            raise DialtoneError(f"--agent {text}: give one of {kinds}; for one number, such as +15550199=busy")
        if number:
            named[number] = kind
        else:
            everybody = kind
    return People(everybody, named)


def _callees() -> dict[str, Callee]:
    # The account's agent speaks as the receiver is lifted; here the caller shall hear all of it.
    patient = Person(Silence(CONNECTING_SECONDS), *AGENT_SCRIPT.steps, answers_after=AGENT_SCRIPT.answers_after)
    return {**CALLEES, AGENT: patient}


def _reached(who: People, exchange: Exchange) -> Callable[[str], Party]:
    return lambda number: party_of(exchange, who.reached_at(number))
