"""From the start of the process to the first webhook answered, its first command accepted by the simulated carrier.

`make bench BENCH=cold-start` runs it on the packages of `make build`: AWS's own runtime client, Lambda's version of
Python, nothing of this machine's Python beside the package. Beside Dialtone run a plain handler as plain `sam build`
leaves it, without bytecode; the floor, with bytecode; and one that does nothing. One after the other, again and again,
so that what else this machine does meets all of them.
"""

from __future__ import annotations

import compileall
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import TYPE_CHECKING, Self

import boto3
from moto.server import ThreadedMotoServer

from infra.carrier import Application, Caller, Carrier, HangUp
from infra.carrier.server import CarrierServer
from infra.carrier.trace import Commanded
from infra.packing.runtime_api import PackedFunction, Runtime
from tests.benchmarks.figures import table
from tests.benchmarks.pictures import bars
from tests.benchmarks.section import Goal, Section
from tests.integration.dependencies import create_table
from tests.packages import package_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from infra.carrier import Request

HERE = Path(__file__).resolve().parent
NUMBER = "+15550100"
TABLE = "calls"
MOST_OF_THE_FLOOR = 1.2
LEAST_OF_THE_PLAIN = 7.0
RUNS, QUICK_RUNS = 10, 3
PROFILED_RUNS = 3
LEAST_MILLIS_SHOWN = 2.0
OWN = "Dialtone itself"
ROOM_FOR_NOISE = 0.5
"""Of a quick run: three starts on a machine that does other things, too."""

TITLES = {
    "hello": "Nothing but the runtime",
    "floor": "The floor",
    "dialtone": "Dialtone",
    "plain": "The plain handler, built plainly",
}
PHASES = ("interpreter and runtime", "imports", "first webhook")


@dataclass(frozen=True, slots=True)
class Start:
    """One start from cold, in seconds."""

    until_ready: float
    """From the start of the process until it asks for its first event."""
    first_webhook: float

    @property
    def total(self) -> float:
        """From the start of the process to the answer."""
        return self.until_ready + self.first_webhook


@dataclass(frozen=True, slots=True)
class Places:
    """What was built, and what runs it."""

    dialtone: Path
    libraries: Path
    """The plain handler's and the floor's, as pip leaves them: without bytecode."""
    runtime: Runtime

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Places:
        """As the Makefile names them. Raises LookupError where nothing was built."""
        if "PACKED" not in environ:
            raise LookupError("nothing is built to be started: run it by `make bench`, which builds and says where")
        runtime = Runtime(Path(environ["LAMBDA_PYTHON"]), Path(environ["LAMBDA_RUNTIME"]))
        packed = package_of(Path(environ["PACKED"]), "WebhookFunction")
        return cls(packed, Path(environ["PLAIN_LIBRARIES"]), runtime)


def section(*, quick: bool = False) -> Section:
    """Start each of the four so many times, in turn."""
    starts, imports = _starts(QUICK_RUNS if quick else RUNS, Places.from_environment(os.environ), quick=quick)
    floor = _ratios(starts["dialtone"], starts["floor"])
    plain = _ratios(starts["plain"], starts["dialtone"])
    most = MOST_OF_THE_FLOOR * (1 + ROOM_FOR_NOISE if quick else 1)
    least = LEAST_OF_THE_PLAIN * (1 - ROOM_FOR_NOISE if quick else 1)
    goals = (
        Goal(f"at most {most:g} times the floor", _said(floor), statistics.median(floor) <= most),
        Goal(
            f"at least {least:g} times faster than the plain handler built plainly",
            _said(plain),
            statistics.median(plain) >= least,
        ),
    )
    return Section(
        "cold-start",
        "From cold",
        _text(starts) + _profile(imports),
        goals,
        {"cold-start.svg": _picture(_phases(starts))},
    )


def _starts(runs: int, places: Places, *, quick: bool) -> tuple[dict[str, list[Start]], dict[str, Counter[str]]]:
    """The starts of each, and what the floor and Dialtone spend on imports, by package."""
    with tempfile.TemporaryDirectory() as folder:
        packages = _packages(Path(folder), places)
        with Desk(places.runtime) as desk:
            for name in ("hello", "floor"):
                desk.start(packages[name])  # the emulator's and the carrier's own first time
            starts: dict[str, list[Start]] = {name: [] for name in TITLES}
            for _ in range(runs):
                for name in TITLES:
                    starts[name].append(desk.start(packages[name]))
            profiled = () if quick else ("floor", "dialtone")
            imports = {name: _least(desk.imports(packages[name]) for _ in range(PROFILED_RUNS)) for name in profiled}
    return starts, imports


def _least(measured: Iterable[Counter[str]]) -> Counter[str]:
    """Of each package the least that it took: whatever else the machine does adds to it."""
    runs = list(measured)
    return Counter({name: min(run[name] for run in runs) for name in runs[0]})


@dataclass(frozen=True, slots=True)
class Package:
    """A function to start."""

    folder: Path
    handler: str = "app.handler"
    sends: bool = True


def _packages(folder: Path, places: Places) -> dict[str, Package]:
    for name in ("plain", "floor", "hello"):
        if name == "hello":
            (folder / name).mkdir()
        else:
            shutil.copytree(places.libraries, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(HERE / name / "app.py", folder / name)
    for name in ("floor", "hello"):
        _compile(folder / name, places.runtime.python)
    return {
        "hello": Package(folder / "hello", sends=False),
        "floor": Package(folder / "floor"),
        "dialtone": Package(places.dialtone, "webhook.app.handler"),
        "plain": Package(folder / "plain"),
    }


def _compile(package: Path, python: Path) -> None:
    mode = PycInvalidationMode.UNCHECKED_HASH.name.lower().replace("_", "-")
    command = [str(python), "-m", compileall.__name__, "-q", "-j", "0", "--invalidation-mode", mode, str(package)]
    subprocess.run(command, check=True)  # noqa: S603 -- Lambda's Python, on our own package


class Desk:
    """An account at the simulated carrier and an emulated DynamoDB, in this process, for one call after the other."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._carrier = Carrier(self._post, delivery_threads=1)
        self._server = CarrierServer(self._carrier)
        self._aws = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._package = Package(HERE)
        self._measured: list[Start] = []
        self._faults: list[Exception] = []
        self._profiles = False
        self._output = ""

    def __enter__(self) -> Self:
        self._aws.start()
        host, port = self._aws.get_host_and_port()
        self._endpoint = f"http://{host}:{port}"
        session = boto3.Session("testing", "testing", region_name="us-east-1")
        create_table(session.client("dynamodb", endpoint_url=self._endpoint), TABLE)
        session.client("sqs", endpoint_url=self._endpoint).create_queue(QueueName="watchdog")
        self._server.__enter__()
        self._carrier.add_application(Application("1", "http://127.0.0.1/webhooks/telnyx"), [NUMBER])
        return self

    def __exit__(self, *ending: object) -> None:
        self._server.__exit__(None, None, None)
        self._aws.stop()

    def start(self, package: Package) -> Start:
        """Let somebody call; the first webhook starts the package. Raises what went wrong."""
        self._package = package
        self._measured.clear()
        before = len(list(self._accepted()))
        self._carrier.call("+15550142", NUMBER, Caller(HangUp()))
        self._carrier.run()
        for fault in self._faults:
            raise fault
        [start] = self._measured
        if package.sends and len(list(self._accepted())) != before + 1:
            raise AssertionError(f"{package.folder}: the carrier accepted no command, or more than one")
        return start

    def imports(self, package: Package) -> Counter[str]:
        """Start it with Python's own account of what imports cost: microseconds by package."""
        self._profiles = True
        try:
            self.start(package)
        finally:
            self._profiles = False
        found: Counter[str] = Counter()
        for micros, module in _IMPORTED.findall(self._output):
            top = module.partition(".")[0]
            found[OWN if top in {"dialtone", "webhook"} else top] += int(micros)
        return found

    def _accepted(self) -> Iterator[Commanded]:
        return (each for each in self._carrier.trace if isinstance(each, Commanded) and each.result == "accepted")

    def _post(self, request: Request, timeout_seconds: float) -> int:
        """The call's first webhook goes to a function that is started for it; what comes after goes nowhere."""
        del timeout_seconds
        if self._measured:
            return 200
        try:
            self._measured.append(self._first_webhook(request))
        except Exception as fault:  # noqa: BLE001 -- raised where the call was made: this is one of the carrier's threads
            self._faults.append(fault)
            self._measured.append(Start(0, 0))
        return 200

    def _first_webhook(self, request: Request) -> Start:
        event = {"version": "2.0", "headers": dict(request.headers), "body": request.body.decode()}
        function = PackedFunction(self._package.folder, self._package.handler, self._environment(), self._runtime)
        with function:
            answer = function.invoke(event | {"isBase64Encoded": False})
        self._output = function.output
        if answer.payload["statusCode"] != 200:
            raise AssertionError(f"{self._package.folder} answered {answer.payload}:\n{function.output}")
        ready = function.asked_at
        return Start(ready - function.started_at, answer.at_seconds - ready)

    def _environment(self) -> dict[str, str]:
        return {
            "LOOKUP_FUNCTION": "lookup",
            "WATCHDOG_QUEUE_URL": f"{self._endpoint}/123456789012/watchdog",
            "PARKED_EVENTS_BUCKET": "parked",
            "ARCHIVE_QUEUE_URL": f"{self._endpoint}/123456789012/archive",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_SECRET_ACCESS_KEY": "testing",
            "CALLS_TABLE": TABLE,
            "POWERTOOLS_SERVICE_NAME": "webhook",
            "PYDANTIC_DISABLE_PLUGINS": "__all__",
            "TELNYX_API_KEY": self._carrier.api_key,
            "TELNYX_BASE_URL": self._server.url,
            "TELNYX_PUBLIC_KEY": self._carrier.public_key,
        } | ({"PYTHONPROFILEIMPORTTIME": "1"} if self._profiles else {})


_IMPORTED = re.compile(r"import time: +([0-9]+) \| +[0-9]+ \| *(\S+)")


def _ratios(of: Sequence[Start], to: Sequence[Start]) -> list[float]:
    return [one.total / other.total for one, other in zip(of, to, strict=True)]


def _said(ratios: Sequence[float]) -> str:
    median = statistics.median(ratios)
    return f"{median:.2f} times ({min(ratios):.2f} to {max(ratios):.2f} over {len(ratios)} pairs)"


def _phases(starts: Mapping[str, Sequence[Start]]) -> dict[str, tuple[float, float, float]]:
    """Medians, by phase: what a handler that does nothing takes to be ready is the runtime's."""
    runtime = statistics.median(each.until_ready for each in starts["hello"])
    return {
        name: (
            runtime,
            max(0.0, statistics.median(each.until_ready for each in measured) - runtime),
            statistics.median(each.first_webhook for each in measured),
        )
        for name, measured in starts.items()
    }


def _text(starts: Mapping[str, Sequence[Start]]) -> str:
    phases = _phases(starts)
    rows = [
        f"| {TITLES[name]} | {_millis([each.total for each in measured])} | "
        + " | ".join(f"{seconds * 1_000:.0f}" for seconds in phases[name])
        + " |"
        for name, measured in starts.items()
    ]
    head = f"| milliseconds, median of {len(starts['hello'])} (least to most) | in all | {' | '.join(PHASES)} |"
    lines = [
        "From the start of the process to the first webhook answered, its command accepted by the simulated carrier.",
        "",
        head,
        "|---|---|---|---|---|",
        *rows,
        "",
        "![The phases of a start from cold](cold-start.svg)",
        "",
    ]
    return "\n".join(lines)


def _profile(imports: Mapping[str, Counter[str]]) -> str:
    """What is imported above the floor, as a table; '' where it was not measured."""
    if not imports:
        return ""
    more = {
        name: (imports["dialtone"][name] - imports["floor"][name]) / 1_000
        for name in imports["dialtone"] | imports["floor"]
    }
    shown = sorted((name for name in more if abs(more[name]) >= LEAST_MILLIS_SHOWN), key=lambda name: -more[name])
    rows = [(name, f"{more[name]:+.0f}") for name in shown]
    rows.append(("all others", f"{sum(more[name] for name in more if name not in shown):+.0f}"))
    return (
        f"\nWhat Dialtone imports above the floor, by Python's own account (`-X importtime`, least of {PROFILED_RUNS}"
        " starts; measuring slows each import). The rest is the first webhook's work: the flow is read and checked, a"
        " second client of AWS is made for the watchdog's queue, and one request more is sent. SnapStart, which is on"
        " by default, hides all but the requests.\n\n"
        + table(["package", "milliseconds more than the floor"], rows)
        + "\n"
    )


def _millis(seconds: Sequence[float]) -> str:
    middle, least, most = (of(seconds) * 1_000 for of in (statistics.median, min, max))
    return f"{middle:.0f} ({least:.0f} to {most:.0f})"


def _picture(phases: Mapping[str, tuple[float, ...]]) -> bytes:
    """A bar for each, stacked of its phases."""
    rows = {TITLES[name]: [each * 1_000 for each in seconds] for name, seconds in phases.items()}
    return bars("From cold: start of the process to the first answer", "milliseconds", PHASES, rows, TITLES["dialtone"])


if __name__ == "__main__":
    measured = section(quick="--quick" in sys.argv)
    sys.stdout.write(measured.text)
    for goal in measured.goals:
        sys.stdout.write(f"{'met' if goal.met else 'NOT MET'}: {goal.wanted}: {goal.measured}\n")
