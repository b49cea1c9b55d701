"""What the 1st and the 1,000th event of a call cost: `python -m tests.benchmarks.event_number`.

A caller presses a wrong key again and again; the menu asks again and again. Bytes are those of the items as they go
over the wire; CPU is the processor's with the table in memory.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.telnyx_api import Outcome, TakenCommand
from dialtone.domain.deadline import NO_DEADLINE
from infra.flowkit.memory_table import MemoryTable
from infra.flowkit.stage import Jobs, Unwatched
from tests.benchmarks.figures import table
from tests.benchmarks.pictures import OTHER, THIRD, Curve, Plot, chart
from tests.benchmarks.section import Goal, Section
from tests.integration.deliveries import event, initiated
from tests.integration.dependencies import ForbiddenDependency
from webhook.processor import EventProcessor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dialtone.domain.commands import Command

EVENTS = 1_000
GROUP = 50
"""Events whose median is one point: a single one's CPU is below what a clock can tell."""
MOST_BYTES_MORE = 40
"""Some digits of counters."""
MOST_CPU_RATIO = 1.25

FLOW = """
flow: front-desk
limits: {steps: 5000}
steps:
  ask: {menu: Press 1., keys: {1: end}, tries: 2, otherwise: ask}
  end: hangup
"""


class Counting(MemoryTable):
    """Counts the bytes of what is read and written."""

    def __init__(self) -> None:
        super().__init__()
        self.read = self.written = 0

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: ANN401, N803 -- boto's own
        answer = super().batch_get_item(RequestItems=RequestItems)
        self.read = len(json.dumps(answer["Responses"]))
        return answer

    def transact_write_items(self, *, TransactItems: Any) -> Any:  # noqa: ANN401, N803 -- boto's own
        self.written = len(json.dumps(TransactItems))
        return super().transact_write_items(TransactItems=TransactItems)


class Willing:
    """A Telnyx that takes every command at once."""

    client_state = ""
    """That the last one left."""

    def send(self, command: Command, command_id: str, deadline: float) -> Outcome:
        """Accept it."""
        del command_id, deadline
        self.client_state = str(command.parameters["client_state"])
        return Outcome("accepted", 1, 200)

    def send_together(self, asked: Sequence[tuple[Command, str]], deadline: float) -> Sequence[Outcome]:
        """Accept them."""
        return [self.send(command, command_id, deadline) for command, command_id in asked]

    def commands_since(self, call_session_id: str, since_seconds: float, deadline: float) -> Sequence[TakenCommand]:
        """Nothing here takes so long."""
        raise NotImplementedError


def measured(events: int) -> tuple[list[int], list[int], list[float]]:
    """Bytes read, bytes written and CPU milliseconds of each event of one call."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "numbers.yaml").write_text('"+15550100": front-desk\n', encoding="utf-8")
        (Path(folder) / "front-desk.yaml").write_text(FLOW, encoding="utf-8")
        return _events(FlowLibrary.open(Path(folder)), events)


def _events(library: FlowLibrary, events: int) -> tuple[list[int], list[int], list[float]]:
    rows = Counting()
    store, jobs = CallsTable(rows, "calls"), Jobs()  # type: ignore[arg-type]
    telnyx = Willing()
    processor = EventProcessor(
        store,
        library,
        telnyx,
        jobs,  # type: ignore[arg-type]
        ForbiddenDependency(),
        Unwatched(),
        now_seconds=lambda: 0.0,
    )
    processor.handle(initiated(1), NO_DEADLINE)
    processor.handle(event("call.answered", 2, client_state=telnyx.client_state), NO_DEADLINE)
    read, written, millis = [], [], []
    for number in range(events):
        state = telnyx.client_state
        gathered = event("call.gather.ended", number + 3, digits="9", status="invalid", client_state=state)
        began = time.process_time()
        handled = processor.handle(gathered, NO_DEADLINE)
        millis.append((time.process_time() - began) * 1_000)
        if [sent.command.action for sent in handled.sent] != ["gather_using_speak"]:
            raise AssertionError(f"event {number} was not answered with the question: {handled}")
        read.append(rows.read)
        written.append(rows.written)
    return read, written, millis


def section(*, quick: bool = False) -> Section:
    """Measure, draw, compare the first fifty events with the last fifty."""
    runs = [measured(EVENTS) for _ in range(1 if quick else 5)]
    read, written, _ = runs[0]
    places = range(0, EVENTS, GROUP)
    cpu = [statistics.median(each for run in runs for each in run[2][place : place + GROUP]) for place in places]
    least = [min(statistics.median(run[2][place : place + GROUP]) for run in runs) for place in places]
    ratio = least[-1] / least[1]
    growth = max(max(of[-GROUP:]) - max(of[GROUP : 2 * GROUP]) for of in (read, written))
    rows = [
        (f"{place + 1} to {place + GROUP}", max(read[place:][:GROUP]), max(written[place:][:GROUP]), f"{cpu[nth]:.3f}")
        for nth, place in enumerate(places)
        if place in {0, GROUP, EVENTS // 2, EVENTS - GROUP}
    ]
    text = (
        f"One call of {EVENTS:,} events, {len(runs)} runs; CPU is the median of {GROUP} events over all runs.\n\n"
        + table(["events", "bytes read", "bytes written", "CPU ms"], rows)
        + "\n\n![Bytes and CPU of each event against its number: level lines](event-number.svg)"
    )
    goals = (
        Goal(
            "as many bytes for the 1,000th event as for the 51st, but for digits of counters",
            f"{growth} bytes more",
            growth <= MOST_BYTES_MORE,
        ),
        Goal(
            "as much CPU for the last fifty events as for the second fifty",
            f"{ratio:.2f} times",
            ratio < MOST_CPU_RATIO * (2 if quick else 1),
        ),
    )
    pictures = {"event-number.svg": _picture(read, written, places, cpu)}
    return Section("event-number", "The 1st and the 1,000th event", text, goals, pictures)


def _picture(read: Sequence[int], written: Sequence[int], places: range, cpu: Sequence[float]) -> bytes:
    numbers = range(1, len(read) + 1)
    sizes = (
        Curve("written", list(zip(numbers, written, strict=True))),
        Curve("read", list(zip(numbers, read, strict=True)), OTHER),
    )
    middles = [(place + GROUP / 2, each) for place, each in zip(places, cpu, strict=True)]
    plots = (
        Plot("number of the event", "bytes", sizes),
        Plot("number of the event", "CPU, ms", (Curve(f"median of {GROUP} events", middles, THIRD, dots=True),)),
    )
    return chart("Bytes and CPU of an event, by its number in the call", plots)


if __name__ == "__main__":
    sys.stdout.write(section().text + "\n")
