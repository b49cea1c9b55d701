"""The webhook function's settings, read from its environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dialtone.adapters.settings import required, telnyx_api_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.adapters.secrets import Secret

FLOWS = Path(__file__).resolve().parent.parent / "flows"
"""The flows deployed with the code."""


class Settings(NamedTuple):
    """The webhook function's settings."""

    public_key: str
    api_key: Secret[str]
    calls_table: str
    archive_queue_url: str
    watchdog_queue_url: str
    lookup_function: str
    parked_events_bucket: str
    own_function: str
    """Where the lookup function sends its answers: this version of this function."""
    flows: Path

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Read them. Raises SettingMissing, which names the variable that is not set."""
        return cls(
            public_key=required(environ, "TELNYX_PUBLIC_KEY"),
            api_key=telnyx_api_key(environ),
            calls_table=required(environ, "CALLS_TABLE"),
            archive_queue_url=required(environ, "ARCHIVE_QUEUE_URL"),
            watchdog_queue_url=required(environ, "WATCHDOG_QUEUE_URL"),
            lookup_function=required(environ, "LOOKUP_FUNCTION"),
            parked_events_bucket=required(environ, "PARKED_EVENTS_BUCKET"),
            own_function=_own_function(environ),
            flows=Path(environ.get("FLOWS_FOLDER") or FLOWS),
        )


def _own_function(environ: Mapping[str, str]) -> str:
    """The function's own name and version, as Lambda's runtime sets them."""
    name, version = environ.get("AWS_LAMBDA_FUNCTION_NAME", ""), environ.get("AWS_LAMBDA_FUNCTION_VERSION", "")
    return f"{name}:{version}" if version else name
