"""Plays a conversation through the real code on the stage, and compares what happened with what was to happen."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from uuid import NAMESPACE_OID, uuid5

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.domain.commands import Command
from dialtone.domain.decisions import LAST_RESORT, Decision
from dialtone.domain.events import Event
from dialtone.domain.recordings import DELETED, SUPERSEDED, Recording
from dialtone.flow.flow_inputs import check_declared
from infra.carrier import ApiFault, Line, trace
from infra.carrier.account import AUDIO_FOLDER
from infra.carrier.trace import Happening, LegName
from infra.flowkit.conversations.call_outcome import (
    NOTHING,
    CallOutcome,
    Difference,
    RecordingLeft,
    TextLeft,
    TransferLeft,
    differences,
)
from infra.flowkit.conversations.conversation import AlsoCalls, LookupAnswer, Script, shown
from infra.flowkit.conversations.coverage import CoverageItem, CoverageRecorder
from infra.flowkit.conversations.participant import Participant
from infra.flowkit.conversations.parties import called_number, callee_of, transfer_result
from infra.flowkit.conversations.transcript import Entry, Transcript
from infra.flowkit.scripted_backends import Answering
from infra.flowkit.stage import FaultOfOurs, Stage

LONGEST_CALL_SECONDS = 3_600.0
"""Then everybody hangs up: a flow that nobody can leave is found in a moment."""

SAME_MOMENT_SECONDS = 0.001
"""Times in events have microseconds."""

_ENDED = "90018"
"""A command for a call that has ended: the normal end of a race with a caller's hang-up, and no news."""


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """What came of a conversation."""

    script: Script
    entries: tuple[Entry, ...]
    differences: tuple[Difference, ...]
    taken: tuple[CoverageItem, ...]
    """What the call took of the flow, each once."""
    call_seconds: float
    """From the answer to the hang-up."""
    last_resorts: tuple[str, ...] = ()
    """Why it came to the flow's last resort: the step, and what was missing or refused there."""
    fault: str = ""
    """Why it could not be played to its end: our code failed, or the call went on for ever."""
    took_seconds: float = field(default=0.0, compare=False)

    @property
    def passed(self) -> bool:
        """Whether everything was as it was to be."""
        return not (self.fault or self.differences or any(entry.missed for entry in self.entries))


def run_scenario(script: Script, flows: FlowLibrary) -> ScenarioResult:
    """Play it and compare. Raises FlowInvalid for a broken flow, DialtoneError if no number leads to it."""
    began = time.perf_counter()
    run = ScenarioRun(script, flows)
    fault = run.play()
    left = run.outcome()
    return ScenarioResult(
        script=script,
        entries=run.entries,
        differences=(*differences(script.conversation.ends, left), *run.of_others()) if left and not fault else (),
        taken=tuple(dict.fromkeys(run.taken)),
        call_seconds=left.seconds if left else 0.0,
        last_resorts=tuple(run.last_resorts),
        fault=fault,
        took_seconds=time.perf_counter() - began,
    )


@dataclass(slots=True)
class AlsoCalling:
    """Somebody else who calls, and where their call goes."""

    written: AlsoCalls
    person: Participant
    recorder: CoverageRecorder = field(default_factory=CoverageRecorder)


class ScenarioRun:
    """One conversation being played."""

    def __init__(self, script: Script, flows: FlowLibrary) -> None:
        self._script = script
        self._conversation = script.conversation
        self._flow = script.flow
        self._flows = flows
        troubles = self._conversation.troubles
        self._stage = Stage(
            flows=script.file.parent,
            library=flows,
            start=self._conversation.at,
            audio_missing=[each.audio_missing for each in troubles if each.audio_missing],
        )
        self._stage.systems.answering = {
            target: _answering(*attempts) for target, attempts in self._conversation.lookups.items()
        }
        self._carrier = self._stage.carrier
        if self._conversation.memory:
            self._stage.remember(self._person_number(), self._conversation.memory)
        if (chance := self._conversation.chance) is not None:
            self._carrier.exchange.next_session_id = str(uuid5(NAMESPACE_OID, f"chance {chance}"))
        self.recorder = CoverageRecorder()
        self.last_resorts: list[str] = []
        self._stage.decided = self._decided
        self._transcript = Transcript(lambda: self.recorder.step, lambda: self._carrier.clock.now)
        self._stage.observer.warned = lambda reason: self._transcript.note(f"error: {reason}")
        self._person = Participant(self._carrier, self._transcript, "", self._conversation.talk)
        self._callers = [
            AlsoCalling(each, Participant(self._carrier, self._transcript, shown(each.caller.number), each.talk))
            for each in self._conversation.also_call
        ]
        self._others = {
            number: [Participant(self._carrier, self._transcript, number, who.talk) for who in attempts]
            for number, attempts in self._conversation.people.items()
        }
        self._rung: Counter[str] = Counter()
        self._happened: list[Happening] = []
        self._refusals = {trouble: trouble.times for trouble in troubles if trouble.telnyx_refuses}

    def _person_number(self) -> str:
        dials = self._conversation.dials
        return dials.to if dials else self._conversation.caller.number

    @property
    def _everybody(self) -> tuple[Participant, ...]:
        callers = (each.person for each in self._callers)
        return (self._person, *callers, *chain.from_iterable(self._others.values()))

    @property
    def _awaited(self) -> Iterator[Participant]:
        """Who must do all that is written: not a person of the file's defaults whom this conversation never rang."""
        yield self._person
        yield from (each.person for each in self._callers)
        for number, attempts in self._others.items():
            by_default = number in self._script.default_people
            yield from attempts[: self._rung[number]] if by_default else attempts

    def play(self) -> str:
        """From the ringing to the end; why it could not be played, if so."""
        for number, attempts in self._conversation.people.items():
            self._carrier.add_callee(number, *map(callee_of, attempts))
        self._carrier.exchange.pay_connectors.update(self._conversation.payments)
        self._carrier.exchange.messaging.opted_out.update(self._conversation.opted_out)
        self._make_trouble()
        self._carrier.observe(self._tell)
        self._begin()
        fault = ""
        try:
            self._carrier.run(until=LONGEST_CALL_SECONDS)
            if any(leg.alive for leg in self._carrier.legs):
                fault = f"after {LONGEST_CALL_SECONDS:,.0f} s the call still went on"
                for participant in self._everybody:
                    participant.hang_up()
            self._carrier.run()
        except FaultOfOurs as error:
            return str(error)
        for participant in self._awaited:
            participant.note_missed()
        return fault or next((f"{each.event_type} was given up: {each.reason}" for each in self._carrier.given_up), "")

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The transcript so far."""
        return tuple(self._transcript.entries)

    @property
    def taken(self) -> list[CoverageItem]:
        """All that the calls took of the flows."""
        return [
            item for recorder in (self.recorder, *(each.recorder for each in self._callers)) for item in recorder.taken
        ]

    def outcome(self) -> CallOutcome | None:
        """The end state; None if the line never processed the call."""
        return self._outcome(self._person, self.recorder)

    def of_others(self) -> Iterator[Difference]:
        """Differences of the other callers' calls from their expected ends."""
        for each in self._callers:
            left = self._outcome(each.person, each.recorder)
            found = differences(each.written.ends, left) if left else (Difference("the call", "comes in", NOTHING),)
            yield from (replace(one, what=f"{each.person.number}: {one.what}") for one in found)

    def _outcome(self, person: Participant, recorder: CoverageRecorder) -> CallOutcome | None:
        leg = person.leg
        legs = self._stage.store.legs(leg.call_session_id) if leg else ()
        call = next((each for each in legs if leg and each.leg_id == leg.call_leg_id), None)
        if leg is None or call is None:
            return None
        hang_up = next((each for each in self._happened if isinstance(each, trace.HungUp) and each.leg == leg), None)
        answer = next((each for each in self._happened if isinstance(each, trace.Answered) and each.leg == leg), None)
        return CallOutcome(
            outcome=call.outcome,
            hung_up_by=_hung_up_by(hang_up) if hang_up else "",
            seconds=hang_up.at - answer.at if hang_up and answer else 0.0,
            steps=recorder.steps,
            variables=call.variables,
            recordings=[self._recording(each) for each in self._stage.store.recordings(leg.call_session_id)],
            transfers=self._transfers(leg),
            lookups=[each for each in self._stage.systems.questions if each.call_session_id == leg.call_session_id],
            deliveries=[
                str(target)
                for each in self._stage.store.recordings(leg.call_session_id)
                if each.review not in {DELETED, SUPERSEDED}
                for target in each.deliver
            ],
            texts=[TextLeft(each.to, each.text) for each in self._happened if isinstance(each, trace.Texted)],
        )

    def _decided(self, decision: Decision) -> None:
        recorder = self._recorder_of(decision.call.leg_id)
        if LAST_RESORT in decision.incidents:
            self.last_resorts.append(f"{recorder.step}: {decision.reason}{self._remedy(self._stage.received[-1])}")
        recorder.record(decision)

    def _recorder_of(self, leg_id: str) -> CoverageRecorder:
        """That of the person on the leg: each call takes its own path."""
        others = (each for each in self._callers if each.person.leg and each.person.leg.call_leg_id == leg_id)
        return next((each.recorder for each in others), self.recorder)

    def _remedy(self, event: Event) -> str:
        """The remedy for missing media: people forget to add it to their flows' folder."""
        name = event.text("media_name") if event.text("status") == "file_not_found" else ""
        laid = {file.stem for file in (self._script.file.parent / AUDIO_FOLDER).glob("*")}
        return f"; put {name}.wav or {name}.mp3 into the folder {AUDIO_FOLDER}" if name and name not in laid else ""

    def _begin(self) -> None:
        for each in self._callers:
            self._carrier.clock.after(each.written.after, partial(self._also_calls, each))
        dials = self._conversation.dials
        if dials is None:
            caller = self._conversation.caller
            called = called_number(self._script, self._script.file.parent)
            self._person.take(self._stage.call(caller.number, called, identity=caller.identity))
            return
        self._carrier.add_callee(dials.to, callee_of(dials))
        flow = self._flows.flow(self._flow)
        if flow:
            check_declared(flow.main, self._conversation.given)
        placed = self._stage.place(dials.to, self._flow, self._conversation.given, dials.detection)
        leg = next(leg for leg in self._carrier.legs if leg.name.call_leg_id == placed.data["call_leg_id"])
        self._person.take(Line(self._carrier, leg))

    def _also_calls(self, calling: AlsoCalling) -> None:
        written = calling.written
        called = written.called or called_number(self._script, self._script.file.parent)
        calling.person.take(self._stage.call(written.caller.number, called, identity=written.caller.identity))

    def _make_trouble(self) -> None:
        self._stage.api.refuses = self._refuses
        for trouble in self._conversation.troubles:
            if trouble.telnyx_unavailable:
                self._carrier.faults.disturb_api(
                    ApiFault.UNAVAILABLE, action=trouble.telnyx_unavailable, times=trouble.times
                )
            if trouble.recording_fails:
                self._carrier.recordings.fail_next(trouble.recording_fails, trouble.times)

    def _refuses(self, asked: Command) -> bool:
        for trouble, left in self._refusals.items():
            if left and trouble.telnyx_refuses == asked.action and trouble.step in {"", self.recorder.step}:
                self._refusals[trouble] -= 1
                self._transcript.add("", "line", f"Telnyx refuses {asked.action}")
                return True
        return False

    def _tell(self, happening: Happening) -> None:
        self._happened.append(happening)
        if isinstance(happening, trace.Rang):
            self._rings(happening.leg)
        if isinstance(happening, trace.Texted):
            self._transcript.add("", "line", f"texts {happening.to}: {happening.text}")
        if isinstance(happening, trace.Commanded) and happening.result == "refused" and happening.code != _ENDED:
            self._transcript.add("", "line", f"Telnyx refuses {happening.action}: {happening.detail}")
        for participant in self._everybody:
            if happening.leg is not None and participant.leg == happening.leg:
                participant.tell(happening)

    def _rings(self, leg: LegName | None) -> None:
        """A person who is rung plays their next script; after the last one they only listen."""
        if leg is None or leg.direction == "incoming" or leg == self._person.leg:
            return
        attempts = self._others.get(leg.to, [])
        for called in attempts[self._rung[leg.to] :][:1]:
            called.take(Line(self._carrier, self._carrier.exchange.legs[leg.call_control_id]))
        self._rung[leg.to] += 1

    def _transfers(self, own: LegName) -> list[TransferLeft]:
        rung = [each.leg for each in self._happened if isinstance(each, trace.Rang) and each.leg]
        own_call = [leg for leg in rung if leg.call_session_id == own.call_session_id]
        return [TransferLeft(leg.to, self._result(leg)) for leg in own_call if leg.call_leg_id != own.call_leg_id]

    def _result(self, leg: LegName) -> str:
        for happening in self._happened:
            if happening.leg == leg and isinstance(happening, trace.Bridged):
                return "connected"
            if happening.leg == leg and isinstance(happening, trace.Answered) and self._supervises(leg):
                return "connected"
            if happening.leg == leg and isinstance(happening, trace.HungUp):
                return transfer_result(happening.cause)
        return "given_up"

    def _supervises(self, leg: LegName) -> bool:
        """Whether it joins a conversation without being bridged."""
        return self._carrier.exchange.legs[leg.call_control_id].supervises is not None

    def _recording(self, recording: Recording) -> RecordingLeft:
        """The ledger's entry with what the carrier recorded from that moment on."""
        changes = [each for each in self._happened if isinstance(each, trace.RecordingChanged)]
        began = self._stage.seconds(recording.started_at) if recording.started_at else -1.0
        own = next(
            (
                each.recording_id
                for each in changes
                if each.change == "started" and abs(each.at - began) < SAME_MOMENT_SECONDS
            ),
            "",
        )
        own_changes = [each for each in changes if each.recording_id == own]
        transcripts = [job.transcript for job in self._stage.jobs.put_jobs if own and job.recording_id == own]
        return RecordingLeft(
            status=recording.status,
            source="answer" if recording.source == "record-from-answer" else "step",
            format=recording.format,
            channels=recording.channels,
            seconds=max((each.seconds for each in own_changes), default=0.0),
            pauses=sum(each.change == "paused" for each in own_changes),
            transcript=transcripts[0] if transcripts else None,
        )


def _answering(how: LookupAnswer, *later: LookupAnswer) -> Answering:
    return Answering(how.answers, how.gives, how.after, then=[_answering(each) for each in later])


def _hung_up_by(hang_up: trace.HungUp) -> str:
    incoming = hang_up.leg is not None and hang_up.leg.direction == "incoming"
    person, line = ("caller", "callee") if incoming else ("callee", "caller")
    return {person: "person", line: "line"}.get(hang_up.source, "")
