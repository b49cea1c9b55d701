"""Decides on an action that the control API requests for a call. Pure.

Like every decision, it is stored with its commands before these are sent. The last command is the requested one; those
before it stop what the flow had started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dialtone.domain.call_recordings import NO_TURN, pause_refused
from dialtone.domain.call_status import ENDED
from dialtone.domain.client_state import ClientState
from dialtone.domain.command_effects import callee_state
from dialtone.domain.commands import Command, command
from dialtone.domain.decisions import Decision
from dialtone.domain.started_by_api import MOST_PROMPTS, NOTHING
from dialtone.domain.webhook_retry_policy import DIALLED_EVENTS, retries
from dialtone.flow.engine import advance, begin_at, enter_again, run_commands
from dialtone.flow.flow_inputs import NotGiven, check_given, not_given
from dialtone.flow.loaded_flow import is_sensitive
from dialtone.flow.step_state import PromptState

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.domain.started_by_api import StartedByApi
    from dialtone.flow.loaded_flow import LoadedFlow

DIAL = "dial"

ENTER = "flow"
"""The one action that is not Telnyx's: put the call into a flow, or into a step of one."""

NOT_POSSIBLE = "not possible: "
"""The prefix of the reason of a decision against an action; a code follows."""

CALL_ENDED, NOT_ANSWERED, NO_FLOW, NO_STEP, NOT_GIVEN = "call_ended", "not_answered", "no_flow", "no_step", "not_given"
FLOW_ASKS, OTHERS_ASK, CONNECTING, TALKING = "flow_asks", "others_ask", "connecting", "talking"
TOO_MANY, PAUSED, FLOW_PAUSES, NO_DETECTION = "too_many", "paused", "flow_pauses", "no_detection"
MOVED = "moved"

_STOPS_LISTENING = frozenset({"gather_stop", "ai_assistant_stop"})


def act(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Carry the action out, if that is possible now."""
    action: str = event.payload["action"]
    if action == DIAL:
        return _dial(call, event, flow)
    if call.status == ENDED or not call.control_id:
        return _not_possible(call, CALL_ENDED)
    if flow is None:
        return _not_possible(call, NO_FLOW)
    decide = _DECIDE.get(action)
    decision = decide(call, event, flow) if decide else _send(call, event, flow)
    return decision if decision.reason else decision._replace(reason=f"{action} from outside")


def _dial(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Dial somebody for a flow. The new call is a separate one: this one only holds the request."""
    given: dict[str, str] = event.payload.get("variables", {})
    parameters = event.payload["parameters"]
    if flow is None:
        return _not_possible(call, NO_FLOW)
    try:
        check_given(flow.main, given)
    except NotGiven:
        return _not_possible(call, NOT_GIVEN)
    detects = parameters.get("answering_machine_detection", "disabled") != "disabled"
    if not detects and any(hasattr(step, "answered_by") for step in flow.main.steps.values()):
        return _not_possible(call, NO_DETECTION)
    state = ClientState(flow=flow.name, given=given).encode()
    asked = command(DIAL, client_state=state, **retries(DIALLED_EVENTS), **parameters)
    return Decision(call._replace(flow="", flow_version="", retention_days=0), (asked,), reason=f"{DIAL} from outside")


def refused(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Telnyx refused the command: what it would have started is removed, and the flow is not affected."""
    outside, action = call.outside or NOTHING, event.text("action")
    if action in {"speak", "playback_start"}:
        call = _with(call, outside._replace(prompts=outside.prompts[:-1]))
    elif action in {"gather_using_speak", "gather_using_audio"}:
        call = _with(call, outside._replace(gathers=max(0, outside.gathers - 1)))
    elif action == "record_pause":
        call = _with(pause_refused(call, event), outside._replace(paused=False))
    elif action in {"transfer", "bridge"} and flow and call.status != ENDED:
        return enter_again(call, event, flow)
    return Decision(call)


def _send(call: Call, event: Event, flow: LoadedFlow) -> Decision:
    return run_commands(call, event, (_asked(call, event),), flow)


def _play(call: Call, event: Event, flow: LoadedFlow) -> Decision:
    outside, asked = call.outside or NOTHING, _asked(call, event)
    if len(outside.prompts) + outside.overlays >= MOST_PROMPTS:
        return _not_possible(call, TOO_MANY)
    stops = asked.parameters.get("stop") == "all" and not asked.parameters.get("overlay")
    stopped, forgot = _stopped(call) if stops else (call, False)
    outside = (stopped.outside or NOTHING).with_prompt(asked, call.turn, event.occurred_at)
    decision = run_commands(_with(stopped, outside), event, (asked,), flow)
    return decision.then(lambda now: _forgotten(now, event, flow)) if forgot else decision


def _stop(call: Call, event: Event, flow: LoadedFlow) -> Decision:
    asked = _asked(call, event)
    stops = asked.parameters.get("stop", "all") == "all" and not asked.parameters.get("overlay")
    stopped, forgot = _stopped(call) if stops else (call, False)
    decision = run_commands(stopped, event, (asked,), flow)
    return decision.then(lambda now: _forgotten(now, event, flow)) if forgot else decision


def _stopped(call: Call) -> tuple[Call, bool]:
    """The call after all its prompts were stopped, and whether Telnyx forgets everything that its step waits for.

    Telnyx reports the end of the prompt that is playing, but not of those queued behind it.
    """
    outside, waits = call.outside or NOTHING, call.awaits_prompts
    if waits and (not outside.prompts or outside.prompts[0] == call.turn):
        return _with(call._replace(waiting={**call.waiting, "prompts": 1}), outside._replace(prompts=())), False
    return _with(call, outside._replace(prompts=outside.prompts[:1])), waits


def _forgotten(call: Call, event: Event, flow: LoadedFlow) -> Decision:
    """The step goes on as if its prompts had ended, since Telnyx will report no end."""
    ended = event._replace(
        type="call.speak.ended",
        payload={"call_session_id": call.session_id, "call_leg_id": call.leg_id, "status": "completed"},
        client_state=event.client_state._replace(turn=call.turn),
    )
    outside = call.outside
    played = call._replace(outside=None, waiting={**call.waiting, **PromptState(prompts=1).stored()})
    decision = advance(played, ended, flow)
    return decision._replace(call=decision.call._replace(outside=outside))


def _gather(call: Call, event: Event, flow: LoadedFlow) -> Decision:
    outside, step = call.outside or NOTHING, flow.step_of(call)
    if step and (hasattr(step, "pay") or any(each.action in _STOPS_LISTENING for each in step.abandoned(call))):
        return _not_possible(call, FLOW_ASKS)
    if outside.gathers:
        return _not_possible(call, OTHERS_ASK)
    asked = _asked(call, event)
    return run_commands(_with(call, outside.with_gather(asked, event.occurred_at)), event, (asked,), flow)


def _record(call: Call, event: Event, flow: LoadedFlow) -> Decision:
    """Starting or stopping a recording by the API ends its pause, until the API pauses it again."""
    outside = call.outside or NOTHING
    decision = run_commands(
        _with(call, outside._replace(paused=False, flow_paused=False)), event, (_asked(call, event),), flow
    )
    turned = tuple(each._replace(turn=NO_TURN) for each in decision.recordings)
    numbers = {each.number: each for each in turned}
    kept = tuple(numbers.get(each.number, each) for each in decision.call.recordings)
    return decision._replace(call=decision.call._replace(recordings=kept), recordings=turned)


def _pause(call: Call, event: Event, flow: LoadedFlow) -> Decision:
    outside = call.outside or NOTHING
    if outside.paused:
        return _not_possible(call, PAUSED)
    held = _with(call, outside._replace(paused=True, flow_paused=call.recorder == "paused"))
    return run_commands(held, event, (_asked(call, event),), flow)


def _resume(call: Call, event: Event, flow: LoadedFlow) -> Decision:
    """A recording that the flow keeps paused, for a card number, is not resumed: that step has to end first."""
    outside, step = call.outside or NOTHING, flow.step_of(call)
    own = outside.flow_paused if outside.paused else call.recorder == "paused"
    if own or is_sensitive(step) or hasattr(step, "pay"):
        return _not_possible(call, FLOW_PAUSES)
    released = _with(call, outside._replace(paused=False, flow_paused=False))
    return run_commands(released, event, (_asked(call, event),), flow)


def _connect(call: Call, event: Event, flow: LoadedFlow) -> Decision:
    """The call leaves its step to be connected with somebody; if that fails, it enters the step again."""
    if not call.answered_at or not call.turn:
        return _not_possible(call, NOT_ANSWERED)
    if call.outside and call.outside.aside and call.outside.aside_turn == call.turn:
        return _not_possible(call, CONNECTING)
    outside = (call.outside or NOTHING)._replace(prompts=(), gathers=0)
    parks = "park_after_unbridge" in event.payload["parameters"]
    turn = call.turn + 1
    aside = _with(call, outside._replace(aside=call.step, aside_turn=turn, parks=parks))._replace(
        step="",
        turn=turn,
        waiting={},
        far_legs={},
        entered_at=event.occurred_at,
    )
    asked = _asked(aside, event)
    if asked.action == "transfer":
        far = callee_state(aside, dialled=False).encode()
        asked = asked._replace(parameters={**asked.parameters, "target_leg_client_state": far})
    stopped = run_commands(aside, event, _left_alone(call, flow), flow, outside=False)
    moved = stopped.then(lambda now: run_commands(now, event, (asked,), flow))
    return moved._replace(call=moved.call.moved_from(call.position, event))


def _enter(call: Call, event: Event, flow: LoadedFlow) -> Decision:
    given = event.payload["parameters"]
    if not call.answered_at:
        return _not_possible(call, NOT_ANSWERED)
    if _talks(call):
        return _not_possible(call, TALKING)
    if given.get("from_step", call.step) != call.step:
        return _not_possible(call, MOVED)
    to = given.get("step") or flow.main.start
    if to not in flow.main.steps:
        return _not_possible(call, NO_STEP)
    variables = {**call.variables, **given.get("variables", {})}
    if not_given(flow.main, variables):
        return _not_possible(call, NOT_GIVEN)
    led, quiet = call._replace(variables=variables), _left_alone(call, flow)
    if call.flow != flow.name:
        days = flow.main.retention_days
        led = led._replace(flow=flow.name, flow_version=flow.version, retention_days=days, step="", back=(), scopes=())
        quiet = _silenced(call)
    outside = (call.outside or NOTHING)._replace(
        prompts=(), gathers=0, aside="", aside_turn=0, connected=False, parks=False
    )
    stopped = run_commands(_with(led, outside), event, quiet, flow, outside=False)
    return stopped.then(lambda now: begin_at(now, event, flow, to))


def _talks(call: Call) -> bool:
    """Whether it is connected with somebody, by the flow or the API: then it ends with the other side."""
    dialled = any(leg.bridged and leg.status != ENDED for leg in call.far_legs.values())
    return dialled or bool(call.waiting.get("connected") or (call.outside and call.outside.connected))


def _left_alone(call: Call, flow: LoadedFlow) -> tuple[Command, ...]:
    """The commands that end what the call's step has started."""
    step = flow.step_of(call)
    stopping = step.abandoned(call) if step else ()
    quiet = command("playback_stop", call.control_id, stop="all")
    return (*stopping, quiet) if call.awaits_prompts and quiet not in stopping else stopping


def _silenced(call: Call) -> tuple[Command, ...]:
    """The same for a flow that is unknown here. Telnyx refuses what does not apply, which does no harm."""
    actions = ["gather_stop", "leave_queue", *(["record_resume"] if call.recorder == "paused" else [])]
    stopping = (command(action, call.control_id) for action in actions)
    return (*call.hangup_callees(), *stopping, command("playback_stop", call.control_id, stop="all"))


def _asked(call: Call, event: Event) -> Command:
    return command(event.payload["action"], call.control_id, **event.payload["parameters"])


def _with(call: Call, outside: StartedByApi) -> Call:
    return call._replace(outside=outside.or_none)


def _not_possible(call: Call, code: str) -> Decision:
    return Decision(call, reason=f"{NOT_POSSIBLE}{code}")


_DECIDE: dict[str, Any] = {
    "speak": _play,
    "playback_start": _play,
    "playback_stop": _stop,
    "gather_using_speak": _gather,
    "gather_using_audio": _gather,
    "record_start": _record,
    "record_stop": _record,
    "record_pause": _pause,
    "record_resume": _resume,
    "transfer": _connect,
    "bridge": _connect,
    ENTER: _enter,
}
