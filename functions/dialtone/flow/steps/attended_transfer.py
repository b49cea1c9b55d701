"""Consultations during a transfer: the caller is parked, or handed on after the agent asked a third person."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, StrictInt, StringConstraints, model_validator

from dialtone.domain.call_status import ENDED
from dialtone.domain.commands import Command, command
from dialtone.domain.object_keys import safe_id
from dialtone.flow.in_call_keys import Consultation, DuringKey, TalkState
from dialtone.flow.keys import Key
from dialtone.flow.shorthand import Shorthand
from dialtone.flow.step_moves import Move, Wait
from dialtone.flow.supervised_step import ONE_NUMBER, Supervised
from dialtone.flow.templating import WAITING_SINCE

if TYPE_CHECKING:
    from dialtone.domain.callee_legs import CalleeLeg
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults

CONSULT, PARK = "consult", "park"
"""Actions of `during`. The first is also the prefix of the role of such a leg."""


class Consult(Shorthand):
    """Whom the agent asks while the caller waits. In a flow: a number or SIP address, or a mapping."""

    short_form: ClassVar[dict[str, Any]] = {"type": "string", "pattern": ONE_NUMBER}

    to: Annotated[str, StringConstraints(pattern=ONE_NUMBER)] = Field(description="A number in E.164 or a SIP address.")
    join: Key = Field("1", description="The agent's key that connects the caller with them and ends the agent's call.")
    back: Key = Field("2", description="The agent's key that ends their call and goes back to the caller.")
    three_way: Key | None = Field(
        None, description="The agent's key that lets all three talk together, until the agent presses join or back."
    )
    ring_seconds: StrictInt = Field(30, ge=5, le=120, description="How long to ring them.")

    @model_validator(mode="before")
    @classmethod
    def _by_number(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {"to": written} if isinstance(written, str) else written

    @model_validator(mode="after")
    def _keys_apart(self) -> Consult:
        if self.join == self.back:
            raise ValueError(f"{self.join} cannot both join and go back; write two keys")
        if self.three_way in {self.join, self.back}:
            raise ValueError(f"{self.three_way} cannot be three_way, too: it joins or goes back; write another key")
        return self


class Consulting(Supervised):
    """A conversation that the caller can be taken out of, and put into again.

    Telnyx separates two legs only by bridging one of them with a third. So the agent is bridged with the third person,
    and the caller's leg is parked and hears music; afterwards either the caller and the third person are bridged, or
    the caller and the agent again. A bridge has only two legs: all three join a conference, and those who stay remain
    in it.
    """

    offers: ClassVar[tuple[str, ...]] = (*Supervised.offers, PARK, CONSULT)

    park: str = Field("", description="The step for the caller after a key of `during` with `park`.")
    consult: Consult | None = Field(
        None, description="Whom a key of `during` with `consult` rings, while the caller waits."
    )

    def follow(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        """Handle events of the third person, and of the agent meanwhile."""
        state = self._state(call)
        if event.client_state.role.startswith(CONSULT):
            return self._of_consulted(call, event, state, voice_defaults)
        if state.consultation is Consultation.TALKING and event.type == "call.dtmf.received" and not event.about_callee:
            return None  # the caller hears music, and nobody hears the caller
        if state.consultation is Consultation.TOGETHER and _is_agents(call, event):
            return self._of_agent_together(call, event, state)
        if state.consultation in {Consultation.TALKING, Consultation.JOINED} and _is_agents(call, event):
            return self._of_agent(call, event, state) if state.consultation is Consultation.TALKING else None
        return super().follow(call, event, voice_defaults)

    def refused(self, call: Call, event: Event) -> Move:
        """If two people could not be connected, one of them is gone: the other goes on with the caller."""
        state, action = self._state(call), event.text("action")
        if action in {"conference_create", "conference_join"} and self.talks(call):
            return self._room_refused(call, event, state)
        if not self.talks(call) or action not in {"bridge", "dial"}:
            return super().refused(call, event)
        reason = event.text("reason")
        if action == "dial" and state.consultation is Consultation.RINGING:
            return self._talk_on(state, reason=reason)._replace(fault=True)
        if action == "bridge" and state.consultation is Consultation.TALKING:
            return self._talk_on(state, self._let_go(call, state), reason=reason)
        if action == "bridge" and state.consultation is Consultation.JOINED and self.agents_leg(call):
            return self._go_back(call, state)
        return self.part(call) if action == "bridge" else super().refused(call, event)

    def _room_refused(self, call: Call, event: Event, state: TalkState) -> Move:
        """Without a conference, two are bridged again; if one of three could not join, that one is hung up on."""
        if event.text("action") == "conference_create" and state.consultation is Consultation.TOGETHER:
            return self._go_back(call, replace(state, room=0))
        outside = (command("hangup", event.text("of_leg")),) if state.room and event.text("of_leg") else ()
        return Wait(outside, state, talking=True, reason=event.text("reason"))

    def is_choice(self, where: str) -> bool:
        """True: an agent who parks a caller chooses to."""
        return where == PARK or super().is_choice(where)

    @property
    def keeps_caller(self) -> bool:
        """Whether the caller's leg outlives the conversation; otherwise Telnyx ends it with that."""
        return bool(self.park or self.consult)

    def part(self, call: Call) -> Move:
        """The move once the caller is alone."""
        raise NotImplementedError

    def bridged_with(self, call: Call, other: str) -> Command:
        """The command that connects the caller with another leg."""
        raise NotImplementedError

    def music(self, call: Call, voice_defaults: VoiceDefaults) -> tuple[Command, ...]:
        """The music for the caller meanwhile."""
        raise NotImplementedError

    def everybody(self, call: Call) -> tuple[Command, ...]:
        """The commands that end every other leg of the conversation."""
        return tuple(command("hangup", leg.control_id) for leg in call.far_legs.values() if leg.status != ENDED)

    def out_of_room(self, call: Call) -> tuple[Command, ...]:
        """The command that takes the caller out of the conference of three, if there was one."""
        state = self._state(call)
        leave = command("conference_leave", call.control_id, conference=_room(call, state))
        return (leave,) if state.room else ()

    def _do(self, call: Call, does: DuringKey, state: TalkState, voice_defaults: VoiceDefaults) -> Move:
        if does.park:
            others = (*self.out_of_room(call), *self.everybody(call))
            return self.take(PARK, commands=others, variables={WAITING_SINCE: ""})
        if does.announce and state.room:
            return Wait(state=state, talking=True, reason="nothing is announced in a conference of three")
        return self._ask(call, state) if does.consult else super()._do(call, does, state, voice_defaults)

    def _ask(self, call: Call, state: TalkState) -> Move:
        """Ring the third person; the same key again cancels."""
        if state.consultation is Consultation.RINGING:
            return self._talk_on(state, self._let_go(call, state), reason="consult: left off")
        if self.consult is None or state.supervised or state.room or state.consultation is Consultation.JOINED:
            return Wait(state=state, talking=True, reason="nobody can be consulted now")
        number = state.consulted + 1
        dial = self._ring(call, self.consult, f"{CONSULT}{number}", park_after_unbridge="self")
        rung = replace(state, consulted=number, consultation=Consultation.RINGING)
        return Wait((dial,), rung, talking=True, reason=CONSULT)

    def _of_consulted(self, call: Call, event: Event, state: TalkState, voice_defaults: VoiceDefaults) -> Move | None:
        """The third person answers, talks with the agent and then with the caller, and may hang up at any time."""
        leg, phase = event.text("call_control_id"), state.consultation
        current = event.client_state.role == f"{CONSULT}{state.consulted}" and self.talks(call)
        if event.type == "call.hangup":
            return self._gone(call, event, state) if current else None
        if event.type == "call.answered" and current and phase is Consultation.RINGING:
            return self._ask_them(call, leg, state, voice_defaults)
        if event.type in {"call.initiated", "call.answered"} and not (current and phase):
            return Wait((command("hangup", leg),), state, talking=self.talks(call))
        if current and phase is Consultation.JOINED and event.type == "call.dtmf.received":
            return super().follow(call, event, voice_defaults)
        return None

    def _ask_them(self, call: Call, leg: str, state: TalkState, voice_defaults: VoiceDefaults) -> Move:
        agent = self.agents_leg(call)
        if not agent:
            return Wait((command("hangup", leg),), state, talking=True)
        bridge = command("bridge", agent, call_control_id=leg, park_after_unbridge="self")
        asking = replace(state, consultation=Consultation.TALKING)
        return Wait(
            (bridge, *self.music(call, voice_defaults)), asking, talking=True, reason="consult: the caller waits"
        )

    def _of_agent(self, call: Call, event: Event, state: TalkState) -> Move | None:
        """The agent's key connects the two others or goes back; an agent who hangs up has handed the call over."""
        if event.type == "call.hangup":
            return self._join(call, state)
        if event.type != "call.dtmf.received" or self.consult is None:
            return None
        keys = {self.consult.join: self._join, self.consult.back: self._go_back}
        if self.consult.three_way:
            keys[self.consult.three_way] = self._three_way
        does = keys.get(event.text("digit"))
        return does(call, state) if does else None

    def _of_agent_together(self, call: Call, event: Event, state: TalkState) -> Move | None:
        """The agent leaves the two others, by key or by hanging up, or removes the third person."""
        joined, back = (replace(state, consultation=each) for each in (Consultation.JOINED, Consultation.BACK))
        if event.type == "call.hangup":
            return Wait(state=joined, talking=True, reason="consult: joined")
        if event.type != "call.dtmf.received" or self.consult is None:
            return None
        if event.text("digit") == self.consult.join:
            return Wait((command("hangup", self.agents_leg(call)),), joined, talking=True, reason="consult: joined")
        if event.text("digit") == self.consult.back:
            return Wait(self._let_go(call, state), back, talking=True, reason="consult: back")
        return None

    def _three_way(self, call: Call, state: TalkState) -> Move:
        """Put all three into a conference: first the caller, who is parked."""
        other, agent = self._consulted(call, state), self.agents_leg(call)
        if other is None or not agent:
            return self._go_back(call, state)
        together = replace(state, consultation=Consultation.TOGETHER, room=state.consulted)
        room = _room(call, together)
        commands = (
            _silence(call),
            command("conference_create", call.control_id, name=room, start_conference_on_create=True),
            *(command("conference_join", leg, conference=room) for leg in (agent, other.control_id)),
        )
        return Wait(commands, together, talking=True, reason="consult: three-way")

    def _join(self, call: Call, state: TalkState) -> Move:
        """Connect the caller with the third person, and end the agent's call."""
        other = self._consulted(call, state)
        if other is None:
            return self._go_back(call, state)
        agent = self.agents_leg(call)
        commands = (
            _silence(call),
            self.bridged_with(call, other.control_id),
            *((command("hangup", agent),) if agent else ()),
        )
        return Wait(commands, replace(state, consultation=Consultation.JOINED), talking=True, reason="consult: joined")

    def _go_back(self, call: Call, state: TalkState) -> Move:
        """Connect the caller with the agent again."""
        agent = self.agents_leg(call)
        if not agent:
            return self.part(call)
        commands = (_silence(call), self.bridged_with(call, agent), *self._let_go(call, state))
        return Wait(commands, replace(state, consultation=Consultation.BACK), talking=True, reason="consult: back")

    def _gone(self, call: Call, event: Event, state: TalkState) -> Move | None:
        """The third person has hung up, or was not reached."""
        match state.consultation:
            case Consultation.RINGING:
                return self._talk_on(state, reason=f"consult: {event.text('hangup_cause')}")
            case Consultation.TALKING:
                return self._go_back(call, state)
            case Consultation.TOGETHER:
                return Wait(state=replace(state, consultation=Consultation.BACK), talking=True, reason="consult: back")
            case Consultation.JOINED:
                returns = self.agents_leg(call) and not state.room
                return self._go_back(call, state) if returns else self.ended(call, event)
        return None

    def ended(self, call: Call, event: Event) -> Move | None:
        """The move after the other side of the conversation has hung up."""
        raise NotImplementedError

    def _talk_on(self, state: TalkState, commands: tuple[Command, ...] = (), *, reason: str) -> Wait:
        return Wait(commands, replace(state, consultation=Consultation.NONE), talking=True, reason=reason)

    def _consulted(self, call: Call, state: TalkState) -> CalleeLeg | None:
        role = f"{CONSULT}{state.consulted}"
        return next((leg for leg in call.far_legs.values() if leg.role == role and leg.status != ENDED), None)

    def _let_go(self, call: Call, state: TalkState) -> tuple[Command, ...]:
        other = self._consulted(call, state)
        return (command("hangup", other.control_id),) if other else ()


def _is_agents(call: Call, event: Event) -> bool:
    leg = call.far_legs.get(event.call_leg_id)
    return event.about_callee and leg is not None and leg.connected and not leg.role


def _room(call: Call, state: TalkState) -> str:
    """The conference's name, unique for this call and consultation."""
    return f"three-way-{safe_id(call.leg_id)}-{state.room}"


def _silence(call: Call) -> Command:
    return command("playback_stop", call.control_id, stop="all")
