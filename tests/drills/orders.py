"""Events in every order: all orders of short calls one after the other, orders by chance of long ones.

Two kinds: orders that causes allow, after which the call must be the same; and any order at all, an event before its
cause included, after which nothing may have been obeyed twice or be lost, and the call must be over. Plays in which
people's keys and words count where they come are judged so in the first kind of orders, too.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import factorial

from dialtone.adapters.calls_table import StoreUnavailable
from dialtone.domain.call_status import ENDED
from dialtone.domain.deadline import NO_DEADLINE
from dialtone.domain.events import Event
from tests.drills import report
from tests.drills.report import DOUBLED, LOST, STUCK, InProcess, Tally, Violation
from tests.integration.dependencies import AcceptingTelnyx
from tests.simulation.plays import ALL_PLAYS, SPEECH_PLAYS, TALKING_PLAYS
from tests.simulation.test_orders import (
    DeliveryOrder,
    deliveries_of,
    fresh,
    is_asked,
    may_come,
    now_due,
    replay,
    replay_shuffled,
    sent,
)
from webhook.processor import EventProcessor

LOOSE_PLAYS = tuple(sorted(TALKING_PLAYS | SPEECH_PLAYS.keys()))
"""Plays that may end otherwise in another order: what is said or pressed counts where it comes."""

SHORT_EVENTS = 8
"""Calls with so few events are played in all orders."""


@dataclass(frozen=True, slots=True)
class Orders(InProcess):
    """The part with orders."""

    name: str = "orders"

    def needs(self) -> frozenset[str]:
        """Each kind."""
        return frozenset(
            {"an order of a short call", "an order that causes allow", "an order of words or keys", "any order"}
        )

    def play(self, seed: int, tally: Tally) -> None:
        """Play an order of each kind."""
        chance = random.Random(seed)
        short = short_plays()[seed % len(short_plays())]
        tally.blame(seed, _numbered(short, seed // len(short_plays()), tally))
        ordered = chance.choice([each for each in ALL_PLAYS if each not in TALKING_PLAYS])
        tally.blame(seed, list(_allowed(ordered, chance)))
        tally.blame(seed, list(loosely_allowed(chance.choice(LOOSE_PLAYS), chance)))
        tally.blame(seed, list(any_order(chance.choice([*ALL_PLAYS, *SPEECH_PLAYS]), chance)))
        tally.happened.update(["an order that causes allow", "an order of words or keys", "any order"])
        tally.figures[report.ORDERS] += 3


@cache
def short_plays() -> tuple[str, ...]:
    """Calls with few events."""
    return tuple(play for play in ALL_PLAYS if len(deliveries_of(play)) <= SHORT_EVENTS)


def nth(deliveries: list[DeliveryOrder], number: int) -> list[DeliveryOrder]:
    """The order of that number, of all that there are."""
    left, rest = list(deliveries), number % factorial(len(deliveries))
    order: list[DeliveryOrder] = []
    while left:
        place, rest = divmod(rest, factorial(len(left) - 1))
        order.append(left.pop(place))
    return order


def _numbered(play: str, number: int, tally: Tally) -> list[Violation]:
    """Play a short call in the order of a number, if causes allow it; else the next that they do allow."""
    processor, telnyx, lookups = fresh(play)
    left = nth(list(deliveries_of(play)), number)
    while left:
        already = sent(telnyx)
        delivery = next(each for each in left if may_come(each, left, already))
        left.remove(delivery)
        processor.handle(delivery.event_after(telnyx, lookups), NO_DEADLINE)
    tally.happened["an order of a short call"] += 1
    tally.figures[report.ORDERS] += 1
    ended = {leg.status for leg in processor.store.legs(deliveries_of(play)[0].event.call_session_id)}
    return [] if ended == {ENDED} else [Violation(STUCK, f"{play} in order {number}: {ended}")]


def _allowed(play: str, chance: random.Random) -> Iterator[Violation]:
    in_order, in_order_commands = replay(play, list(deliveries_of(play)))
    shuffled, shuffled_commands = replay_shuffled(play, list(deliveries_of(play)), chance)
    if shuffled != in_order:
        yield Violation(LOST, f"{play}: in another order it ended as {shuffled}, not {in_order}")
    if not in_order_commands <= shuffled_commands:
        yield Violation(LOST, f"{play}: in another order these were missing: {in_order_commands - shuffled_commands}")


def loosely_allowed(play: str, chance: random.Random) -> Iterator[Violation]:
    """Deliver a call's events in an order that causes allow, many of them twice.

    A key that comes earlier or later may do something else: events of commands that are never sent then come last.
    """
    processor, telnyx, lookups = fresh(play)
    left, done = list(deliveries_of(play)), []
    while left:
        already = sent(telnyx)
        ready = [each for each in left if may_come(each, left, already) and is_asked(each.event, lookups)]
        chosen = chance.choice(ready or left)
        left.remove(chosen)
        done.append(chosen)
        event = now_due(chosen.event_after(telnyx, lookups), processor)
        processor.handle(event, NO_DEADLINE)
        processor.handle(chance.choice([event, chance.choice(done).event]), NO_DEADLINE)
    yield from _judged(play, "an order that causes allow", processor, telnyx)


def _is_taken(processor: EventProcessor, event: Event) -> bool:
    """Whether the endpoint would answer 200. Who is called back in a queue may have been claimed by somebody else."""
    try:
        processor.handle(event, NO_DEADLINE)
    except StoreUnavailable:
        return False
    return True


def any_order(play: str, chance: random.Random) -> Iterator[Violation]:
    """Deliver a call's events in any order at all, many of them twice; what is answered 503 comes again at the end."""
    processor, telnyx, lookups = fresh(play)
    deliveries = list(deliveries_of(play))
    chance.shuffle(deliveries)
    refused: list[Event] = []
    for place, delivery in enumerate(deliveries):
        for event in (delivery.event_after(telnyx, lookups), chance.choice(deliveries[: place + 1]).event):
            refused += [] if _is_taken(processor, event) else [event]
    for event in refused:
        _is_taken(processor, event)
    yield from _judged(play, "any order", processor, telnyx)


def _judged(play: str, order: str, processor: EventProcessor, telnyx: AcceptingTelnyx) -> Iterator[Violation]:
    """What holds whatever comes first: nothing is obeyed twice, nothing is lost, and the call is over."""
    deliveries = deliveries_of(play)
    ids = [command_id for command_id, _ in telnyx.obeyed]
    if len(ids) != len(set(ids)):
        yield Violation(DOUBLED, f"{play}: in {order} a command was obeyed twice")
    sessions = {each.event.call_session_id for each in deliveries}
    legs = [leg for session in sessions for leg in processor.store.legs(session)]
    if {leg.status for leg in legs} != {ENDED}:
        yield Violation(STUCK, f"{play}: in {order} it is not over")
    kept = {entry.event_id for session in sessions for entry in processor.store.timeline(session)}
    if missing := {each.event.id for each in deliveries} - kept:
        yield Violation(LOST, f"{play}: in {order} these are not kept: {missing}")
