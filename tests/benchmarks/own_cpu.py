"""CPU of our own per webhook: `python -m tests.benchmarks.own_cpu`.

The demo's calls go through the real endpoint, with the table in memory and the carrier in the process. What Ed25519,
the table and the carrier take is subtracted; JSON of the webhook itself stays in, so the figure is rather too high.
"""

from __future__ import annotations

import contextlib
import cProfile
import functools
import os
import pstats
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from dialtone.adapters.telemetry import Observer
from infra.carrier.account import AGENT, AGENT_SCRIPT, CALLEES
from infra.demo import scenes
from infra.flowkit.stage import Stage
from tests.benchmarks.figures import percentile, spread, table
from tests.benchmarks.section import Goal, Section
from webhook.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_MILLIS = 1.0
ROUNDS, QUICK_ROUNDS = 25, 4
RUNS, QUICK_RUNS = 7, 1

PARTS = {
    "functions/dialtone/flow": "flow: what the step makes of the event",
    "functions/dialtone/adapters/calls_table.py": "store: items from and to values",
    "functions/dialtone/domain/events.py": "events: reading and checking the webhook",
    "functions/dialtone/adapters/telemetry.py": "log and metrics",
    "functions/dialtone": "the rest of the domain",
    "functions/webhook": "endpoint, router, handlers, processor",
    "boto3/dynamodb/types.py": "boto3's types of DynamoDB",
    "aws_lambda_powertools": "Powertools: log line and metrics",
    "logging/": "logging of Python's",
    "json/": "JSON of webhook, items and log",
    "dataclasses.py": "dataclasses: copies with a change",
}


class Dependency:
    """Something of others' whose time is not ours."""

    def __init__(self, inner: Any, watch: Stopwatch) -> None:  # noqa: ANN401 -- a table's client, a carrier, a verifier
        self._inner = inner
        self._watch = watch

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- as above
        found = getattr(self._inner, name)
        return self._watch.stopping(found) if callable(found) and not isinstance(found, type) else found


class Stopwatch:
    """CPU seconds spent in dependencies since it was last read."""

    def __init__(self, profile: cProfile.Profile | None) -> None:
        self._spent = 0.0
        self._profile = profile

    def stopping(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same, counted as a dependency's."""

        def timed(*given: object, **named: object) -> object:
            began = time.process_time()
            if self._profile:
                self._profile.disable()
            try:
                return call(*given, **named)
            finally:
                if self._profile:
                    self._profile.enable()
                self._spent += time.process_time() - began

        return timed

    def read(self) -> float:
        """Give them, and begin anew."""
        spent, self._spent = self._spent, 0.0
        return spent


@functools.cache
def _nowhere() -> IO[str]:
    """One for good: Powertools keeps hold of what it first wrote to."""
    return Path(os.devnull).open("w", encoding="utf-8")


def measured(rounds: int, profile: cProfile.Profile | None = None) -> list[float]:
    """Play the demo's calls so many times; give the milliseconds of each webhook that were ours."""
    millis: list[float] = []
    with contextlib.redirect_stdout(_nowhere()):
        stage, watch = Stage(), Stopwatch(profile)
        stage.carrier.add_callee(AGENT, AGENT_SCRIPT)
        client: Any = Dependency(stage.table, watch)
        stage.store._client = client  # noqa: SLF001 -- the store's only dependency
        stage.processor.telnyx = Dependency(stage.api, watch)
        verifier: Any = Dependency(stage.endpoint.verifier, watch)
        endpoint = Endpoint(verifier, stage.processor, Observer("webhook"))

        class Timed:
            def respond(self, request: dict[str, Any]) -> dict[str, Any]:
                watch.read()
                began = time.process_time()
                if profile:
                    profile.enable()
                answer = endpoint.respond(request)
                if profile:
                    profile.disable()
                millis.append((time.process_time() - began - watch.read()) * 1_000)
                return answer

        stage.endpoint = Timed()  # type: ignore[assignment]
        for place in range(rounds + 1):
            if not place:
                _play(stage)  # what is read and built at its first use
                millis.clear()
            _play(stage)
    return millis


def _play(stage: Stage) -> None:
    stage.ring(scenes.IVR.number, scenes.IVR.script)
    stage.ring(scenes.RECORDED.number, scenes.RECORDED.script)
    for scene in scenes.ANNOUNCEMENTS:
        stage.dial(scene.callee, CALLEES[scene.callee], scene.flow)


def shares(rounds: int) -> dict[str, float]:
    """Where the time goes, by the profiler: part → share, the largest first; dependencies left out."""
    profile = cProfile.Profile()
    measured(rounds, profile)
    spent: Counter[str] = Counter()
    for (file, _, _), (_, _, own, _, callers) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if file == "~":  # what is written in C is its callers'
            for caller, (_, _, theirs, _) in callers.items():
                spent[_part(caller[0])] += theirs
        else:
            spent[_part(file)] += own
    whole = sum(spent.values())
    return {part: own / whole for part, own in spent.most_common()}


def _part(file: str) -> str:
    return next((words for piece, words in PARTS.items() if piece in file), "the rest of Python's library")


def section(*, quick: bool = False) -> Section:
    """Measure, and say where it goes."""
    rounds, runs = (QUICK_ROUNDS, QUICK_RUNS) if quick else (ROUNDS, RUNS)
    samples = [measured(rounds) for _ in range(runs)]
    medians = [statistics.median(sample) for sample in samples]
    everything = [each for sample in samples for each in sample]
    rows = [(part, f"{share:.0%}") for part, share in shares(rounds).items()]
    text = (
        f"{len(samples[0])} webhooks of the demo's six calls a run. Median {spread(medians, 3)} ms;"
        f" 99 % take at most {percentile(everything, 99):.2f} ms. Where it goes, by the profiler:\n\n"
        + table(["part", "share"], rows)
    )
    most = MOST_MILLIS * (3 if quick else 1)  # a busy machine's clock is a slow one
    met = statistics.median(medians) < most
    goal = Goal(f"less than {most:g} ms of our own CPU, median", f"{spread(medians, 3)} ms", met)
    return Section("own-cpu", "CPU of our own per webhook", text, (goal,))


if __name__ == "__main__":
    sys.stdout.write(section().text + "\n")
