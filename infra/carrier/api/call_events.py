"""The part of the API that lists what happened on a call, its commands and its webhooks: `GET /call_events`.

Telnyx's description says neither how a command is named there nor what metadata hold but "the raw event". Here a
command has the action's own name, and the metadata the request, or the `data` of the webhook.
"""

import re
from datetime import datetime
from typing import Any

from infra.carrier import errors
from infra.carrier.api import recordings as recordings_api
from infra.carrier.delivery import Event
from infra.carrier.exchange import Exchange
from infra.carrier.legs import Leg
from infra.carrier.wire import Request, Response

_FILTERS = {
    "filter[application_session_id]": "call_session_id",
    "filter[leg_id]": "call_leg_id",
    "filter[name]": "name",
    "filter[type]": "type",
}
_OCCURRED = re.compile(r"filter\[occurred_at\]\[(eq|gt|gte|lt|lte)\]")
_COMPARED = {
    "eq": datetime.__eq__,
    "gt": datetime.__gt__,
    "gte": datetime.__ge__,
    "lt": datetime.__lt__,
    "lte": datetime.__le__,
}


def note(exchange: Exchange, leg: Leg, action: str, given: dict[str, Any]) -> None:
    """Keep a command that was taken."""
    leg.session.commands.append(
        {
            "call_leg_id": leg.name.call_leg_id,
            "call_session_id": leg.name.call_session_id,
            "event_timestamp": exchange.clock.timestamp(),
            "metadata": {"raw": dict(given)},
            "name": action,
            "record_type": "call_event",
            "type": "command",
        }
    )


def page(exchange: Exchange, request: Request) -> Response:
    """Answer with one page of the commands and webhooks that the filters leave, the first first."""
    sessions = {leg.session.id: leg.session for leg in exchange.legs.values()}
    listed = [each for session in sessions.values() for each in (*session.commands, *map(_reported, session.reported))]
    for name, wanted in request.query.items():
        if name in recordings_api.PAGING:
            continue
        if name in _FILTERS:
            listed = [each for each in listed if each[_FILTERS[name]] == wanted]
        elif match := _OCCURRED.fullmatch(name):
            limit, holds = recordings_api.time_of(name, wanted), _COMPARED[match[1]]
            listed = [each for each in listed if holds(datetime.fromisoformat(each["event_timestamp"]), limit)]
        else:
            raise errors.RefusalError(422, "10015", "Unknown filter", f"{name} is not known.", parameter=name)
    return recordings_api.one_page(request.query, sorted(listed, key=lambda each: each["event_timestamp"]))


def _reported(event: Event) -> dict[str, Any]:
    return {
        "call_leg_id": event.leg.call_leg_id,
        "call_session_id": event.leg.call_session_id,
        "event_timestamp": event.occurred_at,
        "metadata": {"raw": event.data()},
        "name": event.event_type,
        "record_type": "call_event",
        "type": "webhook",
    }
