"""Log lines as they were written, by FilterLogEvents: free of charge, and slower than Insights over much."""

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

SLOW_MILLISECONDS = 500
"""A webhook that takes longer is slow: DynamoDB and Telnyx usually take a fourth of it."""

SHOWN = ("event_type", "call_status", "flow", "step", "answer", "milliseconds", "reason", "error", "recording")
"""The fields that a line shows after its message; `--json` has all."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Lines for which everything holds that is said."""

    call: str = ""
    flow: str = ""
    errors: bool = False
    slow: bool = False

    @property
    def pattern(self) -> str:
        """The filter that CloudWatch is given, so that it sends little else."""
        conditions = (
            f'$.call_session_id = "{self.call}"' if self.call else "",
            f'$.flow = "{self.flow}"' if self.flow else "",
            '$.level = "ERROR" || $.level = "WARNING"' if self.errors else "",
            f"$.milliseconds >= {SLOW_MILLISECONDS}" if self.slow else "",
        )
        return "{ " + " && ".join(f"({each})" for each in conditions if each) + " }"

    def has(self, fields: Mapping[str, Any]) -> bool:
        """Whether a line is one of them: an emulator's filter lets more through than CloudWatch's."""
        return (
            self.call in {"", fields.get("call_session_id")}
            and self.flow in {"", fields.get("flow")}
            and (not self.errors or fields.get("level") in {"ERROR", "WARNING"})
            and (not self.slow or float(fields.get("milliseconds") or 0) >= SLOW_MILLISECONDS)
        )


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """A log line."""

    at_millis: int
    text: str
    fields: Mapping[str, Any] = field(compare=False)

    def __str__(self) -> str:
        """For people."""
        at = datetime.fromtimestamp(self.at_millis / 1_000, UTC)
        said = [f"{name}={self.fields[name]}" for name in SHOWN if self.fields.get(name) not in (None, "")]
        head = (self.fields.get("service", ""), self.fields.get("level", ""), self.fields.get("message", ""))
        return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}  {'  '.join(map(str, (*head, *said)))}"


def lines(logs: Any, log_groups: Iterable[str], wanted: Wanted, since: datetime, until: datetime) -> Iterator[Line]:  # noqa: ANN401 -- boto3's client
    """The lines of all these groups, the oldest first. Raises botocore's errors."""
    yield from heapq.merge(*(_of_group(logs, group, wanted, since, until) for group in log_groups))


def _of_group(logs: Any, group: str, wanted: Wanted, since: datetime, until: datetime) -> Iterator[Line]:  # noqa: ANN401 -- as above
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group,
        startTime=int(since.timestamp() * 1_000),
        endTime=int(until.timestamp() * 1_000),
        filterPattern=wanted.pattern,
    )
    for page in pages:
        for event in page["events"]:
            fields = _fields(event["message"])
            if fields and wanted.has(fields):
                yield Line(event["timestamp"], event["message"].rstrip(), fields)


def _fields(text: str) -> dict[str, Any]:
    """The fields of a line; none of what Lambda itself wrote."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) and "message" in found else {}
