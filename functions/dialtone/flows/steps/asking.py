"""What menu and collect share: a question asked again, with patience that ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from dialtone.flows.keys import stop_gathering
from dialtone.flows.moves import Fail, Go, Move
from dialtone.flows.prompts import Prompt
from dialtone.flows.steps.say import UNPLAYABLE
from dialtone.flows.steps.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.calls import Call
    from dialtone.commands import Command
    from dialtone.events import Event

NO_INPUT, WRONG_INPUT = 1, 2
"""How the try before this one ended, as the call counts it in `waiting`."""


class Asking(Step):
    """A question, its reminders, and where to go when the caller gives no good answer."""

    tries: int = Field(3, ge=1, le=10)
    wait_seconds: int = Field(5, ge=1, le=60)
    """How long to wait for a key after the prompt."""
    no_input: Prompt | None = None
    """Said before the question is asked again of a caller who pressed nothing."""
    wrong: Prompt | None = None
    """Said before the question is asked again of a caller whose answer is none."""
    otherwise: str = ""
    """The step when patience ends; without it, the next one."""

    def question(self, call: Call, prompt: Prompt) -> Prompt:
        """The prompt of this try: after a try that failed, with the reminder in front."""
        reminder = {NO_INPUT: self.no_input, WRONG_INPUT: self.wrong}.get(call.waiting.get("last", 0))
        return reminder.before(prompt) if reminder else prompt

    def ask_again(self, call: Call, how: int, commands: tuple[Command, ...] = ()) -> Move:
        """Enter the step once more, or leave it when the tries are used up."""
        tried = call.waiting.get("tried", 0) + 1
        if tried >= self.tries:
            return Go(self.otherwise or self.next, commands)
        return Go(self.name, waiting={**call.waiting, "tried": tried, "last": how})

    def unplayable(self, call: Call, event: Event) -> Move | None:
        """The error way, if the question's audio could not be played."""
        if event.type == "call.playback.ended" and event.text("status") in UNPLAYABLE:
            return Fail(f"audio could not be played: {event.text('status')}", self.abandoned(call))
        return None

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """The gather would go on listening."""
        return stop_gathering(call)

    def targets(self) -> Iterator[tuple[str, str]]:
        """Where it goes when patience ends beside the usual ones."""
        yield from super().targets()
        if self.otherwise:
            yield "otherwise", self.otherwise
