"""Webhooks that come again after 59 s, 61 s and ten minutes, and clocks that are apart.

Telnyx remembers a command's id for a minute: what is sent again after that would be obeyed twice. A signature is good
for five minutes, either way.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from dialtone.adapters.signature import TOLERANCE_SECONDS, Verifier
from infra.flowkit.stage import StrictObserver
from tests.drills.crash import differences, undisturbed_call
from tests.drills.faults import note, play_calls
from tests.drills.gate import Fault, Weather
from tests.drills.report import FORGED, LOST, InProcess, Tally, Violation
from tests.drills.world import World
from tests.integration.deliveries import Signer, body
from tests.integration.dependencies import Line
from tests.simulation.plays import ALL_PLAYS, flows_of
from webhook.endpoint import Endpoint

AGAIN_SECONDS = (59.0, 61.0, 600.0)
APART_SECONDS = tuple(sign * (TOLERANCE_SECONDS + more) for sign in (1, -1) for more in (-1, 0, 1))
UNTIL_SECONDS = 900.0
SENT_SECONDS = 1_790_000_000


@dataclass(frozen=True, slots=True)
class Times(InProcess):
    """The part with redeliveries at moments that matter, and with clocks that are wrong."""

    name: str = "times"

    def needs(self) -> frozenset[str]:
        """Each moment, with Telnyx well and unwell, and each difference of clocks."""
        again = {f"again after {seconds:g} s" for seconds in AGAIN_SECONDS}
        return frozenset(
            again | {f"clocks {apart} s apart" for apart in APART_SECONDS} | {"Telnyx slow", "Telnyx well"}
        )

    def play(self, seed: int, tally: Tally) -> None:
        """Play a call each of whose webhooks comes again, then a call's first webhook on clocks that are apart."""
        chance = random.Random(seed)
        play, seconds, unwell = chance.choice(list(ALL_PLAYS)), chance.choice(AGAIN_SECONDS), chance.random() < 0.5
        tally.blame(seed, play_again(play, seconds, tally, seed=seed if unwell else 0))
        tally.happened.update([f"again after {seconds:g} s", "Telnyx slow" if unwell else "Telnyx well"])
        tally.blame(seed, list(_apart(flows_of(play), tally)))


def play_again(play: str, seconds: float, tally: Tally, *, seed: int = 0) -> list[Violation]:
    """Play a call each of whose webhooks comes again; with a seed, Telnyx often does not answer in time."""
    slow = {Fault.UNANSWERED: 0.15, Fault.SLOW: 0.15, Fault.SERVER_ERROR: 0.1}
    weather = Weather({"telnyx": slow}, killed=0.01, until=UNTIL_SECONDS) if seed else Weather(until=UNTIL_SECONDS)
    with World(seed=seed or 1, flows=flows_of(play), weather=weather, copied=1.0, again=(seconds,)) as world:
        broken = play_calls(world, [play])
        if not broken and not seed:
            broken = list(differences(world, undisturbed_call(play), f"each webhook again after {seconds:g} s"))
        note(world, tally)
    return broken


def _apart(flows: Path, tally: Tally) -> Iterator[Violation]:
    """Verify a webhook by a clock that is wrong: believed within five minutes, else nothing is read or written."""
    for apart in APART_SECONDS:
        line, signer = Line.in_memory(flows), Signer()
        verifier = Verifier.from_text(signer.public_key)
        clock = partial(float, SENT_SECONDS + apart)
        observer: Any = StrictObserver()
        endpoint = Endpoint(verifier, line.processor(), observer, now_seconds=clock)
        content = body("call.initiated", direction="incoming", state="parked")
        status = endpoint.respond(signer.request(content, str(SENT_SECONDS)))["statusCode"]
        believed = status != HTTPStatus.UNAUTHORIZED
        tally.happened[f"clocks {apart} s apart"] += 1
        if believed != (abs(apart) <= TOLERANCE_SECONDS):
            yield Violation(FORGED if believed else LOST, f"clocks {apart} s apart: answered {status}")
        if believed != bool(line.wire.requests):
            yield Violation(FORGED, f"clocks {apart} s apart: answered {status} after {line.wire.requests}")
