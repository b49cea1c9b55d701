"""1 to 200 calls at once, ours against the plain handler: `python -m tests.benchmarks.load`.

Both use the same emulated DynamoDB with 5 ms added on the way and the same Telnyx that takes 120 ms for every command.
Each call has a process of its own, as Lambda gives each concurrent event an environment: ours from its package, the
plain one with the libraries that pip installs, both on Lambda's version of Python.

Latencies are measured of one handler at a time. Their throughputs are compared side by side, in several rounds: a
webhook's CPU differs by a tenth from one start of a program to the next.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import boto3
from nacl.signing import SigningKey

from infra.local.emulator import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Emulator
from tests.benchmarks import pictures
from tests.benchmarks.cold_start import Places
from tests.benchmarks.event_number import FLOW
from tests.benchmarks.figures import percentile, spread, table
from tests.benchmarks.pictures import BROKEN, DOTTED, FLOOR, OTHER, SOLID, Curve, Plot, chart
from tests.benchmarks.section import Goal, Section
from tests.benchmarks.slow_dynamodb import DYNAMODB_SECONDS
from tests.benchmarks.slow_telnyx import TELNYX_SECONDS
from tests.integration.deliveries import Signer
from tests.integration.dependencies import create_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[2]
OURS, PLAIN = "Dialtone", "plain"
HANDLERS = {OURS: "webhook.app.handler", PLAIN: "tests.benchmarks.plain.idempotent.handler"}
ROUND_TRIPS = {OURS: 2, PLAIN: 4}
"""With DynamoDB: read and commit; in progress, read, write, done."""

INJECTED_MILLIS = {name: (trips * DYNAMODB_SECONDS + TELNYX_SECONDS) * 1_000 for name, trips in ROUND_TRIPS.items()}

LEVELS: Mapping[int, float] = {1: 0.25, 10: 0.5, 50: 1.0, 100: 1.0, 200: 2.0}
"""Calls at once → seconds between two webhooks of a call. Real calls have some three."""
SECONDS, QUICK_SECONDS = 10.0, 4.0
SETTLING_SECONDS, QUICK_SETTLING_SECONDS = 12.0, 1.0
MOST_TIMES_INJECTED = 1.5
LEAST_TIMES_PLAIN, QUICK_LEAST_TIMES_PLAIN = 1.5, 0.8
ROUNDS, QUICK_ROUNDS = 7, 1
"""In which the throughputs of both are compared."""

CALLS_OF_EACH, QUICK_CALLS_OF_EACH = 40, 10
SECONDS_BETWEEN = 1.0
"""Between two webhooks of a call, in these rounds: with both handlers' calls, this machine is not yet full."""
START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Measured:
    """One handler under one load."""

    millis: Sequence[float]
    cpu_seconds: float
    failed: int
    megabytes: float

    @property
    def webhooks_a_core_second(self) -> float:
        """How many webhooks a second of one core's CPU handles."""
        return len(self.millis) / self.cpu_seconds


@contextlib.contextmanager
def _served(module: str, *arguments: str) -> Iterator[str]:
    """A program of ours that serves until the end: gives its address."""
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:  # noqa: S603 -- our own program
        try:
            port = program.stdout.readline().strip() if program.stdout else ""
            yield f"http://127.0.0.1:{port}"
        finally:
            program.terminate()


@contextlib.contextmanager
def dependencies() -> Iterator[dict[str, str]]:
    """The emulated DynamoDB with both tables, and Telnyx: gives the environment that leads to them.

    While the emulator looks for garbage, all calls at once wait for a tenth of a second: its latency, not a handler's.
    """
    with contextlib.ExitStack() as opened:
        telnyx = opened.enter_context(_served("slow_telnyx"))
        emulator = opened.enter_context(Emulator(enforce_iam=False, keep_garbage=True))
        emulator.wait_until_ready()
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        (folder / "numbers.yaml").write_text('"+15550100": front-desk\n', encoding="utf-8")
        (folder / "front-desk.yaml").write_text(FLOW, encoding="utf-8")
        session = boto3.Session(ACCESS_KEY_ID, SECRET_ACCESS_KEY, region_name=REGION)
        dynamodb = session.client("dynamodb", endpoint_url=emulator.endpoint_url)
        create_table(dynamodb, "calls")
        session.client("sqs", endpoint_url=emulator.endpoint_url).create_queue(QueueName="watchdog")
        dynamodb.create_table(
            TableName="idempotency",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
        yield {
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": opened.enter_context(_served("slow_dynamodb", emulator.endpoint_url)),
            "TELNYX_BASE_URL": f"{telnyx}/v2",
            "TELNYX_API_KEY": "KEY0123456789",
            "CALLS_TABLE": "calls",
            "IDEMPOTENCY_TABLE": "idempotency",
            "LOOKUP_FUNCTION": "lookup",
            "WATCHDOG_QUEUE_URL": f"{emulator.endpoint_url}/000000000000/watchdog",
            "PARKED_EVENTS_BUCKET": "parked",
            "ARCHIVE_QUEUE_URL": f"{emulator.endpoint_url}/000000000000/archive",
            "FLOWS_FOLDER": str(folder),
            "POWERTOOLS_METRICS_NAMESPACE": "Dialtone/load",
        }


class Load(NamedTuple):
    """So many calls at once."""

    calls: int
    interval_seconds: float
    """Between two webhooks of a call."""
    quick: bool = False


def measured(places: Places, environment: Mapping[str, str], load: Load, name: str) -> Measured:
    """One handler under one load."""
    key = SigningKey.generate()
    settling, seconds = (QUICK_SETTLING_SECONDS, QUICK_SECONDS) if load.quick else (SETTLING_SECONDS, SECONDS)
    plan = {
        "handler": HANDLERS[name],
        "key": bytes(key).hex(),
        "calls": load.calls,
        "settling_seconds": settling,
        "seconds": seconds,
        "interval_seconds": load.interval_seconds,
    }
    done = subprocess.run(  # noqa: S603 -- our own program
        [places.runtime.python, "-s", "-m", "tests.benchmarks.load_calls", json.dumps(plan)],
        cwd=ROOT,
        env={**environment, "TELNYX_PUBLIC_KEY": Signer(key).public_key, "PYTHONPATH": _path(places, name)},
        capture_output=True,
        text=True,
        timeout=START_SECONDS + seconds,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{name} under {load.calls} calls: {done.stderr[-2_000:]}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def _path(places: Places, name: str) -> str:
    """Where the handler and its libraries lie; beside them the program that plays the calls."""
    folders = [places.dialtone, ROOT] if name == OURS else [places.libraries, ROOT, ROOT / "functions"]
    return os.pathsep.join(str(folder) for folder in folders)


def section(*, quick: bool = False) -> Section:
    """Measure the latencies of both handlers under every load, then their throughputs side by side."""
    levels, places = {10: 0.5} if quick else LEVELS, Places.from_environment(os.environ)
    found: dict[str, dict[int, Measured]] = {OURS: {}, PLAIN: {}}
    for calls, interval in levels.items():
        for name in HANDLERS:
            with dependencies() as environment:  # empty ones: the emulator pauses longer the more it holds
                found[name][calls] = measured(places, environment, Load(calls, interval, quick), name)
    rounds = [_side_by_side(places, quick=quick) for _ in range(QUICK_ROUNDS if quick else ROUNDS)]
    ratios = [of[OURS].webhooks_a_core_second / of[PLAIN].webhooks_a_core_second for of in rounds]
    times = {n: percentile(found[OURS][n].millis, 99) / INJECTED_MILLIS[OURS] for n in levels}
    worst = max(times, key=lambda calls: times[calls])
    failed = sum(each.failed for of in found.values() for each in of.values())
    failed += sum(each.failed for of in rounds for each in of.values())
    least = QUICK_LEAST_TIMES_PLAIN if quick else LEAST_TIMES_PLAIN
    goals = (
        Goal(
            f"at least {least:g} times the plain handler's throughput per core",
            f"{spread(ratios)} times",
            statistics.median(ratios) >= least,
        ),
        Goal(
            "99 % of webhooks within 1.5 times the injected latencies' sum",
            f"at most {times[worst]:.2f} times, with {worst} calls at once",
            quick or times[worst] <= MOST_TIMES_INJECTED,
        ),
        Goal("every webhook is answered 200", f"{failed} were not", not failed),
    )
    pictures = {} if quick else {"load.svg": _picture(found)}
    shown = "" if quick else "\n\n![Latency against calls at once, of ours and of the plain handler](load.svg)"
    text = _text(found, levels) + shown + "\n\n" + _compared(rounds, ratios)
    return Section("load", "1 to 200 calls at once", text, goals, pictures)


def _side_by_side(places: Places, *, quick: bool) -> dict[str, Measured]:
    """Both handlers at the same time: other load on the machine affects both."""
    load = Load(QUICK_CALLS_OF_EACH if quick else CALLS_OF_EACH, SECONDS_BETWEEN, quick)
    with dependencies() as environment, ThreadPoolExecutor(len(HANDLERS)) as pool:
        found = pool.map(partial(measured, places, environment, load), HANDLERS)
        return dict(zip(HANDLERS, found, strict=True))


def _compared(rounds: Sequence[Mapping[str, Measured]], ratios: Sequence[float]) -> str:
    rows = [
        (
            name,
            spread([of[name].cpu_seconds / len(of[name].millis) * 1_000 for of in rounds]),
            spread([of[name].webhooks_a_core_second for of in rounds], 0),
        )
        for name in HANDLERS
    ]
    of_each = CALLS_OF_EACH / SECONDS_BETWEEN
    return (
        f"Both at the same time, {of_each:.0f} webhooks a second of each, in {len(rounds)} rounds with new processes:"
        f" Dialtone handles {spread(ratios)} times as many webhooks with a core's CPU.\n\n"
        + table(["handler", "CPU ms a webhook", "webhooks per core second"], rows)
    )


def _text(found: Mapping[str, Mapping[int, Measured]], levels: Mapping[int, float]) -> str:
    rows = [
        (
            f"{calls}, {name}",
            f"{len(each.millis) / (len(each.millis) / calls * levels[calls]):.0f}",
            *(f"{percentile(each.millis, of):.0f}" for of in (50, 99, 99.9)),
            f"{each.megabytes:.0f}",
        )
        for calls in levels
        for name, each in ((name, found[name][calls]) for name in HANDLERS)
    ]
    head = ["calls at once", "webhooks a second", "p50 ms", "p99 ms", "p99.9 ms"]
    return (
        f"DynamoDB answers {DYNAMODB_SECONDS * 1_000:.0f} ms later than the emulator does, Telnyx after"
        f" {TELNYX_SECONDS * 1_000:.0f} ms: together {INJECTED_MILLIS[OURS]:.0f} ms for ours with its"
        f" {ROUND_TRIPS[OURS]} round trips, {INJECTED_MILLIS[PLAIN]:.0f} ms for the plain handler with its"
        f" {ROUND_TRIPS[PLAIN]} (Powertools Idempotency writes twice). Each call has a process of its own, warm, as"
        " Lambda gives each concurrent event an environment: ours from its package, the plain handler with the"
        " libraries that pip installs, both on Lambda's Python. Cold starts and API Gateway are not in here. Latency"
        " counts from when the webhook was due. Callers, both handlers and the emulator share this machine's cores.\n\n"
        + table([*head, "MB a process"], rows)
    )


def _picture(found: Mapping[str, Mapping[int, Measured]]) -> bytes:
    latencies = [
        Curve(
            f"{name} p{percent}",
            [(n, percentile(each.millis, percent)) for n, each in of.items()],
            series,
            stroke,
            dots=True,
        )
        for series, (name, of) in zip((pictures.OURS, OTHER), found.items(), strict=True)
        for percent, stroke in ((50, SOLID), (99, BROKEN), (99.9, DOTTED))
    ]
    levels = list(found[OURS])
    floor = [(level, INJECTED_MILLIS[OURS]) for level in (levels[0], levels[-1])]
    latencies.append(Curve("injected: the floor", floor, FLOOR))
    plot = Plot("calls at once", "latency, ms (by factors)", latencies, y_by_factor=True)
    return chart("Latency, by calls at once", (plot,))


if __name__ == "__main__":
    sys.stdout.write(section(quick="--quick" in sys.argv).text + "\n")
