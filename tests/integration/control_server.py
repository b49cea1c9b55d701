"""The control API over HTTP, on a stack by moto: what API Gateway does for it on AWS."""

from __future__ import annotations

import base64
import itertools
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

LISTENER = "arn:aws:sts::123456789012:assumed-role/listener/ada"


def _is_text(sent: bytes) -> bool:
    try:
        sent.decode()
    except UnicodeDecodeError:
        return False
    return True


class ControlServer:
    """Serves the API on a port of this machine; a context manager."""

    def __init__(self, api: APIGatewayHttpResolver) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        """What was asked for: the path with its query, and the headers."""
        self.instead: list[tuple[int, dict[str, str], str]] = []
        """What to answer before the API is asked at all, one after the other."""
        numbers, lock = itertools.count(), threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def answer(handler) -> None:  # noqa: N805 -- self is the server
                headers = {name.lower(): value for name, value in handler.headers.items()}
                self.requests.append((handler.path, headers))
                with lock:  # moto's tables are read by one at a time
                    status, answered, body = (
                        self.instead.pop(0) if self.instead else handler.ask(headers)  # in this order
                    )
                handler.send_response(status)
                for name, value in answered.items():
                    handler.send_header(name, value)
                content = body.encode()
                handler.send_header("Content-Length", str(len(content)))
                handler.end_headers()
                handler.wfile.write(content)

            def ask(handler, headers: dict[str, str]) -> tuple[int, dict[str, str], str]:  # noqa: N805 -- as above
                url = urlsplit(handler.path)
                sent = handler.rfile.read(int(headers.get("content-length", 0)))
                is_text = _is_text(sent)
                answer = api.resolve(
                    {
                        "version": "2.0",
                        "routeKey": "$default",
                        "rawPath": unquote(url.path),
                        "rawQueryString": url.query,
                        "queryStringParameters": dict(parse_qsl(url.query)) or None,
                        "headers": headers,
                        "body": (sent.decode() if is_text else base64.b64encode(sent).decode()) or None,
                        "isBase64Encoded": not is_text,
                        "requestContext": {
                            "http": {"method": handler.command, "path": unquote(url.path)},
                            "stage": "$default",
                            "requestId": f"request-{next(numbers)}",
                            "authorizer": {"iam": {"userArn": LISTENER}},
                        },
                    },
                    None,  # type: ignore[arg-type]  # no route looks at the context
                )
                headers_out: dict[str, Any] = answer.get("headers") or {}
                return int(answer["statusCode"]), headers_out, answer["body"]

            do_GET = do_POST = do_DELETE = answer  # noqa: N815 -- http.server's own names

            def log_message(handler, *_arguments: object) -> None:  # noqa: N805 -- as above
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_how: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
