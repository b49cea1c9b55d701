"""The exchange: what all parts of the carrier share, and how an event leaves it."""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from infra.carrier.applications import ID_DIGITS, Application, PhoneNumber, Profile
from infra.carrier.clock import Clock, Timer
from infra.carrier.delivery import Deliveries, Event, Session
from infra.carrier.legs import Conference, Leg, Party, Recording
from infra.carrier.media import MediaLibrary
from infra.carrier.messaging import Messaging
from infra.carrier.trace import Happening, Trace

#: Events that carry the numbers of the call (OpenAPI); the others name the leg only.
_WITH_NUMBERS = frozenset(
    {
        "call.initiated",
        "call.answered",
        "call.bridged",
        "call.hangup",
        "call.dtmf.received",
        "call.gather.ended",
        "call.machine.detection.ended",
        "call.machine.greeting.ended",
        "call.machine.premium.detection.ended",
        "call.machine.premium.greeting.ended",
    }
)

#: How much later than the one before it an event occurred at the least; timestamps have microseconds.
TICK_SECONDS = 1e-6


class RecordingStore:
    """All recordings of the account."""

    def __init__(self) -> None:
        self.all: dict[str, Recording] = {}
        self.failures: list[str] = []

    def fail_next(self, reason: str, times: int = 1) -> None:
        """Let the next recordings end in call.recording.error with this reason."""
        self.failures.extend([reason] * times)

    def saved(self) -> list[Recording]:
        """Return those that can be had, oldest first."""
        return [found for found in self.all.values() if found.saved is not None and not found.deleted]


@dataclass(slots=True, eq=False)
class Waiting:
    """A call in a queue."""

    leg: Leg
    since: float
    #: Whether it keeps its place when the caller hangs up.
    keep: bool = False
    timer: Timer | None = None


@dataclass(slots=True, eq=False)
class CallQueue:
    """A queue, the first call first."""

    name: str
    id: str
    max_size: int
    created: float
    updated: float
    calls: list[Waiting] = field(default_factory=list)
    #: How long each call waited that has left.
    waits: list[float] = field(default_factory=list)

    def average_wait(self, now: float) -> int:
        """Return how long the calls that are in the queue have been waiting, on average, in seconds."""
        return round(sum(now - each.since for each in self.calls) / len(self.calls)) if self.calls else 0

    def average_spent(self) -> int:
        """Return how long calls spent in the queue before they left it, on average, in seconds."""
        return round(sum(self.waits) / len(self.waits)) if self.waits else 0

    def position(self, waiting: Waiting) -> int:
        """Return a call's position, 1 for the first."""
        return self.calls.index(waiting) + 1


def _nobody(number: str) -> Party:
    raise LookupError(number)


@dataclass(slots=True)
class Exchange:
    """What the parts of the carrier share."""

    clock: Clock
    chance: random.Random
    trace: Trace
    deliveries: Deliveries
    media: MediaLibrary
    recordings: RecordingStore
    #: Where the API and the recordings are reached from outside, without /v2.
    public_url: str = "https://carrier.invalid"
    #: What download URLs are signed with.
    secret: str = ""
    applications: dict[str, Application] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    numbers: dict[str, PhoneNumber] = field(default_factory=dict)
    #: What else numbers can ring, SIP trunks say: id → name.
    other_connections: dict[str, str] = field(default_factory=dict)
    legs: dict[str, Leg] = field(default_factory=dict)
    queues: dict[str, CallQueue] = field(default_factory=dict)
    conferences: dict[str, Conference] = field(default_factory=dict)
    #: Name of a Pay connector → what its processor answers: `success`, or an error's code.
    pay_connectors: dict[str, str] = field(default_factory=lambda: {"Default": "success"})
    #: Whether a connector of any other name is there, too, and charges whatever it is asked to.
    any_pay_connector: bool = False
    #: What was said to assistants, by the ids of the conversations.
    conversations: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    #: The assistants that cannot begin.
    broken_assistants: set[str] = field(default_factory=set)
    messaging: Messaging = field(default_factory=Messaging)
    #: command_id of each accepted dial → when, and what was answered.
    dials_seen: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)
    #: The same of those that created a conference, with its id.
    conferences_seen: dict[str, tuple[float, str]] = field(default_factory=dict)
    callees: Callable[[str], Party] = field(default=_nobody)
    #: Whether answering-machine detection ends what plays and what is gathered when it finds a machine.
    detection_cancels: bool = True
    #: The id of the next call session, where it matters which it is; '' for one by chance.
    next_session_id: str = ""
    #: `occurred_at` of the latest event, in seconds.
    latest_at: float = -TICK_SECONDS

    def new_id(self) -> str:
        """Return a UUID, the same ones in every run from the same seed."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def new_account_id(self) -> str:
        """Return an id as applications and profiles have them: digits only."""
        return str(10 ** (ID_DIGITS - 1) + self.chance.randrange(9 * 10 ** (ID_DIGITS - 1)))

    def new_session(self, shift_seconds: float = 0.0) -> Session:
        """Return a new call session, whose events occur so much later than by the clock."""
        given, self.next_session_id = self.next_session_id, ""
        return Session(given or self.new_id(), shift_seconds)

    def timestamp(self, leg: Leg, time: float | None) -> str:
        """Return a virtual time, or now, as the events of a leg have it."""
        return self.clock.timestamp((self.clock.now if time is None else time) + leg.session.shift_seconds)

    def tell(self, happening: Happening) -> None:
        """Tell observers."""
        self.trace.add(happening)

    def emit(self, leg: Leg, event_type: str, **payload: Any) -> None:  # noqa: ANN401 - JSON
        """Send a webhook about a leg, with the fields that every event of a call control leg has."""
        name = leg.name
        about: dict[str, Any] = {
            "call_control_id": name.call_control_id,
            "connection_id": leg.application.connection_id,
            "call_leg_id": name.call_leg_id,
            "call_session_id": name.call_session_id,
            "client_state": leg.client_state,
        }
        if event_type in _WITH_NUMBERS:
            about["from"], about["to"] = name.from_, name.to
        self.post(leg, event_type, {**about, **payload})

    def post(self, leg: Leg, event_type: str, payload: dict[str, Any]) -> None:
        """Send a webhook with exactly this payload."""
        # In a real exchange one thing follows another; here much happens at one virtual instant.
        self.latest_at = max(self.clock.now, self.latest_at + TICK_SECONDS)
        occurred_at = self.timestamp(leg, self.latest_at)
        event = Event(self.new_id(), event_type, occurred_at, payload, leg.name, leg.route)
        leg.session.reported.append(event)
        self.deliveries.send(event, leg.session)
