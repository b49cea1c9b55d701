"""Requests that a webhook costs, counted at the wire: `python -m tests.benchmarks.round_trips`.

Each sample of `tests/events` comes to a line of its own, comes again, and comes forged; so do the events of two whole
calls, which give more commands. AWS is moto's, and Telnyx a real HTTP server, so that nothing goes out uncounted.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from moto import mock_aws

from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.signature import Verifier
from dialtone.adapters.telemetry import Observer
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.adapters.watchdog_queue import WatchdogQueue
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import Command
from tests.benchmarks.figures import table
from tests.benchmarks.section import Goal, Section
from tests.integration.deliveries import Signer, phone_call, team_call, written_flows
from tests.integration.dependencies import Line
from tests.integration.scripted_telnyx import Answer, Request, ScriptedTelnyx
from webhook.endpoint import Endpoint
from webhook.processor import EventProcessor

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from dialtone.domain.events import Event

EVENTS = Path(__file__).parents[1] / "events"
READ, COMMIT, QUEUE, TELNYX = "BatchGetItem", "TransactWriteItems", "SendMessage", "Telnyx"

LIST = "/v2/call_events"

MOST_ROUND_TRIPS = 2
"""With DynamoDB, for a new event."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What one webhook cost."""

    name: str
    commands: int
    """That the decision on it holds."""
    bridges: int
    """Of them."""
    new: Counter[str]
    again: Counter[str]
    """When it came a second time."""
    forged: Counter[str]
    """When it came with another one's signature."""
    answers: tuple[int, int, int]
    """New, again, forged."""

    @property
    def as_promised(self) -> bool:
        """Two round trips and a request a command; one for a duplicate, or a second where it sends again; none.

        Before a bridge is sent again, Telnyx is asked once whether it has taken it.
        """
        for_telnyx = self.new[TELNYX] == self.commands and self.again[TELNYX] - self.commands in {0, self.bridges}
        in_dynamodb = _round_trips(self.new) <= MOST_ROUND_TRIPS
        duplicates = _round_trips(self.again) <= (MOST_ROUND_TRIPS if self.commands else 1)
        nothing_else = not (self.new + self.again).keys() - {READ, COMMIT, QUEUE, TELNYX}
        answered = self.answers == (200, 200, 401)
        return for_telnyx and in_dynamodb and duplicates and nothing_else and not self.forged and answered


def _round_trips(spent: Counter[str]) -> int:
    return spent[READ] + spent[COMMIT]


def samples() -> Iterator[Counted]:
    """Give what each sample of `tests/events` costs a line that knows nothing of its call."""
    for path in sorted(EVENTS.glob("*.json")):
        with _Desk() as desk:
            body = path.read_bytes()
            yield desk.counted(json.loads(body)["data"]["event_type"], body)


def calls() -> Iterator[Counted]:
    """Give what each event of a call with a recording, and of one with three people rung at once, costs."""
    played: tuple[Callable[[Line], Iterator[Event]], ...] = (phone_call, team_call)
    for call in played:
        with _Desk() as desk:
            for event in call(desk.line):
                yield desk.counted(event.type, _written(event))


def _written(event: Event) -> bytes:
    data = {"id": event.id, "event_type": event.type, "occurred_at": event.occurred_at, "payload": event.payload}
    return json.dumps({"data": data}).encode()


def _listing(request: Request) -> Answer | None:
    """Telnyx has taken nothing, where it is asked; whatever else comes is answered as usual."""
    return Answer(body=b'{"data": []}') if request.path.startswith(LIST) else None


class _Desk:
    """An endpoint on moto's AWS and a Telnyx over HTTP, all of whose requests are counted."""

    def __init__(self) -> None:
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(mock_aws())
        self._open.enter_context(contextlib.redirect_stdout(io.StringIO()))
        self._scripted = self._open.enter_context(ScriptedTelnyx())
        self._scripted.answering = _listing
        folder = Path(self._open.enter_context(tempfile.TemporaryDirectory()))
        self.line = Line.open(written_flows(folder))
        self._telnyx = TelnyxApi("KEY0123", self._scripted.url)
        self._telnyx.prepare()  # requests are counted here: a webhook that runs out of time would send fewer
        self._open.callback(self._telnyx.close)
        self._signer = Signer()
        queue = ArchiveQueue(self.line.sqs, self.line.queue_url)
        watchdog = WatchdogQueue(self.line.sqs, self.line.watchdog_queue_url)
        processor = EventProcessor(
            self.line.store, FlowLibrary.open(self.line.flows), self._telnyx, queue, self.line.systems, watchdog
        )
        self._endpoint = Endpoint(Verifier.from_text(self._signer.public_key), processor, Observer("webhook"))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def counted(self, name: str, body: bytes) -> Counted:
        signed = self._signer.request(body)
        forged = {**signed, "headers": self._signer.headers(body + b" ")}
        no_answer, nothing = self._answered(forged)
        answer, new = self._answered(signed)
        commands = self._decided(body)
        again_answer, again = self._answered(signed)
        bridges = sum(each["action"] == "bridge" for each in commands)
        return Counted(name, len(commands), bridges, new, again, nothing, (answer, again_answer, no_answer))

    def _answered(self, request: dict[str, object]) -> tuple[int, Counter[str]]:
        answer = self._endpoint.respond(request)
        spent = self.line.spent()
        spent[TELNYX] = len(self._scripted.requests)
        for each in self._scripted.requests:
            if each.path.startswith(LIST):
                continue
            # The next event of the call carries the mark that this one left.
            parameters = each.json if isinstance(each.json, dict) else {}
            *_, leg, _, action = ["", "", "dial"] if each.path.endswith("/calls") else each.path.split("/")
            self.line.telnyx.obeyed.append(("", Command(action, leg, parameters)))
            mark = str(parameters.get("client_state", ""))
            if mark and not ClientState.decode(mark).parent_leg:
                self.line.telnyx.client_state = mark
        self._scripted.requests.clear()
        return int(answer["statusCode"]), +spent

    def _decided(self, body: bytes) -> list[dict[str, Any]]:
        """The commands that the event's entry in the timeline asks for."""
        event_id = json.loads(body)["data"]["id"]
        items = self.line.dynamodb.scan(TableName=self.line.table)["Items"]
        self.line.spent()
        [entry] = [item for item in items if item.get("event_id") == {"S": event_id}]
        commands: list[dict[str, Any]] = json.loads(entry["commands"]["S"])
        return commands


def section(*, quick: bool = False) -> Section:
    """Count, and say of which events what was promised holds."""
    del quick
    counted = [*samples(), *calls()]
    broken = [each.name for each in counted if not each.as_promised]
    most: dict[str, Counted] = {}
    for each in counted:
        if each.name not in most or each.commands > most[each.name].commands:
            most[each.name] = each
    rows = [
        (f"`{name}`", *(spent[column] for spent in (each.new, each.again) for column in (READ, COMMIT, QUEUE, TELNYX)))
        for name, each in sorted(most.items())
    ]
    head = ["event", *(f"{when} {what}" for when in ("new:", "again:") for what in ("read", "commit", "SQS", "Telnyx"))]
    text = f"{len(counted)} webhooks, each new, again and forged. Of each kind the one with the most commands:\n\n"
    text += table(head, rows) + "\n\nA forged one costs no request at all."
    return Section(
        "round-trips",
        "Requests per webhook",
        text,
        (
            Goal(
                "at most two DynamoDB round trips and one Telnyx request a command for a new event; one for a duplicate"
                " that sends nothing again; none for a forged one",
                f"{len(counted) - len(broken)} of {len(counted)} webhooks" + (f"; not {broken}" if broken else ""),
                met=not broken,
            ),
        ),
    )


if __name__ == "__main__":
    sys.stdout.write(section().text + "\n")
