"""Answers one question and delivers the answer to the call."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dialtone.adapters.telemetry import Measure
from dialtone.domain.lookups import FAILED
from dialtone.domain.units import MILLIS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Callable

    from dialtone.adapters.telemetry import Level, Observer
    from dialtone.domain.lookups import Answer, Lookup
    from lookup.answer_delivery import Webhook
    from lookup.backend_client import BackendClient, StillWaiting


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class LookupService:
    """Answers questions."""

    systems: BackendClient
    webhook: Webhook
    observer: Observer
    now: Callable[[], datetime] = _utc_now

    def answer(self, lookup: Lookup, answer_to: str) -> None:
        """Query and deliver the answer. Raises NotTaken; then the call continues after its own time-out."""
        began = time.monotonic()
        answer = self.systems.ask(lookup, lambda waits: self._tell_slow(waits, lookup, answer_to))
        millis = round((time.monotonic() - began) * MILLIS_PER_SECOND, 1)
        event = answer.event(lookup, self._moment())
        deliveries = self.webhook.deliver(event, answer_to)
        self._report(lookup, answer, millis, deliveries)

    def _tell_slow(self, still_waiting: StillWaiting, lookup: Lookup, answer_to: str) -> None:
        self.webhook.deliver_while(still_waiting, lookup.slow(self._moment()), answer_to)

    def _moment(self) -> str:
        return self.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def _report(self, lookup: Lookup, answer: Answer, millis: float, deliveries: int) -> None:
        """Log and measure the lookup, without its fields or results: both are personal data."""
        fields = {
            "target": _without_query(lookup.target),
            "result": answer.result,
            "reason": answer.reason,
            "milliseconds": millis,
            "deliveries": deliveries,
            "lookup_id": lookup.id,
            "call_session_id": lookup.call_session_id,
            "call_leg_id": lookup.call_leg_id,
        }
        level: Level = "error" if answer.fault else "warning" if answer.result == FAILED else "info"
        self.observer.log(level, "lookup answered", fields, failed=answer.fault or False)
        measures = [
            Measure("Lookups", dimensions={"Result": answer.result}),
            Measure("LookupTime", millis, "Milliseconds"),
        ]
        if answer.result == FAILED:
            measures.append(Measure("LookupsFailed"))
        self.observer.measure(*measures)


def _without_query(target: str) -> str:
    """The URL without its query, which may hold an API key."""
    return urlsplit(target)._replace(query="", fragment="").geturl() if "://" in target else target
