"""Another person is called and connected to the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from dialtone.client_state import ClientState
from dialtone.commands import Command, command
from dialtone.flows.moves import Fail, Go, Move, Wait
from dialtone.flows.prompts import Prompt
from dialtone.flows.steps.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.calls import Call
    from dialtone.events import Event
    from dialtone.flows.flow import Manner

BUSY = frozenset({"user_busy"})
NO_ANSWER = frozenset({"timeout", "no_answer"})
OVER = frozenset({"normal_clearing", "originator_cancel", "time_limit"})
"""Hangup causes of a far leg that was talked to, or given up by the caller: nothing is left to do for the flow."""


class Transfer(Step):
    """Ring a number or SIP address; the caller hears the hold prompt until somebody answers."""

    transfer: str = Field(pattern=r"^(\+[1-9]\d{6,14}|sips?:\S+)$")
    ring_seconds: int = Field(30, ge=5, le=600)
    hold: Prompt | None = None
    """Audio played without end meanwhile; the caller hears ringing without it."""
    busy: str = ""
    no_answer: str = ""
    failed: str = ""

    @field_validator("hold")
    @classmethod
    def _is_audio(cls, hold: Prompt | None) -> Prompt | None:
        if hold is not None and hold.spoken:
            raise ValueError("takes audio or media; words cannot be held")
        return hold

    def enter(self, call: Call, manner: Manner) -> Move:
        """The far leg's webhooks come back to this leg's flow by the mark that they carry."""
        del manner
        mark = ClientState(turn=call.turn, flow=call.flow, parent_leg=call.leg_id)
        ring = command(
            "transfer",
            call.control_id,
            to=self.transfer,
            timeout_secs=self.ring_seconds,
            target_leg_client_state=mark.encode(),
        )
        return Wait(((self.hold.held(call),) if self.hold else ()) + (ring,))

    def on(self, call: Call, event: Event) -> Move | None:
        """Stop the hold music when the two are connected; when they never are, take the way that the cause names."""
        if event.type == "call.bridged" and not call.waiting.get("connected"):
            return Wait(self._music_stopped(call), {"connected": 1})
        if event.type == "call.hangup" and event.about_far_leg and not call.waiting.get("connected"):
            return self._unanswered(call, event.text("hangup_cause"))
        return None

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """The music would never end by itself."""
        return self._music_stopped(call)

    def targets(self) -> Iterator[tuple[str, str]]:
        """What follows an unanswered transfer beside the usual ones."""
        yield from super().targets()
        for way in ("busy", "no_answer", "failed"):
            if step := getattr(self, way):
                yield way, step

    def _unanswered(self, call: Call, cause: str) -> Move | None:
        if cause in OVER:
            return None
        way = self.busy if cause in BUSY else self.no_answer if cause in NO_ANSWER else self.failed
        if not way:
            return Fail(f"transfer to {self.transfer}: {cause}", self._music_stopped(call))
        return Go(way, self._music_stopped(call))

    def _music_stopped(self, call: Call) -> tuple[Command, ...]:
        return (command("playback_stop", call.control_id, stop="all"),) if self.hold else ()
