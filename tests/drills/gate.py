"""The one gate through which every request of every function goes: where they fail, are slow, and processes die."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeVar

from tests.drills.io_points import IO_POINTS, function_of
from tests.drills.processes import Killed, Processes, UnknownRequest

T = TypeVar("T")

When = Literal["before", "after"]


class Fault(StrEnum):
    """What can happen to a request."""

    THROTTLED = "throttled"
    CONFLICT = "conflict"
    SERVER_ERROR = "server error"
    LOST = "time-out without effect"
    UNANSWERED = "time-out with effect"
    RESET = "reset without effect"
    RESET_AFTER = "reset with effect"
    SLOW = "slow"
    REPEATED = "sent twice by the client"
    GARBLED = "garbled answer"


SLOW_SECONDS = 1.9
LATENCY_SECONDS = {"telnyx": 0.06, "storage": 0.05}
AWS_LATENCY_SECONDS = 0.006
AWS_TIMEOUT_SECONDS = {
    "webhook": 0.8,
    "archive": 15.0,
    "reconcile": 3.0,
    "lookup": 30.0,
    "watchdog": 2.0,
    "events": 5.0,
    "deliver": 10.0,
    "control": 4.0,
    "campaigns": 1.0,
}
"""How long each function waits for an answer of AWS's: the read time-outs of its clients."""
INVOCATION_SECONDS = 15.0
"""As reconcile and watchdog wait for the webhook function, and control about as long."""


class TimedOut(Exception):  # noqa: N818 -- reads as the sentence it is: the request timed out
    """No answer came in time."""


class Failed(Exception):  # noqa: N818 -- reads as the sentence it is: the request failed
    """The request met a fault that its service has a form of its own for."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(slots=True)
class Weather:
    """Which faults there are, how often, and until when."""

    shares: Mapping[str, Mapping[Fault, float]] = field(default_factory=dict)
    """By service."""
    killed: float = 0.0
    """The share of requests before or after which the process dies."""
    until: float = 0.0
    """The virtual time from which on nothing fails any more."""
    outages: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Times in which every request to a service is lost."""
    kills: Mapping[int, When] = field(default_factory=dict)
    """Requests, by their number in the whole play, at which the process dies."""
    jitter_seconds: Mapping[str, float] = field(default_factory=dict)
    """By service: how much longer than usual an answer may take, so that requests overlap."""
    ordered: Mapping[str, tuple[Fault, int]] = field(default_factory=dict)
    """By a request's name: the fault that the first so many of them meet."""
    deaths: Mapping[str, When] = field(default_factory=dict)
    """By a request's name: where the process dies once at one of them, the first that gets there."""


@dataclass(slots=True)
class Gate:
    """Lets requests through, or not."""

    processes: Processes
    chance: random.Random
    weather: Weather = field(default_factory=Weather)
    passed: list[str] = field(default_factory=list)
    """Every request, in order, by its name in io_points.py."""
    met: Counter[str] = field(default_factory=Counter)
    """Faults and deaths, by `<name> <fault>`."""
    died: Callable[[str], object] = lambda _: None
    """Called with the function whose process dies."""
    _dealt: set[str] = field(default_factory=set)

    def request(self, service: str, operation: str, effect: Callable[[], T], timeout_seconds: float) -> T:
        """Let a request take effect, and wait for its answer. Raises TimedOut, Failed and Killed.

        What runs beside the processes, such as a check of the drill's own, passes at once.
        """
        process = self.processes.current
        if process is None:
            return effect()
        if process.dead:
            raise Killed
        name = f"{process.function} {service}:{operation}"
        if name not in IO_POINTS:
            raise UnknownRequest(f'"{name}" is not listed in tests/drills/io_points.py: add a line')
        place = len(self.passed)
        self.passed.append(name)
        self._die_perhaps(place, name, "before")
        try:
            return self._answered(service, name, effect, timeout_seconds)
        finally:  # also after an answer that is an error, such as that an object is not there
            self._die_perhaps(place, name, "after")

    def _answered(self, service: str, name: str, effect: Callable[[], T], timeout_seconds: float) -> T:
        fault = self._ordered(name) or self._drawn(service)
        takes = LATENCY_SECONDS.get(service, AWS_LATENCY_SECONDS)
        takes += self.chance.uniform(0.0, self.weather.jitter_seconds.get(service, 0.0))
        if fault:
            self.met[f"{name} {fault}"] += 1
        if fault in {Fault.THROTTLED, Fault.CONFLICT, Fault.SERVER_ERROR, Fault.RESET}:
            self.processes.wait(takes)
            raise Failed(fault)
        if fault is Fault.LOST:
            self.processes.wait(timeout_seconds)
            raise TimedOut
        if fault is Fault.SLOW:
            takes = SLOW_SECONDS
        if takes > timeout_seconds:
            self.processes.clock.after(takes / 2, lambda: _unheard(effect))
            self.processes.wait(timeout_seconds)
            raise TimedOut
        self.processes.wait(takes / 2)
        answer = effect()
        if fault is Fault.REPEATED:
            answer = effect()
        if fault is Fault.UNANSWERED:
            self.processes.wait(timeout_seconds)
            raise TimedOut
        self.processes.wait(takes / 2)
        if fault in {Fault.RESET_AFTER, Fault.GARBLED}:
            raise Failed(fault)
        return answer

    def _ordered(self, name: str) -> Fault | None:
        fault, times = self.weather.ordered.get(name, (None, 0))
        return fault if self.passed.count(name) <= times else None

    def _drawn(self, service: str) -> Fault | None:
        now = self.processes.clock.now
        since, until = self.weather.outages.get(service, (0.0, 0.0))
        if since <= now < until:
            return Fault.LOST
        if now >= self.weather.until:
            return None
        for fault, share in self.weather.shares.get(service, {}).items():
            if self.chance.random() < share:
                return fault
        return None

    def _die_perhaps(self, place: int, name: str, when: When) -> None:
        by_chance = self.processes.clock.now < self.weather.until and self.chance.random() < self.weather.killed / 2
        if by_chance or self.weather.kills.get(place) == when or self._is_dealt(name, when):
            self._dealt.add(f"{name} {when}")
            self.met[f"{name} killed {when}"] += 1
            self.died(function_of(name))
            self.processes.die()

    def _is_dealt(self, name: str, when: When) -> bool:
        return self.weather.deaths.get(name) == when and f"{name} {when}" not in self._dealt


def _unheard(effect: Callable[[], object]) -> None:
    """Nobody waits any more for what comes of it, be it an error."""
    with suppress(Exception):
        effect()
