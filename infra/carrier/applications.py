"""Call Control applications: where an account's numbers send their webhooks."""

from __future__ import annotations

from dataclasses import dataclass

#: How long Telnyx waits for a webhook's answer unless the application says otherwise (its documentation: 2,000 ms).
WEBHOOK_TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Application:
    """A Call Control application, with the settings that matter to a call.

    `full_recording_payload` makes call.recording.saved carry what Telnyx's documentation shows (call_control_id,
    recording_id, format, …) rather than only what its OpenAPI description promises. `records_incoming_calls` is what a
    phone number can be set to: every incoming call is recorded from its answer, whatever commands ask for besides.
    """

    connection_id: str
    webhook_event_url: str
    webhook_event_failover_url: str | None = None
    webhook_timeout_secs: float = WEBHOOK_TIMEOUT_SECONDS
    call_cost_in_webhooks: bool = False
    full_recording_payload: bool = False
    records_incoming_calls: bool = False
    application_name: str = "dialtone"
