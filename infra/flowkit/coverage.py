"""Which steps of a flow, and which of the edges between them calls have taken.

What must have been taken: every step; every edge that a caller, another person or the hour chooses (keys, `otherwise`,
`busy`, `no_answer`, …); `next` where the step ever takes it; each `on_error` that a step names, since somebody wrote it
for that step; and the flow's `last_resort` once: which step's fault leads there makes no difference to the caller.
"""

from __future__ import annotations

import types
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.flow.flow import STEP_OF_FLOW
from dialtone.flow.moves import Go

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dialtone.adapters.flow_library import StoredFlows
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.flow import Flow
    from dialtone.flow.loaded_flow import LoadedFlow
    from dialtone.flow.moves import Move
    from dialtone.flow.steps.step import Step
    from dialtone.flow.voice_settings import VoiceDefaults

LAST_RESORT, START = "last_resort", "start"


class TracedName(str):
    """A step's name that also says where in the flow it is named. Equal to the name itself in everything else."""

    __slots__ = ("step", "where")

    step: str
    """The step that names it; '' for the flow's own `start` and `last_resort`."""
    where: str
    """As `Step.targets` has it: `keys.1`, `otherwise`, `next`, …"""

    def __new__(cls, name: str, step: str, where: str) -> Self:
        """The name, standing there."""
        made = super().__new__(cls, name)
        made.step, made.where = step, where
        return made


@dataclass(frozen=True, slots=True, order=True)
class CoverageItem:
    """One thing that a call may do in a flow: come to a step (`where` is ''), or leave it by one of its edges."""

    flow: str
    step: str
    where: str = ""

    def __str__(self) -> str:
        if not self.where:
            return f"step {self.step}"
        return f"{self.step}: {self.where}" if self.step else f"the flow's {self.where}"


@dataclass(slots=True)
class CoverageRecorder:
    """Where calls have gone, noted while they go."""

    taken: list[CoverageItem] = field(default_factory=list)
    """Everything taken, in order: for each step entered the edge to it, where one is known, and the step."""
    _left_by: str = ""
    """The name by which a step was left last."""

    @property
    def steps(self) -> list[str]:
        """The steps entered, in order; one that is entered again at once stands once, one of another flow with its."""
        leads = self.taken[0].flow if self.taken else ""
        steps: list[str] = []
        for item in self.taken:
            named = item.step if item.flow == leads else f"{item.flow}{STEP_OF_FLOW}{item.step}"
            if not item.where and steps[-1:] != [named]:
                steps.append(named)
        return steps

    @property
    def step(self) -> str:
        """The step entered last."""
        return next((item.step for item in reversed(self.taken) if not item.where), "")

    def begin(self) -> None:
        """Another call: forget what was."""
        self.taken.clear()
        self._left_by = ""

    def leave(self, move: Move) -> None:
        """A step decides to go on."""
        self._left_by = move.to if isinstance(move, Go) else ""

    def enter(self, flow: Flow, step: str, named: str) -> None:
        """A call comes to a step, by the name that led it there."""
        item = _edge(named) or (_edge(self._left_by) if self._left_by == step else None)
        self.taken += [CoverageItem(flow.name, *item)] if item else self._edges_between(flow, step)
        self.taken.append(CoverageItem(flow.name, step))
        self._left_by = ""

    def _edges_between(self, flow: Flow, step: str) -> list[CoverageItem]:
        """From the step that the call was in before in this flow: back from another flow, names are plain."""
        before = next((item.step for item in reversed(self.taken) if item.flow == flow.name and not item.where), "")
        targets = flow.steps[before].targets() if before else ()
        return [CoverageItem(flow.name, before, where) for where, target in targets if target == step != before]


@dataclass(frozen=True, slots=True)
class TracedFlows(FlowLibrary):
    """A folder of flows, read once for many calls, that notes where the calls go. Calls are led as ever."""

    recorder: CoverageRecorder = field(default_factory=CoverageRecorder)
    _signposted: dict[str, LoadedFlow] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, kept: StoredFlows | None = None) -> TracedFlows:
        """Read which numbers lead where. Raises FlowInvalid."""
        plain = FlowLibrary.open(folder, kept)
        return cls(**{name: getattr(plain, name) for name in FlowLibrary.__dataclass_fields__})

    def flow(self, name: str) -> LoadedFlow | None:
        """As FlowLibrary.flow."""
        if name not in self._signposted:
            plain = FlowLibrary.flow(self, name)
            if plain is None:
                return None
            others = {other: traced(each, self.recorder) for other, each in plain.others.items()}
            self._signposted[name] = replace(plain, main=traced(plain.main, self.recorder), others=others)
        return self._signposted[name]


def traced(flow: Flow, recorder: CoverageRecorder) -> Flow:
    """The same flow, whose steps note that a call comes to them, and by which edge."""
    return replace(
        flow,
        steps={name: _noting(_with_signposts(step), flow, recorder) for name, step in flow.steps.items()},
        start=TracedName(flow.start, "", START),
        last_resort=TracedName(flow.last_resort, "", LAST_RESORT) if flow.last_resort else "",
    )


def items_of(flow: Flow) -> frozenset[CoverageItem]:
    """Everything in a flow that some call should do."""
    items = {CoverageItem(flow.name, name) for name in flow.steps}
    for edge in (edge for step in flow.steps.values() for edge in step.edges()):
        if edge.target:
            items.add(CoverageItem(flow.name, edge.source, edge.where))
    return frozenset(items | ({CoverageItem(flow.name, "", LAST_RESORT)} if flow.last_resort else set()))


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a flow calls have taken."""

    flow: str
    asked: frozenset[CoverageItem]
    taken: frozenset[CoverageItem]

    @classmethod
    def of(cls, flow: Flow, taken: Iterable[CoverageItem]) -> Coverage:
        """Of what calls have taken anywhere."""
        asked = items_of(flow)
        return cls(flow.name, asked, asked & frozenset(taken))

    @property
    def missing(self) -> list[CoverageItem]:
        """What no call has taken."""
        return sorted(self.asked - self.taken)

    @property
    def percent(self) -> float:
        """The share of what should be taken."""
        return 100 * len(self.taken) / len(self.asked)


def _edge(named: str) -> tuple[str, str] | None:
    return (named.step, named.where) if isinstance(named, TracedName) else None


def _with_signposts(step: Step) -> Step:
    for where, target in list(step.targets()):
        step = _replaced(step, where.split("."), TracedName(target, step.name, where))
    return step


def _replaced(value: Any, path: list[str], signpost: TracedName) -> Any:  # noqa: ANN401 -- a step, or anything in it
    """The same value with the signpost in the place of the name that stands at the path.

    Where a mapping may be written as one name, the mapping stands at the path, and the name in it.
    """
    if not path and isinstance(value, BaseModel):
        named = [name for name in type(value).model_fields if getattr(value, name) == signpost]
        return value.model_copy(update=dict.fromkeys(named, signpost))
    if not path:
        return signpost
    part, *rest = path
    if isinstance(value, BaseModel):
        return value.model_copy(update={part: _replaced(getattr(value, part), rest, signpost)})
    if isinstance(value, dict):
        return {**value, part: _replaced(value[part], rest, signpost)}
    return type(value)(
        _replaced(each, rest, signpost) if str(place) == part else each for place, each in enumerate(value)
    )


def _noting(step: Step, flow: Flow, recorder: CoverageRecorder) -> Step:
    """The same step, which notes that a call comes to it, and by which name the call leaves it."""
    kind = type(step)

    def enter(self: Step, call: Call, voice_defaults: VoiceDefaults) -> Move:
        recorder.enter(flow, self.name, call.step)
        move = kind.enter(self, call, voice_defaults)
        recorder.leave(move)
        return move

    def follow(self: Step, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        move = kind.follow(self, call, event, voice_defaults)
        if move is not None:
            recorder.leave(move)
        return move

    def refused(self: Step, call: Call, event: Event) -> Move:
        move = kind.refused(self, call, event)
        recorder.leave(move)
        return move

    noted = {"enter": enter, "follow": follow, "refused": refused, "__module__": __name__}
    noting = step.model_copy()
    # What it was given beside its fields (a calendar) stays: only its kind is another.
    object.__setattr__(
        noting, "__class__", types.new_class(kind.__name__, (kind,), exec_body=lambda body: body.update(noted))
    )
    return noting
