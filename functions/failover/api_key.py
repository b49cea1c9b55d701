"""Telnyx's API key: fetched on first use, and again after some minutes or when Telnyx refuses it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

KEY_SECONDS = 300
CONNECT_SECONDS, READ_SECONDS = 0.4, 0.8
"""Secrets Manager is in the same region, and a caller waits."""

logger = logging.getLogger(__name__)


class KeyUnavailable(Exception):  # noqa: N818 -- reads as the sentence it is: the key is unavailable
    """There is no key, not even an old one."""


@dataclass(slots=True)
class ApiKey:
    """The API key. Call it at each use."""

    fetch: Callable[[], str]
    """Gives the text of the secret. May raise anything."""
    clock: Callable[[], float] = time.monotonic
    _keys: list[str] = field(default_factory=list)
    """The last fetched key; empty before the first fetch."""
    _old_at: float = 0

    def __call__(self) -> str:
        """The current key, or the old one while Secrets Manager fails. Raises KeyUnavailable."""
        if not self._keys or self.clock() >= self._old_at:
            self._refresh()
        return self._keys[0]

    def refused(self) -> None:
        """Note that Telnyx refused it: it is fetched again at the next use."""
        self._old_at = 0

    def _refresh(self) -> None:
        try:
            self._keys[:] = [_key(self.fetch())]
        except Exception as fault:
            if not self._keys:
                raise KeyUnavailable(type(fault).__name__) from fault
            logger.warning("the API key could not be fetched again, the old one is used on: %s", type(fault).__name__)
        self._old_at = self.clock() + KEY_SECONDS


def secret(name: str) -> Callable[[], str]:
    """A function that fetches a secret's text from Secrets Manager."""

    def fetch() -> str:
        text: str = _client().get_secret_value(SecretId=name)["SecretString"]
        return text

    return fetch


def _client() -> Any:  # noqa: ANN401 -- boto3's own
    import boto3  # noqa: PLC0415 -- takes twice as long to load as everything else; not needed at start or for unsigned requests
    from botocore.config import Config  # noqa: PLC0415 -- as above

    config = Config(
        connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries={"mode": "legacy", "total_max_attempts": 2}
    )
    return boto3.Session().client("secretsmanager", config=config)


def _key(text: str) -> str:
    """Parse the secret: the key itself, or JSON with the key as `api_key`.

    Raises ValueError, KeyError, TypeError for anything else.
    """
    text = text.strip()
    key = json.loads(text)["api_key"] if text.startswith("{") else text
    if not isinstance(key, str) or not key.strip().isascii() or not key.strip().isprintable() or not key.strip():
        raise ValueError("no API key")
    return key.strip()
