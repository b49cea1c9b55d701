"""Runs `dialtone flow lint`."""

import argparse
import sys

from dialtone.domain.errors import DialtoneError
from infra.checkout import ROOT
from infra.flowkit.lint import lint_all, looked_at
from infra.flowkit.linting.finding import Severity
from infra.flowkit.linting.formats import FORMATS, as_text
from infra.flowkit.linting.rule import rules
from infra.flowkit.linting.rules.unknown_step import near
from infra.projects.project import NO_PROJECT, nearest

PAGES = ROOT / "docs" / "lint"


def run(given: argparse.Namespace) -> int:
    """Print every finding; 1 if one of them is an error, or with --strict a warning."""
    if given.rules:
        return _list_rules()
    if given.explain:
        return _explain(given.explain)
    project = nearest()
    if project.is_samples and not given.paths:
        print(f"dialtone: these are {NO_PROJECT}", file=sys.stderr)
    paths = given.paths or [project.flows]
    findings = lint_all(*paths)
    if given.format == "text":
        print(as_text(findings, rules(), looked_at(*paths)))
    elif said := FORMATS[given.format](findings, rules()):
        print(said)
    grave = {Severity.ERROR, Severity.WARNING} if given.strict else {Severity.ERROR}
    return 1 if any(each.severity in grave and not each.silenced for each in findings) else 0


def _list_rules() -> int:
    width = max(map(len, rules()))
    for each in rules().values():
        print(f"{each.name:{width}}  {each.severity.value:7}  {each.about}")
    return 0


def _explain(name: str) -> int:
    if name not in rules():
        raise DialtoneError(f"{name} is not a rule; {near(name, rules(), '`dialtone flow lint --rules` lists them')}")
    print((PAGES / f"{name}.md").read_text(encoding="utf-8"), end="")
    return 0
