"""HTTP connections that respect the request's deadline.

HTTP clients' time-outs apply to one read and to one of a host's addresses: a slow response, or a host with several dead
addresses, takes many times as long. Here every wait is limited to the time left.
"""

from __future__ import annotations

import math
import socket
import time
from typing import TYPE_CHECKING

import httpcore

from dialtone.domain.deadline import seconds_left

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from typing import Any

SHORTEST_SECONDS = 0.001
"""A socket with a time-out of 0 is non-blocking, which raises a different error."""


class TimedNetwork(httpcore.SyncBackend):
    """Opens connections; each wait is limited to the request's remaining time."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of the host's addresses that answers; all share one time-out."""
        try:
            addresses = list(dict.fromkeys(str(each[4][0]) for each in _resolved(host, port)))
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        ends = time.monotonic() + _limited(timeout)
        fault: Exception = httpcore.ConnectError(f"{host} has no address")
        for place, address in enumerate(addresses, start=1):
            left = ends - time.monotonic()
            share = left if place == len(addresses) else left / 2  # the next address may answer
            try:
                stream = super().connect_tcp(address, port, _waitable(share), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
            else:
                return TimedStream(stream)
        raise fault


class TimedStream(httpcore.NetworkStream):
    """A connection; each read and write is limited to the request's remaining time."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read the next chunk."""
        return self._stream.read(max_bytes, _waitable(_limited(timeout)))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it."""
        self._stream.write(buffer, _waitable(_limited(timeout)))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted."""
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, _waitable(_limited(timeout))))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 -- httpcore's own
        """Details of a connection for httpcore."""
        return self._stream.get_extra_info(info)


def _resolved(host: str, port: int) -> list[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def _limited(timeout: float | None) -> float:
    return min(math.inf if timeout is None else timeout, seconds_left())


def _waitable(seconds: float) -> float | None:
    return None if seconds == math.inf else max(seconds, SHORTEST_SECONDS)
