"""A flow that has been read, with the flows that a call can get into from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dialtone.flow.flow import STEP_OF_FLOW, version_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.caller_chosen import Sources
    from dialtone.flow.flow import Flow
    from dialtone.flow.steps.step import Step


@dataclass(frozen=True, slots=True)
class LoadedFlow:
    """The flow that leads a call. Its steps are found by the names that a call keeps: `ask`, `other-flow/ask`."""

    main: Flow
    others: Mapping[str, Flow] = field(default_factory=dict)
    """The flows that a call can get into from it, by name."""
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The files that all of these were read from, by name: what has to be stored for the calls that begin with it."""
    takes_sensitive_digits: bool = field(init=False, repr=False)
    """Whether a call can come to a step that asks for sensitive digits."""
    audio_addresses: frozenset[str] = field(init=False, repr=False)
    """The web addresses of the audio that it plays."""

    def __post_init__(self) -> None:
        """Look at every step once, not with every event."""
        self._tell_sources()
        steps = [step for flow in (self.main, *self.others.values()) for step in flow.steps.values()]
        pieces = (piece for step in steps for _, prompt in step.prompts() for piece in prompt.pieces())
        object.__setattr__(self, "takes_sensitive_digits", any(map(is_sensitive, steps)))
        object.__setattr__(self, "audio_addresses", frozenset(piece.audio for piece in pieces if piece.audio))

    def _tell_sources(self) -> None:
        """Let steps that ring what variables hold know which of these callers choose, in whichever flow."""
        flows = {flow.name: flow for flow in (self.main, *self.others.values())}
        steps = [step for flow in flows.values() for step in flow.steps.values()]
        if not any(step.rings_variables for step in steps):
            return
        from dialtone.flow.caller_chosen import Sources  # noqa: PLC0415 -- only flows that ring variables need it

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
        """The flow's version, and that of all that it leads to."""
        if not self.others:
            return self.main.version
        return version_of((self.main.version, *(self.others[name].version for name in sorted(self.others))))

    def flow_of(self, call: Call) -> Flow:
        """The flow whose step the call is in."""
        flow, between, _ = call.step.rpartition(STEP_OF_FLOW)
        return self.named(flow) if between else self.main

    def step_of(self, call: Call) -> Step | None:
        """The step that the call is in."""
        return self._step(call.step)

    def _step(self, name: str) -> Step | None:
        flow, between, local = name.rpartition(STEP_OF_FLOW)
        return (self.named(flow) if between else self.main).steps.get(local)

    def named(self, flow: str) -> Flow:
        """One of its flows by name."""
        return self.others.get(flow, self.main)

    def step_name(self, flow: Flow, step: str) -> str:
        """The name under which a call keeps a step of one of its flows."""
        return f"{flow.name}{STEP_OF_FLOW}{step}" if step and flow is not self.main else step

    def keeps_digits(self, call: Call, event: Event) -> bool:
        """Whether the digits that an event brings may be stored.

        Where a card number can be asked for, callers key it in before that, and after. Single key presses are stored
        nowhere then, and of gathered digits only an answer to the question that they were gathered for.
        """
        if not self.takes_sensitive_digits:
            return True
        step = self.step_of(call)
        asked = event.type in {"call.gather.ended", "call.ai_gather.ended"} and event.client_state.turn == call.turn
        return asked and step is not None and step.answered_by_digits(call, event.text("digits"))

    def keeps_words(self, call: Call, event: Event) -> bool:
        """Whether what was said may be stored: not while digits are asked for that are kept nowhere.

        People read a card's number out while they key it in.
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
    """Whether a step asks for digits that must be recorded nowhere."""
    return getattr(step, "sensitive", False)
