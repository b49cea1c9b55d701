"""Supervisors: a leg that listens to the conversation of another one, whispers to it, or talks with both sides."""

from typing import Any

from infra.carrier import conferences, errors
from infra.carrier.exchange import Exchange
from infra.carrier.legs import Leg

#: What Telnyx's description of `dial` says of none is nothing; the least that a supervisor may do.
DEFAULT_ROLE = "monitor"


def supervised_by(exchange: Exchange, given: dict[str, Any]) -> Leg | None:
    """Return the leg that a dial is to supervise. Raises RefusalError if there is no such leg, or it has ended."""
    if "supervise_call_control_id" not in given:
        return None
    leg = exchange.legs.get(given["supervise_call_control_id"])
    if leg is None:
        raise errors.invalid_call_control_id("/supervise_call_control_id")
    if not leg.alive:
        raise errors.call_ended()
    return leg


def switch_role(leg: Leg, role: str) -> None:
    """Let a supervisor do more or less. Raises RefusalError for a leg that supervises none."""
    if leg.supervises is None:
        raise errors.cannot("The call does not supervise another one.")
    leg.supervisor_role = role


def listeners(leg: Leg) -> tuple[Leg, ...]:
    """Return the legs that hear the party on this one."""
    if leg.supervises is not None:
        return _hearing_supervisor(leg, leg.supervises)
    heard_by = conferences.listeners(leg)
    supervisors = (each for side in (leg, leg.peer) if side is not None for each in side.supervisors)
    return (*heard_by, *(each for each in supervisors if each.talking))


def _hearing_supervisor(leg: Leg, supervised: Leg) -> tuple[Leg, ...]:
    """Of a conversation: nobody hears one who monitors, the supervised leg one who whispers."""
    if leg.supervisor_role == "monitor" or not supervised.talking:
        return ()
    both = leg.supervisor_role == "barge" and supervised.peer is not None
    return (supervised, supervised.peer) if both and supervised.peer else (supervised,)
