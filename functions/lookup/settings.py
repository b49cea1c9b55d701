"""What the lookup function is told by its environment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialtone.errors import DialtoneError
from dialtone.settings import InSecret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Settings:
    """The lookup function's settings."""

    tokens: Callable[[], Mapping[str, str]]
    """Host name → the token by which it knows us."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """LOOKUP_TOKENS_SECRET names a secret, JSON as `{"crm.example.com": "token"}`; without it no host wants one."""
        secret = environ.get("LOOKUP_TOKENS_SECRET", "").strip()
        return cls(InSecret(secret, tokens_from) if secret else dict)


def tokens_from(secret: str, text: str) -> Mapping[str, str]:
    """The tokens by host that a secret's text holds. Raises DialtoneError saying what to store."""
    remedy = 'store JSON with a token for each host: {"crm.example.com": "token"}'
    try:
        tokens = json.loads(text)
    except ValueError:
        raise DialtoneError(f"the secret {secret} is not JSON: {remedy}") from None
    if not isinstance(tokens, dict) or not all(isinstance(token, str) for token in tokens.values()):
        raise DialtoneError(f"the secret {secret} does not map hosts to tokens: {remedy}")
    return {host.lower(): token for host, token in tokens.items()}
