"""The control API over HTTP, on a stack by moto: what API Gateway does for it on AWS."""

import base64
import itertools
import threading
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from tests.integration.local_http import LocalHttp, QuietHandler

LISTENER = "arn:aws:sts::123456789012:assumed-role/listener/ada"


def _is_text(sent: bytes) -> bool:
    try:
        sent.decode()
    except UnicodeDecodeError:
        return False
    return True


class ControlServer(LocalHttp):
    """Serves the API on a port of this machine; a context manager."""

    def __init__(self, api: APIGatewayHttpResolver) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        """What was asked for: the path with its query, and the headers."""
        self.instead: list[tuple[int, dict[str, str], str]] = []
        """What to answer before the API is asked at all, one after the other."""
        numbers, lock = itertools.count(), threading.Lock()

        class Handler(QuietHandler):
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
                        "queryStringParameters": dict(parse_qsl(url.query, keep_blank_values=True)) or None,
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

            def __getattr__(handler, name: str) -> Any:  # noqa: N805, ANN401 -- http.server asks for `do_` and any method's name
                if name.startswith("do_"):
                    return handler.answer
                raise AttributeError(name)

        super().__init__(Handler)
