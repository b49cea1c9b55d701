"""Calls in all weathers: each seed draws which faults there are, of which services, how often and until when.

Until then anything may happen; from then on nothing fails, and everything must come to its end.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from infra.carrier.faults import WebhookFault
from tests.drills import report
from tests.drills.checkers import count, violations
from tests.drills.forgeries import Forger
from tests.drills.gate import Fault, Weather
from tests.drills.io_points import PLAYED, service_of
from tests.drills.report import WRONG, InProcess, Tally, Violation
from tests.drills.world import World
from tests.simulation.plays import ALL_PLAYS, LANGUAGE_PLAYS, PLAYS, flows_of

SERVICES = ("dynamodb", "http", "lambda", "s3", "secretsmanager", "sqs", "storage", "telnyx")

ONLY_AT: dict[Fault, frozenset[str]] = {
    Fault.CONFLICT: frozenset({"dynamodb", "s3", "telnyx"}),
    Fault.REPEATED: frozenset({"dynamodb", "s3", "sqs", "lambda"}),
    Fault.GARBLED: frozenset({"http", "storage", "telnyx"}),
    Fault.RESET_AFTER: frozenset(SERVICES),
}
"""Faults that not every service has."""

SHARES = (0.01, 0.05, 0.2)
SHARES_OF_FEW = (0.3, 0.6)
"""Of a service that only one call asks, and once."""
RARE, RARELY = "a lookup at an address", 0.1
FORGOTTEN = "a whole call recorded from the answer, paused for a card"
"""Whose recording is deleted before it is reported: a sweep then asks what Telnyx has reported of the call."""
IN_TURN: Mapping[str, tuple[str, str]] = {
    "dynamodb": ("an agent who waits for a caller", "webhook dynamodb:TransactWriteItems"),
    "http": (RARE, "lookup http:POST"),
    "lambda": ("a lookup answered at once", "webhook lambda:Invoke"),
    "s3": ("a message ended by silence", "archive s3:CompleteMultipartUpload"),
    "secretsmanager": (
        "a member who meets the moderator, mutes, and leaves the room",
        "webhook secretsmanager:GetSecretValue",
    ),
    "sqs": ("a text in the call and one after it", "webhook sqs:SendMessage"),
    "storage": ("a message ended by silence", "archive storage:GET"),
    "telnyx": (FORGOTTEN, "webhook telnyx:POST /calls/…/actions/…"),
}
"""By service: a call, and a request of it that meets the service's faults in turn, so that a short drill leaves none
out. Those named also send what few calls do."""

UNTIL_SECONDS = (60.0, 240.0, 900.0, 2_700.0)
MOST_CALLS = 3
RECORDED_BY_NUMBER = 0.2


@dataclass(frozen=True, slots=True)
class Faults(InProcess):
    """The part with faults of every kind at once."""

    name: str = "faults"

    def needs(self) -> frozenset[str]:
        """Every request that a function sends, each kind of fault at each service, and each kind of webhook's."""
        faults = {f"{service} {fault}" for service, fault in FAULTS}
        return frozenset(PLAYED | faults | {f"webhook {fault.value}" for fault in WebhookFault} | {"secrets down"})

    def play(self, seed: int, tally: Tally) -> None:
        """Play some calls at once in one weather."""
        chance = random.Random(seed)
        weather = drawn_weather(chance)
        kinds = [kind for kind in WebhookFault if chance.random() < 0.3]
        webhooks = {kind: chance.choice((0.02, 0.1, 0.3)) for kind in kinds}
        service, fault = FAULTS[seed % len(FAULTS)]
        play, request = IN_TURN[service]
        plays = with_play(drawn_plays(chance), play)
        weather = replace(weather, ordered={request: (fault, 2)})
        world = World(
            seed=seed,
            flows=flows_of(plays[0]),
            weather=weather,
            webhook_faults=webhooks,
            copied=chance.choice((0.0, 0.05, 0.3)),
            queued_twice=chance.choice((0.0, 0.2)),
            spoilt=chance.choice((0.0, 0.0, 0.0, 0.5)),
        )
        if chance.random() < 0.15:
            world.carrier.recordings.fail_next("not_authorized", chance.randint(1, 2))
        if random.Random(seed + 5).random() < RECORDED_BY_NUMBER:
            world.record_itself()
        if play == FORGOTTEN:
            forget(world)
        with world:
            forger = Forger(world, random.Random(seed + 3))
            forger.begin()
            tally.blame(seed, play_calls(world, plays) + forger.violations)
            tally.figures[report.INPUTS_TRIED] += forger.tried
            note(world, tally)
        tally.happened.update(f"webhook {kind.value}" for kind in kinds)
        tally.happened.update(["secrets down"] if "secretsmanager" in weather.outages else [])


def possible(fault: Fault, service: str) -> bool:
    """Whether a service may fail like that."""
    return service in ONLY_AT.get(fault, frozenset(SERVICES))


FAULTS = tuple((service, fault) for service in SERVICES for fault in Fault if possible(fault, service))


def with_play(plays: list[str], play: str) -> list[str]:
    """These calls and that one, or that one alone if its flows are others."""
    return [play, *plays[1:]] if flows_of(play) == flows_of(plays[0]) else [play]


def drawn_weather(chance: random.Random) -> Weather:
    """Some kinds of faults at some services; each may be the only one, or none."""
    until = chance.choice(UNTIL_SECONDS)
    shares: dict[str, dict[Fault, float]] = {}
    for service in SERVICES:
        if chance.random() < 0.6:
            kinds = [fault for fault in Fault if possible(fault, service) and chance.random() < 0.35]
            shares[service] = {kind: chance.choice(SHARES if service != "http" else SHARES_OF_FEW) for kind in kinds}
    outages = {}
    if chance.random() < 0.3:
        outages[chance.choice(SERVICES)] = (began := chance.uniform(0, until / 2), chance.uniform(began, until))
    if chance.random() < 0.15:
        outages["secretsmanager"] = (0.0, chance.choice((10.0, 45.0, 200.0)))
    killed = chance.choice((0.0, 0.0, 0.01, 0.04))
    jitter = {service: chance.choice((0.0, 0.0, 0.05, 0.5)) for service in SERVICES}
    return Weather(shares, killed, until, outages, jitter_seconds=jitter)


def drawn_plays(chance: random.Random) -> list[str]:
    """Calls to be played at once, all of the same flows."""
    names = list(chance.choice((PLAYS, LANGUAGE_PLAYS)))
    drawn = chance.sample(names, chance.randint(1, MOST_CALLS))
    return [RARE] if chance.random() < RARELY else drawn


def forget(world: World) -> None:
    """Let a recording be deleted at Telnyx before it is reported: it can never be had."""
    world.carrier.faults.disturb_webhooks(WebhookFault.LOST, event_type="call.recording.saved")

    def delete(_: object) -> None:
        for each in world.carrier.recordings.saved():
            each.deleted = True

    world.carrier.observe(delete)


def play_calls(world: World, plays: list[str]) -> list[Violation]:
    """Play, and give what was broken."""
    try:
        world.play(*(ALL_PLAYS[name] for name in plays))
    except Exception as fault:  # noqa: BLE001 -- whatever it is, the seed that brings it is what counts
        return [Violation(WRONG, f"{plays}: {type(fault).__name__}: {fault}")]
    return [Violation(each.promise, f"{plays}: {each.what}") for each in violations(world)]


def note(world: World, tally: Tally) -> None:
    """Count what happened in a world."""
    tally.happened.update(world.gate.passed)
    for name, times in world.gate.met.items():
        if " killed " in name:
            tally.figures[report.POINTS_KILLED] += times
            tally.happened[name] += times
        else:
            fault = next(each for each in Fault if name.endswith(f" {each}"))
            tally.figures[report.FAULTS_INJECTED] += times
            tally.happened[f"{service_of(name)} {fault}"] += times
    tally.figures.update(count(world))
