"""What the control API has started on a call, as far as the call's flow must know it. Pure.

Telnyx puts a leg's latest client state on all its events, whichever command they come from, so an event does not say
whose prompt has ended. But prompts play in the order of their commands, and the later of two gathers cancels the
earlier. So ends are counted: an end belongs to the flow if its step waits for one and its command came first, otherwise
to the control API.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from dialtone.domain.longest_wait import longest_wait
from dialtone.domain.stored_records import restored

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dialtone.domain.commands import Command
    from dialtone.domain.events import Event

MOST_PROMPTS = 8
"""Prompts of the control API that have not ended: few, to keep a call's state small."""

QUEUED_SECONDS = 600
"""How much later the end of a prompt may come because earlier ones are queued before it."""

ENDLESS_SECONDS = 14_400
"""For endless audio: the longest leg."""

PROMPT_ENDED = frozenset({"call.speak.ended", "call.playback.ended"})
GATHER_ENDED = "call.gather.ended"


class StartedByApi(NamedTuple):
    """The control API's prompts, gather and so on that have not ended."""

    prompts: tuple[int, ...] = ()
    """The prompts that have not ended, each by the step sequence number at its start, the oldest first."""
    overlays: int = 0
    """Overlaid audio files: Telnyx keeps a separate queue for them."""
    gathers: int = 0
    """How many gathers have not ended."""
    until: str = ""
    """When all of these are over at the latest: an end that Telnyx never reports must not be taken from the flow's."""
    paused: bool = False
    """Whether the API paused the recording; only the API can resume it."""
    flow_paused: bool = False
    """Whether the flow wants it paused meanwhile, too."""
    aside: str = ""
    """The step that the call left to be connected with somebody; if that fails, the call enters it again."""
    aside_turn: int = 0
    """The step sequence number while the call is connected; the step is entered again with a later one."""
    connected: bool = False
    """Whether the two are talking, or have talked."""
    parks: bool = False
    """Whether the call goes on after that conversation."""

    def to_json(self) -> dict[str, Any]:
        """As a JSON object, without default values."""
        return {name: value for name, value in self._asdict().items() if value}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> StartedByApi:
        """What was stored, in this or another version of the program."""
        return restored(cls, stored, prompts=tuple)

    @property
    def or_none(self) -> StartedByApi | None:
        """Itself; None if nothing goes on."""
        return None if self in {StartedByApi(), StartedByApi(until=self.until)} else self

    def with_prompt(self, asked: Command, turn: int, now: str) -> StartedByApi:
        """The state after the API started a prompt."""
        later = self._replace(until=self._until((asked,), now))
        if asked.parameters.get("overlay"):
            return later._replace(overlays=self.overlays + 1)
        return later._replace(prompts=(*self.prompts, turn))

    def with_gather(self, asked: Command, now: str) -> StartedByApi:
        """The state after the API started a gather."""
        return self._replace(gathers=self.gathers + 1, until=self._until((asked,), now))

    def _until(self, asked: Iterable[Command], now: str) -> str:
        seconds = (longest_wait(asked) or ENDLESS_SECONDS) + QUEUED_SECONDS
        begins = max(now, self.until) if self.prompts or self.overlays or self.gathers else now
        return (datetime.fromisoformat(begins) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def after_end(self, event: Event, turn: int, *, flow_waits: bool) -> StartedByApi | None:
        """The state after the event ended something that the API started; None if the event is not such an end.

        `flow_waits`: whether the call's current step, in that step sequence, has prompts that have not ended.
        """
        if event.occurred_at > self.until:
            return None
        if event.type == GATHER_ENDED and self.gathers and not event.text("gather_id"):
            return self._replace(gathers=self.gathers - 1)
        if event.type not in PROMPT_ENDED:
            return None
        if event.payload.get("overlay"):
            return self._replace(overlays=self.overlays - 1) if self.overlays else None
        if not self.prompts or (flow_waits and self.prompts[0] == turn):
            return None
        return self._replace(prompts=self.prompts[1:])

    def stopped_by_flow(self, commands: Iterable[Command]) -> StartedByApi:
        """The state after the flow's own commands: nothing waits for what they stop."""
        stops = any(
            not each.parameters.get("overlay")
            and (each.action == "playback_stop" or each.parameters.get("stop") == "all")
            for each in commands
        )
        return self._replace(prompts=()) if stops else self


NOTHING = StartedByApi()
