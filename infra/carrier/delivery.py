"""Webhook delivery as Telnyx does it: signed, retried, failed over, and disturbed on request."""

from __future__ import annotations

import json
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from infra.carrier.clock import Clock
from infra.carrier.faults import Faults, WebhookFault
from infra.carrier.signing import WebhookKey
from infra.carrier.trace import Disturbed, LegName, Trace, WebhookAnswered, WebhookGivenUp, WebhookSent
from infra.carrier.wire import Request

#: From the cause of an event to its arrival, and between two events of one call: about what the Internet takes.
LATENCY_SECONDS = 0.05
SPACING_SECONDS = 0.02
#: Attempts on the primary URL before the failover URL gets its turn (Telnyx's documentation).
ATTEMPTS_ON_PRIMARY = 2
#: Waits before each further attempt where the call has no policy: five retries in 60 s, the most a policy may ask for.
DEFAULT_RETRY_SECONDS = (2.0, 4.0, 8.0, 16.0, 30.0)
#: Answers that are neither accepted nor final.
RETRIED_STATUSES = frozenset({408, 429})
#: How late a webhook can be on request, how far one can overtake, and how long after it its double comes.
LATE_SECONDS = (1.0, 20.0)
OVERTAKING_SECONDS = 2.0
DOUBLE_SECONDS = 3.0

#: How many deliveries are listed, the last ones.
KEPT_DELIVERIES = 10_000

#: Called with the status of the answer, or None and the reason that there was none.
Settle = Callable[[int | None, str], None]
#: Takes a request on its way, with the seconds to wait for its answer, and settles it when that is known.
Launch = Callable[[Request, float, Settle], None]


@dataclass(slots=True)
class Session:
    """A call session: what its legs share."""

    id: str
    #: How much later than by the carrier's clock its events occur: a call of another day, beside calls of today.
    shift_seconds: float = 0.0
    last_arrival: float = 0.0
    #: The commands that were taken, as `GET /call_events` lists them.
    commands: list[dict[str, Any]] = field(default_factory=list)
    #: The events that were reported, whether or not their webhooks came: it lists them, too.
    reported: list[Event] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Route:
    """The destination of a leg's webhooks. `urls` and `retries_seconds` are by event type and override the rest."""

    url: str
    failover_url: str | None
    timeout_seconds: float
    urls: Mapping[str, str] = field(default_factory=dict)
    retries_seconds: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    api_version: str = "2"


@dataclass(frozen=True, slots=True)
class Event:
    """One webhook event; `leg` is only for the trace."""

    id: str
    event_type: str
    occurred_at: str
    payload: Mapping[str, Any]
    leg: LegName
    route: Route

    def data(self) -> dict[str, Any]:
        """Return what the body of every attempt reports."""
        data = {
            "event_type": self.event_type,
            "id": self.id,
            "occurred_at": self.occurred_at,
            "payload": self.payload,
            "record_type": "event",
        }
        if self.event_type.startswith("conference.") and "occurred_at" in self.payload:
            del data["occurred_at"]
        return data

    def body(self, attempt: int, url: str) -> bytes:
        """Return the JSON body of an attempt, in the format that the application asks for."""
        if self.route.api_version == "1":
            return json.dumps(self._version_1()).encode()
        return json.dumps({"data": self.data(), "meta": {"attempt": attempt, "delivered_to": url}}).encode()

    def _version_1(self) -> dict[str, Any]:
        return {
            "created_at": self.occurred_at,
            "event_type": self.event_type.replace(".", "_"),
            "id": self.id,
            "payload": dict(self.payload),
            "record_type": "event",
        }

    def url(self, attempt: int) -> str:
        """Return the URL that an attempt (from 1) goes to."""
        if attempt > ATTEMPTS_ON_PRIMARY and self.route.failover_url:
            return self.route.failover_url
        return self.route.urls.get(self.event_type, self.route.url)


@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt; `status` is None if there was no answer."""

    finished: float
    url: str
    status: int | None


@dataclass(slots=True)
class Delivery:
    """What became of an event, as `GET /webhook_deliveries` lists it once that is known."""

    event: Event
    started: float
    attempts: list[Attempted] = field(default_factory=list)
    finished: float = 0.0
    delivered: bool = False


class Deliveries:
    """All webhooks on their way."""

    def __init__(self, clock: Clock, key: WebhookKey, faults: Faults, trace: Trace, launch: Launch) -> None:
        self.given_up: list[WebhookGivenUp] = []
        self.settled: deque[Delivery] = deque(maxlen=KEPT_DELIVERIES)
        self._under_way: dict[str, Delivery] = {}
        self._clock = clock
        self._key = key
        self._faults = faults
        self._trace = trace
        self._launch = launch
        self._urgent: list[Callable[[], None]] = []

    def send(self, event: Event, session: Session) -> None:
        """Let an event arrive in its order, unless a fault decides otherwise; never before now."""
        met = self._faults.for_webhook(event.event_type)
        chance, now = self._faults.chance, self._clock.now
        for fault in sorted(met):
            self._trace.add(Disturbed(at=now, leg=event.leg, fault=fault.value, what=event.event_type))
        if WebhookFault.LOST in met:
            self._under_way[event.id] = Delivery(event, now)
            attempts = 1 + len(DEFAULT_RETRY_SECONDS)
            self._clock.after(sum(DEFAULT_RETRY_SECONDS), lambda: self._give_up(event, attempts, "lost on its way"))
            return
        if WebhookFault.AT_ONCE in met:
            self._urgent.append(lambda: self._attempt(event, 1, met))
            due = now
        elif WebhookFault.OUT_OF_ORDER in met:
            due = self._arrive(event, now + chance.uniform(0, OVERTAKING_SECONDS), met)
        elif WebhookFault.LATE in met:
            due = self._arrive(event, now + chance.uniform(*LATE_SECONDS), met)
        else:
            due = max(now + LATENCY_SECONDS, session.last_arrival + SPACING_SECONDS)
            session.last_arrival = due
            self._arrive(event, due, met)
        if WebhookFault.TWICE in met:
            self._arrive(event, due + chance.uniform(0, DOUBLE_SECONDS), frozenset())
        if WebhookFault.UNDER_TWO_IDS in met:
            other = replace(event, id=str(uuid.uuid5(uuid.NAMESPACE_OID, event.id)))
            self._arrive(other, due + chance.uniform(0, DOUBLE_SECONDS), frozenset())

    def send_urgent(self) -> None:
        """Take off what must go at once; called when the carrier's state is whole."""
        while self._urgent:
            self._urgent.pop(0)()

    def _arrive(self, event: Event, due: float, met: frozenset[WebhookFault]) -> float:
        self._clock.at(due, lambda: self._attempt(event, 1, met))
        return due

    def _attempt(self, event: Event, attempt: int, met: frozenset[WebhookFault]) -> None:
        url = event.url(attempt)
        self._under_way.setdefault(event.id, Delivery(event, self._clock.now))
        body = event.body(attempt, url)
        parts = urlsplit(url)
        headers = {"content-type": "application/json", "user-agent": "telnyx-webhooks", **self._key.headers(body)}
        query = dict(parse_qsl(parts.query))
        if self._trace.watched:
            self._trace.add(
                WebhookSent(
                    at=self._clock.now,
                    leg=event.leg,
                    event_id=event.id,
                    event_type=event.event_type,
                    url=url,
                    attempt=attempt,
                    payload=event.payload,
                )
            )
        request = Request("POST", url, query, headers, body)
        self._launch(request, event.route.timeout_seconds, lambda *answer: self._answered(event, attempt, met, *answer))

    def _answered(
        self, event: Event, attempt: int, met: frozenset[WebhookFault], status: int | None, failure: str
    ) -> None:
        if attempt == 1 and WebhookFault.DROP_RESPONSE in met:
            self._settle_later(event, attempt, event.route.timeout_seconds, None, "time-out")
        elif attempt == 1 and WebhookFault.SLOW in met:
            taken = self._faults.chance.uniform(0, 2 * event.route.timeout_seconds)
            if taken > event.route.timeout_seconds:
                status, failure = None, "time-out"
            self._settle_later(event, attempt, taken, status, failure)
        else:
            self._settled(event, attempt, status, failure)

    def _settle_later(self, event: Event, attempt: int, delay: float, status: int | None, failure: str) -> None:
        self._clock.after(delay, lambda: self._settled(event, attempt, status, failure))

    def _settled(self, event: Event, attempt: int, status: int | None, failure: str) -> None:
        if self._trace.watched:
            self._trace.add(
                WebhookAnswered(
                    at=self._clock.now,
                    leg=event.leg,
                    event_id=event.id,
                    event_type=event.event_type,
                    url=event.url(attempt),
                    attempt=attempt,
                    status=status,
                    failure=failure,
                )
            )
        if (delivery := self._under_way.get(event.id)) is not None:
            delivery.attempts.append(Attempted(self._clock.now, event.url(attempt), status))
        if status is not None and status // 100 == 2:  # noqa: PLR2004 - 2xx acknowledges
            self._settle(event, delivered=True)
            return
        retries = event.route.retries_seconds.get(event.event_type, DEFAULT_RETRY_SECONDS)
        retried = status is None or status in RETRIED_STATUSES or status >= 500  # noqa: PLR2004 - 5xx
        if retried and attempt <= len(retries):
            self._clock.after(retries[attempt - 1], lambda: self._attempt(event, attempt + 1, frozenset()))
            return
        self._give_up(event, attempt, failure if status is None else f"answered {status}")

    def _settle(self, event: Event, *, delivered: bool) -> None:
        """Let a delivery be listed; one that was made twice is settled by the first of the two."""
        delivery = self._under_way.pop(event.id, None)
        if delivery is not None:
            delivery.finished, delivery.delivered = self._clock.now, delivered
            self.settled.append(delivery)

    def _give_up(self, event: Event, attempts: int, reason: str) -> None:
        self._settle(event, delivered=False)
        given_up = WebhookGivenUp(
            at=self._clock.now,
            leg=event.leg,
            event_id=event.id,
            event_type=event.event_type,
            attempts=attempts,
            reason=reason,
        )
        self.given_up.append(given_up)
        self._trace.add(given_up)
