"""Deaths at every request: before and after each, one at a time, then two at random.

A call must end as it would have ended without: the process is started anew, and whoever asked asks again.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import count
from math import gcd
from types import MappingProxyType
from typing import get_args

from dialtone.domain.calls import NOT_COMPARED, Call
from dialtone.domain.recordings import Recording
from infra.carrier import ApiFault, WebhookFault
from infra.flowkit.stage import EndState
from tests.drills.checkers import violations
from tests.drills.faults import forget, note, play_calls
from tests.drills.gate import Fault, Weather, When
from tests.drills.io_points import PLAYED
from tests.drills.report import LOST, STUCK, InProcess, Tally, Violation
from tests.drills.world import World
from tests.simulation.plays import ALL_PLAYS, flows_of

WHENS: tuple[When, ...] = get_args(When)
NOTHING: Mapping[int, When] = MappingProxyType({})
LEAST_STEP = 37
TIMEOUT_SECONDS = 240
"""How much longer a call may take than without: prompts said again, time-outs of questions, retries of webhooks."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A call to be attacked, and what is amiss with it beside the deaths."""

    play: str
    amiss: Callable[[World], object] = lambda _: None
    ordered: Mapping[str, tuple[Fault, int]] = field(default_factory=dict)
    """Faults that certain requests meet."""

    def open(self, kills: Mapping[int, When] = NOTHING) -> World:
        """The world before the call."""
        world = World(seed=1, flows=flows_of(self.play), weather=Weather(kills=kills, ordered=self.ordered))
        self.amiss(world)
        return world


def _lose(event_type: str) -> Callable[[World], None]:
    return lambda world: world.carrier.faults.disturb_webhooks(WebhookFault.LOST, event_type=event_type)


def _lose_job(world: World) -> None:
    world.queue.drops = 1


def _delay_job(world: World) -> None:
    """Let the archive begin when the recording's address has expired."""
    world.queue.delays_seconds = 700.0


def _lose_report_and_delay(world: World) -> None:
    """Let the sweep learn of a recording, with its id, and its archive begin when the address has expired."""
    _lose("call.recording.saved")(world)
    _delay_job(world)


def _lose_hangup_and_look(world: World) -> None:
    """Let a sweep close the call: neither its hang-up nor the watchdog's message comes."""
    _lose("call.hangup")(world)
    world.looks.drops = 1


def _record_unheard(world: World) -> None:
    """Let the number record the call, and nothing be reported of it."""
    world.record_itself()
    _lose("call.recording.saved")(world)


def _break_bridge(world: World) -> None:
    """Let a bridge fail: before it is sent again, Telnyx is asked whether it has obeyed it."""
    world.carrier.faults.disturb_api(ApiFault.UNAVAILABLE, action="bridge", times=2)


def _break_dial(world: World) -> None:
    """Let one of several commands fail: what has been obeyed of the others is noted."""
    world.carrier.faults.disturb_api(ApiFault.UNAVAILABLE, action="dial", times=2)


MESSAGE, CONVERSATION = "a message ended by silence", "a whole call recorded from the answer, paused for a card"
TEAM = "the first of three rung at once"
UNRECORDED = "opening hours heard out"

SCENES: tuple[Scene, ...] = (
    *(Scene(play) for play in ALL_PLAYS),
    *(
        Scene(play, amiss)
        for play in (MESSAGE, CONVERSATION)
        for amiss in (
            _lose("call.recording.saved"),
            _lose("call.recording.transcription.saved"),
            _lose("call.hangup"),
            _lose_hangup_and_look,
            _lose_report_and_delay,
            forget,
            _lose_job,
            _delay_job,
        )
    ),
    Scene(TEAM, _break_bridge),
    Scene(TEAM, _break_dial),
    Scene(MESSAGE, ordered={"archive storage:GET": (Fault.RESET_AFTER, 1)}),
    Scene(CONVERSATION, ordered={"archive s3:CompleteMultipartUpload": (Fault.UNANSWERED, 1)}),
    Scene(UNRECORDED, _record_unheard),
)


TAKEN_AT_ONCE_SECONDS = 2.0
"""Whom an agent takes out of a queue so soon hears no position in it: a death delays that by Telnyx's first retries."""


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """A scene without deaths."""

    requests: tuple[str, ...]
    state: EndState
    obeyed: frozenset[str]
    """The kinds of commands that Telnyx has obeyed."""
    seconds: float
    """Until its last leg ended."""


@cache
def undisturbed(number: int) -> Undisturbed:
    """What a scene is without deaths."""
    scene = SCENES[number]
    with scene.open() as world:
        world.play(ALL_PLAYS[scene.play])
        if broken := violations(world):
            raise AssertionError(f"{scene} without any death: {broken}")
        return Undisturbed(tuple(world.gate.passed), facts(world), actions(world), lasted(world))


def undisturbed_call(play: str) -> Undisturbed:
    """What a call is with which nothing is amiss."""
    return undisturbed(list(ALL_PLAYS).index(play))


def facts(world: World) -> EndState:
    """What must be the same although things took longer. Where the caller was when they hung up may differ."""
    state = world.end_state(world.placed[0])
    legs = tuple(
        leg._replace(
            step="", turn=0, waiting={}, far_legs={}, ending="", failed_turn=min(leg.failed_turn, 1), reported=()
        )
        for leg in state.legs
    )
    recordings = tuple(each._replace(turn=0, audio=None, transcript=None, recording_id="") for each in state.recordings)
    return EndState(legs, recordings, frozenset())


def actions(world: World) -> frozenset[str]:
    """The kinds of commands that Telnyx has obeyed."""
    return frozenset(str(each["name"]) for leg in world.carrier.legs for each in leg.session.commands)


def lasted(world: World) -> float:
    """When the last leg ended."""
    return max(leg.ended or 0.0 for leg in world.carrier.legs)


@dataclass(frozen=True, slots=True)
class Crash(InProcess):
    """The part with deaths: its rounds go through every point in turn, then through pairs of them."""

    name: str = "crash"

    def needs(self) -> frozenset[str]:
        """Death before and after every request that there is."""
        return frozenset(f"{point} killed {when}" for point in PLAYED for when in WHENS)

    def play(self, seed: int, tally: Tally) -> None:
        """Play a scene with one death, or with two."""
        if seed % 3 == 0:
            number, kills = death_of_kind(seed // 3)
        else:
            turn, number = divmod(seed - seed // 3 - 1, len(SCENES))
            kills = deaths(number, turn)
        tally.blame(seed, play_scene(number, kills, tally))


def death_of_kind(turn: int) -> tuple[int, dict[int, When]]:
    """A scene, and its death at a request of the kind whose turn it is: so none is left out in a short drill."""
    half, kind = divmod(turn, len(PLAYED))
    point = sorted(PLAYED)[kind]
    places = [
        (number, place)
        for number in range(len(SCENES))
        for place, each in enumerate(undisturbed(number).requests)
        if each == point
    ]
    number, place = random.Random(turn).choice(places)
    return number, {place: WHENS[half % 2]}


def deaths(number: int, turn: int) -> dict[int, When]:
    """The deaths of a turn: every request of the scene once, before and after it, early turns far apart; then two."""
    points = 2 * len(undisturbed(number).requests)
    if turn % (2 * points) < points:
        step = next(each for each in count(LEAST_STEP) if gcd(each, points) == 1)
        place, when = divmod((turn * step + number) % points, 2)
        return {place: WHENS[when]}
    chance = random.Random(turn)
    return {place: chance.choice(WHENS) for place in chance.sample(range(points // 2), 2)}


def play_scene(number: int, kills: Mapping[int, When], tally: Tally) -> list[Violation]:
    """Play a scene with these deaths, and hold it to what it is without."""
    scene, without = SCENES[number], undisturbed(number)
    with scene.open(kills) as world:
        broken = play_calls(world, [scene.play])
        # A question whose answer was lost with the lookup function has failed: the caller takes another path.
        same = not broken and not any(each.startswith("lookup ") for each in world.gate.met)
        broken += list(differences(world, without, f"deaths at {dict(kills)}")) if same else []
        note(world, tally)
    return broken


def differences(world: World, without: Undisturbed, what: str) -> Iterator[Violation]:
    """What is not as it would be without that."""
    if (now := facts(world)) != without.state:
        apart = [*_apart(now.legs, without.state.legs), *_apart(now.recordings, without.state.recordings)]
        yield Violation(LOST, f"with {what} it ended otherwise: {'; '.join(apart)}")
    if missing := without.obeyed - actions(world) - _needless(world):
        yield Violation(LOST, f"with {what} Telnyx did not obey {sorted(missing)}")
    if (longer := lasted(world) - without.seconds) > TIMEOUT_SECONDS:
        yield Violation(STUCK, f"with {what} it took {longer:.0f} s longer")


def _needless(world: World) -> frozenset[str]:
    """The kinds of commands that a call may do without, since an agent was faster."""
    for leg in world.carrier.legs:
        at = {each.event_type: each.occurred_at for each in leg.session.reported if each.leg == leg.name}
        if "call.enqueued" in at and "call.dequeued" in at:
            waited = datetime.fromisoformat(at["call.dequeued"]) - datetime.fromisoformat(at["call.enqueued"])
            if waited.total_seconds() < TAKEN_AT_ONCE_SECONDS:
                return frozenset({"speak"})
    return frozenset()


def _apart(now: Sequence[Call | Recording], without: Sequence[Call | Recording]) -> Iterator[str]:
    """What differs, field by field."""
    if len(now) != len(without):
        yield f"{len(now)} instead of {len(without)}"
    for one, other in zip(now, without, strict=False):
        for name, has, had in zip(one._fields, one, other, strict=True):
            if name not in NOT_COMPARED and has != had:
                yield f"{name} is {has}, not {had}"
