"""`dialtone flow lint`: what is wrong with phone menus, where, and what to do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dialtone.domain.errors import DialtoneError
from infra.checkout import ROOT
from infra.flowkit.lint import lint_all, looked_at
from infra.flowkit.linting.finding import Severity
from infra.flowkit.linting.formats import FORMATS, as_text
from infra.flowkit.linting.rule import rules
from infra.flowkit.linting.rules.unknown_step import near
from infra.project import NO_PROJECT, nearest

if TYPE_CHECKING:
    import argparse

PAGES = ROOT / "docs" / "lint"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="folders of flows, or flows (default: the nearest project)",
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to tell it (default: text)")
    parser.add_argument("--strict", action="store_true", help="let warnings count as errors")
    parser.add_argument("--rules", action="store_true", help="list the rules, and look at no flow")
    parser.add_argument("--explain", metavar="RULE", help="show a rule's page, and look at no flow")
    parser.set_defaults(run=run)


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
