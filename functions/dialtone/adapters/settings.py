"""Settings from the environment: read once, at start; an error names what is missing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from dialtone.adapters.secrets import CachedSecret, FixedSecret
from dialtone.domain.errors import DialtoneError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.adapters.secrets import Secret


class SettingMissing(DialtoneError):  # noqa: N818 -- reads as the sentence it is: a setting is missing
    """An environment variable that the function cannot work without."""

    def __init__(self, *names: str) -> None:
        remedy = "template.yaml sets it for the functions; elsewhere, export it"
        super().__init__(f"{' or '.join(names)} is not set in the environment: {remedy}")
        self.names = names


def required(environ: Mapping[str, str], name: str) -> str:
    """A variable's value. Raises SettingMissing if it is absent or blank."""
    value = environ.get(name, "").strip()
    if not value:
        raise SettingMissing(name)
    return value


def telnyx_api_key(environ: Mapping[str, str]) -> Secret[str]:
    """Telnyx's API key, fetched on first use: TELNYX_API_KEY, or the secret named by TELNYX_API_KEY_SECRET.

    The secret is the key itself, or JSON with the key as `api_key`. Raises SettingMissing if neither variable is set.
    """
    if key := environ.get("TELNYX_API_KEY", "").strip():
        return FixedSecret(key)
    secret = environ.get("TELNYX_API_KEY_SECRET", "").strip()
    if not secret:
        raise SettingMissing("TELNYX_API_KEY_SECRET", "TELNYX_API_KEY")
    return CachedSecret(secret, key_from)


API_KEY = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""What an `Authorization: Bearer` header can carry (RFC 6750)."""


def key_from(secret: str, text: str) -> str:
    """Parse a secret's text into Telnyx's API key. Raises DialtoneError if it has none."""
    remedy = 'store the key itself, or JSON with it: {"api_key": "KEY…"}'
    if not text.startswith("{"):
        key: object = text
    else:
        try:
            key = json.loads(text)["api_key"]
        except (ValueError, KeyError):
            raise DialtoneError(f"the secret {secret} is JSON without api_key: {remedy}") from None
    if not isinstance(key, str) or not API_KEY.fullmatch(key.strip()):
        raise DialtoneError(f"the secret {secret} does not hold an API key: {remedy}")
    return key.strip()
