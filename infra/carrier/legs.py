"""Call legs: the state of one line between the carrier and a party."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from infra.carrier.caller_identity import UNKNOWN_CALLER, CallerIdentity

if TYPE_CHECKING:
    from infra.carrier.ai_assistant import AiAssistant
    from infra.carrier.ai_gather import AiGather
    from infra.carrier.applications import Application
    from infra.carrier.audio import Player, Playing, Prompt
    from infra.carrier.clock import Timer
    from infra.carrier.conferences import Conference
    from infra.carrier.delivery import Route, Session
    from infra.carrier.dialing import DialOptions
    from infra.carrier.gather import Gather
    from infra.carrier.payments import Payment
    from infra.carrier.recordings import Recording
    from infra.carrier.trace import LegName


class LegState(StrEnum):
    """How far a leg is."""

    RINGING = "ringing"
    ANSWERED = "answered"
    BRIDGED = "bridged"
    ENDED = "ended"


class Voice(StrEnum):
    """What a sound on the line is, so that it can be made audible in a recording."""

    SPEECH = "speech"
    PROMPT = "prompt"
    MUSIC = "music"
    BEEP = "beep"
    KEY = "key"


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


@dataclass(slots=True, eq=False)
class Leg:
    """One leg of a call."""

    name: LegName
    session: Session
    application: Application
    party: Party
    route: Route
    started: float
    audio: Player
    overlay: Player
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
    gather: Gather | Payment | AiGather | AiAssistant | None = None
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
