"""The whole stack under attack: deaths at every request of the functions beside a call, faults of whatever they ask.

A third of the rounds goes through all requests, a death before and after each; a third has two deaths; and a third has
faults of every kind, batches of the stream and messages that come again, and answers that take only a part. So that a
short drill leaves none out, half of the second third has a death at each kind of request, too, and the receivers'
faults come in turn.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import get_args

from tests.drills.faults import UNTIL_SECONDS, drawn_weather, note
from tests.drills.gate import Fault, Weather, When
from tests.drills.io_points import BESIDE
from tests.drills.report import WRONG, InProcess, Tally, Violation
from tests.drills.stack_checkers import violations
from tests.drills.stack_scenes import FLOWS, SCENES
from tests.drills.whole_stack import WholeStack

WHENS: tuple[When, ...] = get_args(When)
OWN_SERVICES = ("chat", "events", "ses")
NEVER = {("chat", Fault.REPEATED), ("ses", Fault.REPEATED), ("events", Fault.CONFLICT), ("ses", Fault.CONFLICT)}
"""Their clients send a request once; and these have no conflicts."""
OWN_SHARES = (0.3, 0.6)
RECEIVED: Mapping[str, str] = {
    "chat": "deliver chat:POST",
    "events": "events events:PutEvents",
    "ses": "deliver ses:SendEmail",
}
"""The request that each of them gets: its first meets the receiver's faults in turn."""
ONLY_OF = {"unheard": frozenset({"campaigns telnyx:GET /calls/…"})}
"""What only this scene sends. More deaths make its campaign last for hours, in a round as long as fifty others."""
APART_TURNS = 8
"""How far one kind of rounds is ahead of the other with these faults: together they deal all in half the time."""
SCENE_SEEDS = 9


@dataclass(frozen=True, slots=True)
class Stack(InProcess):
    """The part with the functions beside a call."""

    name: str = "stack"

    def needs(self) -> frozenset[str]:
        """Death before and after each of their requests, and each fault of those who receive what is sent out."""
        faults = {f"{service} {fault}" for service in OWN_SERVICES for fault in Fault if possible(service, fault)}
        return frozenset({f"{point} killed {when}" for point in BESIDE for when in WHENS} | faults)

    def play(self, seed: int, tally: Tally) -> None:
        """Play a scene with one death, with two or more, or in bad weather."""
        turn, kind = divmod(seed, 3)
        if kind == 0:
            scene, number, kills = death_of_kind(turn)
            tally.blame(seed, play_scene(scene, number, tally, weather=Weather(kills=kills)))
        elif kind == 1:
            scene, number = list(SCENES)[turn % len(SCENES)], turn % SCENE_SEEDS
            chance, points = random.Random(seed), range(len(undisturbed(scene, number)))
            kills = {place: chance.choice(WHENS) for place in chance.sample(points, 2)}
            weather = Weather(kills=kills, ordered=faults_of(turn), deaths=deaths_of(scene, turn // len(SCENES)))
            tally.blame(seed, play_scene(scene, number, tally, weather=weather))
        else:
            scene, number = list(SCENES)[turn % len(SCENES)], turn % SCENE_SEEDS
            weather = replace(weather_of(seed), ordered=faults_of(turn + APART_TURNS))
            tally.blame(seed, play_scene(scene, number, tally, weather=weather, seed=seed))


def possible(service: str, fault: Fault) -> bool:
    """Whether one of the receivers may fail like that."""
    return (service, fault) not in NEVER


def weather_of(seed: int) -> Weather:
    """That of the other drills, and faults of the receivers."""
    chance = random.Random(seed)
    weather = drawn_weather(chance)
    weather.until = UNTIL_SECONDS[2]  # a message waits five minutes for its transcript
    shares = dict(weather.shares)
    for service in OWN_SERVICES:
        kinds = [fault for fault in Fault if possible(service, fault)]
        shares[service] = {kind: chance.choice(OWN_SHARES) for kind in chance.sample(kinds, 3)}
    weather.shares = shares
    return weather


def faults_of(turn: int) -> dict[str, tuple[Fault, int]]:
    """Each receiver's fault whose turn it is. Only two scenes of four send to all of them: the turn is that of both."""
    dealt = {}
    for service, request in RECEIVED.items():
        kinds = [fault for fault in Fault if possible(service, fault)]
        dealt[request] = (kinds[(turn // len(SCENES) * 2 + turn % 2) % len(kinds)], 1)
    return dealt


def deaths_of(scene: str, turn: int) -> dict[str, When]:
    """Death at each kind of request, before or after it by turns; none in every other turn."""
    when, idle = divmod(turn, 2)
    points = ONLY_OF.get(scene, BESIDE)
    return {} if idle else {point: WHENS[(place + when) % 2] for place, point in enumerate(sorted(points))}


@cache
def undisturbed(scene: str, number: int) -> tuple[str, ...]:
    """The requests of a scene in which nothing fails."""
    with WholeStack(seed=1, flows=FLOWS) as stack:
        stack.play(*SCENES[scene](stack, number))
        if broken := violations(stack):
            raise AssertionError(f"{scene} {number} without any fault: {broken}")
        return tuple(stack.gate.passed)


def death_of_kind(turn: int) -> tuple[str, int, dict[int, When]]:
    """A scene with its number, and the death at a request of the kind whose turn it is."""
    half, kind = divmod(turn, len(BESIDE))
    point, number = sorted(BESIDE)[kind], half % SCENE_SEEDS
    places = [
        (scene, place) for scene in SCENES for place, each in enumerate(undisturbed(scene, number)) if each == point
    ]
    scene, place = random.Random(turn).choice(places)
    return scene, number, {place: WHENS[half % 2]}


def play_scene(scene: str, number: int, tally: Tally, *, weather: Weather, seed: int = 1) -> list[Violation]:
    """Play a scene, and give what was broken."""
    chance = random.Random(seed)
    worse = {} if weather.kills else {"read_twice": 0.2, "left_out": 0.2, "copied": chance.choice((0.0, 0.2))}
    worse |= {} if weather.kills else {"queued_twice": chance.choice((0.0, 0.2))}
    with WholeStack(seed=seed, flows=FLOWS, weather=weather, **worse) as stack:
        broken: list[Violation] = []
        try:
            stack.play(*SCENES[scene](stack, number))
        except Exception as fault:  # noqa: BLE001 -- whatever it is, the seed that brings it is what counts
            broken = [Violation(WRONG, f"{scene} {number}: {type(fault).__name__}: {fault}")]
        broken = broken or [Violation(each.promise, f"{scene} {number}: {each.what}") for each in violations(stack)]
        note(stack, tally)
    return broken
