"""Lets an agent who has called in take the first caller of a queue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from dialtone.domain.call_status import ENDED
from dialtone.domain.command_effects import callee_state
from dialtone.domain.commands import Command, command
from dialtone.domain.queues import ANSWERED, Callback, QueueQuestion
from dialtone.domain.stored_records import restored
from dialtone.domain.webhook_retry_policy import CALLEE_EVENTS, retries
from dialtone.flow.gather_timer import timer
from dialtone.flow.in_call_keys import AGENT, Side, TalkState
from dialtone.flow.keys import Keys, stop_gathering
from dialtone.flow.prompts import Prompt
from dialtone.flow.step_moves import Move, Wait
from dialtone.flow.steps.queue import QUEUE_NAME
from dialtone.flow.supervised_step import Supervised

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults

LOOK_SECONDS = 5
"""How often the queue is checked: a caller who joins an empty queue waits at most that long."""

MAX_QUEUES = 10

TRIES_AT_ONCE = 3
"""After so many callers in a row who cannot be connected, the agent waits for the next check: a caller whom Telnyx
lists and does not connect must not be tried without end."""

RING_SECONDS = 30
"""How long a person is rung for a callback; the agent hears the music meanwhile."""

_NAME_SCHEMA = {"type": "string", "pattern": QUEUE_NAME}


def _listed(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    return [written] if isinstance(written, str) else written


QueueNames = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=QUEUE_NAME)], ...],
    BeforeValidator(_listed),
    WithJsonSchema(
        {
            "anyOf": [
                _NAME_SCHEMA,
                {"type": "array", "items": _NAME_SCHEMA, "minItems": 1, "maxItems": MAX_QUEUES},
            ]
        }
    ),
]


@dataclass(frozen=True)
class TakeFromState(TalkState):
    """The state of the agent's wait."""

    playing: bool = False
    calling: bool = False
    """Whether a person is being called back."""
    connected: bool = False
    refused: int = 0
    """How often Telnyx refused to connect a caller since the timer began."""


class TakeFrom(Supervised):
    """Connect the agent with the first caller of a queue. The call ends with the conversation."""

    paths: ClassVar[tuple[str, ...]] = ("empty", "keys")
    leads: ClassVar[Side] = AGENT
    _why_not_offered: ClassVar[str] = (
        "let a transfer with hold ring the agents: of a queue Telnyx does not say with whose leg the agent was "
        "connected"
    )

    take_from: QueueNames = Field(
        min_length=1,
        max_length=MAX_QUEUES,
        description="A queue, or several: the first one with a waiting caller.",
    )
    hold: Prompt | None = Field(None, description="Audio that the agent hears until a caller waits.")
    empty: str = Field("", description="The step if no caller waits; without it, the agent waits for one.")
    keys: Keys = Field(default_factory=dict, description="Key by which the agent stops waiting → the step.")

    @model_validator(mode="after")
    def _audible(self) -> Self:
        if self.hold is not None and self.hold.speaks:
            raise ValueError("hold takes audio or media; words cannot be held out without end")
        if not (self.hold or self.empty):
            raise ValueError(
                "needs hold, what the agent hears until a caller waits, or empty, the step if none does; add one"
            )
        if self.empty and (self.hold or self.keys):
            raise ValueError("empty leaves at once if no caller waits; hold and keys are for an agent who waits")
        return self

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Check whether a caller waits."""
        del voice_defaults
        return self._look(call, TakeFromState())

    def connect(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        """Take the first caller; if there is none, check again and again."""
        state = TakeFromState.of(call)
        if state.connected or event.about_callee:
            return None if state.connected else self._of_caller(call, event, state)
        match event.type:
            case "call.bridged":
                return Wait(self.abandoned(call), TakeFromState().connected_by(event))
            case "call.gather.ended" if event.text("status") not in {"call_hangup", "cancelled"}:
                return None if state.calling else self._look(call, replace(state, refused=0))
            case "call.dtmf.received" if event.text("digit") in self.keys:
                return self.take(f"keys.{event.text('digit')}", commands=self.abandoned(call))
            case _ if event.type == ANSWERED:
                return self._answered(call, event, state, voice_defaults)
        return None

    def not_connected(self, call: Call, event: Event) -> Move:
        """Another agent was faster, or the caller hung up: check for others. Music that fails does not matter."""
        state = TakeFromState.of(call)
        if event.text("action") in {"bridge", "dial"}:
            left = replace(state, calling=False, refused=state.refused + 1)
            looks = self._look(call, left) if left.refused < TRIES_AT_ONCE else Wait(state=left)
            return looks._replace(commands=(*call.hangup_callees(), *looks.commands))
        return Wait(state=state)

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether they are one of its keys."""
        del call
        return digits in self.keys

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Stop the music, which has no end, and the timer."""
        playing = TakeFromState.of(call).playing
        return (
            *((command("playback_stop", call.control_id, stop="all"),) if playing else ()),
            *stop_gathering(call),
            *call.hangup_callees(),
        )

    def repeated(self, call: Call) -> None:
        """None: a timer runs."""
        del call

    def served(self, call: Call) -> bool:
        """Whether two people talk, until one of them hangs up."""
        return TakeFromState.of(call).connected

    def goes_next(self) -> bool:
        """False: the call ends with the conversation."""
        return False

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """What the agent hears meanwhile."""
        if self.hold:
            yield "hold", self.hold
        yield from super().prompts()

    def _state(self, call: Call) -> TakeFromState:
        return TakeFromState.of(call)

    def _look(self, call: Call, state: TakeFromState) -> Wait:
        return Wait((timer(call, LOOK_SECONDS),), state, question=QueueQuestion(self.take_from))

    def _answered(self, call: Call, event: Event, state: TakeFromState, voice_defaults: VoiceDefaults) -> Move | None:
        if state.calling:
            return None
        music = self.hold.loop(call, voice_defaults) if self.hold and not state.playing else ()
        if callback := event.payload.get("callback"):
            dial = self._call_back(call, event)
            calling = TakeFromState(playing=state.playing or bool(music), calling=True)
            return Wait((*music, dial), calling, claims=restored(Callback, callback))
        if queue := event.text("queue"):
            return Wait((command("bridge", call.control_id, queue=queue),), state)
        if self.empty:
            return self.take("empty", commands=self.abandoned(call))
        return Wait(music, replace(state, playing=True)) if music else None

    def _call_back(self, call: Call, event: Event) -> Command:
        return command(
            "dial",
            to=event.text("number"),
            connection_id=call.connection_id,
            link_to=call.control_id,
            timeout_secs=RING_SECONDS,
            client_state=callee_state(call, dialled=True).encode(),
            **retries(CALLEE_EVENTS),
            **{"from": event.text("shown") or call.to_number},
        )

    def _of_caller(self, call: Call, event: Event, state: TakeFromState) -> Move | None:
        """The person called back is connected, or not reached: then somebody else is next."""
        leg = call.far_legs.get(event.call_leg_id)
        if leg is None or not state.calling:
            return None
        if event.type == "call.answered" and leg.status != ENDED:
            return Wait((command("bridge", call.control_id, call_control_id=leg.control_id),), state)
        return self._look(call, replace(state, calling=False)) if event.type == "call.hangup" else None
