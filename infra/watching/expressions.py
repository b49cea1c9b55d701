"""CloudWatch's metric math and SEARCH, as far as this stack's dashboards and alarms use them."""

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.watching.measurements import Series

_SEARCH = re.compile(
    r"SEARCH\('\{\"?(?P<namespace>[^,\"}]+)\"?(?P<dimensions>[^}]*)\} (?P<terms>[^']+)', "
    r"'(?P<stat>\w+)', (?P<period>\d+)\)"
)
_TERM = re.compile(r'(?P<name>\w+)="(?P<value>[^"]+)"')

_OPERATORS: Mapping[type, Callable[[Any, Any], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.And: lambda left, right: bool(left) and bool(right),
    ast.Or: lambda left, right: bool(left) or bool(right),
}


@dataclass(frozen=True, slots=True)
class Search:
    """A SEARCH: every metric of a name, whatever the values of its other dimensions."""

    namespace: str
    dimensions: tuple[str, ...]
    fixed: Mapping[str, str]
    metric: str
    stat: str
    period: float


def search_in(expression: str) -> Search | None:
    """The search that it is; None for arithmetic."""
    found = _SEARCH.fullmatch(expression)
    if not found:
        return None
    terms = {term["name"]: term["value"] for term in _TERM.finditer(found["terms"])}
    metric = terms.pop("MetricName")
    dimensions = tuple(filter(None, found["dimensions"].split(",")))
    return Search(found["namespace"], dimensions, terms, metric, found["stat"], float(found["period"]))


def evaluated(expression: str, series: Mapping[str, Series], periods: Sequence[float]) -> Series:
    """The series of an arithmetic expression over others, by their ids, for periods that begin then.

    Raises ValueError for an expression that it does not know: a guessed picture or alarm is worse than none.
    """
    written = re.sub(r"\bAND\b", "and", re.sub(r"\bOR\b", "or", expression))
    result = _value(ast.parse(written, mode="eval").body, series, periods)
    return result if isinstance(result, dict) else dict.fromkeys(periods, result)


def _value(node: ast.expr, series: Mapping[str, Series], periods: Sequence[float]) -> Series | float:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return node.value
    if isinstance(node, ast.Name):
        return series[node.id]
    parts, combine = _parts(node)
    values = [_value(part, series, periods) for part in parts]
    if isinstance(node, ast.Call):
        return _called(node, values, periods)
    result = values[0]
    for each, of in zip(values[1:], combine, strict=True):
        result = _combined(of, result, each)
    return result


def _parts(node: ast.expr) -> tuple[Sequence[ast.expr], Sequence[Callable[[Any, Any], float]]]:
    """What an expression is made of, and what combines its parts."""
    if isinstance(node, ast.Call):
        return node.args, ()
    if isinstance(node, ast.BinOp):
        return (node.left, node.right), (_OPERATORS[type(node.op)],)
    if isinstance(node, ast.BoolOp):
        return node.values, (_OPERATORS[type(node.op)],) * (len(node.values) - 1)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return (node.left, *node.comparators), (_OPERATORS[type(node.ops[0])],)
    raise ValueError(f"not understood here: {ast.unparse(node)}")


def _called(node: ast.Call, values: Sequence[Series | float], periods: Sequence[float]) -> Series:
    name = node.func.id if isinstance(node.func, ast.Name) and values else ""
    if not name:
        raise ValueError(f"not understood here: {ast.unparse(node)}")
    first = values[0] if isinstance(values[0], dict) else dict.fromkeys(periods, values[0])
    if name == "FILL":
        return {at: first.get(at, _at(values[1], at)) for at in periods}
    if name == "IF":
        return {at: _at(values[1] if holds else values[2], at) for at, holds in first.items()}
    if name == "HOUR":
        return {at: datetime.fromtimestamp(at, UTC).hour for at in first}
    if name == "DAY":
        return {at: datetime.fromtimestamp(at, UTC).isoweekday() for at in first}
    raise ValueError(f"not understood here: {ast.unparse(node)}")


def _at(value: Series | float, at: float) -> float:
    return value[at] if isinstance(value, dict) else value


def _combined(of: Callable[[Any, Any], float], left: Series | float, right: Series | float) -> Series | float:
    if isinstance(left, dict):
        return {at: float(of(value, _at(right, at))) for at, value in left.items() if _has(right, at)}
    if isinstance(right, dict):
        return {at: float(of(left, value)) for at, value in right.items()}
    return float(of(left, right))


def _has(value: Series | float, at: float) -> bool:
    return not isinstance(value, dict) or at in value
