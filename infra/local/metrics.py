"""Which metrics are asked for, by dashboard and alarms, and which are given, by the functions' logs."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.translate import Template, of_type

NAMESPACE = "Dialtone/"
"""How the namespace of a stack's own metrics begins; the stack's name follows."""

AWS_NAMESPACES = "AWS/"
"""How the namespaces of AWS's own metrics begin."""

# ${Name} in a Fn::Sub; what it becomes does not matter here.
SUBSTITUTION = re.compile(r"\$\{[^}]+\}")
# CloudWatch's search: {namespace,dimension,…} property="value" …
SEARCH = re.compile(r"SEARCH\('\{(?P<schema>[^}]+)\} (?P<terms>[^']+)'")
# Of rows that stand elsewhere in the widget, by their ids.
ARITHMETIC = re.compile(r"[\w\s.+*/-]+")
TERM = re.compile(r'(?P<name>\w+)="(?P<value>[^"]+)"')


@dataclass(frozen=True, slots=True, order=True)
class Metric:
    """A metric of Dialtone's own, as CloudWatch tells metrics apart: by name and dimensions, `service` among these."""

    name: str
    service: str
    """'' for one that CloudWatch makes of a log that is no function's."""
    dimensions: tuple[str, ...]


def asked_for(template: Template) -> frozenset[Metric]:
    """What a template's alarms and dashboards show or watch in Dialtone's namespace."""
    alarms = of_type(template, "AWS::CloudWatch::Alarm").values()
    dashboards = of_type(template, "AWS::CloudWatch::Dashboard").values()
    return frozenset(_of_alarms(alarms)) | frozenset(_of_dashboards(dashboards))


def emitted(lines: Iterable[str]) -> frozenset[Metric]:
    """What log lines give CloudWatch in the embedded metric format."""
    return frozenset(metric for line in lines for metric in _of_blob(line))


def _of_alarms(alarms: Iterable[Mapping[str, Any]]) -> Iterator[Metric]:
    for alarm in alarms:
        properties = alarm["Properties"]
        inside = [each["MetricStat"]["Metric"] for each in properties.get("Metrics", ()) if "MetricStat" in each]
        for metric in inside or [properties]:
            if _is_ours(_substituted(metric["Namespace"])):
                yield _metric(metric["MetricName"], {d["Name"]: d["Value"] for d in metric.get("Dimensions", [])})


def _of_dashboards(dashboards: Iterable[Mapping[str, Any]]) -> Iterator[Metric]:
    for dashboard in dashboards:
        body = json.loads(SUBSTITUTION.sub("", dashboard["Properties"]["DashboardBody"]["Fn::Sub"]))
        for widget in body["widgets"]:
            for row in widget["properties"].get("metrics", []):
                yield from _of_row(row)


def _of_row(row: list[Any]) -> Iterator[Metric]:
    """A dashboard's row: [namespace, name, dimension, value, …, {options}], one search, or arithmetic on other rows."""
    if isinstance(row[0], dict):
        if not ARITHMETIC.fullmatch(row[0]["expression"]):
            yield from _of_search(row[0]["expression"])
    elif _is_ours(row[0]):
        _, name, *rest = [part for part in row if isinstance(part, str)]
        yield _metric(name, dict(zip(rest[::2], rest[1::2], strict=True)))


def _of_search(expression: str) -> Iterator[Metric]:
    found = SEARCH.match(expression)
    if not found:
        raise ValueError(f"not a search that is understood here: {expression}")
    namespace, *dimensions = (part.strip('"') for part in found["schema"].split(","))
    terms = {term["name"]: term["value"] for term in TERM.finditer(found["terms"])}
    if _is_ours(namespace):
        yield Metric(terms["MetricName"], terms["service"], tuple(sorted(dimensions)))


def _of_blob(line: str) -> Iterator[Metric]:
    try:
        blob = json.loads(line)
    except ValueError:
        return
    if not isinstance(blob, dict) or "_aws" not in blob:
        return
    for directive in blob["_aws"]["CloudWatchMetrics"]:
        if _is_ours(directive["Namespace"]):
            for dimensions in directive["Dimensions"]:
                for metric in directive["Metrics"]:
                    yield _metric(metric["Name"], {name: blob[name] for name in dimensions})


def _substituted(namespace: str | Mapping[str, str]) -> str:
    return namespace if isinstance(namespace, str) else SUBSTITUTION.sub("", namespace["Fn::Sub"])


def _is_ours(namespace: str) -> bool:
    """Whether it is a stack's own. Raises ValueError for one that is neither that nor AWS's: stacks would share it."""
    if not namespace.startswith((NAMESPACE, AWS_NAMESPACES)):
        raise ValueError(f"the namespace {namespace} is not a stack's own: begin it with {NAMESPACE}")
    return namespace.startswith(NAMESPACE)


def _metric(name: str, dimensions: Mapping[str, str]) -> Metric:
    return Metric(name, dimensions.get("service", ""), tuple(sorted(dimensions)))
