"""What the lookup function is told by its environment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialtone.errors import DialtoneError
from dialtone.settings import SECRET_SECONDS

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
        return cls(tokens=(lambda: _tokens(secret)) if secret else dict)


def _tokens(secret: str) -> Mapping[str, str]:
    # Only a lookup at an address needs it, and it costs a client of its own.
    from aws_lambda_powertools.utilities.parameters import get_secret  # noqa: PLC0415 -- as said above

    remedy = 'store JSON with a token for each host: {"crm.example.com": "token"}'
    try:
        tokens = json.loads(str(get_secret(secret, max_age=SECRET_SECONDS)))
    except ValueError:
        raise DialtoneError(f"the secret {secret} is not JSON: {remedy}") from None
    if not isinstance(tokens, dict) or not all(isinstance(token, str) for token in tokens.values()):
        raise DialtoneError(f"the secret {secret} does not map hosts to tokens: {remedy}")
    return {host.lower(): token for host, token in tokens.items()}
