"""Which steps of a flow, and which of the edges between them calls have taken.

What must have been taken: every step; every edge that a caller, another person or the hour chooses (keys, `otherwise`,
`busy`, `no_answer`, …); `next` where the step ever takes it; each `on_error` that a step names, since somebody wrote it
for that step, but that of the last resort, which leads nowhere; and the flow's `last_resort` and `on_hangup` once each:
from which step makes no difference.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dialtone.domain.decisions import HANGUP_EDGE, LAST_RESORT_EDGE, START, Decision, EnteredStep
from dialtone.flow.flow import STEP_OF_FLOW, Flow


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
    """Where a call has gone, recorded as its decisions are made."""

    taken: list[CoverageItem] = field(default_factory=list)
    """Everything taken, in order: for each step entered the edge to it, where it was entered by one, and the step."""

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

    def record(self, decision: Decision) -> None:
        """Add the steps that a decision led the call to."""
        for entered in decision.entered:
            self.taken += self._edge(entered)
            self.taken.append(CoverageItem(entered.flow, entered.step))

    def _edge(self, entered: EnteredStep) -> list[CoverageItem]:
        """The edge that led to a step; of a visited flow's start it is not one that is counted."""
        if entered.edge == START and self.taken:
            return []
        if entered.edge:
            return [CoverageItem(entered.flow, entered.source, entered.edge)]
        returned = self.taken and self.taken[-1].flow != entered.flow
        return self._edge_of_return(entered.flow) if returned else []

    def _edge_of_return(self, flow: str) -> list[CoverageItem]:
        """After returning from another flow, a call continues at the calling step's `next`."""
        visiting = next((item.step for item in reversed(self.taken) if item.flow == flow and not item.where), "")
        return [CoverageItem(flow, visiting, "next")] if visiting else []


def items_of(flow: Flow) -> frozenset[CoverageItem]:
    """Everything in a flow that some call should do."""
    items = {CoverageItem(flow.name, name) for name in flow.steps}
    for edge in (edge for step in flow.steps.values() for edge in step.edges()):
        if edge.target and not (edge.is_error and edge.source == flow.last_resort):
            items.add(CoverageItem(flow.name, edge.source, edge.where))
    of_flow = ((LAST_RESORT_EDGE, flow.last_resort), (HANGUP_EDGE, flow.on_hangup))
    return frozenset(items | {CoverageItem(flow.name, "", edge) for edge, target in of_flow if target})


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
