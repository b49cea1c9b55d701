"""Completes a recording's ledger entry with details of its call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dialtone.adapters.calls_table import CallsTable
    from dialtone.domain.recordings import Recording


def with_leg(recording: Recording, store: CallsTable) -> Recording:
    """The entry with the ids, numbers and other details that later events brought. Raises the store's errors."""
    legs = store.legs(recording.call_session_id)
    leg = next((leg for leg in legs if leg.leg_id == recording.call_leg_id), None)
    if leg is None:
        return recording
    return recording._replace(
        call_control_id=recording.call_control_id or leg.control_id,
        connection_id=recording.connection_id or leg.connection_id,
        from_number=recording.from_number or leg.from_number,
        to_number=recording.to_number or leg.to_number,
        direction=recording.direction or leg.direction,
        calling_party_type=recording.calling_party_type or leg.calling_party_type,
    )
