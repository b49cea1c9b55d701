"""Texts: `POST /v2/messages`, who has opted out, and what is reported of each by webhook."""

import re
from collections.abc import Callable
from typing import Any

from infra.carrier import errors
from infra.carrier.api import specification
from infra.carrier.api.requests import only, page, parameters
from infra.carrier.delivery import Event, Route
from infra.carrier.exchange import Exchange
from infra.carrier.trace import LegName, Texted
from infra.carrier.wire import Request, Response, as_json

#: How long the answer to a request is given again under its key (Telnyx's documentation).
KEY_SECONDS = 24 * 3_600.0
KEY = re.compile(r"[A-Za-z0-9_:-]{1,255}")
#: From the request to each of the two reports.
SENT_SECONDS, FINALIZED_SECONDS = 1.0, 3.0

E164 = re.compile(r"\+[1-9][0-9]{4,14}")
PROFILE = "4000eba1-a0c0-4563-9925-b25e842a7cb6"


def routed(exchange: Exchange, request: Request) -> tuple[str, Callable[[], Response]] | None:
    """Return the action and its handler; None for a request about another resource."""
    if request.path == "/v2/messages":
        only(request, "POST")
        return "send_message", lambda: _send(exchange, request)
    if request.path == "/v2/messaging_optouts":
        only(request, "GET")
        return "messaging_optouts", lambda: _opt_outs(exchange, request)
    return None


def _send(exchange: Exchange, request: Request) -> Response:
    messaging, now = exchange.messaging, exchange.clock.now
    key = request.headers.get("idempotency-key", "")
    if key and not KEY.fullmatch(key):
        raise errors.invalid("/Idempotency-Key", "Keys have 1 to 255 letters, numbers, hyphens, underscores or colons.")
    if key in messaging.answered and now - messaging.answered[key][0] <= KEY_SECONDS:
        _, body, answer = messaging.answered[key]
        if body != request.body:
            raise errors.invalid("/Idempotency-Key", "The key was used for another request.")
        return as_json(200, {"data": answer})
    given = parameters(request)
    specification.request("message_send").check(given)
    _check(exchange, given)
    answer = _taken(exchange, given)
    if key:
        messaging.answered[key] = (now, request.body, answer)
    return as_json(200, {"data": answer})


def _check(exchange: Exchange, given: dict[str, Any]) -> None:
    if not given.get("text") and not given.get("media_urls"):
        raise errors.missing("/text")
    if not E164.fullmatch(given["to"]):
        raise errors.RefusalError(
            400, "40310", "Invalid 'to' address", "The 'to' address should be a string in +E.164."
        )
    if given.get("from") not in exchange.numbers:
        detail = "The 'from' address is not a number of the account's that has a messaging profile."
        raise errors.RefusalError(400, "40305", "Invalid 'from' address", detail, pointer="/from")
    if given["to"] in exchange.messaging.opted_out:
        detail = f"Messages cannot be sent from '{given['from']}' to '{given['to']}' due to an existing block rule."
        raise errors.RefusalError(403, "40300", "Blocked due to STOP message", detail)


def _taken(exchange: Exchange, given: dict[str, Any]) -> dict[str, Any]:
    messaging = exchange.messaging
    message = {
        "id": exchange.new_id(),
        "record_type": "message",
        "direction": "outbound",
        "type": given.get("type", "SMS"),
        "messaging_profile_id": PROFILE,
        "from": {"phone_number": given["from"], "carrier": "", "line_type": ""},
        "to": [{"phone_number": given["to"], "status": "queued", "carrier": "", "line_type": ""}],
        "text": given.get("text"),
        "parts": 1,
        "cost": {"amount": "0.0051", "currency": "USD"},
        "errors": [],
        "received_at": exchange.clock.timestamp(exchange.clock.now),
    }
    messaging.sent.append(message)
    exchange.tell(Texted(at=exchange.clock.now, leg=None, from_=given["from"], to=given["to"], text=str(given["text"])))
    url = given.get("webhook_url") or messaging.webhook_url
    if url:
        code = messaging.undeliverable.get(given["to"], "")
        exchange.clock.after(SENT_SECONDS, lambda: _report(exchange, message, url, "message.sent", "sent", ""))
        status = "delivery_failed" if code else "delivered"
        exchange.clock.after(
            FINALIZED_SECONDS, lambda: _report(exchange, message, url, "message.finalized", status, code)
        )
    return message


def _report(  # noqa: PLR0913, PLR0917 - what is reported, and of what
    exchange: Exchange, message: dict[str, Any], url: str, event_type: str, status: str, code: str
) -> None:
    """Let a webhook say so, signed as all are."""
    payload = {
        **message,
        "to": [{**message["to"][0], "status": status}],
        "errors": [{"code": code, "title": "Not delivered"}] if code else [],
    }
    about = LegName("", "", "", "outgoing", message["from"]["phone_number"], message["to"][0]["phone_number"])
    occurred_at = exchange.clock.timestamp(exchange.clock.now)
    event = Event(exchange.new_id(), event_type, occurred_at, payload, about, Route(url, None, 2.0))
    exchange.deliveries.send(event, exchange.messaging.session)


def _opt_outs(exchange: Exchange, request: Request) -> Response:
    listed = [{"to": each, "keyword": "STOP", "messaging_profile_id": PROFILE} for each in exchange.messaging.opted_out]
    return page(
        request, listed, {"filter[messaging_profile_id]": lambda each, wanted: each["messaging_profile_id"] == wanted}
    )
