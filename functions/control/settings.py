"""The control function's settings, read from its environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from control.destinations import Destinations
from dialtone.adapters.settings import required, telnyx_api_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.adapters.secrets import Secret

FLOWS = Path(__file__).resolve().parent.parent / "flows"


@dataclass(frozen=True, slots=True)
class Settings:
    """The control function's settings."""

    calls_table: str
    recordings_bucket: str
    campaigns_bucket: str
    webhook_function: str
    destinations: Destinations
    connection_id: str
    """Of the application at Telnyx by which the stack dials; '' for none."""
    deletes: bool
    """Whether recordings may be deleted by the API."""
    api_key: Secret[str]
    flows: Path = FLOWS
    """The folder of the flows that are deployed with the code."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Raises SettingMissing naming what is not set."""
        return cls(
            calls_table=required(environ, "CALLS_TABLE"),
            recordings_bucket=required(environ, "RECORDINGS_BUCKET"),
            campaigns_bucket=required(environ, "CAMPAIGNS_BUCKET"),
            webhook_function=required(environ, "WEBHOOK_FUNCTION"),
            destinations=Destinations.of_text(environ.get("CONTROL_DESTINATIONS", "")),
            connection_id=environ.get("TELNYX_CONNECTION_ID", ""),
            deletes=environ.get("RECORDING_DELETION") == "on",
            api_key=telnyx_api_key(environ),
            flows=Path(environ.get("FLOWS_FOLDER") or FLOWS),
        )
