"""The calls of the demo: who calls whom, and what they do."""

from __future__ import annotations

from dataclasses import dataclass

from infra.carrier.callers import (
    BEEP,
    Busy,
    Callee,
    Caller,
    HangUp,
    Hear,
    Machine,
    NoAnswer,
    Person,
    Press,
    Say,
    Silence,
)

CARD = "4242424242424242"
"""A card number that must be found nowhere afterwards."""

MESSAGE = "Hello, this is Ada. I would like to move my appointment to Friday. Please call me back."

SHOWN_NUMBER = "+15550101"
"""What the people whom we ring see."""


ACKNOWLEDGED = "acknowledged"
"""The outcome of an announcement whose key was pressed."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """Somebody calls one of our numbers."""

    title: str
    caller: str
    number: str
    script: Caller


@dataclass(frozen=True, slots=True)
class Outgoing:
    """We ring somebody for a flow."""

    title: str
    callee: str
    flow: str
    who: Callee
    outcome: str
    """What the flow must note of it."""


IVR = Incoming(
    "A menu, opening hours, a voicemail",
    "+15550142",
    "+15550100",
    Caller(
        Hear("Welcome"),
        Hear("did not hear a key"),
        Press("7", after=4),
        Hear("not one of the choices"),
        Press("1", after=4),
        Hear("opening-hours"),
        Press("2", after=3),
        BEEP,
        Say(6, MESSAGE),
        Press("#", after=0.5),
        Hear("Thank you"),
    ),
)

ANNOUNCEMENTS = (
    Outgoing(
        "An announcement to a person, who acknowledges it",
        "+15550161",
        "announcement",
        Person(Say(1, "Hello?"), Hear("press 1"), Press("1", after=4)),
        ACKNOWLEDGED,
    ),
    Outgoing("An announcement to a machine", "+15550162", "announcement", Machine(), "left on a machine"),
    Outgoing("An announcement that nobody answers", "+15550163", "announcement", NoAnswer(), "no-answer"),
    Outgoing("An announcement to a busy line", "+15550164", "announcement", Busy(), "busy"),
)

AGENT = "+15550199"
AGENT_SCRIPT = Person(Say(3, "Payments desk, Grace speaking."), Say(4, "That is paid now. Goodbye."), answers_after=8)

RECORDED = Incoming(
    "A conversation that is recorded with consent",
    "+15550143",
    "+15550102",
    Caller(
        Hear("To agree, press 1"),
        Press("1", after=5),
        Hear("key your card number"),
        Press(f"{CARD}#", after=3),
        Hear("hold-music"),
        Silence(14),
        Say(3, "I would like to pay my bill."),
        HangUp(after=2),
    ),
)
