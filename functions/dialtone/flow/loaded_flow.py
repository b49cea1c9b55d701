"""A flow, loaded with all flows that a call can get into from it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from dialtone.flow.flow import STEP_OF_FLOW, version_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.flow import Flow
    from dialtone.flow.step import Step


class LoadedFlow:
    """The flow that controls a call. It finds steps by the names that calls store: `ask`, `other-flow/ask`."""

    def __init__(
        self,
        main: Flow,
        others: Mapping[str, Flow] = MappingProxyType({}),
        texts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Examine every step once, instead of at every event.

        `others` are the flows that a call can get into from it, by name; `texts` the files of all these flows, by name,
        which are stored for the calls that begin with this version.
        """
        known = _with_sources({flow.name: flow for flow in (main, *others.values())})
        self.main = known[main.name]
        self.others = {name: known[name] for name in others}
        self.texts = texts
        steps = [step for flow in known.values() for step in flow.steps.values()]
        pieces = (piece for step in steps for _, prompt in step.prompts() for piece in prompt.pieces())
        self.takes_sensitive_digits = any(map(is_sensitive, steps))
        """Whether a call can come to a step that asks for sensitive digits."""
        self.audio_addresses = frozenset(piece.audio for piece in pieces if piece.audio)
        """The URLs of the audio that it plays."""

    @property
    def name(self) -> str:
        """The flow's name."""
        return self.main.name

    @property
    def version(self) -> str:
        """The version of the flow and of all flows that it leads to."""
        if not self.others:
            return self.main.version
        return version_of((self.main.version, *(self.others[name].version for name in sorted(self.others))))

    def flow_of(self, call: Call) -> Flow:
        """The flow that contains the call's current step."""
        flow, between, _ = call.step.rpartition(STEP_OF_FLOW)
        return self.named(flow) if between else self.main

    def step_of(self, call: Call) -> Step | None:
        """The call's current step."""
        return self._step(call.step)

    def _step(self, name: str) -> Step | None:
        flow, between, local = name.rpartition(STEP_OF_FLOW)
        return (self.named(flow) if between else self.main).steps.get(local)

    def named(self, flow: str) -> Flow:
        """One of its flows by name."""
        return self.others.get(flow, self.main)

    def step_name(self, flow: Flow, step: str) -> str:
        """The name by which calls store a step of one of its flows."""
        return f"{flow.name}{STEP_OF_FLOW}{step}" if step and flow is not self.main else step

    def keeps_digits(self, call: Call, event: Event) -> bool:
        """Whether an event's digits may be stored.

        If the flow can ask for a card number, callers key it in too early and too late as well. Then no single key
        press is stored, and gathered digits only if they answer the question for which they were gathered.
        """
        if not self.takes_sensitive_digits:
            return True
        step = self.step_of(call)
        asked = event.type in {"call.gather.ended", "call.ai_gather.ended"} and event.client_state.turn == call.turn
        return asked and step is not None and step.answered_by_digits(call, event.text("digits"))

    def keeps_words(self, call: Call, event: Event) -> bool:
        """Whether what was said may be stored: not while a step asks for digits that must not be stored.

        People read a card's number aloud while they key it in.
        """
        steps = [call.step]
        if call.left and event.occurred_at < call.entered_at:
            steps.append(call.left.step)  # said in the step before, and reported late
        sensitive = any(is_sensitive(self._step(step)) for step in steps)
        return not (event.client_state.sensitive or sensitive)


def _with_sources(flows: dict[str, Flow]) -> dict[str, Flow]:
    """The flows. Their steps that ring numbers from variables know which variables callers choose in any of them."""
    steps = [step for flow in flows.values() for step in flow.steps.values()]
    if not any(step.rings_variables for step in steps):
        return flows
    from dialtone.flow.caller_chosen_variables import Sources  # noqa: PLC0415 -- only flows that ring variables need it

    sources = Sources.of(steps)
    steps_of = {
        name: {place: step.with_sources(sources) for place, step in flow.steps.items()} for name, flow in flows.items()
    }
    return {name: flow._replace(steps=steps_of[name]) for name, flow in flows.items()}


def local_name(step: str) -> str:
    """The name of a step in its own flow."""
    return step.rpartition(STEP_OF_FLOW)[2]


def is_sensitive(step: Step | None) -> bool:
    """Whether a step asks for digits that must not be recorded anywhere."""
    return getattr(step, "sensitive", False)
