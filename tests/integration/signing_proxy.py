"""Signs requests and sends them on to a control API, for programs that cannot sign."""

from typing import Any

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from dialtone.client.api import SERVICE
from tests.integration.local_http import LocalHttp, QuietHandler

SENT_ON = frozenset({"content-type", "idempotency-key", "accept"})
"""Headers of the caller's that the API may look at; the others are of the connection, or not the caller's to choose."""

NOT_SENT_BACK = frozenset({"connection", "content-encoding", "content-length", "date", "server", "transfer-encoding"})
"""Headers of the connection to the API."""

TIMEOUT_SECONDS = 35.0


class SigningProxy(LocalHttp):
    """Stands before the API at `url`, on a port of this machine; a context manager."""

    def __init__(self, url: str, region: str, credentials: Credentials) -> None:
        client = httpx.Client(timeout=TIMEOUT_SECONDS)
        signer = SigV4Auth(credentials, SERVICE, region)

        class Handler(QuietHandler):
            def send_on(handler) -> None:  # noqa: N805 -- self is the proxy
                body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
                named = {name: value for name, value in handler.headers.items() if name.lower() in SENT_ON}
                address = f"{url.rstrip('/')}{handler.path}"
                asked = AWSRequest(handler.command, address, headers=named, data=body)
                signer.add_auth(asked)
                # http.server reads headers as Latin-1; httpx would send only ASCII.
                headers = [(name.encode(), value.encode("latin-1")) for name, value in asked.headers.items()]
                answer = client.request(handler.command, address, headers=headers, content=body)
                handler.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    if name not in NOT_SENT_BACK:
                        handler.send_header(name, value)
                handler.send_header("Content-Length", str(len(answer.content)))
                handler.end_headers()
                handler.wfile.write(answer.content)

            def __getattr__(handler, name: str) -> Any:  # noqa: N805, ANN401 -- http.server asks for `do_` and any method's name
                if name.startswith("do_"):
                    return handler.send_on
                raise AttributeError(name)

        super().__init__(Handler)
