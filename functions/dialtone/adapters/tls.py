"""Whom we trust: certifi's certificates, read once for all neighbours, since that takes a while from cold."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


@cache
def context() -> ssl.SSLContext:
    """The process's own, as httpx makes one for each of its clients; the environment's SSL_CERT_FILE counts."""
    import httpx  # noqa: PLC0415 -- a webhook that is forged asks nobody

    return httpx.create_ssl_context()
