"""What a function is told by its environment: read once, at start; what is missing is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dialtone.errors import DialtoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SECRET_SECONDS = 300
"""How long a fetched key is used: a replaced one works within five minutes, without a deployment."""


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
    return lambda: _key_from_secret(secret)


def _key_from_secret(name: str) -> str:
    # Only a webhook that sends a command needs it, and it costs a client of its own.
    from aws_lambda_powertools.utilities.parameters import get_secret  # noqa: PLC0415 -- as said above

    text = str(get_secret(name, max_age=SECRET_SECONDS)).strip()
    if not text.startswith("{"):
        return text
    try:
        key = json.loads(text)["api_key"]
    except (ValueError, KeyError):
        raise DialtoneError(f"the secret {name} is JSON without api_key: store the key itself, or as api_key") from None
    return str(key)
