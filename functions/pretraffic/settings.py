"""The pre-traffic function's settings, read from its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dialtone.adapters.settings import required


@dataclass(frozen=True, slots=True)
class Settings:
    """The pre-traffic function's settings."""

    new_version: str
    """ARN of the version under test."""
    calls_table: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings. Raises SettingMissing naming a missing variable."""
        return cls(required(environ, "NEW_VERSION"), required(environ, "CALLS_TABLE"))
