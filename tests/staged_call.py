"""A call to be staged in a test: what happens on it goes through the real parser and router."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from textwrap import dedent

from dialtone.domain.calls import Call
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import Command
from dialtone.domain.decisions import Decision
from dialtone.domain.events import Event, parse_event
from dialtone.flow.loaded_flow import LoadedFlow
from dialtone.flow.parser import read_flow
from webhook.router import route

SESSION = "f3c1d9a2-c62a-11f0-9b51-02420a1f0b69"
LEG = "f3c1cf7a-c62a-11f0-8f0d-02420a1f0b69"
CONTROL = "v3:Qm0a8k1hW6rJx2Vd7uYpLs4TnEoZcB9fGiKtR3wMvAqXyHj5D1lSUg"
CALLEE_LEG = "1d02a5f8-c62e-11f0-ae15-02420a1f1c70"
CALLEE_CONTROL = "v3:8sYwXb1kQe5TzRmC0uJ4nHvLd7GpA2fKiO9xVtEhMaUoBqNrWcZjDg"
CALLER, CALLED = "+13125550142", "+15550100"
BEGAN = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


def moment(seconds: float) -> str:
    """So many seconds after the call began, as an event tells it."""
    return (BEGAN + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def happened(event_type: str, seconds: float = 0, mark: ClientState | None = None, /, **payload: object) -> Event:
    """An event as Telnyx would report it; for a callee's leg if its client state names a parent leg."""
    far = mark is not None and mark.parent_leg
    known = {
        "call_control_id": CALLEE_CONTROL if far else CONTROL,
        "call_leg_id": CALLEE_LEG if far else LEG,
        "call_session_id": SESSION,
        "connection_id": "2815469930127543021",
        "client_state": mark.encode() if mark else None,
        "from": CALLER,
        "to": CALLED,
    }
    reported = {
        "event_type": event_type,
        "id": f"{event_type}@{seconds}",
        "occurred_at": moment(seconds),
        "payload": known | payload,
        "record_type": "event",
    }
    return parse_event(json.dumps({"data": reported}).encode())


def loaded(flow: str) -> LoadedFlow:
    """A flow that is called `tested`, from everything below its first line."""
    return LoadedFlow(read_flow("tested.yaml", "flow: tested\n" + dedent(flow)))


def actions(decision: Decision) -> list[str]:
    """What a decision commands, by name."""
    return [command.action for command in decision.commands]


def mark_of(command: Command) -> ClientState:
    """What a command leaves with Telnyx."""
    return ClientState.decode(str(command.parameters["client_state"]))


def callee_mark_of(transfer: Command) -> ClientState:
    """What a transfer leaves with the leg that it rings."""
    return ClientState.decode(str(transfer.parameters["target_leg_client_state"]))


@dataclass
class StagedCall:
    """A call that a flow leads. It echoes the mark of the last command that left one, as Telnyx does."""

    flow: str
    direction: str = "incoming"
    call: Call = field(init=False)
    loaded: LoadedFlow = field(init=False)
    mark: ClientState = field(init=False)
    seconds: float = 0
    decisions: list[Decision] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.call, self.loaded = Call(SESSION, LEG), loaded(self.flow)
        self.mark = ClientState(flow="tested" if self.direction == "outgoing" else "")

    def tell(self, event_type: str, mark: ClientState | None = None, /, **payload: object) -> Decision:
        """A second later, this happens."""
        self.seconds += 1
        return self.take(happened(event_type, self.seconds, mark or self.mark, **payload))

    def tell_of_callee(self, event_type: str, **payload: object) -> Decision:
        """A second later, this happens to the leg that a transfer rang."""
        ringing = [command for decision in self.decisions for command in decision.commands]
        transfer = [command for command in ringing if command.action == "transfer"][-1]
        mark = ClientState.decode(str(transfer.parameters["target_leg_client_state"]))
        return self.tell(event_type, mark, **payload)

    def tell_of_dialled(self, event_type: str, who: str, role: str = "", **payload: object) -> Decision:
        """A second later, this happens on the leg `who`, which the step dialled."""
        self.seconds += 1
        mark = ClientState(self.call.turn, "tested", self.call.leg_id, dialled=True, role=role)
        known = {"call_control_id": who, "call_leg_id": f"leg of {who}"}
        return self.take(happened(event_type, self.seconds, mark, **known, **payload))

    def take(self, event: Event) -> Decision:
        """Take an event in whatever order it comes."""
        decision = route(self.call, event, self.loaded)
        self.call = decision.call
        self.decisions.append(decision)
        for command in decision.commands:
            if "client_state" in command.parameters and command.call_control_id == CONTROL:
                self.mark = mark_of(command)
        return decision

    def ring(self) -> Decision:
        """Its leg begins to ring."""
        return self.tell("call.initiated", direction=self.direction, state="parked")

    def pick_up(self) -> Decision:
        """Its leg rings and is answered."""
        self.ring()
        return self.tell("call.answered", state="answered")

    def prompt_ends(self, status: str = "completed") -> Decision:
        """A prompt was spoken."""
        return self.tell("call.speak.ended", status=status)

    def audio_ends(self, status: str = "completed") -> Decision:
        """A file was played, or not."""
        return self.tell("call.playback.ended", status=status)

    def gather_ends(self, digits: str, status: str = "valid") -> Decision:
        """Telnyx gathered digits."""
        return self.tell("call.gather.ended", digits=digits, status=status)

    def hang_up(self, cause: str = "normal_clearing", source: str = "caller") -> Decision:
        """The leg is gone."""
        return self.tell("call.hangup", hangup_cause=cause, hangup_source=source, state="hangup")

    def refuse(  # noqa: PLR0913 -- what Telnyx may say of it, each with its default
        self,
        reason: str = "speak refused: 90012",
        *,
        action: str = "speak",
        call_ended: bool = False,
        code: str = "",
        status: int = 422,
        of_leg: str = "",
    ) -> Decision:
        """Telnyx refused a command of the last decision for good."""
        self.seconds += 1
        payload = {
            "call_session_id": SESSION,
            "call_leg_id": LEG,
            "call_ended": call_ended,
            **({"of_leg": of_leg} if of_leg else {}),
            "action": action,
            "code": code,
            "status": status,
            "recording_names": [],
            "recording_turns": [],
            "reason": reason,
        }
        name = f"refused@{self.seconds}"
        mark = ClientState(turn=self.call.turn)
        return self.take(Event(name, "dialtone.command.refused", moment(self.seconds), payload, mark))
