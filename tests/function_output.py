"""What a function writes to its standard output: the log's lines and the metrics' blobs of CloudWatch."""

from __future__ import annotations

import io
import json
import logging
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

from dialtone.adapters.telemetry import NAMESPACE, Measure, Observer

TIMES = frozenset({"HandlingTime", "EventAge", "TelnyxTime", "OldestRecordingAge"})
"""Metrics of how long something took: they count nothing."""


@dataclass(frozen=True, slots=True)
class Output:
    """What was written since the output was last read."""

    lines: list[dict[str, Any]]
    blobs: list[dict[str, Any]]
    text: str

    @classmethod
    def read(cls, text: str) -> Output:
        """Raises ValueError for a line that is not JSON: a traceback, a print, a warning."""
        parsed = [json.loads(line) for line in text.splitlines()]
        lines = [each for each in parsed if "_aws" not in each]
        return cls(lines, [each for each in parsed if "_aws" in each], text)

    @property
    def line(self) -> dict[str, Any]:
        """The one line of the log: there must not be two."""
        [line] = self.lines
        return line

    def measured(self) -> dict[tuple[str, ...], float]:
        """Give metric and dimensions → sum."""
        found: dict[tuple[str, ...], float] = {}
        for blob in self.blobs:
            for directive in blob["_aws"]["CloudWatchMetrics"]:
                assert directive["Namespace"] == NAMESPACE
                [dimensions] = directive["Dimensions"]
                for metric in directive["Metrics"]:
                    named = (metric["Name"], *(f"{name}={blob[name]}" for name in sorted(dimensions)))
                    found[named] = found.get(named, 0) + sum(blob[metric["Name"]])
        return found

    def counted(self) -> dict[str, float]:
        """Give each metric's sum over its dimensions, without how long it took."""
        sums: dict[str, float] = {}
        for (name, *_), value in self.measured().items():
            sums[name] = sums.get(name, 0) + value
        return {name: value for name, value in sums.items() if name not in TIMES}


def follow_stdout(service: str) -> None:
    """Let the service's logger write to today's stdout: it lives as long as the process, a test's stdout does not."""
    for handler in logging.getLogger(service).handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.stream = sys.stdout


class KeptOutput(Observer):
    """A function's own log and metrics, kept as text where the function would print them. One at a time."""

    def __init__(self, service: str) -> None:
        super().__init__(service)
        self._written = io.StringIO()
        for handler in logging.getLogger(service).handlers:
            assert isinstance(handler, logging.StreamHandler)
            handler.stream = self._written

    def measure(self, *measures: Measure) -> None:
        """As CloudWatch would read it."""
        with redirect_stdout(self._written):
            super().measure(*measures)

    def lines(self) -> list[str]:
        """What was written so far."""
        return self._written.getvalue().splitlines()
