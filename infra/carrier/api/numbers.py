"""The part of the API about the account's numbers: `/phone_numbers`."""

from dataclasses import replace

from infra.carrier import errors
from infra.carrier.api import specification
from infra.carrier.api.requests import Resource, only, page, parameters
from infra.carrier.applications import PhoneNumber
from infra.carrier.exchange import Exchange
from infra.carrier.wire import Request, Response, as_json

PATH = "/v2/phone_numbers"

FEWEST_DIGITS = 3


def answer(exchange: Exchange, request: Request, number_id: str) -> Response:
    """Answer a request about all numbers (no id), or one."""
    if not number_id:
        only(request, "GET")
        return _list(exchange, request)
    only(request, "GET", "PATCH")
    found = next((each for each in exchange.numbers.values() if each.id == number_id), None)
    if found is None:
        raise errors.not_found()
    if request.method == "PATCH":
        found = exchange.numbers[found.number] = _changed(exchange, found, parameters(request))
    return as_json(200, {"data": _resource(exchange, found)})


def _changed(exchange: Exchange, number: PhoneNumber, given: Resource) -> PhoneNumber:
    """The number with new settings. An empty connection id takes it off its application."""
    specification.request("number_update").check(given)
    others = {name: value for name, value in given.items() if name != "connection_id"}
    connection_id = given.get("connection_id", number.connection_id) or None
    if connection_id is not None and connection_id not in {**exchange.applications, **exchange.other_connections}:
        raise errors.invalid("/connection_id", "The connection does not exist.")
    return replace(number, connection_id=connection_id, settings={**number.settings, **others})


def _resource(exchange: Exchange, number: PhoneNumber) -> Resource:
    application = exchange.applications.get(number.connection_id or "")
    return {
        "billing_group_id": None,
        "country_iso_alpha2": "US",
        "created_at": exchange.clock.timestamp(0),
        "customer_reference": None,
        "deletion_lock_enabled": False,
        "phone_number_type": "local",
        "purchased_at": exchange.clock.timestamp(0),
        "tags": [],
        **number.settings,
        "connection_id": number.connection_id,
        "connection_name": (
            application.application_name if application else exchange.other_connections.get(number.connection_id or "")
        ),
        "id": number.id,
        "phone_number": number.number,
        "record_type": "phone_number",
        "status": number.status,
    }


def _list(exchange: Exchange, request: Request) -> Response:
    listed = [_resource(exchange, each) for each in reversed(exchange.numbers.values())]
    return page(
        request,
        listed,
        {
            "filter[connection_id]": lambda each, wanted: each["connection_id"] == wanted,
            "filter[country_iso_alpha2]": lambda each, wanted: each["country_iso_alpha2"] == wanted,
            "filter[phone_number]": _has_digits,
            "filter[status]": lambda each, wanted: each["status"] == wanted,
            "filter[tag]": lambda each, wanted: wanted in each["tags"],
        },
    )


def _has_digits(each: Resource, wanted: str) -> bool:
    """By the digits alone: with a plus, a space or a dash among them nothing is found (the filter's description)."""
    return wanted.isdecimal() and len(wanted) >= FEWEST_DIGITS and wanted in each["phone_number"]
