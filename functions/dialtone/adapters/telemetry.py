"""Log lines and metrics by Powertools: one line for each webhook or job, metrics with few and bounded dimensions."""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from dialtone.domain.redaction import redacted, redacted_exception

NAMESPACE_VARIABLE = "POWERTOOLS_METRICS_NAMESPACE"
"""Powertools' variable for the metrics' namespace; template.yaml gives each stack its own."""

NAMESPACE = "Dialtone/local"
"""The default namespace, for a developer's machine."""

logging.logAsyncioTasks = False  # type: ignore[attr-defined, unused-ignore]  # since 3.12; otherwise each log line asks asyncio for its task

Level = Literal["info", "warning", "error"]
Unit = Literal["Count", "Milliseconds", "Seconds", "Bytes", "None"]


class Measure(NamedTuple):
    """One value of a metric, by service and the given dimensions."""

    name: str
    value: float = 1
    unit: Unit = "Count"
    dimensions: Mapping[str, str] = MappingProxyType({})


class Observer:
    """A function's log and metrics. Names of metrics and dimensions must match infra/monitoring.yaml."""

    def __init__(self, service: str) -> None:
        namespace = os.environ.get(NAMESPACE_VARIABLE) or NAMESPACE
        # Not `Metrics`, whose values are shared by the whole process.
        self._metrics = AmazonCloudWatchEMFProvider(service=service, namespace=namespace)
        # The code location would always be here.
        self._logger = Logger(service=service, location=None, json_serializer=_line)

    def log(self, level: Level, message: str, fields: Mapping[str, Any], *, failed: bool | Exception = False) -> None:
        """Write one structured line. `failed` adds an exception (True: the one being handled) as a field."""
        write = {"info": self._logger.info, "warning": self._logger.warning, "error": self._logger.error}[level]
        write(message, extra=dict(fields), exc_info=failed)

    def measure(self, *measures: Measure) -> None:
        """Write all values of one webhook or job in CloudWatch's embedded metric format.

        A blob holds one value per name of a metric or dimension; another value starts another blob.
        """
        alike: dict[tuple[tuple[str, str], ...], list[Measure]] = {}
        for measure in measures:
            alike.setdefault(tuple(measure.dimensions.items()), []).append(measure)
        blobs: list[dict[str, Any]] = []
        for dimensions, values in alike.items():
            _add(self._blob(dimensions, values), blobs)
        for blob in blobs:
            sys.stdout.write(json.dumps(blob, separators=(",", ":")) + "\n")

    def _blob(self, dimensions: Iterable[tuple[str, str]], measures: Iterable[Measure]) -> dict[str, Any]:
        for name, value in dimensions:
            self._metrics.add_dimension(name, value)
        for each in measures:
            self._metrics.add_metric(each.name, each.unit, each.value)
        blob = self._metrics.serialize_metric_set()
        self._metrics.clear_metrics()
        return dict(blob)


def _add(added: dict[str, Any], blobs: list[dict[str, Any]]) -> None:
    """Merge a blob into the first one without conflicting names, or append it."""
    named = {name: value for name, value in added.items() if name != "_aws"}
    for blob in blobs:
        if all(blob.get(name, value) == value for name, value in named.items()):
            blob["_aws"]["CloudWatchMetrics"] += added["_aws"]["CloudWatchMetrics"]
            blob.update(named)
            return
    blobs.append(added)


def print_exception() -> None:
    """Write the exception being handled to stderr, if no log line can be written."""
    sys.stderr.write(redacted_exception(traceback.format_exc()))


def _line(entry: Mapping[str, Any]) -> str:
    """A log line.

    The only place where data that must not be logged is removed. Lone surrogates, which external texts may contain, are
    replaced, since they cannot be written.
    """
    text = json.dumps(redacted(entry), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace").decode()
