"""Lets the caller wait in a named queue until an agent takes its first caller."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import Field, StrictInt, StringConstraints, field_validator, model_validator

from dialtone.domain.call_status import ENDED
from dialtone.domain.command_effects import callee_state
from dialtone.domain.commands import Command, command
from dialtone.domain.decisions import NOT_REACHED
from dialtone.domain.queues import ANSWERED, Callback, QueueQuestion
from dialtone.domain.telnyx_actions import E164
from dialtone.domain.units import MILLIS_PER_SECOND
from dialtone.domain.webhook_retry_policy import CALLEE_EVENTS, retries
from dialtone.flow.connecting_step import Connecting
from dialtone.flow.gather_timer import seconds_left, timer
from dialtone.flow.in_call_keys import CALLER, Side, TalkState
from dialtone.flow.keys import Key, Keys, gathered_key, one_key, stop_gathering
from dialtone.flow.prompts import Prompt
from dialtone.flow.step_moves import Fail, Go, Move, Wait
from dialtone.flow.templating import WAITED, WAITING_SINCE, names_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults

QUEUE_NAME = r"^[a-z0-9][a-z0-9_-]{0,63}$"
"""Telnyx allows more; this fits into a URL, a file name and a sentence."""

POSITION, AVERAGE, AVERAGE_MINUTES = "queue_position", "average_wait_time_secs", "average_wait_minutes"
"""Variables for the announcement: Telnyx's two, and the wait in whole minutes."""

CONNECTING_SECONDS = 10
"""How long the bridge may take after the call has left the queue for it; then it has failed, and the caller waits
again. Two people may be talking if its report is late: Telnyx retries a webhook after 0.5, 1 and 6 s."""

REPORT_SECONDS = 60
"""How long it may take until that bridge is reported for the caller's leg, once it is for the agent's: Telnyx retries a
webhook for 51 s (`webhook_retry_policy.py`)."""

GRACE_SECONDS = 10
"""How long after the longest wait Telnyx may take to report its end."""

LOOK_SECONDS = 10
"""How often a call that rings agents checks whether it is the first."""

OF_ATTEMPT = frozenset({"call.enqueued", "call.dequeued", "call.bridged"})
"""Events of one attempt to connect the caller; a later attempt has events of its own."""

MAX_AGENTS = 10

SECONDS_A_MINUTE = 60

_AGENT = r"^(\+[1-9]\d{6,14}|sips?:[^\s,{}]+)$"

KEYS = "0123456789*#"
"""The keys with which a caller may leave; a state holds only numbers."""


@dataclass(frozen=True)
class QueueState(TalkState):
    """The state of the wait."""

    enqueued_millis: int = 0
    """When the call joined the queue, in unix milliseconds, as Telnyx reported it: that decides its place."""
    leaving: int = 0
    """The key with which the caller leaves, as its place in KEYS plus one; the call must first leave the queue."""
    taken_millis: int = 0
    """When somebody took the call out of the queue, in unix milliseconds, until the two are connected."""
    again_millis: int = 0
    """When the call went back into the queue because the bridge had failed, in unix milliseconds: reports of what
    occurred before are late."""
    connected: bool = False
    position: int = 0
    average: int = 0
    rung: int = 0
    """How many agents this call has rung."""
    rung_millis: int = 0
    """When it rang the last one, in unix milliseconds."""
    said_millis: int = 0
    """When the announcement was last due, in unix milliseconds."""


class Queue(Connecting):
    """Put the caller into a queue; music plays until an agent takes the first caller out of it.

    Telnyx keeps the order, ends the longest wait and connects. Its commands to a call work in a queue as elsewhere.
    """

    paths: ClassVar[tuple[str, ...]] = ("timeout", "full", "keys", "callback")
    pressed_by: ClassVar[tuple[Side, ...]] = (CALLER,)
    _why_not_offered: ClassVar[str] = (
        "a supervisor belongs to the take_from by which the agent takes the caller; to park or consult, ring agents "
        "by a transfer with hold: of a queue Telnyx does not say with whose leg the caller was connected"
    )
    _why_unheard: ClassVar[str] = "an agent's keys belong to the step that takes the caller; write by: caller"

    queue: str = Field(pattern=QUEUE_NAME, description="The queue's name; Telnyx creates the queue on its first use.")
    hold: Prompt = Field(description="Audio that plays in a loop meanwhile.")
    announce: Prompt | None = Field(
        None,
        description=(
            "Said on entering and then at intervals; {queue_position}, {average_wait_time_secs}, "
            "{average_wait_minutes} and {waited} are filled in."
        ),
    )
    announce_every_seconds: StrictInt = Field(60, ge=10, le=600, description="How often announce is spoken.")
    max_wait_time_secs: StrictInt = Field(1_800, ge=10, le=14_400, description="The longest wait; then timeout.")
    max_size: StrictInt | None = Field(
        None,
        ge=1,
        le=10_000,
        description="The most callers, if Telnyx creates the queue for this call; 100 by default.",
    )
    keys: Keys = Field(default_factory=dict, description="Key by which the caller leaves the queue → the step.")
    callback: Keys = Field(
        default_factory=dict,
        description="Key by which the caller asks to be called back in turn → the step that says so.",
    )
    agents: tuple[Annotated[str, StringConstraints(pattern=_AGENT)], ...] = Field(
        (),
        max_length=MAX_AGENTS,
        description="Numbers in E.164 or SIP addresses that are rung in turn for the first caller; the one who answers "
        "takes the first. Without them agents take callers by a flow of their own, with take_from.",
    )
    ring_seconds: StrictInt = Field(20, ge=5, le=120, description="How long each agent is rung.")
    whisper: Prompt | None = Field(None, description="What an agent hears before pressing accept.")
    accept: Key | None = Field(
        None, description="The key with which an agent takes the call; without it the agent is hung up on."
    )
    accept_seconds: StrictInt = Field(10, ge=1, le=60, description="How long to wait for that key after the whisper.")
    timeout: str = Field("", description="The step when no agent has taken the caller within max_wait_time_secs.")
    full: str = Field("", description="The step when the queue is full.")

    @field_validator("hold")
    @classmethod
    def _is_audio(cls, hold: Prompt) -> Prompt:
        if hold.speaks:
            raise ValueError("takes audio or media; words cannot be held out without end")
        return hold

    @model_validator(mode="after")
    def _each_key_once(self) -> Self:
        if both := sorted(self.keys.keys() & self.callback.keys()):
            raise ValueError(f"{', '.join(both)} is under keys and under callback; remove it from one of them")
        if self.callback and self.agents:
            raise ValueError("callback is for agents who take_from the queue; those who are rung call nobody back")
        if (self.whisper is None) != (self.accept is None) or (self.accept and not self.agents):
            raise ValueError("agents, whisper and accept need each other: a whisper names the key; write all three")
        return self

    def is_choice(self, where: str) -> bool:
        """True for a callback, too."""
        return where.startswith("callback.") or super().is_choice(where)

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Join the end of the queue."""
        del voice_defaults
        return Wait((self._enqueue(call),))

    def connect(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        """Announce the position, let the caller leave by key, and stop the music once the call is connected."""
        state = QueueState.of(call)
        if event.about_callee:
            return self._of_agent(call, event, state, voice_defaults)
        if state.connected or (event.type in OF_ATTEMPT and _millis(event.occurred_at) < state.again_millis):
            return None
        if event.type == ANSWERED:
            return self._placed(call, event, state, voice_defaults)
        if event.type == "call.enqueued":
            return None if state.enqueued_millis or state.taken_millis else self._entered(call, event, voice_defaults)
        if event.type == "call.gather.ended":
            return self._timer_ended(call, event, voice_defaults)
        follow = {"call.bridged": self._bridged, "call.dequeued": self._left, "call.dtmf.received": self._leave}
        return follow[event.type](call, event) if event.type in follow else None

    def not_connected(self, call: Call, event: Event) -> Move:
        """A full queue has a path of its own. Music that cannot be played does not end the wait."""
        state, action = QueueState.of(call), event.text("action")
        if action == "dial":
            return self._ring_another(call, event, state) or Wait(state=state)
        if action == "bridge":
            in_vain = (
                leg for leg in call.far_legs.values() if leg.connected and not leg.bridged and leg.status != ENDED
            )
            return Wait(tuple(command("hangup", leg.control_id) for leg in in_vain), state)
        if action != "enqueue":
            return Wait(state=state)
        if self.full:
            return self.take("full")._replace(result=NOT_REACHED)
        return Fail(event.text("reason"), result=NOT_REACHED)

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether they are one of its keys."""
        del call
        return digits in self.keys or digits in self.callback or digits == self.accept

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Leave the queue, since an agent could take a caller who is in another step; and stop the endless music."""
        if QueueState.of(call).connected:
            return ()
        return (command("leave_queue", call.control_id), *self._quiet(call))

    def repeated(self, call: Call) -> None:
        """None: the call keeps its place in the queue."""
        del call

    def served(self, call: Call) -> bool:
        """Whether two people talk, until one of them hangs up."""
        return QueueState.of(call).connected

    def goes_next(self) -> bool:
        """False: the call ends with the conversation, and each other result has a path of its own."""
        return False

    def sets(self) -> tuple[str, ...]:
        """The variables for the announced position, and for how long the caller has waited."""
        return (POSITION, AVERAGE, AVERAGE_MINUTES, WAITED)

    def surely_sets(self, where: str) -> tuple[str, ...]:
        """A caller who did not get into the queue has no position."""
        return (WAITED,) if where.startswith(("keys.", "callback.")) or where == "timeout" else ()

    def waits_since(self, call: Call) -> int:
        """When the caller joined the queue, in unix milliseconds; 0 before that, and after leaving it."""
        state = QueueState.of(call)
        return 0 if _unavailable(state) else state.enqueued_millis

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """What the caller hears meanwhile."""
        yield from ((name, prompt) for name in ("hold", "announce", "whisper") if (prompt := getattr(self, name)))
        yield from super().prompts()

    def _state(self, call: Call) -> QueueState:
        return QueueState.of(call)

    def _enqueue(self, call: Call) -> Command:
        size = {} if self.max_size is None else {"max_size": self.max_size}
        wait = self.max_wait_time_secs
        return command("enqueue", call.control_id, queue_name=self.queue, max_wait_time_secs=wait, **size)

    def _entered(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move:
        """The first announcement needs no question: the event contains the position."""
        music = self.hold.loop(call, voice_defaults)
        state = replace(
            QueueState.of(call),
            enqueued_millis=_millis(event.occurred_at),
            position=event.number("current_position"),
            average=event.number("queue_avg_wait_time_secs"),
        )
        if self.callback and self._asks:
            # Callbacks count as well, and Telnyx does not know them.
            return Wait((self._timer(call),), state, question=self._question(call, state))
        prompts = self._announced(call, event, state, voice_defaults)
        state = replace(state, said_millis=_millis(event.occurred_at) if self.announce else 0)
        return self._ringing(call, event, Wait((self._timer(call), *prompts, *music), state))

    def _placed(self, call: Call, event: Event, state: QueueState, voice_defaults: VoiceDefaults) -> Move | None:
        """Telnyx has answered with the position, or the music goes on without it."""
        if state.leaving or state.taken_millis:
            return None
        position = event.number(POSITION)
        if not position:
            nothing_heard = self.callback and not state.said_millis
            music = self.hold.loop(call, voice_defaults)
            return Wait(music, replace(state, said_millis=1)) if nothing_heard else None
        known = replace(state, position=position, average=event.number(AVERAGE) or state.average)
        if not self._due(event, known):
            return self._ringing(call, event, Wait(state=known))
        said = self._said(call, event, known, voice_defaults)
        return self._ringing(call, event, Wait(said, replace(known, said_millis=_millis(event.occurred_at))))

    def _due(self, event: Event, state: QueueState) -> bool:
        """Whether the announcement is due: a call that rings agents checks the queue more often than it announces."""
        passed = (_millis(event.occurred_at) - state.said_millis) / MILLIS_PER_SECOND
        return self.announce is not None and passed >= self.announce_every_seconds - 1

    def _of_agent(self, call: Call, event: Event, state: QueueState, voice_defaults: VoiceDefaults) -> Move | None:
        """The agent who answered takes the first caller of the queue: this one, unless another agent was faster."""
        leg = call.far_legs.get(event.call_leg_id)
        if leg is None or (leg.status == ENDED and event.type != "call.hangup"):
            return None
        if event.type == "call.hangup":
            return None if leg.bridged or _unavailable(state) else self._ring_another(call, event, state)
        key = gathered_key(event)
        if key is None and event.type != "call.answered":
            return None
        if _unavailable(state) or (key is not None and key != self.accept):
            return Wait((command("hangup", leg.control_id),), state)
        if self.whisper and self.accept and key is None:
            far, asked = call._replace(control_id=leg.control_id), one_key((self.accept,))
            return Wait(
                self.whisper.gather(far, voice_defaults, self.accept_seconds * MILLIS_PER_SECOND, **asked), state
            )
        return Wait((command("bridge", leg.control_id, queue=self.queue),), state)

    def _ringing(self, call: Call, event: Event, wait: Wait) -> Wait:
        """The same, and the next agent is rung if this caller is the first and no agent is ringing."""
        state = wait.state
        if not isinstance(state, QueueState) or state.position != 1 or not self.agents or _rung(call):
            return wait
        now = _millis(event.occurred_at)
        all_in_vain = state.rung and not state.rung % len(self.agents)
        if all_in_vain and now - state.rung_millis < (self.ring_seconds + LOOK_SECONDS) * MILLIS_PER_SECOND:
            return wait
        agent = self.agents[state.rung % len(self.agents)]
        dial = command(
            "dial",
            to=agent,
            connection_id=call.connection_id,
            link_to=call.control_id,
            timeout_secs=self.ring_seconds,
            client_state=callee_state(call, dialled=True).encode(),
            **retries(CALLEE_EVENTS),
            **{"from": call.from_number if call.direction == "outgoing" else call.to_number},
        )
        return Wait((*wait.commands, dial), replace(state, rung=state.rung + 1, rung_millis=now))

    def _ring_another(self, call: Call, event: Event, state: QueueState) -> Wait | None:
        """Ring the next agent at once; after all were rung in vain, pause before ringing them again."""
        return self._ringing(call, event, Wait(state=state)) if state.rung % len(self.agents) else None

    def _bridged(self, call: Call, event: Event) -> Move:
        return Wait(self._quiet(call), QueueState().connected_by(event))

    def _left(self, call: Call, event: Event) -> Move | None:
        """The next move depends on why the call left the queue; a bridge is reported separately."""
        state, reason = QueueState.of(call), event.text("reason")
        if event.text("queue") != self.queue or reason == "hangup":
            return None
        if reason == "leave" and state.leaving:
            key = KEYS[state.leaving - 1]
            where = "callback" if key in self.callback else "keys"
            left = self.take(f"{where}.{key}", commands=self._quiet(call), variables=self._known(call, state))
            place = Callback(self.queue, call.session_id, call.leg_id, state.enqueued_millis)
            return left._replace(promises=place) if where == "callback" else left
        if reason == "timeout":
            return self._waited_too_long(call)
        if reason == "leave":
            return Fail("taken out of the queue", self._quiet(call), fault=False, result=NOT_REACHED)
        taken = replace(state, taken_millis=_millis(event.occurred_at), leaving=0)
        return Wait((timer(call, CONNECTING_SECONDS), *call.hangup_callees()), taken)

    def _leave(self, call: Call, event: Event) -> Move | None:
        """Leave the queue first: no agent may be connected with a caller who is in another step."""
        state, key = QueueState.of(call), event.text("digit")
        can_be_called = E164.accepts(call.from_number) and state.enqueued_millis
        if state.leaving or state.taken_millis or not (key in self.keys or (key in self.callback and can_be_called)):
            return None
        leaving = KEYS.index(key) + 1
        return Wait((command("leave_queue", call.control_id),), replace(state, leaving=leaving))

    def _timer_ended(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        state, status = QueueState.of(call), event.text("status")
        if status in {"call_hangup", "cancelled"} or not (state.enqueued_millis or state.taken_millis) or state.leaving:
            return None
        if state.taken_millis:
            return self._connecting(call, event, state)
        if self._is_overdue(call, event, state):
            late = self._waited_too_long(call)
            return late._replace(commands=(command("leave_queue", call.control_id), *late.commands))
        again = (self._timer(call),)
        if self._asks or self.agents:
            return Wait(again, state, question=self._question(call, state))
        said = self._said(call, event, state, voice_defaults)
        return Wait((*again, *said), state)

    def _is_overdue(self, call: Call, event: Event, state: QueueState) -> bool:
        """Whether Telnyx should have ended the wait by now.

        Once the call has ended, it is no longer known when the step was entered, but still when the caller was put into
        the queue: a timer that is reported late was perhaps only an interval's.
        """
        limit = self.max_wait_time_secs + GRACE_SECONDS
        if call.entered_at:
            return not seconds_left(call, event, limit)
        return _millis(event.occurred_at) - state.enqueued_millis >= (limit - 1) * MILLIS_PER_SECOND

    def _question(self, call: Call, state: QueueState) -> QueueQuestion:
        average = bool(self._announced_names & {AVERAGE, AVERAGE_MINUTES})
        since = state.enqueued_millis if self.callback else 0
        return QueueQuestion((self.queue,), call.control_id, average=average, since_millis=since)

    def _connecting(self, call: Call, event: Event, state: QueueState) -> Move:
        """An agent took the call. If the bridge fails, the caller waits again, at the end of the queue."""
        now = _millis(event.occurred_at)
        passed = (now - state.taken_millis) / MILLIS_PER_SECOND
        left = (REPORT_SECONDS if _agent_bridged(call) else CONNECTING_SECONDS) - passed
        if left > 1:
            return Wait((timer(call, min(left, CONNECTING_SECONDS)),), state)
        return Wait((*self._quiet(call), self._enqueue(call)), QueueState(again_millis=now))

    def _said(self, call: Call, event: Event, state: QueueState, voice_defaults: VoiceDefaults) -> tuple[Command, ...]:
        """The announcement between two plays of music."""
        announced = self._announced(call, event, state, voice_defaults)
        if not announced:
            return ()
        return (
            command("playback_stop", call.control_id, stop="all"),
            *announced,
            *self.hold.loop(call, voice_defaults),
        )

    def _announced(
        self, call: Call, event: Event, state: QueueState, voice_defaults: VoiceDefaults
    ) -> tuple[Command, ...]:
        """The announcement; nothing if it contains a position that is unknown."""
        if self.announce is None or (POSITION in self._announced_names and not state.position):
            return ()
        variables = {**call.variables, **self._known(call, state)}
        return self.announce.play(call._replace(entered_at=event.occurred_at, variables=variables), voice_defaults)

    def _waited_too_long(self, call: Call) -> Go | Fail:
        quiet = self._quiet(call)
        if self.timeout:
            variables = self._known(call, QueueState.of(call))
            return self.take("timeout", commands=quiet, variables=variables)._replace(result=NOT_REACHED)
        reason = f"no agent took the caller within {self.max_wait_time_secs} s"
        return Fail(reason, quiet, fault=False, result=NOT_REACHED)

    def _known(self, call: Call, state: QueueState) -> dict[str, str]:
        average = {AVERAGE: str(state.average), AVERAGE_MINUTES: str(max(1, ceil(state.average / SECONDS_A_MINUTE)))}
        since = {WAITING_SINCE: call.variables.get(WAITING_SINCE) or call.entered_at}
        return {**since, POSITION: str(state.position or ""), **average}

    def _timer(self, call: Call) -> Command:
        if self.agents:
            return timer(call, LOOK_SECONDS)
        return timer(call, self.announce_every_seconds if self.announce else self.max_wait_time_secs + GRACE_SECONDS)

    @property
    def _announced_names(self) -> frozenset[str]:
        if self.announce is None:
            return frozenset()
        texts = (piece.text or piece.ssml or piece.audio or piece.media or "" for piece in self.announce.pieces())
        return frozenset(name for text in texts for name in names_in(text))

    @property
    def _asks(self) -> bool:
        """Whether the announcement contains values that only Telnyx knows."""
        return bool(self._announced_names & {POSITION, AVERAGE, AVERAGE_MINUTES})

    def _quiet(self, call: Call) -> tuple[Command, ...]:
        return (command("playback_stop", call.control_id, stop="all"), *stop_gathering(call), *call.hangup_callees())


def _unavailable(state: QueueState) -> bool:
    """Whether the caller is being connected, or is leaving."""
    return bool(state.connected or state.taken_millis or state.leaving)


def _rung(call: Call) -> bool:
    """Whether an agent is ringing, or has answered and is not connected yet."""
    return any(leg.status != ENDED and not leg.bridged for leg in call.far_legs.values())


def _agent_bridged(call: Call) -> bool:
    """Whether an agent whom this call rang has been connected, probably with this caller, who was the first."""
    return any(leg.bridged and leg.status != ENDED for leg in call.far_legs.values())


def _millis(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * MILLIS_PER_SECOND)
