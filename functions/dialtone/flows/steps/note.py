"""Something is noted about the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from dialtone.flows.moves import Go, Move
from dialtone.flows.steps.step import Step

if TYPE_CHECKING:
    from dialtone.calls import Call
    from dialtone.flows.flow import Manner


class Note(Step):
    """Set variables, `outcome` among them, and go on at once."""

    set: dict[str, str] = Field(min_length=1)

    def enter(self, call: Call, manner: Manner) -> Move:
        """Nothing to wait for."""
        del call, manner
        return Go(self.next, variables=self.set)
