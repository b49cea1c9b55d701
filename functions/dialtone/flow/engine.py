"""How a flow controls a call: one move after another, until the call must wait for an event. Pure."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from dialtone.domain.after_hangup import AWAITED, OVER, RUNNING
from dialtone.domain.call_recordings import reviewed, to_be_delivered
from dialtone.domain.call_status import ENDED
from dialtone.domain.call_variables import persistent_variables
from dialtone.domain.caller_memory import MAX_MEMORY_BYTES, is_too_much, remembered
from dialtone.domain.client_state import ClientState
from dialtone.domain.command_effects import callee_state, with_commands
from dialtone.domain.commands import Command, command
from dialtone.domain.decisions import (
    FLOW_ERROR,
    HANGUP_EDGE,
    LAST_RESORT,
    LAST_RESORT_EDGE,
    START,
    TURNED_AWAY,
    Decision,
    EnteredStep,
    stay,
)
from dialtone.domain.errors import CommandInvalid
from dialtone.domain.events import OF_AI_GATHERS, OF_CONVERSATIONS, OURS, TEXT_ACCEPTED
from dialtone.domain.numbers import masked
from dialtone.domain.outcomes import COMPLETED, FLOW_FAILED, HUNG_UP, NO_FLOW
from dialtone.domain.payments import OF_PAYMENTS
from dialtone.domain.recordings import FLOW, OUTSIDE, SENSITIVE
from dialtone.domain.started_by_api import GATHER_ENDED
from dialtone.domain.webhook_retry_policy import CALLER_EVENTS, retries
from dialtone.flow.consent import DECLINED
from dialtone.flow.consent import VARIABLE as CONSENT
from dialtone.flow.flow import STEP_OF_FLOW
from dialtone.flow.flow_inputs import not_given, with_inputs, without_inputs
from dialtone.flow.gather_timer import cut_off_by_detection, timer_of_another_turn
from dialtone.flow.loaded_flow import is_sensitive, local_name
from dialtone.flow.prompts import stop_queued, unplayable
from dialtone.flow.step_moves import Fail, Go, Move, SubFlowCall, Wait
from dialtone.flow.step_state import NO_STATE, StepState
from dialtone.flow.steps.hangup_and_reject import HangUp, Reject
from dialtone.flow.steps.recording import RecordingSwitch
from dialtone.flow.templating import MAX_VALUE_CHARACTERS, filled, known

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call
    from dialtone.domain.delivery_targets import DeliveryTarget
    from dialtone.domain.events import Event
    from dialtone.flow.flow import Limits, WholeCall
    from dialtone.flow.loaded_flow import LoadedFlow
    from dialtone.flow.step import Step
    from dialtone.flow.voice_settings import VoiceDefaults

MAX_STEPS_AT_ONCE = 50
"""For steps entered on one event: more of them can only be a flow that goes round without waiting for the caller."""

LAST_RESORT_STEPS = 10
"""Steps that a call may still enter after a limit led to the last resort: to apologise, to take a message."""

MAX_VISITS = 8
"""Flows that a call can be in, each called from another: the call's state stores where to return in each."""

MAX_ERRORS = 5
"""Error paths that a call may take before it is hung up: nothing works."""

MAX_VARIABLES_BYTES = 60_000
"""For a call's variables, names and values, with those of the flows it will return to. Its state holds them up to three
times (now, before the last move, before its end was noted), and an item of the table holds 400 KB."""

_STEP_EVENTS = (
    "call.speak.",
    "call.playback.",
    "call.gather.",
    "call.dtmf.",
    "call.bridged",
    "call.enqueued",
    "call.dequeued",
    OF_AI_GATHERS,
    OF_CONVERSATIONS,
    OF_PAYMENTS,
    "dialtone.lookup.",
    "dialtone.queue.",
    TEXT_ACCEPTED,
)
"""Events caused by the commands of a step, like all events of a callee's leg; others (a detection) belong to the
call."""

_STARTING_COMMANDS = frozenset(
    {
        "ai_assistant_start",
        "answer",
        "bridge",
        "conference_create",
        "conference_join",
        "enqueue",
        "gather",
        "gather_using_ai",
        "gather_using_audio",
        "gather_using_speak",
        "pay",
        "playback_start",
        "record_start",
        "speak",
        "transfer",
    }
)
"""Commands that start something, which get a client state. Commands that end something get none: the event of that end
would carry it too, and be taken for one of the new step. Commands to a callee's leg get the state that it was dialled
with."""


class _Leave(NamedTuple):
    """Leave all flows called from others, and enter a step of the first one; '' to hang up."""

    to: str = ""
    why: str = ""
    """For a hang-up: why nothing else was left."""
    edge: str = LAST_RESORT_EDGE


def answer_or_reject(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Answer, recording at once if the flow says so; reject if that is its first step, or if no flow is found.

    Like all functions of the engine, the result depends only on the arguments.
    """
    if flow is None:
        decline = command("reject", call.control_id, cause="CALL_REJECTED")
        called = masked(call.to_number) or "a call to no number"
        return Decision(call, (decline,), reason=f"no flow for {called}", incidents=(TURNED_AWAY,))
    first = flow.main.steps[flow.main.start]
    if isinstance(first, Reject):
        return _follow(call, event, Go(first.name), flow)
    record = flow.main.record_at_once
    answer = command("answer", call.control_id, **retries(CALLER_EVENTS), **(record.on_answer() if record else {}))
    return with_commands(call, (_with_client_state(answer, call, flow),), event)


def begin(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Enter the first step of an answered call, but only once, however often the answer is reported."""
    if flow is None:
        return _without_flow(call, event)
    if call.turn:
        return stay(call, "already begun")
    if _too_late(call, event):
        return stay(call, "after the hang-up")
    if missing := not_given(flow.main, call.variables):
        return _follow(call, event, Fail(f"not given: {', '.join(missing)}"), flow)
    record = flow.main.record_at_once if call.direction == "outgoing" else None
    return _follow(call, event, Go(flow.main.start, (_record_start(call, record),) if record else (), edge=START), flow)


def advance(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Let the call's step handle the event. An event of an earlier step changes nothing."""
    if flow is None:
        return _without_flow(call, event)
    if call.outside and not event.about_callee:
        outside = call.outside.after_end(event, call.turn, flow_waits=call.awaits_prompts)
        if outside:
            reason = ": ".join(filter(None, ("the end of what was asked for from outside", unplayable(event))))
            return stay(call._replace(outside=outside.or_none), reason)
    bound = event.about_callee or event.type.startswith(_STEP_EVENTS)
    if bound and (event.client_state.turn != call.turn or timer_of_another_turn(call, event)):
        return stay(call, _late(call, event))
    if _too_late(call, event):
        return stay(call, "after the hang-up")
    step = flow.step_of(call)
    if step is None:
        return _in_no_step(call, event, flow)
    try:
        move = _repeated(step, call, event) or step.follow(call, event, _voice_defaults(step, call, flow))
    except CommandInvalid as error:
        move = Fail(str(error), step.abandoned(call))
    return stay(call) if move is None else _follow(call, event, move, flow)


def take_error_path(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Take the error path of the step whose command Telnyx refused for good."""
    if flow is None:
        return _without_flow(call, event)
    if event.client_state.turn != call.turn:
        return stay(call, _late(call, event))
    step = flow.step_of(call)
    return _follow(call, event, step.refused(call, event) if step else Fail(event.text("reason")), flow)


def overdue(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Leave the step whose event is overdue; hang up on a call that is in no step."""
    if flow is None:
        return _without_flow(call, event)
    if event.payload["version"] != call.version or (call.status == ENDED and not call.goes_on):
        return stay(call, "an event has come since")
    if call.after_hangup == AWAITED:
        return _begin_after_hangup(call, event, flow)
    if call.after_hangup == RUNNING:
        return _follow(call, event, Fail("nothing was answered"), flow)
    reason, step = f"Telnyx reported nothing for {event.payload['seconds']} s", flow.step_of(call)
    if step is None:
        end = Decision(call, (command("hangup", call.control_id),), reason=reason, incidents=(FLOW_ERROR,))
        return enter_again(call, event, flow) if call.outside and call.outside.aside else end
    return _follow(call, event, step.overdue(call, reason), flow)


def callee_progressed(call: Call, event: Event, flow: LoadedFlow | None, reason: str) -> Decision:
    """Let the flow go on after a callee's leg rang or answered; end a leg that no step waits for any more."""
    left = event.client_state.turn != call.turn
    decision = stay(call, reason) if left else advance(call, event, flow)
    if event.client_state.dialled and (left or call.status == ENDED):
        end = command("hangup", event.text("call_control_id"))
        return decision._replace(commands=(*decision.commands, end), reason="no caller is waiting for it any more")
    return decision._replace(reason=decision.reason or reason)


def run_commands(
    call: Call, event: Event, commands: tuple[Command, ...], flow: LoadedFlow, *, outside: bool = True
) -> Decision:
    """The call after these commands, which no step asked for; it stays in its step.

    Commands from the control API (`outside`) are sent unchanged; others respect what the API has paused.
    """
    prepared = _with_client_states(commands, call, flow)
    if not outside:
        return with_commands(call, prepared, event)
    decision = with_commands(call._replace(outside=None), prepared, event, pausing=OUTSIDE)
    return decision._replace(call=decision.call._replace(outside=call.outside))


def begin_at(call: Call, event: Event, flow: LoadedFlow, step: str) -> Decision:
    """Leave all flows called from others, and enter a step of the first one."""
    return _follow(call, event, _Leave(step, edge=START), flow)


def enter_again(call: Call, event: Event, flow: LoadedFlow) -> Decision:
    """Enter the step again from which the control API took the call, to connect it with somebody."""
    outside = call.outside
    if outside is None or not outside.aside:
        return stay(call)
    left = outside._replace(aside="", aside_turn=0, connected=False, parks=False)
    back = call._replace(step=outside.aside, outside=left.or_none)
    return _follow(back, event, Go(local_name(outside.aside)), flow)


def _in_no_step(call: Call, event: Event, flow: LoadedFlow) -> Decision:
    if call.step:
        return _follow(call, event, Fail(f"no step {call.step} any more"), flow)
    outside = call.outside
    if outside is None or not outside.aside:
        return stay(call)
    if event.type == "call.bridged":
        return stay(call._replace(outside=outside._replace(connected=True)))
    alone = event.type == "call.hangup" and event.about_callee and (outside.parks or not outside.connected)
    return enter_again(call, event, flow) if alone else stay(call)


def note_ending(call: Call, flow: LoadedFlow | None) -> Call:
    """The ended call with the flow's progress and the variables that its last step sets at the end (`on_hangup`)."""
    if flow is None:
        return call.with_end_variables({})._replace(ending=NO_FLOW)
    step = flow.step_of(call)
    leads_on = call.turn and _after_hangup(call, flow).to
    ended = call._replace(ending=_ending(call, step), after_hangup=AWAITED if leads_on else "")
    texts, values = (step.hangup_path(call).variables, known(call)) if step else ({}, {})
    return ended.with_end_variables({name: filled(text, values)[:MAX_VALUE_CHARACTERS] for name, text in texts.items()})


def at_hangup(call: Call, flow: LoadedFlow | None) -> tuple[Command, ...]:
    """The commands that the call's step needs to send to Telnyx because the call ends in it."""
    step = flow.step_of(call) if flow else None
    return step.at_hangup(call) if step else ()


def _after_hangup(call: Call, flow: LoadedFlow) -> _Leave:
    """The step after the hang-up: the one that the call's step names, else its flow's."""
    step, current = flow.step_of(call), flow.flow_of(call)
    path = step.hangup_path(call) if step else None
    if step and path and path.next:
        where = next(where for where, each in step.hangup_paths() if each is path)
        return _Leave(flow.step_name(current, path.next), edge=where)
    if current.on_hangup:
        return _Leave(flow.step_name(current, current.on_hangup), edge=HANGUP_EDGE)
    return _Leave(flow.main.on_hangup, edge=HANGUP_EDGE)


def _begin_after_hangup(call: Call, event: Event, flow: LoadedFlow) -> Decision:
    """Enter the first step after the hang-up, with everything that the call knew at its end."""
    begun = call._replace(after_hangup=RUNNING, after_turn=call.turn, unnoted=None)
    return _follow(begun, event, _after_hangup(call, flow), flow)


def _without_flow(call: Call, event: Event) -> Decision:
    """End a call whose flow is missing, which would stay open in silence. Calls of other programs are left alone."""
    named = call.flow or event.client_state.flow
    if not named or not call.control_id or call.status == ENDED or event.about_callee:
        return stay(call, "no flow")
    return Decision(call, (command("hangup", call.control_id),), reason=f"no flow {named}", incidents=(TURNED_AWAY,))


def _late(call: Call, event: Event) -> str:
    return f"late: of turn {event.client_state.turn}, now {call.turn}"


def _voice_defaults(step: Step, call: Call, flow: LoadedFlow) -> VoiceDefaults:
    return step.voice_defaults(flow.flow_of(call).voice_defaults)


def _repeated(step: Step, call: Call, event: Event) -> Go | None:
    """The step again, if detection cut off its prompt: otherwise a call could end before the caller heard the text."""
    if _is_talked_over(step, call, event):
        return Go(step.name, state=step.repeated(call) or NO_STATE)
    if not cut_off_by_detection(event) or (state := step.repeated(call)) is None:
        return None
    return Go(step.name, stop_queued(call), state=state)


def _is_talked_over(step: Step, call: Call, event: Event) -> bool:
    """Whether a question had no answer because the control API's prompt was playing."""
    unanswered = event.type == GATHER_ENDED and event.text("status") == "timeout" and not event.text("digits")
    return unanswered and bool(call.outside and call.outside.prompts) and hasattr(step, "tries")


def _follow(call: Call, event: Event, move: Move | _Leave, flow: LoadedFlow) -> Decision:
    followed = _moves(call.without_end_variables(), event, move, flow)
    moved = followed.call.moved_from(call.position, event)
    if call.after_hangup == RUNNING:
        return followed._replace(call=moved if moved.step else moved._replace(after_hangup=OVER))
    return followed._replace(
        call=note_ending(moved, flow) if moved.status == ENDED else moved,
        commands=_staying_paused(followed.commands),
    )


def _moves(call: Call, event: Event, move: Move | _Leave, flow: LoadedFlow) -> Decision:
    decision = Decision(call)
    for entered in range(2 * MAX_STEPS_AT_ONCE):
        if isinstance(move, Wait):
            return decision.then(partial(_wait, flow=flow, event=event, move=move))
        if isinstance(move, (Go, Fail)) and move.result:
            decision = decision._replace(results=(*decision.results, move.result))
        move = _checked(decision.call, move, flow)
        if isinstance(move, Fail):
            decision = decision.then(partial(_fail, event=event, move=move))
            path = _error_path(decision.call, flow)
            if not _is_own_path(decision.call, path, flow):
                decision = decision.then(_failing)
            if move.fault and isinstance(path, _Leave) and path.to in {"", flow.main.last_resort}:
                decision = decision.then(partial(_to_last_resort, reason=path.why))
            move = path
        elif isinstance(move, SubFlowCall) and move.comes_back and len(decision.call.back) >= MAX_VISITS:
            # Its own error path would make the same call again.
            decision = decision.then(_failing)
            decision = decision.then(partial(_to_last_resort, reason=f"over {MAX_VISITS} flows visited at once"))
            move = _Leave("" if call.after_hangup else flow.main.last_resort)
        elif isinstance(move, (Go, SubFlowCall)) and (reason := _limit(decision.call, event, entered, flow)):
            move = _Leave("" if decision.call.limit_turn or call.after_turn else flow.main.last_resort)
            decision = decision.then(partial(_limited, reason=reason))
        else:
            decision = decision.then(partial(_enter, flow=flow, event=event, move=move))
            move = _answered_already(decision.call, event, move, flow) or _first_move(decision.call, flow)
    hangup = Wait((command("hangup", call.control_id),))
    decision = decision.then(_failing)
    decision = decision.then(partial(_to_last_resort, reason="hung up: its steps go round without end"))
    return decision.then(partial(_wait, flow=flow, event=event, move=hangup))


def _limit(call: Call, event: Event, entered: int, flow: LoadedFlow) -> str:
    """The limit that keeps the call from entering another step; '' if none does."""
    limits = flow.main.limits
    if call.after_turn:
        return _limit_after_hangup(call, event, limits)
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


def _limit_after_hangup(call: Call, event: Event, limits: Limits) -> str:
    if call.turn - call.after_turn >= limits.steps_after_hangup:
        return f"{limits.steps_after_hangup} steps after the hang-up"
    if _seconds_between(call.ended_at, event.occurred_at) >= limits.minutes_after_hangup * 60:
        return f"{limits.minutes_after_hangup} minutes after the hang-up"
    return ""


def _wait(call: Call, event: Event, move: Wait, flow: LoadedFlow) -> Decision:
    state = move.state.without_digits() if flow.takes_sensitive_digits else move.state
    waiting = call._replace(waiting=state.stored())
    prepared = _with_client_states(move.commands, waiting, flow)
    decision = with_commands(waiting, prepared, event, pausing=_pausing(call, flow), deliver=_deliver(call, flow))
    if move.talking or move.reason:
        incidents = (FLOW_ERROR,) if move.fault else ()
        decision = decision._replace(talking=move.talking, reason=move.reason, incidents=incidents)
    if move.question:
        decision = decision._replace(question=move.question.asked_by(call))
    if move.claims:
        decision = decision._replace(claimed=move.claims)
    return decision._replace(lookup=move.lookup.asked_by(call)) if move.lookup else decision


def _enter(call: Call, event: Event, move: Go | SubFlowCall | _Leave, flow: LoadedFlow) -> Decision:
    step, back = _destination(call, move, flow)
    if step != call.step:
        call = call._replace(variables=persistent_variables(call.variables))
    left, state = _left(call, event, move, flow)
    entered = left.call._replace(
        step=step,
        back=back,
        turn=call.turn + 1,
        waiting=state.stored(),
        far_legs={},
        entered_at=event.occurred_at,
    )
    if isinstance(move, SubFlowCall):
        entered = with_inputs(entered, move)
    elif isinstance(move, _Leave) and STEP_OF_FLOW in step:
        # A step after the hang-up in a flow called from another: its variables stay, and it returns to no flow.
        entered = entered._replace(scopes=())
    else:
        entered = without_inputs(entered, ended=isinstance(move, Go))
    return left._replace(call=entered, entered=_entered(call, entered, move, flow))


def _entered(before: Call, after: Call, move: Go | SubFlowCall | _Leave, flow: LoadedFlow) -> tuple[EnteredStep, ...]:
    if not after.step:
        return ()
    edge = START if isinstance(move, SubFlowCall) else move.edge
    source = "" if edge in {"", START, LAST_RESORT_EDGE, HANGUP_EDGE} else local_name(before.step)
    return (EnteredStep(flow.flow_of(after).name, local_name(after.step), source, edge),)


def _left(call: Call, event: Event, move: Go | SubFlowCall | _Leave, flow: LoadedFlow) -> tuple[Decision, StepState]:
    """The decision to take before the step is left, and the state in which the next one begins."""
    if isinstance(move, SubFlowCall) and (record := _record_of_visit(call, move, flow)):
        move = Go("", (_record_start(call, record),))
    if not isinstance(move, Go):
        return Decision(call), NO_STATE
    prepared = _with_client_states(move.commands, call, flow)
    variables = {**call.variables, **move.variables}
    consenting = call._replace(variables=variables, consent=move.consent or call.consent)
    left = with_commands(consenting, prepared, event, pausing=_pausing(call, flow))
    for number, verdict in move.reviews.items():
        left = left.then(partial(reviewed, number=number, verdict=verdict))
    if move.deliver:
        left = left.then(partial(to_be_delivered, targets=move.deliver))
    if move.promises or move.opts_out:
        left = left._replace(promised=move.promises or left.promised, opted_out=move.opts_out or left.opted_out)
    return left, move.state


def _record_of_visit(call: Call, visit: SubFlowCall, flow: LoadedFlow) -> WholeCall | None:
    """The called flow's `record` if it begins now: at the flow's start, unless one runs or the caller declined it.

    If consent is needed, the flow's first step asks for it and starts the recording.
    """
    declined = call.variables.get(CONSENT) == DECLINED
    return None if visit.step or call.recorder or declined else flow.named(visit.flow).record_at_once


def _destination(call: Call, move: Go | SubFlowCall | _Leave, flow: LoadedFlow) -> tuple[str, tuple[str, ...]]:
    """The step to enter, as the call stores its name, and the steps to return to afterwards."""
    if isinstance(move, _Leave):
        return move.to, ()
    current = flow.flow_of(call)
    if isinstance(move, SubFlowCall):
        other = flow.named(move.flow)
        start = move.step or other.visited_start(recording=bool(call.recorder))
        back = (*call.back, flow.step_name(current, move.back)) if move.comes_back else call.back
        return flow.step_name(other, start), back
    if move.to:
        return flow.step_name(current, move.to), call.back
    back = call.back
    while back and not back[-1]:
        back = back[:-1]
    return (back[-1], back[:-1]) if back else ("", ())


def _answered_already(call: Call, event: Event, move: Go | SubFlowCall | _Leave, flow: LoadedFlow) -> Move | None:
    """The move of the step just entered, for keys pressed before its question; None if there are none."""
    step = flow.step_of(call)
    if step is None or not (isinstance(move, Go) and move.answers):
        return None
    return step.follow(call, event, _voice_defaults(step, call, flow))


def _first_move(call: Call, flow: LoadedFlow) -> Move:
    step = flow.step_of(call)
    if step is None:
        return Wait((command("hangup", call.control_id),))
    if call.after_turn and isinstance(step, HangUp):
        return Go("")
    if call.after_turn and step.needs_caller():
        return Fail(f"{step.name} needs a caller, and the call has ended")
    try:
        return step.enter(call, _voice_defaults(step, call, flow))
    except CommandInvalid as error:
        # Only a variable's value can make a prompt impossible: the flow takes the error path.
        return Fail(str(error))


def _error_path(call: Call, flow: LoadedFlow) -> Go | _Leave:
    step, current = flow.step_of(call), flow.flow_of(call)
    if call.errors > MAX_ERRORS:
        return _Leave(why=f"hung up after {call.errors} errors")
    if call.after_turn:
        return Go(step.on_error, edge="on_error") if step and step.on_error else _Leave(why="ended after the hang-up")
    if call.step and call.step == flow.main.last_resort:
        return _Leave(why="hung up: the last resort failed")
    own, edge = (step.on_error, "on_error") if step and step.on_error else ("", LAST_RESORT_EDGE)
    if not own and call.step != flow.step_name(current, current.last_resort):
        own, edge = current.last_resort, LAST_RESORT_EDGE
    if own and current is not flow.main:
        return Go(own, edge=edge)
    if own or flow.main.last_resort:
        return _Leave(own or flow.main.last_resort, edge=edge)
    return _Leave(why="hung up: there is neither on_error nor last_resort")


def _is_own_path(call: Call, path: Go | _Leave, flow: LoadedFlow) -> bool:
    """Whether the step has an error path of its own, and the call takes it."""
    step = flow.step_of(call)
    return bool(step and step.on_error and path.to)


def _deliver(call: Call, flow: LoadedFlow) -> tuple[DeliveryTarget, ...]:
    """The targets of recordings that the call's step makes."""
    step = flow.step_of(call)
    return step.delivers_to() if step else ()


def _pausing(call: Call, flow: LoadedFlow) -> str:
    """Why the call's step pauses a recording, if it does."""
    step = flow.step_of(call)
    return FLOW if isinstance(step, RecordingSwitch) or (step and step.talks(call)) else SENSITIVE


def _with_client_states(asked: tuple[Command, ...], call: Call, flow: LoadedFlow) -> tuple[Command, ...]:
    return tuple(_with_client_state(each, call, flow) for each in _possible(asked, call))


def _possible(asked: tuple[Command, ...], call: Call) -> tuple[Command, ...]:
    """The commands that are still possible: after the hang-up, those without a leg."""
    return tuple(each for each in asked if not (call.after_turn and each.call_control_id))


def _with_client_state(asked: Command, call: Call, flow: LoadedFlow) -> Command:
    if asked.action not in _STARTING_COMMANDS:
        return asked
    if asked.call_control_id == call.control_id:
        step = flow.step_of(call)
        talks = step is not None and step.talks(call)
        room_of = call.leg_id if talks and asked.action == "conference_create" else ""
        state = ClientState(turn=call.turn, flow=flow.name, sensitive=is_sensitive(step), talks=talks, room_of=room_of)
    else:
        leg = next((each for each in call.far_legs.values() if each.control_id == asked.call_control_id), None)
        state = callee_state(call, dialled=True, role=leg.role if leg else "")
    return asked._replace(parameters={**asked.parameters, "client_state": state.encode()})


def _staying_paused(commands: tuple[Command, ...]) -> tuple[Command, ...]:
    """The commands without a resume directly before a pause: between card number and code nothing is recorded."""
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
    failed = with_commands(call._replace(errors=call.errors + 1), _possible(move.commands, call), event)
    incidents = filter(None, (FLOW_ERROR if move.fault else "", move.incident))
    return failed._replace(reason=move.reason, incidents=tuple(incidents))


def _failing(call: Call) -> Decision:
    return Decision(call._replace(failed_turn=call.failed_turn or call.turn + 1))


def _ending(call: Call, step: Step | None) -> str:
    """The flow's progress, for calls whose flow sets no outcome."""
    if call.failed_turn or call.limit_turn:
        return FLOW_FAILED
    at_its_end = call.turn > 0 and not call.step
    return COMPLETED if at_its_end or (step is not None and step.served(call)) else HUNG_UP


def _to_last_resort(call: Call, reason: str) -> Decision:
    return Decision(call, reason=reason, incidents=(LAST_RESORT,))


def _checked(call: Call, move: Go | SubFlowCall | Fail | _Leave, flow: LoadedFlow) -> Go | SubFlowCall | Fail | _Leave:
    """The move, or a failure if it is impossible: the other flow lacks inputs, or the variables are too large."""
    if isinstance(move, SubFlowCall) and move.given is not None:
        missing = not_given(flow.named(move.flow), move.given)
        if missing:
            return Fail(f"{move.flow} is not given: {', '.join(missing)}")
    if isinstance(move, Go) and _remembers_too_much(call, move, flow):
        return Fail(f"its memory of the caller would have over {MAX_MEMORY_BYTES:,} bytes", move.commands)
    if isinstance(move, (Go, SubFlowCall)) and _overfull(call, move):
        commands = move.commands if isinstance(move, Go) else ()
        return Fail(f"its variables would have over {MAX_VARIABLES_BYTES:,} bytes", commands)
    return move


def _remembers_too_much(call: Call, move: Go, flow: LoadedFlow) -> bool:
    if not flow.main.memory_days or not remembered(move.variables):
        return False
    return is_too_much({**call.variables, **move.variables})


def _overfull(call: Call, move: Go | SubFlowCall) -> bool:
    new = move.given if isinstance(move, SubFlowCall) else move.variables
    if not new:
        return False
    known = [call.variables, new] if isinstance(move, SubFlowCall) else [{**call.variables, **new}]
    return sum(map(_bytes_of, (*known, *(scope.variables for scope in call.scopes)))) > MAX_VARIABLES_BYTES


def _bytes_of(variables: Mapping[str, str]) -> int:
    return sum(len(f"{name}{value}".encode("utf-8", "surrogatepass")) for name, value in variables.items())


def _limited(call: Call, reason: str) -> Decision:
    return Decision(call._replace(limit_turn=call.limit_turn or max(call.turn, 1)), reason=f"limit reached: {reason}")


def _seconds_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def _too_late(call: Call, event: Event) -> bool:
    """Whether the event occurred after the hang-up. Earlier ones still count, until the steps after it begin."""
    if call.after_turn:
        return not event.type.startswith(OURS)
    return call.status == ENDED and event.occurred_at > call.ended_at
