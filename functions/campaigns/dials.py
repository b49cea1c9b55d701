"""The dial command of a campaign's call, and what Telnyx's response means for the campaign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import Command, command
from dialtone.domain.webhook_retry_policy import DIALLED_EVENTS, retries

if TYPE_CHECKING:
    from dialtone.adapters.telnyx_api import Outcome
    from dialtone.domain.campaigns.attempt import Attempt
    from dialtone.domain.campaigns.campaign import Campaign

RING_SECONDS = 30
"""Ring time-out; voicemail usually answers after twenty seconds."""

CHANNELS_FULL = frozenset({"90041", "90042", "90043"})
"""Telnyx's codes for a reached channel limit: of the account, the profile or the application."""


def dial_of(campaign: Campaign, attempt: Attempt) -> Command:
    """The command that dials a recipient. Raises CommandInvalid naming what is wrong."""
    recipient = attempt.recipient
    state = ClientState(
        flow=campaign.flow,
        given=recipient.variables,
        campaign=str(attempt.dial_id),
        flow_version=campaign.flow_version,
    )
    return command(
        "dial",
        to=recipient.number,
        connection_id=campaign.connection_id,
        timeout_secs=RING_SECONDS,
        answering_machine_detection=campaign.detection,
        client_state=state.encode(),
        **retries(DIALLED_EVENTS),
        **{"from": campaign.from_number},
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """The meaning of Telnyx's response to a dial."""

    what: Literal["taken", "refused", "later", "doubt", "locked out"]
    """Telnyx dials; refuses for good; refuses for now; may or may not dial; refuses all commands of the account."""
    leg_id: str = ""
    session_id: str = ""
    control_id: str = ""
    code: str = ""
    retry_after: float | None = None
    is_sure: bool = True
    """Whether no earlier attempt can have succeeded: a dial that already rings may be refused because of its own id, or
    because it occupies the last channel."""


def answer_of(outcome: Outcome) -> Answer:
    """The meaning of a dial's outcome."""
    if outcome.kind == "accepted":
        leg, session, control = (str(outcome.data.get(f"call_{name}_id", "")) for name in ("leg", "session", "control"))
        return Answer("taken", leg, session, control)
    is_sure = outcome.rate_limited >= outcome.attempts - 1
    if outcome.reason == "unauthorized":
        return Answer("locked out", code=str(outcome.status), is_sure=is_sure)
    if outcome.kind == "refused" and outcome.code not in CHANNELS_FULL:
        return Answer("refused", code=outcome.code or str(outcome.status), is_sure=is_sure)
    if outcome.kind == "refused" or outcome.rate_limited == outcome.attempts > 0:
        return Answer("later", code=outcome.code, retry_after=outcome.retry_after_seconds, is_sure=is_sure)
    return Answer("doubt", retry_after=outcome.retry_after_seconds, is_sure=False)
