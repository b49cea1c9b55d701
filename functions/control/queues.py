"""`GET /queues` and `POST /queues/{name}/take`: lists waiting callers, and dials an agent for the first one."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, NamedTuple

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import ConfigDict, Field

from control.actions import Key, acting_responses
from control.authorization import requester_of
from control.calls import responses
from control.dialling import NewCall, dial_asked
from control.live_flows import live_library
from control.problems import Refused, not_found
from control.request_body import RequestBody
from dialtone.domain.control_answers import DialAnswer, QueueList, QueueSummary, WaitingCaller
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.queues import CALLBACK_SECONDS
from dialtone.domain.units import MILLIS_PER_SECOND
from dialtone.flow.built_in_flows import taking

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable

    from control.dialling import Dialling
    from control.listing import Listing
    from dialtone.adapters.flow_library import FlowLibrary
    from dialtone.domain.calls import Call
    from dialtone.flow.steps.queue import Queue

QUEUE_NAME = "^[a-z0-9][a-z0-9_-]{0,63}$"

MOST_OPEN = 2_000
"""Open legs and ledger entries that one request reads: about 2 MB of the table."""

RING_SECONDS = 30
"""How long the agent's phone rings; the agent has just asked for the call."""

Name = Annotated[str, Path(pattern=QUEUE_NAME, description="The queue's name.")]


class Take(RequestBody):
    """The body of `POST /queues/{name}/take`."""

    agent: str = Field(max_length=255, description="The agent's phone: a number in E.164, or a SIP address.")
    from_number: str = Field(
        "",
        max_length=255,
        alias="from",
        description="The caller ID shown to the agent. Default: the number that the caller dialled.",
    )

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Waits(NamedTuple):
    """A waiting caller."""

    since_millis: int
    call: Call
    callback: bool = False


class Queues:
    """The queues of a stack, read from its calls table. Telnyx keeps its own order and is not asked."""

    def __init__(self, listing: Listing, folder: pathlib.Path, now: Callable[[], datetime]) -> None:
        self._listing = listing
        self._folder = folder
        self._now = now

    def waiting(self) -> tuple[dict[str, list[Waits]], bool]:
        """The waiting callers of each queue in order, and whether these are certainly all."""
        try:
            library = live_library(self._listing.store, self._folder)
        except FlowInvalid:
            return {}, False
        found, is_whole = _queues_of(library)
        calls, are_all = self._listing.open_calls(self._now(), MOST_OPEN)
        for call in calls:
            step = _queue_step(library, call)
            if step and (millis := step.waits_since(call)):
                found[step.queue].append(Waits(millis, call))
        for name in found:
            together = (*found[name], *self._to_be_called_back(name))
            found[name] = sorted(together, key=lambda each: each.since_millis)
        return found, is_whole and are_all

    def _to_be_called_back(self, queue: str) -> list[Waits]:
        oldest = (self._now().timestamp() - CALLBACK_SECONDS) * MILLIS_PER_SECOND
        store = self._listing.store
        kept = [each for each in store.callbacks(queue) if each.since_millis > oldest]
        legs = ((each, store.leg(each.call_session_id, each.call_leg_id)) for each in kept)
        return [Waits(each.since_millis, leg, callback=True) for each, leg in legs if leg]

    def first(self, queue: str) -> Call:
        """The call that has waited longest. Raises Refused if the queue is empty or no flow has it."""
        found, _ = self.waiting()
        if queue not in found:
            raise not_found("queue", queue)
        if not found[queue]:
            raise Refused(HTTPStatus.CONFLICT, "nobody_waits", f"No caller is waiting in the queue {queue} now.")
        return found[queue][0].call


def _queues_of(library: FlowLibrary) -> tuple[defaultdict[str, list[Waits]], bool]:
    """The queues used by the flows, and whether all flows could be read."""
    found: defaultdict[str, list[Waits]] = defaultdict(list)
    flows = library.read_all()
    for flow in flows:
        for step in flow.main.steps.values():
            for name in (*([step.queue] if hasattr(step, "queue") else []), *getattr(step, "take_from", ())):
                found[name] = []
    return found, len(flows) == len(library.flow_names)


def _queue_step(library: FlowLibrary, call: Call) -> Queue | None:
    """The queue step in which a call waits; None if it does not wait, or its flow is not known."""
    if not call.waiting.get("enqueued_millis"):
        return None
    from dialtone.flow.steps.queue import Queue  # noqa: PLC0415 -- only needed for waiting calls

    try:
        flow = library.leads(call)
    except FlowInvalid:
        return None
    step = flow.step_of(call) if flow else None
    return step if isinstance(step, Queue) else None


def queue_routes(queues: Queues, dialling: Dialling) -> APIGatewayHttpRouter:
    """The routes."""
    routes = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # Powertools says no return type

    @routes.get(
        "/queues", summary="Lists queues and their waiting callers", tags=["queues"], responses=responses(QueueList)
    )
    def list_queues() -> QueueList:
        found, is_whole = queues.waiting()
        return QueueList(queues=[_summary(name, found[name]) for name in sorted(found)], is_whole=is_whole)

    @routes.post(
        "/queues/<name>/take",
        summary="Dials an agent and connects the first caller of the queue",
        tags=["queues"],
        responses=acting_responses(DialAnswer),
    )
    def take(name: Name, wanted: Annotated[Take, Body()], idempotency_key: Key = "") -> DialAnswer:
        by = requester_of(routes.current_event.raw_event).name
        what = {"take": name, "agent": wanted.agent, "from": wanted.from_number}
        asked = dial_asked(what, idempotency_key, by)
        if done := dialling.known(asked):
            return done
        first = queues.first(name)
        shown = wanted.from_number or (first.from_number if first.direction == "outgoing" else first.to_number)
        given = {"to": wanted.agent, "from": shown, "timeout_secs": RING_SECONDS}
        return dialling.ring(NewCall(taking(name), {}, dialling.checked(given, to="agent")), asked)

    return routes


def _summary(name: str, waiting: list[Waits]) -> QueueSummary:
    return QueueSummary(name=name, waiting=[_caller(place, each) for place, each in enumerate(waiting, start=1)])


def _caller(position: int, waits: Waits) -> WaitingCaller:
    call = waits.call
    return {
        "position": position,
        "since": datetime.fromtimestamp(waits.since_millis / MILLIS_PER_SECOND, UTC).isoformat(),
        "call_session_id": call.session_id,
        "call_leg_id": call.leg_id,
        "from": call.from_number or None,
        "to": call.to_number or None,
        "flow": call.flow or None,
        "callback": waits.callback,
    }
