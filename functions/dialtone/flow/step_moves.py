"""What a step may answer to an event: wait, go on, call another flow, or fail."""

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
    """The step's new state."""
    lookup: Lookup | None = None
    """A question to another system, whose answer comes as an event."""
    question: QueueQuestion | None = None
    """A question about a queue, whose answer comes as an event."""
    claims: Callback | None = None
    """A callback that must become this call's alone; if another call has claimed it, the move does not happen."""
    talking: bool = False
    """Whether two people talk, so that no event is due, whatever commands are sent."""
    reason: str = ""
    """What was done or could not be done, for the timeline and the log."""
    fault: bool = False
    """Whether something is wrong although the step goes on."""


class Go(NamedTuple):
    """Send these commands, remember these variables, and enter another step (or this one again)."""

    to: str
    """A step's name; '' for the end of the flow: return to the calling flow, or hang up."""
    commands: tuple[Command, ...] = ()
    variables: Mapping[str, str] = MappingProxyType({})
    state: StepState = NO_STATE
    """The state of a step that enters itself again: a menu counts its tries in it."""
    consent: Consent | None = None
    """The consent for recordings from now on."""
    reviews: Mapping[int, str] = MappingProxyType({})
    """Recording's number on this leg → the caller's decision about it."""
    deliver: tuple[DeliveryTarget, ...] = ()
    """The targets to which the call's last recording goes, as a message."""
    edge: str = ""
    """The edge that it takes, as `Step.targets` names it: `keys.1`, `next`; '' to enter the same step again, or at the
    flow's end."""
    answers: bool = False
    """Whether the event already answers the step being entered, which then need not ask: keys pressed before its
    question."""
    result: str = ""
    """The result of a step that did not reach its aim, to be counted: NO_INPUT, WRONG_INPUT, NOT_REACHED."""
    promises: Callback | None = None
    """A place in a queue to keep for the caller."""
    opts_out: Suppression | None = None
    """A number that campaigns must not dial any more."""


class SubFlowCall(NamedTuple):
    """Enter another flow; at its end the call may return."""

    flow: str
    step: str
    """Its step to begin with; '' for its first."""
    back: str = ""
    """The step of this flow to return to; '' for this flow's end."""
    comes_back: bool = True
    """Whether the call returns; if not, the other flow replaces this one."""
    given: Mapping[str, str] | None = None
    """The variables that the other flow begins with, and keeps to itself; None if the two flows share theirs."""
    into: str = ""
    gives: tuple[str, ...] = ()
    """The other flow's outputs: at its end each is stored as `<into>.<name>`."""


class Fail(NamedTuple):
    """It cannot be done: send these commands, which stop what was started, and take the error path."""

    reason: str
    """What was missing or refused, for the timeline and the log."""
    commands: tuple[Command, ...] = ()
    fault: bool = True
    """Whether something is wrong. It is not if nobody answers, or a lookup finds nothing."""
    result: str = ""
    """As in Go."""
    incident: str = ""
    """An incident for operators, in addition to the fault."""


Move = Wait | Go | SubFlowCall | Fail
