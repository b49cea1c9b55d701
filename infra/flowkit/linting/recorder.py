"""What the recorder of a call does at each step, over every path through the flows of a folder."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from dialtone.flows.steps.answered_by import AnsweredBy
from dialtone.flows.steps.collect import Collect
from dialtone.flows.steps.other_flow import ComeBack, GoTo
from dialtone.flows.steps.record import Record
from dialtone.flows.steps.recording import RecordingSwitch
from dialtone.flows.steps.transfer import Transfer
from infra.flowkit.linting.ways import NEXT, Ways

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dialtone.flows.flow import Flow
    from dialtone.flows.steps.step import Step

OFF, ON, PAUSED = "off", "on", "paused"


class Place(NamedTuple):
    """A step of a flow."""

    flow: str
    step: str


@dataclass(frozen=True, slots=True)
class Recorder:
    """What a call's recorder does when a step is entered."""

    is_: str = OFF
    paused_by: Place | None = None
    heard: Place | None = None
    """The step before, where its caller could press keys while the recording ran and nothing but those led on."""


class Visit(NamedTuple):
    """Where the call came into a flow, and how its recorder was."""

    at: Place
    recorder: Recorder


@dataclass
class Paths:
    """Every path through the flows, and what the recorder does on it. A visit comes back as it was entered."""

    flows: Mapping[str, Flow]
    recorded_early: set[tuple[Place, Place]] = field(default_factory=set)
    """Steps during which digits meant for a sensitive one are recorded, each with that."""
    paused_talks: set[tuple[Place, Place]] = field(default_factory=set)
    """Transfers that are entered while the recording is paused, each with the step that paused it."""
    pausing: set[Place] = field(default_factory=set)
    """Steps that pause a running recording."""
    resumed: set[Place] = field(default_factory=set)
    """Those of them after which some path resumes or stops it."""
    _ways: dict[str, Ways] = field(default_factory=dict)
    _seen: set[tuple[Visit, Place, Recorder]] = field(default_factory=set)
    _left: list[tuple[Visit, Place, Recorder]] = field(default_factory=list)
    _ends: dict[Visit, set[Recorder]] = field(default_factory=dict)
    _waiting: dict[Visit, list[tuple[Visit, Place]]] = field(default_factory=dict)

    @classmethod
    def through(cls, flows: Sequence[Flow]) -> Paths:
        """Go every path from the beginning of each flow: a call may begin with any."""
        paths = cls({flow.name: flow for flow in flows})
        for flow in flows:
            at_once = flow.record is not None and flow.record.consent is None
            begins = Recorder(ON if at_once else OFF)
            paths._go(Visit(Place(flow.name, flow.start), begins), Place(flow.name, flow.start), begins)
        while paths._left:
            paths._step(*paths._left.pop())
        return paths

    def _go(self, visit: Visit, to: Place, recorder: Recorder) -> None:
        if to.step not in self.flows[to.flow].steps:
            self._end(visit, recorder)
        elif (entered := (visit, to, recorder)) not in self._seen:
            self._seen.add(entered)
            self._left.append(entered)

    def _end(self, visit: Visit, recorder: Recorder) -> None:
        if recorder not in self._ends.setdefault(visit, set()):
            self._ends[visit].add(recorder)
            for back, to in self._waiting.get(visit, ()):
                self._go(back, to, recorder)

    def _step(self, visit: Visit, at: Place, recorder: Recorder) -> None:
        step = self.flows[at.flow].steps[at.step]
        self._note(step, at, recorder)
        if isinstance(step, ComeBack):
            self._end(visit, recorder)
        elif isinstance(step, GoTo) and step.go.flow:
            self._visit(visit, at, step, recorder)
        else:
            for where, target in self._onward(at):
                for after in _after(step, at, where, recorder, waits=not self._of(at.flow).instant(at.step)):
                    self._go(visit, Place(at.flow, target), after)

    def _onward(self, at: Place) -> Iterator[tuple[str, str]]:
        return ((way.where, way.target) for way in self._of(at.flow).from_step(at.step))

    def _visit(self, visit: Visit, at: Place, step: GoTo, recorder: Recorder) -> None:
        other = self.flows.get(step.go.flow)
        if other is None:
            return
        recording = recorder.is_ != OFF
        first = Place(other.name, step.go.step or other.visited_start(recording=recording))
        if other.record and not other.record.consent and not step.go.step and not recording:
            recorder = replace(recorder, is_=ON)
        inner, back = Visit(first, recorder), (visit, Place(at.flow, step.next))
        self._waiting.setdefault(inner, []).append(back)
        self._go(inner, first, recorder)
        for ended in tuple(self._ends.get(inner, ())):
            self._go(*back, ended)

    def _note(self, step: Step, at: Place, recorder: Recorder) -> None:
        if isinstance(step, Collect) and step.sensitive and recorder.heard:
            self.recorded_early.add((recorder.heard, at))
        if isinstance(step, Transfer) and recorder.paused_by:
            self.paused_talks.add((at, recorder.paused_by))
        if isinstance(step, RecordingSwitch):
            if step.recording == "pause" and recorder.is_ == ON:
                self.pausing.add(at)
            if step.recording in {"resume", "stop"} and recorder.paused_by:
                self.resumed.add(recorder.paused_by)

    def _of(self, flow: str) -> Ways:
        if flow not in self._ways:
            self._ways[flow] = Ways(self.flows[flow])
        return self._ways[flow]


def _after(step: Step, at: Place, where: str, recorder: Recorder, *, waits: bool) -> Iterator[Recorder]:
    """How the recorder may be once a step is left that way."""
    heard = recorder.heard
    if isinstance(step, (Transfer, Record)) or where.startswith("keys."):
        heard = None
    elif waits and not isinstance(step, AnsweredBy):
        heard = at if recorder.is_ == ON and not (isinstance(step, Collect) and step.sensitive) else None
    unchanged = replace(recorder, heard=heard)
    if not isinstance(step, RecordingSwitch) or where != NEXT:
        yield unchanged
        return
    if step.consent and step.consent.how == "ask" and not step.consent.declined:
        yield unchanged
    match step.recording:
        case "start":
            yield Recorder(ON, heard=heard)
        case "stop":
            yield Recorder(OFF, heard=heard)
        case "pause":
            yield Recorder(PAUSED, recorder.paused_by or at, heard) if recorder.is_ == ON else unchanged
        case "resume":
            yield Recorder(ON, heard=heard) if recorder.is_ == PAUSED else unchanged
