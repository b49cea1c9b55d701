"""What docs/operations.md and the pages of docs/runbooks say: their sections, commands and queries."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from infra.checkout import ROOT
from infra.local import translate
from infra.local.translate import of_type

OPERATIONS = ROOT / "docs" / "operations.md"
PAGES = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)

IN_THE_DOCS = "dialtone-prod"
"""The stack of the pages' examples."""

SERVICES = {
    "WebhookLogGroup": "webhook",
    "ArchiveLogGroup": "archive",
    "LookupLogGroup": "lookup",
    "ReconcileLogGroup": "reconcile",
    "FailoverLogGroup": "failover",
    "WatchdogLogGroup": "watchdog",
    "AccessLogGroup": "access",
}
"""The log groups' logical names, and whose log each holds: `access` is API Gateway's."""

OF_CLOUDWATCH = frozenset({"@timestamp", "@message", "@type", "@duration", "@initDuration", "@maxMemoryUsed", "@log"})
"""Fields that CloudWatch itself gives a line of Lambda's."""

_LITERAL = re.compile(r'"(?P<text>[^"]*)"|/(?P<pattern>(?:\\.|[^/\n])+)/')
_NAME = re.compile(r"(?<![\w.@])@?[A-Za-z_][\w.]*(?!\w*\()")
_ALIAS = re.compile(r"\bas (\w+)")
_WORDS = frozenset(
    ["fields", "filter", "stats", "sort", "limit", "by", "asc", "desc", "and", "or", "not", "like", "in", "as", "dedup"]
)


@dataclass(frozen=True, slots=True)
class Query:
    """One of CloudWatch Logs Insights, and whose logs it reads."""

    where: str
    services: tuple[str, ...]
    text: str

    def fields(self) -> frozenset[str]:
        """The fields that it asks for, without those that it makes."""
        bare = _LITERAL.sub("", self.text)
        return frozenset(_NAME.findall(bare)) - _WORDS - frozenset(_ALIAS.findall(bare)) - OF_CLOUDWATCH

    def literals(self) -> Iterator[str]:
        """The texts that it looks for in lines; a pattern's alternatives each."""
        for found in _LITERAL.finditer(self.text):
            for each in (found["pattern"] or found["text"] or "").split("|"):
                yield each.lstrip("^").replace("\\", "")


def blocks(language: str) -> list[tuple[str, str]]:
    """The code blocks in a language: page and text."""
    return [
        (page.name, text)
        for page in (*PAGES, OPERATIONS)
        for found, text in BLOCK.findall(page.read_text(encoding="utf-8"))
        if found == language
    ]


def commands(program: str) -> list[str]:
    """The lines of the pages' shell blocks that begin with this."""
    lines = [line.strip() for _, block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith(f"{program} ")]


def queries() -> list[Query]:
    """The pages' queries, whose first line says whose log is meant, and those that are deployed with the stack."""
    return [*_of_pages(), *_deployed()]


def fields_of(line: Any, above: str = "") -> Iterator[str]:  # noqa: ANN401 -- a log line, or a part of one
    """A line's fields as CloudWatch names them: those of objects and lists with a dot between."""
    inside: Iterable[tuple[object, Any]] = ()
    if isinstance(line, dict):
        inside = line.items()
    elif isinstance(line, list):
        inside = enumerate(line)
    for name, value in inside:
        yield f"{above}{name}"
        yield from fields_of(value, f"{above}{name}.")


def access_log_fields() -> frozenset[str]:
    """The fields of API Gateway's log."""
    api = translate.read(ROOT / "template.yaml")["Resources"]["HttpApi"]["Properties"]
    return frozenset(json.loads(api["AccessLogSettings"]["Format"]))


def _of_pages() -> Iterator[Query]:
    for page, block in blocks("logs"):
        first, _, text = block.partition("\n")
        yield Query(page, tuple(first.removeprefix("#").split()), text)


def _deployed() -> Iterator[Query]:
    monitoring = translate.read(ROOT / "infra" / "monitoring.yaml")
    for name, definition in of_type(monitoring, "AWS::Logs::QueryDefinition").items():
        properties = definition["Properties"]
        groups = [each["Ref"].removesuffix("Name") for each in properties["LogGroupNames"]]
        yield Query(name, tuple(SERVICES[group] for group in groups), properties["QueryString"])
