"""What a call records and plays at each step, over every path through the flows of a folder."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from dialtone.flow.flow import Flow
from dialtone.flow.prompts import Prompt
from dialtone.flow.step import NEXT, Step
from dialtone.flow.steps.answered_by import AnsweredBy
from dialtone.flow.steps.collect import Collect
from dialtone.flow.steps.conference import Conference
from dialtone.flow.steps.go_and_come_back import GoTo, Return
from dialtone.flow.steps.lookup import LookUp
from dialtone.flow.steps.play import Play
from dialtone.flow.steps.queue import Queue
from dialtone.flow.steps.record import Record
from dialtone.flow.steps.recording import RecordingSwitch
from dialtone.flow.steps.take_from import TakeFrom
from dialtone.flow.steps.transfer import Transfer
from dialtone.flow.talking_step import Talking

OFF, ON, PAUSED = "off", "on", "paused"


class Place(NamedTuple):
    """A step of a flow."""

    flow: str
    step: str


@dataclass(frozen=True, slots=True)
class Entered:
    """What a call records and plays when a step is entered."""

    recorder: str = OFF
    paused_by: Place | None = None
    heard: Place | None = None
    """The step before, where its caller could press keys while the recording ran and nothing but those led on."""
    playing: bool = False
    """Whether audio plays in the background."""


class SubFlowCall(NamedTuple):
    """Where the call came into a flow, and what it recorded and played."""

    at: Place
    entered: Entered


@dataclass
class Paths:
    """Every path through the flows, and what is recorded and played on it. A visit comes back as it was entered."""

    flows: Mapping[str, Flow]
    recorded_early: set[tuple[Place, Place]] = field(default_factory=set)
    """Steps during which digits meant for a sensitive one are recorded, each with that."""
    paused_talks: set[tuple[Place, Place]] = field(default_factory=set)
    """Transfers that are entered while the recording is paused, each with the step that paused it."""
    pausing: set[Place] = field(default_factory=set)
    """Steps that pause a running recording."""
    resumed: set[Place] = field(default_factory=set)
    """Those of them after which some path resumes or stops it."""
    unsupported: set[Place] = field(default_factory=set)
    """Steps that play over other audio, which some path leads to while none plays."""
    recorders: dict[Place, set[str]] = field(default_factory=dict)
    """Whether a recording runs, or is paused, when a step is entered: everything that some path leads to."""
    _seen: set[tuple[SubFlowCall, Place, Entered]] = field(default_factory=set)
    _left: list[tuple[SubFlowCall, Place, Entered]] = field(default_factory=list)
    _ends: dict[SubFlowCall, set[Entered]] = field(default_factory=dict)
    _waiting: dict[SubFlowCall, list[tuple[SubFlowCall, Place]]] = field(default_factory=dict)

    @classmethod
    def through(cls, flows: Sequence[Flow], begun: Container[str]) -> Paths:
        """Go every path from the beginning of each flow that a call may begin with."""
        paths = cls({flow.name: flow for flow in flows})
        for flow in (flow for flow in flows if flow.name in begun):
            at_once = flow.record is not None and flow.record.consent is None
            begins = Entered(ON if at_once else OFF)
            paths._go(SubFlowCall(Place(flow.name, flow.start), begins), Place(flow.name, flow.start), begins)
        while paths._left:
            paths._step(*paths._left.pop())
        return paths

    def _go(self, visit: SubFlowCall, to: Place, entered: Entered) -> None:
        if to.step not in self.flows[to.flow].steps:
            self._end(visit, entered)
        elif (arrival := (visit, to, entered)) not in self._seen:
            self._seen.add(arrival)
            self._left.append(arrival)

    def _end(self, visit: SubFlowCall, entered: Entered) -> None:
        if entered not in self._ends.setdefault(visit, set()):
            self._ends[visit].add(entered)
            for back, to in self._waiting.get(visit, ()):
                self._go(back, to, entered)

    def _step(self, visit: SubFlowCall, at: Place, entered: Entered) -> None:
        step = self.flows[at.flow].steps[at.step]
        self._note(step, at, entered)
        if isinstance(step, Return):
            self._end(visit, entered)
        elif isinstance(step, GoTo) and step.go.flow:
            self._visit(visit, at, step, entered)
        else:
            for edge in step.edges(self.flows[at.flow].last_resort):
                for after in _after(step, at, edge.where, entered):
                    self._go(visit, Place(at.flow, edge.target), after)

    def _visit(self, visit: SubFlowCall, at: Place, step: GoTo, entered: Entered) -> None:
        other = self.flows.get(step.go.flow)
        if other is None:
            return
        recording = entered.recorder != OFF
        first = Place(other.name, step.go.step or other.visited_start(recording=recording))
        if other.record and not other.record.consent and not step.go.step and not recording:
            entered = replace(entered, recorder=ON)
        if not step.go.come_back:
            self._go(visit, first, entered)
            return
        inner, back = SubFlowCall(first, entered), (visit, Place(at.flow, step.next))
        self._waiting.setdefault(inner, []).append(back)
        self._go(inner, first, entered)
        for ended in tuple(self._ends.get(inner, ())):
            self._go(*back, ended)

    def _note(self, step: Step, at: Place, entered: Entered) -> None:
        self.recorders.setdefault(at, set()).add(entered.recorder)
        if isinstance(step, Collect) and step.sensitive and entered.heard:
            self.recorded_early.add((entered.heard, at))
        if isinstance(step, Play) and step.overlay and not entered.playing:
            self.unsupported.add(at)
        if isinstance(step, (Conference, Transfer, Queue, TakeFrom)) and entered.paused_by:
            self.paused_talks.add((at, entered.paused_by))
        if isinstance(step, RecordingSwitch):
            if step.recording == "pause" and entered.recorder == ON:
                self.pausing.add(at)
            if step.recording in {"resume", "stop"} and entered.paused_by:
                self.resumed.add(entered.paused_by)
        on_demand = {each.recording for each in step.during.values()} if isinstance(step, Talking) else set()
        if entered.paused_by and on_demand & {"resume", "stop"}:
            self.resumed.add(entered.paused_by)


def _after(step: Step, at: Place, where: str, entered: Entered) -> Iterator[Entered]:
    """What may be recorded and played once a step is left by this edge."""
    heard = entered.heard
    if isinstance(step, (Conference, Transfer, Record, Queue, TakeFrom)) or where.startswith("keys."):
        heard = None
    elif step.waits() and not isinstance(step, AnsweredBy):
        heard = at if entered.recorder == ON and not (isinstance(step, Collect) and step.sensitive) else None
    unchanged = replace(entered, heard=heard, playing=_playing(step, where, playing=entered.playing))
    if not isinstance(step, RecordingSwitch) or where != NEXT:
        yield unchanged
        if isinstance(step, Talking) and where in step.after_talk:
            yield from _switched_on_demand(step, unchanged)
        return
    if step.consent and step.consent.how == "ask" and not step.consent.declined:
        yield unchanged
    match step.recording:
        case "start":
            yield replace(unchanged, recorder=ON, paused_by=None)
        case "stop":
            yield replace(unchanged, recorder=OFF, paused_by=None)
        case "pause":
            yield replace(unchanged, recorder=PAUSED, paused_by=at) if entered.recorder == ON else unchanged
        case "resume":
            yield replace(unchanged, recorder=ON, paused_by=None) if entered.recorder == PAUSED else unchanged


def _switched_on_demand(step: Talking, entered: Entered) -> Iterator[Entered]:
    """What may be recorded once two people have talked, beside what was before: keys may have switched it."""
    does = {each.recording for each in step.during.values()}
    if "start" in does and entered.recorder == OFF:
        yield replace(entered, recorder=ON)
    if "stop" in does and entered.recorder != OFF:
        yield replace(entered, recorder=OFF, paused_by=None)


def _playing(step: Step, where: str, *, playing: bool) -> bool:
    """Whether audio still plays in the background once a step is left by this edge."""
    match step:
        case Play(background=True, overlay=False):
            return where == NEXT
        case Play(stop="current" | "all"):
            return False
        case Transfer(hold=Prompt()) | LookUp(meanwhile=Prompt()) | Queue() | Conference() | TakeFrom(hold=Prompt()):
            return False  # they stop their own audio, and with it all that is queued
        case _:
            return playing
