"""The recordings part of the API: list, retrieve, delete; transcriptions alike."""

import json
import math
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from infra.carrier import errors, storage
from infra.carrier.exchange import Exchange
from infra.carrier.legs import Recording
from infra.carrier.wire import Request, Response, as_json

#: Page sizes as the description has them.
DEFAULT_PAGE_SIZE = 20
LARGEST_PAGE_SIZE = 250
PAGING = ("page[size]", "page[number]")

_FILTER = re.compile(r"filter\[([a-z_]+)\](?:\[(gte|lte)\])?")
_ONE = re.compile(r"/v2/(recordings|recording_transcriptions)/([^/]+)")
#: Of recordings: filters by value, and by time with the field of the resource that each looks at.
_BY_VALUE = frozenset(
    {
        "call_control_id",
        "call_leg_id",
        "call_session_id",
        "conference_id",
        "conference_region",
        "connection_id",
        "from",
        "sip_call_id",
        "to",
    }
)
_BY_TIME = {"created_at": "created_at", "end_time": "recording_ended_at", "start_time": "recording_started_at"}
#: The same of transcriptions.
_TRANSCRIPTIONS_BY_VALUE = frozenset({"recording_id"})
_TRANSCRIPTIONS_BY_TIME = {"created_at": "created_at"}


def routed(exchange: Exchange, request: Request) -> Callable[[], Response]:
    """Return the handler of a request about recordings; raises RefusalError for unknown paths and methods."""
    path, method = request.path, request.method
    if path == "/v2/recordings/actions/delete" and method == "POST":
        return lambda: _delete_many(exchange, request)
    if path == "/v2/recordings" and method == "GET":
        saved = exchange.recordings.saved()
        return lambda: _page(request, [storage.resource(exchange, found) for found in saved], _BY_VALUE, _BY_TIME)
    if path == "/v2/recording_transcriptions" and method == "GET":
        made = [storage.transcription(exchange, found) for found in _transcribed(exchange)]
        return lambda: _page(request, made, _TRANSCRIPTIONS_BY_VALUE, _TRANSCRIPTIONS_BY_TIME)
    match = _ONE.fullmatch(path)
    if match is None:
        raise errors.not_found()
    if method not in ("GET", "DELETE"):
        raise errors.method_not_allowed()
    if match[1] == "recordings":
        return lambda: _one(exchange, match[2], delete=method == "DELETE")
    return lambda: _one_transcription(exchange, match[2], delete=method == "DELETE")


def _transcribed(exchange: Exchange) -> list[Recording]:
    """Return recordings with a transcription, which is a separate resource and stays when its recording is deleted."""
    return [found for found in exchange.recordings.all.values() if found.transcription_id is not None]


def _one(exchange: Exchange, recording_id: str, *, delete: bool) -> Response:
    found = exchange.recordings.all.get(recording_id)
    if found is None or found.saved is None or found.deleted:
        raise errors.not_found()
    response = as_json(200, {"data": storage.resource(exchange, found)})
    found.deleted = delete
    return response


def _one_transcription(exchange: Exchange, transcription_id: str, *, delete: bool) -> Response:
    for found in _transcribed(exchange):
        if found.transcription_id == transcription_id:
            response = as_json(200, {"data": storage.transcription(exchange, found)})
            if delete:
                found.transcription_id = None
            return response
    raise errors.not_found()


def _delete_many(exchange: Exchange, request: Request) -> Response:
    try:
        ids = json.loads(request.body)["ids"]
    except (ValueError, KeyError, TypeError) as error:
        raise errors.missing("/ids") from error
    for recording_id in ids:
        _one(exchange, recording_id, delete=True)
    return as_json(200, {"status": "ok"})


def _page(
    request: Request, resources: list[dict[str, Any]], by_value: Collection[str], by_time: Mapping[str, str]
) -> Response:
    """Answer with one page of what the query's filters leave, newest first. Raises RefusalError for unknown ones."""
    filters = [_filter(name, wanted, by_value, by_time) for name, wanted in request.query.items() if name not in PAGING]
    left = [each for each in reversed(resources) if all(fits(each) for fits in filters)]
    return one_page(request.query, left)


def one_page(query: Mapping[str, str], left: list[dict[str, Any]]) -> Response:
    """Answer with the page of a list that a query asks for."""
    size = _count(query, "page[size]", DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE)
    number = _count(query, "page[number]", 1, 2**31 - 1)
    meta = {
        "page_number": number,
        "page_size": size,
        "total_pages": math.ceil(len(left) / size),
        "total_results": len(left),
    }
    return as_json(200, {"data": left[(number - 1) * size : number * size], "meta": meta})


def _count(query: Mapping[str, str], name: str, default: int, largest: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= largest:
        detail = f"The value must be an integer from 1 to {largest}."
        raise errors.RefusalError(422, "10033", "Value outside of range", detail, parameter=name)
    return int(text)


def time_of(name: str, text: str) -> datetime:
    """Return the time that a filter names; raises RefusalError."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        detail = "The value must be an ISO 8601 datetime."
        raise errors.RefusalError(422, "10015", "Invalid value", detail, parameter=name) from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _filter(
    name: str, wanted: str, by_value: Collection[str], by_time: Mapping[str, str]
) -> Callable[[Mapping[str, Any]], bool]:
    """Return a predicate for a filter; raises RefusalError for an unknown one."""
    match = _FILTER.fullmatch(name)
    if match is None:
        raise errors.RefusalError(422, "10015", "Unknown parameter", f"{name} is not known.", parameter=name)
    field, bound = match[1], match[2]
    if bound is None and field in by_value:
        return lambda resource: resource.get(field) == wanted
    if bound is None or field not in by_time:
        raise errors.RefusalError(422, "10015", "Unknown filter", f"{name} is not known.", parameter=name)
    limit, place = time_of(name, wanted), by_time[field]
    if bound == "gte":
        return lambda resource: datetime.fromisoformat(resource[place]) >= limit
    return lambda resource: datetime.fromisoformat(resource[place]) <= limit
