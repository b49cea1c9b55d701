"""The queries of CloudWatch Logs Insights that dashboards show as tables, over the lines that Lambda itself writes."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.watching.measurements import percentile

_SOURCE = re.compile(r"SOURCE '(?P<group>[^']+)'")
_FILTER = re.compile(r"filter (?P<field>@?\w+) = '(?P<value>[^']+)'")
_PARSE = re.compile(r"parse (?P<field>@?\w+) /(?P<pattern>.+)/")
_STATS = re.compile(r"stats (?P<columns>.+) by (?P<by>@?\w+)")
_COLUMN = re.compile(r"(?P<of>\w+)\((?P<field>[@*\w]+)(?: / (?P<by>\d+))?(?:, (?P<percent>\d+))?\) as (?P<name>\w+)")
_SORT = re.compile(r"sort (?P<name>\w+) desc")

Record = dict[str, "str | float"]
"""A log line's fields; those that CloudWatch finds in Lambda's own lines begin with @."""


@dataclass(frozen=True, slots=True)
class Table:
    """A query's result."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]
    """The group first; None if there is no value."""


def asked(query: str, logs: Mapping[str, Sequence[Record]]) -> Table:
    """A query's answer over log groups. Raises ValueError for what is not understood here."""
    records: list[Record] = []
    table = Table((), ())
    for command in query.split(" | "):
        if found := _SOURCE.fullmatch(command):
            records += [{"@log": found["group"], **each} for each in logs.get(found["group"], ())]
        elif found := _FILTER.fullmatch(command):
            records = [each for each in records if each.get(found["field"]) == found["value"]]
        elif found := _PARSE.fullmatch(command):
            pattern = re.compile(found["pattern"].replace("(?<", "(?P<"))
            records = [_parsed(each, found["field"], pattern) for each in records]
        elif found := _STATS.fullmatch(command):
            table = _counted(records, found["columns"], found["by"])
        elif found := _SORT.fullmatch(command):
            place = table.columns.index(found["name"])
            table = Table(table.columns, tuple(sorted(table.rows, key=lambda row: -float(row[place] or 0))))
        else:
            raise ValueError(f"not understood here: {command}")
    return table


def _parsed(record: Record, field: str, pattern: re.Pattern[str]) -> Record:
    found = pattern.search(str(record.get(field, "")))
    return record | ({name: float(value) for name, value in found.groupdict().items()} if found else {})


def _counted(records: Sequence[Record], columns: str, by: str) -> Table:
    found = list(_COLUMN.finditer(columns))
    if ", ".join(each[0] for each in found) != columns:
        raise ValueError(f"not understood here: stats {columns}")
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[str(record[by])].append(record)
    rows = tuple((group, *(_statistic(column, each) for column in found)) for group, each in groups.items())
    return Table((by, *(each["name"] for each in found)), rows)


def _statistic(column: re.Match[str], records: Sequence[Record]) -> float | None:
    if column["field"] == "*":
        return len(records)
    values = [float(each[column["field"]]) for each in records if column["field"] in each]
    if column["of"] == "count":
        return len(values)
    if not values:
        return None
    if column["of"] == "max":
        return max(values) / float(column["by"] or 1)
    if column["of"] == "pct":
        return percentile(values, float(column["percent"]))
    raise ValueError(f"not understood here: {column[0]}")
