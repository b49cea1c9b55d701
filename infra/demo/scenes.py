"""The calls of the demo: who calls whom, and what they do."""

from dataclasses import dataclass

from infra.carrier.account import BUSY, MACHINE, NO_ANSWER, PERSON
from infra.carrier.parties import BEEP, Caller, HangUp, Hear, Press, Say, Silence

CARD = "4242424242424242"
"""A card number that must be found nowhere afterwards."""

MESSAGE = "Hello, this is Ada. I would like to move my appointment to Friday. Please call me back."

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
class Together:
    """Several people call our numbers while others are on the line."""

    title: str
    calls: tuple[tuple[float, Incoming], ...]
    """Each with the seconds after which it begins."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """We ring somebody for a flow."""

    title: str
    callee: str
    flow: str
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
    Outgoing("An announcement to a person, who acknowledges it", PERSON, "announcement", ACKNOWLEDGED),
    Outgoing("An announcement to a machine", MACHINE, "announcement", "left on a machine"),
    Outgoing("An announcement that nobody answers", NO_ANSWER, "announcement", "no-answer"),
    Outgoing("An announcement to a busy line", BUSY, "announcement", "busy"),
)

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

PAUSED_SECONDS = 2
"""For how long the recording of that conversation is paused from outside."""

_LINE, _AGENTS, _AGENT = "+15550105", "+15550106", "+15550191"


def _waits(caller: str, words: str) -> Incoming:
    script = Caller(
        Hear("number", within=60), Hear("Linus speaking", kind="voice", within=120), Say(3, words), Silence(60)
    )
    return Incoming("waits in line", caller, _LINE, script)


def _takes(words: str) -> Incoming:
    script = Caller(Silence(1), Say(3, "Support, Linus speaking."), Silence(5), Say(3, words), HangUp(after=1))
    return Incoming("takes the first in line", _AGENT, _AGENTS, script)


QUEUED = Together(
    "Two callers in a queue, and one agent",
    (
        (0, _waits("+15550144", "My order has not come.")),
        (8, _waits("+15550145", "I cannot log in.")),
        (25, _takes("It comes tomorrow. Goodbye.")),
        (60, _takes("Now it works. Goodbye.")),
    ),
)
