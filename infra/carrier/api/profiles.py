"""The part of the API about outbound voice profiles: `/outbound_voice_profiles`."""

import re
from dataclasses import replace

from infra.carrier import errors
from infra.carrier.api import specification
from infra.carrier.api.requests import Resource, only, page, parameters
from infra.carrier.applications import DEFAULT_DESTINATIONS, Profile
from infra.carrier.exchange import Exchange
from infra.carrier.wire import Request, Response, as_json

PATH = "/v2/outbound_voice_profiles"

DEFAULTS: Resource = {
    "billing_group_id": None,
    "calling_window": None,
    "concurrent_call_limit": None,
    "daily_spend_limit": None,
    "daily_spend_limit_enabled": False,
    "max_destination_rate": None,
    "service_plan": "global",
    "tags": [],
    "traffic_type": "conversational",
    "usage_payment_method": "rate-deck",
    "whitelisted_destinations": [*DEFAULT_DESTINATIONS],
}

_USD = re.compile(r"\d{1,9}(\.\d{1,4})?")
_COUNTRY = re.compile(r"[A-Z]{2}")


def answer(exchange: Exchange, request: Request, profile_id: str) -> Response:
    """Answer a request about all profiles (no id), or one."""
    if not profile_id:
        only(request, "GET", "POST")
        return _create(exchange, request) if request.method == "POST" else _list(exchange, request)
    only(request, "GET", "PATCH", "DELETE")
    found = exchange.profiles.get(profile_id)
    if found is None:
        raise errors.not_found()
    if request.method == "PATCH":
        found = exchange.profiles[profile_id] = _with(found, _checked(request, "profile_update"), exchange)
    if request.method == "DELETE":
        if _connections(exchange, profile_id):
            raise errors.cannot("The outbound voice profile is used by connections.")
        del exchange.profiles[profile_id]
    return as_json(200, {"data": _resource(exchange, found)})


def _connections(exchange: Exchange, profile_id: str) -> int:
    return sum(each.outbound_voice_profile_id == profile_id for each in exchange.applications.values())


def _resource(exchange: Exchange, profile: Profile) -> Resource:
    return {
        **DEFAULTS,
        **profile.settings,
        "connections_count": _connections(exchange, profile.id),
        "enabled": profile.enabled,
        "id": profile.id,
        "name": profile.name,
        "record_type": "outbound_voice_profile",
    }


def _create(exchange: Exchange, request: Request) -> Response:
    given = _checked(request, "profile_create")
    new = Profile(exchange.new_account_id(), given["name"], settings={"created_at": exchange.clock.timestamp()})
    made = exchange.profiles[new.id] = _with(new, given, exchange)
    return as_json(201, {"data": _resource(exchange, made)})


def _with(profile: Profile, given: Resource, exchange: Exchange) -> Profile:
    others = {name: value for name, value in given.items() if name not in ("name", "enabled")}
    return replace(
        profile,
        name=given["name"],
        enabled=given.get("enabled", profile.enabled),
        settings={**profile.settings, **others, "updated_at": exchange.clock.timestamp()},
    )


def _checked(request: Request, kind: str) -> Resource:
    given = parameters(request)
    specification.request(kind).check(given)
    if "daily_spend_limit" in given and not _USD.fullmatch(given["daily_spend_limit"]):
        raise errors.invalid("/daily_spend_limit", "The value must be an amount in USD.")
    for place, country in enumerate(given.get("whitelisted_destinations", ())):
        if not _COUNTRY.fullmatch(country):
            raise errors.invalid(f"/whitelisted_destinations/{place}", "The value must be an ISO 3166-1 alpha-2 code.")
    return given


def _list(exchange: Exchange, request: Request) -> Response:
    listed = [_resource(exchange, each) for each in reversed(exchange.profiles.values())]
    return page(
        request,
        listed,
        {"filter[name][contains]": lambda each, wanted: wanted.lower() in str(each["name"]).lower()},
    )
