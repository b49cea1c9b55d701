"""The failover function's settings, read from its environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from failover.api_key import ApiKey, secret
from failover.decision import Sentence

SECRET, KEY = "TELNYX_API_KEY_SECRET", "TELNYX_API_KEY"


class SettingMissing(Exception):  # noqa: N818 -- reads as the sentence it is: a setting is missing
    """An environment variable that the function cannot work without."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The failover function's settings."""

    public_key: str
    api_key: ApiKey
    base_url: str
    """'' for Telnyx's default."""
    sentence: Sentence

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings. Raises SettingMissing naming a missing variable."""
        return cls(
            public_key=_required(environ, "TELNYX_PUBLIC_KEY"),
            api_key=ApiKey(_key_source(environ)),
            base_url=environ.get("TELNYX_BASE_URL", "").strip(),
            sentence=Sentence(
                text=environ.get("FAILOVER_SENTENCE", "").strip(),
                language=_required(environ, "FAILOVER_LANGUAGE"),
                voice=_required(environ, "FAILOVER_VOICE"),
                transfer_to=environ.get("FAILOVER_TRANSFER_TO", "").strip(),
            ),
        )


def _key_source(environ: Mapping[str, str]) -> Callable[[], str]:
    if key := environ.get(KEY, "").strip():
        return lambda: key
    return secret(_required(environ, SECRET))


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise SettingMissing(f"{name} is not set in the environment: template.yaml sets it for the function")
    return value
