"""Lets the caller join a conference: a named room in which everybody hears everybody."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field, StrictBool, StrictInt, field_validator, model_validator

from dialtone.domain.commands import Command, command
from dialtone.domain.decisions import NOT_REACHED
from dialtone.domain.queues import ANSWERED, IN_PROGRESS, WAITS_TO_BEGIN, QueueQuestion
from dialtone.flow.gather_timer import seconds_left, timer
from dialtone.flow.keys import Key, Keys, stop_gathering
from dialtone.flow.prompts import Prompt
from dialtone.flow.step import OnHangup, Speaking
from dialtone.flow.step_moves import Fail, Go, Move, Wait
from dialtone.flow.step_state import StepState
from dialtone.flow.templating import filled, known, names_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults

ROOM = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}")
"""A name that fits into a URL and a sentence; Telnyx documents no limit."""

WRITTEN_ROOM = r"^[A-Za-z0-9{][A-Za-z0-9 _.{}-]{0,63}$"

LEAVING_SECONDS = 2
"""How long the hang-up may take after the call has left the conference: most leave it by hanging up."""

ASKING_SECONDS = 30
"""How soon Telnyx is asked again whether the conference has begun, if it did not say."""

LONGEST_SECONDS = 14_400
"""No conference, and no call, lasts longer."""

MAX_TRIES = 6
"""For attempts to join and to create: each time another call was faster."""

JOINED, LEFT = "conference.participant.joined", "conference.participant.left"

NOT_FOUND = 404
CONFERENCE_ENDED, CONFERENCE_FULL, NAME_IN_USE = "90019", "90032", "90033"

KEYS = "0123456789*#"
"""The keys with which a caller may leave; a state holds only numbers."""

_HALF = 1 << 64

InRoom = Literal["mute", "mute_others", "record", "end"]


@dataclass(frozen=True)
class ConferenceState(StepState):
    """The caller's state."""

    tries: int = 0
    """How often the call has tried to join or create the conference."""
    creating: bool = False
    """Whether this call creates the conference, or did."""
    high: int = 0
    low: int = 0
    """The two halves of the conference's id, once the call has joined it."""
    joined: bool = False
    left: bool = False
    """Whether the call has left it again without a command of ours."""
    leaving: int = 0
    """The key with which the caller leaves, as its place in KEYS plus one; the call must first leave the conference."""
    out_of_time: bool = False
    """Whether it leaves because no moderator came."""
    muted: bool = False
    others_muted: bool = False
    recording: bool = False

    @property
    def stays(self) -> bool:
        """Whether the call is in the conference, and nothing is about to take it out."""
        return not (self.left or self.leaving or self.out_of_time)

    @property
    def conference_id(self) -> str:
        """The conference's id; '' while it is not known."""
        return str(uuid.UUID(int=self.high * _HALF + self.low)) if self.high or self.low else ""

    def of_conference(self, event: Event) -> ConferenceState:
        """The state with the id of the conference that an event is about."""
        try:
            number = uuid.UUID(event.text("conference_id")).int
        except ValueError:
            return self
        return replace(self, high=number // _HALF, low=number % _HALF)


class Conference(Speaking):
    """Let the caller join a conference, which begins with the first who comes, or with a moderator.

    Telnyx mixes the voices and finds the conference by its name. It is created by the first call, and is over once all
    have left it.
    """

    paths: ClassVar[tuple[str, ...]] = ("full", "timeout", "keys")

    conference: str = Field(
        pattern=WRITTEN_ROOM,
        description="The conference's name; variables are filled in. All who join the same name are in one conference.",
    )
    moderator: StrictBool = Field(
        default=False, description="Whether this caller begins the conference, and brings in callers on hold."
    )
    hold: Prompt | None = Field(
        None,
        description="Audio that the caller hears until a moderator comes; without it the conference begins at once.",
    )
    max_wait_time_secs: StrictInt = Field(
        1_800, ge=10, le=14_400, description="The longest wait for a moderator; then timeout."
    )
    announce: Prompt | None = Field(
        None, description="Spoken to everybody in the conference when the caller joins; text only."
    )
    mute: StrictBool = Field(default=False, description="Whether the caller joins muted, to listen.")
    recorded: StrictBool = Field(
        default=False,
        description="Whether what this caller says and hears is recorded, from joining to leaving.",
    )
    beep_enabled: Literal["always", "never", "on_enter", "on_exit"] | None = Field(
        None, description="Whether the others hear a beep when this caller joins or leaves."
    )
    end_conference_on_exit: StrictBool = Field(
        default=False, description="Whether the conference, and all calls in it, end when this caller leaves."
    )
    max_participants: StrictInt | None = Field(
        None,
        ge=2,
        le=800,
        description="The most participants, if this call creates the conference; 250 by default.",
    )
    duration_minutes: StrictInt | None = Field(
        None,
        ge=1,
        le=240,
        description="When Telnyx ends the conference, if this call creates it; 240 by default.",
    )
    controls: dict[Key, InRoom] = Field(
        default_factory=dict,
        description="Key → what it does in the conference: mute (again to speak), mute_others, record, end.",
    )
    keys: Keys = Field(default_factory=dict, description="Key by which the caller leaves the conference → the step.")
    on_hangup_connected: OnHangup = Field(
        default_factory=OnHangup,
        description="As on_hangup, once the caller is in the conference; on_hangup applies until then.",
    )
    full: str = Field("", description="The step when the conference is full.")
    timeout: str = Field("", description="The step when no moderator has come within max_wait_time_secs.")

    @field_validator("hold")
    @classmethod
    def _is_one_file(cls, hold: Prompt | None) -> Prompt | None:
        if hold is None:
            return None
        if hold.speaks:
            raise ValueError("takes audio or media; words cannot be held out without end")
        first, *others = hold.pieces()
        if others or first.content:
            raise ValueError("takes one audio, media or file, which Telnyx plays to all who wait; name one")
        return hold

    @field_validator("announce")
    @classmethod
    def _is_spoken(cls, announce: Prompt | None) -> Prompt | None:
        if announce and not all(piece.speaks for piece in announce.pieces()):
            raise ValueError(
                "takes words only, because Telnyx could play audio twice in a conference (it takes no command_id); "
                "write a text"
            )
        return announce

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.moderator and self.hold:
            raise ValueError("hold is for callers who wait for a moderator; a moderator waits for nobody")
        if not self.hold and (self.timeout or "max_wait_time_secs" in self.model_fields_set):
            raise ValueError(
                "timeout and max_wait_time_secs need hold, for callers who await a moderator; add hold, or remove them"
            )
        if both := sorted(self.keys.keys() & self.controls.keys()):
            raise ValueError(f"{', '.join(both)} is under keys and under controls; remove it from one of them")
        if not self.moderator and (only := {"end", "mute_others"} & set(self.controls.values())):
            raise ValueError(f"{', '.join(sorted(only))} is for a moderator; add `moderator: true`")
        return self

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Join the conference of that name: for most callers it exists already."""
        room = self._room(call)
        if not ROOM.fullmatch(room):
            return Fail(f"there can be no conference of this name: {room[:64]!r}")
        del voice_defaults
        return self._join(call, ConferenceState(muted=self.mute))

    def follow(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        """Announce the caller, handle keys, and go on once the call has left."""
        state = ConferenceState.of(call)
        if event.type == JOINED:
            return self._joined(call, event, state, voice_defaults)
        if event.type == ANSWERED:
            return self._answered(call, event, state, voice_defaults)
        follow = {LEFT: self._left, "call.dtmf.received": self._pressed, "call.gather.ended": self._timer_ended}
        return follow[event.type](call, event, state) if event.type in follow and not event.about_callee else None

    def refused(self, call: Call, event: Event) -> Move:
        """A conference that does not exist is created; one that another call created meanwhile is joined."""
        state, action, code = ConferenceState.of(call), event.text("action"), event.text("code")
        if action not in {"conference_join", "conference_create"} or state.joined:
            return Wait(state=state)
        if state.tries < MAX_TRIES:
            if action == "conference_join" and (event.number("status") == NOT_FOUND or code == CONFERENCE_ENDED):
                return self._create(call, state)
            if action == "conference_create" and code == NAME_IN_USE:
                return self._join(call, state)
        if code == CONFERENCE_FULL and self.full:
            return self.take("full")._replace(result=NOT_REACHED)
        return Fail(event.text("reason"), result=NOT_REACHED)

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether they are one of its keys."""
        del call
        return digits in self.keys or digits in self.controls

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Leave the conference: nobody in it may hear a caller who is in another step."""
        return self._leaving(call, ConferenceState.of(call))

    def at_hangup(self, call: Call) -> tuple[Command, ...]:
        """End the conference after its creator: Telnyx does so only for participants who joined it."""
        state = ConferenceState.of(call)
        if not (self.end_conference_on_exit and state.creating and state.joined and state.conference_id):
            return ()
        return (command("conference_end", call.control_id, conference=state.conference_id),)

    def goes_next(self) -> bool:
        """False: the call ends with the conference, and each other result has a path of its own."""
        return False

    def repeated(self, call: Call) -> None:
        """None: detection does not take the caller out of a conference."""
        del call

    def talks(self, call: Call) -> bool:
        """Whether the caller is in the conference, or waits in it for its beginning."""
        state = ConferenceState.of(call)
        return state.joined and state.stays

    def served(self, call: Call) -> bool:
        """Whether the caller is in the conference, or has been."""
        return ConferenceState.of(call).joined

    def hangup_path(self, call: Call) -> OnHangup:
        """The one for the conference, once the caller is in it."""
        return self.on_hangup_connected if self.served(call) else self.on_hangup

    def hangup_paths(self) -> Iterator[tuple[str, OnHangup]]:
        """The one before the conference, and the one in it."""
        yield from super().hangup_paths()
        yield "on_hangup_connected", self.on_hangup_connected

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """What the caller and the others hear."""
        yield from ((name, prompt) for name in ("hold", "announce") if (prompt := getattr(self, name)))

    @property
    def room_names(self) -> frozenset[str]:
        """The variables that its name contains."""
        return frozenset(names_in(self.conference))

    def _room(self, call: Call) -> str:
        return filled(self.conference, known(call)).strip()

    def _beep(self) -> dict[str, object]:
        return {"beep_enabled": self.beep_enabled} if self.beep_enabled else {}

    def _join(self, call: Call, state: ConferenceState) -> Wait:
        join = command(
            "conference_join",
            call.control_id,
            conference=self._room(call),
            start_conference_on_enter=self.hold is None,
            **{name: True for name in ("mute", "end_conference_on_exit") if getattr(self, name)},
            **self._beep(),
        )
        return Wait((join,), replace(state, tries=state.tries + 1, creating=False))

    def _create(self, call: Call, state: ConferenceState) -> Wait:
        given: dict[str, object] = self._beep()
        if self.hold:
            source = next(self.hold.pieces()).source(call)
            given |= {f"hold_{name}": source[name] for name in ("audio_url", "media_name") if name in source}
        for name in ("max_participants", "duration_minutes"):
            if (value := getattr(self, name)) is not None:
                given[name] = value
        create = command(
            "conference_create",
            call.control_id,
            name=self._room(call),
            start_conference_on_create=self.hold is None,
            **given,
        )
        return Wait((create,), replace(state, tries=state.tries + 1, creating=True))

    def _joined(self, call: Call, event: Event, state: ConferenceState, voice_defaults: VoiceDefaults) -> Move | None:
        if state.joined:
            return None
        now = replace(state.of_conference(event), joined=True)
        if not state.stays:  # an event of before it left, reported late
            return Wait(state=now)
        silence = (self._mute(call, now),) if now.muted and state.creating else ()
        recording = self._recording(call) if self.recorded else ()
        now = replace(now, recording=now.recording or bool(recording))
        if self.hold:
            asked = self._question(call, now) if self.announce else None
            return Wait((*silence, *recording, timer(call, self.max_wait_time_secs)), now, question=asked)
        return Wait((*silence, *recording, *self._announced(call, now, voice_defaults)), now)

    def _left(self, call: Call, event: Event, state: ConferenceState) -> Move | None:
        """The call left by a command, or because the conference or the call is over."""
        about = state.of_conference(event)
        if state.left or (state.joined and about.conference_id != state.conference_id):
            return None
        if state.leaving:
            return self.take(f"keys.{KEYS[state.leaving - 1]}", commands=self._quiet(call, state))
        if state.out_of_time:
            return self._nobody_came(call, state)
        gone = replace(about, left=True, recording=False)
        return Wait((*self._quiet(call, state), timer(call, LEAVING_SECONDS)), gone)

    def _timer_ended(self, call: Call, event: Event, state: ConferenceState) -> Move | None:
        if event.text("status") in {"call_hangup", "cancelled"}:
            return None
        if state.left:
            return self.take()
        if not (state.stays and self.hold):
            return None
        if left := seconds_left(call, event, self.max_wait_time_secs):
            return Wait((timer(call, left),), state)
        return Wait((timer(call, ASKING_SECONDS),), state, question=self._question(call, state))

    def _answered(self, call: Call, event: Event, state: ConferenceState, voice_defaults: VoiceDefaults) -> Move | None:
        """Telnyx has said whether the conference has begun: then announce the caller; if not, the wait may be over."""
        status, early = event.text("conference_status"), seconds_left(call, event, self.max_wait_time_secs)
        if not state.stays or status not in {IN_PROGRESS, WAITS_TO_BEGIN}:
            return None
        if early:
            said = self._announced(call, state, voice_defaults) if status == IN_PROGRESS else ()
            return Wait(said, state) if said else None
        if status == WAITS_TO_BEGIN:
            return Wait(self._leaving(call, state), replace(state, out_of_time=True))
        return Wait((*stop_gathering(call), timer(call, LONGEST_SECONDS)), state)

    def _pressed(self, call: Call, event: Event, state: ConferenceState) -> Move | None:
        digit = event.text("digit")
        if state.stays and digit in self.keys:
            return Wait(self._leaving(call, state), replace(state, leaving=KEYS.index(digit) + 1))
        if not (state.stays and digit in self.controls):
            return None
        does = {"mute": self._mute_self, "mute_others": self._mute_others, "record": self._switch_recording}
        return does.get(self.controls[digit], self._end)(call, state)

    def _end(self, call: Call, state: ConferenceState) -> Wait:
        return Wait((command("conference_end", call.control_id, conference=self._at(call, state)),), state)

    def _switch_recording(self, call: Call, state: ConferenceState) -> Wait:
        """Start or stop the step's recording; one that something else started is left alone."""
        if state.recording:
            return Wait((command("record_stop", call.control_id),), replace(state, recording=False))
        recording = self._recording(call)
        return Wait(recording, replace(state, recording=bool(recording)))

    def _mute_self(self, call: Call, state: ConferenceState) -> Wait:
        changed = replace(state, muted=not state.muted)
        return Wait((self._mute(call, changed),), changed)

    def _mute(self, call: Call, state: ConferenceState) -> Command:
        action = "conference_mute" if state.muted else "conference_unmute"
        return command(action, call.control_id, conference=self._at(call, state), call_control_ids=[call.control_id])

    def _mute_others(self, call: Call, state: ConferenceState) -> Wait:
        """Telnyx mutes everybody if none is named; afterwards the moderator is as before."""
        changed = replace(state, others_muted=not state.others_muted)
        action = "conference_mute" if changed.others_muted else "conference_unmute"
        everybody = command(action, call.control_id, conference=self._at(call, changed), call_control_ids=[])
        return Wait((everybody, self._mute(call, changed)), changed)

    def _announced(self, call: Call, state: ConferenceState, voice_defaults: VoiceDefaults) -> tuple[Command, ...]:
        if self.announce is None:
            return ()
        return tuple(
            command("conference_speak", call.control_id, conference=self._at(call, state), **sound.parameters)
            for sound in self.announce.sounds(call, voice_defaults)
        )

    def _recording(self, call: Call) -> tuple[Command, ...]:
        """The command that records the call, like any recording of a call; none if a recording runs already."""
        if call.recorder:
            return ()
        return (command("record_start", call.control_id, format="mp3", channels="dual"),)

    def _question(self, call: Call, state: ConferenceState) -> QueueQuestion:
        return QueueQuestion((), conference=self._at(call, state))

    def _at(self, call: Call, state: ConferenceState) -> str:
        """The conference by its id, so that a late command does not affect another one of the same name."""
        return state.conference_id or self._room(call)

    def _leaving(self, call: Call, state: ConferenceState) -> tuple[Command, ...]:
        if state.left:
            return ()
        leave = command("conference_leave", call.control_id, conference=self._at(call, state), **self._beep())
        return (leave, *self.at_hangup(call))

    def _quiet(self, call: Call, state: ConferenceState) -> tuple[Command, ...]:
        """Stop the timer, and the recording with the conference."""
        stop = (command("record_stop", call.control_id),) if state.recording else ()
        return (*stop, *(stop_gathering(call) if self.hold else ()))

    def _nobody_came(self, call: Call, state: ConferenceState) -> Go | Fail:
        quiet = self._quiet(call, state)
        if self.timeout:
            return self.take("timeout", commands=quiet)._replace(result=NOT_REACHED)
        reason = f"no moderator came within {self.max_wait_time_secs} s"
        return Fail(reason, quiet, fault=False, result=NOT_REACHED)
