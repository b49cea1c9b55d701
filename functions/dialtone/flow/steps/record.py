"""Records a caller's message: tone, recording, its end, and the caller's review."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator

from dialtone.domain.call_variables import MESSAGE_ADDRESS
from dialtone.domain.commands import Command, command
from dialtone.domain.recordings import DELETED, KEPT, SUPERSEDED
from dialtone.domain.units import MILLIS_PER_SECOND
from dialtone.flow.consent import VARIABLE, AskedConsent
from dialtone.flow.delivery_options import Targets, targets_of
from dialtone.flow.gather_timer import seconds_left, timer, timer_ended
from dialtone.flow.keys import Key, OneKeyOrSeveral, gathered_key, one_key, stop_gathering
from dialtone.flow.prompts import Prompt, prompts_ended, unplayable
from dialtone.flow.recording_options import Channels, FileName, Format, StartOptions, Track, record_start
from dialtone.flow.step import OnHangup, Speaking
from dialtone.flow.step_moves import Fail, Go, Move, Wait
from dialtone.flow.step_state import PromptState, StepState
from dialtone.flow.transcription_options import Transcription

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dialtone.domain.calls import Call
    from dialtone.domain.delivery_targets import DeliveryTarget
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults

Phase = Literal["before", "running", "saving", "listening", "choosing"]
"""The progress of a message: before the tone; being recorded; ended, and being saved for its review; in its review,
played back or asked about."""

RECORDED = ("running", "saving")

SAVING_SECONDS = 15
"""How long Telnyx may take to save a message, usually a second or two. After that the caller goes on without its
report."""

MAX_REDOS = 5
"""After that the message is kept as it is: every recording is archived."""

MAX_ASKED = 3
"""After that the message is kept: a caller who leaves one and says nothing wants it to be heard."""

CHOICE_SECONDS = 6

PLAYABLE = ("https://", "http://127.0.0.1:")
"""The beginnings of message URLs that may be played: the URL comes from a webhook, so it is text from outside. The
second is the simulated carrier's; Telnyx itself could not reach it. The caller reviews any other message without
hearing it."""

LISTENING_GRACE_MILLIS = 500
"""The pause between the played message and the choices."""


@dataclass(frozen=True)
class RecordState(PromptState):
    """The state of a message and its review."""

    phase: Phase = "before"
    number: int = 0
    """The number of the recording on this leg."""
    redone: int = 0
    """How often the message was recorded again."""
    asked: int = 0
    """How often the caller was asked about it."""
    consented: bool = False

    @classmethod
    def read(cls, stored: Mapping[str, int]) -> Self:
        """Phases are stored as names of their own; while one is being saved, it also counts as running."""
        phases: tuple[Phase, ...] = ("saving", "running", "listening", "choosing")
        found: list[Phase] = [phase for phase in phases if stored.get(phase)]
        return replace(super().read(stored), phase=found[0] if found else "before")

    def stored(self) -> dict[str, int]:
        """The state, with the phase as a name."""
        phases = {"before": (), "saving": ("running", "saving")}.get(self.phase, (self.phase,))
        return {**super().stored(), **dict.fromkeys(phases, 1)}

    @property
    def begun(self) -> bool:
        """Whether the tone was played, for this message or an earlier one."""
        return self.phase != "before" or self.redone > 0

    def in_review(self, phase: Phase) -> RecordState:
        """The state in a phase of the review, with the counts that last through all of it."""
        return RecordState(phase=phase, number=self.number, redone=self.redone, asked=self.asked)


class Review(BaseModel):
    """The message is played back, and the caller decides about it."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    say: Prompt = Field(description="The choices, spoken after the message was played back.")
    moment: Prompt | None = Field(
        None, description="Spoken while the message is being saved, which takes a second or two."
    )
    accept: Key = Field("1", description="Keep it and go on.")
    redo: Key = Field("2", description="Record it again; the earlier one is archived as superseded.")
    listen: Key = Field("3", description="Hear it again.")
    delete: Key = Field("*", description="Go on without it; it is archived as deleted.")
    deleted: str = Field("", description="The step after deleting; without it, the next.")

    @model_validator(mode="after")
    def _four_keys(self) -> Self:
        if len({*self.keys}) < len(self.keys):
            raise ValueError(
                f"accept, redo, listen and delete must be four keys, not {', '.join(self.keys)}; give each its own"
            )
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key with a meaning."""
        return (self.accept, self.redo, self.listen, self.delete)


class Record(Speaking):
    """Let the caller leave a message; a key, silence or the longest length ends it."""

    paths: ClassVar[tuple[str, ...]] = ("consent.declined", "review.deleted")

    record: Prompt | None = Field(description="Spoken before the tone; null for nothing.")
    beep: StrictBool = Field(default=True, description="A tone when the recording begins.")
    ends_on: OneKeyOrSeveral = Field(("#",), description="The key, or the keys, that end it.")
    silence_seconds: StrictInt = Field(5, ge=0, le=120, description="Silence that ends it; 0: silence does not.")
    max_seconds: StrictInt = Field(120, ge=1, le=14_400, description="Its longest length.")
    format: Format = Field("mp3", description="The audio's format.")
    channels: Channels = Field("single", description="dual needs track: both.")
    track: Track = Field("inbound", description="Whose voice is recorded.")
    trim: StrictBool = Field(default=False, description="Cut silence at the beginning and the end.")
    transcription: Transcription | None = Field(None, description="Transcribe it.")
    file_name: FileName | None = Field(
        None, description="The beginning of its file's name at Telnyx; without it, the leg's id."
    )
    consent: AskedConsent | None = Field(None, description="Announce it, or ask, before anything is recorded.")
    review: Review | None = Field(None, description="Let the caller hear it, keep it, record it again or delete it.")
    deliver: Targets | None = Field(None, description="Who gets the message once it is archived.")
    on_hangup_recorded: OnHangup = Field(
        default_factory=OnHangup,
        description="As on_hangup, once the message has begun; without it, on_hangup applies then, too.",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_key(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        if isinstance(written, dict) and isinstance(written.get("ends_on"), (str, int)):
            return written | {"ends_on": [written["ends_on"]]}
        if isinstance(written, dict) and written.get("transcription") is False:
            return {name: value for name, value in written.items() if name != "transcription"}
        return written

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Consent, then the prompt to its end, then the recording, which contains neither; at last the review."""
        state = RecordState.of(call)
        if self.consent and not (state.consented or state.begun):
            return self.consent.put(call, voice_defaults)
        if self.review and state.phase == "listening":
            return Wait((self._played_back(call, self.review),), state)
        if self.review and state.phase == "choosing":
            return Wait(self._choices(call, voice_defaults, self.review), state)
        if self.record is not None and state.phase not in RECORDED:
            prompts = self.record.play(call, voice_defaults)
            if prompts:
                return Wait(prompts, replace(state, prompts=len(prompts)))
        recording = replace(state, phase="running", number=call.recordings_asked + 1)
        return Wait((record_start(call, self._options()), timer(call, self.max_seconds + SAVING_SECONDS)), recording)

    def follow(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        """The prompt's end starts the recording; a key, its own end, or a fault ends it."""
        state = RecordState.of(call)
        if state.phase in RECORDED:
            return self._recording(call, event, voice_defaults)
        if self.review and state.phase == "listening":
            return self._listened(call, event, self.review)
        if self.review and state.phase == "choosing":
            return self._chosen(call, event, self.review)
        if self.consent and not (state.consented or state.begun):
            return self.consent.answered(
                call, event, voice_defaults, step=self.name, onward=self.take("consent.declined", "next")
            )
        running = RecordState(phase="running", redone=state.redone)
        return prompts_ended(state, event, Go(self.name, state=running))

    def _options(self) -> StartOptions:
        return StartOptions.model_construct(**{name: getattr(self, name) for name in StartOptions.model_fields})

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether they are a key of the consent or of the review."""
        del call
        return digits in {*(self.consent.keys if self.consent else ()), *(self.review.keys if self.review else ())}

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Stop and keep the recording. If there is none, stop nothing: another one of the call may be running."""
        phase = RecordState.of(call).phase
        if phase in RECORDED and any(each.turn == call.turn for each in call.recordings):
            return (command("record_stop", call.control_id), *stop_gathering(call))
        return () if phase == "before" else stop_gathering(call)

    def repeated(self, call: Call) -> StepState | None:
        """The state if its prompts are repeated; a message is recorded further, by its timer."""
        state = RecordState.of(call)
        return None if state.phase in RECORDED else replace(state, prompts=0)

    def served(self, call: Call) -> bool:
        """True after the tone: a caller who hangs up then has left a message."""
        return RecordState.of(call).begun

    def hangup_path(self, call: Call) -> OnHangup:
        """Before the tone, a caller who hangs up has left no message."""
        return (self.on_hangup_recorded if self.served(call) else None) or self.on_hangup

    def hangup_paths(self) -> Iterator[tuple[str, OnHangup]]:
        """Before the tone, and after it."""
        yield from super().hangup_paths()
        yield "on_hangup_recorded", self.on_hangup_recorded

    def delivers_to(self) -> tuple[DeliveryTarget, ...]:
        """The targets that the flow names."""
        return targets_of(self.deliver)

    def sets(self) -> tuple[str, ...]:
        """The variable for the caller's consent."""
        return (VARIABLE,) if self.consent else ()

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """What is spoken before and after it."""
        said = {
            "record": self.record,
            "consent.say": self.consent and self.consent.say,
            "review.moment": self.review and self.review.moment,
            "review.say": self.review and self.review.say,
        }
        yield from ((where, prompt) for where, prompt in said.items() if prompt)

    def _recording(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        ends = event.type == "call.dtmf.received" and event.text("digit") in self.ends_on
        if ends and RecordState.of(call).phase == "running":
            return self._stopped(call, voice_defaults)
        if event.type == "call.recording.saved":
            return self._saved(call, event)
        if event.type == "call.recording.error":
            # Stop no recording: this one may have failed, and the command would stop another one of the call's.
            return Fail(f"recording failed: {event.text('reason')}", stop_gathering(call))
        return self._time_over(call, event) if timer_ended(event) else None

    def _time_over(self, call: Call, event: Event) -> Move | None:
        """Telnyx reported nothing of a message that ended long ago. It is kept, and reviewed without hearing it."""
        state = RecordState.of(call)
        if state.phase == "saving":
            if event.text("status") == "cancelled":
                return None  # it is the recording's timer, which the timer for saving has replaced
        elif left := seconds_left(call, event, self.max_seconds + SAVING_SECONDS):
            return Wait((timer(call, left),), state)
        if self.review is None:
            return self.take("next")
        return Go(self.name, variables={MESSAGE_ADDRESS: ""}, state=state.in_review("choosing"))

    def _stopped(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """A review has to wait until Telnyx has saved the message: only then can it be played."""
        stop = command("record_stop", call.control_id)
        if self.review is None:
            return self.take("next", commands=(stop, *stop_gathering(call)))
        moment = self.review.moment.play(call, voice_defaults) if self.review.moment else ()
        return Wait((stop, *moment, timer(call, SAVING_SECONDS)), replace(RecordState.of(call), phase="saving"))

    def _saved(self, call: Call, event: Event) -> Move:
        if self.review is None:
            return self.take("next", commands=stop_gathering(call))
        addresses = event.payload.get("recording_urls") or event.payload.get("public_recording_urls") or {}
        address = next((each for each in addresses.values() if isinstance(each, str)), "")
        playable = address.startswith(PLAYABLE)
        return Go(
            self.name,
            stop_gathering(call),
            variables={MESSAGE_ADDRESS: address if playable else ""},
            state=RecordState.of(call).in_review("listening" if playable else "choosing"),
        )

    def _played_back(self, call: Call, review: Review) -> Command:
        return command(
            "gather_using_audio",
            call.control_id,
            audio_url=call.variables[MESSAGE_ADDRESS],
            maximum_tries=1,
            timeout_millis=LISTENING_GRACE_MILLIS,
            **one_key(review.keys),
        )

    def _choices(self, call: Call, voice_defaults: VoiceDefaults, review: Review) -> tuple[Command, ...]:
        return review.say.gather(call, voice_defaults, CHOICE_SECONDS * MILLIS_PER_SECOND, **one_key(review.keys))

    def _listened(self, call: Call, event: Event, review: Review) -> Move | None:
        """A message that cannot be played back can still be reviewed."""
        choose = RecordState.of(call).in_review("choosing")
        if unplayable(event):
            return Go(self.name, stop_gathering(call), state=choose)
        key = gathered_key(event)
        if key is None:
            return None
        return self._decided(call, key, review) or Go(self.name, state=choose)

    def _chosen(self, call: Call, event: Event, review: Review) -> Move | None:
        if reason := unplayable(event):
            return Fail(reason, self.abandoned(call))
        key = gathered_key(event)
        if key is None:
            return None
        if decided := self._decided(call, key, review):
            return decided
        state = RecordState.of(call)
        if state.asked + 1 < MAX_ASKED:
            return Go(self.name, state=replace(state.in_review("choosing"), asked=state.asked + 1))
        return self._finished(call, self.take("next"), KEPT)

    def _decided(self, call: Call, key: str, review: Review) -> Move | None:
        if key == review.accept:
            return self._finished(call, self.take("next"), KEPT)
        if key == review.delete:
            return self._finished(call, self.take("review.deleted", "next"), DELETED)
        if key == review.listen and call.variables.get(MESSAGE_ADDRESS):
            return Go(self.name, state=RecordState.of(call).in_review("listening"))
        if key != review.redo:
            return None
        redone = RecordState.of(call).redone + 1
        if redone > MAX_REDOS:
            return self._finished(call, self.take("next"), KEPT)
        return self._finished(call, Go(self.name, state=RecordState(redone=redone)), SUPERSEDED)

    def _finished(self, call: Call, move: Go, verdict: str) -> Move:
        reviews = {RecordState.of(call).number: verdict}
        return move._replace(variables={MESSAGE_ADDRESS: ""}, reviews=reviews)
