"""One call from a telephone: its legs, what is heard of it, what it leaves behind, and how it is written down."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from threading import Condition
from typing import TYPE_CHECKING

from dialtone.domain.decisions import EnteredStep
from dialtone.domain.errors import DialtoneError
from dialtone.domain.recordings import FAILED, KEPT_STATUSES
from infra.carrier import calls, trace
from infra.carrier.carrier import Line
from infra.carrier.parties import BETWEEN_KEYS_SECONDS
from infra.phone.diary import Diary
from infra.phone.hearing import CutShort, Lamp, LogLine, Stage, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.carrier.carrier import Carrier
    from infra.carrier.legs import Leg
    from infra.carrier.trace import Happening
    from infra.phone.diary import Item
    from infra.phone.hearing import Receiver
    from infra.phone.phone_system import PhoneSystem

KEPT_SECONDS = 30.0
"""How long recordings may take into the bucket once the call is over, on a busy machine."""

SPEAKING_CHARACTERS_PER_SECOND = 15.0
SHORTEST_WORD_SECONDS = 1.0
"""How long typed words take to be said: as long as the carrier's voices take."""

NOT_ANSWERED = "nobody has answered yet"


@dataclass(frozen=True, slots=True)
class CallState:
    """How a call stands."""

    stage: Stage
    seconds: float
    """How long it has lasted, of its own time."""
    lamp: Lamp
    flow: str
    """The flow that leads it by now, and the step in it; '' before the first."""
    step: str
    was_answered: bool
    is_silent: bool
    """Whether the caller can be sure that nothing more is said for now."""
    has_nothing_to_say: bool
    """Whether two people are connected, and neither has said anything for a while."""
    is_agent: bool
    """Whether keys and words are those of the agent whom the flow rang."""
    is_settled: bool
    """Whether it is over with everything that it left behind."""
    is_lost: bool = False
    """Whether the line that it was on is gone."""


Entry = LogLine | CutShort | EnteredStep
"""What there is to tell of a call: what was heard and done, and each step that it took."""


@dataclass(slots=True)
class Call:
    """One call from a telephone of this machine, on the line's side.

    It is looked at, and acted on, from any thread.
    """

    system: PhoneSystem
    receiver: Receiver
    line: Line
    diary: Diary = field(default_factory=Diary)
    log: list[Entry] = field(default_factory=list)
    """All that there was to tell of it, in order."""
    changed: Condition = field(default_factory=Condition)
    """Is notified when something was added to the log."""
    is_agent: bool = False
    is_settled: bool = False
    listeners: int = 0
    left_alone_since: float = field(default_factory=time.monotonic)
    """Since when it has had no listener, of this machine's time; of use while `listeners` is 0."""
    _flow: str = ""
    _step: str = ""
    _steps: int = 0
    _faults: set[str] = field(default_factory=set)
    _shown: set[str] = field(default_factory=set)
    _hang_up_reported: bool = False
    _over_since: float | None = None

    @property
    def session(self) -> str:
        """Telnyx's name for the whole phone call."""
        return self.line.name.call_session_id

    @property
    def is_over(self) -> bool:
        """Whether the caller's leg has ended."""
        return self.receiver.stage is Stage.OVER

    def state(self) -> CallState:
        """How it stands now."""
        with self._carrier.acting():
            now = self._carrier.clock.now
        receiver = self.receiver
        return CallState(
            stage=receiver.stage,
            seconds=receiver.since(now),
            lamp=receiver.lamp,
            flow=self._flow,
            step=self._step,
            was_answered=receiver.answered is not None,
            is_silent=receiver.is_silent(now),
            has_nothing_to_say=receiver.has_nothing_to_say(now),
            is_agent=self.is_agent,
            is_settled=self.is_settled,
        )

    def entries(self, after: int) -> list[Entry]:
        """All that there is to tell of it, in order, without the first so many."""
        with self.changed:
            return self.log[after:]

    # What happens

    def take(self, happening: Happening) -> None:
        """Note what happened to it; on the carrier's threads, with its lock held."""
        self._tell(*self.receiver.take(happening))
        self.diary.write(happening)
        if isinstance(happening, trace.WebhookGivenUp):
            self._note_hang_up(happening)

    def take_answer(self, answered: trace.WebhookAnswered) -> None:
        """Look up what an event led to, or why it could not be handled; that takes a while."""
        self._tell_outcome(answered)
        self._note_hang_up(answered)  # only after its steps are shown may the call count as settled

    def _tell_outcome(self, answered: trace.WebhookAnswered) -> None:
        if answered.status == HTTPStatus.OK:
            self._look_up_step()
            return
        why = self.system.last_fault() or answered.failure or f"answered {answered.status}"
        if why not in self._faults:
            self._faults.add(why)
            at = self.receiver.since(answered.at)
            self._tell(LogLine(at, "fault", f"{answered.event_type}: {why}", Tone.FAULT))

    def look_after(self) -> None:
        """Once it is over: tell what has come to lie in the bucket since it was last looked after."""
        if self.is_over and not self.is_settled:
            settled = self._has_settled()
            self._tell(*self._kept())
            if settled:
                self.is_settled = True
                self._tell()

    def _look_up_step(self) -> None:
        """Where the call is in its flow by now, and how it came there."""
        for leg in self.system.store.legs(self.session):
            if leg.leg_id == self.line.name.call_leg_id and leg.flow:
                self._flow, self._step = leg.flow, leg.step
        entered = self.system.steps_taken(self.session, self._steps)
        self._steps += len(entered)
        self._tell(*entered)

    def _tell(self, *entries: Entry) -> None:
        with self.changed:
            self.log.extend(entries)
            self.changed.notify_all()

    def _note_hang_up(self, reported: trace.WebhookAnswered | trace.WebhookGivenUp) -> None:
        self._hang_up_reported |= reported.event_type == "call.hangup" and self._is_own(reported)

    def _is_own(self, happening: Happening) -> bool:
        return happening.leg is not None and happening.leg.call_leg_id == self.line.name.call_leg_id

    def _kept(self) -> Iterator[LogLine]:
        if not self.receiver.recordings:
            return
        at = self.receiver.since(self._carrier.clock.now)
        for recording in self.system.store.recordings(self.session):
            if recording.audio and recording.status in KEPT_STATUSES:
                yield from self._kept_file(at, recording.audio.key, f"  {recording.audio.length_bytes:,} bytes")
            if recording.transcript:
                yield from self._kept_file(at, recording.transcript.key, "")
            if recording.status == FAILED and recording.name not in self._shown:
                self._shown.add(recording.name)
                yield LogLine(at, "lost", f"{recording.name}: {recording.reason}", Tone.FAULT)

    def _kept_file(self, at: float, key: str, length: str) -> Iterator[LogLine]:
        if key not in self._shown:
            self._shown.add(key)
            name = key.rpartition("/")[2]
            yield LogLine(at, "kept", f"{name}{length}", Tone.RECORDER, file=name)

    def _has_settled(self) -> bool:
        """Whether all that it recorded lies in the bucket or failed, or that has taken too long."""
        if self._over_since is None:
            self._over_since = time.monotonic()
        if time.monotonic() - self._over_since > KEPT_SECONDS:
            return True
        recordings = self.system.store.recordings(self.session)
        settled = all(recording.status in {*KEPT_STATUSES, FAILED} for recording in recordings)
        transcripts = sum(recording.transcript is not None for recording in recordings)
        awaited = self._awaited_transcripts()
        return self._hang_up_reported and settled and awaited == self.receiver.transcripts and transcripts >= awaited

    def _awaited_transcripts(self) -> int:
        with self._carrier.acting():
            recordings = self._carrier.recordings.all.values()
            return sum(each.order.transcription for each in recordings if each.leg.session is self.line.leg.session)

    # What the person does: on any thread

    def press(self, digits: str) -> None:
        """Press keys as fingers do, one after another. Raises DialtoneError before the answer."""
        carrier, leg = self._carrier, self._hand().leg
        if not leg.talking:
            raise DialtoneError(NOT_ANSWERED)
        with carrier.acting():
            self.receiver.acted(carrier.clock.now + BETWEEN_KEYS_SECONDS * len(digits))
            for place, digit in enumerate(digits):
                carrier.clock.after(place * BETWEEN_KEYS_SECONDS, partial(calls.press, carrier.exchange, leg, digit))

    def speak(self, words: str) -> None:
        """Say something. Raises DialtoneError before the answer."""
        hand, seconds = self._hand(), max(SHORTEST_WORD_SECONDS, len(words) / SPEAKING_CHARACTERS_PER_SECOND)
        if not hand.leg.talking:
            raise DialtoneError(NOT_ANSWERED)
        hand.say(seconds, words)

    def hang_up(self) -> None:
        """Put the receiver down: the caller's, or the agent's."""
        self._hand().hang_up()

    def leave(self) -> None:
        """Hang the caller up, on whichever side the keys are."""
        self.line.hang_up()

    def switch(self) -> bool:
        """Become the agent whom the flow rang, if there is one, or the caller again; whether it is the agent now."""
        self.is_agent = not self.is_agent and self._callee_leg() is not None
        if self.is_agent:
            self._hand().take_over()  # else two would speak into one telephone
        return self.is_agent

    def conversation(self) -> Item:
        """The call as a conversation's file has it."""
        leg = self.line.name
        began = self._carrier.clock.datetime(self.receiver.began + self.line.leg.session.shift_seconds)
        name = f"tried by hand on {began:%Y-%m-%d at %H:%M:%S}"
        legs = self.system.store.legs(self.session)
        outcome = next((each.outcome for each in legs if each.leg_id == leg.call_leg_id), "")
        kept = sum(recording.status in KEPT_STATUSES for recording in self.system.store.recordings(self.session))
        return self.diary.conversation(leg, name=name, at=began, outcome=outcome, recordings=kept)

    def recorded(self, name: str) -> bytes:
        """A recording or transcript of it, by its name in the bucket. Raises DialtoneError if there is none."""
        for recording in self.system.store.recordings(self.session):
            for file in (recording.audio, recording.transcript):
                if file is not None and file.key.rpartition("/")[2] == name:
                    return self.system.stored_object(file.key)
        raise DialtoneError(f"this call has no recording {name}")

    @property
    def _carrier(self) -> Carrier:
        return self.system.carrier

    def _hand(self) -> Line:
        """Whose telephone the keys are on."""
        far = self._callee_leg() if self.is_agent else None
        return Line(self._carrier, far) if far is not None else self.line

    def _callee_leg(self) -> Leg | None:
        """The person whom the flow rang last and who is still on the line."""
        with self._carrier.acting():
            return next((leg for leg in reversed(self._carrier.legs) if self._is_far(leg)), None)

    def _is_far(self, leg: Leg) -> bool:
        return leg.name.call_session_id == self.session and not leg.incoming and leg.alive
