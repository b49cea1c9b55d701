"""What every step has."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.calls import Call
    from dialtone.commands import Command
    from dialtone.events import Event
    from dialtone.flows.flow import Manner
    from dialtone.flows.moves import Move


class Step(BaseModel):
    """A place in a flow: it is entered, may wait for events, and goes on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    final: ClassVar[bool] = False
    """Whether the call ends here."""

    name: str
    next: str = ""
    """The step after it: the one below in the file unless it names another; '' at the end."""
    on_error: str = ""
    """The step to take when this one cannot be done; '' for the flow's last resort."""

    def enter(self, call: Call, manner: Manner) -> Move:
        """What to do on coming here."""
        raise NotImplementedError

    def on(self, call: Call, event: Event) -> Move | None:
        """What to do about an event; None if the step does not wait for it."""
        del call, event
        return None

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """What stops that which the step began, when it is left on its error way."""
        del call
        return ()

    def targets(self) -> Iterator[tuple[str, str]]:
        """Every step that it names, as (where it stands, the step's name)."""
        if self.next:
            yield "next", self.next
        if self.on_error:
            yield "on_error", self.on_error
