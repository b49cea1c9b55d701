"""boto3's clients: made once for the life of the process, kept to the request's deadline where a caller waits."""

from __future__ import annotations

import contextvars
import threading
from functools import cache, partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from dialtone.domain.deadline import NO_DEADLINE, SHORTEST_REQUEST_SECONDS, DeadlinePassed, seconds_left

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Client = TypeVar("Client")


def budget(connect_seconds: float, read_seconds: float, attempts: int) -> Config:
    """Time-outs of one try, and how many tries; boto3's legacy mode retries DynamoDB after some 50 ms."""
    return Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"mode": "legacy", "total_max_attempts": attempts},
        tcp_keepalive=True,
    )


@cache
def session() -> boto3.Session:
    """The process's own: its clients share credentials, endpoints and service models."""
    return boto3.Session()


def client(service: str, config: Config) -> Any:  # noqa: ANN401 -- each service's client has a type of its own
    """A client in the environment's region, at its AWS_ENDPOINT_URL. Threads may share it."""
    made: Any = session().client(service, config=config)  # type: ignore[call-overload]  # any of them
    made.meta.events.register("before-send", _refuse_after_deadline)
    return made


def _refuse_after_deadline(event_name: str, **_: object) -> None:
    """No try begins for which no time is left: the answer of a retry would come too late."""
    if seconds_left() < SHORTEST_REQUEST_SECONDS:
        raise DeadlinePassed(event_name.rpartition(".")[2])


def with_deadline(made: Client) -> Client:
    """The client, whose operations end at the deadline of `request_until`.

    boto3 has time-outs for a connection and for each read of a client's life, none for a request. So a request with a
    deadline runs in a thread that nobody waits for longer: whatever is slow (a host's name, credentials, an answer that
    drips), the caller goes on in time, with the error of a read that timed out. What the request does after that is
    what an answer that was lost could have done, too.
    """
    return cast("Client", _WithDeadline(made))


class _WithDeadline:
    def __init__(self, made: object) -> None:
        self._client = made

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the client has
        operation = getattr(self._client, name)
        return partial(_in_time, operation) if callable(operation) else operation


def _in_time(operation: Callable[..., Any], **parameters: object) -> Any:  # noqa: ANN401 -- the operation's answer
    seconds = seconds_left()
    if seconds == NO_DEADLINE:
        return operation(**parameters)
    results: SimpleQueue[Callable[[], Any]] = SimpleQueue()
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_run, results, operation, parameters), daemon=True).start()
    try:
        result = results.get(timeout=max(seconds, 0))
    except Empty:
        raise ReadTimeoutError(endpoint_url=operation.__name__) from None
    return result()


def _run(results: SimpleQueue[Callable[[], Any]], operation: Callable[..., Any], parameters: dict[str, object]) -> None:
    try:
        answer = operation(**parameters)
    except BaseException as error:  # noqa: BLE001 -- raised where it is waited for
        results.put(partial(_raise, error))
    else:
        results.put(lambda: answer)


def _raise(error: BaseException) -> None:
    raise error
