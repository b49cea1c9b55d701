"""An address of its own for an HTTP API of the emulator, below whose path pages would not find their files."""

import json

import httpx

from control.console_files import SETTINGS
from tests.integration.local_http import LocalHttp, QuietHandler

PASSED_BACK = ("content-type", "content-security-policy", "cache-control", "etag", "location")


class Relay(LocalHttp):
    """Passes GET and POST on to an address; a context manager."""

    def __init__(self, target: str, sign_in: str) -> None:
        """`sign_in` is where people sign in: the emulator hands functions no stage variables, which say it on AWS."""
        self.settings: dict[str, str] = {}
        """What stage variables say."""
        relay_itself = self

        class Handler(QuietHandler):
            def relay(self) -> None:
                length = int(self.headers.get("content-length", 0))
                sent = {
                    name: value
                    for name, value in self.headers.items()
                    if name.lower() in {"authorization", "if-none-match", "content-type", "idempotency-key"}
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

        super().__init__(Handler)
