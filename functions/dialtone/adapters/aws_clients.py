"""boto3's clients: created once per process, and limited by the request's deadline when a caller waits."""

from __future__ import annotations

import contextvars
import os
import threading
import time
from collections.abc import Callable
from functools import cache, partial
from queue import Empty, SimpleQueue
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from dialtone.domain.deadline import NO_DEADLINE, SHORTEST_REQUEST_SECONDS, DeadlinePassed, seconds_left

USER_AGENT = f"dialtone Boto3/{boto3.__version__}"


MOST_THREADS = 64
"""Threads for requests with a deadline: one per simultaneous request, usually one; a hanging request occupies one."""

_Answers = SimpleQueue[tuple[Any, BaseException | None]]
_Asked = tuple[Callable[[], Any], _Answers]


def budget(connect_seconds: float, read_seconds: float, attempts: int) -> Config:
    """Time-outs of one attempt, and the number of attempts (boto3's legacy mode retries DynamoDB after about 50 ms)."""
    return Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"mode": "legacy", "total_max_attempts": attempts},
        tcp_keepalive=True,
        account_id_endpoint_mode="disabled",  # otherwise each request looks for an endpoint of the account
        parameter_validation=False,  # validation would take half of a request's CPU, and the values are our own
        user_agent=USER_AGENT,  # botocore builds its own twice per request: a tenth of its CPU
    )


@cache
def session() -> boto3.Session:
    """The process's session: its clients share credentials, endpoints and service models."""
    return boto3.Session()


def client(service: str, config: Config) -> Any:  # noqa: ANN401 -- each service's client has a type of its own
    """A client for the environment's region and AWS_ENDPOINT_URL. Thread-safe."""
    made: Any = session().client(service, config=config)  # type: ignore[call-overload]  # any of them
    made.meta.events.register("before-send", _refuse_after_deadline)
    return made


def _refuse_after_deadline(event_name: str, **_: object) -> None:
    """Start no attempt after the deadline: its response would come too late."""
    if seconds_left() < SHORTEST_REQUEST_SECONDS:
        raise DeadlinePassed(event_name.rpartition(".")[2])


class RequestThreads:
    """Threads that carry out requests, each for a caller who waits only until a deadline.

    A thread pool's futures take three times the CPU of these queues, at each request of each webhook.
    """

    def __init__(self, most: int = MOST_THREADS) -> None:
        self._idle: SimpleQueue[SimpleQueue[_Asked]] = SimpleQueue()
        self._room = threading.Semaphore(most)

    def answer(self, request: Callable[[], Any], seconds: float) -> Any:  # noqa: ANN401 -- any request's response
        """What the request returns or raises. Raises Empty if it takes longer; it then continues in its thread."""
        ends = time.monotonic() + seconds
        answers: _Answers = SimpleQueue()
        self._idle_thread(seconds).put((request, answers))
        answer, error = answers.get(timeout=max(ends - time.monotonic(), 0))
        if error:
            raise error
        return answer

    def _idle_thread(self, seconds: float) -> SimpleQueue[_Asked]:
        """The queue of an idle thread. Raises Empty if all are busy for longer than that: nothing is sent then."""
        try:
            return self._idle.get_nowait()
        except Empty:
            if not self._room.acquire(blocking=False):
                return self._idle.get(timeout=seconds)
        asked: SimpleQueue[_Asked] = SimpleQueue()
        threading.Thread(target=self._work, args=(asked,), name="aws", daemon=True).start()
        return asked

    def _work(self, asked: SimpleQueue[_Asked]) -> None:
        while True:
            request, answers = asked.get()
            answer, error = None, None
            try:
                answer = request()
            except BaseException as raised:  # noqa: BLE001 -- raised again in the caller
                error = raised
            self._idle.put(asked)
            answers.put((answer, error))
            del request, answers, answer, error  # else they would stay in memory until the next request


@cache
def threads() -> RequestThreads:
    """The process's threads."""
    return RequestThreads()


os.register_at_fork(after_in_child=threads.cache_clear)  # a child process has none of its parent's threads


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
        request = partial(contextvars.copy_context().run, self._request, operation, parameters)
        try:
            return threads().answer(request, max(seconds, 0))
        except Empty:
            raise ReadTimeoutError(endpoint_url=f"{self._service}:{operation}") from None

    def _request(self, operation: str, parameters: dict[str, object]) -> Any:  # noqa: ANN401 -- as above
        return getattr(self.open(), operation)(**parameters)
