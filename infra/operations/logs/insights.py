"""Runs CloudWatch Logs Insights queries: starts one, waits, and stops it on Ctrl-C."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from dialtone.domain.errors import DialtoneError

POLL_SECONDS = 1.0
TIMEOUT_SECONDS = 300.0
"""Insights allows an hour; too long for somebody at a terminal."""

MOST_ROWS = 1_000

DOLLARS_A_GIGABYTE = 0.005
"""Of what a query scans; us-east-1, as of 2026-11."""
BYTES_A_GIGABYTE = 1e9

_POINTER = "@ptr"
_ENDS = {"Failed": "failed", "Cancelled": "was cancelled", "Timeout": "took too long"}


@dataclass(frozen=True, slots=True)
class Found:
    """What a query found, and what it read for it."""

    rows: tuple[Mapping[str, str], ...]
    bytes_scanned: float
    records_scanned: float

    @property
    def dollars(self) -> float:
        """What it cost."""
        return self.bytes_scanned / BYTES_A_GIGABYTE * DOLLARS_A_GIGABYTE


@dataclass(frozen=True, slots=True)
class Insights:
    """Runs queries. Raises botocore's errors, and DialtoneError for a query that comes to no result."""

    logs: Any
    """boto3's client."""
    progress: Callable[[str], None]
    """Receives the progress of a query."""
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic

    def run(self, text: str, log_groups: Sequence[str], since: datetime, until: datetime) -> Found:
        """The query's result. However this ends, no query of ours runs on."""
        started = self.logs.start_query(
            logGroupNames=list(log_groups),
            startTime=int(since.timestamp()),
            endTime=int(until.timestamp()),
            queryString=text,
            limit=MOST_ROWS,
        )
        query_id = started["queryId"]
        try:
            return self._result(query_id)
        except BaseException:
            with suppress(BotoCoreError, ClientError):  # it is over already, or ends by itself
                self.logs.stop_query(queryId=query_id)
            raise

    def _result(self, query_id: str) -> Found:
        ends = self.monotonic() + TIMEOUT_SECONDS
        while True:
            answer = self.logs.get_query_results(queryId=query_id)
            status, statistics = answer["status"], answer.get("statistics", {})
            scanned = statistics.get("bytesScanned", 0.0)
            if status == "Complete":
                return Found(_rows(answer["results"]), scanned, statistics.get("recordsScanned", 0.0))
            if status in _ENDS:
                raise DialtoneError(f"the query {_ENDS[status]}: run it again, over less time (--since)")
            if self.monotonic() > ends:
                raise DialtoneError(
                    f"the query is not done after {TIMEOUT_SECONDS:.0f} s: run it over less time (--since)"
                )
            self.progress(f"{status.lower()}, {scanned / 1e6:,.1f} MB read so far")
            self.sleep(POLL_SECONDS)


def _rows(results: Iterable[Iterable[Mapping[str, str]]]) -> tuple[Mapping[str, str], ...]:
    return tuple({each["field"]: each.get("value", "") for each in row if each["field"] != _POINTER} for row in results)
