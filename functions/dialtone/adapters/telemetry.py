"""Log lines and metrics: one line and one blob for each webhook or job, metrics with few and bounded dimensions."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from aws_lambda_powertools import Logger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAMESPACE_VARIABLE = "POWERTOOLS_METRICS_NAMESPACE"
"""Powertools' own variable for the metrics' namespace; template.yaml gives each stack one of its own."""

NAMESPACE = "Dialtone/local"
"""The namespace where the environment names none: on a developer's machine."""

MILLIS = 1_000

Level = Literal["info", "warning", "error"]
Unit = Literal["Count", "Milliseconds", "Bytes"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One value of a metric, by the service and the dimensions given."""

    name: str
    value: float = 1
    unit: Unit = "Count"
    dimensions: Mapping[str, str] = field(default_factory=dict)


class Observer:
    """A function's log and metrics. Names of metrics and dimensions are those that infra/monitoring.yaml asks for."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._namespace = os.environ.get(NAMESPACE_VARIABLE) or NAMESPACE
        # Where in the code the line is written is always here: no news.
        self._logger = Logger(service=service, location=None, json_serializer=_line)

    def log(self, level: Level, message: str, fields: Mapping[str, Any], *, failed: bool | Exception = False) -> None:
        """One structured line. With `failed`, that exception (True: the one being handled) goes with it as a field."""
        write = {"info": self._logger.info, "warning": self._logger.warning, "error": self._logger.error}[level]
        write(message, extra=dict(fields), exc_info=failed)

    def measure(self, *measures: Measure) -> None:
        """All values of one webhook or job, in one blob of CloudWatch's embedded metric format.

        Raises ValueError where two of them cannot stand beside one another: a blob has one value for a name.
        """
        print(json.dumps(self._blob(measures, time.time()), separators=(",", ":")))  # noqa: T201 -- Lambda's log

    def _blob(self, measures: Iterable[Measure], now_seconds: float) -> dict[str, Any]:
        """Metrics with the same dimensions share a directive; Powertools' own blobs have a single one each."""
        directives: dict[tuple[str, ...], dict[str, Any]] = {}
        values: dict[str, Any] = {"service": self._service}
        for measure in measures:
            dimensions = ("service", *measure.dimensions)
            directive = {"Namespace": self._namespace, "Dimensions": [dimensions], "Metrics": []}
            metrics = directives.setdefault(dimensions, directive)["Metrics"]
            metrics.append({"Name": measure.name, "Unit": measure.unit})
            for name, value in {**measure.dimensions, measure.name: measure.value}.items():
                if values.setdefault(name, value) != value or name == "service":
                    raise ValueError(f"{name} is measured twice in one blob: {values[name]!r} and {value!r}")
        head = {"Timestamp": int(now_seconds * MILLIS), "CloudWatchMetrics": list(directives.values())}
        return {"_aws": head, **values}


def _line(entry: Mapping[str, Any]) -> str:
    """A log line. Half a surrogate pair, which no text from outside is safe from, would keep it from being written."""
    text = json.dumps(entry, default=str, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace").decode()
