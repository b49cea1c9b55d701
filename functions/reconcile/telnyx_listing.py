"""Compares Telnyx's list of a phone call's recordings with the ledger. Pure."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dialtone.adapters.telnyx_api import COMMANDS_ASKED
from dialtone.domain.commands import COMMAND_NAMESPACE
from dialtone.domain.recording_identity import is_named, names_in
from dialtone.domain.recordings import EXPECTED, FAILED, RECORD_START, Report
from dialtone.domain.telnyx_actions import ACTIONS
from reconcile.overdue import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dialtone.adapters.telnyx_api import RecordingInfo, TakenCommand
    from dialtone.domain.calls import Call
    from dialtone.domain.recordings import Recording

SAME_START_SECONDS = 1.0
"""The webhook has microseconds, the API milliseconds."""

COMPLETED = ("", "completed")
"""Statuses of a saved recording."""


def new_to(entries: Sequence[Recording], listed: Iterable[RecordingInfo]) -> list[RecordingInfo]:
    """The listed recordings that the ledger does not know to exist, oldest first."""
    return sorted((each for each in listed if not _is_known(each, entries)), key=lambda each: each.started_at)


def was_reported(listed: RecordingInfo, legs: Iterable[Call]) -> bool:
    """Whether its webhook has come, on any leg: a callee's recording is stored under the leg that dialled."""
    if not _is_time(listed.started_at):
        return False
    began = datetime.fromtimestamp(seconds(listed.started_at), UTC).isoformat()
    report = Report.of(began, listed.channels, listed.recording_id, names_in(listed.download_urls.values()))
    return any(each.started_at and each.is_of(report) for leg in legs for each in leg.reported)


def is_of_application(listed: RecordingInfo, legs: Sequence[Call]) -> bool:
    """Whether a recording is of a call that this table has, and was made by the application that the call rang.

    Telnyx's list includes the recordings of other applications of the account.
    """
    connections = {leg.connection_id for leg in legs} - {""}
    return bool(legs) and (not connections or listed.connection_id in connections | {""})


def is_listed_as(entry: Recording, listed: RecordingInfo) -> bool:
    """Whether a listed recording is the one of this entry."""
    return _is_known(listed, [entry])


def can_be_taken(listed: RecordingInfo) -> bool:
    """Whether it has everything that its webhook would have.

    Otherwise it is not saved yet, or the answer is malformed.
    """
    if listed.status not in COMPLETED or not listed.download_urls:
        return False
    return bool(listed.recording_id and listed.call_leg_id and _is_time(listed.started_at) and _saved_at(listed))


def created_seconds(listed: RecordingInfo) -> float:
    """When it was saved, in unix seconds, or the nearest known time; 0 if none is known."""
    return seconds(_saved_at(listed) or "1970-01-01")


def saved_event(listed: RecordingInfo) -> dict[str, Any]:
    """Its `call.recording.saved`, as Telnyx would have delivered it; always the same for the same recording."""
    payload = {
        "call_leg_id": listed.call_leg_id,
        "call_session_id": listed.call_session_id,
        "channels": listed.channels,
        "connection_id": listed.connection_id,
        "recording_id": listed.recording_id,
        "recording_started_at": listed.started_at,
        "recording_ended_at": listed.ended_at if _is_time(listed.ended_at) else "",
        "recording_urls": dict(listed.download_urls),
        "read_back_by": "dialtone",
    }
    data = {
        "event_type": "call.recording.saved",
        "id": str(uuid.uuid5(COMMAND_NAMESPACE, f"recordings/{listed.recording_id}")),
        "occurred_at": _saved_at(listed),
        "payload": {name: value for name, value in payload.items() if value},
    }
    return {"data": data}


def was_never_asked_for(entry: Recording, taken: Sequence[TakenCommand]) -> bool:
    """Whether Telnyx's list of a call's commands proves that it never accepted the command that starts a recording.

    Telnyx does not document the commands' names in this list. So an empty or long list, an unknown name, or a matching
    command without a file name proves nothing.
    """
    if not 0 < len(taken) < COMMANDS_ASKED or any(each.action not in ACTIONS for each in taken):
        return False
    asks = "record_start" if entry.source == RECORD_START else "answer"
    alike = [each for each in taken if each.action == asks and each.call_leg_id in {entry.call_leg_id, ""}]
    return all(_FILE_NAME in each.said and entry.file_name not in each.said for each in alike)


_FILE_NAME = "custom_file_name"
"""Parameter of `record_start`; `answer` has it with the prefix `record_`."""


def _has_come(entry: Recording) -> bool:
    """Whether the ledger knows that the recording exists; a failed one may have never existed, or still arrive."""
    return entry.status != EXPECTED and not (entry.status == FAILED and not entry.started_at)


def _is_known(listed: RecordingInfo, entries: Sequence[Recording]) -> bool:
    """Match by Telnyx's id, else by the requested file name, else by leg, channels and start.

    The id counts on any leg: a callee's recording is stored under the leg that dialled.
    """
    if listed.recording_id and any(each.recording_id == listed.recording_id for each in entries if _has_come(each)):
        return True
    of_leg = [entry for entry in entries if entry.call_leg_id == listed.call_leg_id]
    come = [entry for entry in of_leg if _has_come(entry)]
    names = names_in(listed.download_urls.values())
    if named := [entry for entry in of_leg if is_named(entry.file_name, names)]:
        return any(entry in come for entry in named)
    return any(not entry.recording_id and _began_alike(entry, listed) for entry in come)


def _began_alike(entry: Recording, listed: RecordingInfo) -> bool:
    same_channels = not entry.channels or not listed.channels or entry.channels == listed.channels
    if not (same_channels and _is_time(entry.started_at) and _is_time(listed.started_at)):
        return False
    return abs(seconds(entry.started_at) - seconds(listed.started_at)) < SAME_START_SECONDS


def _saved_at(listed: RecordingInfo) -> str:
    """When it was saved, or the nearest known time, so that events before the hang-up still count."""
    return next(filter(_is_time, (listed.created_at, listed.ended_at, listed.started_at)), "")


def _is_time(text: str) -> bool:
    try:
        return bool(text and seconds(text))
    except (ValueError, OverflowError):
        return False
