"""The events function's settings, read from its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dialtone.adapters.settings import required

FULL = "full"


@dataclass(frozen=True, slots=True)
class Settings:
    """The events function's settings."""

    event_bus: str
    dead_letter_queue_url: str
    full_numbers: bool
    """Whether numbers are sent in full; they are masked by default."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings. Raises SettingMissing naming a missing variable."""
        return cls(
            event_bus=required(environ, "EVENT_BUS"),
            dead_letter_queue_url=required(environ, "EVENTS_DEAD_LETTER_QUEUE_URL"),
            full_numbers=environ.get("EVENT_NUMBERS", "").strip() == FULL,
        )
