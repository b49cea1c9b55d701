"""The part of the API about queues and the calls in them."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from infra.carrier import errors, queues
from infra.carrier.api import recordings as recordings_api
from infra.carrier.api import specification
from infra.carrier.api.requests import only, parameters
from infra.carrier.exchange import CallQueue, Exchange, Waiting
from infra.carrier.wire import Request, Response, as_json

_PATH = re.compile(r"/v2/queues(?:/([^/]+)(/calls(?:/([^/]+))?)?)?")
LONGEST_NAME_CHARACTERS = 255


def routed(exchange: Exchange, request: Request) -> tuple[str, Callable[[], Response]] | None:
    """Return the action and its handler; None for a request about another resource."""
    match = _PATH.fullmatch(request.path)
    if match is None:
        return None
    name, calls, control_id = unquote(match[1] or ""), match[2], unquote(match[3] or "")
    if not name:
        only(request, "GET", "POST")
        return "queues", lambda: _collection(exchange, request)
    if not calls:
        only(request, "GET", "PATCH", "DELETE")
        return "queues", lambda: _one(exchange, request, name)
    only(request, "GET", *(("PATCH", "DELETE") if control_id else ()))
    if control_id:
        return "queue_calls", lambda: _call(exchange, request, name, control_id)
    return "queue_calls", lambda: recordings_api.one_page(
        request.query, [_of_call(exchange, found, each) for found in [_found(exchange, name)] for each in found.calls]
    )


def _found(exchange: Exchange, name: str) -> CallQueue:
    queue = exchange.queues.get(name)
    if queue is None:
        raise errors.not_found()
    return queue


def _collection(exchange: Exchange, request: Request) -> Response:
    if request.method == "GET":
        return recordings_api.one_page(request.query, [_of_queue(exchange, each) for each in exchange.queues.values()])
    given = parameters(request)
    specification.request("queue_create").check(given)
    name = given["queue_name"]
    if len(name) > LONGEST_NAME_CHARACTERS:
        raise errors.out_of_range("/queue_name", 1, LONGEST_NAME_CHARACTERS)
    if name in exchange.queues:
        raise errors.invalid("/queue_name", "There is a queue of this name already.")
    queue = queues.queue_named(exchange, name, given.get("max_size", queues.DEFAULT_MAX_SIZE))
    return as_json(201, {"data": _of_queue(exchange, queue)})


def _one(exchange: Exchange, request: Request, name: str) -> Response:
    queue = _found(exchange, name)
    if request.method == "PATCH":
        given = parameters(request)
        specification.request("queue_update").check(given)
        queue.max_size, queue.updated = given["max_size"], exchange.clock.now
    answer = as_json(200, {"data": _of_queue(exchange, queue)})
    if request.method == "DELETE":
        if queue.calls:
            raise errors.cannot("The queue is not empty.")
        del exchange.queues[name]
    return answer


def _call(exchange: Exchange, request: Request, name: str, control_id: str) -> Response:
    queue = _found(exchange, name)
    waiting = next((each for each in queue.calls if each.leg.name.call_control_id == control_id), None)
    if waiting is None:
        raise errors.not_found()
    answer = as_json(200, {"data": _of_call(exchange, queue, waiting)})
    if request.method == "PATCH":
        waiting.keep = parameters(request).get("keep_after_hangup", waiting.keep)
        return as_json(204, {})
    if request.method == "DELETE":
        queues.leave(exchange, waiting.leg, "leave")
        return as_json(204, {})
    return answer


def _of_queue(exchange: Exchange, queue: CallQueue) -> dict[str, Any]:
    clock = exchange.clock
    return {
        "id": queue.id,
        "record_type": "queue",
        "name": queue.name,
        "max_size": queue.max_size,
        "current_size": len(queue.calls),
        "average_wait_time_secs": queue.average_wait(clock.now),
        "created_at": clock.timestamp(queue.created),
        "updated_at": clock.timestamp(queue.updated),
    }


def _of_call(exchange: Exchange, queue: CallQueue, waiting: Waiting) -> dict[str, Any]:
    name, clock = waiting.leg.name, exchange.clock
    return {
        "record_type": "queue_call",
        "call_control_id": name.call_control_id,
        "call_leg_id": name.call_leg_id,
        "call_session_id": name.call_session_id,
        "connection_id": waiting.leg.application.connection_id,
        "from": name.from_,
        "to": name.to,
        "queue_id": queue.id,
        "queue_position": queue.position(waiting),
        "wait_time_secs": round(clock.now - waiting.since),
        "enqueued_at": clock.timestamp(waiting.since),
        "is_alive": waiting.leg.alive,
    }
