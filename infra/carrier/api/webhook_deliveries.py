"""The part of the API that lists what became of webhooks: `GET /webhook_deliveries`."""

import json
import re
import uuid
from datetime import datetime
from typing import Any

from infra.carrier import errors
from infra.carrier.api import recordings as recordings_api
from infra.carrier.delivery import Delivery
from infra.carrier.exchange import Exchange
from infra.carrier.wire import Request, Response

STATUSES = ("delivered", "failed")

_CONTAINS = re.compile(r"filter\[(attempts|webhook)\]\[contains\]")
_TIMES = re.compile(r"filter\[(started_at|finished_at)\]\[(gte|lte)\]")


def page(exchange: Exchange, request: Request) -> Response:
    """Answer with one page of the deliveries that are settled and that the filters leave, the newest first."""
    listed = [_resource(exchange, each) for each in reversed(exchange.deliveries.settled)]
    for name, wanted in request.query.items():
        if name not in recordings_api.PAGING:
            listed = _filtered(listed, name, wanted)
    return recordings_api.one_page(request.query, listed)


def _filtered(listed: list[dict[str, Any]], name: str, wanted: str) -> list[dict[str, Any]]:
    if name == "filter[status][eq]":
        if wanted not in STATUSES:
            detail = f"The value must be one of {', '.join(STATUSES)}."
            raise errors.RefusalError(422, "10015", "Invalid value", detail, parameter=name)
        return [each for each in listed if each["status"] == wanted]
    if name == "filter[event_type]":
        return [each for each in listed if each["webhook"]["event_type"] in wanted.split(",")]
    if match := _CONTAINS.fullmatch(name):
        return [each for each in listed if wanted in json.dumps(each[match[1]])]
    if match := _TIMES.fullmatch(name):
        limit, field = recordings_api.time_of(name, wanted), match[1]
        times = [(datetime.fromisoformat(each[field]), each) for each in listed]
        return [each for at, each in times if (at >= limit if match[2] == "gte" else at <= limit)]
    raise errors.RefusalError(422, "10015", "Unknown filter", f"{name} is not known.", parameter=name)


def _resource(exchange: Exchange, delivery: Delivery) -> dict[str, Any]:
    clock, event = exchange.clock, delivery.event
    return {
        "attempts": [
            {
                "finished_at": clock.timestamp(each.finished),
                "http": {
                    "request": {"url": each.url},
                    **({} if each.status is None else {"response": {"status": each.status}}),
                },
                "status": STATUSES[each.status is None or each.status // 100 != 2],  # noqa: PLR2004 - 2xx acknowledges
            }
            for each in reversed(delivery.attempts)
        ],
        "finished_at": clock.timestamp(delivery.finished),
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"delivery/{event.id}")),
        "record_type": "webhook_delivery",
        "started_at": clock.timestamp(delivery.started),
        "status": STATUSES[not delivery.delivered],
        "webhook": event.data(),
    }
