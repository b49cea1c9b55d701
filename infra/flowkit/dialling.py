"""Dials a number for a flow: the command line, the demo and conversations all dial like this."""

import time
import uuid
from collections.abc import Mapping

from dialtone.adapters.telnyx_api import Outcome
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import Command, command
from dialtone.domain.errors import DialtoneError
from dialtone.domain.webhook_retry_policy import DIALLED_EVENTS, retries
from webhook.sending import Telnyx

DIAL_SECONDS = 10.0
"""Nobody listens yet: time enough for a slow answer and one resend."""

_WITHOUT_AN_ANSWER: Mapping[str, str] = {
    "connection": "it cannot be reached: check the network, and run this again",
    "timeout": "it does not answer; the number may ring all the same: wait a minute, then run this again",
    "deadline": "it does not answer; the number may ring all the same: wait a minute, then run this again",
    "rate-limited": "it is asked too often: run this again in a minute",
    "server-error": "it has a fault of its own: see status.telnyx.com, and run this again later",
}


def dial_command(  # noqa: PLR0913 -- a call is made of these
    to: str,
    *,
    caller: str,
    flow: str,
    connection_id: str,
    ring_seconds: int = 30,
    detection: str = "greeting_end",
    given: Mapping[str, str] | None = None,
) -> Command:
    """The command that dials a number for a flow. Raises CommandInvalid naming what is wrong."""
    return command(
        "dial",
        to=to,
        connection_id=connection_id,
        timeout_secs=ring_seconds,
        answering_machine_detection=detection,
        client_state=ClientState(flow=flow, given=given or {}).encode(),
        **retries(DIALLED_EVENTS),
        **{"from": caller},
    )


def dial(asked: Command, telnyx: Telnyx) -> Outcome:
    """Send the command. Raises DialtoneError saying why Telnyx did not accept it."""
    outcome = telnyx.send(asked, str(uuid.uuid4()), time.monotonic() + DIAL_SECONDS)
    if outcome.kind == "accepted":
        return outcome
    said = outcome.remedy or _WITHOUT_AN_ANSWER.get(outcome.reason, "")
    if not said:
        said = " ".join(filter(None, (outcome.code, outcome.title, outcome.detail, outcome.reason)))
    raise DialtoneError(f"Telnyx did not dial {asked.parameters['to']}: {said}")
