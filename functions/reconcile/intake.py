"""Takes in recordings that Telnyx lists and the ledger lacks: the webhook function processes each like a webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.events import TELNYX_EVENT
from reconcile.report import FAULTS, RECOVERED
from reconcile.telnyx_listing import saved_event

if TYPE_CHECKING:
    from dialtone.adapters.telnyx_api import RecordingInfo
    from reconcile.dependencies import Dependencies
    from reconcile.report import Report


def take_in(listed: RecordingInfo, dependencies: Dependencies, report: Report) -> bool:
    """Let the webhook function process the recording's event, the same each time; return whether it was accepted."""
    fields = {
        "call_session_id": listed.call_session_id,
        "call_leg_id": listed.call_leg_id,
        "recording_id": listed.recording_id,
    }
    if why := dependencies.deliver({TELNYX_EVENT: saved_event(listed)}):
        report.log("error", "recording not taken in", fields | {"reason": why})
        report.add(FAULTS)
        return False
    report.log("warning", "recording taken in: its webhook never came", fields)
    report.add(RECOVERED)
    return True
