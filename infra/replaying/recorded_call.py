"""What the people on a real call did, read from its timeline: keys, hang-ups, answers, lookups. Pure."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dialtone.adapters.calls_table import TimelineEntry
from dialtone.domain.calls import Call
from dialtone.domain.commands import Command
from dialtone.domain.errors import DialtoneError
from dialtone.domain.lookups import ANSWERED
from dialtone.domain.numbers import is_withheld
from dialtone.flow.gather_timer import TIMER
from dialtone.flow.loaded_flow import LoadedFlow
from dialtone.flow.step import Step
from dialtone.flow.steps.collect import Collect
from dialtone.flow.steps.lookup import LookUp
from dialtone.flow.steps.menu import Menu
from dialtone.flow.talking_step import Talking
from infra.carrier.parties import BETWEEN_KEYS_SECONDS
from infra.flowkit.conversations.parties import how_answered

WITHHELD = "withheld"
"""The caller of a call without a number, as conversations have it."""

_NO_KEYS = frozenset({"timeout", "cancelled", "cancelled_amd", "call_hangup"})
"""How a gather ends that brought nothing which counts."""


class NotReplayable(DialtoneError):  # noqa: N818 -- reads as the sentence it is
    """The table does not hold enough of a call to play it again."""


@dataclass(slots=True)
class Turn:
    """One stay in a step, and what the caller did in it. A question asked again is another turn."""

    step: str
    number: int
    began: float
    """Seconds since the call began, as all times here."""
    ended: float = 0.0
    asked: float | None = None
    """When keys were first asked for; None in a step that does not ask."""
    answer: str = ""
    """What the caller keyed in to it."""
    answered: float = 0.0
    keys: list[tuple[float, str]] = field(default_factory=list)
    """Single keys, and when: they count where none are asked for, as at the end of a message."""
    hung_up: float | None = None
    """When the caller hung up, if it was here."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody who was rung, and what they did."""

    number: str
    answered_after: float | None
    """None for somebody who did not answer."""
    cause: str = ""
    keys: tuple[tuple[float, str], ...] = ()
    """The keys that they pressed, and when, since the answer: to take the call, and while they talked."""
    step: str = ""
    """The step that rang them."""
    hung_up_after: float | None = None
    """Since the answer; None for somebody who did not hang up first."""


@dataclass(frozen=True, slots=True)
class LookupResult:
    """What another system answered."""

    target: str
    result: str
    values: Mapping[str, str] = field(default_factory=dict)
    after_seconds: float = 0.2


@dataclass(frozen=True, slots=True)
class Dialled:
    """What is known of a call that Dialtone dialled, and of who answered it."""

    given: Mapping[str, str]
    answered_after: float
    finding: str
    """What detection found; '' if there was none."""
    greeting_seconds: float
    """Of a machine, from its answer; 0 if nothing was reported of its end."""
    beep: bool
    premium: bool

    @property
    def detection(self) -> str:
        """How it was dialled, as `answering_machine_detection` has it."""
        if not self.finding:
            return "disabled"
        return "premium" if self.premium else "greeting_end" if self.greeting_seconds else "detect"


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A call that is over."""

    session_id: str
    flow: str
    flow_version: str
    caller: str
    trust: Mapping[str, str]
    """What the network said of the caller."""
    called: str
    began: datetime
    turns: tuple[Turn, ...]
    reached: tuple[Reached, ...]
    lookups: tuple[LookupResult, ...]
    outcome: str
    left_after_bridge: float | None
    """How long after they were connected to somebody the caller hung up; None for any other call."""
    dialled: Dialled | None = None
    """None for a call that came in. Of another, the caller is the person who was rung, wherever it says so here."""

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps in which the call waited, in order; one that was entered again at once stands once."""
        steps: list[str] = []
        for turn in self.turns:
            if steps[-1:] != [turn.step]:
                steps.append(turn.step)
        return tuple(steps)


def led_leg(legs: Sequence[Call]) -> Call:
    """The leg that a flow led. Raises NotReplayable if there is none that is over."""
    call = next((each for each in legs if each.direction == "incoming"), None) or next(iter(legs), None)
    if call is None:
        raise NotReplayable("the table no longer has its legs: choose a later call")
    if not call.to_number:
        raise NotReplayable("it was erased: choose another call")
    if not call.ended_at:
        raise NotReplayable("it has not ended: try again once it has")
    if not (call.flow and call.flow_version and call.initiated_at):
        raise NotReplayable("no flow handled it: choose another call")
    if call.direction == "outgoing" and not call.answered_at:
        raise NotReplayable("Dialtone dialled it and nobody answered: choose another call")
    return call


def recorded_call(call: Call, timeline: Sequence[TimelineEntry], flow: LoadedFlow) -> RecordedCall:
    """What was done on the call that this version of a flow led. Raises NotReplayable."""
    reading = _Reading(call, flow, _starts(timeline))
    for entry in timeline:
        reading.read(entry)
    return reading.recorded()


def _starts(timeline: Sequence[TimelineEntry]) -> frozenset[str]:
    """The events that led to each turn, which are those that gave commands in it.

    Others may have occurred before, and have come when the turn had begun: the timeline is in the order of occurrence.
    """
    starts: dict[int, TimelineEntry] = {}
    for entry in timeline:
        known = starts.get(entry.turn)
        if known is None or (entry.commands and not known.commands):
            starts[entry.turn] = entry
    return frozenset(each.event_id for each in starts.values())


class _Reading:
    """A timeline being read."""

    def __init__(self, call: Call, flow: LoadedFlow, starts: Container[str]) -> None:
        self._call = call
        self._flow = flow
        self._starts = starts
        self._began = datetime.fromisoformat(call.initiated_at)
        self._turns: list[Turn] = []
        self._lookups: list[LookupResult] = []
        self._person = "callee" if call.direction == "outgoing" else "caller"
        self._detected: list[TimelineEntry] = []
        self._rung: dict[str, list[TimelineEntry]] = {}

    def read(self, entry: TimelineEntry) -> None:
        """Note what of an event matters."""
        at = self._seconds(entry.occurred_at)
        turn = self._turns[-1] if self._turns else None
        if entry.event_type == "call.recording.saved":
            pass  # names a leg, but nobody did anything
        elif entry.call_leg_id != self._call.leg_id:
            self._rung.setdefault(entry.call_leg_id, []).append(entry)
        elif entry.event_type.startswith("call.machine."):
            self._detected.append(entry)
        elif turn:
            self._act(turn, entry, at)
        if entry.event_id in self._starts and entry.turn > (turn.number if turn else 0) and entry.step:
            if turn:
                turn.ended = at
            turn = Turn(entry.step, entry.turn, at, at)
            self._turns.append(turn)
        if turn and turn.asked is None and any(asks_for_keys(each, self._call) for each in entry.commands):
            turn.asked = at

    def recorded(self) -> RecordedCall:
        """All of it. Raises NotReplayable."""
        call = self._call
        if not self._turns:
            raise NotReplayable("its timeline holds no step: it is kept for 90 days only; choose a later call")
        self._turns[-1].ended = self._seconds(call.ended_at)
        left = None
        if call.bridged_at and call.hangup_source == self._person:
            left = self._seconds(call.ended_at) - self._seconds(call.bridged_at)
        return RecordedCall(
            session_id=call.session_id,
            flow=call.flow,
            flow_version=call.flow_version,
            caller=WITHHELD if is_withheld(call.from_number) else call.from_number,
            trust=call.trust,
            called=call.to_number,
            began=self._began,
            turns=tuple(self._turns),
            reached=tuple(reached for each in self._rung.values() if (reached := self._reached(each))),
            lookups=tuple(self._lookups),
            outcome=call.outcome,
            left_after_bridge=left,
            dialled=self._dialled() if call.direction == "outgoing" else None,
        )

    def _dialled(self) -> Dialled:
        call, answered = self._call, self._seconds(self._call.answered_at)
        found = next((each for each in self._detected if each.event_type.endswith("detection.ended")), None)
        greeted = next((each for each in self._detected if each.event_type.endswith("greeting.ended")), None)
        return Dialled(
            given={name: call.variables[name] for name in self._flow.main.given if name in call.variables},
            answered_after=answered,
            finding=str(found.payload.get("result") or "") if found else "",
            greeting_seconds=self._seconds(greeted.occurred_at) - answered if greeted else 0.0,
            beep=bool(greeted and greeted.payload.get("result") == "beep_detected"),
            premium=any("premium" in each.event_type for each in self._detected),
        )

    def _act(self, turn: Turn, entry: TimelineEntry, at: float) -> None:
        said = entry.payload
        match entry.event_type:
            case "call.dtmf.received":
                turn.keys.append((at, str(said.get("digit") or "")))
            case "call.ai_gather.ended" if said.get("spoke"):
                pressed = self._pressed_for(turn, str(said.get("choice") or ""), str(said.get("digits") or ""))
                turn.keys += [(at + place * BETWEEN_KEYS_SECONDS, key) for place, key in enumerate(pressed)]
            case "call.gather.ended" if turn.asked is not None:
                if said.get("status") not in _NO_KEYS and said.get("digits"):
                    turn.answer, turn.answered = self._kept(str(said["digits"])), at
            case "call.hangup" if said.get("hangup_source") == self._person:
                turn.hung_up = at
            case kind if kind == ANSWERED:
                self._look_up(turn, entry, at)

    def _look_up(self, turn: Turn, entry: TimelineEntry, at: float) -> None:
        step = self._step_of(turn)
        if isinstance(step, LookUp):
            values = entry.payload.get("values")
            given = {str(name): str(value) for name, value in values.items()} if isinstance(values, dict) else {}
            result = str(entry.payload.get("result") or "failed")
            self._lookups.append(LookupResult(step.lookup, result, given, at - turn.began))

    def _pressed_for(self, turn: Turn, choice: str, digits: str) -> str:
        """The keys that lead where words led, which are not stored: the choice or the digits, or keys that are none."""
        step = self._step_of(turn)
        if isinstance(step, Collect) and not choice:
            keyed = self._kept(digits) or next(key for key in "*#" if key != step.ends_on)
            return keyed if len(keyed) >= step.digits.max else keyed + step.ends_on
        keys: Container[str] = step.keys if isinstance(step, Menu) else ()
        return choice if choice in keys else next(key for key in "9876543210#*D" if key not in keys)

    def _step_of(self, turn: Turn) -> Step | None:
        return self._step_named(turn.step)

    def _step_named(self, step: str) -> Step | None:
        flow, _, name = step.rpartition("/")
        return self._flow.named(flow).steps.get(name)

    def _kept(self, digits: str) -> str:
        if self._flow.takes_sensitive_digits and set(digits) == {"*"}:
            raise NotReplayable("its keys were not kept, since its flow asks for sensitive digits: choose another call")
        return digits

    def _reached(self, entries: Sequence[TimelineEntry]) -> Reached | None:
        by_type = {each.event_type: each for each in reversed(entries)}
        rang, answer, end = (by_type.get(f"call.{each}") for each in ("initiated", "answered", "hangup"))
        if rang is None:
            return None
        number, cause = str(rang.payload.get("to") or ""), str(end.payload.get("hangup_cause") or "") if end else ""
        if answer is None:
            return Reached(number, None, cause)
        since = self._seconds(answer.occurred_at)
        by_callee = end is not None and end.payload.get("hangup_source") == "callee"
        return Reached(
            number,
            since - self._seconds(rang.occurred_at),
            cause,
            tuple(self._pressed_by_callee(entries, since)),
            entries[0].step,
            self._seconds(end.occurred_at) - since if end and by_callee else None,
        )

    def _pressed_by_callee(self, entries: Sequence[TimelineEntry], since: float) -> Iterator[tuple[float, str]]:
        """Keys come one by one; a gather, as of a whisper, may be all that reports them, and all that is kept."""
        one_by_one = [each for each in entries if each.event_type == "call.dtmf.received"]
        step = self._step_named(entries[0].step)
        if self._flow.takes_sensitive_digits:
            if one_by_one and isinstance(step, Talking) and step.during:
                self._kept("*")
            one_by_one = []
        reported = [self._seconds(each.occurred_at) - since for each in one_by_one]
        yield from zip(reported, (str(each.payload.get("digit") or "") for each in one_by_one), strict=True)
        for each in entries:
            digits, at = str(each.payload.get("digits") or ""), self._seconds(each.occurred_at) - since
            if each.event_type == "call.gather.ended" and digits and not any(other <= at for other in reported):
                yield at, digits

    def _seconds(self, moment: str) -> float:
        return (datetime.fromisoformat(moment) - self._began).total_seconds()


def asks_for_keys(command: Command, call: Call) -> bool:
    """Whether a command listens for the caller's keys; a timer, which is a gather too, and a whisper do not."""
    gathers = command.action in {"gather", "gather_using_speak", "gather_using_audio"}
    own = gathers and command.call_control_id == call.control_id
    return own and not str(command.parameters.get("gather_id", "")).startswith(TIMER)


def did_not_answer(reached: Reached) -> str:
    """How somebody did not answer, in a conversation's word for it."""
    return how_answered(reached.cause)
