"""The part of the API about Call Control applications: `/call_control_applications`."""

import re
from dataclasses import replace
from typing import Any

from infra.carrier import errors
from infra.carrier.api import specification
from infra.carrier.api.requests import Resource, only, page, parameters
from infra.carrier.applications import WEBHOOK_TIMEOUT_SECONDS, Application
from infra.carrier.exchange import Exchange
from infra.carrier.wire import Request, Response, as_json

PATH = "/v2/call_control_applications"

LONGEST_TIMEOUT_SECONDS = 30
SHORTEST_SEARCH_CHARACTERS = 3

_URL = re.compile(r"https?://[^\s/]+\S*")

#: What an application is that is made without saying so, where Application has no field for it.
DEFAULTS: Resource = {
    "active": True,
    "anchorsite_override": "Latency",
    "dtmf_type": "RFC 2833",
    "first_command_timeout": False,
    "first_command_timeout_secs": 30,
    "redact_dtmf_debug_logging": False,
    "tags": [],
}
INBOUND_DEFAULTS: Resource = {
    "channel_limit": None,
    "shaken_stir_enabled": False,
    "sip_subdomain": None,
    "sip_subdomain_receive_settings": "from_anyone",
}

_FIELDS = frozenset(
    {"application_name", "call_cost_in_webhooks", "webhook_api_version", "webhook_event_failover_url"}
    | {"webhook_event_url"}
)


def answer(exchange: Exchange, request: Request, application_id: str) -> Response:
    """Answer a request about all applications (no id), or one."""
    if not application_id:
        only(request, "GET", "POST")
        return _create(exchange, request) if request.method == "POST" else _list(exchange, request)
    only(request, "GET", "PATCH", "DELETE")
    found = exchange.applications.get(application_id)
    if found is None:
        raise errors.not_found()
    if request.method == "PATCH":
        found = exchange.applications[application_id] = _changed(exchange, found, request)
    if request.method == "DELETE":
        del exchange.applications[application_id]
        for number in exchange.numbers.values():
            if number.connection_id == application_id:
                exchange.numbers[number.number] = replace(number, connection_id=None)
    return as_json(200, {"data": resource(found)})


def resource(application: Application) -> Resource:
    """Return an application as the API has it."""
    settings = application.settings
    return {
        **DEFAULTS,
        **settings,
        "application_name": application.application_name,
        "call_cost_in_webhooks": application.call_cost_in_webhooks,
        "id": application.connection_id,
        "inbound": {**INBOUND_DEFAULTS, **settings.get("inbound", {})},
        "outbound": {
            "channel_limit": None,
            **settings.get("outbound", {}),
            "outbound_voice_profile_id": application.outbound_voice_profile_id,
        },
        "record_type": "call_control_application",
        "webhook_api_version": application.webhook_api_version,
        "webhook_event_failover_url": application.webhook_event_failover_url,
        "webhook_event_url": application.webhook_event_url,
        "webhook_timeout_secs": settings.get("webhook_timeout_secs", round(application.webhook_timeout_secs)),
    }


def _create(exchange: Exchange, request: Request) -> Response:
    given = _checked(exchange, request, "application_create")
    now = exchange.clock.timestamp()
    made = Application(
        exchange.new_account_id(),
        given["webhook_event_url"],
        webhook_api_version="1",  # Telnyx's default
        outbound_voice_profile_id=None,
        settings={"webhook_timeout_secs": None, "created_at": now},
    )
    made = _with(made, given, now)
    exchange.applications[made.connection_id] = made
    return as_json(201, {"data": resource(made)})


def _changed(exchange: Exchange, application: Application, request: Request) -> Application:
    return _with(application, _checked(exchange, request, "application_update"), exchange.clock.timestamp())


def _with(application: Application, given: Resource, now: str) -> Application:
    """The application with new settings: an object inside replaces the whole object that was there."""
    fields: dict[str, Any] = {name: value for name, value in given.items() if name in _FIELDS}
    others = {name: value for name, value in given.items() if name not in _FIELDS}
    if "webhook_timeout_secs" in given:
        fields["webhook_timeout_secs"] = given["webhook_timeout_secs"] or WEBHOOK_TIMEOUT_SECONDS
    if "outbound" in given:
        fields["outbound_voice_profile_id"] = given["outbound"].get("outbound_voice_profile_id")
    return replace(application, settings={**application.settings, **others, "updated_at": now}, **fields)


def _checked(exchange: Exchange, request: Request, kind: str) -> Resource:
    given = parameters(request)
    specification.request(kind).check(given)
    for name in ("webhook_event_url", "webhook_event_failover_url"):
        if given.get(name) and not _URL.fullmatch(given[name]):
            raise errors.invalid(f"/{name}", "The value must be an http or https URL.")
    if not 0 <= (given.get("webhook_timeout_secs") or 0) <= LONGEST_TIMEOUT_SECONDS:
        raise errors.out_of_range("/webhook_timeout_secs", 0, LONGEST_TIMEOUT_SECONDS)
    profile = given.get("outbound", {}).get("outbound_voice_profile_id")
    if profile is not None and profile not in exchange.profiles:
        raise errors.invalid("/outbound/outbound_voice_profile_id", "The outbound voice profile does not exist.")
    return given


def _list(exchange: Exchange, request: Request) -> Response:
    """Answer with a page, the newest first."""
    listed = [resource(each) for each in reversed(exchange.applications.values())]
    return page(
        request,
        listed,
        {
            "filter[application_name][contains]": _named_like,
            "filter[connection_id]": lambda each, wanted: each["id"] == wanted,
            "filter[outbound.outbound_voice_profile_id]": lambda each, wanted: (
                each["outbound"]["outbound_voice_profile_id"] == wanted
            ),
        },
    )


def _named_like(each: Resource, wanted: str) -> bool:
    if len(wanted) < SHORTEST_SEARCH_CHARACTERS:
        raise errors.RefusalError(
            422, "10015", "Invalid value", "At least three characters are required.", parameter="filter"
        )
    return wanted.lower() in str(each["application_name"]).lower()
