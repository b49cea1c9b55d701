"""boto3's clients: made once for the life of the process, kept to the request's deadline where a caller waits."""

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
"""Of requests with a deadline. There are as many as requests at once, mostly one; what hangs keeps one occupied."""


def budget(connect_seconds: float, read_seconds: float, attempts: int) -> Config:
    """Time-outs of one try, and how many tries; boto3's legacy mode retries DynamoDB after some 50 ms."""
    return Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"mode": "legacy", "total_max_attempts": attempts},
        tcp_keepalive=True,
        parameter_validation=False,  # the values are ours: checking each takes half of a request's CPU
        user_agent=USER_AGENT,  # botocore's own is put together anew for each request, twice: a tenth of its CPU
    )


@cache
def session() -> boto3.Session:
    """The process's own: its clients share credentials, endpoints and service models."""
    return boto3.Session()


@cache
def threads() -> ThreadPoolExecutor:
    """The process's own: a thread that has had its answer takes the next request."""
    return ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="aws")


def client(service: str, config: Config) -> Any:  # noqa: ANN401 -- each service's client has a type of its own
    """A client in the environment's region, at its AWS_ENDPOINT_URL. Threads may share it."""
    made: Any = session().client(service, config=config)  # type: ignore[call-overload]  # any of them
    made.meta.events.register("before-send", _refuse_after_deadline)
    return made


def _refuse_after_deadline(event_name: str, **_: object) -> None:
    """No try begins for which no time is left: the answer of a retry would come too late."""
    if seconds_left() < SHORTEST_REQUEST_SECONDS:
        raise DeadlinePassed(event_name.rpartition(".")[2])


class DeadlineClient:
    """A client made when it is first used, whose operations end at the deadline of `request_until`.

    boto3 has time-outs for a connection and for each read of a client's life, none for a request. So a request with a
    deadline runs in a thread that is not waited for any longer: whatever is slow (a host's name, credentials, an answer
    that drips), the caller goes on in time, with the error of a read that timed out. What the request does after that
    is what an answer that was lost could have done, too.
    """

    def __init__(self, service: str, config: Config) -> None:
        self._service = service
        self._config = config
        self._client: Any = None
        self._lock = threading.Lock()

    def open(self) -> Any:  # noqa: ANN401 -- each service's client has a type of its own
        """boto3's client; nothing is asked of AWS."""
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
            answer.cancel()  # of one that no thread has begun
            raise ReadTimeoutError(endpoint_url=f"{self._service}:{operation}") from None

    def _request(self, operation: str, parameters: dict[str, object]) -> Any:  # noqa: ANN401 -- as above
        return getattr(self.open(), operation)(**parameters)
