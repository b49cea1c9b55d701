"""Base of the steps whose conversation a supervisor may join: to listen, to whisper to the agent, to talk with both."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol

from pydantic import Field, StrictInt, StringConstraints, model_validator

from dialtone.domain.call_status import ENDED
from dialtone.domain.command_effects import callee_state
from dialtone.domain.commands import Command, command
from dialtone.domain.webhook_retry_policy import CALLEE_EVENTS, retries
from dialtone.flow.in_call_keys import AGENT, Consultation, DuringKey, TalkState
from dialtone.flow.keys import Key
from dialtone.flow.shorthand import Shorthand
from dialtone.flow.step_moves import Fail, Go, Move, Wait
from dialtone.flow.talking_step import Talking

if TYPE_CHECKING:
    from dialtone.domain.callee_legs import CalleeLeg
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults

ONE_NUMBER = r"^(\+[1-9]\d{6,14}|sips?:[^\s,{}]+)$"
"""The number that a key rings must be in the flow, not in a variable: nobody on the line may choose it."""

SUPERVISOR = "supervisor"
"""The prefix of the role of such a leg; a number follows, since several may be rung one after another."""

Role = Literal["monitor", "whisper", "barge"]
"""Telnyx's roles: hear both, be heard by the agent only, be heard by both."""


def _own_keys() -> dict[str, Role]:
    return {"1": "monitor", "2": "whisper", "3": "barge"}


class Supervisor(Shorthand):
    """Who is fetched into a conversation. In a flow: a number or SIP address, or a mapping."""

    short_form: ClassVar[dict[str, Any]] = {"type": "string", "pattern": ONE_NUMBER}

    to: Annotated[str, StringConstraints(pattern=ONE_NUMBER)] = Field(description="A number in E.164 or a SIP address.")
    role: Role = Field(
        "monitor", description="monitor: hears both; whisper: the agent hears the supervisor, too; barge: both do."
    )
    keys: dict[Key, Role] = Field(
        default_factory=_own_keys, description="The supervisor's own key → the role from then on."
    )
    ring_seconds: StrictInt = Field(30, ge=5, le=120, description="How long the supervisor is rung.")

    @model_validator(mode="before")
    @classmethod
    def _by_number(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {"to": written} if isinstance(written, str) else written


class Rung(Protocol):
    """Somebody whom a key rings."""

    @property
    def to(self) -> str:
        """The number or SIP address."""
        ...

    @property
    def ring_seconds(self) -> int:
        """How long to ring."""
        ...


class Supervised(Talking):
    """A conversation whose agent's leg is known."""

    offers: ClassVar[tuple[str, ...]] = (SUPERVISOR,)

    supervisor: Supervisor | None = Field(
        None, description="Whom a key of `during` with `supervisor` rings, to join the conversation."
    )

    def follow(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        """Handle a supervisor's events; when the conversation ends, everybody's part in it ends."""
        if event.client_state.role.startswith(SUPERVISOR):
            return self._of_supervisor(call, event)
        return without_joined(call, super().follow(call, event, voice_defaults))

    def refused(self, call: Call, event: Event) -> Move:
        """A supervisor who cannot be rung may be rung again."""
        state = self._state(call)
        refused = super().refused(call, event)
        if isinstance(refused, Wait) and state.supervised and event.text("action") == "dial":
            return refused._replace(state=replace(state, supervised=False))
        return refused

    def shown_number(self, call: Call) -> str:
        """The number to show to people whom a key rings."""
        return call.from_number if call.direction == "outgoing" else call.to_number

    def agents_leg(self, call: Call) -> str:
        """The `call_control_id` of the agent's leg; '' if it has ended."""
        if self.leads == AGENT:
            return call.control_id
        return next((leg.control_id for leg in call.far_legs.values() if _talks(leg)), "")

    def _do(self, call: Call, does: DuringKey, state: TalkState, voice_defaults: VoiceDefaults) -> Move:
        return self._fetch(call, state) if does.supervisor else super()._do(call, does, state, voice_defaults)

    def _fetch(self, call: Call, state: TalkState) -> Move:
        """Ring the supervisor, unless one is ringing or has joined."""
        agent = self.agents_leg(call)
        busy = state.supervised or state.room or state.consultation is Consultation.RINGING
        if self.supervisor is None or busy or not agent:
            return Wait(state=state, talking=True, reason="nobody can be fetched now")
        number = state.supervisors + 1
        dial = self._ring(
            call,
            self.supervisor,
            f"{SUPERVISOR}{number}",
            supervise_call_control_id=agent,
            supervisor_role=self.supervisor.role,
        )
        return Wait((dial,), replace(state, supervisors=number, supervised=True), talking=True, reason=SUPERVISOR)

    def _ring(self, call: Call, who: Rung, role: str, **options: object) -> Command:
        return command(
            "dial",
            to=who.to,
            connection_id=call.connection_id,
            link_to=call.control_id,
            timeout_secs=who.ring_seconds,
            client_state=callee_state(call, dialled=True, role=role).encode(),
            **retries(CALLEE_EVENTS),
            **options,
            **{"from": self.shown_number(call)},
        )

    def _of_supervisor(self, call: Call, event: Event) -> Move | None:
        state = self._state(call)
        current = event.client_state.role == f"{SUPERVISOR}{state.supervisors}"
        if event.type == "call.hangup":
            return Wait(state=replace(state, supervised=False), talking=True) if current else None
        leg = event.text("call_control_id")
        if event.type in {"call.initiated", "call.answered"} and not (current and self.talks(call)):
            return Wait((command("hangup", leg),), state, talking=self.talks(call))
        role = self.supervisor and self.supervisor.keys.get(event.text("digit"))
        if event.type != "call.dtmf.received" or not role or not current:
            return None
        switch = command("switch_supervisor_role", leg, role=role)
        return Wait((switch,), state, talking=True, reason=f"{SUPERVISOR}: {role}")


def without_joined(call: Call, move: Move | None) -> Move | None:
    """The move; if it leaves the conversation, it also ends the legs that have joined."""
    if not isinstance(move, (Go, Fail)):
        return move
    joined = (command("hangup", leg.control_id) for leg in call.far_legs.values() if leg.role and leg.status != ENDED)
    return move._replace(commands=(*move.commands, *(each for each in joined if each not in move.commands)))


def _talks(leg: CalleeLeg) -> bool:
    return bool(leg.connected and not leg.role and leg.status != ENDED)
