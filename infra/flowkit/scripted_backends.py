"""The systems that flows look things up in, as somebody says that they answer: on the carrier's virtual clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from dialtone.domain.events import Event
from dialtone.domain.lookups import FAILED, FOUND, Answer, Lookup
from infra.carrier import Carrier

NEVER = "never"
"""What a system answers that the lookup function is lost with: nothing, not even that it failed."""

TRAVEL_SECONDS = 0.02
"""From one function to the other."""

AGAIN_SECONDS = 0.5
"""After an event was not taken."""

MAX_DELIVERIES = 20


@dataclass(frozen=True, slots=True)
class Answering:
    """How a system answers."""

    result: str = FOUND
    """`found`, `not_found`, `failed`, or `never`."""
    values: Mapping[str, str] = field(default_factory=dict)
    after_seconds: float = 0.2
    then: Sequence[Answering] = ()
    """How it answers the second time, the third, …, and as the last of these from then on."""


@dataclass(slots=True)
class ScriptedBackends:
    """Takes the place of the lookup function."""

    carrier: Carrier
    deliver: Callable[[Event], bool]
    """Take an answer to the call; whether it was taken."""
    answering: dict[str, Answering] = field(default_factory=dict)
    """By the name or address that flows look up; what is not here fails at once."""
    asked: list[Lookup] = field(default_factory=list)

    def ask(self, lookup: Lookup, deadline: float) -> None:
        """Answer, but not yet: within the lookup's limit, as the lookup function does."""
        del deadline
        self.asked.append(lookup)
        how = self._how(lookup)
        if how and lookup.quiet_seconds and (how.after_seconds > lookup.quiet_seconds and how.result != NEVER):
            self._at(lookup.quiet_seconds, lambda: lookup.slow(self._now()))
        if how is None:
            self._later(0.0, lookup, Answer(FAILED, reason=f"nothing was said of how {lookup.target} answers"))
        elif how.result != NEVER and how.after_seconds >= lookup.limit_seconds:
            late = Answer(FAILED, reason=f"no answer within {lookup.limit_seconds} s")
            self._later(lookup.limit_seconds, lookup, late)
        elif how.result != NEVER:
            wanted = {name: how.values.get(name, "") for name in lookup.gives} if how.result == FOUND else {}
            reason = "failed: as was asked for" if how.result == FAILED else ""
            self._later(how.after_seconds, lookup, Answer(how.result, wanted, reason))

    @property
    def questions(self) -> tuple[Lookup, ...]:
        """All questions, in order; repeated ones once."""
        return tuple({lookup.id: lookup for lookup in reversed(self.asked)}.values())[::-1]

    def _how(self, lookup: Lookup) -> Answering | None:
        """How it answers this time: a repetition of a question is the same time."""
        earlier = [each.id for each in self.questions if each.target == lookup.target]
        how = self.answering.get(lookup.target)
        if how is None:
            return None
        return (how, *how.then)[min(earlier.index(lookup.id), len(how.then))]

    def _later(self, seconds: float, lookup: Lookup, answer: Answer) -> None:
        self._at(seconds, lambda: answer.event(lookup, self._now()))

    def _at(self, seconds: float, event: Callable[[], Event]) -> None:
        self.carrier.clock.after(seconds, lambda: self._travel(event()))

    def _travel(self, event: Event) -> None:
        self.carrier.clock.after(TRAVEL_SECONDS, partial(self._deliver, event, MAX_DELIVERIES))

    def _deliver(self, event: Event, left: int) -> None:
        if not self.deliver(event) and left:
            self.carrier.clock.after(AGAIN_SECONDS, partial(self._deliver, event, left - 1))

    def _now(self) -> str:
        clock = self.carrier.clock
        return clock.datetime(clock.now).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
