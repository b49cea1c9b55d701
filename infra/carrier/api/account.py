"""The part of the API about the account itself: applications, profiles, numbers, audio, and whose key it is."""

import re
import uuid
from collections.abc import Callable
from urllib.parse import unquote

from infra.carrier.api import applications as applications_api
from infra.carrier.api import media as media_api
from infra.carrier.api import numbers as numbers_api
from infra.carrier.api import profiles as profiles_api
from infra.carrier.api.requests import only
from infra.carrier.exchange import Exchange
from infra.carrier.wire import Request, Response, as_json

_COLLECTIONS = {each.PATH: each.answer for each in (applications_api, media_api, numbers_api, profiles_api)}
_PATH = re.compile(r"(/v2/[a-z_]+)(?:/([^/]+))?")

ORGANIZATION = str(uuid.uuid5(uuid.NAMESPACE_OID, "simulated organization"))


def routed(exchange: Exchange, request: Request, public_key: str) -> tuple[str, Callable[[], Response]] | None:
    """Return the action and its handler; None for a request about another resource."""
    match = _PATH.fullmatch(request.path)
    if match is None:
        return None
    path, name = match[1], unquote(match[2] or "")
    if path in _COLLECTIONS:
        collection = _COLLECTIONS[path]
        return path.removeprefix("/v2/"), lambda: collection(exchange, request, name)
    if request.path == "/v2/whoami":
        only(request, "GET")
        return "whoami", lambda: as_json(200, {"data": {"organization_id": ORGANIZATION, "record_type": "whoami"}})
    if request.path == "/v2/public_key":
        only(request, "GET")
        data = {"organization_id": ORGANIZATION, "public": public_key, "record_type": "public_key"}
        return "public_key", lambda: as_json(200, {"data": data})
    return None
