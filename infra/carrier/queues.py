"""Call queues: calls wait in the order in which they came, until a bridge takes the first, or they leave."""

from infra.carrier import errors
from infra.carrier.exchange import CallQueue, Exchange, Waiting
from infra.carrier.legs import Leg

#: How many calls a queue takes unless `max_size` says otherwise (the description of `enqueue`).
DEFAULT_MAX_SIZE = 100


def place_of(exchange: Exchange, leg: Leg) -> tuple[CallQueue, Waiting] | None:
    """Return the queue that a leg is in, and its entry there."""
    return next(
        ((queue, each) for queue in exchange.queues.values() for each in queue.calls if each.leg is leg),
        None,
    )


def queue_named(exchange: Exchange, name: str, max_size: int = DEFAULT_MAX_SIZE) -> CallQueue:
    """Return a queue; create it if needed."""
    now = exchange.clock.now
    return exchange.queues.setdefault(name, CallQueue(name, exchange.new_id(), max_size, now, now))


def enter(  # noqa: PLR0913 - what `enqueue` takes
    exchange: Exchange,
    leg: Leg,
    name: str,
    *,
    max_size: int = DEFAULT_MAX_SIZE,
    max_wait_seconds: int | None = None,
    keep: bool = False,
) -> None:
    """Add a call to the end of a queue. The size of an existing queue stays unchanged. Raises RefusalError."""
    if place := place_of(exchange, leg):
        raise errors.in_queue_already() if place[0].name == name else errors.cannot("The call is in another queue.")
    if leg.conference is not None:
        raise errors.cannot("The call is in a conference.")
    queue = queue_named(exchange, name, max_size)
    if len(queue.calls) >= queue.max_size:
        raise errors.queue_full(name)
    waiting = Waiting(leg, exchange.clock.now, keep)
    queue.calls.append(waiting)
    if max_wait_seconds is not None:
        waiting.timer = exchange.clock.after(max_wait_seconds, lambda: leave(exchange, leg, "timeout"))
    exchange.emit(
        leg,
        "call.enqueued",
        queue=name,
        current_position=queue.position(waiting),
        queue_avg_wait_time_secs=queue.average_spent(),
    )


def leave(exchange: Exchange, leg: Leg, reason: str) -> None:
    """Take a call out of its queue, if it is in one."""
    place = place_of(exchange, leg)
    if place is None:
        return
    queue, waiting = place
    position, spent = queue.position(waiting), exchange.clock.now - waiting.since
    queue.calls.remove(waiting)
    queue.waits.append(spent)
    if waiting.timer is not None:
        waiting.timer.cancel()
    exchange.emit(
        leg, "call.dequeued", queue=queue.name, queue_position=position, reason=reason, wait_time_secs=round(spent)
    )


def hung_up(exchange: Exchange, leg: Leg) -> None:
    """A leg is over: it leaves its queue, unless its place is kept."""
    place = place_of(exchange, leg)
    if place and not place[1].keep:
        leave(exchange, leg, "hangup")


def take_first(exchange: Exchange, name: str) -> Leg:
    """Take the first call out of a queue, to be bridged. Raises RefusalError if there is none, or it has ended."""
    queue = exchange.queues.get(name)
    if queue is None or not queue.calls:
        raise errors.cannot("The queue is empty.")
    leg = queue.calls[0].leg
    leave(exchange, leg, "bridged")
    if not leg.alive:
        raise errors.call_ended()
    return leg
