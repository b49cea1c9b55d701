"""The simulated carrier: Telnyx's Call Control API and webhooks on this machine, on a virtual clock."""

from infra.carrier.applications import Application
from infra.carrier.carrier import API_KEY, Carrier, Line
from infra.carrier.faults import ApiFault, WebhookFault
from infra.carrier.parties import (
    BEEP,
    Busy,
    Callee,
    Caller,
    Fax,
    HangUp,
    Hear,
    Machine,
    NoAnswer,
    Person,
    Press,
    Rejects,
    Say,
    Silence,
    Silent,
    Step,
    Unknown,
    Unreached,
)
from infra.carrier.wire import Loss, Request, Response, UndeliveredError

__all__ = [
    "API_KEY",
    "BEEP",
    "ApiFault",
    "Application",
    "Busy",
    "Callee",
    "Caller",
    "Carrier",
    "Fax",
    "HangUp",
    "Hear",
    "Line",
    "Loss",
    "Machine",
    "NoAnswer",
    "Person",
    "Press",
    "Rejects",
    "Request",
    "Response",
    "Say",
    "Silence",
    "Silent",
    "Step",
    "UndeliveredError",
    "Unknown",
    "Unreached",
    "WebhookFault",
]
