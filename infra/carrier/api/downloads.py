"""The recordings' storage: pre-signed URLs as S3 serves them, with ranges, and XML pages for what is refused."""

import re

from infra.carrier import storage
from infra.carrier.exchange import Exchange
from infra.carrier.legs import Recording
from infra.carrier.storage import STORAGE_PATH, file_of
from infra.carrier.trace import Downloaded
from infra.carrier.wire import Request, Response

__all__ = ["STORAGE_PATH", "handle"]

_NAME = re.compile(r".*/([0-9a-f-]+)/[^/]+\.(wav|mp3)")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def handle(exchange: Exchange, request: Request) -> Response:
    """Serve a recording whose URL is still good."""
    if request.method not in ("GET", "HEAD"):
        return _refused(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
    match = _NAME.fullmatch(request.path)
    found = exchange.recordings.all.get(match[1]) if match else None
    if found is None or match is None or match[2] != found.order.format or found.saved is None or found.deleted:
        return _refused(404, "NoSuchKey", "The specified key does not exist.")
    response = _answered(exchange, request, found)
    size = int(response.headers.get("content-length", 0))
    exchange.tell(
        Downloaded(at=exchange.clock.now, leg=found.leg.name, recording_id=found.id, status=response.status, size=size)
    )
    return response


def _answered(exchange: Exchange, request: Request, found: Recording) -> Response:
    until = storage.good_until(exchange, found, dict(request.query))
    if until is None:
        return _refused(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
    if exchange.clock.now > until:
        expired = f"<Expires>{exchange.clock.timestamp(until)}</Expires>"
        return _refused(403, "AccessDenied", "Request has expired", expired)
    return _served(request, found)


def _served(request: Request, found: Recording) -> Response:
    file = file_of(found)
    headers = {"content-type": file.content_type, "accept-ranges": "bytes", "etag": f'"{found.id}"'}
    wanted = _RANGE.fullmatch(request.headers.get("range", ""))
    start, end, status = 0, file.size, 200
    if wanted and (wanted[1] or wanted[2]):
        start, end = _bounds(wanted[1], wanted[2], file.size)
        status = 206
        if start >= end:
            return _refused(416, "InvalidRange", "The requested range is not satisfiable")
        headers["content-range"] = f"bytes {start}-{end - 1}/{file.size}"
    headers["content-length"] = str(end - start)
    return Response(status, headers, b"" if request.method == "HEAD" else file.stream(start, end))


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1 if last else size)


def _refused(status: int, code: str, message: str, more: str = "") -> Response:
    page = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>'
    )
    return Response(status, {"content-type": "application/xml"}, page.encode())
