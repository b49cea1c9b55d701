"""Secrets from Secrets Manager, cached only here; a rotated one is used within minutes."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from botocore.exceptions import BotoCoreError, ClientError

from dialtone.adapters.aws_clients import DeadlineClient, budget
from dialtone.domain.deadline import NO_DEADLINE, SHORTEST_REQUEST_SECONDS, request_until
from dialtone.domain.errors import DialtoneError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_secretsmanager import SecretsManagerClient

Value = TypeVar("Value")

SECRET_SECONDS = 300
"""Cache time: a rotated secret works within five minutes, without a deployment."""

OUTAGE_PAUSE_SECONDS = 30
"""Interval between refreshes while Secrets Manager fails, so that not every caller waits for a failing request."""

REFUSED_PAUSE_SECONDS = 2
"""Interval between fetches while a value is refused and the secret unchanged; short, so that a fixed key saves the
call."""

REFRESH_SECONDS = 0.5
"""Time-out of a refresh while an old value exists: many times Secrets Manager's usual latency."""

SECRETS_MANAGER = budget(connect_seconds=0.5, read_seconds=1.0, attempts=2)
"""In the same region; a caller waits for the command that needs the key."""

FETCH_FAULTS = (DialtoneError, ClientError, BotoCoreError)
"""A malformed secret, or Secrets Manager does not answer."""

logger = logging.getLogger(__name__)


class Secret(Protocol[Value]):
    """A secret's value. Call it at each use, so that a rotated one is noticed."""

    def __call__(self, deadline: float = NO_DEADLINE) -> Value:
        """The current value; waits until the deadline at most."""
        ...

    def after_refusal(self, refused: Value, deadline: float = NO_DEADLINE) -> Value:
        """The value to use after `refused` was rejected; the same if there is no other."""
        ...


class FixedSecret(Generic[Value]):
    """A value that does not change while the process lives."""

    def __init__(self, value: Value) -> None:
        """Take the value."""
        self.value = value

    def __call__(self, deadline: float = NO_DEADLINE) -> Value:
        """The value."""
        del deadline
        return self.value

    def after_refusal(self, refused: Value, deadline: float = NO_DEADLINE) -> Value:
        """The same value: there is no other."""
        del refused, deadline
        return self.value


def secret_text(name: str, within_seconds: float) -> str:
    """A secret's text, fetched within that time.

    Raises botocore's errors, DeadlinePassed if no time is left, and DialtoneError if the secret is binary.
    """
    with request_until(time.monotonic() + within_seconds, "GetSecretValue"):
        text = _secrets_manager().get_secret_value(SecretId=name).get("SecretString", "").strip()
    if not text:
        raise DialtoneError(f"the secret {name} holds no text: store its value as SecretString, not as binary")
    return text


@cache
def _secrets_manager() -> SecretsManagerClient:
    made: Any = DeadlineClient("secretsmanager", SECRETS_MANAGER)
    return cast("SecretsManagerClient", made)


@dataclass(slots=True)
class CachedSecret(Generic[Value]):
    """A secret of Secrets Manager: fetched on first use, and again when it is old or its value was refused.

    While Secrets Manager fails, or the secret is malformed, the old value stays in use. Thread-safe.
    """

    secret: str
    read: Callable[[str, str], Value]
    """Parses the secret's name and text into its value. Raises DialtoneError."""
    fetch: Callable[[str, float], str] = secret_text
    """Fetches a secret's text by its name, within that many seconds."""
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _values: list[Value] = field(default_factory=list)
    """The last fetched value; empty before the first fetch."""
    _old_at: float = 0
    _fetch_again_at: float = 0
    """When a value that stays refused is fetched next."""

    def __call__(self, deadline: float = NO_DEADLINE) -> Value:
        """The current value.

        Raises the errors of `read` and `fetch`, but only if there is no old value. `deadline` is a reading of the
        clock.
        """
        with self._lock:
            if not self._values:
                self._fetch(deadline - self.clock())
            elif self.clock() >= self._old_at:
                self._refresh(deadline)
            return self._values[0]

    def after_refusal(self, refused: Value, deadline: float = NO_DEADLINE) -> Value:
        """The value to use after `refused` was rejected: fetched again, once for all threads.

        The same if the secret has no other or cannot be fetched. Raises as above.
        """
        with self._lock:
            if not self._values:
                self._fetch(deadline - self.clock())
            elif self._values[0] == refused and self.clock() >= self._fetch_again_at and self._refresh(deadline):
                unchanged = self._values[0] == refused
                self._fetch_again_at = self.clock() + REFUSED_PAUSE_SECONDS if unchanged else 0
            return self._values[0]

    def forget(self) -> None:
        """Drop the value; it is fetched at the next use."""
        with self._lock:
            self._values.clear()

    def _fetch(self, within_seconds: float) -> None:
        asked_at = self.clock()
        self._values[:] = [self.read(self.secret, self.fetch(self.secret, within_seconds))]
        self._old_at = asked_at + SECRET_SECONDS

    def _refresh(self, deadline: float) -> bool:
        """Refresh the value, without using up the caller's time if there is an old one. False if there is none."""
        within_seconds = min(REFRESH_SECONDS, (deadline - self.clock()) / 2)
        if within_seconds < SHORTEST_REQUEST_SECONDS:
            return False  # the next caller may have more time
        try:
            self._fetch(within_seconds)
        except FETCH_FAULTS as fault:
            self._old_at = self.clock() + OUTAGE_PAUSE_SECONDS
            logger.warning(
                "the secret %s could not be fetched again, the value fetched before is used on: %s: %s",
                self.secret,
                type(fault).__name__,
                fault,
            )
        return True
