"""The deliver function's settings, read from its environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deliver.chat import addresses_from
from dialtone.adapters.secrets import CachedSecret, FixedSecret
from dialtone.adapters.settings import required

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.adapters.secrets import Secret


@dataclass(frozen=True, slots=True)
class Settings:
    """The deliver function's settings."""

    calls_table: str
    recordings_bucket: str
    queue_url: str
    mail_from: str
    """'' if the stack sends no e-mail."""
    links_url: str
    """URL of the console if the stack has one, else of the control API; '' for no links."""
    chats: Secret[Mapping[str, str]]
    """Name of a chat → its webhook's URL."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings. Raises SettingMissing naming a missing variable."""
        secret = environ.get("CHATS_SECRET", "").strip()
        return cls(
            calls_table=required(environ, "CALLS_TABLE"),
            recordings_bucket=required(environ, "RECORDINGS_BUCKET"),
            queue_url=required(environ, "DELIVERY_QUEUE_URL"),
            mail_from=environ.get("MAIL_FROM", "").strip(),
            links_url=(environ.get("CONSOLE_URL") or environ.get("CONTROL_URL") or "").strip().rstrip("/"),
            chats=CachedSecret(secret, addresses_from) if secret else FixedSecret({}),
        )
