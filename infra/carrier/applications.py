"""An account's Call Control applications, outbound voice profiles and numbers: where calls send their webhooks."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: How long Telnyx waits for a webhook's answer unless the application says otherwise (its documentation: 2,000 ms).
WEBHOOK_TIMEOUT_SECONDS = 2.0

#: The profile of an application that is registered without one: its calls may go everywhere.
ANY_PROFILE = "1"
#: Telnyx's default of a profile's `whitelisted_destinations`.
DEFAULT_DESTINATIONS = ("US", "CA")

#: Digits of Telnyx's ids of applications, profiles and numbers.
ID_DIGITS = 19


@dataclass(frozen=True, slots=True)
class Application:
    """A Call Control application, with the settings that matter to a call.

    `full_recording_payload` makes call.recording.saved carry what Telnyx's documentation shows (call_control_id,
    recording_id, format, …) rather than only what its OpenAPI description promises. `records_incoming_calls` is what a
    phone number can be set to: every incoming call is recorded from its answer, whatever commands ask for besides.
    `settings` are those that matter to no call here, as the API has them.
    """

    connection_id: str
    webhook_event_url: str
    webhook_event_failover_url: str | None = None
    webhook_timeout_secs: float = WEBHOOK_TIMEOUT_SECONDS
    call_cost_in_webhooks: bool = False
    full_recording_payload: bool = False
    records_incoming_calls: bool = False
    application_name: str = "dialtone"
    webhook_api_version: str = "2"
    outbound_voice_profile_id: str | None = ANY_PROFILE
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tells_attestation(self) -> bool:
        """Whether events say who vouches for a caller's number. One that was not made by the API says so."""
        return bool(self.settings.get("inbound", {}).get("shaken_stir_enabled", True))


@dataclass(frozen=True, slots=True)
class Profile:
    """An outbound voice profile: which calls an account's applications may make. `settings` are as the API has them."""

    id: str
    name: str
    enabled: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number of the account, and the application that its calls ring; None for none."""

    number: str
    connection_id: str | None = None
    status: str = "active"
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return the id that the API knows it by."""
        digest = hashlib.sha256(self.number.encode()).digest()
        return str(int.from_bytes(digest[:8]) % (9 * 10 ** (ID_DIGITS - 1)) + 10 ** (ID_DIGITS - 1))
