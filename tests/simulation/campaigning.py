"""A campaign on virtual time: the real engine and its tables, people who answer or do not, and whatever can go wrong.

Workers are begun every minute, as the schedule does; any request of theirs may be throttled, unanswered or their last.
"""

import heapq
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from campaigns.engine import Engine
from dialtone.adapters.calls_table import campaign_cost, campaign_note
from dialtone.adapters.campaign_numbers import CampaignNumbers
from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.adapters.telemetry import Measure
from dialtone.adapters.telnyx_api import CallInfo, Outcome
from dialtone.domain.campaigns.call_notes import CallNote
from dialtone.domain.campaigns.campaign import Campaign, RetryRule, Window, list_key
from dialtone.domain.campaigns.costs import Spent
from dialtone.domain.campaigns.dial_id import DialId
from dialtone.domain.campaigns.outcomes_and_redials import (
    ACKNOWLEDGED,
    BUSY,
    CUT_OFF,
    FAX,
    INVALID,
    MACHINE,
    NO_ANSWER,
    PERSON,
    REJECTED,
)
from dialtone.domain.campaigns.progress import Progress
from dialtone.domain.campaigns.recipient import PART_RECIPIENTS, Recipient
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import Command
from infra.flowkit.memory_table import MemoryTable
from tests.integration.campaign_example import FLOW

STARTS = 1_800_000_000
"""2027-01-15 03:00 in New York; most campaigns here may dial all day."""
TABLE = "calls"
INVOKED_EVERY_SECONDS = 60.0
AWS_SECONDS, TELNYX_SECONDS = 0.006, 0.12
REMEMBERED_SECONDS = 60
"""How long Telnyx remembers a command id."""
ACCEPTED, TOO_MANY = 200, 429
BILLING_SECONDS = 2.0
MINUTE_COSTS = 6_800
"""Millionths of a dollar."""

ANSWERS: Mapping[str, tuple[float, int, int]] = {
    PERSON: (0.34, 9, 30),
    ACKNOWLEDGED: (0.16, 8, 24),
    MACHINE: (0.16, 22, 28),
    NO_ANSWER: (0.14, 30, 0),
    BUSY: (0.08, 2, 0),
    CUT_OFF: (0.04, 8, 6),
    REJECTED: (0.03, 3, 0),
    FAX: (0.02, 6, 9),
    INVALID: (0.03, 1, 0),
}
"""Outcome → its share of calls, for how many seconds the phone rings, and for how many it is answered."""


class Died(BaseException):
    """The worker is gone: no code of ours may catch this."""


@dataclass(slots=True)
class Faults:
    """The share of requests that each befalls."""

    throttled: float = 0.0
    """DynamoDB refuses it, without effect."""
    unanswered: float = 0.0
    """DynamoDB has done it, and nobody hears of it."""
    dies: float = 0.0
    """The worker ends, before or after it."""
    too_many: float = 0.0
    """Telnyx answers 429."""
    fails: float = 0.0
    """Telnyx answers 503, having dialled or not."""
    silent: float = 0.0
    """Of calls: nothing is ever reported of them."""
    at: Mapping[int, str] = field(default_factory=dict)
    """The requests, counted from 0, before or after which the worker dies: `before` or `after`."""


@dataclass(slots=True)
class Quiet:
    """Counts what the engine measures."""

    measured: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)

    def measure(self, *measures: Measure) -> None:
        """Add values up."""
        for each in measures:
            self.measured[each.name] += int(each.value)

    def log(self, level: str, message: str, fields: Mapping[str, Any], *, failed: bool | Exception = False) -> None:
        """Keep it."""
        del failed
        self.lines.append(f"{level}: {message} {dict(fields)}")


class Simulation:
    """A campaign, its workers and everything around them."""

    def __init__(
        self,
        recipients: int,
        *,
        seed: int = 1,
        faults: Faults | None = None,
        table: MemoryTable | None = None,
        shares: Mapping[str, float] | None = None,
        **campaign: Any,  # noqa: ANN401 -- any field of a campaign
    ) -> None:
        self.now = float(STARTS)
        self.chance = random.Random(seed)
        self.faults = faults or Faults()
        self.table = table or MemoryTable()
        self.observer = Quiet()
        self.requests = 0
        self.deaths = 0
        self.rings: list[float] = []
        """When Telnyx dialled, in order."""
        self.rung: Counter[DialId] = Counter()
        self.alive: Counter[str] = Counter()
        self.most_alive = 0
        self.locked_out = self.parts_lost = False
        self.part_fault: Exception | None = None
        self._outcomes = list(ANSWERS)
        self._weights = [(shares or {}).get(each, ANSWERS[each][0] if shares is None else 0) for each in self._outcomes]
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._seen: dict[str, tuple[float, dict[str, str]]] = {}
        fields: dict[str, Any] = {
            "rate_per_second": 20.0,
            "max_in_flight": 600,
            "window": Window(0, 1_440),
            "retries": (RetryRule(BUSY, 2, 120), RetryRule(NO_ANSWER, 1, 300), RetryRule(CUT_OFF, 1, 60)),
            "last_round_seconds": 900,
            "connection_id": "1293384261075731499",
        }
        self.campaign = Campaign(
            "water-off",
            "water-off",
            "+15550100",
            "customers, outage notices",
            list_key("water-off"),
            recipients,
            "user/ada",
            STARTS - 60,
            STARTS,
            **fields | campaign,
        )
        self.store = CampaignsTable(self.table, TABLE, self.sleep)  # type: ignore[arg-type] # in memory, without faults
        self.store.order(self.campaign, FLOW)

    # --- Time ------------------------------------------------------------------------------------------------------

    def sleep(self, seconds: float) -> None:
        """Let time pass, and others act meanwhile."""
        until = self.now + seconds
        while self._events and self._events[0][0] <= until:
            at, _, act = heapq.heappop(self._events)
            self.now = max(self.now, at)
            act()
        self.now = max(self.now, until)

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Have that done in so many seconds."""
        heapq.heappush(self._events, (self.now + seconds, next(self._order), act))

    # --- Workers ---------------------------------------------------------------------------------------------------

    def run(self, hours: float = 6.0) -> Progress:
        """Let workers work until the campaign is over; gives how it stands."""
        until = STARTS + hours * 3_600
        while self.now < until and self.is_on:
            self.invoke()
        return self.progress

    def invoke(self, worker: Engine | None = None) -> None:
        """One invocation by the schedule, and the time until the next."""
        began = self.now
        try:
            (worker or self.worker()).run(began + INVOKED_EVERY_SECONDS)
        except Died:
            self.deaths += 1
        except (ClientError, ReadTimeoutError):
            pass  # Lambda notes an error; the next invocation comes
        self.sleep(max(0.0, began + INVOKED_EVERY_SECONDS - self.now))

    def worker(self) -> Engine:
        """A worker that has just begun."""
        client: Any = Unsteady(self)
        return Engine(
            CampaignsTable(client, TABLE, self.sleep),
            CampaignNumbers(client, TABLE, self.sleep),
            self,
            self,
            self,
            self.observer,  # type: ignore[arg-type] # it only counts
            now=lambda: self.now,
            clock=lambda: self.now,
            sleep=self.sleep,
        )

    @property
    def is_on(self) -> bool:
        """Whether the campaign is not over."""
        return bool(self.store.active(int(self.now)))

    @property
    def progress(self) -> Progress:
        """How far the campaign is."""
        return self.store.read([self.campaign.id])[0][1]

    def change(self, status: str) -> None:
        """A person pauses, resumes or cancels it."""
        current = self.store.campaign(self.campaign.id)
        assert current is not None
        self.store.change(current.with_status(status))

    # --- The list, Telnyx and the threads --------------------------------------------------------------------------

    def part(self, campaign_id: str, part: int) -> Sequence[Recipient]:
        """As `Lists.part`."""
        del campaign_id
        if self.part_fault:
            raise self.part_fault
        if self.parts_lost:
            return []
        first = part * PART_RECIPIENTS
        rows = range(first, min(first + PART_RECIPIENTS, self.campaign.recipients))
        zones = ("America/New_York",)
        return [Recipient(row + 2, f"+1555{row:07}", zones, {"street": f"{row} Main Street"}) for row in rows]

    def submit(self, work: Callable[[], Outcome], /) -> Future[Outcome]:
        """As a pool of threads: the answer comes a moment later."""
        future: Future[Outcome] = Future()
        outcome = work()
        self.after(TELNYX_SECONDS, lambda: future.set_result(outcome))
        return future

    def send(self, command: Command, command_id: str, deadline: float) -> Outcome:
        """As `TelnyxApi.send`."""
        del deadline
        self.die_perhaps()
        if self.locked_out:
            return Outcome("unavailable", 1, 401, reason="unauthorized")
        drawn = self.chance.random()
        if drawn < self.faults.too_many:
            return Outcome("unavailable", 2, TOO_MANY, reason="rate-limited", retry_after_seconds=2.0, rate_limited=2)
        if drawn < self.faults.too_many + self.faults.fails / 2:
            return Outcome("unavailable", 2, 503, reason="server-error")
        outcome = Outcome("accepted", 1, ACCEPTED, {"data": self._dialled(command, command_id)})
        self.die_perhaps()
        if drawn < self.faults.too_many + self.faults.fails:
            return Outcome("unavailable", 2, reason="timeout")
        return outcome

    def find_call(self, call_control_id: str) -> CallInfo | None:
        """As `TelnyxApi.find_call`."""
        return CallInfo(bool(self.alive[call_control_id]), "")

    def _dialled(self, command: Command, command_id: str) -> dict[str, str]:
        known = self._seen.get(command_id)
        if known and self.now - known[0] <= REMEMBERED_SECONDS:
            return known[1]
        place = DialId.read(ClientState.decode(str(command.parameters["client_state"])).campaign)
        assert place is not None
        self.rings.append(self.now)
        self.rung[place] += 1
        name = f"{place.row}-{place.round}-{self.rung[place]}"
        data = {"call_leg_id": f"leg-{name}", "call_session_id": f"session-{name}", "call_control_id": f"v3:{name}"}
        self._seen[command_id] = (self.now, data)
        self.after(REMEMBERED_SECONDS + 1, lambda: self._seen.pop(command_id, None) and None)
        self._lead(place, data)
        return data

    def _lead(self, place: DialId, data: Mapping[str, str]) -> None:
        """What the webhook function notes of the call by and by."""
        outcome = self.chance.choices(self._outcomes, self._weights)[0]
        _, rings, lasts = ANSWERS[outcome]
        note = CallNote(data["call_leg_id"], data["call_session_id"], data["call_control_id"])
        self.alive[note.control_id] = 1
        self.most_alive = max(self.most_alive, self.alive.total())
        silent = self.chance.random() < self.faults.silent

        def end() -> None:
            del self.alive[note.control_id]
            if not silent:
                self._note(place, note._replace(outcome=outcome, at=int(self.now), seconds=lasts))
                if lasts:
                    self.after(BILLING_SECONDS, lambda: self._bill(place, lasts))

        if not silent:
            self.after(0.3 + self.chance.random() * 2, lambda: self._note(place, note))
        self.after(rings + lasts + self.chance.random() * 3, end)

    def _note(self, place: DialId, note: CallNote) -> None:
        kept = self.table.get({"call_session_id": {"S": place.partition}, "item": {"S": place.call_item}})
        if note.outcome or kept is None:
            self.table.transact_write_items(TransactItems=[campaign_note(TABLE, place, note, int(self.now))])

    def _bill(self, place: DialId, lasts: int) -> None:
        """Telnyx reports what the call cost."""
        cost = campaign_cost(TABLE, place, Spent(MINUTE_COSTS * -(-lasts // 60), 1))
        self.table.transact_write_items(TransactItems=[cost])

    def die_perhaps(self) -> None:
        """End the worker, as the seed or the plan says."""
        if self.chance.random() < self.faults.dies:
            raise Died

    # --- What is left ----------------------------------------------------------------------------------------------

    def most_in(self, seconds: float) -> int:
        """The most dials within so many seconds."""
        return max((bisect_left(self.rings, at + seconds) - place for place, at in enumerate(self.rings)), default=0)


class Unsteady:
    """The table behind requests that take time and fail."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        simulation, faults = self._simulation, self._simulation.faults
        obey = getattr(simulation.table, operation)

        def request(**parameters: Any) -> Any:  # noqa: ANN401 -- boto's own
            place, simulation.requests = simulation.requests, simulation.requests + 1
            if faults.at.get(place) == "before":
                raise Died
            simulation.die_perhaps()
            simulation.sleep(AWS_SECONDS)
            drawn = simulation.chance.random()
            if drawn < faults.throttled:
                raise ClientError({"Error": {"Code": "ThrottlingException"}}, operation)
            answer = obey(**parameters)
            simulation.die_perhaps()
            if faults.at.get(place) == "after":
                raise Died
            if drawn < faults.throttled + faults.unanswered:
                raise ReadTimeoutError(endpoint_url=operation)
            return answer

        return request
