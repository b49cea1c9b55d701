"""Detects who answered an outgoing call: a person or a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from dialtone.domain.call_variables import ANSWERED_BY, GREETING, MACHINES
from dialtone.flow.gather_timer import seconds_left, timer, timer_ended
from dialtone.flow.keys import stop_gathering
from dialtone.flow.step import Step
from dialtone.flow.step_moves import Go, Move, Wait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults

PEOPLE = frozenset({"human", "human_residence", "human_business"})

FAX = "fax_detected"


class Findings(BaseModel):
    """Where each finding leads."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    person: str
    machine: str
    """At once, while its greeting may still play."""
    after_greeting: StrictBool = False
    """Go to the machine's step only when its greeting (or its tone) is over; `detect` does not report that."""
    not_sure: str = ""
    """Also for a line on which nobody speaks. Without it, as a person: better a human who hears a machine's text than
    one who hears nothing."""
    limit_seconds: StrictInt = Field(10, ge=1, le=60)
    """How long a finding is waited for; then it is as if detection were not sure."""
    greeting_seconds: StrictInt = Field(30, ge=1, le=120)
    """How long the end of a machine's greeting is waited for, from the answer; then the machine's step is taken."""


class AnsweredBy(Step):
    """Wait for what answering-machine detection finds; the call must be dialled with it."""

    can_fail: ClassVar[bool] = False
    paths: ClassVar[tuple[str, ...]] = ("answered_by.person", "answered_by.machine", "answered_by.not_sure")

    answered_by: Findings

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Detection may have reported before the answer; otherwise wait for it, up to a limit."""
        del voice_defaults
        return self._found(call.variables) or Wait((timer(call, self._first_limit),))

    def on(self, call: Call, event: Event) -> Move | None:
        """The handlers have put the result into the call's variables."""
        if timer_ended(event):
            return self._time_over(call, event)
        found = self._found(call.variables) if event.type.startswith("call.machine.") else None
        return found and found._replace(commands=self.abandoned(call))

    def repeated(self, call: Call) -> None:
        """None: a timer runs."""
        del call

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """The timer would run on into the next step."""
        return stop_gathering(call)

    def goes_next(self) -> bool:
        """False: each result has a path of its own."""
        return False

    def sets(self) -> tuple[str, ...]:
        """The variables for who answered, and for a machine's greeting."""
        return ANSWERED_BY, GREETING

    def surely_sets(self, where: str) -> tuple[str, ...]:
        """Only the first of them: a person has no greeting."""
        del where
        return (ANSWERED_BY,)

    @property
    def _first_limit(self) -> int:
        ways = self.answered_by
        return min(ways.limit_seconds, ways.greeting_seconds) if ways.after_greeting else ways.limit_seconds

    def _found(self, known: Mapping[str, str]) -> Go | None:
        """Where the result leads; None while something is still to come."""
        who, ways = known.get(ANSWERED_BY, ""), self.answered_by
        if not who:
            return None
        if who in MACHINES:
            # A fax has no greeting to wait for.
            waits = ways.after_greeting and who != FAX and not known.get(GREETING)
            return None if waits else self.take("answered_by.machine")
        return self.take("answered_by.person") if who in PEOPLE else self._not_sure

    def _time_over(self, call: Call, event: Event) -> Move:
        """The result may never come: detection is off, or a mailbox plays no tone. Timers do not overlap."""
        known = call.variables.get(ANSWERED_BY)
        limit = self.answered_by.greeting_seconds if known else self.answered_by.limit_seconds
        if left := seconds_left(call, event, limit):
            return Wait((timer(call, left),))
        return self.take("answered_by.machine") if known else self._not_sure

    @property
    def _not_sure(self) -> Go:
        return self.take("answered_by.not_sure", "answered_by.person")
