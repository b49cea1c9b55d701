"""Delivers answers to the webhook function, with retries, as Telnyx does with its events."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from dialtone.adapters.webhook_function import WebhookFunction
from dialtone.domain.errors import DialtoneError
from dialtone.domain.own_events import OWN_EVENT, event_to_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_lambda import LambdaClient

    from dialtone.domain.events import Event
    from lookup.backend_client import StillWaiting

PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Delays between deliveries: short at first, because a caller waits; longer for a dependency that needs time to
recover."""


class NotTaken(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the answer was not taken
    """The webhook function never accepted the answer: the call continues after its own time-out."""


class Webhook:
    """The webhook function, invoked until it accepts an event."""

    def __init__(self, functions: LambdaClient, sleep: Callable[[float], None] = time.sleep) -> None:
        self._webhook = WebhookFunction(functions)
        self._sleep = sleep

    def deliver_while(self, still_waiting: StillWaiting, event: Event, function: str) -> None:
        """Deliver an event until it is accepted, or no longer needed because the answer has come."""
        for pause in PAUSES_SECONDS:
            if not self._webhook.deliver(_own(event), function) or not still_waiting(pause):
                return

    def deliver(self, event: Event, function: str) -> int:
        """Deliver an event, with the same id and time, until it is accepted; return the number of deliveries.

        If the function dies between commit and commands, the next delivery sends them. Raises NotTaken.
        """
        why = ""
        for place, pause in enumerate((*PAUSES_SECONDS, 0.0), start=1):
            why = self._webhook.deliver(_own(event), function)
            if not why:
                return place
            self._sleep(pause)
        raise NotTaken(f"{function} did not take an answer that was delivered {len(PAUSES_SECONDS) + 1} times: {why}")


def _own(event: Event) -> dict[str, Any]:
    return {OWN_EVENT: event_to_json(event)}
