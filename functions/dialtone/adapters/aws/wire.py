"""Signed requests to AWS's services: one pool of connections, answers and errors as botocore gives them.

What botocore's standard retries send again is sent again here: no connection, no answer in time, a 5xx, throttling, a
body that is not what its checksum says. The pause before is shorter, since somebody is on the phone. The environment's
region, endpoints and proxies count as they do for botocore; FIPS and dual-stack endpoints have to be named.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
import zlib
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from botocore.exceptions import (
    ChecksumError,
    ClientError,
    ConnectionError,  # noqa: A004 -- botocore's own
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoRegionError,
    ReadTimeoutError,
)

from dialtone.adapters.aws.credentials import credentials
from dialtone.adapters.aws.signing import signed
from dialtone.adapters.tls import context
from dialtone.domain.deadline import SHORTEST_REQUEST_SECONDS, seconds_left

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpcore

PAUSE_SECONDS = 0.05
"""At most so long is waited before a request is sent again; at random, so that many do not come at once."""

IDLE_SECONDS = 60
"""How long a connection is kept without use; AWS's SDK for Java keeps it as long."""

PASSING = frozenset({500, 502, 503, 504})
"""Statuses of a service that may answer in a moment."""

THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""Codes that mean the same, whatever the status; botocore has the same list."""

UNANSWERED = (ConnectionError, HTTPClientError, ChecksumError)
"""No connection, no answer, or none that can be read."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service of AWS's, as requests name it."""

    name: str
    """In addresses and signatures."""
    endpoint_variable: str
    """The environment's variable for another address, as AWS's SDKs have it; AWS_ENDPOINT_URL is for all services."""
    target: str = ""
    """What stands before an operation in `x-amz-target`."""
    content_type: str = "application/x-amz-json-1.0"


@dataclass(frozen=True, slots=True)
class Request:
    """A POST that is to be signed."""

    service: Service
    operation: str
    body: bytes
    headers: Mapping[str, str]
    """In lower case."""
    path: str = "/"


@dataclass(slots=True)
class Wire:
    """Connections to AWS, for as long as the process lives; threads may share them.

    The time-outs are for one try; `deadline.request_until` cuts them short for the request that is under way.
    """

    connect_seconds: float
    read_seconds: float
    """Until the next piece of an answer."""
    attempts: int
    now_seconds: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pools: dict[str, httpcore.ConnectionPool] = field(default_factory=dict)
    """By endpoint: some may lie behind a proxy."""

    def call(self, service: Service, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Ask a service that speaks JSON, and give its answer. Raises botocore's errors."""
        body = json.dumps(asked, separators=(",", ":"), ensure_ascii=False).encode()
        headers = {"content-type": service.content_type, "x-amz-target": f"{service.target}.{operation}"}
        return self.send(Request(service, operation, body, headers))

    def send(self, request: Request) -> dict[str, Any]:
        """Send a request, once more where that may help and time is left, and give the JSON of its answer, {} for none.

        Raises botocore's errors.
        """
        for _ in range(self.attempts - 1):
            pause = random.random() * PAUSE_SECONDS
            try:
                return self._exchange(request)
            except ClientError as error:
                if not _passing(error) or seconds_left() < pause + SHORTEST_REQUEST_SECONDS:
                    raise
            except UNANSWERED:
                if seconds_left() < pause + SHORTEST_REQUEST_SECONDS:
                    raise
            self.sleep(pause)
        return self._exchange(request)

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()

    def _exchange(self, request: Request) -> dict[str, Any]:
        import httpcore  # noqa: PLC0415 -- a forged webhook asks nobody

        region = _region()
        endpoint = _endpoint(request.service, region)
        try:
            answer = self._opened(endpoint).request(
                "POST",
                endpoint + request.path,
                headers=self._headers(request, endpoint, region),
                content=request.body,
                extensions={"timeout": self._waits},
            )
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
            raise _unanswered(error, endpoint) from None
        return _read(answer, request.operation)

    def _headers(self, request: Request, endpoint: str, region: str) -> list[tuple[str, str]]:
        parts = urlsplit(endpoint)
        headers = signed(
            parts.path + request.path,
            {**request.headers, "host": parts.netloc},
            request.body,
            scope=(region, request.service.name),
            by=credentials(),
            at_seconds=self.now_seconds(),
        )
        return [*headers.items(), ("content-length", str(len(request.body))), *_trace()]

    @property
    def _waits(self) -> dict[str, float]:
        connect, answer = self.connect_seconds, self.read_seconds
        return {"connect": connect, "pool": connect, "write": answer, "read": answer}

    def _opened(self, endpoint: str) -> httpcore.ConnectionPool:
        with self._lock:
            if endpoint not in self._pools:
                import httpcore  # noqa: PLC0415 -- as above

                from dialtone.adapters.timed_network import TimedNetwork  # noqa: PLC0415 -- imports httpcore

                address = _proxy(endpoint)
                self._pools[endpoint] = httpcore.ConnectionPool(
                    context(),
                    keepalive_expiry=IDLE_SECONDS,
                    network_backend=TimedNetwork(),
                    proxy=httpcore.Proxy(address) if address else None,
                )
            return self._pools[endpoint]


def _region() -> str:
    """Lambda sets both; elsewhere botocore looks at the first."""
    region = os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION")
    if not region:
        raise NoRegionError
    return region


def _endpoint(service: Service, region: str) -> str:
    given = os.environ.get(service.endpoint_variable) or os.environ.get("AWS_ENDPOINT_URL")
    if given:
        return given.rstrip("/")
    return f"https://{service.name}.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


def _proxy(endpoint: str) -> str:
    """The address of the proxy that the environment wants; '' for none (HTTPS_PROXY, HTTP_PROXY, NO_PROXY)."""
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 -- httpx has it anyway

    parts = urlsplit(endpoint)
    return "" if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme, "")


def _trace() -> tuple[tuple[str, str], ...]:
    """What lets Lambda see functions that call one another in a circle, as botocore sends it."""
    trace = os.environ.get("_X_AMZN_TRACE_ID")
    return (("x-amzn-trace-id", quote(trace, safe="-=;:+&[]{}\"',")),) if trace else ()


def _unanswered(error: Exception, endpoint: str) -> ConnectionError | HTTPClientError:
    """What botocore would raise, all of it worth another try."""
    import httpcore  # noqa: PLC0415 -- as above

    match error:
        case httpcore.ConnectTimeout():
            return ConnectTimeoutError(endpoint_url=endpoint, error=error)
        case httpcore.ConnectError():
            return EndpointConnectionError(endpoint_url=endpoint, error=error)
        case httpcore.TimeoutException():
            return ReadTimeoutError(endpoint_url=endpoint, error=error)
    return HTTPClientError(error=error)


def _read(answer: httpcore.Response, operation: str) -> dict[str, Any]:
    headers = {name.lower(): value.decode("latin-1") for name, value in answer.headers}
    expected, found = headers.get(b"x-amz-crc32"), zlib.crc32(answer.content)
    if expected not in {None, str(found)}:
        raise ChecksumError(checksum_type="crc32", expected_checksum=expected, actual_checksum=str(found))
    told = _json(answer.content)
    if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
        raise _refusal(answer.status, headers, told or {}, operation)
    if told is None:
        raise HTTPClientError(error=f"{operation}: the answer is no JSON object")
    return told


def _json(content: bytes) -> dict[str, Any] | None:
    """An object, {} for nothing at all, None for anything else."""
    try:
        told = json.loads(content or b"{}")
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _refusal(status: int, headers: Mapping[bytes, str], told: Mapping[str, Any], operation: str) -> ClientError:
    """With what the service told as botocore has it: the code without the namespace that some put before it."""
    queried = headers.get(b"x-amzn-query-error", "").partition(";")[0]
    code = queried or str(told.get("__type") or headers.get(b"x-amzn-errortype") or status)
    response: Any = {
        **told,
        "Error": {"Code": code.partition(":")[0].rpartition("#")[2], "Message": _message(told)},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": headers.get(b"x-amzn-requestid", "")},
    }
    return ClientError(response, operation)


def _message(told: Mapping[str, Any]) -> str:
    return str(told.get("message") or told.get("Message") or "")


def _passing(error: ClientError) -> bool:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status in PASSING or error.response["Error"]["Code"] in THROTTLED
