"""What is asked of the carrier about a call, without HTTP between."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dialtone.adapters.telnyx_api import (
    CallInfo,
    RecordingInfo,
    RecordingsPage,
    ReportedEvent,
    TakenCommand,
    TranscriptInfo,
    call_info,
    recording_info,
    reported_event,
    taken_command,
    transcript_info,
    undelivered_events,
)
from dialtone.domain.errors import TelnyxUnavailable
from infra.carrier import API_KEY, Request
from infra.flowkit.stage import Stage


class CarrierQuestions:
    """The carrier's API as far as sweeps and the watchdog ask it, without HTTP between."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def recordings_of(self, call_session_id: str) -> tuple[RecordingInfo, ...]:
        """As TelnyxApi's."""
        listed = self._get("/v2/recordings", {"filter[call_session_id]": call_session_id})
        return tuple(map(recording_info, listed))

    def recordings_created(self, since_seconds: float, until_seconds: float, page: int = 1) -> RecordingsPage:
        """As TelnyxApi's."""
        times = {"gte": since_seconds, "lte": until_seconds}
        query = {
            f"filter[created_at][{name}]": datetime.fromtimestamp(at, UTC).isoformat() for name, at in times.items()
        }
        listed = self._get("/v2/recordings", query | {"page[number]": str(page), "page[size]": "250"})
        return RecordingsPage(tuple(map(recording_info, listed)), bool(listed))

    def transcripts_of(self, recording_id: str) -> tuple[TranscriptInfo, ...]:
        """As TelnyxApi's."""
        listed = self._get("/v2/recording_transcriptions", {"filter[recording_id]": recording_id})
        return tuple(map(transcript_info, listed))

    def find_call(self, call_control_id: str) -> CallInfo | None:
        """As TelnyxApi's."""
        return call_info(self._get(f"/v2/calls/{call_control_id}", {}))

    def commands_since(self, call_session_id: str, since_seconds: float) -> tuple[TakenCommand, ...]:
        """As TelnyxApi's."""
        since = datetime.fromtimestamp(since_seconds, UTC).isoformat()
        wanted = {"application_session_id": call_session_id, "type": "command", "occurred_at][gte": since}
        query = {f"filter[{name}]": value for name, value in wanted.items()}
        return tuple(map(taken_command, self._get("/v2/call_events", query | {"page[size]": "250"})))

    def events_since(self, call_session_id: str, since_seconds: float) -> tuple[ReportedEvent, ...]:
        """As TelnyxApi's."""
        since = datetime.fromtimestamp(since_seconds, UTC).isoformat()
        wanted = {"application_session_id": call_session_id, "type": "webhook", "occurred_at][gte": since}
        query = {f"filter[{name}]": value for name, value in wanted.items()}
        listed = self._get("/v2/call_events", query | {"page[size]": "250"})
        return tuple(reported_event(each, call_session_id) for each in listed)

    def undelivered(self, call_session_id: str, since_seconds: float) -> tuple[Mapping[str, object], ...]:
        """As TelnyxApi's."""
        since = datetime.fromtimestamp(since_seconds, UTC).isoformat()
        wanted = {"status][eq": "failed", "webhook][contains": call_session_id, "started_at][gte": since}
        query = {f"filter[{name}]": value for name, value in wanted.items()}
        listed = self._get("/v2/webhook_deliveries", query | {"page[size]": "250"})
        return undelivered_events(listed, call_session_id)

    def _get(self, path: str, query: dict[str, str]) -> Any:  # noqa: ANN401 -- any JSON
        headers = {"authorization": f"Bearer {API_KEY}"}
        response = self._stage.carrier.handle(Request("GET", path, query, headers, b""))
        if response.status >= 500:
            raise TelnyxUnavailable("server-error", 1, None)
        return response.json().get("data", {})
