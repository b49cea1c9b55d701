"""Who answered an outgoing call: a person or a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, StrictBool

from dialtone.calls import ANSWERED_BY, GREETING
from dialtone.flows.moves import Go, Move, Wait
from dialtone.flows.steps.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dialtone.calls import Call
    from dialtone.events import Event
    from dialtone.flows.speech import Manner

MACHINES = frozenset({"machine", "fax_detected"})


class Ways(BaseModel):
    """Where each finding leads."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    person: str
    machine: str
    """At once, while its greeting may still play."""
    after_greeting: StrictBool = False
    """Go to the machine's step only when its greeting (or its tone) is over: needs `greeting_end` or `detect_beep`."""
    not_sure: str = ""
    """Without it, as a person: better a human who hears a machine's text than one who hears nothing."""


class AnsweredBy(Step):
    """Wait for what answering-machine detection finds; the call must be dialled with it."""

    answered_by: Ways

    def enter(self, call: Call, manner: Manner) -> Move:
        """The finding may have overtaken the answer."""
        del manner
        return self._finding(call.variables) or Wait()

    def on(self, call: Call, event: Event) -> Move | None:
        """The handlers have put what was found into the call's variables."""
        return self._finding(call.variables) if event.type.startswith("call.machine.") else None

    def targets(self) -> Iterator[tuple[str, str]]:
        """The findings' steps beside the usual ones."""
        yield from super().targets()
        for way in ("person", "machine", "not_sure"):
            if step := getattr(self.answered_by, way):
                yield f"answered_by.{way}", step

    def _finding(self, found: Mapping[str, str]) -> Move | None:
        who = found.get(ANSWERED_BY, "")
        if not who:
            return None
        if who in MACHINES:
            # A fax has no greeting to wait for.
            waits = self.answered_by.after_greeting and who == "machine" and not found.get(GREETING)
            return None if waits else Go(self.answered_by.machine)
        if who == "not_sure":
            return Go(self.answered_by.not_sure or self.answered_by.person)
        return Go(self.answered_by.person)
