"""call.cost: a leg's cost, if the application enables it."""

import math

from infra.carrier.exchange import Exchange
from infra.carrier.legs import Leg

#: Billing answers a little after the call.
BILLING_SECONDS = 2.0
#: Billed by the minute begun, at these rates in USD a minute: of the order of Telnyx's own.
BILLED_SECONDS = 60
RATES_USD = {"sip-trunking": 0.0050, "call-control": 0.0018}


def announce(exchange: Exchange, leg: Leg) -> None:
    """Send the cost of an answered leg that has ended."""
    exchange.clock.after(BILLING_SECONDS, lambda: _send(exchange, leg))


def _send(exchange: Exchange, leg: Leg) -> None:
    minutes = math.ceil(((leg.ended or 0.0) - (leg.answered or 0.0)) / BILLED_SECONDS)
    billed = minutes * BILLED_SECONDS
    parts = [
        {
            "billed_duration_secs": billed,
            "call_part": part,
            "cost": f"{rate * minutes:.4f}",
            "currency": "USD",
            "rate": f"{rate:.5f}",
        }
        for part, rate in RATES_USD.items()
    ]
    exchange.emit(
        leg,
        "call.cost",
        billed_duration_secs=billed,
        billing_group_id=None,
        cost_parts=parts,
        occurred_at=exchange.timestamp(leg, leg.ended),
        status="success",
        total_cost=f"{sum(RATES_USD.values()) * minutes:.4f}",
    )
