"""Plays a campaign on virtual time: how long it takes, what it asks of AWS, whether memory grows with the list.

`python -m tests.benchmarks.campaign 10000` plays one with mixed outcomes, deaths, throttling and Telnyx's 429s;
`--steady` leaves the faults out. The table lies on disk, so that what grows is the worker's own.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dialtone.domain.campaigns.campaign import PAUSED, RUNNING
from infra.flowkit.memory_table import MemoryTable
from tests.simulation.campaigning import STARTS, Faults, Simulation

if TYPE_CHECKING:
    from collections.abc import Iterator

FAULTS = Faults(throttled=0.003, unanswered=0.002, dies=0.0001, too_many=0.01, fails=0.01, silent=0.002)
KILOBYTES_A_MEGABYTE = 1024


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


class Counting(Simulation):
    """A simulation that counts what it would otherwise list."""

    dials = 0
    twice = 0
    most_in_five = 0

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
        began = time.monotonic()
        megabytes: list[int] = []
        paused = 0
        while simulation.is_on and simulation.now < STARTS + 30 * 86_400:
            simulation.invoke()
            if simulation.store.read(["water-off"])[0][0].status == PAUSED:
                paused += 1
                simulation.change(RUNNING)
            if simulation.progress.recipients * 10 // given.recipients >= len(megabytes):
                megabytes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KILOBYTES_A_MEGABYTE)
        progress = simulation.progress
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
