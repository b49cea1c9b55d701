"""The control function's settings, read from its environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from control.allowed_destinations import Destinations
from control.watched_queues import QUEUES
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
    """The Telnyx application with which the stack dials; '' for none."""
    deletes: bool
    """Whether recordings may be deleted by the API."""
    api_key: Secret[str]
    stack: str
    """The stack's name; its alarms' names begin with it."""
    queues: Mapping[str, str]
    """The URLs of the stack's queues, by their names in `control/watched_queues.py`."""
    parked_events_bucket: str
    runbooks_url: str
    """URL of the runbooks; '' if not set."""
    is_emulated: bool
    """Whether AWS is an emulator on a developer's machine."""
    flows: Path = FLOWS
    """The folder of the flows deployed with the code."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings. Raises SettingMissing naming a missing variable."""
        return cls(
            calls_table=required(environ, "CALLS_TABLE"),
            recordings_bucket=required(environ, "RECORDINGS_BUCKET"),
            campaigns_bucket=required(environ, "CAMPAIGNS_BUCKET"),
            webhook_function=required(environ, "WEBHOOK_FUNCTION"),
            destinations=Destinations.of_text(environ.get("CONTROL_DESTINATIONS", "")),
            connection_id=environ.get("TELNYX_CONNECTION_ID", ""),
            deletes=environ.get("RECORDING_DELETION") == "on",
            api_key=telnyx_api_key(environ),
            stack=required(environ, "STACK_NAME"),
            queues={each.name: required(environ, each.setting) for each in QUEUES},
            parked_events_bucket=required(environ, "PARKED_EVENTS_BUCKET"),
            runbooks_url=environ.get("RUNBOOKS_URL", ""),
            is_emulated=bool(environ.get("AWS_ENDPOINT_URL")),
            flows=Path(environ.get("FLOWS_FOLDER") or FLOWS),
        )
