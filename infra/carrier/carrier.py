"""The simulated Telnyx: numbers, callers, legs, recordings and an API, on a virtual clock."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime

from infra.carrier import calls
from infra.carrier.api.api import Api
from infra.carrier.applications import ANY_PROFILE, Application, PhoneNumber, Profile
from infra.carrier.caller_identity import UNKNOWN_CALLER, CallerIdentity
from infra.carrier.clock import Clock
from infra.carrier.delivery import Deliveries
from infra.carrier.exchange import Exchange, RecordingStore
from infra.carrier.faults import Faults, WebhookFault
from infra.carrier.legs import Leg, Order, Party, Recording
from infra.carrier.media import Fetch, MediaLibrary
from infra.carrier.parties import Actor, Callee, Caller, Unknown, party_of
from infra.carrier.pump import Pump
from infra.carrier.rendering import Span, audio_file
from infra.carrier.signing import SEED_BYTES, WebhookKey
from infra.carrier.trace import Happening, LegName, Trace, WebhookGivenUp
from infra.carrier.wire import Post, Request, Response

#: What the simulated account's API key is unless one is given.
API_KEY = "KEY-simulated-carrier"


@dataclass(frozen=True, slots=True)
class Line:
    """A caller's telephone: what a person, or a keyboard, can do with it at any time and from any thread."""

    carrier: Carrier
    leg: Leg

    @property
    def name(self) -> LegName:
        """Return the ids and numbers of the leg."""
        return self.leg.name

    def press(self, digits: str) -> None:
        """Press keys, now."""
        with self.carrier.acting():
            for digit in digits:
                calls.press(self.carrier.exchange, self.leg, digit)

    def say(self, seconds: float, words: str = "") -> None:
        """Speak, from now on."""
        with self.carrier.acting():
            calls.say(self.carrier.exchange, self.leg, seconds, words)

    def take_over(self) -> None:
        """Act in place of the script that was played on it."""
        with self.carrier.acting():
            if isinstance(self.leg.party, Actor):
                self.leg.party.stops()

    def hang_up(self) -> None:
        """Put the receiver down, now."""
        with self.carrier.acting():
            calls.party_hangs_up(self.carrier.exchange, self.leg)


class Carrier:
    """A Telnyx account with its applications, numbers and calls.

    `post` takes webhooks to the application (synchronously, unless `delivery_threads`). The same `seed` gives the same
    ids, faults and times; only the webhook key and signatures differ, unless `key_seed` is given.
    """

    def __init__(  # noqa: PLR0913 - the account's settings, each with its default
        self,
        post: Post,
        *,
        api_key: str = API_KEY,
        seed: int = 0,
        fault_chances: dict[WebhookFault, float] | None = None,
        start: datetime | None = None,
        fetch: Fetch | None = None,
        keep_trace: bool = True,
        key_seed: bytes | None = None,
        delivery_threads: int = 0,
        pace: float | None = None,
    ) -> None:
        self.api_key = api_key
        self.seed = seed
        self.clock = Clock(start)
        self.faults = Faults(seed, fault_chances)
        self.key = WebhookKey(key_seed)
        self._trace = Trace(keep=keep_trace)
        self.pump = Pump(self.clock, post, threads=delivery_threads, pace=pace)
        self._deliveries = Deliveries(self.clock, self.key, self.faults, self._trace, self.pump.launch)
        self.pump.urgent = self._deliveries.send_urgent
        chance = random.Random(seed)
        self.exchange = Exchange(
            clock=self.clock,
            chance=chance,
            trace=self._trace,
            deliveries=self._deliveries,
            media=MediaLibrary(fetch, lambda: self.clock.now),
            recordings=RecordingStore(),
            secret=chance.randbytes(SEED_BYTES).hex(),
            callees=self._callee,
        )
        self._api = Api(self.exchange, self.faults, api_key, self.key.public_key)
        self._callees: dict[str, list[Callee]] = {}

    # The account

    @property
    def public_key(self) -> str:
        """Return the account's webhook public key, as TELNYX_PUBLIC_KEY wants it."""
        return self.key.public_key

    @property
    def media(self) -> MediaLibrary:
        """Return the media that can be played."""
        return self.exchange.media

    @property
    def recordings(self) -> RecordingStore:
        """Return all recordings."""
        return self.exchange.recordings

    @property
    def public_url(self) -> str:
        """Return where the carrier is reached from outside, without /v2."""
        return self.exchange.public_url

    @public_url.setter
    def public_url(self, url: str) -> None:
        self.exchange.public_url = url

    def add_application(self, application: Application, numbers: Iterable[str] = ()) -> Application:
        """Register an application, or replace it, and let these numbers ring it."""
        with self.acting():
            self.exchange.applications[application.connection_id] = application
            if application.outbound_voice_profile_id == ANY_PROFILE:
                self.exchange.profiles.setdefault(ANY_PROFILE, Profile(ANY_PROFILE, "any"))
            self.add_numbers(numbers, application.connection_id)
        return application

    def add_numbers(self, numbers: Iterable[str], connection_id: str | None = None) -> None:
        """Let the account have these numbers, ringing an application or nothing."""
        with self.acting():
            self.exchange.numbers.update({each: PhoneNumber(each, connection_id) for each in numbers})

    def change_application(self, connection_id: str, **changes: object) -> Application:
        """Change settings of an application, for calls from now on."""
        application: Application = replace(self.exchange.applications[connection_id], **changes)  # type: ignore[arg-type]  # field names are checked by replace
        return self.add_application(application)

    def add_callee(self, number: str, callee: Callee, *later: Callee) -> None:
        """Let a person be reached under a number; other numbers are unallocated.

        Rung again, they behave as the next of `later`; after the last of them, as that.
        """
        self._callees[number] = [callee, *later]

    def _callee(self, number: str) -> Party:
        behaviours = self._callees.get(number, [Unknown()])
        return party_of(self.exchange, behaviours.pop(0) if len(behaviours) > 1 else behaviours[0])

    # Calls

    def call(  # noqa: PLR0913 -- who calls whom, and when
        self,
        from_: str,
        to: str,
        caller: Caller | None = None,
        *,
        after: float = 0.0,
        at: datetime | None = None,
        identity: CallerIdentity = UNKNOWN_CALLER,
    ) -> Line:
        """Let somebody call one of the account's numbers, `after` virtual seconds; it rings once time passes.

        The events of a call `at` another time occur then, whatever the clock says.
        """
        with self.acting():
            number = self.exchange.numbers.get(to)
            if number is None or number.connection_id not in self.exchange.applications:
                raise LookupError(f"{to} rings no application: name it in add_application(…, numbers=[…])")
            application = self.exchange.applications[number.connection_id]
            party = party_of(self.exchange, caller or Caller())
            shift_seconds = 0.0 if at is None else (at - self.clock.datetime()).total_seconds()
            session = self.exchange.new_session(shift_seconds)
            leg = calls.new_leg(self.exchange, application, session, party, direction="incoming", from_=from_, to=to)
            leg.identity = identity
            self.clock.after(after, lambda: self._ring(leg))
        return Line(self, leg)

    def _ring(self, leg: Leg) -> None:
        leg.started = self.clock.now
        calls.ring(self.exchange, leg)

    @property
    def legs(self) -> list[Leg]:
        """Return all legs there ever were, oldest first."""
        return list(self.exchange.legs.values())

    def handle(self, request: Request) -> Response:
        """Answer an API request, or serve a recording, at the current virtual instant."""
        # Without the lock: what is fetched may be served by this carrier, as a recording is that a caller listens to.
        fetched = self._api.fetch_audio(request)
        with self.acting(), self.media.at_hand(fetched):
            return self._api.handle(request)

    def store_recording(self, line: Line, seconds: float, *, form: str = "wav", channels: str = "dual") -> Recording:
        """Put a recording of any length into the account, as if a leg's call had been that long."""
        with self.acting():
            order = Order(format=form, channels=channels)
            now = self.clock.now
            recording = Recording(self.exchange.new_id(), line.leg, order, now, [(now, now + seconds)])
            recording.ended = recording.saved = now
            span = Span(round(seconds * 8_000), frozenset(), frozenset())
            recording.file = audio_file(form, order.channel_count, [span])
            self.recordings.all[recording.id] = recording
        return recording

    # Time

    def acting(self) -> AbstractContextManager[None]:
        """Hold the carrier still around something done to it from outside."""
        return self.pump.acting()

    def holding(self) -> AbstractContextManager[None]:
        """Let no virtual time pass meanwhile, for work outside that a call does not wait for; commands still work."""
        return self.pump.holding()

    def run(self, *, until: float | None = None, when: Callable[[], bool] | None = None) -> bool:
        """Let time pass until nothing is due, or virtual second `until`, or `when()` holds; True if `when` held."""
        return self.pump.run(until, when)

    def run_for(self, seconds: float) -> None:
        """Let so much virtual time pass."""
        self.run(until=self.clock.now + seconds)

    @property
    def quiet(self) -> bool:
        """Say whether nothing is to come."""
        return self.clock.next_due() is None

    def close(self) -> None:
        """End a run under way and the delivery threads."""
        self.pump.stop()

    # What observers see

    @property
    def trace(self) -> list[Happening]:
        """Give everything that happened, where it is kept."""
        return self._trace.kept

    def observe(self, observer: Callable[[Happening], None]) -> None:
        """Call `observer` with every entry from now on, in order, on the thread where it occurs."""
        self._trace.observe(observer)

    @property
    def given_up(self) -> list[WebhookGivenUp]:
        """Return the webhooks that could not be delivered."""
        return self._deliveries.given_up
