"""`POST /calls`: dials somebody and starts a flow, or speaks a text."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple, cast

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from control.actions import Key, acting_responses
from control.authorization import requester_of
from control.idempotency import Asked, KeyTaken
from control.problems import Refused, wrong
from control.telnyx_parameters import Parameters
from dialtone.domain.commands import COMMAND_NAMESPACE, command
from dialtone.domain.control_answers import DialAnswer
from dialtone.domain.errors import CommandInvalid
from dialtone.domain.events import CONTROL_ACTION, Event
from dialtone.domain.parameter_checks import MapOf, object_schema, text, written
from dialtone.domain.telnyx_actions import ACTIONS
from dialtone.flow.built_in_flows import SAY, SAY_AFTER_GREETING, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from control.allowed_destinations import Destinations
    from control.idempotency import Requests
    from control.own_events import Delivery
    from dialtone.domain.parameter_checks import Parameter

SAME_ID_SECONDS = 55
"""A dial is resent under its command id for this long: after a minute Telnyx would dial a second time."""

MAX_VARIABLE_CHARACTERS = 900
"""Variables travel with the call, all together in 1,000 bytes."""

OWN: Mapping[str, Parameter] = {
    "flow": written("[a-z0-9][a-z0-9-]{0,99}", "the name of a flow"),
    "say": text(1, MAX_VARIABLE_CHARACTERS),
    "variables": MapOf(text(0, MAX_VARIABLE_CHARACTERS)),
}
"""Our own parameters: the flow and its variables, or the text to speak."""

TAKEN = (
    "to",
    "from",
    "answering_machine_detection",
    "answering_machine_detection_config",
    "connection_id",
    "custom_headers",
    "from_display_name",
    "media_encryption",
    "preferred_codecs",
    "privacy",
    "record",
    "record_channels",
    "record_custom_file_name",
    "record_format",
    "record_max_length",
    "record_timeout_secs",
    "record_track",
    "record_trim",
    "route_to_mobile",
    "send_digits_on_answer",
    "sip_auth_password",
    "sip_auth_username",
    "sip_headers",
    "sip_region",
    "sip_transport_protocol",
    "time_limit_secs",
    "timeout_secs",
)
"""The accepted parameters of Telnyx's `dial`. The others would take control from the flow: another program's webhooks,
a conference, a stream, an assistant."""


class NewCall(NamedTuple):
    """A call to place."""

    flow: str
    variables: Mapping[str, str]
    """The flow's inputs."""
    parameters: Mapping[str, Any]
    """Telnyx's parameters of `dial`."""


class DialParameters(Parameters):
    """The body of `POST /calls`."""

    action: ClassVar[str] = "dial"

    @classmethod
    def described(cls) -> dict[str, Any]:
        """Its JSON Schema."""
        fields = {**OWN, **{name: ACTIONS["dial"].parameters[name] for name in TAKEN}}
        return object_schema(fields, ("to", "from"))


class Dialling:
    """Places calls for clients of the API."""

    def __init__(
        self,
        requests: Requests,
        delivery: Delivery,
        destinations: Destinations,
        connection_id: str,
        now: Callable[[], datetime],
    ) -> None:
        self._requests = requests
        self._delivery = delivery
        self._destinations = destinations
        self._connection_id = connection_id
        self._now = now

    def dial(self, body: Mapping[str, Any], key: str, by: str) -> DialAnswer:
        """Place the call. Raises Refused."""
        called = self._read(body)
        return self.ring(called, dial_asked(body, key, by))

    def known(self, asked: Asked) -> DialAnswer | None:
        """The result of a request that was carried out before; None otherwise."""
        try:
            known = self._requests.known(asked)
        except KeyTaken:
            return None
        return None if known is None or known.result is None else _answer(known.result, known.at, repeated=True)

    def ring(self, called: NewCall, asked: Asked) -> DialAnswer:
        """Place the call once, however often it is requested under that key. Raises Refused."""
        now = self._now().astimezone(UTC)
        try:
            known = self._requests.first(asked, now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
        except KeyTaken:
            raise wrong(
                "Idempotency-Key", "This Idempotency-Key was used for a different request: choose a new one."
            ) from None
        if known.result is not None:
            return _answer(known.result, known.at, repeated=True)
        if known.again and (now - datetime.fromisoformat(known.at)).total_seconds() > SAME_ID_SECONDS:
            message = "Whether the phone rang is not known: look at GET /calls. To dial again, use a new key."
            raise Refused(HTTPStatus.CONFLICT, "not_known", message)
        where = {"call_session_id": asked.partition, "call_leg_id": asked.partition}
        about = {**where, "action": "dial", "asked_by": asked.by}
        more = {"to_flow": called.flow, "variables": dict(called.variables), "parameters": dict(called.parameters)}
        event = Event(asked.key, CONTROL_ACTION, known.at, {**about, **more})
        data = self._delivery.carry_out(event).data
        ids = ("call_session_id", "call_leg_id", "call_control_id")
        result = {each: data.get(each) for each in ids}
        self._requests.note(asked, known.at, result)
        return _answer(result, known.at, repeated=known.again)

    def _read(self, body: Mapping[str, Any]) -> NewCall:
        """Parse the body. Raises Refused naming what is wrong."""
        for name, given in body.items():
            for fault in OWN[name].faults(name, given) if name in OWN else ():
                raise wrong(fault.parameter, f"{fault.parameter} {fault.reason}.")
            if name not in OWN and name not in TAKEN:
                raise wrong(
                    name, f"{name} is not a parameter of this request. The parameters are {', '.join((*OWN, *TAKEN))}."
                )
        if ("flow" in body) == ("say" in body):
            raise wrong("flow", "Give either flow, a flow's name, or say, a text to speak.")
        parameters = self.checked({name: body[name] for name in TAKEN if name in body})
        if "flow" in body:
            return NewCall(body["flow"], body.get("variables", {}), parameters)
        detects = body.get("answering_machine_detection", "disabled") not in {"disabled", "detect"}
        return NewCall(SAY_AFTER_GREETING if detects else SAY, {TEXT: body["say"]}, parameters)

    def checked(self, given: Mapping[str, Any], to: str = "to") -> dict[str, Any]:
        """Telnyx's parameters of a dial, with the stack's application.

        `to` is the name of the request's parameter with the destination. Raises Refused if it must not be dialled.
        """
        parameters = {"connection_id": self._connection_id, **given}
        if not parameters["connection_id"]:
            message = "connection_id is missing: send it, or set the stack's parameter TelnyxConnectionId."
            raise wrong("connection_id", message)
        try:
            command("dial", **parameters)
        except CommandInvalid as error:
            name = to if error.parameter == "to" else error.parameter
            raise wrong(name, f"{name} {error.reason}.") from None
        self._destinations.check(to, parameters["to"])
        return parameters


def _answer(ids: Mapping[str, Any], at: str, *, repeated: bool) -> DialAnswer:
    return cast("DialAnswer", {**ids, "at": at, "repeated": repeated})


def dial_asked(what: Mapping[str, Any], key: str, by: str) -> Asked:
    """A request for a new call, identified by its key; without a key every request is a new one."""
    name = str(uuid.uuid5(COMMAND_NAMESPACE, f"dials/{key or uuid.uuid4()}"))
    return Asked(f"dial-{name}", name, dict(what), by)


def dial_routes(dialling: Dialling) -> APIGatewayHttpRouter:
    """The route."""
    routes = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # Powertools says no return type

    @routes.post(
        "/calls",
        summary="Dials somebody and starts a flow, or speaks a text",
        tags=["calls"],
        responses=acting_responses(DialAnswer),
    )
    def dial(
        parameters: Annotated[DialParameters, Body(description="Telnyx's own parameters, and the flow or the text.")],
        idempotency_key: Key = "",
    ) -> DialAnswer:
        return dialling.dial(parameters, idempotency_key, requester_of(routes.current_event.raw_event).name)

    return routes
