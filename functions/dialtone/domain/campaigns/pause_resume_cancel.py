"""What people may do with an existing campaign: pause, resume, cancel. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.campaigns.campaign import CANCELLED, DONE, PAUSED, RUNNING, SCHEDULED
from dialtone.domain.errors import DialtoneError

if TYPE_CHECKING:
    from dialtone.domain.campaigns.campaign import Campaign

PAUSE, RESUME, CANCEL = "pause", "resume", "cancel"
ORDERS = (PAUSE, RESUME, CANCEL)

_FROM = {PAUSE: (SCHEDULED, RUNNING), RESUME: (PAUSED,), CANCEL: (SCHEDULED, RUNNING, PAUSED)}
"""Order → the statuses in which it changes anything."""
_ALREADY = {PAUSE: PAUSED, RESUME: RUNNING, CANCEL: CANCELLED}


class OrderImpossible(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the order is impossible
    """The campaign is over."""


def ordered(campaign: Campaign, order: str, now: int, by: str = "", reason: str = "") -> Campaign:
    """The campaign after the order; unchanged if it already is in that state. Raises OrderImpossible."""
    if campaign.status not in _FROM[order]:
        if campaign.status == _ALREADY[order]:
            return campaign
        remedy = "order a new one for those who were not reached" if campaign.status in {DONE, CANCELLED} else "wait"
        raise OrderImpossible(f"the campaign {campaign.id} is {campaign.status}: {remedy}")
    said = ": ".join(filter(None, (by and f"by {by}", reason)))
    if order == RESUME:
        return campaign.with_status(RUNNING if campaign.starts_at <= now else SCHEDULED)
    return campaign.with_status(PAUSED if order == PAUSE else CANCELLED, said)
