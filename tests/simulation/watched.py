"""A stage whose calls the watchdog looks after, on virtual time."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dialtone.adapters.telnyx_api import ReportedEvent
from dialtone.domain.calls import Call
from dialtone.domain.events import TELNYX_EVENT
from dialtone.domain.watch import Look
from infra.carrier import API_KEY, Caller, Person, Request, Silence, WebhookFault
from infra.carrier.account import AGENT
from infra.carrier.clock import Clock
from infra.carrier.legs import Leg
from infra.demo import scenes
from infra.flowkit.stage import Stage
from tests.integration.reconciling import Noted
from tests.simulation.carrier_questions import CarrierQuestions
from watchdog.watchdog import Watchdog

TRAVEL_SECONDS = 0.05
"""Of a message that is due, to the function."""


class ClockedQueue:
    """The watchdog's queue: SQS as far as it delays."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.watchdog: Watchdog
        self.sent = 0
        self.by_watchdog = 0

    def look_later(self, look: Look, seconds: int, deadline: float = 0) -> None:
        """As WatchdogQueue's."""
        del deadline
        if not 0 <= seconds <= 900:
            raise AssertionError(f"SQS delays nothing by {seconds} s")
        self.sent += 1
        body = look.to_json()
        self._clock.after(seconds + TRAVEL_SECONDS, lambda: self._arrives(body))

    def _arrives(self, body: str) -> None:
        before = self.sent
        self.watchdog.look(Look.from_json(body))
        self.by_watchdog += self.sent - before


class FailedOnly(CarrierQuestions):
    """Telnyx does not answer about what happened, but lists the webhooks that it gave up."""

    def events_since(self, call_session_id: str, since_seconds: float) -> tuple[ReportedEvent, ...]:
        """No answer that can be read."""
        listed = super().events_since(call_session_id, since_seconds)
        return tuple(each._replace(event=None) for each in listed)


class Forgetful(CarrierQuestions):
    """Telnyx knows nothing of any webhook."""

    def events_since(self, call_session_id: str, since_seconds: float) -> tuple[ReportedEvent, ...]:
        """None."""
        del call_session_id, since_seconds
        return ()

    def undelivered(self, call_session_id: str, since_seconds: float) -> tuple[Mapping[str, object], ...]:
        """None."""
        del call_session_id, since_seconds
        return ()


class WatchedStage(Stage):
    """A stage with a watchdog; the `lost` webhook, counted from 0, never comes.

    What the watchdog delivers under the key `refuses` is never taken.
    """

    def __init__(
        self,
        *,
        lost: int | None = None,
        asks: type[CarrierQuestions] = CarrierQuestions,
        refuses: str = "",
        **options: Any,  # noqa: ANN401 -- passed on
    ) -> None:
        super().__init__(**options)
        self.noted = Noted()
        self.queue = ClockedQueue(self.carrier.clock)
        self.questions = asks(self)
        self.processor.watchdog = self.queue
        self.read_back: list[float] = []
        """How long after an event it was delivered by the watchdog, in seconds."""
        self.queue.watchdog = Watchdog(
            self.store,
            self.questions,
            self.queue,  # type: ignore[arg-type] # on virtual time
            self._invoked,
            self.noted,  # type: ignore[arg-type] # in memory
            self.now_seconds,
        )
        self._events = -1
        self._lost = lost
        self._refuses = refuses
        self.carrier.faults.for_webhook = self._faults_of  # type: ignore[method-assign] # by number, not by chance

    def _faults_of(self, event_type: str) -> frozenset[WebhookFault]:
        del event_type
        self._events += 1
        return frozenset({WebhookFault.LOST}) if self._events == self._lost else frozenset()

    @property
    def events(self) -> int:
        """How many there were."""
        return self._events + 1

    def _invoked(self, event: Mapping[str, Any]) -> str:
        if TELNYX_EVENT in event:
            occurred = datetime.fromisoformat(event[TELNYX_EVENT]["data"]["occurred_at"])
            self.read_back.append(self.now_seconds() - occurred.timestamp())
        if self._refuses in event:
            return "it answered 500"
        status = self._status(self.endpoint.handle(dict(event)))
        return "" if status == 200 else f"it answered {status}"

    def look_of(self, leg: Call) -> Look:
        """The message that is under way for a leg."""
        assert leg.watch is not None
        return Look(leg.session_id, leg.leg_id, leg.watch.chain)

    def talk(self, caller: Caller) -> Leg:
        """Let somebody ring the recorded line, reach an agent who stays, and talk for half an hour."""
        self.carrier.add_callee(AGENT, Person(Silence(2 * 3_600)))
        line = self.call("+15550143", scenes.RECORDED.number, caller)
        self.carrier.run_for(1_800)
        return line.leg

    def say_for_another(self, leg: Leg, words: str) -> None:
        """A command that is none of ours."""
        body = json.dumps({"payload": words, "voice": "AWS.Polly.Joanna-Neural"}).encode()
        headers = {"authorization": f"Bearer {API_KEY}", "content-type": "application/json"}
        path = f"/v2/calls/{leg.name.call_control_id}/actions/speak"
        self.carrier.handle(Request("POST", path, {}, headers, body))
