"""boto3's clients: created once per process, and limited by the request's deadline when a caller waits."""

from __future__ import annotations

import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from dialtone.domain.deadline import NO_DEADLINE, SHORTEST_REQUEST_SECONDS, DeadlinePassed, seconds_left

USER_AGENT = f"dialtone Boto3/{boto3.__version__}"

MOST_THREADS = 64
"""Threads for requests with a deadline: one per simultaneous request, usually one; a hanging request occupies one."""


def budget(connect_seconds: float, read_seconds: float, attempts: int) -> Config:
    """Time-outs of one attempt, and the number of attempts (boto3's legacy mode retries DynamoDB after about 50 ms)."""
    return Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"mode": "legacy", "total_max_attempts": attempts},
        tcp_keepalive=True,
        account_id_endpoint_mode="disabled",  # the region's endpoint: an account's own is looked for at each request
        parameter_validation=False,  # validation would take half of a request's CPU, and the values are our own
        user_agent=USER_AGENT,  # botocore builds its own twice per request: a tenth of its CPU
    )


@cache
def session() -> boto3.Session:
    """The process's session: its clients share credentials, endpoints and service models."""
    return boto3.Session()


@cache
def threads() -> ThreadPoolExecutor:
    """The process's thread pool."""
    return ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="aws")


def client(service: str, config: Config) -> Any:  # noqa: ANN401 -- each service's client has a type of its own
    """A client for the environment's region and AWS_ENDPOINT_URL. Thread-safe."""
    made: Any = session().client(service, config=config)  # type: ignore[call-overload]  # any of them
    made.meta.events.register("before-send", _refuse_after_deadline)
    return made


def _refuse_after_deadline(event_name: str, **_: object) -> None:
    """Start no attempt after the deadline: its response would come too late."""
    if seconds_left() < SHORTEST_REQUEST_SECONDS:
        raise DeadlinePassed(event_name.rpartition(".")[2])


class DeadlineClient:
    """A client, created on first use, whose operations end at the deadline of `request_until`.

    boto3 has time-outs for connecting and for each read, but none for a whole request. So a request with a deadline
    runs in a thread, which is abandoned at the deadline: whatever is slow (DNS, credentials, a slow response), the
    caller continues in time, with a read time-out error. The abandoned request may still succeed, just like one whose
    response was lost.
    """

    def __init__(self, service: str, config: Config) -> None:
        self._service = service
        self._config = config
        self._client: Any = None
        self._lock = threading.Lock()

    def open(self) -> Any:  # noqa: ANN401 -- each service's client has a type of its own
        """boto3's client, created without a request to AWS."""
        with self._lock:
            if self._client is None:
                self._client = client(self._service, self._config)
            return self._client

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401 -- whatever the client can do
        return partial(self._in_time, operation)

    def _in_time(self, operation: str, **parameters: object) -> Any:  # noqa: ANN401 -- the operation's answer
        seconds = seconds_left()
        if seconds == NO_DEADLINE:
            return self._request(operation, parameters)
        answer = threads().submit(contextvars.copy_context().run, self._request, operation, parameters)
        try:
            return answer.result(timeout=max(seconds, 0))
        except TimeoutError:
            if answer.done():
                raise
            answer.cancel()  # not started by any thread
            raise ReadTimeoutError(endpoint_url=f"{self._service}:{operation}") from None

    def _request(self, operation: str, parameters: dict[str, object]) -> Any:  # noqa: ANN401 -- as above
        return getattr(self.open(), operation)(**parameters)
