"""How a flow leads a call: one move after another, until something must be waited for. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from dialtone.calls import ENDED, Call, Decision
from dialtone.client_state import ClientState
from dialtone.commands import Command, command
from dialtone.errors import CommandInvalid
from dialtone.flows.moves import Fail, Go, Move, Wait
from dialtone.flows.steps.endings import Reject

if TYPE_CHECKING:
    from dialtone.events import Event
    from dialtone.flows.flow import Flow
    from dialtone.flows.steps.step import Step

MAX_STEPS_AT_ONCE = 50
"""Steps entered on one event; more can only be a flow that goes round without a caller."""

MAX_ERRORS = 5
"""Error ways taken in one call before it is hung up: nothing that we try works."""

RETRIES_MS = [500, 2_000, 5_000, 15_000, 30_000]
"""When Telnyx delivers again an event that we did not acknowledge: at most five times and 60 s in all are allowed.
Its own default waits longer before the first, and the caller hears silence meanwhile."""

RETRIED_EVENTS = (
    "call.answered",
    "call.bridged",
    "call.dtmf.received",
    "call.gather.ended",
    "call.hangup",
    "call.playback.ended",
    "call.recording.error",
    "call.recording.saved",
    "call.recording.transcription.saved",
    "call.speak.ended",
)

_BOUND_TO_A_TURN = ("call.speak.", "call.playback.", "call.gather.", "call.dtmf.")
"""Events that the commands of a turn cause, as a far leg's all are; others (a detection) belong to the call."""

_MARKED = frozenset(
    {
        "answer",
        "bridge",
        "gather",
        "gather_using_audio",
        "gather_using_speak",
        "playback_start",
        "record_start",
        "speak",
        "transfer",
    }
)
"""Commands that begin something. Those that end something carry no mark: the event of that end would bear it too,
and be taken for one of the new turn."""


@dataclass(frozen=True, slots=True)
class FlowScript:
    """A flow at work. Every method is a function of the call and the event alone."""

    flow: Flow

    @property
    def name(self) -> str:
        """The flow's name."""
        return self.flow.name

    @property
    def version(self) -> str:
        """The flow's version."""
        return self.flow.version

    def ring(self, call: Call, event: Event) -> Decision:
        """Answer, recording from the first moment if the flow does; or reject, if that is its first step."""
        first = self.flow.steps[self.flow.start]
        if isinstance(first, Reject):
            return self._follow(call, event, Go(first.name))
        recording = self.flow.record.on_answer() if self.flow.record else {}
        policies = {event_type: {"retries_ms": RETRIES_MS} for event_type in RETRIED_EVENTS}
        answer = command("answer", call.control_id, webhook_retries_policies=policies, **recording)
        return call.issuing((self._marked(answer, call),), event)

    def begin(self, call: Call, event: Event) -> Decision:
        """Enter the first step; once only, whatever is delivered twice."""
        if call.turn:
            return call.stay("already begun")
        if _too_late(call, event):
            return call.stay("after the hang-up")
        recording: tuple[Command, ...] = ()
        if self.flow.record and call.direction == "outgoing":
            recording = (command("record_start", call.control_id, **self.flow.record.on_start()),)
        return self._follow(call, event, Go(self.flow.start, recording))

    def advance(self, call: Call, event: Event) -> Decision:
        """Let the step that the caller is in answer the event; one of a step already left changes nothing."""
        bound = event.about_far_leg or event.type.startswith(_BOUND_TO_A_TURN)
        if bound and event.client_state.turn != call.turn:
            return call.stay(f"late: of turn {event.client_state.turn}, now {call.turn}")
        if _too_late(call, event):
            return call.stay("after the hang-up")
        step = self.flow.steps.get(call.step)
        if step is None:
            return call.stay() if not call.step else self._follow(call, event, Fail(f"no step {call.step} any more"))
        move = step.on(call, event)
        return call.stay() if move is None else self._follow(call, event, move)

    def refused(self, call: Call, event: Event) -> Decision:
        """Take the error way of the step whose command Telnyx refused for good."""
        if event.client_state.turn != call.turn:
            return call.stay(f"late: of turn {event.client_state.turn}, now {call.turn}")
        step = self.flow.steps.get(call.step)
        begun = step.abandoned(call) if step else ()
        return self._follow(call, event, Fail(event.text("reason"), begun))

    def _follow(self, call: Call, event: Event, move: Move) -> Decision:
        followed = self._moves(call, event, move)
        return replace(followed, call=followed.call.moved_from(call.place, event))

    def _moves(self, call: Call, event: Event, move: Move) -> Decision:
        decision = Decision(call)
        for _ in range(MAX_STEPS_AT_ONCE):
            if isinstance(move, Wait):
                return decision.then(partial(self._wait, event=event, move=move))
            if isinstance(move, Fail):
                decision = decision.then(partial(_fail, event=event, move=move))
                move = Go(self._error_way(decision.call))
            else:
                decision = decision.then(partial(self._enter, event=event, move=move))
                move = self._first_move(decision.call)
        hangup = Wait((command("hangup", call.control_id),))
        return replace(
            decision.then(partial(self._wait, event=event, move=hangup)), reason="goes round without a caller"
        )

    def _wait(self, call: Call, event: Event, move: Wait) -> Decision:
        marked = tuple(self._marked(asked, call) for asked in move.commands)
        return replace(call, waiting=dict(move.waiting)).issuing(marked, event)

    def _enter(self, call: Call, event: Event, move: Go) -> Decision:
        marked = tuple(self._marked(asked, call) for asked in move.commands)
        left = replace(call, variables={**call.variables, **move.variables}).issuing(marked, event)
        entered = replace(left.call, step=move.to, turn=call.turn + 1, waiting=dict(move.waiting))
        return replace(left, call=entered)

    def _first_move(self, call: Call) -> Move:
        step = self.flow.steps.get(call.step)
        if step is None:
            return Wait((command("hangup", call.control_id),))
        try:
            return step.enter(call, self.flow.manner)
        except CommandInvalid as error:
            # A prompt can become impossible only by what a variable put into it: the error way is the flow's to choose.
            return Fail(str(error))

    def _error_way(self, call: Call) -> str:
        step: Step | None = self.flow.steps.get(call.step)
        if call.errors > MAX_ERRORS or call.step == self.flow.last_resort:
            return ""
        return (step.on_error if step else "") or self.flow.last_resort

    def _marked(self, asked: Command, call: Call) -> Command:
        if asked.action not in _MARKED:
            return asked
        step = self.flow.steps.get(call.step)
        mark = ClientState(turn=call.turn, flow=self.flow.name, sensitive=getattr(step, "sensitive", False))
        return replace(asked, parameters={**asked.parameters, "client_state": mark.encode()})


def _fail(call: Call, event: Event, move: Fail) -> Decision:
    failed = replace(call, errors=call.errors + 1).issuing(move.commands, event)
    return replace(failed, reason=move.reason)


def _too_late(call: Call, event: Event) -> bool:
    """What happened before the hang-up still counts, though the hang-up was told first."""
    return call.status == ENDED and event.occurred_at > call.ended_at
