"""One webhook at the failover URL: verify, decide, send, answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from dialtone.adapters.signature import NotSigned, request_body, request_headers
from dialtone.adapters.telemetry import Measure, print_exception
from dialtone.domain.errors import MalformedEvent
from dialtone.domain.log_sampling import ReportSample
from failover.api_key import KeyUnavailable
from failover.decision import decide
from failover.event import parse_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from dialtone.adapters.signature import Verifier
    from dialtone.adapters.telemetry import Level
    from dialtone.domain.failover import Order
    from failover.api_key import ApiKey
    from failover.decision import Plan, Sentence
    from failover.event import FailoverEvent
    from failover.telnyx_client import Leg, Outcome

HANDLING_SECONDS = 1.8
"""Of the 2 s that Telnyx waits; the rest is for the network."""

SPARE_SECONDS = 0.1
"""Commands end this much before the handler's deadline, so that their outcome can be reported."""

MOST_THREADS = 4

LEGS_REMEMBERED = 10_000
"""Legs that got the sentence. Telnyx has this in `client_state`, too, unless the webhook function has overwritten
it."""


class Telnyx(Protocol):
    """The part of Telnyx's API that is used."""

    def send(self, order: Order, api_key: str, deadline: float) -> Outcome:
        """Send a command."""
        ...

    def look(self, call_control_id: str, api_key: str, deadline: float) -> Leg | None:
        """A leg's state; None if Telnyx does not say."""
        ...


class Observer(Protocol):
    """Writes log lines and metrics."""

    def log(self, level: Level, message: str, fields: Mapping[str, Any], *, failed: bool | Exception = False) -> None:
        """Write a log line."""
        ...

    def measure(self, *measures: Measure) -> None:
        """Count a metric."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """The response to Telnyx, and its log line."""

    status: HTTPStatus
    fields: Mapping[str, Any] = field(default_factory=dict)
    fault: Exception | None = None
    left: bool = False
    """Whether the event is left to the webhook function; not an error."""


@dataclass(slots=True)
class Endpoint:
    """`POST` on the function's URL."""

    verifier: Verifier
    sentence: Sentence
    api_key: ApiKey
    telnyx: Telnyx
    observer: Observer
    now_seconds: Callable[[], float] = time.time
    handling_seconds: float = HANDLING_SECONDS
    _said: dict[str, float] = field(default_factory=dict)
    refusals: ReportSample = field(default_factory=ReportSample)
    """Samples the log lines of unsigned requests."""
    threads: Executor = field(default_factory=lambda: ThreadPoolExecutor(MOST_THREADS))

    def respond(self, request: object) -> dict[str, Any]:
        """Answer a request to the function's URL (payload 2.0). Never raises."""
        deadline = time.monotonic() + self.handling_seconds
        try:
            answer = self._answer(request if isinstance(request, Mapping) else {}, deadline)
        except Exception as error:  # noqa: BLE001 -- a bug: a 5xx makes Telnyx deliver again
            answer = Answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": type(error).__name__}, error)
        try:
            self._report(answer)
        except Exception:  # noqa: BLE001 -- the action and its response stand even if they cannot be reported
            with suppress(Exception):  # stderr itself may be closed
                print_exception()
        return {"statusCode": answer.status.value, "headers": {"content-type": "text/plain"}, "body": ""}

    def _answer(self, request: Mapping[str, Any], deadline: float) -> Answer:
        now = self.now_seconds()
        try:
            body = request_body(request)
            self.verifier.verify(body, request_headers(request), now)
            event = parse_event(body, now)
        except NotSigned as error:
            return Answer(HTTPStatus.UNAUTHORIZED, {"reason": str(error)})
        except MalformedEvent as error:
            return Answer(HTTPStatus.BAD_REQUEST, {"reason": str(error)})
        plan = decide(event, self.sentence, _own_url(request), now, self._said.get(event.call_control_id))
        named = {"event_type": event.event_type, "event_id": event.event_id, "reason": plan.reason}
        named["call_session_id"] = event.call_session_id
        if plan.left:
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, named, left=True)
        if not plan.orders:
            return Answer(HTTPStatus.OK, named)
        # HTTP clients' time-outs apply to one read: slow responses or DNS may take many times as long.
        done = self.threads.submit(self._carry_out, plan, event, deadline - SPARE_SECONDS)
        try:
            status, fields = done.result(max(deadline - time.monotonic(), 0))
        except TimeoutError:
            status, fields = HTTPStatus.SERVICE_UNAVAILABLE, {"unavailable": "no answer in time"}
        return Answer(status, named | fields)

    def _carry_out(self, plan: Plan, event: FailoverEvent, deadline: float) -> tuple[HTTPStatus, dict[str, Any]]:
        try:
            key = self.api_key()
        except KeyUnavailable as fault:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"unavailable": "API key", "error": str(fault)}
        if plan.once and (why := self._done_before(event, key, deadline)):
            return HTTPStatus.OK, {"not_done": why}
        sent = []
        for order in plan.orders:
            outcome = self.telnyx.send(order, key, deadline)
            sent.append({"action": order.action, "result": outcome.result, "status": outcome.status} | _code(outcome))
            if outcome.result == "unauthorized":
                self.api_key.refused()
            if outcome.result in {"unavailable", "unauthorized"}:
                return HTTPStatus.SERVICE_UNAVAILABLE, {"commands": sent}
            if outcome.result == "accepted" and order.action == "speak":
                self._remember(order.call_control_id)
            if outcome.result != "refused":
                break
        return HTTPStatus.OK, {"commands": sent}

    def _done_before(self, event: FailoverEvent, key: str, deadline: float) -> str:
        """Why nothing must be done after all. Telnyx forgets command ids after a minute, but not a leg's state."""
        leg = self.telnyx.look(event.call_control_id, key, deadline)
        if leg is None:
            return ""
        if not leg.is_alive:
            return "the leg has ended"
        return f"the leg is {leg.failover.stage} already" if leg.failover.is_past(event.failover) else ""

    def _remember(self, call_control_id: str) -> None:
        self._said.setdefault(call_control_id, self.now_seconds())
        if len(self._said) > LEGS_REMEMBERED:
            self._said.pop(next(iter(self._said)), None)

    def _report(self, answer: Answer) -> None:
        stands_for = 1
        if answer.status == HTTPStatus.UNAUTHORIZED:
            stands_for = self.refusals.one_more(self.now_seconds())
            if not stands_for:
                return
        faulty = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not answer.left
        level: Level = "error" if faulty else "warning" if answer.status == HTTPStatus.OK else "info"
        fields = {"answer": answer.status.value, **answer.fields}
        fields |= {"stands_for": stands_for} if stands_for > 1 else {}
        message = LEFT if answer.left else _MESSAGES[answer.status]
        self.observer.log(level, message, fields, failed=answer.fault or False)
        if answer.status != HTTPStatus.UNAUTHORIZED:
            self.observer.measure(Measure("FailoverWebhooks"))
        if faulty:
            self.observer.measure(Measure("FailoverFaults"))


LEFT = "webhook left to the webhook function: Telnyx will retry"

_MESSAGES = {
    HTTPStatus.OK: "webhook handled by the failover",
    HTTPStatus.UNAUTHORIZED: "webhook not signed by Telnyx",
    HTTPStatus.BAD_REQUEST: "webhook is not a Telnyx event",
    HTTPStatus.SERVICE_UNAVAILABLE: "webhook not handled: a dependency is unavailable, Telnyx will retry",
    HTTPStatus.INTERNAL_SERVER_ERROR: "webhook not handled: an error of ours, Telnyx will retry",
}


def _code(outcome: Outcome) -> dict[str, str]:
    return {"code": outcome.code} if outcome.code else {}


def _own_url(request: Mapping[str, Any]) -> str:
    """Our own URL, as reported by AWS, not by the sender."""
    context = request.get("requestContext")
    domain = context.get("domainName") if isinstance(context, Mapping) else None
    return f"https://{domain}/" if isinstance(domain, str) and domain else ""
