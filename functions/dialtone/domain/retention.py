"""How long what is stored is kept, and when an item expires. Recordings are kept as long as their flow says. Pure."""

from __future__ import annotations

from datetime import datetime

from dialtone.domain.units import SECONDS_A_DAY

KEEP_DAYS = 90
"""For legs and timelines; ledger entries stay, being the proof of custody."""

KEEP_TEXTS_DAYS = 10
"""For which call had a text sent: Telnyx itself knows texts for as long."""

KEEP_AUDIT_DAYS = 400
"""For who did what by the control API: longer than calls, since who listened must still be known a year later."""

KEEP_REQUESTS_DAYS = 1
"""For the control API's idempotency keys."""


def expires_at(at: str, days: int) -> int:
    """When an item from that moment expires, in unix seconds."""
    return int(datetime.fromisoformat(at).timestamp()) + days * SECONDS_A_DAY
