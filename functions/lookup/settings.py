"""The lookup function's settings, read from its environment."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialtone.adapters.secrets import CachedSecret, FixedSecret
from dialtone.domain.errors import DialtoneError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.adapters.secrets import Secret

TOKEN = re.compile(r"[!-~]+( [!-~]+)*")
"""Visible ASCII: anything else cannot be sent in a header."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The lookup function's settings."""

    tokens: Secret[Mapping[str, str]]
    """Host name → bearer token."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """LOOKUP_TOKENS_SECRET names a secret, JSON like `{"crm.example.com": "token"}`.

        Without it no token is sent.
        """
        secret = environ.get("LOOKUP_TOKENS_SECRET", "").strip()
        return cls(CachedSecret(secret, tokens_from) if secret else FixedSecret({}))


def tokens_from(secret: str, text: str) -> Mapping[str, str]:
    """Parse the secret's text into tokens by host. Raises DialtoneError saying what to store."""
    remedy = 'store JSON with a token for each host: {"crm.example.com": "token"}'
    try:
        tokens = json.loads(text)
    except ValueError:
        raise DialtoneError(f"the secret {secret} is not JSON: {remedy}") from None
    if not isinstance(tokens, dict) or not all(isinstance(token, str) for token in tokens.values()):
        raise DialtoneError(f"the secret {secret} does not map hosts to tokens: {remedy}")
    tokens = {host.lower(): token.strip() for host, token in tokens.items()}
    if useless := sorted(host for host, token in tokens.items() if not TOKEN.fullmatch(token)):
        raise DialtoneError(f"the secret {secret} has no usable token for {', '.join(useless)}: {remedy}")
    return tokens
