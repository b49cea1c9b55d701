"""How a flow leads a call: one move after another, until something must be waited for. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from dialtone.domain.calls import (
    COMPLETED,
    ENDED,
    FLOW_ERROR,
    FLOW_FAILED,
    HUNG_UP,
    LAST_RESORT,
    Call,
    Decision,
    persistent_variables,
)
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import Command, command
from dialtone.domain.errors import CommandInvalid
from dialtone.domain.recordings import FLOW, SENSITIVE
from dialtone.domain.webhook_retries import CALLER_EVENTS, retries
from dialtone.flow.consent import DECLINED
from dialtone.flow.consent import VARIABLE as CONSENT
from dialtone.flow.flow import STEP_OF_FLOW, version_of
from dialtone.flow.gather_timer import cut_off_by_detection, timer_of_another_turn
from dialtone.flow.inputs import not_given
from dialtone.flow.moves import Fail, Go, Move, SubFlowCall, Wait
from dialtone.flow.steps.hangup_and_reject import Reject
from dialtone.flow.steps.recording import RecordingSwitch
from dialtone.flow.steps.say import stop_queued
from dialtone.flow.templating import MAX_VALUE_CHARACTERS, filled, known

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.events import Event
    from dialtone.flow.flow import Flow, WholeCall
    from dialtone.flow.steps.step import Step

MAX_STEPS_AT_ONCE = 50
"""Steps entered on one event; more can only be a flow that goes round without a caller."""

LAST_RESORT_STEPS = 10
"""Steps that a call may still enter once a limit has led it to the last resort: to apologise, to take a message."""

MAX_VISITS = 8
"""Flows that a call can be in, one visited from another: each has a place in the call's state to come back to."""

MAX_ERRORS = 5
"""Error ways taken in one call before it is hung up: nothing that we try works."""

MAX_VARIABLES_BYTES = 60_000
"""Of a call's variables, names and values. Its state holds them up to three times (now, before the last move, before
its end was noted), and an item of the table holds 400 KB."""

_BOUND_TO_A_TURN = ("call.speak.", "call.playback.", "call.gather.", "call.dtmf.", "call.bridged", "dialtone.lookup.")
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
and be taken for one of the new turn. Those to a far leg carry none either: it keeps the one it was dialled with."""


@dataclass(frozen=True, slots=True)
class _Leave:
    """Leave whatever flows the call is in, and enter a step of the one that leads it; '' to hang up."""

    to: str = ""
    why: str = ""
    """Of hanging up: why nothing else was left."""


@dataclass(frozen=True, slots=True)
class FlowScript:
    """A flow at work. Every method is a function of the call and the event alone."""

    flow: Flow
    others: Mapping[str, Flow] = field(default_factory=dict)
    """The flows that a call can get into from it, by name."""
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The files that all of these were read from, by name: what has to be kept to lead a call on."""
    takes_sensitive_digits: bool = field(init=False, repr=False)
    """Whether a call can come to a step that asks for sensitive digits."""
    audio_addresses: frozenset[str] = field(init=False, repr=False)
    """The web addresses of the audio that it plays."""

    def __post_init__(self) -> None:
        """Look at every step once, not with every event."""
        steps = [step for flow in (self.flow, *self.others.values()) for step in flow.steps.values()]
        pieces = (piece for step in steps for _, prompt in step.prompts() for piece in prompt.pieces())
        object.__setattr__(self, "takes_sensitive_digits", any(map(_is_sensitive, steps)))
        object.__setattr__(self, "audio_addresses", frozenset(piece.audio for piece in pieces if piece.audio))

    @property
    def name(self) -> str:
        """The flow's name."""
        return self.flow.name

    @property
    def version(self) -> str:
        """The flow's version, and that of all that it leads to."""
        if not self.others:
            return self.flow.version
        return version_of((self.flow.version, *(self.others[name].version for name in sorted(self.others))))

    def ring(self, call: Call, event: Event) -> Decision:
        """Answer, recording from the first moment if the flow does; or reject, if that is its first step."""
        first = self.flow.steps[self.flow.start]
        if isinstance(first, Reject):
            return self._follow(call, event, Go(first.name))
        at_once = self.flow.record if self.flow.record and not self.flow.record.consent else None
        recording = at_once.on_answer() if at_once else {}
        answer = command("answer", call.control_id, **retries(CALLER_EVENTS), **recording)
        return call.with_commands((self._marked(answer, call),), event)

    def begin(self, call: Call, event: Event) -> Decision:
        """Enter the first step; once only, whatever is delivered twice."""
        if call.turn:
            return call.stay("already begun")
        if _too_late(call, event):
            return call.stay("after the hang-up")
        if missing := not_given(self.flow, call.variables):
            return self._follow(call, event, Fail(f"not given: {', '.join(missing)}"))
        at_once = self.flow.record if self.flow.record and not self.flow.record.consent else None
        outgoing = call.direction == "outgoing"
        recording = (_record_start(call, at_once),) if at_once and outgoing else ()
        return self._follow(call, event, Go(self.flow.start, recording))

    def advance(self, call: Call, event: Event) -> Decision:
        """Let the step that the caller is in answer the event; one of a step already left changes nothing."""
        bound = event.about_callee or event.type.startswith(_BOUND_TO_A_TURN)
        if bound and (event.client_state.turn != call.turn or timer_of_another_turn(call, event)):
            return call.stay(f"late: of turn {event.client_state.turn}, now {call.turn}")
        if _too_late(call, event):
            return call.stay("after the hang-up")
        step = self._step(call)
        if step is None:
            return call.stay() if not call.step else self._follow(call, event, Fail(f"no step {call.step} any more"))
        try:
            move = self._heard_again(step, call, event) or step.follow(
                call, event, step.voice_defaults(self._flow(call).voice_defaults)
            )
        except CommandInvalid as error:
            move = Fail(str(error), step.abandoned(call))
        return call.stay() if move is None else self._follow(call, event, move)

    def _heard_again(self, step: Step, call: Call, event: Event) -> Move | None:
        """What detection cut off counts as not heard, and is heard anew: else a call ends whose text nobody heard."""
        if not cut_off_by_detection(event) or (waiting := step.begun_again(call)) is None:
            return None
        return Go(step.name, stop_queued(call), waiting=waiting)

    def refused(self, call: Call, event: Event) -> Decision:
        """Take the error way of the step whose command Telnyx refused for good."""
        if event.client_state.turn != call.turn:
            return call.stay(f"late: of turn {event.client_state.turn}, now {call.turn}")
        step = self._step(call)
        return self._follow(call, event, step.refused(call, event) if step else Fail(event.text("reason")))

    def ended(self, call: Call) -> Call:
        """Note how the flow stood when the call ended, and what the step says of a call that ends in it."""
        step = self._step(call)
        ended = replace(call, ending=_ending(call, step))
        if step is None:
            return ended.noting({})
        notes, values = step.hangup_variables(call), known(call)
        return ended.noting({name: filled(text, values)[:MAX_VALUE_CHARACTERS] for name, text in notes.items()})

    def keeps_digits(self, call: Call, event: Event) -> bool:
        """Whether the digits that an event brings may be kept.

        Where a card number can be asked for, callers key it in before that, and after. Single key presses are kept
        nowhere then, and of gathered digits only an answer to the question that they were gathered for.
        """
        if not self.takes_sensitive_digits:
            return True
        step = self._step(call)
        asked = event.type == "call.gather.ended" and event.client_state.turn == call.turn
        return asked and step is not None and step.answered_by_digits(call, event.text("digits"))

    def _follow(self, call: Call, event: Event, move: Move) -> Decision:
        followed = self._moves(call.without_end_variables(), event, move)
        moved = followed.call.moved_from(call.place, event)
        return replace(
            followed,
            call=self.ended(moved) if moved.status == ENDED else moved,
            commands=_staying_paused(followed.commands),
        )

    def _moves(self, call: Call, event: Event, move: Move | _Leave) -> Decision:
        decision = Decision(call)
        for entered in range(2 * MAX_STEPS_AT_ONCE):
            if isinstance(move, Wait):
                return decision.then(partial(self._wait, event=event, move=move))
            if isinstance(move, Go) and _overfull(decision.call, move):
                move = Fail(f"its variables would have over {MAX_VARIABLES_BYTES:,} bytes", move.commands)
            if isinstance(move, Fail):
                decision = decision.then(partial(_fail, event=event, move=move))
                way = self._error_way(decision.call)
                if not self._is_own_way(decision.call, way):
                    decision = decision.then(_failing)
                if move.fault and isinstance(way, _Leave) and way.to in {"", self.flow.last_resort}:
                    decision = decision.then(partial(_to_last_resort, reason=way.why))
                move = way
            elif isinstance(move, SubFlowCall) and len(decision.call.back) >= MAX_VISITS:
                # Its own error way would lead into the same visit again.
                decision = decision.then(_failing)
                decision = decision.then(partial(_to_last_resort, reason=f"over {MAX_VISITS} flows visited at once"))
                move = _Leave(self.flow.last_resort)
            elif isinstance(move, (Go, SubFlowCall)) and (reason := self._limit(decision.call, event, entered)):
                move = _Leave("" if decision.call.limit_turn else self.flow.last_resort)
                decision = decision.then(partial(_limited, reason=reason))
            else:
                decision = decision.then(partial(self._enter, event=event, move=move))
                move = self._first_move(decision.call)
        hangup = Wait((command("hangup", call.control_id),))
        decision = decision.then(_failing)
        decision = decision.then(partial(_to_last_resort, reason="hung up: its steps go round without end"))
        return decision.then(partial(self._wait, event=event, move=hangup))

    def _limit(self, call: Call, event: Event, entered: int) -> str:
        """The limit that keeps the call from entering another step, '' for none."""
        limits = self.flow.limits
        if call.limit_turn:
            over = call.turn - call.limit_turn >= LAST_RESORT_STEPS
            return f"{LAST_RESORT_STEPS} steps of the last resort" if over else ""
        if entered >= MAX_STEPS_AT_ONCE:
            return "goes round without a caller"
        if call.turn >= limits.steps:
            return f"{limits.steps} steps"
        if call.answered_at and _seconds_between(call.answered_at, event.occurred_at) >= limits.minutes * 60:
            return f"{limits.minutes} minutes"
        return ""

    def _wait(self, call: Call, event: Event, move: Wait) -> Decision:
        marked = tuple(self._marked(asked, call) for asked in move.commands)
        decision = replace(call, waiting=dict(move.waiting)).with_commands(marked, event, pausing=self._pausing(call))
        if move.lookup is None:
            return decision
        lookup = replace(move.lookup, call_session_id=call.session_id, call_leg_id=call.leg_id, turn=call.turn)
        return replace(decision, lookup=lookup)

    def _enter(self, call: Call, event: Event, move: Go | SubFlowCall | _Leave) -> Decision:
        step, back = self._destination(call, move)
        if step != call.step:
            call = replace(call, variables=persistent_variables(call.variables))
        left, waiting = self._left(call, event, move)
        entered = replace(
            left.call,
            step=step,
            back=back,
            turn=call.turn + 1,
            waiting=waiting,
            far_legs={},
            entered_at=event.occurred_at,
        )
        return replace(left, call=entered)

    def _left(self, call: Call, event: Event, move: Go | SubFlowCall | _Leave) -> tuple[Decision, dict[str, int]]:
        """What a move asks for and notes before the step is left, and what the next one begins with."""
        if isinstance(move, SubFlowCall) and (record := self._record_of_visit(call, move)):
            move = Go("", (_record_start(call, record),))
        if not isinstance(move, Go):
            return Decision(call), {}
        marked = tuple(self._marked(asked, call) for asked in move.commands)
        variables = {**call.variables, **move.variables}
        left = replace(call, variables=variables, consent=move.consent or call.consent).with_commands(
            marked, event, pausing=self._pausing(call)
        )
        for number, verdict in move.reviews.items():
            left = left.then(partial(Call.reviewed, number=number, verdict=verdict))
        return left, dict(move.waiting)

    def _record_of_visit(self, call: Call, visit: SubFlowCall) -> WholeCall | None:
        """The visited flow's `record` if it begins now: at the flow's start, if none runs and the caller declined none.

        With consent it is the flow's first step that asks, and starts it.
        """
        record = self._named(visit.flow).record
        declined = call.variables.get(CONSENT) == DECLINED
        return None if record is None or record.consent or visit.step or call.recorder or declined else record

    def _destination(self, call: Call, move: Go | SubFlowCall | _Leave) -> tuple[str, tuple[str, ...]]:
        """The step that is entered, named from the flow that leads the call, and where the call comes back to after."""
        if isinstance(move, _Leave):
            return move.to, ()
        flow = self._flow(call)
        if isinstance(move, SubFlowCall):
            other = self._named(move.flow)
            start = move.step or other.visited_start(recording=bool(call.recorder))
            return self._name(other, start), (*call.back, self._name(flow, move.back))
        if move.to:
            return self._name(flow, move.to), call.back
        back = call.back
        while back and not back[-1]:
            back = back[:-1]
        return (back[-1], back[:-1]) if back else ("", ())

    def _first_move(self, call: Call) -> Move:
        step = self._step(call)
        if step is None:
            return Wait((command("hangup", call.control_id),))
        try:
            return step.enter(call, step.voice_defaults(self._flow(call).voice_defaults))
        except CommandInvalid as error:
            # A prompt can become impossible only by what a variable put into it: the error way is the flow's to choose.
            return Fail(str(error))

    def _error_way(self, call: Call) -> Go | _Leave:
        step, flow = self._step(call), self._flow(call)
        if call.errors > MAX_ERRORS:
            return _Leave(why=f"hung up after {call.errors} errors")
        if call.step and call.step == self.flow.last_resort:
            return _Leave(why="hung up: the last resort failed")
        own = step.on_error if step else ""
        if not own and call.step != self._name(flow, flow.last_resort):
            own = flow.last_resort
        if own and flow is not self.flow:
            return Go(own)
        if own or self.flow.last_resort:
            return _Leave(own or self.flow.last_resort)
        return _Leave(why="hung up: there is neither on_error nor last_resort")

    def _is_own_way(self, call: Call, way: Go | _Leave) -> bool:
        """Whether the step itself says where to go when it fails, and the call goes there."""
        step = self._step(call)
        return bool(step and step.on_error and way.to)

    def _flow(self, call: Call) -> Flow:
        """The flow whose step the call is in."""
        flow, between, _ = call.step.rpartition(STEP_OF_FLOW)
        return self._named(flow) if between else self.flow

    def _named(self, flow: str) -> Flow:
        return self.others.get(flow, self.flow)

    def _name(self, flow: Flow, step: str) -> str:
        return f"{flow.name}{STEP_OF_FLOW}{step}" if step and flow is not self.flow else step

    def _step(self, call: Call) -> Step | None:
        return self._flow(call).steps.get(call.step.rpartition(STEP_OF_FLOW)[2])

    def _pausing(self, call: Call) -> str:
        """Why the step that the call is in pauses a recording, if it does."""
        return FLOW if isinstance(self._step(call), RecordingSwitch) else SENSITIVE

    def _marked(self, asked: Command, call: Call) -> Command:
        if asked.action not in _MARKED or asked.call_control_id != call.control_id:
            return asked
        mark = ClientState(turn=call.turn, flow=self.flow.name, sensitive=_is_sensitive(self._step(call)))
        return replace(asked, parameters={**asked.parameters, "client_state": mark.encode()})


def _is_sensitive(step: Step | None) -> bool:
    return getattr(step, "sensitive", False)


def _staying_paused(commands: tuple[Command, ...]) -> tuple[Command, ...]:
    """The commands without a resume that a pause follows: from a card number to its code nothing is recorded."""
    kept: list[Command] = []
    for asked in commands:
        if asked.action == "record_pause" and kept and kept[-1].action == "record_resume":
            kept.pop()
        else:
            kept.append(asked)
    return tuple(kept)


def _record_start(call: Call, record: WholeCall) -> Command:
    return command("record_start", call.control_id, **record.on_start())


def _fail(call: Call, event: Event, move: Fail) -> Decision:
    failed = replace(call, errors=call.errors + 1).with_commands(move.commands, event)
    return replace(failed, reason=move.reason, incidents=(FLOW_ERROR,) if move.fault else ())


def _failing(call: Call) -> Decision:
    return Decision(replace(call, failed_turn=call.failed_turn or call.turn + 1))


def _ending(call: Call, step: Step | None) -> str:
    """How the flow stands: what the caller heard follows from it, where the flow does not say it itself."""
    if call.failed_turn or call.limit_turn:
        return FLOW_FAILED
    at_its_end = call.turn > 0 and not call.step
    return COMPLETED if at_its_end or (step is not None and step.served(call)) else HUNG_UP


def _to_last_resort(call: Call, reason: str) -> Decision:
    return Decision(call, reason=reason, incidents=(LAST_RESORT,))


def _overfull(call: Call, move: Go) -> bool:
    if not move.variables:
        return False
    variables = {**call.variables, **move.variables}
    return (
        sum(len(f"{name}{value}".encode("utf-8", "surrogatepass")) for name, value in variables.items())
        > MAX_VARIABLES_BYTES
    )


def _limited(call: Call, reason: str) -> Decision:
    return Decision(replace(call, limit_turn=call.limit_turn or max(call.turn, 1)), reason=f"limit reached: {reason}")


def _seconds_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def _too_late(call: Call, event: Event) -> bool:
    """What happened before the hang-up still counts, though the hang-up was told first."""
    return call.status == ENDED and event.occurred_at > call.ended_at
