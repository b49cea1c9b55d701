"""Log lines and metrics, by Powertools: one line for each webhook or job, metrics with few and bounded dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMESPACE = "Dialtone"

Level = Literal["info", "warning", "error"]


class Observer:
    """A function's log and metrics. Names of metrics and dimensions are those that infra/monitoring.yaml asks for."""

    def __init__(self, service: str) -> None:
        self._service = service
        # Where in the code the line is written is always here: no news.
        self._logger = Logger(service=service, location=None)

    def log(self, level: Level, message: str, fields: Mapping[str, Any], *, failed: bool | Exception = False) -> None:
        """One structured line. With `failed`, that exception (True: the one being handled) goes with it as a field."""
        write = {"info": self._logger.info, "warning": self._logger.warning, "error": self._logger.error}[level]
        write(message, extra=dict(fields), exc_info=failed)

    def measure(self, name: str, value: float = 1, *, unit: MetricUnit = MetricUnit.Count, **dimensions: str) -> None:
        """One value of a metric, by service and the dimensions given."""
        with single_metric(
            name, unit, value, namespace=NAMESPACE, default_dimensions={"service": self._service}
        ) as metric:
            for dimension, of in dimensions.items():
                metric.add_dimension(dimension, of)
