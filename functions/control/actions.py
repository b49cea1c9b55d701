"""`POST /calls/{id}/actions/{action}` and `POST /calls/{id}/flow`."""

from __future__ import annotations

import uuid
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Any, cast

from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Path
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import Field

from control.authorization import requester_of
from control.calls import ID_CHARACTERS, responses
from control.idempotency import Asked, KeyTaken
from control.problems import ProblemAnswer, not_found, wrong
from control.request_body import RequestBody
from control.telnyx_parameters import ACTION_NAMES, NOT_TAKEN, parameters_of
from dialtone.domain.commands import COMMAND_NAMESPACE, command, command_id
from dialtone.domain.control_answers import ActionAnswer
from dialtone.domain.errors import CommandInvalid
from dialtone.domain.events import CONTROL_ACTION, Event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

    from control.allowed_destinations import Destinations
    from control.idempotency import Requests
    from control.listing import Listing
    from control.own_events import Delivery
    from dialtone.domain.calls import Call

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=ID_CHARACTERS,
        pattern=r"^[ -~]*$",
        description="A request repeated with the same key within a day is carried out only once.",
    ),
]
Id = Annotated[str, Path(min_length=1, max_length=ID_CHARACTERS, description="A session, a leg, or a call-control id.")]


class FlowEntry(RequestBody):
    """The flow and step to move a call to, and the flow's inputs."""

    flow: str = Field(
        "", max_length=100, pattern="^([a-z0-9][a-z0-9-]*)?$", description="Default: the call's own flow."
    )
    step: str = Field("", max_length=100, description="Default: the flow's first step.")
    variables: dict[str, str] = Field(default_factory=dict, max_length=50, description="The flow's inputs.")
    from_step: str = Field(
        "",
        max_length=201,
        description="Move the call only while it is in this step; otherwise the answer is 409 `moved`.",
    )


def acting_responses(answer: type[Mapping[str, object]]) -> dict[int, OpenAPIResponse]:
    """The responses of a route that acts on a call, for the API's description."""
    described = responses(answer)
    for status, meaning in (
        (
            409,
            "Not possible now. After a 503, a repeated request may get `too_late` or `not_known`.",
        ),
        (415, "The body is not JSON, or not declared as JSON."),
        (429, "Telnyx's rate limit is reached: send the request again after `Retry-After` seconds."),
    ):
        described[status] = {"description": meaning, "content": {"application/json": {"model": ProblemAnswer}}}
    return described


class Acting:
    """Acts on calls. Each request becomes an event that the webhook function processes like the call's other events."""

    def __init__(
        self,
        listing: Listing,
        requests: Requests,
        delivery: Delivery,
        destinations: Destinations,
        now: Callable[[], datetime],
    ) -> None:
        self._listing = listing
        self._requests = requests
        self._delivery = delivery
        self._destinations = destinations
        self._now = now

    def act(self, identifier: str, action: str, parameters: Mapping[str, Any], key: str, by: str) -> ActionAnswer:
        """Send one of Telnyx's actions to a call. Raises Refused."""
        taken = next((name for name in parameters if name in NOT_TAKEN), None)
        if taken:
            raise wrong(taken, f"{taken} is reserved: Dialtone matches events to calls by it. Leave it out.")
        try:
            command(action, "v3:any", **parameters)
        except CommandInvalid as error:
            raise wrong(error.parameter, f"{error.parameter} {error.reason}.") from None
        if action == "transfer":
            self._destinations.check("to", parameters["to"])
        return self._carried_out(identifier, action, {"parameters": dict(parameters)}, key, by)

    def put_into_flow(self, identifier: str, entry: FlowEntry, key: str, by: str) -> ActionAnswer:
        """Move a call to a flow or a step. Raises Refused."""
        parameters: dict[str, Any] = {"step": entry.step, "variables": entry.variables}
        if entry.from_step:
            parameters |= {"from_step": entry.from_step}
        to_flow = {"to_flow": entry.flow} if entry.flow else {}
        return self._carried_out(identifier, "flow", {"parameters": parameters, **to_flow}, key, by)

    def _carried_out(self, identifier: str, action: str, payload: Mapping[str, Any], key: str, by: str) -> ActionAnswer:
        leg = self._leg(identifier)
        key = key or str(uuid.uuid4())
        what = {"leg": leg.leg_id, "action": action, **payload}
        moment = self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        asked = Asked(leg.session_id, key, what, by)
        try:
            known = self._requests.first(asked, moment)
        except KeyTaken:
            raise wrong(
                "Idempotency-Key", "This Idempotency-Key was used for a different request: choose a new one."
            ) from None
        about = {"call_session_id": leg.session_id, "call_leg_id": leg.leg_id, "action": action}
        if known.result is not None:
            return cast("ActionAnswer", {**about, **known.result, "at": known.at, "repeated": True})
        event_id = str(uuid.uuid5(COMMAND_NAMESPACE, f"legs/{leg.leg_id}/requests/{key}"))
        event = Event(event_id, CONTROL_ACTION, known.at, {**about, "asked_by": by, **payload})
        place = self._delivery.carry_out(event).place
        result = {"command_id": None if place is None else command_id(event_id, place)}
        self._requests.note(asked, known.at, result)
        return cast("ActionAnswer", {**about, **result, "at": known.at, "repeated": known.again})

    def _leg(self, identifier: str) -> Call:
        session = self._listing.session_of(identifier)
        legs = self._listing.store.legs(session) if session else ()
        at_telnyx = [each for each in legs if each.control_id]
        named = [each for each in at_telnyx if identifier in {each.leg_id, each.control_id}]
        found = named or sorted(at_telnyx, key=lambda each: each.initiated_at)
        if not found:
            raise not_found("call", identifier)
        return found[0]


def action_routes(acting: Acting) -> APIGatewayHttpRouter:
    """The routes."""
    routes = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # Powertools says no return type

    def requester() -> str:
        return requester_of(routes.current_event.raw_event).name

    for action in ACTION_NAMES:
        _add(routes, acting, action, requester)

    @routes.post(
        "/calls/<id>/flow",
        summary="Moves a call to a flow or a step",
        tags=["actions"],
        responses=acting_responses(ActionAnswer),
    )
    def put_into_flow(
        id: Id,  # noqa: A002 -- the path's own name for it
        entry: Annotated[FlowEntry, Body()],
        idempotency_key: Key = "",
    ) -> ActionAnswer:
        return acting.put_into_flow(id, entry, idempotency_key, requester())

    return routes


def _add(routes: APIGatewayHttpRouter, acting: Acting, action: str, requester: Callable[[], str]) -> None:
    body: Any = Annotated[parameters_of(action), Body(description="Telnyx's own parameters.")]

    def act(id: Id, parameters: Any, idempotency_key: Key = "") -> ActionAnswer:  # noqa: A002, ANN401 -- as below
        return acting.act(id, action, parameters, idempotency_key, requester())

    act.__annotations__ = {**act.__annotations__, "parameters": body}
    act.__name__ = action
    routes.post(
        f"/calls/<id>/actions/{action}",
        summary=f"Telnyx's `{action}` on a call",
        tags=["actions"],
        responses=acting_responses(ActionAnswer),
    )(act)
