"""The alarms and dashboards of infra/monitoring.yaml, with the names of one stack filled in."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.translate import Template, of_type
from infra.watching.expressions import evaluated
from infra.watching.measurements import Measurements, Name, Series, Span

_PLACE = re.compile(r"\$\{(?P<literal>!?)(?P<name>[^}]+)\}")
_ALARM = re.compile(r'ALARM\("(\w+)"\)')
_BREACHES: Mapping[str, Callable[[Any, Any], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
SHORTEST_STEP_SECONDS = 60
LONGEST_STEP_SECONDS = 3_600

DEFAULTS = {
    "StackName": "dialtone-prod",
    "AWS::Region": "eu-central-1",
    "CallsExpectedFrom": "8",
    "CallsExpectedUntil": "18",
    "CallsExpectedOn": "5",
    "DailyCallBudget": "50",
}
"""What the places of a template are filled with; any other is filled with its own name."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm."""

    logical: str
    properties: Mapping[str, Any]
    names: Mapping[str, str]

    @property
    def name(self) -> str:
        """Without the stack's."""
        return _name(self.properties)

    @property
    def metric(self) -> Name:
        """What it watches, where that is one metric."""
        return self._metric(self.properties)

    def rings(self, measured: Measurements, now: float) -> bool:
        """Whether it is on at that time, by what was measured until then."""
        count = int(self.properties["EvaluationPeriods"])
        seconds = self._period
        step = max(SHORTEST_STEP_SECONDS, min(seconds, LONGEST_STEP_SECONDS))
        ends = now // step * step
        span = Span(ends - count * seconds, ends)
        series = self._series(measured, span, seconds)
        breaches, threshold = _BREACHES[self.properties["ComparisonOperator"]], float(self._value("Threshold"))
        missing = self.properties["TreatMissingData"] == "breaching"
        breaching = [
            breaches(series[begins], threshold) if begins in series else missing for begins in span.periods(seconds)
        ]
        enough = int(self.properties.get("DatapointsToAlarm", count))
        return breaching.count(True) >= enough

    @property
    def _period(self) -> float:
        stats = [each["MetricStat"] for each in self.properties.get("Metrics", ()) if "MetricStat" in each]
        return float(stats[0]["Period"] if stats else self.properties["Period"])

    def _series(self, measured: Measurements, span: Span, seconds: float) -> Series:
        if "Metrics" not in self.properties:
            stat = self.properties.get("Statistic") or self.properties["ExtendedStatistic"]
            return measured.series(self._metric(self.properties), stat, seconds, span)
        found: dict[str, Series] = {}
        for each in reversed(self.properties["Metrics"]):  # what an expression is made of stands below it
            if "MetricStat" in each:
                stat = each["MetricStat"]
                found[each["Id"]] = measured.series(self._metric(stat["Metric"]), stat["Stat"], seconds, span)
            else:
                written = filled(each["Expression"], self.names)
                found[each["Id"]] = evaluated(written, found, span.periods(seconds))
        [wanted] = [each["Id"] for each in self.properties["Metrics"] if each["ReturnData"]]
        return found[wanted]

    def _metric(self, metric: Mapping[str, Any]) -> Name:
        dimensions = {each["Name"]: filled(each["Value"], self.names) for each in metric.get("Dimensions", ())}
        return Name.of(filled(metric["Namespace"], self.names), metric["MetricName"], dimensions)

    def _value(self, name: str) -> str:
        return filled(self.properties[name], self.names)


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack's alarms and dashboards."""

    alarms: Mapping[str, Alarm]
    composites: Mapping[str, tuple[str, ...]]
    """Alarms that ring while any of others does, by their logical names."""
    composite_names: Mapping[str, str]
    dashboards: Mapping[str, Mapping[str, Any]]
    """Each dashboard's body."""

    @classmethod
    def of(cls, template: Template, names: Mapping[str, str] | None = None) -> Stack:
        """Those of a template."""
        known = DEFAULTS | dict(names or {})
        alarms = {
            logical: Alarm(logical, each["Properties"], known)
            for logical, each in of_type(template, "AWS::CloudWatch::Alarm").items()
        }
        over_others = of_type(template, "AWS::CloudWatch::CompositeAlarm")
        composites = {
            logical: tuple(_ALARM.findall(filled(each["Properties"]["AlarmRule"], {})))
            for logical, each in over_others.items()
        }
        composite_names = {logical: _name(each["Properties"]) for logical, each in over_others.items()}
        dashboards = {
            logical: json.loads(filled(each["Properties"]["DashboardBody"], known))
            for logical, each in of_type(template, "AWS::CloudWatch::Dashboard").items()
        }
        return cls(alarms, composites, composite_names, dashboards)

    @property
    def names(self) -> Mapping[str, str]:
        """Every alarm's name without the stack's, by its logical name."""
        return {logical: alarm.name for logical, alarm in self.alarms.items()} | dict(self.composite_names)

    def ringing(self, measured: Measurements, now: float) -> frozenset[str]:
        """The logical names of all alarms that are on."""
        ringing = {logical for logical, alarm in self.alarms.items() if alarm.rings(measured, now)}
        return frozenset(ringing | {name for name, others in self.composites.items() if ringing & set(others)})


def _name(properties: Mapping[str, Any]) -> str:
    return str(properties["AlarmName"]["Fn::Sub"]).removeprefix("${StackName}-")


def filled(value: Any, names: Mapping[str, str]) -> str:  # noqa: ANN401 -- text, a number, or an intrinsic function
    """The text of a template's value: of Ref and Fn::Sub with these names, each other by its own."""
    if not isinstance(value, dict):
        return str(value)
    if "Ref" in value:
        return names.get(value["Ref"], value["Ref"])
    return _PLACE.sub(
        lambda found: (
            f"${{{found['name']}}}"
            if found["literal"]
            else names.get(found["name"], found["name"].removesuffix(".Arn"))
        ),
        value["Fn::Sub"],
    )
