"""`POST /calls/{id}/actions/{action}` and `POST /calls/{id}/flow`."""

from __future__ import annotations

import json
import math
import uuid
from datetime import UTC
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Path
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import Field

from control.answers import ActionAnswer, Answer, ProblemAnswer
from control.asker import asker_of
from control.calls import ID_CHARACTERS, MOST_KEYS, responses
from control.problems import Refused, not_found, wrong
from control.requests import Asked, KeyTaken
from control.telnyx_parameters import ACTION_NAMES, NOT_TAKEN, parameters_of
from dialtone.domain.commands import COMMAND_NAMESPACE, command, command_id
from dialtone.domain.errors import CommandInvalid
from dialtone.domain.events import Event
from dialtone.domain.outside import ACTION, asked_place, refusal_id
from dialtone.domain.own_events import OWN_EVENT, event_to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

    from control.destinations import Destinations
    from control.listing import Listing
    from control.requests import Requests
    from dialtone.adapters.calls_table import TimelineEntry
    from dialtone.adapters.webhook_function import Answer as Delivered
    from dialtone.domain.calls import Call

ATTEMPTS = 2
"""How often an event is delivered whose commands Telnyx did not take at once."""

RETRY_SECONDS = 2

MAX_BODY_BYTES = 100_000
"""An item of the table holds 400 KB, and a body stands in it as the commands that it makes."""

_SENTENCES: Mapping[str, str] = {
    "call_ended": "The call is over.",
    "not_answered": "The call is not answered yet.",
    "no_flow": "The call's flow is missing, so that nothing can be done on it but by Telnyx's portal.",
    "flow_asks": "The flow is asking the caller for keys; ask again when it has them.",
    "others_ask": "Somebody else is asking the caller for keys from outside; ask again when they have them.",
    "connecting": "Somebody else is connecting the call from outside.",
    "talking": "The caller is in a conversation, and would be hung up on with the other side; transfer it or end it.",
    "too_many": "Eight announcements are queued from outside; wait until one is over, or stop them.",
    "paused": "The recording is paused from outside already.",
    "flow_pauses": "The flow keeps the recording paused, as for a card number; ask again when it goes on.",
}
"""By the code of a decision against an action."""

_PARAMETERS: Mapping[str, tuple[str, str]] = {
    "no_step": ("step", "The flow has no step of that name."),
    "not_given": ("variables", "The flow expects to be given more variables."),
}

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=ID_CHARACTERS,
        pattern=r"^[ -~]*$",
        description="Sent again under the same key within a day, a request is carried out once.",
    ),
]
Id = Annotated[str, Path(min_length=1, max_length=ID_CHARACTERS, description="A session, a leg, or a call-control id.")]


class FlowEntry(Answer):
    """Where a call is put."""

    flow: str = Field("", max_length=100, pattern="^([a-z0-9][a-z0-9-]*)?$", description="Without it, its own.")
    step: str = Field("", max_length=100, description="Without it, the flow's first.")
    variables: dict[str, str] = Field(default_factory=dict, max_length=50, description="What the flow is given.")


def acting_responses(answer: type[Answer]) -> dict[int, OpenAPIResponse]:
    """What a route that acts answers."""
    described = responses(answer)
    for status, meaning in (
        (409, "It is not possible now."),
        (415, "The body is not JSON."),
        (429, "Telnyx is asked too often: send it again after `Retry-After` seconds."),
    ):
        described[status] = {"description": meaning, "content": {"application/json": {"model": ProblemAnswer}}}
    return described


class Acting:
    """Has things done on calls: each as an event that the webhook function decides on, like any other of the call."""

    def __init__(
        self,
        listing: Listing,
        requests: Requests,
        deliver: Callable[[Mapping[str, Any]], Delivered],
        destinations: Destinations,
        now: Callable[[], datetime],
    ) -> None:
        self._listing = listing
        self._requests = requests
        self._deliver = deliver
        self._destinations = destinations
        self._now = now

    def act(self, identifier: str, action: str, parameters: Mapping[str, Any], key: str, by: str) -> ActionAnswer:
        """Have one of Telnyx's actions carried out. Raises Refused."""
        taken = next((name for name in parameters if name in NOT_TAKEN), None)
        if taken:
            raise wrong(taken, f"{taken} is what Dialtone knows a call's events by: leave it out.")
        try:
            command(action, "v3:any", **parameters)
        except CommandInvalid as error:
            raise wrong(error.parameter, f"{error.parameter} {error.reason}.") from None
        if action == "transfer":
            self._destinations.check("to", parameters["to"])
        return self._carried_out(identifier, action, {"parameters": dict(parameters)}, key, by)

    def put_into_flow(self, identifier: str, entry: FlowEntry, key: str, by: str) -> ActionAnswer:
        """Put a call into a flow or a step. Raises Refused."""
        parameters = {"step": entry.step, "variables": entry.variables}
        to_flow = {"to_flow": entry.flow} if entry.flow else {}
        return self._carried_out(identifier, "flow", {"parameters": parameters, **to_flow}, key, by)

    def _carried_out(self, identifier: str, action: str, payload: Mapping[str, Any], key: str, by: str) -> ActionAnswer:
        leg = self._leg(identifier)
        key = key or str(uuid.uuid4())
        what = {"leg": leg.leg_id, "action": action, **payload}
        moment = self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        try:
            at, again = self._requests.first(Asked(leg.session_id, key, what, by), moment)
        except KeyTaken:
            raise wrong("Idempotency-Key", "Another request was sent under this key: choose a new one.") from None
        about = {"call_session_id": leg.session_id, "call_leg_id": leg.leg_id, "action": action, "asked_by": by}
        event_id = str(uuid.uuid5(COMMAND_NAMESPACE, f"legs/{leg.leg_id}/requests/{key}"))
        event = Event(event_id, ACTION, at, {**about, **payload})
        self._delivered(event)
        place = self._obeyed(event)
        return ActionAnswer(
            call_session_id=leg.session_id,
            call_leg_id=leg.leg_id,
            action=action,
            command_id=None if place is None else command_id(event_id, place),
            at=at,
            repeated=again,
        )

    def _leg(self, identifier: str) -> Call:
        sessions = self._listing.sessions(identifier, self._now(), MOST_KEYS)
        legs = self._listing.store.legs(sessions[0]) if len(sessions) == 1 else ()
        named = [each for each in legs if identifier in {each.leg_id, each.control_id}]
        found = named or sorted((each for each in legs if each.control_id), key=lambda each: each.initiated_at)
        if not found:
            raise not_found("call", identifier)
        return found[0]

    def _delivered(self, event: Event) -> None:
        """Deliver the event until its commands are taken. Raises Refused where they are not."""
        waits: list[Mapping[str, Any]] = []
        for _ in range(ATTEMPTS):
            answer = self._deliver({OWN_EVENT: event_to_json(event)})
            if not answer.why:
                return
            waits = _waits(answer.body)
            if any(each.get("reason") == "rate-limited" for each in waits):
                raise _later(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", "Telnyx is asked too often.", waits)
        said = "It is not known yet whether it was done: send it again with the same Idempotency-Key."
        raise _later(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", said, waits)

    def _obeyed(self, event: Event) -> int | None:
        """The place of the command that Telnyx has obeyed. Raises Refused where that was not possible."""
        happened = self._listing.store.happened_at(event.call_session_id, event.occurred_at)
        decided = next((each for each in happened if each.event_id == event.id), None)
        if decided is None:
            raise _later(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "Send it again in a moment.", [])
        _refuse_not_possible(decided, event)
        place = asked_place(event.type, event.payload, decided.commands)
        refusal = None if place is None else refusal_id(event.id, place)
        refused = next((each for each in happened if each.event_id == refusal), None)
        if refused:
            code = str(refused.payload.get("code") or "refused")
            said = f"Telnyx says: {refused.payload.get('reason')}."
            raise Refused(HTTPStatus.CONFLICT, code, said)
        return place


def _refuse_not_possible(decided: TimelineEntry, event: Event) -> None:
    against, _, code = decided.reason.partition(": ")
    if f"{against}: " != "not possible: ":
        return
    if code in _PARAMETERS:
        raise wrong(*_PARAMETERS[code])
    if code == "no_flow" and "to_flow" in event.payload:
        raise wrong("flow", "There is no flow of that name.")
    raise Refused(HTTPStatus.CONFLICT, code, _SENTENCES.get(code, "It is not possible now."))


def _waits(body: str) -> list[Mapping[str, Any]]:
    try:
        read = json.loads(body)
    except ValueError:
        return []
    return [each for each in read if isinstance(each, dict)] if isinstance(read, list) else []


def _later(status: HTTPStatus, code: str, message: str, waits: Sequence[Mapping[str, Any]]) -> Refused:
    asked = [each.get("retry_after_seconds") for each in waits]
    seconds = max([float(each) for each in asked if isinstance(each, (int, float))], default=RETRY_SECONDS)
    return Refused(status, code, message, retry_seconds=max(1, math.ceil(seconds)))


def action_routes(acting: Acting) -> APIGatewayHttpRouter:
    """The routes."""
    routes = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # Powertools says no return type

    def asker() -> str:
        return asker_of(routes.current_event.raw_event).name

    for action in ACTION_NAMES:
        _add(routes, acting, action, asker)

    @routes.post(
        "/calls/<id>/flow",
        summary="Puts a call into a flow, or a step",
        tags=["actions"],
        responses=acting_responses(ActionAnswer),
    )
    def put_into_flow(
        id: Id,  # noqa: A002 -- the path's own name for it
        entry: Annotated[FlowEntry, Body()],
        idempotency_key: Key = "",
    ) -> ActionAnswer:
        return acting.put_into_flow(id, entry, idempotency_key, asker())

    return routes


def _add(routes: APIGatewayHttpRouter, acting: Acting, action: str, asker: Callable[[], str]) -> None:
    body: Any = Annotated[parameters_of(action), Body(description="Telnyx's own parameters.")]

    def act(id: Id, parameters: Any, idempotency_key: Key = "") -> ActionAnswer:  # noqa: A002, ANN401 -- as below
        return acting.act(id, action, parameters, idempotency_key, asker())

    act.__annotations__ = {**act.__annotations__, "parameters": body}
    act.__name__ = action
    routes.post(
        f"/calls/<id>/actions/{action}",
        summary=f"Telnyx's `{action}` on a call",
        tags=["actions"],
        responses=acting_responses(ActionAnswer),
    )(act)
