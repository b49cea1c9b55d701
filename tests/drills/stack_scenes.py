"""What is played in the whole stack: messages that go to people, calls that are acted on from outside, a campaign."""

import random
from collections.abc import Callable, Mapping
from typing import Any

from control.campaigns import CampaignOrder
from infra.carrier import (
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
    Silence,
    Unknown,
    WebhookFault,
)
from infra.carrier.account import CONNECTION_ID, SHOWN_NUMBER
from tests.drills.whole_stack import Asked, WholeStack
from tests.simulation.plays import ALL_PLAYS, LANGUAGE_FLOWS, Play

FLOWS = LANGUAGE_FLOWS
PUBLISHED_SECONDS, PAUSED_SECONDS, RESUMED_SECONDS = 9.0, 14.0, 40.0
UNHEARD_WEBHOOKS = 6

MESSAGES = (
    "a message kept",
    "a message recorded anew and kept",
    "a message heard again and deleted",
    "a caller who hangs up in the review",
    "a message that nobody decides about",
)

PEOPLE: tuple[tuple[str, Callable[[], Callee]], ...] = (
    ("acknowledged", lambda: Person(Hear("press 1"), Press("1"))),
    ("busy", Busy),
    ("machine", Machine),
    ("no_answer", NoAnswer),
    ("invalid", Unknown),
    ("cut_off", lambda: Person(Hear("off until"), HangUp())),
    ("fax", Fax),
    ("rejected", Rejects),
    ("person", Person),
)
"""How each recipient's calls end, and who answers them."""


def number_of(row: int) -> str:
    """A recipient's number."""
    return f"+155501440{row:02}"


def messages(stack: WholeStack, seed: int) -> tuple[Play, ...]:
    """Callers leave messages."""
    del stack
    return (ALL_PLAYS[MESSAGES[seed % len(MESSAGES)]],)


def acted_on(stack: WholeStack, seed: int) -> tuple[Play, ...]:
    """Programs say something to a caller, hang up on callers, and ring people; some ask twice at once."""
    chance = random.Random(seed)
    for number in range(3):
        text = f"Announcement number {number}."
        body = {"payload": text, "voice": "female", "language": "en-US"}
        seconds = chance.uniform(2.0, 20.0)
        for _ in range(2 if number == 0 else 1):
            _act(stack, seconds, f"say-{number}", "speak", body)
    _act(stack, chance.uniform(5.0, 30.0), "flow", "flow", {"step": "bye"})
    stack.carrier.add_callee("+15550161", Person(Silence(20)))
    body = {"to": "+15550161", "from": SHOWN_NUMBER, "say": "You are wanted.", "connection_id": CONNECTION_ID}
    for seconds in (3.0, 3.0):
        stack.ask_later(seconds, lambda: Asked("/calls", body, "ring"))
    play = lambda stage: stage.ring("+15550114", Caller(Silence(60)))  # noqa: E731 -- a play
    return (play,)


def _act(stack: WholeStack, seconds: float, key: str, action: str, body: Mapping[str, Any]) -> None:
    def about_the_call() -> Asked | None:
        legs = [leg for leg in stack.carrier.legs if leg.incoming]
        path = "flow" if action == "flow" else f"actions/{action}"
        return Asked(f"/calls/{legs[0].name.call_session_id}/{path}", body, key) if legs else None

    stack.ask_later(seconds, about_the_call)


def unheard(stack: WholeStack, seed: int) -> tuple[Play, ...]:
    """A campaign of whose first calls nothing is ever reported."""
    stack.carrier.faults.disturb_webhooks(WebhookFault.LOST, times=UNHEARD_WEBHOOKS)
    return campaign(stack, seed)


def campaign(stack: WholeStack, seed: int) -> tuple[Play, ...]:
    """A campaign is ordered, other flows are published while it runs, and it is paused for a while."""
    people = PEOPLE[seed % len(PEOPLE) :] + PEOPLE[: seed % len(PEOPLE)]
    for row, (_, answers) in enumerate(people[:6], start=1):
        stack.carrier.add_callee(number_of(row), answers())
    order = {
        "flow": "water-off",
        "from": SHOWN_NUMBER,
        "consent": "customers",
        "recipients": [{"number": number_of(row), "street": "Main Street", "time_zone": "UTC"} for row in range(1, 7)],
        "window": "00:00-24:00",
        "rate_per_second": 1.0,
        "max_in_flight": 3,
        "detection": "premium",
        "retries": [{"outcome": outcome, "times": 1, "pause_seconds": 60} for outcome in ("busy", "unknown")],
    }
    stack.announce(CampaignOrder.model_validate(order))
    stack.carrier.clock.after(PUBLISHED_SECONDS, lambda: stack.publish(_later_flows()))
    stack.ask_later(PAUSED_SECONDS, lambda: _to_campaign(stack, "pause"))
    stack.carrier.clock.after(RESUMED_SECONDS, lambda: _resume(stack))
    return ()


def _resume(stack: WholeStack) -> None:
    """Let it go on some time after the pause was answered."""
    if any(each.key == "pause" and not each.done for each in stack.asked):
        stack.carrier.clock.after(RESUMED_SECONDS, lambda: _resume(stack))
    else:
        stack.ask_later(0.0, lambda: _to_campaign(stack, "resume"))


def _later_flows() -> Mapping[str, str]:
    """What is published while a campaign runs: it says something else."""
    text = (FLOWS / "water-off.yaml").read_text(encoding="utf-8")
    return {"water-off.yaml": text.replace("until six", "until tomorrow"), "numbers.yaml": "{}\n"}


def _to_campaign(stack: WholeStack, what: str) -> Asked | None:
    body = {"reason": "wrong street"} if what == "pause" else {}
    return Asked(f"/campaigns/{stack.ordered[0]}/{what}", body, what) if stack.ordered else None


SCENES: Mapping[str, Callable[[WholeStack, int], tuple[Play, ...]]] = {
    "messages": messages,
    "acted on": acted_on,
    "campaign": campaign,
    "unheard": unheard,
}
