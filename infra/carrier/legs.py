"""Call legs: the state of one line between the carrier and a party, and of recordings and conferences of lines."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from infra.carrier.applications import Application
from infra.carrier.caller_identity import UNKNOWN_CALLER, CallerIdentity
from infra.carrier.clock import Timer
from infra.carrier.delivery import Route, Session
from infra.carrier.rendering import AudioFile, Voice
from infra.carrier.trace import LegName

#: How fast a synthetic voice reads.
SPEECH_CHARACTERS_PER_SECOND = 15.0
#: Telnyx's default: how long a callee's telephone rings.
RINGING_SECONDS = 30.0
#: No call lasts longer (Telnyx: four hours).
LONGEST_CALL_SECONDS = 14_400.0
#: How many a conference takes unless `max_participants` says otherwise (create's description).
DEFAULT_MAX_PARTICIPANTS = 250


class LegState(StrEnum):
    """How far a leg is."""

    RINGING = "ringing"
    ANSWERED = "answered"
    BRIDGED = "bridged"
    ENDED = "ended"


@dataclass(slots=True)
class Sound:
    """Something audible on a leg from `start` to `end` (None: still going on), in virtual seconds.

    `inbound` comes from the party on the leg; the rest is what that party hears.
    """

    voice: Voice
    inbound: bool
    start: float
    end: float | None = None


class Nature(StrEnum):
    """What answers a telephone, as answering-machine detection finds it."""

    HUMAN = "human"
    MACHINE = "machine"
    NOT_SURE = "not_sure"
    FAX = "fax"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """Something to be played.

    `kind` is speech or audio; `loops` None means until stopped; `targets` says who hears it (self, opposite, both);
    `media` is what its events name; `announced` False sends no events; `failure` is the status and detail of a file
    that cannot be played.
    """

    kind: str
    what: str
    seconds: float
    loops: int | None = 1
    targets: str = "self"
    overlay: bool = False
    announced: bool = True
    media: tuple[tuple[str, str], ...] = ()
    failure: tuple[str, str] | None = None
    on_end: Callable[[str], None] | None = None


@dataclass(slots=True, eq=False)
class Playing:
    """A prompt being heard. `noticed` is how far into it each listening leg has taken notice."""

    prompt: Prompt
    started: float
    ears: tuple[Leg, ...]
    loops_left: int | None
    sounds: list[Sound] = field(default_factory=list)
    timer: Timer | None = None
    ended: float | None = None
    heard_up_to: dict[str, int] = field(default_factory=dict)

    def sounding(self, now: float) -> bool:
        """Say whether it can still be heard."""
        return self.ended is None or self.ended >= now

    def time_of(self, character: int) -> float:
        """Return the virtual time at which this many characters have been read out."""
        return self.started + min(character / SPEECH_CHARACTERS_PER_SECOND, self.prompt.seconds)


class AudioQueue(Protocol):
    """What is played to a leg, one after the other."""

    playing: Playing | None
    waiting: deque[Prompt]

    def add(self, leg: Leg, prompt: Prompt) -> None:
        """Play a prompt, after those that wait."""

    def stop(self, leg: Leg, which: str, status: str = "cancelled") -> None:
        """Stop the `current` prompt and play the next, or stop `all`."""

    def withdraw(self, leg: Leg, prompt: Prompt) -> None:
        """Stop one prompt, whether it plays or waits."""

    def hang_up(self, leg: Leg) -> None:
        """End everything because the call is over."""


class Gathering(Protocol):
    """What takes the keys that are pressed on a leg: a gather, a payment, an assistant."""

    @property
    def reports_keys(self) -> bool:
        """Whether its keys are reported one by one."""

    def press(self, digit: str) -> None:
        """Take a key."""

    def end(self, status: str) -> None:
        """End with a status: the caller has gone, or something else begins."""


class Party(Protocol):
    """A person or machine at the far end of a leg.

    A machine's greeting lasts `greeting_seconds` from the answer on, and `beeps` says whether a beep ends it.
    """

    nature: Nature
    greeting_seconds: float
    beeps: bool

    def rings(self, leg: Leg) -> None:
        """Begin: the leg rings (callee) or is heard ringing (caller)."""

    def answered(self, leg: Leg) -> None:
        """Go on: the leg is answered."""

    def hears(self, leg: Leg, playing: Playing) -> None:
        """Listen: something begins to be heard."""

    def ended(self, leg: Leg) -> None:
        """Stop: the leg is over."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a recording is to be like."""

    format: str = "mp3"
    channels: str = "dual"
    track: str = "both"
    max_length_seconds: float = 0.0
    silence_seconds: float = 0.0
    play_beep: bool = False
    trim: bool = False
    transcription: bool = False
    custom_file_name: str | None = None
    initiated_by: str = "StartCallRecordingAPI"

    @property
    def channel_count(self) -> int:
        """Return one or two: a single track is mono whatever was asked for."""
        return 2 if self.channels == "dual" and self.track == "both" else 1


@dataclass(slots=True, eq=False)
class Recording:
    """One recording of a leg. `stretches` are what was recorded, in virtual time; the last one may be open."""

    id: str
    leg: Leg
    order: Order
    started: float
    stretches: list[tuple[float, float | None]] = field(default_factory=list)
    ended: float | None = None
    saved: float | None = None
    words: list[str] = field(default_factory=list)
    transcription_id: str | None = None
    transcribed: bool = False
    deleted: bool = False
    file: AudioFile | None = None
    max_timer: Timer | None = None
    silence_timer: Timer | None = None

    @property
    def paused(self) -> bool:
        """Say whether nothing is being recorded right now."""
        return self.ended is None and self.stretches[-1][1] is not None

    def seconds(self, now: float) -> float:
        """Return how much is recorded so far, pauses left out."""
        return sum((now if end is None else end) - start for start, end in self.stretches)


@dataclass(slots=True, eq=False)
class Participant:
    """A call in a conference."""

    id: str
    leg: Leg
    joined: float
    muted: bool = False
    #: Whether a command put it on hold; in a conference that has not started everybody is.
    held: bool = False
    ends_conference: bool = False
    soft_ends_conference: bool = False
    role: str = "none"
    whispers_to: tuple[str, ...] = ()
    beeps: str | None = None
    #: The music that it hears on hold.
    music: Prompt | None = None


@dataclass(slots=True, eq=False)
class Announcement:
    """Something that is spoken or played into a conference, to all who were meant when it began."""

    prompt: Prompt
    to: tuple[str, ...]
    timer: Timer | None = None


@dataclass(slots=True, eq=False)
class Conference:
    """A conference. Its webhooks bear the client state of the call that created it."""

    id: str
    name: str
    owner: Leg
    client_state: str | None
    created: float
    expires: float
    max_participants: int = DEFAULT_MAX_PARTICIPANTS
    beeps: str = "never"
    hold: Prompt | None = None
    started: bool = True
    ended: float | None = None
    end_reason: str | None = None
    ended_by: Leg | None = None
    participants: list[Participant] = field(default_factory=list)
    announcements: list[Announcement] = field(default_factory=list)
    timer: Timer | None = None
    #: command_id of each command that was taken → when.
    commands_seen: dict[str, float] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """Give Telnyx's word for how far it is."""
        return "completed" if self.ended is not None else "in_progress" if self.started else "init"

    def on_hold(self, participant: Participant) -> bool:
        """Say whether a participant hears music instead of the others."""
        return participant.held or not self.started

    def of(self, leg: Leg) -> Participant | None:
        """Return a leg's place in it."""
        return next((each for each in self.participants if each.leg is leg), None)


@dataclass(frozen=True, slots=True)
class DialOptions:
    """What a dial or transfer asks of the new leg; `audio` is for the callee, on answer, before a transfer bridges."""

    timeout_seconds: float = RINGING_SECONDS
    time_limit_seconds: float = LONGEST_CALL_SECONDS
    detection: str = "disabled"
    detection_config: tuple[tuple[str, Any], ...] = ()
    record: Order | None = None
    recording_id: str | None = None
    audio: Prompt | None = None
    audio_before_bridge: bool = False
    send_digits: str | None = None
    prevent_double_bridge: bool = False


@dataclass(slots=True, eq=False)
class Leg:
    """One leg of a call."""

    name: LegName
    session: Session
    application: Application
    party: Party
    route: Route
    started: float
    audio: AudioQueue
    overlay: AudioQueue
    client_state: str | None = None
    identity: CallerIdentity = UNKNOWN_CALLER
    state: LegState = LegState.RINGING
    answered: float | None = None
    ended: float | None = None
    hangup_cause: str | None = None
    peer: Leg | None = None
    conference: Conference | None = None
    #: The music that is played to it while it is on hold in a conference.
    hold_music: Prompt | None = None
    #: The leg that this one, still ringing, will be bridged with when it is answered.
    meant_for: Leg | None = None
    #: The legs being called for this one.
    called: list[Leg] = field(default_factory=list)
    options: DialOptions | None = None
    #: The legs dialled together with this one, itself included: the first to answer ends the others.
    alternatives: list[Leg] = field(default_factory=list)
    digits_on_answer: str | None = None
    parks_after_unbridge: bool = False
    #: The leg whose conversation this one listens to, and what else it may do.
    supervises: Leg | None = None
    supervisor_role: str = ""
    #: Those that listen to this one's.
    supervisors: list[Leg] = field(default_factory=list)
    gather: Gathering | None = None
    #: Of live transcription under way: its engine, and whose words are written down.
    transcription: tuple[str, str] | None = None
    recordings: list[Recording] = field(default_factory=list)
    sounds: list[Sound] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    #: command_id of each accepted command → when, and what was answered.
    commands_seen: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)
    custom_headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def incoming(self) -> bool:
        """Say whether the party called us."""
        return self.name.direction == "incoming"

    @property
    def talking(self) -> bool:
        """Say whether audio flows."""
        return self.state in (LegState.ANSWERED, LegState.BRIDGED)

    @property
    def alive(self) -> bool:
        """Say whether the leg still exists."""
        return self.state is not LegState.ENDED
