"""A call's leg, what may happen to it, and the decision that comes of it. Pure: no clock, no I/O."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from dialtone.domain.commands import Command, command
from dialtone.domain.numbers import called_number, caller_number, masked
from dialtone.domain.recording_identity import SavedFile, file_name, identify, names_in, number_named
from dialtone.domain.recordings import (
    ASKED_FOR,
    CERTAIN,
    EXPECTED,
    FAILED,
    FROM_ANSWER,
    LIKELY,
    RECORD_START,
    SAVED,
    SENSITIVE,
    UNASKED,
    UNCERTAIN,
    ArchiveJob,
    Consent,
    Pause,
    Recording,
    Report,
    Review,
    Transcription,
    download_addresses,
)
from dialtone.domain.stored import restored

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dialtone.domain.events import Event
    from dialtone.domain.lookups import Lookup

RINGING, ANSWERED, BRIDGED, ENDED = "ringing", "answered", "bridged", "ended"
_PROGRESS = {"": 0, RINGING: 1, ANSWERED: 2, BRIDGED: 3, ENDED: 4}

TURNED_AWAY = "turned-away"
"""An incident: nobody's flow is for a call, or the flow that it was for is not there."""

FLOW_ERROR = "flow-error"
"""An incident: a step could not be done, for a fault and not for what callers and colleagues do."""

LAST_RESORT = "last-resort"
"""An incident: a fault led the caller to the flow's last resort, or out of the call."""

RECORDING_ERROR, UNIDENTIFIED = "recording-error", "recording-unidentified"
"""Incidents: a recording that Telnyx could not make or keep, and one of which it is doubtful what it is of."""

DEFAULT_ENGINE = "A"
"""That Telnyx has words written down by where a command names none (its API description)."""

NO_TURN = -1
"""Of a recording that no turn asked for."""

MAX_RECENT = 8
"""Events that may come between a happening's two reports. They are some seconds apart; a call's state stays small."""

MAX_REPORTED = 16
"""Recordings of a call that are remembered once they have come; our own are known by their files' names, too."""

OUTCOME = "outcome"
"""The variable that a flow sets to say what came of the call."""

MESSAGE_ADDRESS = "message.address"
"""The variable that holds where a message can be heard while its caller reviews it. Whoever has the address can hear
it, for the ten minutes that Telnyx keeps it there: it outlives neither the review nor the call."""

ANSWERED_BY, GREETING = "answered_by", "greeting"
"""The variables that answering-machine detection fills in, whichever of its events comes first."""

MACHINE = "machine"
MACHINES = frozenset({MACHINE, "fax_detected"})
"""Findings that are no person."""

_OUTCOME_OF_CAUSE = {
    "user_busy": "busy",
    "timeout": "no-answer",
    "no_answer": "no-answer",
    "call_rejected": "rejected",
    "originator_cancel": "cancelled",
    "not_found": "unreachable",
    "time_limit": "cut-off",
}
"""Telnyx's hangup causes in an operator's words, for calls whose flow noted no outcome of its own."""

NORMAL_CLEARING = "normal_clearing"
"""The hangup cause that says only that somebody hung up: how far the flow was says what came of the call."""

COMPLETED, HUNG_UP, FLOW_FAILED, NO_FLOW = "completed", "hung-up", "failed", "no-flow"
"""How the flow stood when the call ended: at its end, or with what the step is for (a conversation, a message) begun;
in the middle; in its last resort; not there at all."""


class Script(Protocol):
    """What leads a call: a flow."""

    @property
    def name(self) -> str:
        """The flow's name."""
        ...

    @property
    def version(self) -> str:
        """The flow's version."""
        ...

    @property
    def texts(self) -> Mapping[str, str]:
        """The files of this version, by name; empty for one that needs no keeping."""
        ...

    def ring(self, call: Call, event: Event) -> Decision:
        """An incoming call rings: answer or reject it."""
        ...

    def begin(self, call: Call, event: Event) -> Decision:
        """The call was answered: enter the first step."""
        ...

    def advance(self, call: Call, event: Event) -> Decision:
        """Something happened that the step may be waiting for."""
        ...

    def refused(self, call: Call, event: Event) -> Decision:
        """Telnyx refused a command of this turn for good: take the error way."""
        ...

    def ended(self, call: Call) -> Call:
        """The call has ended where it is: note what the step says of that."""
        ...

    def keeps_digits(self, call: Call, event: Event) -> bool:
        """Whether the digits that an event brings may be kept: they are not a card number keyed too early."""
        ...

    @property
    def audio_addresses(self) -> frozenset[str]:
        """The web addresses of the audio that it plays: no secrets, as those of recordings are."""
        ...


@dataclass(frozen=True, slots=True)
class CalleeLeg:
    """A leg that the call's step dialled, as its events tell of it in whatever order they come."""

    control_id: str = ""
    status: str = ""
    connected: bool = False
    """With the caller, from our own word on."""
    cause: str = ""
    """Of its end."""

    @property
    def unconnected(self) -> bool:
        """Whether it rings or talks to us only."""
        return self.status != ENDED and not self.connected

    def told(self, event: Event) -> CalleeLeg:
        """The leg after one of its events."""
        return replace(
            self,
            control_id=self.control_id or event.text("call_control_id"),
            status=_later_status(self.status, _FAR_STATUS.get(event.type, RINGING)),
            connected=self.connected or event.type == "call.bridged",
            cause=self.cause or event.text("hangup_cause"),
        )

    @classmethod
    def all_from_json(cls, stored: Mapping[str, Mapping[str, Any]]) -> dict[str, CalleeLeg]:
        """What was stored of several, by their ids, in this or another version of the program."""
        return {leg_id: restored(cls, leg) for leg_id, leg in stored.items()}


_FAR_STATUS = {"call.answered": ANSWERED, "call.bridged": ANSWERED, "call.hangup": ENDED}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call is in its flow, and what it knows there."""

    step: str = ""
    turn: int = 0
    waiting: Mapping[str, int] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    far_legs: Mapping[str, CalleeLeg] = field(default_factory=dict)
    back: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Place:
        """What was stored, in this or another version of the program."""
        return restored(cls, stored, far_legs=CalleeLeg.all_from_json, back=tuple)


@dataclass(frozen=True, slots=True)
class Call:
    """The state of one leg."""

    session_id: str
    leg_id: str
    control_id: str = ""
    connection_id: str = ""
    direction: str = ""
    calling_party_type: str = ""
    """`pstn` or `sip`, where an event says it."""
    from_number: str = ""
    to_number: str = ""
    status: str = ""
    flow: str = ""
    flow_version: str = ""
    step: str = ""
    turn: int = 0
    """How many steps were entered; an event of an earlier turn is late."""
    waiting: Mapping[str, int] = field(default_factory=dict)
    """What the step counts while it waits: prompts to be heard out, tries used up."""
    variables: Mapping[str, str] = field(default_factory=dict)
    far_legs: Mapping[str, CalleeLeg] = field(default_factory=dict)
    """The legs that this turn dialled, by their ids: known from their events, since a dial names the first only."""
    back: tuple[str, ...] = ()
    """In a flow that is visited from another: the steps to come back to, the nearest last."""
    ending: str = ""
    """How the flow stood when the call ended."""
    failed_turn: int = 0
    """The turn in which the last resort was entered because a step failed that had no path of its own for it."""
    limit_turn: int = 0
    """The turn in which the flow's limit was reached."""
    unnoted: Mapping[str, str] | None = None
    """Once the call has ended: its variables without those that its last step notes of that. What happened before the
    hang-up and is told after it may still lead to another step, with other notes."""
    entered_at: str = ""
    """When that occurred which led to the step; with `left`, for a hang-up that is told too late."""
    left: Place | None = None
    """Where the call was before."""
    recorder: str = ""
    """`on` or `paused` while a recording runs, else ''."""
    recordings: tuple[Recording, ...] = ()
    """Asked for and not yet come, those that Telnyx reported an error for included; what has come is in the ledger
    only, so that a call's state stays small."""
    recordings_asked: int = 0
    reported: tuple[Report, ...] = field(default=(), compare=False)
    """The last recordings that have come: Telnyx may report one twice, under two event ids."""
    consent: Consent | None = None
    """To being recorded: what is recorded after it has it as its evidence."""
    errors: int = 0
    initiated_at: str = ""
    answered_at: str = ""
    bridged_at: str = ""
    ended_at: str = ""
    hangup_cause: str = ""
    hangup_source: str = ""
    recent: tuple[str, ...] = field(default=(), compare=False)
    """What the last events said that changed something or sent commands, each by `Event.says`: one that says the same
    does neither again."""
    version: int = 0
    """How often it was written; 0 for a call not yet known."""
    script: Script | None = field(default=None, compare=False, repr=False)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Call:
        """What was stored, in this or another version of the program."""
        return restored(
            cls,
            stored,
            far_legs=CalleeLeg.all_from_json,
            back=tuple,
            recent=tuple,
            left=Place.from_json,
            recordings=lambda each: tuple(map(Recording.from_json, each)),
            reported=lambda each: tuple(restored(Report, report) for report in each),
            consent=partial(restored, Consent),
        )

    @property
    def outcome(self) -> str:
        """What came of the call: the flow's own word, else what the hang-up and the flow's progress say."""
        if self.variables.get(OUTCOME):
            return self.variables[OUTCOME]
        if self.hangup_cause != NORMAL_CLEARING:
            return _OUTCOME_OF_CAUSE.get(self.hangup_cause, self.hangup_cause)
        if not self.answered_at and not self.turn:
            return "no-answer" if self.direction == "outgoing" else "cancelled"
        ending = self.ending or COMPLETED  # an earlier version noted none
        by_machine = ending == COMPLETED and self.variables.get(ANSWERED_BY) in MACHINES
        return MACHINE if by_machine else ending

    def stay(self, reason: str = "") -> Decision:
        """Nothing changes; the event is kept in the timeline."""
        return Decision(self, reason=reason)

    def with_recent(self, says: str) -> Call:
        """The call, changed by an event that says this."""
        return replace(self, recent=(*self.recent, says)[-MAX_RECENT:])

    def progress_to(self, status: str) -> Call:
        """The call in that status, unless it is further already: events overtake one another."""
        return replace(self, status=_later_status(self.status, status))

    @property
    def place(self) -> Place:
        """Where the call is now."""
        return Place(self.step, self.turn, self.waiting, self.variables, self.far_legs, self.back)

    def moved_from(self, place: Place, event: Event) -> Call:
        """The call, remembering where it was before the event led it on."""
        if self.status == ENDED:
            return replace(self, entered_at="", variables=persistent_variables(self.variables))
        if self.turn == place.turn:
            return self
        left = replace(place, variables=persistent_variables(place.variables))
        return replace(self, entered_at=event.occurred_at, left=left)

    def hung_up(self, event: Event) -> Call:
        """The call as it ended. Where something that occurred after the hang-up had led it on, that is taken back."""
        ended = replace(
            self,
            status=ENDED,
            ended_at=event.occurred_at,
            hangup_cause=event.text("hangup_cause"),
            hangup_source=event.text("hangup_source"),
            entered_at="",
            left=None,
        )
        left = self.left
        if left is None or self.entered_at <= event.occurred_at:
            return replace(ended, variables=persistent_variables(ended.variables)).apply_end_variables()
        gone_back = replace(
            ended,
            step=left.step,
            turn=left.turn,
            waiting=left.waiting,
            variables=persistent_variables(left.variables),
            far_legs=left.far_legs,
            back=left.back,
            limit_turn=self.limit_turn if self.limit_turn < left.turn else 0,
            failed_turn=self.failed_turn if self.failed_turn <= left.turn else 0,
        )
        return gone_back.apply_end_variables()

    def apply_end_variables(self) -> Call:
        """The call with what its flow notes of its end."""
        return self.script.ended(self) if self.script else replace(self.noting({}), ending=NO_FLOW)

    def noting(self, notes: Mapping[str, str]) -> Call:
        """The call with the notes of the step that it ended in."""
        return replace(self, variables={**self.variables, **notes}, unnoted=self.variables)

    def without_end_variables(self) -> Call:
        """The call as it was before its end was noted, for what happened before it and is told after it."""
        return self if self.unnoted is None else replace(self, variables=self.unnoted)

    def with_callee_update(self, event: Event) -> Call:
        """The call with what an event tells of a leg that it dialled, in this turn or in the one before it."""
        if not event.client_state.dialled or not event.call_leg_id:
            return self
        if event.client_state.turn == self.turn:
            return replace(self, far_legs=_told(self.far_legs, event))
        if self.left and self.left.turn == event.client_state.turn:
            return replace(self, left=replace(self.left, far_legs=_told(self.left.far_legs, event)))
        return self

    def callee_progressed(self, event: Event, told: str) -> Decision:
        """Let the flow go on with a far leg that rings or has answered; one that nobody waits for any more is ended."""
        left = event.client_state.turn != self.turn
        decision = self.stay(told) if left else self.advance(event)
        if event.client_state.dialled and (left or self.status == ENDED):
            end = command("hangup", event.text("call_control_id"))
            return replace(decision, commands=(*decision.commands, end), reason="nobody waits for it any more")
        return replace(decision, reason=decision.reason or told)

    def hangup_callees(self) -> tuple[Command, ...]:
        """The commands that end the far legs that nobody is connected with."""
        return tuple(command("hangup", leg.control_id) for leg in self.far_legs.values() if leg.unconnected)

    def with_event_details(self, event: Event) -> Call:
        """The call with what this event tells about it and it did not know: any event may be the first to come."""
        led, called = self, self.to_number or called_number(event.text("to"))
        if self.script and not self.flow:
            led = replace(self, flow=self.script.name, flow_version=self.script.version)
        return replace(
            led,
            control_id=self.control_id or event.text("call_control_id"),
            connection_id=self.connection_id or event.text("connection_id"),
            calling_party_type=self.calling_party_type or event.text("calling_party_type"),
            from_number=self.from_number or caller_number(event.text("from"), called),
            to_number=called,
            # Every event carries what the call was given until its flow's first command, and so does its answer.
            variables={**event.client_state.given, **self.variables},
        )

    def remembering(self, variable: str, value: str) -> Call:
        """The call with one variable more, or anew; it stays so though a late hang-up takes the last move back."""
        left = self.left and replace(self.left, variables={**self.left.variables, variable: value})
        unnoted = None if self.unnoted is None else {**self.unnoted, variable: value}
        return replace(self, variables={**self.variables, variable: value}, unnoted=unnoted, left=left)

    def greeting_ended(self, event: Event) -> Decision:
        """A greeting that ended is a machine's; after a short one this may be all that Telnyx reports.

        What detection itself finds counts, whether it comes before or after.
        """
        greeted = self.remembering(GREETING, event.text("result") or "ended")
        if not self.variables.get(ANSWERED_BY):
            greeted = greeted.remembering(ANSWERED_BY, MACHINE)
        return greeted.advance(event)

    def ring(self, event: Event) -> Decision:
        """Let the flow answer or reject; a call that nobody's flow is for is rejected."""
        if self.script is None:
            decline = command("reject", self.control_id, cause="CALL_REJECTED")
            return Decision(self, (decline,), reason=f"no flow for {self._called}", incidents=(TURNED_AWAY,))
        return self.script.ring(self, event)

    def begin(self, event: Event) -> Decision:
        """Let the flow enter its first step."""
        return self.script.begin(self, event) if self.script else self._unled(event)

    def advance(self, event: Event) -> Decision:
        """Let the flow go on, if the event is what its step waits for."""
        return self.script.advance(self, event) if self.script else self._unled(event)

    def refused(self, event: Event) -> Decision:
        """Let the flow take its error way."""
        return self.script.refused(self, event) if self.script else self._unled(event)

    def _unled(self, event: Event) -> Decision:
        """End a call whose flow is not there, else it would stay open in silence; others' calls are not ours to end."""
        named = self.flow or event.client_state.flow
        if not named or not self.control_id or self.status == ENDED or event.about_callee:
            return self.stay("no flow")
        return Decision(
            self, (command("hangup", self.control_id),), reason=f"no flow {named}", incidents=(TURNED_AWAY,)
        )

    @property
    def _called(self) -> str:
        return masked(self.to_number) or "a call to no number"

    def keeps_digits(self, event: Event) -> bool:
        """Whether the digits that an event brings may be kept; not where no flow says so."""
        return self.script is not None and self.script.keeps_digits(self, event)

    def with_commands(self, commands: tuple[Command, ...], event: Event, *, pausing: str = SENSITIVE) -> Decision:
        """The call after it asked for these commands, with the recordings that they promise, each under its name.

        `pausing` is why a recording is paused, if one is.
        """
        call, sent, promised = self, [], []
        for asked in commands:
            call = replace(
                call,
                recorder=_recorder_after(asked, call),
                far_legs=_far_legs_after(asked, call),
                recordings=_recordings_after(asked, call, event.occurred_at, pausing),
            )
            recording = _promised(call, asked, event)
            if recording is None:
                sent.append(asked)
                continue
            sent.append(_named(asked, recording))
            promised.append(recording)
            call = replace(call, recordings=(*call.recordings, recording), recordings_asked=recording.number)
        return Decision(call, tuple(sent), tuple(promised))

    def reviewed(self, number: int, verdict: str) -> Decision:
        """The caller decided about a message: the ledger notes it, and the metadata in the archive is written anew."""
        review = Review(f"{self.leg_id}-{number:02d}", verdict)
        job = ArchiveJob("metadata", self.session_id, self.leg_id, recording=review.recording)
        # One that is still to come is written whole when it comes: with what was decided about it.
        noted = (replace(each, review=verdict) if each.number == number else each for each in self.recordings)
        return Decision(replace(self, recordings=tuple(noted)), reviews=(review,), archive=(job,))

    def recording_saved(self, event: Event) -> Decision:
        """A recording has come: its ledger entry says so and the archive is asked to fetch it.

        One of which it is doubtful whether it was asked for gets an entry of its own, and what was asked for stays
        expected.
        """
        addresses = download_addresses(event)
        began = event.time("recording_started_at")
        formats = frozenset(filter(None, (event.text("format"), *addresses)))
        file = SavedFile(began, event.text("channels"), formats, names_in(addresses.values()))
        report = _report(event, file)
        if number := next((each.number for each in self.reported if each.is_of(report)), 0):
            return self._come_again(event, number)
        match = identify(self.recordings, self.leg_id, file)
        asked = match.recording
        if asked is None and (number := number_named(self.leg_id, self.recordings_asked, file.names)):
            return self._come_again(event, number)
        recording = replace(
            asked or _unsolicited_recording(self, event, match.may_be),
            status=SAVED,
            reason="",
            pauses=_pauses_within(asked, began, event.time("recording_ended_at")),
            identity=match.identity,
            identity_reason=match.reason,
            channels=event.text("channels") or (asked.channels if asked else ""),
            format=event.text("format") or (asked.format if asked else ""),
            recording_id=event.text("recording_id"),
            started_at=began or event.occurred_at,
            ended_at=event.time("recording_ended_at"),
        )
        call = _without(self, asked) if asked else replace(self, recordings_asked=self.recordings_asked + 1)
        reported = (*call.reported, replace(report, number=recording.number))[-MAX_REPORTED:]
        call, failed = _by_elimination(replace(call, reported=reported), asked)
        decision = Decision(
            _clear_recorder_if_idle(call),
            recordings=(recording, *failed),
            archive=(self._audio_job(event, recording.name),),
        )
        if match.identity != UNCERTAIN:
            return decision
        return replace(decision, reason=f"{recording.name} is doubtful: {match.reason}", incidents=(UNIDENTIFIED,))

    def _come_again(self, event: Event, number: int) -> Decision:
        """One whose file has the name of an entry that is not open any more: the archive sees what the ledger says."""
        name = f"{self.leg_id}-{number:02d}"
        return Decision(
            self, archive=(self._audio_job(event, name),), reason=f"{name} has come before, or was given up"
        )

    def _audio_job(self, event: Event, recording: str) -> ArchiveJob:
        return ArchiveJob(
            kind="audio",
            call_session_id=self.session_id,
            call_leg_id=self.leg_id,
            recording=recording,
            recording_id=event.text("recording_id"),
        )

    def recording_error(self, event: Event) -> Decision:
        """Telnyx could not keep a recording, and does not say which: the ledger says why.

        Where one alone is expected it has failed, and stays known in case it comes all the same. Of several each is
        doubtful and stays expected: what comes of the others may settle it, else Telnyx has to be asked.
        """
        reason = f"Telnyx: {event.text('reason')}"
        expected = _expected(self)
        if not expected:
            return replace(self.stay(f"a recording failed, none is expected: {reason}"), incidents=(RECORDING_ERROR,))
        if len(expected) == 1:
            status, identity, why = FAILED, LIKELY, "it was the only one expected when Telnyx reported an error"
        else:
            names = ", ".join(each.name for each in expected)
            status, identity, why = EXPECTED, UNCERTAIN, f"Telnyx reported an error for one of {names}"
        noted = tuple(
            replace(each, status=status, reason=reason, identity=identity, identity_reason=why) for each in expected
        )
        named = {each.number: each for each in noted}
        call = replace(self, recordings=tuple(named.get(each.number, each) for each in self.recordings))
        return Decision(_clear_recorder_if_idle(call), recordings=noted, reason=reason, incidents=(RECORDING_ERROR,))

    def pause_refused(self, event: Event) -> Call:
        """The call whose pause was refused: what was to be left out is on its recordings."""
        recordings = (
            replace(
                each,
                pauses=each.pauses and tuple(pause for pause in each.pauses if pause.began != event.occurred_at),
            )
            for each in self.recordings
        )
        return replace(self, recorder="on" if self.recorder else "", recordings=tuple(recordings))

    def recording_refused(
        self, reason: str, *, names: Sequence[str], turns: Sequence[int], call_ended: bool
    ) -> Decision:
        """Commands that promised recordings were not obeyed: those will not come, and the ledger says why.

        They are known by their files' names; such as were asked for without one, by their turns.
        """
        refused = [
            each for each in self.recordings if (each.file_name in names if each.file_name else each.turn in turns)
        ]
        if not refused:
            return self.stay(reason)
        failed = tuple(replace(each, status=FAILED, reason=reason, identity=CERTAIN) for each in refused)
        left = replace(self, recordings=tuple(each for each in self.recordings if each not in refused))
        incidents = () if call_ended else (RECORDING_ERROR,) * len(failed)
        return Decision(_clear_recorder_if_idle(left), recordings=failed, reason=reason, incidents=incidents)

    def transcript_saved(self, event: Event) -> Decision:
        """A transcript has come: the archive is asked to lay it beside its recording."""
        job = ArchiveJob(
            kind="transcript",
            call_session_id=self.session_id,
            call_leg_id=self.leg_id,
            recording_id=event.text("recording_id"),
            transcription_id=event.text("recording_transcription_id"),
            transcription_status=event.text("status"),
        )
        return Decision(self, archive=(job,))


@dataclass(frozen=True, slots=True)
class Decision:
    """What comes of an event: the call as it is now, and what is to be done about it."""

    call: Call
    commands: tuple[Command, ...] = ()
    recordings: tuple[Recording, ...] = ()
    """Ledger entries to be written."""
    reviews: tuple[Review, ...] = ()
    """What the caller decided about ledger entries."""
    archive: tuple[ArchiveJob, ...] = ()
    reason: str = ""
    """In a few words, for the timeline: why nothing, or why this."""
    lookup: Lookup | None = None
    """A question to another system of the team's."""
    incidents: tuple[str, ...] = ()
    """What operators must hear of: each is counted, and makes the log line a warning."""

    def then(self, go_on: Callable[[Call], Decision]) -> Decision:
        """This decision followed by what is decided of the call after it."""
        after = go_on(self.call)
        return Decision(
            after.call,
            self.commands + after.commands,
            self.recordings + after.recordings,
            self.reviews + after.reviews,
            self.archive + after.archive,
            "; ".join(dict.fromkeys(filter(None, (*self.reason.split("; "), *after.reason.split("; "))))),
            after.lookup or self.lookup,
            self.incidents + after.incidents,
        )


def _promised(call: Call, asked: Command, event: Event) -> Recording | None:
    from_answer = asked.action == "answer" and "record" in asked.parameters
    if not from_answer and asked.action != "record_start":
        return None
    prefix = "record_" if from_answer else ""
    number = call.recordings_asked + 1
    return Recording(
        call_session_id=call.session_id,
        call_leg_id=call.leg_id,
        number=number,
        turn=call.turn,
        requested_at=event.occurred_at,
        source=FROM_ANSWER if from_answer else RECORD_START,
        channels=str(asked.parameters.get(f"{prefix}channels", "")),
        format=str(asked.parameters.get(f"{prefix}format", "")),
        from_number=call.from_number,
        to_number=call.to_number,
        consent=call.consent,
        direction=call.direction,
        flow=call.flow,
        flow_version=call.flow_version,
        step=call.step,
        pauses=(),
        transcription=_transcription(asked),
        trimmed=bool(asked.parameters.get(f"{prefix}trim")),
        silence_seconds=_count(asked.parameters.get(f"{prefix}timeout_secs")),
        max_seconds=_count(asked.parameters.get(f"{prefix}max_length")),
        file_name=file_name(call.leg_id, number),
    )


def _transcription(asked: Command) -> Transcription:
    if not asked.parameters.get("transcription"):
        return Transcription()
    engine = str(asked.parameters.get("transcription_engine", DEFAULT_ENGINE))
    return Transcription(ASKED_FOR, engine, str(asked.parameters.get("transcription_language", "")))


def _recordings_after(asked: Command, call: Call, now: str, why: str) -> tuple[Recording, ...]:
    """The recordings with the pause that a command begins or ends: it is of all that run on the leg."""
    if asked.action not in {"record_pause", "record_resume"} or asked.call_control_id != call.control_id:
        return call.recordings
    paused = asked.action == "record_pause"
    return tuple(
        each
        if each.pauses is None
        else replace(each, pauses=_begun(each.pauses, now, why) if paused else _over(each.pauses, now))
        for each in call.recordings
    )


def _begun(pauses: tuple[Pause, ...], now: str, why: str) -> tuple[Pause, ...]:
    return pauses if pauses and not pauses[-1].ended else (*pauses, Pause(now, why=why))


def _over(pauses: tuple[Pause, ...], now: str) -> tuple[Pause, ...]:
    if not pauses or pauses[-1].ended:
        return pauses
    *before, last = pauses
    return tuple(before) if last.began == now else (*before, replace(last, ended=now))


def _pauses_within(recording: Recording | None, began: str, ended: str) -> tuple[Pause, ...] | None:
    """Its pauses, without what lies outside of it: other recordings of the leg were paused then, or none."""
    if recording is None or recording.pauses is None:
        return None
    within = [
        replace(each, ended=min(each.ended or ended, ended or each.ended))
        for each in recording.pauses
        if (not ended or each.began < ended) and (not each.ended or each.ended > began)
    ]
    return tuple(within)


def _count(parameter: object) -> int:
    return parameter if isinstance(parameter, int) else 0


def _named(asked: Command, recording: Recording) -> Command:
    name = "record_custom_file_name" if asked.action == "answer" else "custom_file_name"
    return replace(asked, parameters={**asked.parameters, name: recording.file_name})


def _unsolicited_recording(call: Call, event: Event, may_be: Recording | None) -> Recording:
    """An entry of its own. One that may be what a turn waits for is that turn's: its caller has been recorded."""
    return Recording(
        call_session_id=call.session_id,
        call_leg_id=call.leg_id,
        number=call.recordings_asked + 1,
        turn=may_be.turn if may_be else NO_TURN,
        requested_at=event.occurred_at,
        source=UNASKED,
        from_number=call.from_number,
        to_number=call.to_number,
        direction=call.direction,
        flow=call.flow,
        flow_version=call.flow_version,
    )


def _report(event: Event, file: SavedFile) -> Report:
    return Report(
        number=0,
        started_at=file.started_at or event.occurred_at,
        channels=file.channels,
        recording_id=event.text("recording_id"),
        files=hashlib.sha256("\n".join(sorted(file.names)).encode()).hexdigest()[:12] if file.names else "",
    )


def _expected(call: Call) -> list[Recording]:
    return [each for each in call.recordings if each.status == EXPECTED]


def _by_elimination(call: Call, come: Recording | None) -> tuple[Call, tuple[Recording, ...]]:
    """Where Telnyx reported an error for one of several, and all but one of them have come: the last is the one."""
    doubtful = [each for each in _expected(call) if each.identity == UNCERTAIN]
    if come is None or come.identity != UNCERTAIN or len(doubtful) != 1:
        return call, ()
    why = "Telnyx reported an error for one of several, and the others have come"
    failed = replace(doubtful[0], status=FAILED, identity=LIKELY, identity_reason=why)
    left = (failed if each.number == failed.number else each for each in call.recordings)
    return replace(call, recordings=tuple(left)), (failed,)


def _without(call: Call, recording: Recording) -> Call:
    return replace(call, recordings=tuple(each for each in call.recordings if each != recording))


def _clear_recorder_if_idle(call: Call) -> Call:
    """No recorder runs once the last recording asked for has come."""
    return call if _expected(call) else replace(call, recorder="")


_RECORDER_AFTER = {"record_start": "on", "record_pause": "paused", "record_resume": "on", "record_stop": ""}


def _recorder_after(asked: Command, call: Call) -> str:
    if asked.action == "answer" and asked.parameters.get("record"):
        return "on"
    if asked.action == "record_stop" and len(_expected(call)) > 1:
        # Which of them it stops, Telnyx does not say: what may run on has to be paused for a card.
        return call.recorder
    return _RECORDER_AFTER.get(asked.action, call.recorder)


def persistent_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that outlive the step which set them: not where its message can be heard."""
    return {name: value for name, value in variables.items() if name != MESSAGE_ADDRESS}


def _later_status(status: str, told: str) -> str:
    """Events overtake one another: what happened later in a leg's life counts, and its end last of all."""
    return told if _PROGRESS[told] > _PROGRESS.get(status, _PROGRESS[BRIDGED]) else status


def _told(far_legs: Mapping[str, CalleeLeg], event: Event) -> dict[str, CalleeLeg]:
    known = far_legs.get(event.call_leg_id, CalleeLeg())
    return {**far_legs, event.call_leg_id: known.told(event)}


def _far_legs_after(asked: Command, call: Call) -> Mapping[str, CalleeLeg]:
    if asked.action != "bridge":
        return call.far_legs
    bridged = asked.parameters.get("call_control_id")
    return {
        leg_id: replace(leg, connected=True) if leg.control_id == bridged else leg
        for leg_id, leg in call.far_legs.items()
    }
