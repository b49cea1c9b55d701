"""Conversations of assistants over the API: what was said, and their deletion."""

import re
from collections.abc import Callable

from infra.carrier import errors
from infra.carrier.api.requests import only
from infra.carrier.exchange import Exchange
from infra.carrier.wire import Request, Response, as_json

_ONE = re.compile(r"/v2/ai/conversations/([^/]+)")
_MESSAGES = re.compile(r"/v2/ai/conversations/([^/]+)/messages")


def routed(exchange: Exchange, request: Request) -> tuple[str, Callable[[], Response]] | None:
    """Return the handler of a request about conversations; None for other requests. Raises RefusalError."""
    if match := _MESSAGES.fullmatch(request.path):
        only(request, "GET")
        return "conversations", lambda: _messages(exchange, match[1])
    if match := _ONE.fullmatch(request.path):
        only(request, "DELETE")
        return "conversations", lambda: _delete(exchange, match[1])
    return None


def _messages(exchange: Exchange, conversation_id: str) -> Response:
    said = exchange.conversations.get(conversation_id)
    if said is None:
        raise errors.not_found()
    listed = [{"role": each["role"], "text": each["content"]} for each in said]
    return as_json(200, {"data": listed, "meta": {"total_pages": 1, "total_results": len(listed), "page_number": 1}})


def _delete(exchange: Exchange, conversation_id: str) -> Response:
    if exchange.conversations.pop(conversation_id, None) is None:
        raise errors.not_found()
    return as_json(200, {})
