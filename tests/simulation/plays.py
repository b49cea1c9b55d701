"""Calls worth playing in every order: each with who calls or is called, and what they do."""

from __future__ import annotations

from collections.abc import Callable

from infra.carrier import BEEP, Busy, Caller, HangUp, Hear, Machine, NoAnswer, Person, Press, Rejects, Say, Silence
from infra.demo import scenes
from tests.simulation.stage import Stage

Play = Callable[[Stage], str]
"""Plays a call to its end; gives its session."""


def _incoming(number: str, caller: Caller, agent: Person | NoAnswer | Machine | None = None) -> Play:
    def play(stage: Stage) -> str:
        stage.carrier.add_callee(scenes.AGENT, agent or scenes.AGENT_SCRIPT)
        return stage.ring(number, caller)

    return play


def _busy_agent(stage: Stage) -> str:
    stage.carrier.add_callee(scenes.AGENT, Busy())
    return stage.ring("+15550102", _PAYER)


def _rejecting_agent(stage: Stage) -> str:
    stage.carrier.add_callee(scenes.AGENT, Rejects())
    return stage.ring("+15550102", _PAYER)


_PAYER = Caller(Hear("key your card number"), Press(f"{scenes.CARD}#", after=3))

PLAYS: dict[str, Play] = {
    "a menu, hours and a message": _incoming("+15550100", scenes.IVR.script),
    "a message ended by silence": _incoming(
        "+15550100", Caller(Hear("Welcome"), Press("2", after=1), BEEP, Say(4, "Hello."), Silence(30))
    ),
    "a message ended by hanging up": _incoming(
        "+15550100", Caller(Hear("Welcome"), Press("2", after=1), BEEP, Say(4, "Hello."), HangUp(after=1))
    ),
    "a caller who presses nothing": _incoming("+15550100", Caller()),
    "a caller who only presses wrong keys": _incoming(
        "+15550100", Caller(*[step for _ in range(4) for step in (Hear("Welcome"), Press("9", after=2))])
    ),
    "a caller who hangs up in the menu": _incoming("+15550100", Caller(Hear("Welcome"), HangUp(after=1))),
    "opening hours heard out": _incoming(
        "+15550100", Caller(Hear("Welcome"), Press("1", after=1), Hear("opening-hours"), Silence(20), HangUp())
    ),
    "a recorded conversation": _incoming("+15550102", scenes.RECORDED.script),
    "a card keyed in wrong, then right": _incoming(
        "+15550102",
        Caller(
            Hear("key your card number"),
            Press("12#", after=2),
            Hear("not a whole card number"),
            Press(f"{scenes.CARD}#", after=2),
            Hear("hold-music"),
            Silence(12),
            HangUp(),
        ),
    ),
    "no card at all": _incoming("+15550102", Caller()),
    "an agent who is busy": _busy_agent,
    "an agent who rejects": _rejecting_agent,
    "an agent who does not answer": _incoming("+15550102", _PAYER, NoAnswer()),
    "a caller who hangs up on hold": _incoming("+15550102", Caller(*_PAYER.steps, Hear("hold-music"), HangUp(after=2))),
    "an announcement to a person": lambda stage: stage.dial("+15550161", Person(Say(1, "Hello?")), "announcement"),
    "an announcement cut short": lambda stage: stage.dial(
        "+15550161", Person(Say(1, "Hello?"), Hear("directions"), HangUp(after=1)), "announcement"
    ),
    "an announcement to a machine": lambda stage: stage.dial("+15550162", Machine(), "announcement"),
    "an announcement that nobody answers": lambda stage: stage.dial("+15550163", NoAnswer(), "announcement"),
    "an announcement to a busy line": lambda stage: stage.dial("+15550164", Busy(), "announcement"),
}
