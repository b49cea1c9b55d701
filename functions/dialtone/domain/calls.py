"""A call: the state of one leg, and how events change it. Pure: no clock, no I/O."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from dialtone.domain.after_hangup import goes_on
from dialtone.domain.call_status import ENDED, later_status
from dialtone.domain.call_variables import ANSWERED_BY, GREETING, MACHINE, Scope, persistent_variables
from dialtone.domain.callee_legs import CalleeLeg, with_callee_event
from dialtone.domain.caller_trust import trust_of
from dialtone.domain.commands import Command, command
from dialtone.domain.numbers import called_number, caller_number, is_withheld
from dialtone.domain.outcomes import outcome_of
from dialtone.domain.recordings import EXPECTED, Consent, Recording, Report
from dialtone.domain.sms import later
from dialtone.domain.started_by_api import StartedByApi
from dialtone.domain.stored_records import EMPTY, restored
from dialtone.domain.unconfirmed_commands import Unconfirmed
from dialtone.domain.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.events import Event

MAX_RECENT = 8
"""Events between two reports of the same thing: those are seconds apart. Few, to keep a call's state small."""

NOT_COMPARED: Mapping[str, Any] = {"reported": (), "recent": (), "unconfirmed": None, "watch": None, "due_at": 0}
"""What of a call remembers its events and commands, and does not say how it stands."""


class Position(NamedTuple):
    """A call's position in its flow, with its variables and callee legs."""

    step: str = ""
    turn: int = 0
    waiting: Mapping[str, int] = EMPTY
    variables: Mapping[str, str] = EMPTY
    far_legs: Mapping[str, CalleeLeg] = EMPTY
    back: tuple[str, ...] = ()
    scopes: tuple[Scope, ...] = ()

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Position:
        """What was stored, in this or another version of the program."""
        return restored(cls, stored, far_legs=CalleeLeg.all_from_json, back=tuple, scopes=Scope.all_from_json)


class Call(NamedTuple):
    """The state of one leg."""

    session_id: str
    leg_id: str
    control_id: str = ""
    connection_id: str = ""
    direction: str = ""
    calling_party_type: str = ""
    """`pstn` or `sip`, if an event reports it."""
    from_number: str = ""
    to_number: str = ""
    trust: Mapping[str, str] = EMPTY
    """What the network reported of an incoming caller besides the number, by Telnyx's names."""
    status: str = ""
    flow: str = ""
    flow_version: str = ""
    published: int = 0
    """The published version of the flows that took the call; 0 for the flows deployed with the code."""
    retention_days: int = 0
    """How long its recordings are kept, as its flow says; 0 for as long as the bucket keeps any."""
    step: str = ""
    turn: int = 0
    """The step sequence number: how many steps the call has entered. An event with a lower one is late."""
    waiting: Mapping[str, int] = EMPTY
    """The step's state as it is stored; `flow/step_state.py` says what it holds."""
    variables: Mapping[str, str] = EMPTY
    far_legs: Mapping[str, CalleeLeg] = EMPTY
    """The legs dialled in this step, by id. They are known from their events, since a dial's answer names only the
    first."""
    back: tuple[str, ...] = ()
    """In a flow called from another: the steps to return to, the innermost last."""
    scopes: tuple[Scope, ...] = ()
    """The variables of the flows to return to, if they called another with inputs, the innermost last."""
    ending: str = ""
    """The flow's progress when the call ended."""
    failed_turn: int = 0
    """The step sequence number at which a failing step without an error path of its own led to the last resort."""
    limit_turn: int = 0
    """The step sequence number at which the flow reached its limit."""
    after_hangup: str = ""
    """The state of the steps after the hang-up (`after_hangup.py`); '' if there are none."""
    after_turn: int = 0
    """The last step sequence number before these steps."""
    unnoted: Mapping[str, str] | None = None
    """Once the call has ended: its variables without those that its last step sets at the end. An event from before the
    hang-up that arrives after it may still lead to another step, which sets others."""
    heard_at: str = ""
    """The time of the latest sentence that live transcription reported; '' if there is none."""
    entered_at: str = ""
    """The time of the event that led to the step; with `left`, it serves a hang-up that arrives late."""
    left: Position | None = None
    """The position before the last move."""
    recorder: str = ""
    """`on` or `paused` while a recording runs, else ''."""
    recordings: tuple[Recording, ...] = ()
    """Recordings that were asked for and have not arrived, including those with an error. Those that have arrived are
    in the ledger only, to keep a call's state small."""
    recordings_asked: int = 0
    reported: tuple[Report, ...] = ()
    """The last recordings that arrived: Telnyx may report one twice, under two event ids."""
    consent: Consent | None = None
    """The consent to being recorded: evidence for every recording made after it."""
    texts: Mapping[str, str] = EMPTY
    """The texts that the call sent, Telnyx's id → status: `queued`, `sent`, `delivered`, …"""
    outside: StartedByApi | None = None
    """What the control API started and has not ended."""
    errors: int = 0
    initiated_at: str = ""
    answered_at: str = ""
    bridged_at: str = ""
    ended_at: str = ""
    hangup_cause: str = ""
    hangup_source: str = ""
    recent: tuple[str, ...] = ()
    """Fingerprints (`Event.says`) of the last events that changed something or sent commands: a repeated one does
    nothing."""
    unconfirmed: Unconfirmed | None = None
    """The latest decision's commands, if any may be unconfirmed; None before the first."""
    watch: Watch | None = None
    """The wait for the next event; None before the flow begins and after the call has ended."""
    due_at: int = 0
    """When a sweep next checks whether the call still goes on, in unix seconds; 0 for never. Only the table sets it."""
    campaign: str = ""
    """For a call that a campaign dialled: which dial of it (`campaigns/dial_id.py`)."""
    cost: int = 0
    """For such a call: the cost that Telnyx last reported, in millionths of the account's currency."""
    version: int = 0
    """How often the call was written; 0 for a call that is not in the table."""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Call:
        """What was stored, in this or another version of the program."""
        return restored(
            cls,
            stored,
            far_legs=CalleeLeg.all_from_json,
            back=tuple,
            scopes=Scope.all_from_json,
            recent=tuple,
            left=Position.from_json,
            recordings=lambda each: tuple(map(Recording.from_json, each)),
            reported=lambda each: tuple(restored(Report, report) for report in each),
            consent=partial(restored, Consent),
            unconfirmed=Unconfirmed.from_json,
            watch=partial(restored, Watch),
            outside=StartedByApi.from_json,
        )

    def __eq__(self, other: object) -> bool:
        """Whether it stands as the other does, whatever is remembered of the events and commands of either."""
        return isinstance(other, Call) and tuple(self._replace(**NOT_COMPARED)) == tuple(other._replace(**NOT_COMPARED))

    def __ne__(self, other: object) -> bool:
        """The opposite: a tuple's own would compare all."""
        return not self == other

    def __hash__(self) -> int:
        """Raises TypeError, as its mappings do."""
        return hash(tuple(self))

    @property
    def person(self) -> str:
        """The number of the person that the flow talks with, the caller or the person called; '' if it is withheld.

        We know that a call is incoming before we answer it; the first event of a call that we dial may be late.
        """
        number = self.from_number if self.direction == "incoming" else self.to_number
        return "" if is_withheld(number) else number

    @property
    def outcome(self) -> str:
        """The outcome that the flow set, else what the hang-up cause and the progress in the flow show."""
        return outcome_of(self)

    @property
    def expected_recordings(self) -> list[Recording]:
        """The recordings that were asked for and have neither arrived nor failed."""
        return [each for each in self.recordings if each.status == EXPECTED]

    @property
    def awaits_prompts(self) -> bool:
        """Whether its step waits for the ends of prompts."""
        return bool(self.waiting.get("prompts")) and not self.waiting.get("heard")

    @property
    def goes_on(self) -> bool:
        """Whether the call has ended and its flow still has steps to take."""
        return goes_on(self.after_hangup)

    def with_recent(self, says: str) -> Call:
        """The call, having noted what an event reported."""
        return self._replace(recent=(*self.recent, says)[-MAX_RECENT:])

    def progress_to(self, status: str) -> Call:
        """The call in that status, unless it is further already: events overtake one another."""
        return self._replace(status=later_status(self.status, status))

    @property
    def position(self) -> Position:
        """Where the call is now."""
        return Position(self.step, self.turn, self.waiting, self.variables, self.far_legs, self.back, self.scopes)

    def moved_from(self, position: Position, event: Event) -> Call:
        """The call, with the position that it had before the event moved it."""
        if self.status == ENDED:
            return self._replace(entered_at="", variables=persistent_variables(self.variables))
        if self.turn == position.turn:
            return self
        left = position._replace(variables=persistent_variables(position.variables))
        return self._replace(entered_at=event.occurred_at, left=left)

    def hung_up(self, event: Event) -> Call:
        """The call as it ended. A move caused by something that occurred after the hang-up is undone."""
        ended = self._replace(
            status=ENDED,
            ended_at=event.occurred_at,
            hangup_cause=event.text("hangup_cause"),
            hangup_source=event.text("hangup_source"),
            entered_at="",
            left=None,
        )
        left = self.left
        if left is None or self.entered_at <= event.occurred_at:
            return ended._replace(variables=persistent_variables(ended.variables))
        return ended._replace(
            step=left.step,
            turn=left.turn,
            waiting=left.waiting,
            variables=persistent_variables(left.variables),
            far_legs=left.far_legs,
            back=left.back,
            scopes=left.scopes,
            limit_turn=self.limit_turn if self.limit_turn < left.turn else 0,
            failed_turn=self.failed_turn if self.failed_turn <= left.turn else 0,
        )

    def end_reported(self, event: Event) -> Call:
        """The call as its own late hang-up reports it, after it was closed without knowing how it ended."""
        return self._replace(
            ended_at=event.occurred_at,
            hangup_cause=event.text("hangup_cause"),
            hangup_source=event.text("hangup_source"),
        )

    def with_end_variables(self, variables: Mapping[str, str]) -> Call:
        """The call with the variables that its last step sets at its end."""
        return self._replace(variables={**self.variables, **variables}, unnoted=self.variables)

    def without_end_variables(self) -> Call:
        """The call without them, for an event that occurred before the end and was reported after it."""
        return self if self.unnoted is None else self._replace(variables=self.unnoted)

    def with_callee_update(self, event: Event) -> Call:
        """The call after an event of a leg that it dialled in this step or the one before it."""
        if not event.client_state.dialled or not event.call_leg_id:
            return self
        if event.client_state.turn == self.turn:
            return self._replace(far_legs=with_callee_event(self.far_legs, event))
        if self.left and self.left.turn == event.client_state.turn:
            return self._replace(left=self.left._replace(far_legs=with_callee_event(self.left.far_legs, event)))
        return self

    def hangup_callees(self) -> tuple[Command, ...]:
        """The commands that end the callee legs that are not connected with the caller."""
        return tuple(command("hangup", leg.control_id) for leg in self.far_legs.values() if leg.unconnected)

    def hangup_unbridged(self) -> tuple[Command, ...]:
        """The commands that end, with the call, the legs that Telnyx would leave: a bridge may not have been obeyed.

        If others have joined the conversation, two of them may be bridged with each other.
        """
        joined = any(leg.role for leg in self.far_legs.values())
        return tuple(
            command("hangup", leg.control_id)
            for leg in self.far_legs.values()
            if leg.status != ENDED and (joined or not leg.bridged)
        )

    def with_event_details(self, event: Event) -> Call:
        """The call with details that were unknown until this event, since any event may be the first to arrive."""
        called = self.to_number or called_number(event.text("to"))
        rings_us = event.type == "call.initiated" and event.text("direction") == "incoming"
        return self._replace(
            trust=trust_of(event.payload) if rings_us else self.trust,
            campaign=self.campaign or event.client_state.campaign,
            control_id=self.control_id or event.text("call_control_id"),
            connection_id=self.connection_id or event.text("connection_id"),
            calling_party_type=self.calling_party_type or event.text("calling_party_type"),
            from_number=self.from_number or caller_number(event.text("from"), called),
            to_number=called,
            # Until the flow's first command, every event carries the call's inputs; so does its answer.
            variables={**event.client_state.given, **self.variables},
        )

    def with_text(self, message_id: str, status: str) -> Call:
        """The call with the reported status of one of its texts."""
        return self._replace(texts={**self.texts, message_id: later(self.texts.get(message_id, ""), status)})

    def remembering(self, variable: str, value: str) -> Call:
        """The call with a variable set, which stays set even if a late hang-up undoes the last move."""
        left = self.left and self.left._replace(variables={**self.left.variables, variable: value})
        unnoted = None if self.unnoted is None else {**self.unnoted, variable: value}
        return self._replace(variables={**self.variables, variable: value}, unnoted=unnoted, left=left)

    def with_greeting(self, event: Event) -> Call:
        """The call after a greeting ended: a machine's, unless detection itself reports something else.

        After a short greeting this event may be all that Telnyx reports.
        """
        greeted = self.remembering(GREETING, event.text("result") or "ended")
        return greeted if self.variables.get(ANSWERED_BY) else greeted.remembering(ANSWERED_BY, MACHINE)
