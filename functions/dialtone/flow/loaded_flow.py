"""A flow, loaded with all flows that a call can get into from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dialtone.flow.flow import STEP_OF_FLOW, version_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.caller_chosen_variables import Sources
    from dialtone.flow.flow import Flow
    from dialtone.flow.step import Step


@dataclass(frozen=True, slots=True)
class LoadedFlow:
    """The flow that controls a call. It finds steps by the names that calls store: `ask`, `other-flow/ask`."""

    main: Flow
    others: Mapping[str, Flow] = field(default_factory=dict)
    """The flows that a call can get into from it, by name."""
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The files of all these flows, by name: they are stored for the calls that begin with this version."""
    takes_sensitive_digits: bool = field(init=False, repr=False)
    """Whether a call can come to a step that asks for sensitive digits."""
    audio_addresses: frozenset[str] = field(init=False, repr=False)
    """The URLs of the audio that it plays."""

    def __post_init__(self) -> None:
        """Examine every step once, instead of at every event."""
        self._set_sources()
        steps = [step for flow in (self.main, *self.others.values()) for step in flow.steps.values()]
        pieces = (piece for step in steps for _, prompt in step.prompts() for piece in prompt.pieces())
        object.__setattr__(self, "takes_sensitive_digits", any(map(is_sensitive, steps)))
        object.__setattr__(self, "audio_addresses", frozenset(piece.audio for piece in pieces if piece.audio))

    def _set_sources(self) -> None:
        """Tell the steps that ring numbers from variables which of these callers choose, in any of the flows."""
        flows = {flow.name: flow for flow in (self.main, *self.others.values())}
        steps = [step for flow in flows.values() for step in flow.steps.values()]
        if not any(step.rings_variables for step in steps):
            return
        from dialtone.flow.caller_chosen_variables import Sources  # noqa: PLC0415 -- only flows that ring variables need it

        sources = Sources.of(steps)
        known = {name: flow._replace(steps=_with_sources(flow.steps, sources)) for name, flow in flows.items()}
        object.__setattr__(self, "main", known[self.main.name])
        object.__setattr__(self, "others", {name: known[name] for name in self.others})

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


def _with_sources(steps: Mapping[str, Step], sources: Sources) -> dict[str, Step]:
    return {name: step.with_sources(sources) for name, step in steps.items()}


def local_name(step: str) -> str:
    """The name of a step in its own flow."""
    return step.rpartition(STEP_OF_FLOW)[2]


def is_sensitive(step: Step | None) -> bool:
    """Whether a step asks for digits that must not be recorded anywhere."""
    return getattr(step, "sensitive", False)
