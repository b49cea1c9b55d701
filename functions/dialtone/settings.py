"""What a function is told by its environment: read once, at start; what is missing is named."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from dialtone.errors import DialtoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Value = TypeVar("Value")

SECRET_SECONDS = 300
"""How long a fetched secret is used: a replaced one works within five minutes, without a deployment."""

SECRET_CONNECT_SECONDS, SECRET_READ_SECONDS = 0.5, 1.0
"""In the same region; a caller is waiting for the command that needs the key."""
SECRET_ATTEMPTS = 2


class SettingMissing(DialtoneError):  # noqa: N818 -- reads as the sentence it is: a setting is missing
    """An environment variable that the function cannot work without."""

    def __init__(self, *names: str) -> None:
        remedy = "template.yaml sets it for the functions; elsewhere, export it"
        super().__init__(f"{' or '.join(names)} is not set in the environment: {remedy}")
        self.names = names


def required(environ: Mapping[str, str], name: str) -> str:
    """A variable's value. Raises SettingMissing where it is absent or blank."""
    value = environ.get(name, "").strip()
    if not value:
        raise SettingMissing(name)
    return value


def telnyx_api_key(environ: Mapping[str, str]) -> Callable[[], str]:
    """What gives Telnyx's API key when first needed: TELNYX_API_KEY, or the secret that TELNYX_API_KEY_SECRET names.

    The secret is the key itself, or JSON with the key as `api_key`. Raises SettingMissing if neither variable is set.
    """
    if key := environ.get("TELNYX_API_KEY", "").strip():
        return lambda: key
    secret = environ.get("TELNYX_API_KEY_SECRET", "").strip()
    if not secret:
        raise SettingMissing("TELNYX_API_KEY_SECRET", "TELNYX_API_KEY")
    return InSecret(secret, key_from)


def secret_text(name: str) -> str:
    """What Secrets Manager keeps under a name. Raises botocore's errors."""
    from dialtone.aws.services import SecretsManager  # noqa: PLC0415 -- only who needs a secret needs these
    from dialtone.aws.wire import Wire  # noqa: PLC0415 -- as above

    wire = Wire(SECRET_CONNECT_SECONDS, SECRET_READ_SECONDS, SECRET_ATTEMPTS)
    try:
        return SecretsManager(wire).get_secret_value(SecretId=name)["SecretString"].strip()
    finally:
        wire.close()  # it will be minutes until the next time


@dataclass(slots=True)
class InSecret(Generic[Value]):
    """Something that Secrets Manager keeps: fetched when it is first needed, again once it has become old.

    Called, it gives what `read` makes of the secret's name and text. Raises what `read` raises, botocore's errors for
    no answer.
    """

    secret: str
    read: Callable[[str, str], Value]
    fetch: Callable[[str], str] = secret_text
    """Gives a secret's text by its name."""
    clock: Callable[[], float] = time.monotonic
    _values: list[Value] = field(default_factory=list)
    """The one that was fetched; empty for none."""
    _fetched_at: float = 0

    def __call__(self) -> Value:
        """What the secret holds."""
        if not self._values or self.clock() - self._fetched_at > SECRET_SECONDS:
            self._values[:] = [self.read(self.secret, self.fetch(self.secret))]
            self._fetched_at = self.clock()
        return self._values[0]

    def forget(self) -> None:
        """Let it be fetched when it is needed next."""
        self._values.clear()


def key_from(secret: str, text: str) -> str:
    """Telnyx's API key, out of a secret's text. Raises DialtoneError for JSON without it."""
    if not text.startswith("{"):
        return text
    try:
        key = json.loads(text)["api_key"]
    except (ValueError, KeyError):
        sentence = f"the secret {secret} is JSON without api_key: store the key itself, or as api_key"
        raise DialtoneError(sentence) from None
    return str(key)
