"""`dialtone flow lint`: what is wrong with phone menus, where, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dialtone.domain.errors import DialtoneError
from infra.checkout import FLOWS, ROOT
from infra.flowkit.lint import lint_all
from infra.flowkit.linting.finding import Severity
from infra.flowkit.linting.formats import FORMATS
from infra.flowkit.linting.rule import rules
from infra.flowkit.linting.rules.unknown_step import near

if TYPE_CHECKING:
    import argparse

PAGES = ROOT / "docs" / "lint"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="folders of flows, or flows (default: functions/flows)"
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
    findings = lint_all(*(given.paths or [FLOWS]))
    if said := FORMATS[given.format](findings, rules()):
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
