"""Disturbances on request: on the way of a webhook, and on the way of a command's answer."""

import random
from collections import deque
from dataclasses import dataclass
from enum import StrEnum


class WebhookFault(StrEnum):
    """What can happen to a webhook on its way."""

    TWICE = "twice"
    UNDER_TWO_IDS = "under_two_ids"
    LATE = "late"
    OUT_OF_ORDER = "out_of_order"
    AT_ONCE = "at_once"
    DROP_RESPONSE = "drop_response"
    SLOW = "slow"
    LOST = "lost"


ARRIVING = tuple(fault for fault in WebhookFault if fault is not WebhookFault.LOST)
"""Faults with which a webhook arrives all the same, sooner or later."""


class ApiFault(StrEnum):
    """What can happen to an API request."""

    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    UNAVAILABLE_AFTER_OBEYING = "unavailable_after_obeying"
    TIME_OUT_BEFORE_OBEYING = "time_out_before_obeying"
    TIME_OUT_AFTER_OBEYING = "time_out_after_obeying"
    RESET_BEFORE_OBEYING = "reset_before_obeying"
    RESET_AFTER_OBEYING = "reset_after_obeying"


@dataclass(slots=True)
class _WebhookOrder:
    fault: WebhookFault
    event_type: str | None
    times: int


@dataclass(slots=True)
class ApiOrder:
    """A fault to be dealt to the next `times` requests of an action (None: any)."""

    fault: ApiFault
    action: str | None
    times: int
    retry_after_seconds: float
    status: int


class Faults:
    """Chooses disturbances, by chance from a seed or as ordered.

    `chances` gives each webhook fault its probability per event; `seed` repeats a run exactly.
    """

    def __init__(self, seed: int, chances: dict[WebhookFault, float] | None = None) -> None:
        self.seed = seed
        self.chances: dict[WebhookFault, float] = dict(chances or {})
        self.chance = random.Random(seed)
        self._webhooks: deque[_WebhookOrder] = deque()
        self._api: deque[ApiOrder] = deque()

    def disturb_webhooks(self, fault: WebhookFault, *, event_type: str | None = None, times: int = 1) -> None:
        """Deal `fault` to the next `times` webhooks of a type, or of any."""
        self._webhooks.append(_WebhookOrder(fault, event_type, times))

    def disturb_api(
        self,
        fault: ApiFault,
        *,
        action: str | None = None,
        times: int = 1,
        retry_after_seconds: float = 1.0,
        status: int = 503,
    ) -> None:
        """Deal `fault` to the next `times` requests of an action ("speak", "dial", "recordings", …), or of any."""
        self._api.append(ApiOrder(fault, action, times, retry_after_seconds, status))

    def for_webhook(self, event_type: str) -> frozenset[WebhookFault]:
        """Return the faults that this event meets."""
        if not self._webhooks and not self.chances:
            return frozenset()
        met = {fault for fault, share in self.chances.items() if self.chance.random() < share}
        for order in list(self._webhooks):
            if order.event_type in (None, event_type):
                met.add(order.fault)
                order.times -= 1
                if order.times <= 0:
                    self._webhooks.remove(order)
        return frozenset(met)

    def for_api(self, action: str) -> ApiOrder | None:
        """Return the fault that this request meets, if any."""
        for order in self._api:
            if order.action in (None, action):
                order.times -= 1
                if order.times <= 0:
                    self._api.remove(order)
                return order
        return None
