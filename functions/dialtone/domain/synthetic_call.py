"""The call that checks a new version of the webhook function before it takes calls. Pure.

Nobody is on the line: its events are made here, and its commands are not sent. The pre-traffic function plays the call;
the webhook function processes its events.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

SYNTHETIC_CALL = "dialtone_synthetic_call"
"""The key by which the webhook function receives such a call's webhook; API Gateway's requests have a `body`."""

SESSION_PREFIX = "dialtone-check-"
"""The prefix of the call's session id. Telnyx's ids are UUIDs, so it never matches a real call."""

FLOW_NAME, CALLER, CALLED = "deployment-check", "+15550123", "+15550100"

QUESTION, THANKS = "This is a check of a new version. Press 1.", "Thank you."

FLOW = f"""
flow: {FLOW_NAME}
voice: female
language: en-US
last_resort: thanks
steps:
  ask:
    menu: {QUESTION}
    keys: {{1: thanks}}
    otherwise: bye
  thanks:
    say: {THANKS}
    next: bye
  bye: hangup
"""


class Exchange(NamedTuple):
    """An event of the call, and the commands that must follow from it."""

    event_type: str
    payload: Mapping[str, object] = MappingProxyType({})
    actions: tuple[str, ...] = ()
    """The commands, in order."""
    text: str = ""
    """The text of the last command."""


SCRIPT = (
    Exchange("call.initiated", {"direction": "incoming", "state": "parked"}, ("answer",)),
    Exchange("call.answered", {}, ("gather_using_speak",), QUESTION),
    Exchange("call.gather.ended", {"digits": "1", "status": "valid"}, ("speak",), THANKS),
    Exchange("call.speak.ended", {"status": "completed"}, ("hangup",)),
    Exchange("call.hangup", {"hangup_cause": "normal_clearing", "hangup_source": "callee"}),
)
"""The whole call. The last event ends it, so nothing remains for the watchdog or the sweep."""
