"""A webhook's HTTP request, from the signature to the answer."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from dialtone.adapters.calls_table import StoreUnavailable
from dialtone.adapters.signature import NotSigned, Verifier, request_body, request_headers
from dialtone.adapters.telemetry import Measure, print_exception
from dialtone.domain.deadline import HANDLING_SECONDS, DeadlinePassed
from dialtone.domain.decisions import (
    FLOW_ERROR,
    HANGUP_REFUSED,
    LAST_RESORT,
    RECORDING_ERROR,
    TARGET_REFUSED,
    TURNED_AWAY,
    UNIDENTIFIED,
    UNWATCHED,
)
from dialtone.domain.errors import ApiVersion1, MalformedEvent
from dialtone.domain.events import CONTROL_ACTION, TELNYX_EVENT, parse_event
from dialtone.domain.log_sampling import ReportSample
from dialtone.domain.own_events import OWN_EVENT, event_from_json
from dialtone.domain.parked_event import ParkedEvent
from dialtone.domain.units import MILLIS_PER_SECOND
from webhook.event_types import UNDERSTOOD
from webhook.metrics import of_commands, of_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dialtone.adapters.parked_events import ParkedEvents
    from dialtone.adapters.telemetry import Level, Observer
    from dialtone.domain.counted_changes import CountedChange
    from dialtone.domain.events import Event
    from webhook.processor import EventProcessor, EventResult
    from webhook.refused_commands import Sent

PARKING_SECONDS = 2.0
"""How long parking an event may take beyond what was left of its time: the answer is 5xx in any case, and even so the
function's own time-out is far off."""

DEPENDENCY_FAULTS = (StoreUnavailable, DeadlinePassed, ClientError, BotoCoreError)

REQUESTS_REFUSED_FOR_GOOD = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
        "SerializationException",
        "ValidationException",
    }
)
"""AWS errors that no redelivery can change: an item is too large, a permission or a table is missing. The request or
the deployment is at fault, not the dependency."""

REFUSED_IN_TRANSACTION = frozenset({"ItemCollectionSizeLimitExceeded", "ValidationError"})
"""The same for the reasons of a cancelled transaction."""


class Answer(NamedTuple):
    """The response to Telnyx, and its log line."""

    status: HTTPStatus
    event_type: str
    fields: Mapping[str, Any]
    sent: tuple[Sent, ...] = ()
    fault: Exception | None = None
    """An error to log with its traceback."""
    counts: Mapping[str, int] = MappingProxyType({})
    """More metrics, by name: faults of the webhook itself, and incidents that operators must know of."""
    progress: tuple[CountedChange, ...] = ()
    """What happened to the call, to be counted."""
    repeats: Mapping[str, int] = MappingProxyType({})
    """Metrics of what had to be done more than once, by name; they do not make the log line a warning."""
    body: str = ""
    """The result, for the function that delivered an internal event; Telnyx reads no body."""
    arrived: tuple[str, float] | None = None
    """When the event occurred, and when its webhook arrived, in unix seconds; None if no webhook brought it."""

    def having(self, fields: Mapping[str, Any], counts: Mapping[str, int]) -> Answer:
        """The same answer, with more fields in its log line and more metrics."""
        return self._replace(fields={**self.fields, **fields}, counts={**self.counts, **counts})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`POST /webhooks/telnyx`."""

    verifier: Verifier
    processor: EventProcessor
    observer: Observer
    now_seconds: Callable[[], float] = time.time
    handling_seconds: float = HANDLING_SECONDS
    parked: ParkedEvents | None = None
    """Where to park webhooks that fail by a fault of ours; None to park none."""
    refusals: ReportSample = field(default_factory=ReportSample)
    """Which unsigned webhooks are reported."""

    def handle(self, invocation: object) -> dict[str, Any]:
        """Take what Lambda was invoked with, an API Gateway request or an event of our own; return the response."""
        if isinstance(invocation, Mapping) and OWN_EVENT in invocation:
            return self.handle_internal_event(invocation[OWN_EVENT])
        if isinstance(invocation, Mapping) and TELNYX_EVENT in invocation:
            return self.handle_event_read_back(invocation[TELNYX_EVENT])
        return self.respond(invocation)

    def respond(self, request: object) -> dict[str, Any]:
        """Take an API Gateway request (payload 2.0); return its response.

        Never raises: every fault has its answer, and a request of any other shape is an unsigned webhook.
        """
        return self._respond(partial(self._answer_to_request, request if isinstance(request, Mapping) else {}))

    def handle_internal_event(self, payload: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON that may invoke us
        """Handle an event that another function of ours delivers. Never raises either."""
        return self._respond(partial(self._answer, lambda: event_from_json(payload)))

    def handle_event_read_back(self, document: object) -> dict[str, Any]:
        """Handle an event of Telnyx's that was read back or is replayed, as if its webhook had come."""
        return self._respond(partial(self._answer, lambda: self._parsed(json.dumps(document).encode())))

    def _respond(self, answer_by: Callable[[float], Answer]) -> dict[str, Any]:
        began = time.monotonic()
        try:
            answer = answer_by(began + self.handling_seconds)
        except Exception as error:  # noqa: BLE001 -- a fault of ours, before it was known who asks
            answer = _fault(error)
        self._report(answer, began)
        return {"statusCode": answer.status.value, "headers": {"content-type": "text/plain"}, "body": answer.body}

    def _answer_to_request(self, request: Mapping[str, Any], deadline: float) -> Answer:
        try:
            body, headers = request_body(request), request_headers(request)
            self.verifier.verify(body, headers, self.now_seconds())
        except NotSigned as error:
            return Answer(HTTPStatus.UNAUTHORIZED, "none", {"reason": str(error)})
        answer = self._answer(lambda: self._parsed(body), deadline, arrived_at=self.now_seconds())
        return self._parked(answer, answer.fault, body, headers) if answer.fault else answer

    def _parsed(self, body: bytes) -> Event:
        return parse_event(body, UNDERSTOOD, self.now_seconds())

    def _answer(self, read: Callable[[], Event], deadline: float, arrived_at: float | None = None) -> Answer:
        try:
            event = read()
        except MalformedEvent as error:
            version_1 = {"ApiVersion1Webhooks": 1} if isinstance(error, ApiVersion1) else {}
            return Answer(HTTPStatus.BAD_REQUEST, "none", {"reason": str(error)}, counts=version_1)
        except Exception as error:  # noqa: BLE001 -- as below, before the event was known
            return _fault(error)
        answer = _with_ignored(event, self._about(event, deadline))
        return answer if arrived_at is None else answer._replace(arrived=(event.occurred_at, arrived_at))

    def _parked(self, answer: Answer, fault: Exception, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Park the event to be replayed later. Returns the answer with where it is parked, or why it could not be."""
        if self.parked is None:
            return answer
        try:
            at = datetime.fromtimestamp(self.now_seconds(), UTC).isoformat(timespec="seconds")
            event = ParkedEvent.of(body, headers, type(fault).__name__, at)
            self.parked.put(event, time.monotonic() + PARKING_SECONDS)
        except (BotoCoreError, ClientError, DeadlinePassed) as error:
            return answer.having({"not_parked": f"{type(error).__name__}: {error}"}, {"EventsNotParked": 1})
        except Exception as error:  # noqa: BLE001 -- a fault of ours too: its text may hold what the event says
            return answer.having({"not_parked": type(error).__name__}, {"EventsNotParked": 1})
        return answer.having({"parked": event.name}, {"EventsParked": 1})

    def _about(self, event: Event, deadline: float) -> Answer:
        try:
            return _handled(event, self.processor.handle(event, deadline))
        except Exception as error:  # noqa: BLE001 -- a 5xx makes Telnyx deliver again, anything else loses the event
            return _fault(error, event)

    def _report(self, answer: Answer, began: float) -> None:
        stands_for = 1
        if answer.status == HTTPStatus.UNAUTHORIZED:
            stands_for = self.refusals.one_more(self.now_seconds())
            if not stands_for:
                return  # a flood must not cost a line and two metrics for each request
        millis = round((time.monotonic() - began) * MILLIS_PER_SECOND, 1)
        fields = {"answer": answer.status.value, "event_type": answer.event_type, "milliseconds": millis}
        with _reporting():
            message, failed = _MESSAGES[answer.status], answer.fault or False
            more = {"stands_for": stands_for} if stands_for > 1 else {}
            self.observer.log(_level(answer), message, fields | dict(answer.fields) | more, failed=failed)
        with _reporting():
            self._measure(answer, millis, stands_for)

    def _measure(self, answer: Answer, millis: float, stands_for: int) -> None:
        measures = [
            Measure("Webhooks", stands_for, dimensions={"Answer": str(answer.status.value)}),
            Measure("HandlingTime", millis, "Milliseconds"),
        ]
        if answer.arrived:
            measures.append(Measure("EventAge", _age_millis(*answer.arrived), "Milliseconds"))
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            measures.append(Measure("WebhookFaults"))
        if answer.status == HTTPStatus.UNAUTHORIZED:
            measures.append(Measure("SignatureFailures", stands_for))
        if answer.status == HTTPStatus.BAD_REQUEST:
            measures.append(Measure("MalformedWebhooks"))
        measures += [Measure(name, count) for name, count in (*answer.counts.items(), *answer.repeats.items())]
        self.observer.measure(*measures, *of_progress(answer.progress), *of_commands(answer.sent))


def _age_millis(occurred_at: str, arrived_at: float) -> float:
    occurred = datetime.fromisoformat(occurred_at).timestamp()
    return round(max(0.0, arrived_at - occurred) * MILLIS_PER_SECOND, 1)


@contextmanager
def _reporting() -> Iterator[None]:
    """Keep a failure to log or count from changing the answer: what was done about the event is committed already."""
    try:
        yield
    except Exception:  # noqa: BLE001 -- whatever it is, another answer would have Telnyx deliver again, or never again
        with suppress(Exception):  # stderr itself may be gone
            print_exception()


_INCIDENTS = {
    TURNED_AWAY: "CallsTurnedAway",
    FLOW_ERROR: "FlowErrors",
    LAST_RESORT: "CallsToLastResort",
    RECORDING_ERROR: "RecordingErrors",
    UNIDENTIFIED: "RecordingsUnidentified",
    HANGUP_REFUSED: "HangupsRefused",
    TARGET_REFUSED: "TargetsRefused",
    UNWATCHED: "CallsUnwatched",
}

_MESSAGES = {
    HTTPStatus.OK: "webhook handled",
    HTTPStatus.UNAUTHORIZED: "webhook not signed by Telnyx",
    HTTPStatus.BAD_REQUEST: "webhook is not a Telnyx event",
    HTTPStatus.SERVICE_UNAVAILABLE: "webhook not handled: a dependency is unavailable, Telnyx will retry",
    HTTPStatus.INTERNAL_SERVER_ERROR: "webhook not handled: an error of ours, Telnyx will retry",
}


def _level(answer: Answer) -> Level:
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "error"
    refused = any(sent.outcome.kind == "refused" and not sent.expected for sent in answer.sent)
    return "info" if answer.status == HTTPStatus.OK and not refused and not answer.counts else "warning"


def _fault(error: Exception, event: Event | None = None) -> Answer:
    event_type, named = (event.type, _event_fields(event)) if event else ("none", {})
    fields = named | {"error": type(error).__name__, "detail": str(error)}
    if isinstance(error, DEPENDENCY_FAULTS) and not _refused_for_good(error):
        return Answer(HTTPStatus.SERVICE_UNAVAILABLE, event_type, fields)
    return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, event_type, fields, fault=error)


def _refused_for_good(error: Exception) -> bool:
    """Whether AWS refused a request that it will refuse again."""
    if not isinstance(error, ClientError):
        return False
    reasons: Any = error.response.get("CancellationReasons", [])
    refused = any(reason.get("Code") in REFUSED_IN_TRANSACTION for reason in reasons)
    return refused or error.response["Error"]["Code"] in REQUESTS_REFUSED_FOR_GOOD


def _event_fields(event: Event) -> dict[str, str]:
    return {"event_id": event.id, "call_session_id": event.call_session_id, "call_leg_id": event.call_leg_id}


def _handled(event: Event, handled: EventResult) -> Answer:
    status = HTTPStatus.SERVICE_UNAVAILABLE if handled.unsent else HTTPStatus.OK
    fields: dict[str, Any] = {
        **_event_fields(event),
        "call_status": handled.call.status,
        "flow": handled.call.flow,
        "step": handled.call.step,
        "turn": handled.call.turn,
        "duplicate": handled.duplicate,
        "reason": handled.reason,
        "commands": [_sent_fields(sent) for sent in handled.sent],
    }
    if handled.unsent:
        fields["commands_unsent"] = handled.unsent
    if handled.races:
        fields["races_lost"] = handled.races
    counts = Counter(_INCIDENTS[incident] for incident in handled.incidents)
    repeats = {"EventsDuplicate": int(handled.duplicate), "RacesLost": handled.races}
    return Answer(
        status,
        event.type,
        fields,
        handled.sent,
        body=_for_control(handled) if event.type == CONTROL_ACTION else "",
        counts=counts,
        progress=handled.progress,
        repeats={name: count for name, count in repeats.items() if count},
    )


def _for_control(handled: EventResult) -> str:
    """As JSON: why Telnyx did not take commands, and how long it asks us to wait; the new leg of a dial; a doubt."""
    untaken = [each.outcome for each in handled.sent if each.untaken]
    waits = [{"reason": each.reason, "retry_after_seconds": each.retry_after_seconds} for each in untaken]
    dialled = (each.outcome.data for each in handled.sent if each.command.action == "dial")
    data = {name: str(value) for name, value in next(dialled, {}).items()}
    return json.dumps({"untaken": waits, "data": data, "doubt": handled.doubt})


def _with_ignored(event: Event, answer: Answer) -> Answer:
    """The answer, with the names of the event's fields that could not be read; never their values."""
    if not event.ignored:
        return answer
    return answer.having({"ignored_fields": list(event.ignored)}, {"IgnoredFields": len(event.ignored)})


def _sent_fields(sent: Sent) -> dict[str, Any]:
    outcome = sent.outcome
    fields: dict[str, Any] = {"action": sent.command.action, "result": outcome.kind}
    if outcome.rate_limited:
        fields["rate_limited"] = outcome.rate_limited
    if outcome.kind == "accepted":
        return fields | ({"attempts": outcome.attempts} if outcome.attempts > 1 else {})
    said = {"status": outcome.status, "code": outcome.code, "title": outcome.title, "detail": outcome.detail}
    more = {"unavailable": outcome.reason, "remedy": outcome.remedy, "attempts": outcome.attempts}
    return fields | {name: value for name, value in (said | more).items() if value}
