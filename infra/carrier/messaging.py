"""What the account has to do with texts."""

from dataclasses import dataclass, field
from typing import Any

from infra.carrier.delivery import Session


@dataclass(slots=True)
class Messaging:
    """The account's messaging profile, and its texts."""

    #: Where the profile reports to; '' for nowhere.
    webhook_url: str = ""
    #: Numbers that have answered STOP.
    opted_out: set[str] = field(default_factory=set)
    #: Numbers that no text reaches → the code that Telnyx reports then.
    undeliverable: dict[str, str] = field(default_factory=dict)
    #: Every text that was taken.
    sent: list[dict[str, Any]] = field(default_factory=list)
    #: Idempotency key → when, the body, and the answer.
    answered: dict[str, tuple[float, bytes, dict[str, Any]]] = field(default_factory=dict)
    #: The texts' webhooks are of no call.
    session: Session = field(default_factory=lambda: Session("texts"))
