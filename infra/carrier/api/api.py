"""Telnyx's HTTP API over the exchange: authentication, paths, command ids, errors. Values in, values out."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from infra.carrier import calls, commands, dialling, errors, supervision
from infra.carrier.api import account as account_api
from infra.carrier.api import call_events as call_events_api
from infra.carrier.api import checks, downloads, specification
from infra.carrier.api import conferences as conferences_api
from infra.carrier.api import conversations as conversations_api
from infra.carrier.api import messages as messages_api
from infra.carrier.api import queues as queues_api
from infra.carrier.api import recordings as recordings_api
from infra.carrier.api import webhook_deliveries as webhook_deliveries_api
from infra.carrier.api.requests import only, parameters
from infra.carrier.exchange import Exchange
from infra.carrier.faults import ApiFault, ApiOrder, Faults
from infra.carrier.legs import Leg
from infra.carrier.trace import Commanded, Disturbed, LegName
from infra.carrier.wire import Loss, Request, Response, as_json

#: How long a command_id is remembered (Telnyx's documentation), in virtual time.
COMMAND_ID_SECONDS = 60.0
#: How long a call is known after its end (the description of `GET /calls/{call_control_id}`).
KNOWN_SECONDS = 600.0

_ACTION = re.compile(r"/v2/calls/([^/]+)/actions/([a-z_]+)")
_CALL = re.compile(r"/v2/calls/([^/]+)")
#: Parameters whose URLs lead to audio.
_AUDIO = ("audio_url", "hold_audio_url", "invalid_audio_url", "media_url")
_BEFORE = {ApiFault.TIME_OUT_BEFORE_OBEYING: Loss.SILENCE, ApiFault.RESET_BEFORE_OBEYING: Loss.RESET}
_AFTER = {ApiFault.TIME_OUT_AFTER_OBEYING: Loss.SILENCE, ApiFault.RESET_AFTER_OBEYING: Loss.RESET}


class Api:
    """Answers API requests."""

    def __init__(self, exchange: Exchange, faults: Faults, api_key: str, public_key: str) -> None:
        self._exchange = exchange
        self._faults = faults
        self._authorization = f"Bearer {api_key}"
        self._public_key = public_key

    def fetch_audio(self, request: Request) -> Mapping[str, bytes | OSError]:
        """Fetch the audio that a request names, before it is obeyed: the only thing that a request waits for."""
        if request.headers.get("authorization") != self._authorization or not request.body.startswith(b"{"):
            return {}
        try:
            given = parameters(request)
        except errors.RefusalError:
            return {}  # `handle` refuses it
        urls = [url for name in _AUDIO if isinstance(url := given.get(name), str)]
        return self._exchange.media.fetch_ahead(
            urls, cached="media_url" not in given and given.get("cache_audio") is not False
        )

    def handle(self, request: Request) -> Response:
        """Return the response to any request that reaches the carrier."""
        if request.path.startswith(downloads.STORAGE_PATH):
            return self._with_faults("download", lambda: downloads.handle(self._exchange, request))
        try:
            if request.headers.get("authorization") != self._authorization:
                raise errors.unauthorized()
            action, answer = self._routed(request)
        except errors.RefusalError as refusal:
            return refusal.response()
        return self._with_faults(action, answer)

    def _routed(self, request: Request) -> tuple[str, Callable[[], Response]]:
        """Return the requested action and its handler."""
        if request.path == "/v2/calls":
            only(request, "POST")
            return "dial", lambda: self._dial(request)
        if match := _ACTION.fullmatch(request.path):
            control_id, action = unquote(match[1]), match[2]
            if action not in commands.COMMANDS:
                raise errors.not_found()
            only(request, "PUT" if action == "client_state_update" else "POST")
            return action, lambda: self._command(request, control_id, action)
        if match := _CALL.fullmatch(request.path):
            control_id = unquote(match[1])
            only(request, "GET")
            return "retrieve", lambda: self._retrieve(control_id)
        if request.path == "/v2/call_events":
            only(request, "GET")
            return "call_events", lambda: call_events_api.page(self._exchange, request)
        if request.path == "/v2/webhook_deliveries":
            only(request, "GET")
            return "webhook_deliveries", lambda: webhook_deliveries_api.page(self._exchange, request)
        about_queues = queues_api.routed(self._exchange, request) or conferences_api.routed(self._exchange, request)
        about_texts = about_queues or messages_api.routed(self._exchange, request)
        about_talk = about_texts or conversations_api.routed(self._exchange, request)
        about_account = about_talk or account_api.routed(self._exchange, request, self._public_key)
        return about_account or ("recordings", recordings_api.routed(self._exchange, request))

    def _with_faults(self, action: str, answer: Callable[[], Response]) -> Response:
        fault = self._faults.for_api(action)
        if fault is None:
            return _answered(answer)
        self._exchange.tell(Disturbed(at=self._exchange.clock.now, leg=None, fault=fault.fault.value, what=action))
        return _disturbed(fault, answer)

    def _command(self, request: Request, control_id: str, action: str) -> Response:
        leg = self._exchange.legs.get(control_id)
        name = None if leg is None else leg.name
        given: dict[str, Any] = {}
        self._exchange.trace.hold()
        try:
            given = parameters(request)
            if leg is None:
                raise errors.invalid_call_control_id()
            checks.check(action, given)
            data, ignored = self._obey(leg, action, given)
            if not ignored:
                call_events_api.note(self._exchange, leg, action, given)
        except errors.RefusalError as refusal:
            self._tell_refused(name, action, given, refusal)
            raise
        self._tell(name, action, given, ignored=ignored)
        return as_json(200, {"data": data})

    def _obey(self, leg: Leg, action: str, given: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        if not leg.alive:
            raise errors.call_ended()
        command_id = given.get("command_id")
        seen = None if command_id is None else leg.commands_seen.get(command_id)
        if seen is not None and self._exchange.clock.now - seen[0] <= COMMAND_ID_SECONDS:
            return seen[1], True
        data = {"result": "ok", **commands.COMMANDS[action](self._exchange, leg, given)}
        if command_id is not None:
            leg.commands_seen[command_id] = (self._exchange.clock.now, data)
        return data, False

    def _dial(self, request: Request) -> Response:
        given: dict[str, Any] = {}
        self._exchange.trace.hold()
        try:
            given = parameters(request)
            checks.check("dial", given)
            data, ignored = self._dialled(given)
        except errors.RefusalError as refusal:
            self._tell_refused(None, "dial", given, refusal)
            raise
        leg = self._exchange.legs[data["call_control_id"]]
        if not ignored:
            call_events_api.note(self._exchange, leg, "dial", given)
        self._tell(leg.name, "dial", given, ignored=ignored)
        return as_json(200, {"data": data})

    def _dialled(self, given: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        now = self._exchange.clock.now
        command_id = given.get("command_id")
        seen = None if command_id is None else self._exchange.dials_seen.get(command_id)
        if seen is not None and now - seen[0] <= COMMAND_ID_SECONDS:
            return seen[1], True
        data = dial(self._exchange, given)
        if command_id is not None:
            self._exchange.dials_seen[command_id] = (now, data)
        return data, False

    def _retrieve(self, control_id: str) -> Response:
        leg, clock = self._exchange.legs.get(control_id), self._exchange.clock
        if leg is None or (leg.ended is not None and clock.now - leg.ended > KNOWN_SECONDS):
            raise errors.invalid_call_control_id()
        data = {
            **_identity(leg),
            "call_duration": round((clock.now if leg.ended is None else leg.ended) - leg.started),
            "client_state": leg.client_state,
            "is_alive": leg.alive,
            "start_time": clock.timestamp(leg.started),
        }
        if leg.ended is not None:
            data["end_time"] = clock.timestamp(leg.ended)
        return as_json(200, {"data": data})

    def _tell(self, name: LegName | None, action: str, given: dict[str, Any], *, ignored: bool) -> None:
        happening = Commanded(
            at=self._exchange.clock.now,
            leg=name,
            action=action,
            parameters=given,
            result="ignored" if ignored else "accepted",
            status=200,
        )
        self._exchange.trace.release(happening)

    def _tell_refused(
        self, name: LegName | None, action: str, given: dict[str, Any], refusal: errors.RefusalError
    ) -> None:
        happening = Commanded(
            at=self._exchange.clock.now,
            leg=name,
            action=action,
            parameters=given,
            result="refused",
            status=refusal.status,
            code=refusal.code,
            detail=f"{refusal.detail} ({refusal.pointer})" if refusal.pointer else refusal.detail,
        )
        self._exchange.trace.release(happening)


def _answered(answer: Callable[[], Response]) -> Response:
    try:
        return answer()
    except errors.RefusalError as refusal:
        return refusal.response()


def _disturbed(order: ApiOrder, answer: Callable[[], Response]) -> Response:
    """Answer, or not, as a fault has it."""
    if order.fault is ApiFault.RATE_LIMITED:
        return errors.too_many_requests(order.retry_after_seconds).response()
    if order.fault is ApiFault.UNAVAILABLE:
        return errors.unavailable(order.status).response()
    if order.fault in _BEFORE:
        return Response(0, lost=_BEFORE[order.fault])
    answered = _answered(answer)
    if order.fault is ApiFault.UNAVAILABLE_AFTER_OBEYING:
        return errors.unavailable(order.status).response()
    return Response(answered.status, answered.headers, answered.body, lost=_AFTER[order.fault])


def _identity(leg: Leg) -> dict[str, Any]:
    return {
        "call_control_id": leg.name.call_control_id,
        "call_leg_id": leg.name.call_leg_id,
        "call_session_id": leg.name.call_session_id,
        "record_type": "call",
    }


def dial(exchange: Exchange, given: dict[str, Any]) -> dict[str, Any]:
    """Obey a checked dial: one leg for each number. Returns the answer's data, about the first of them."""
    application = exchange.applications.get(given["connection_id"])
    if application is None:
        raise errors.invalid_connection_id()
    numbers = given["to"] if isinstance(given["to"], list) else [given["to"]]
    dialling.check_profile(exchange, application, numbers)
    origin, supervised = _linked(exchange, given), supervision.supervised_by(exchange, given)
    audio = commands.file_prompt(exchange, given)
    if audio is not None and audio.failure is not None:
        raise errors.audio_download_failed()
    bridges = given.get("bridge_on_answer", False)
    from_ = origin.name.from_ if origin is not None and given.get("bridge_intent") else given["from"]
    recording_id = exchange.new_id() if "record" in given else None
    session = exchange.new_session() if origin is None else origin.session
    legs = [
        dialling.dial(
            exchange,
            origin,
            session,
            calls.route_of(application, given),
            application_id=application.connection_id,
            from_=from_,
            to=number,
            options=dialling.options_of(given, audio, recording_id),
            client_state=given.get("client_state"),
            bridges=bridges,
        )
        for number in numbers
    ]
    for leg in legs:
        leg.alternatives = legs
        leg.parks_after_unbridge = "park_after_unbridge" in given
        if supervised is not None:
            leg.supervises, leg.supervisor_role = supervised, given.get("supervisor_role", supervision.DEFAULT_ROLE)
            supervised.supervisors.append(leg)
    data = {**_identity(legs[0]), "is_alive": False}
    return data if recording_id is None else {**data, "recording_id": recording_id}


def _linked(exchange: Exchange, given: dict[str, Any]) -> Leg | None:
    if "link_to" not in given:
        return None
    origin = exchange.legs.get(given["link_to"])
    if origin is None:
        raise errors.invalid_call_control_id("/link_to")
    if not origin.alive:
        raise errors.call_ended()
    return origin


def actions() -> frozenset[str]:
    """Return every action of the API, including dial."""
    return frozenset(specification.DESCRIPTIONS)
