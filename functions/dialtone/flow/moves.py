"""What a step may answer: wait on, go on, visit another flow, or fail."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from dialtone.flow.step_state import NO_STATE, StepState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.campaigns.suppression import Suppression
    from dialtone.domain.commands import Command
    from dialtone.domain.delivery_targets import DeliveryTarget
    from dialtone.domain.lookups import Lookup
    from dialtone.domain.queues import Callback, QueueQuestion
    from dialtone.domain.recordings import Consent


class Wait(NamedTuple):
    """Send these commands and wait for their events."""

    commands: tuple[Command, ...] = ()
    state: StepState = NO_STATE
    """The step's state from now on."""
    lookup: Lookup | None = None
    """A question to another system, whose answer comes as an event."""
    question: QueueQuestion | None = None
    """A question about a queue, whose answer comes as an event."""
    claims: Callback | None = None
    """A place whose caller is called back: it is this call's alone, or the move does not happen."""
    talking: bool = False
    """Whether two people talk, so that nothing has to happen next, whatever is commanded."""
    reason: str = ""
    """What was done, or could not be done: it goes into the timeline and the log."""
    fault: bool = False
    """Whether something is wrong, though the step goes on."""


class Go(NamedTuple):
    """Send these commands, remember these variables, and enter another step (or this one again)."""

    to: str
    """A step's name; '' at the end of the flow: back to the flow that visits this one, else hang up."""
    commands: tuple[Command, ...] = ()
    variables: Mapping[str, str] = MappingProxyType({})
    state: StepState = NO_STATE
    """The state in which a step that enters itself again goes on: a menu counts its tries across its turns."""
    consent: Consent | None = None
    """To what is recorded from now on."""
    reviews: Mapping[int, str] = MappingProxyType({})
    """Recording's number on this leg → what the caller decided about it."""
    deliver: tuple[DeliveryTarget, ...] = ()
    """To whom the call's last recording goes, as a message."""
    edge: str = ""
    """The edge that it takes, as `Step.targets` names it: `keys.1`, `next`; '' to enter the same step again, or at the
    flow's end."""
    answers: bool = False
    """Whether the event answers the step that is entered, which need not ask: keys that came before its question."""
    result: str = ""
    """Of a step that is left without what it was for: NO_INPUT, WRONG_INPUT, NOT_REACHED. They are counted."""
    promises: Callback | None = None
    """A place that is kept for the caller from now on."""
    opts_out: Suppression | None = None
    """A number that no campaign dials from now on."""


class SubFlowCall(NamedTuple):
    """Enter another flow; at its end the call comes back, if it is to."""

    flow: str
    step: str
    """The step of it to begin with; '' for its first."""
    back: str = ""
    """The step of this flow to come back to; '' at this one's end."""
    comes_back: bool = True
    """Whether the call comes back at all; else the other flow takes this one's place."""
    given: Mapping[str, str] | None = None
    """The variables that the other flow begins with, which are then its own; None where the two share theirs."""
    into: str = ""
    gives: tuple[str, ...] = ()
    """What is taken of its variables when it comes back: each is then known as `<into>.<name>`."""


class Fail(NamedTuple):
    """It cannot be done: send these commands (to stop what was begun) and take the error path."""

    reason: str
    """What was missing or refused: it goes into the timeline and the log."""
    commands: tuple[Command, ...] = ()
    fault: bool = True
    """Whether something is wrong. That nobody answers, or a lookup finds nothing, is not."""
    result: str = ""
    """As Go's."""
    incident: str = ""
    """The incident that operators see beside the fault."""


Move = Wait | Go | SubFlowCall | Fail
