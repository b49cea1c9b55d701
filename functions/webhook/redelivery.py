"""A webhook that was processed before: which of its stored commands are sent again. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dialtone.domain.client_state import ClientState
from dialtone.domain.message_addresses import lacks_address, put_back
from webhook.refusals import RECORDING_ACTIONS

if TYPE_CHECKING:
    from dialtone.adapters.calls_table import StoredDecision
    from dialtone.domain.calls import Call

COMMAND_ID_SECONDS = 60
"""How long Telnyx remembers a command id (its documentation). Older commands of a call that has gone on are not sent
again: they were obeyed, or the call would not have gone on, and Telnyx would obey them twice."""


def to_resend(decided: StoredDecision, call: Call, now_seconds: float) -> StoredDecision:
    """The stored decision as it is carried out once more, for the call as it is now."""
    gone_on = call.turn > decided.turn
    if gone_on:
        decided = replace(decided, lookup=None)
    if gone_on and now_seconds - decided.at_seconds > COMMAND_ID_SECONDS:
        decided = replace(decided, commands=())
    return replace(decided, commands=tuple(put_back(each, call) for each in decided.commands))


def stale_commands(decided: StoredDecision, call: Call) -> frozenset[int]:
    """The places of the commands that began something for a step that the call has left since.

    Sent late, they would be heard in the wrong place, and their mark would be taken for the leg's: the events of the
    step that the call is in would come with it, as of a step left long ago, and the caller would wait for ever.
    A message that is not reviewed any more cannot be played back either: its address is forgotten. A recording is
    promised to the ledger, so that a refusal of its start must be processed; but it is not started where it must be
    paused by now, for a card number. Whether it was started before is not known: the ledger goes on expecting it.
    """
    incomplete = frozenset(place for place, each in enumerate(decided.commands) if lacks_address(each))
    if call.turn <= decided.turn:
        return incomplete
    return incomplete | frozenset(
        place
        for place, each in enumerate(decided.commands)
        if (each.action not in RECORDING_ACTIONS or (each.action == "record_start" and call.recorder == "paused"))
        and (mark := str(each.parameters.get("client_state", "")))
        and ClientState.decode(mark).turn < call.turn
    )
