"""The JSON body of a request, and the resources that a list's filters leave."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from infra.carrier import errors
from infra.carrier.api import recordings as recordings_api
from infra.carrier.wire import Request, Response

Resource = dict[str, Any]


def parameters(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request; no body is an empty one. Raises RefusalError."""
    if not request.body:
        return {}
    try:
        given = json.loads(request.body.decode())
    except UnicodeDecodeError as error:
        raise errors.unreadable_encoding(error.start) from error
    except (ValueError, RecursionError) as error:
        raise errors.bad_body("The request body is not valid JSON.") from error
    if not isinstance(given, dict):
        raise errors.bad_body("The request body must be a JSON object.")
    return given


def only(request: Request, *methods: str) -> None:
    """Refuse other methods than these."""
    if request.method not in methods:
        raise errors.method_not_allowed()


def page(
    request: Request, resources: list[Resource], filters: Mapping[str, Callable[[Resource, str], bool]]
) -> Response:
    """Answer with one page of what the query's filters leave. Raises RefusalError for a filter that is not known."""
    listed = resources
    for name, wanted in request.query.items():
        if name in recordings_api.PAGING or name == "sort":
            continue
        if name not in filters:
            raise errors.RefusalError(422, "10015", "Unknown filter", f"{name} is not known.", parameter=name)
        fits = filters[name]
        listed = [each for each in listed if fits(each, wanted)]
    return recordings_api.one_page(request.query, listed)
