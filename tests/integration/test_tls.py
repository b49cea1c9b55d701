"""Whom we trust: neither AWS nor Telnyx is spoken to where the certificate is not by somebody whom we know."""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import EndpointConnectionError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dialtone.adapters import tls
from dialtone.adapters.aws.services import Sqs
from dialtone.adapters.aws.wire import Wire
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.domain.commands import command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOR_EVER = 1e12


@dataclass(frozen=True, slots=True)
class Stranger:
    """An HTTPS server whose certificate is its own."""

    url: str
    certificate: Path
    asked: list[str]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file with a certificate for this machine, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a stranger")])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "stranger.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
    return file


@pytest.fixture
def stranger(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stranger]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Say nothing of handshakes that a client broke off."""

    server = Server(("127.0.0.1", 0), Handler)
    presenting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    presenting.load_cert_chain(certificate)
    server.socket = presenting.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    url = f"https://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    tls.context.cache_clear()
    yield Stranger(url, certificate, asked)
    tls.context.cache_clear()
    server.shutdown()
    thread.join()
    server.server_close()


def sent_to_both(url: str) -> tuple[str, str]:
    """Give what became of a message to AWS and of a command to Telnyx."""
    wire, telnyx = Wire(1, 1, 2, sleep=lambda _: None), TelnyxApi("KEY0123", url, sleep=lambda _: None)
    try:
        Sqs(wire).send_message(QueueUrl="https://sqs.invalid/1/archive", MessageBody="{}")
        aws = "taken"
    except EndpointConnectionError:
        aws = "not connected"
    outcome = telnyx.send(command("hangup", "v3:abc"), "command-1", FOR_EVER)
    wire.close()
    telnyx.close()
    return aws, outcome.detail or outcome.kind


def test_a_stranger_is_told_nothing(stranger: Stranger) -> None:
    assert sent_to_both(stranger.url) == ("not connected", "ConnectError")

    assert stranger.asked == []


def test_whom_the_environment_trusts_is_trusted(stranger: Stranger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(stranger.certificate))

    assert sent_to_both(stranger.url) == ("taken", "accepted")

    assert stranger.asked == ["/", "/calls/v3:abc/actions/hangup"]
