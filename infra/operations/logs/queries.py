"""Queries of Logs Insights: those that are saved with the stack, and those of the runbooks. Each is written down once.

infra/monitoring.yaml has the first, docs/runbooks the second; what is run is what stands there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from dialtone.domain.errors import DialtoneError
from infra.checkout import ROOT

MONITORING = ROOT / "infra" / "monitoring.yaml"
RUNBOOKS = ROOT / "docs" / "runbooks"

CALL, ERRORS, SLOW, FUNNEL = "OneCallsStory", "ErrorsByCode", "SlowestWebhooks", "FunnelOfAFlow"
"""The saved queries, by their names in the template."""

PLACEHOLDERS = {CALL: "SESSION", FUNNEL: "FLOW"}
"""What a query asks about, as it stands in its text."""

LOG_GROUP = "LogGroup"
"""How the logical name of a function's log group ends; before it stands the service, as in `WebhookLogGroup`."""

_VALUE = re.compile(r"[\w.:~-]{1,255}")
_SECTION = re.compile(r"^## (\S+)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_QUERY = re.compile(r"^```logs\n#([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Query:
    """A query, and the functions whose logs it reads: `webhook`, `archive`, …; `access` is API Gateway's log."""

    services: tuple[str, ...]
    text: str

    @property
    def log_groups(self) -> tuple[str, ...]:
        """Their log groups, by their names in template.yaml."""
        return tuple(f"{each.title()}{LOG_GROUP}" for each in self.services)


def saved(name: str, about: str = "", file: Path = MONITORING) -> Query:
    """A saved query, about a call or a flow where it is about one.

    Raises DialtoneError for what can be no session and no flow: a query is text, and must stay the one that it is.
    """
    properties = _template(file)["Resources"][name]["Properties"]
    services = [each["Ref"].removesuffix(f"{LOG_GROUP}Name").lower() for each in properties["LogGroupNames"]]
    text = str(properties["QueryString"])
    if placeholder := PLACEHOLDERS.get(name):
        if not _VALUE.fullmatch(about):
            raise DialtoneError(f"{about!r} is neither a call nor a flow: name one as `dialtone calls list` shows it")
        text = text.replace(f'"{placeholder}"', f'"{about}"')
    return Query(tuple(services), text)


def of_alarm(alarm: str, folder: Path = RUNBOOKS) -> list[Query]:
    """The queries by which an alarm's page tells its causes apart. Raises DialtoneError for an alarm without any."""
    found = dict(_sections(folder))
    if not found:
        raise DialtoneError(f"there are no runbooks in {folder}: run this in a checkout of Dialtone")
    queries = [Query(tuple(of.split()), text) for of, text in _QUERY.findall(found.get(alarm, ""))]
    if not queries:
        known = ", ".join(sorted(name for name, section in found.items() if _QUERY.search(section)))
        raise DialtoneError(f"no runbook has a query for {alarm!r}; there are some for {known}")
    return queries


def _sections(folder: Path) -> Iterator[tuple[str, str]]:
    for page in sorted(folder.glob("*.md")):
        yield from _SECTION.findall(page.read_text(encoding="utf-8"))


class _Loader(yaml.SafeLoader):
    """CloudFormation's short forms as values: `!Ref Name` becomes `{"Ref": "Name"}`."""


def _short_form(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: node.value}


_Loader.add_multi_constructor("!", _short_form)


@cache
def _template(file: Path) -> dict[str, Any]:
    with file.open(encoding="utf-8") as text:
        found: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506 -- a SafeLoader, and our own file
    return found
