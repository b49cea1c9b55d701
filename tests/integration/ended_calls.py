"""A call as the table has it once it is over, for what operators read of calls."""

from datetime import datetime, timedelta
from typing import Any

from dialtone.domain.calls import Call


def ended_call(session: str, began: datetime, **changes: Any) -> Call:  # noqa: ANN401 -- any field
    """One that began then, was answered after a second and is over after forty, unless `changes` say otherwise."""
    at = [f"{(began + timedelta(seconds=more)):%Y-%m-%dT%H:%M:%S.%f}Z" for more in (0, 1, 40)]
    fields = {
        "control_id": f"v3:{session}",
        "direction": "incoming",
        "from_number": "+15550142",
        "to_number": "+15550100",
        "status": "ended",
        "flow": "main-menu",
        "initiated_at": at[0],
        "answered_at": at[1],
        "ended_at": at[2],
        "hangup_cause": "normal_clearing",
        "ending": "completed",
    }
    return Call(session, f"{session}-leg", **{**fields, **changes})
