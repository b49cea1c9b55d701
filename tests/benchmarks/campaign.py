"""Plays a campaign on virtual time: how long it takes, what it asks of AWS, whether memory grows with the list.

`python -m tests.benchmarks.campaign 10000` plays one with mixed outcomes, deaths, throttling and Telnyx's 429s;
`--steady` leaves the faults out. The table lies on disk, so that what grows is the worker's own.
"""

from __future__ import annotations

import argparse
import heapq
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from campaigns.engine import Engine
from dialtone.adapters.campaign_numbers import NumberRecord
from dialtone.adapters.campaigns_table import Lease
from dialtone.domain.campaigns.campaign import DONE, PAUSED, RUNNING
from dialtone.domain.campaigns.estimate import estimate
from dialtone.domain.campaigns.estimate_assumptions import Assumed
from dialtone.domain.campaigns.progress import Progress
from dialtone.domain.campaigns.recipient import PART_RECIPIENTS
from infra.flowkit.memory_table import MemoryTable
from infra.operations.campaigns.report import Sums, picture
from infra.operations.campaigns.status import Standing, rate_of_late
from tests.simulation.campaigning import STARTS, Faults, Simulation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dialtone.domain.campaigns.attempt import Attempt
    from dialtone.domain.campaigns.call_notes import CallNote
    from dialtone.domain.campaigns.campaign import Campaign
    from dialtone.domain.campaigns.dial_id import DialId

FAULTS = Faults(throttled=0.003, unanswered=0.002, dies=0.0001, too_many=0.01, fails=0.01, silent=0.002)
KILOBYTES_A_MEGABYTE = 1024


def _estimated(campaign: Campaign) -> Campaign:
    """As it would have been ordered."""
    assumed = Assumed(campaign.rate_per_second, campaign.max_in_flight)
    zones: dict[tuple[str, ...], int] = {("America/New_York",): campaign.recipients}
    return campaign.with_estimate(estimate(zones, campaign.window, campaign.starts_at, assumed))


class DiskItems(MutableMapping[tuple[str, str], str]):
    """Items by their keys, in a file."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute(
            "CREATE TABLE items (partition TEXT, item TEXT, text TEXT, PRIMARY KEY (partition, item)) WITHOUT ROWID"
        )

    def __getitem__(self, key: tuple[str, str]) -> str:
        found = self._database.execute("SELECT text FROM items WHERE partition = ? AND item = ?", key).fetchone()
        if found is None:
            raise KeyError(key)
        return str(found[0])

    def __setitem__(self, key: tuple[str, str], text: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", (*key, text))

    def __delitem__(self, key: tuple[str, str]) -> None:
        self._database.execute("DELETE FROM items WHERE partition = ? AND item = ?", key)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield from self._database.execute("SELECT partition, item FROM items")

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM items").fetchone()[0])


class DiskTable(MemoryTable):
    """The calls table in a file."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._database = sqlite3.connect(file, isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -32000"):
            self._database.execute(f"PRAGMA {setting}")
        self._items = DiskItems(self._database)  # type: ignore[assignment] # as a dictionary
        self._database.execute(
            "CREATE TABLE due (partition TEXT, item TEXT, shard TEXT, at INT, PRIMARY KEY (partition, item))"
        )
        self._database.execute("CREATE INDEX by_shard ON due (shard, at)")

    def query(self, *, ExpressionAttributeValues: Any, IndexName: str = "", Limit: int = 0, **_: Any) -> Any:  # noqa: N803, ANN401 -- boto's own
        """As MemoryTable's."""
        if not IndexName:
            partition, prefix = (ExpressionAttributeValues[name]["S"] for name in (":session", ":prefix"))
            keys = self._database.execute("SELECT item FROM items WHERE partition = ? ORDER BY item", (partition,))
            items = [self.get(_key(partition, item)) for (item,) in keys.fetchall() if item.startswith(prefix)]
            return {"Items": items}
        shard, until = ExpressionAttributeValues[":shard"]["S"], int(ExpressionAttributeValues[":now"]["N"])
        found = self._database.execute(
            "SELECT partition, item FROM due WHERE shard = ? AND at <= ? ORDER BY at LIMIT ?",
            (shard, until, Limit or -1),
        )
        return {"Items": [_key(*each) for each in found]}

    def _leave_index(self, key: tuple[str, str]) -> None:
        self._database.execute("DELETE FROM due WHERE partition = ? AND item = ?", key)

    def _keep(self, item: dict[str, Any]) -> None:
        super()._keep(item)
        self._due_in.clear()
        if "due_shard" in item and "due_at" in item:
            key = item["call_session_id"]["S"], item["item"]["S"]
            row = (*key, item["due_shard"]["S"], int(item["due_at"]["N"]))
            self._database.execute("INSERT OR REPLACE INTO due VALUES (?, ?, ?, ?)", row)


def _key(partition: str, item: str) -> dict[str, Any]:
    return {"call_session_id": {"S": partition}, "item": {"S": item}}


class EngineOnly:
    """In place of the table: what is open or waits, as the values that the engine has. Who is settled is forgotten."""

    def __init__(self, campaign: Campaign) -> None:
        self.known = campaign
        self.progress = Progress()
        self.lease_now = Lease()
        self.attempts_open: dict[int, Attempt] = {}
        self.waiting: dict[int, Attempt] = {}
        self.due: list[tuple[int, int]] = []
        """When rows wait until; also of some that wait no more."""
        self.noted: dict[str, CallNote] = {}

    def active(self, now: int) -> list[str]:
        """As CampaignsTable's, as all that follows."""
        del now
        return [] if self.known.status == DONE else [self.known.id]

    def read(self, campaign_ids: Iterable[str]) -> list[tuple[Campaign, Progress]]:
        return [(self.known, self.progress) for _ in campaign_ids]

    def order(self, campaign: Campaign) -> None:
        self.known = campaign

    def campaign(self, campaign_id: str) -> Campaign:
        del campaign_id
        return self.known

    def change(self, campaign: Campaign, progress: Progress | None = None) -> None:
        self.known = campaign
        if progress:
            self.progress = replace(progress, version=progress.version + 1)

    def open_attempts(self, campaign_id: str) -> list[Attempt]:
        del campaign_id
        return list(self.attempts_open.values())

    def waiting_attempts(self, campaign_id: str, until: int, most: int) -> list[Attempt]:
        del campaign_id
        looked_at: list[tuple[int, int]] = []
        while self.due and self.due[0][0] <= until and len(looked_at) < most:
            due_at, row = heapq.heappop(self.due)
            if row in self.waiting and self.waiting[row].due_at == due_at:
                looked_at.append((due_at, row))
        for each in looked_at:
            heapq.heappush(self.due, each)
        return [self.waiting[row] for _, row in looked_at]

    def commit(
        self, campaign_id: str, attempts: Sequence[Attempt], progress: Progress, more: object = (), *, now: int
    ) -> tuple[list[Attempt], Progress]:
        del campaign_id, more
        stored = [replace(each, version=each.version + 1) for each in attempts]
        for each in stored:
            gone = self.attempts_open.pop(each.row, None)
            if gone and not each.is_open:
                self.noted.pop(str(gone.dial_id), None)
            if each.is_open:
                self.attempts_open[each.row] = each
            self.waiting.pop(each.row, None)
            if each.due_at and not each.is_open:
                self.waiting[each.row] = each
                heapq.heappush(self.due, (each.due_at, each.row))
        self.progress = replace(progress, at=now, version=progress.version + 1)
        return stored, self.progress

    def notes(self, places: Iterable[DialId]) -> dict[DialId, tuple[CallNote, ...]]:
        return {place: (self.noted[str(place)],) for place in places if str(place) in self.noted}

    def lease(self) -> Lease:
        return self.lease_now

    def take_lease(self, was: Lease, holder: str, until: float) -> Lease:
        self.lease_now = Lease(holder, until, was.version + 1)
        return self.lease_now

    def records(self, numbers: Iterable[str]) -> dict[str, NumberRecord]:
        """As CampaignNumbers's: nobody was ever dialled before."""
        return {number: NumberRecord(number) for number in numbers}

    def count_write(self, *_: object) -> dict[str, object]:
        return {}


class Counting(Simulation):
    """A simulation that counts what it would otherwise list."""

    engine_only: EngineOnly | None = None
    dials = 0
    twice = 0
    most_in_five = 0

    def worker(self) -> Engine:
        """As Simulation's; over what stands in place of the table, where something does."""
        if self.engine_only is None:
            return super().worker()
        everything: Any = self.engine_only
        observer: Any = self.observer
        clock = lambda: self.now  # noqa: E731 -- the same for both
        return Engine(everything, everything, self, self, self, observer, clock, clock, self.sleep)

    def _note(self, place: DialId, note: CallNote) -> None:
        if self.engine_only is None:
            super()._note(place, note)
        elif note.outcome or str(place) not in self.engine_only.noted:
            self.engine_only.noted[str(place)] = note

    def _dialled(self, command: Any, command_id: str) -> dict[str, str]:  # noqa: ANN401 -- passed on
        data = super()._dialled(command, command_id)
        if self.rings and self.rings[-1] == self.now:
            self.dials += 1
        self.rings = [at for at in self.rings if at > self.now - 5.0]
        self.most_in_five = max(self.most_in_five, len(self.rings))
        if len(self.rung) > KEPT:
            for place in list(self.rung)[: KEPT // 2]:
                self.twice += self.rung.pop(place) > 1
        return data


KEPT = 50_000
"""Rounds of which it is remembered that they rang: those of half an hour."""


def main() -> int:
    """Play, and say what came of it; 1 if anybody is not accounted for or was dialled twice in a round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipients", type=int)
    parser.add_argument("--rate", type=float, default=25.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine-only", action="store_true", help="without the table: the memory is the engine's")
    parser.add_argument("--picture", type=Path, help="draw its report there")
    parser.add_argument(
        "--show", action="store_true", help="say at each tenth of the list how it stands, as operators see it"
    )
    parser.add_argument("--steady", action="store_true", help="without faults")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        faults = Faults() if given.steady else FAULTS
        table = DiskTable(Path(folder) / "table.sqlite")
        simulation = Counting(
            given.recipients,
            seed=given.seed,
            faults=faults,
            table=table,
            rate_per_second=given.rate,
            max_in_flight=1_500,
        )
        if given.engine_only:
            simulation.engine_only = EngineOnly(simulation.campaign)
            simulation.store = simulation.engine_only  # type: ignore[assignment] # as far as a simulation needs it
        began = time.monotonic()
        megabytes: list[int] = []
        paused = 0
        while simulation.is_on and simulation.now < STARTS + 30 * 86_400:
            simulation.invoke()
            if simulation.store.read(["water-off"])[0][0].status == PAUSED:
                paused += 1
                simulation.change(RUNNING)
            if simulation.progress.recipients * 10 // given.recipients >= len(megabytes):
                if given.show:
                    campaign, progress = simulation.store.read(["water-off"])[0]
                    standing = Standing(campaign, progress, simulation.now, rate_of_late(progress))
                    sys.stderr.write("\n".join(standing.lines()) + "\n")
                sys.stderr.write(f"{simulation.progress.recipients} {(time.monotonic() - began):.0f} s\n")
                megabytes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KILOBYTES_A_MEGABYTE)
        progress = simulation.progress
        if given.picture:
            campaign, sums = _estimated(simulation.store.read(["water-off"])[0][0]), Sums()
            parts = range(-(-given.recipients // PART_RECIPIENTS))
            for attempt in (each for part in parts for each in simulation.store.attempts("water-off", part)):
                sums.add(attempt)
            given.picture.write_text(picture(campaign, sums, simulation.store.spent("water-off")), encoding="utf-8")
        twice = simulation.twice + sum(each > 1 for each in simulation.rung.values())
    said = (
        f"{given.recipients} recipients, {progress.dials} dials claimed, {simulation.dials} rung, {twice} twice",
        f"accounted for: {progress.settled}; {dict(progress.outcomes)}; refused {dict(progress.refused)}",
        f"calls by outcome: {dict(progress.calls)}",
        f"virtual {(simulation.now - STARTS) / 3_600:.2f} h; {simulation.most_in_five} dials in 5 s at most",
        f"{paused} times paused by its guard; {simulation.deaths} workers died",
        f"{simulation.requests} requests of workers to DynamoDB; {dict(simulation.observer.measured)}",
        f"memory by tenths of the list, MB: {megabytes}; played in {time.monotonic() - began:.0f} s",
    )
    sys.stdout.write("\n".join(said) + "\n")
    return int(progress.settled != given.recipients or twice > 0)


if __name__ == "__main__":
    sys.exit(main())
