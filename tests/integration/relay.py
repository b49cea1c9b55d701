"""An address of its own for an HTTP API of the emulator, below whose path pages would not find their files."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import httpx

from control.pages import SETTINGS

PASSED_BACK = ("content-type", "content-security-policy", "cache-control", "etag", "location")


class Relay:
    """Passes GET and POST on to an address; a context manager."""

    def __init__(self, target: str, sign_in: str) -> None:
        """`sign_in` is where people sign in: the emulator hands functions no stage variables, which say it on AWS."""
        self.settings: dict[str, str] = {}
        """What stage variables say."""
        relay_itself = self

        class Handler(BaseHTTPRequestHandler):
            def relay(self) -> None:
                length = int(self.headers.get("content-length", 0))
                sent = {
                    name: value
                    for name, value in self.headers.items()
                    if name.lower() in {"authorization", "if-none-match"}
                }
                answer = httpx.request(
                    self.command, f"{target}{self.path}", content=self.rfile.read(length), headers=sent, timeout=30
                )
                content = answer.content
                if self.path == SETTINGS:
                    content = json.dumps(relay_itself.settings).encode()
                self.send_response(answer.status_code)
                for name in PASSED_BACK:
                    if name in answer.headers:
                        value = answer.headers[name].replace("connect-src 'self'", f"connect-src 'self' {sign_in}")
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = relay  # noqa: N815 -- http.server's own names

            def log_message(self, *_arguments: object) -> None:
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
