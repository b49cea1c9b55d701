"""The watchdog function's settings, read from its environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialtone.adapters.settings import required, telnyx_api_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.adapters.secrets import Secret


@dataclass(frozen=True, slots=True)
class Settings:
    """The watchdog function's settings."""

    api_key: Secret[str]
    calls_table: str
    watchdog_queue_url: str
    webhook_function: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings. Raises SettingMissing naming a missing variable."""
        return cls(
            api_key=telnyx_api_key(environ),
            calls_table=required(environ, "CALLS_TABLE"),
            watchdog_queue_url=required(environ, "WATCHDOG_QUEUE_URL"),
            webhook_function=required(environ, "WEBHOOK_FUNCTION"),
        )
