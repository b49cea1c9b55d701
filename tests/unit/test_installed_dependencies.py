"""What the installed package depends on: what it imports, in the versions that were tested."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from infra.checkout import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINNED = dict(each.split("==") for each in PROJECT["dependencies"])
OURS = {"infra", *(each.name for each in (ROOT / "functions").iterdir())}
NOT_INSTALLED = {"hatchling", "snapshot-restore-py"}
"""What builds the package, and what Lambda itself has."""
NOT_IMPORTED = {"telnyx", "tzdata"}
"""Loaded by name, and data."""
BROUGHT_ALONG = {"botocore": "boto3", "pydantic-core": "pydantic", "typing-extensions": "pydantic"}
"""Which of the dependencies names it exactly, or needs it as we do."""


def test_every_dependency_is_in_the_version_that_development_has_locked() -> None:
    lock = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", lock, re.MULTILINE))

    assert {name: locked.get(name) for name in PINNED} == PINNED


def test_everything_that_is_imported_is_a_dependency() -> None:
    files = [file for folder in ("infra", "functions") for file in (ROOT / folder).rglob("*.py")]
    imported = {name for file in files for name in names(file.read_text(encoding="utf-8"))}
    distributions = packages_distributions()
    others = imported - OURS - sys.stdlib_module_names
    needed = {distributions[name][0].lower().replace("_", "-") for name in others if name in distributions}

    assert {BROUGHT_ALONG.get(name, name) for name in needed} - NOT_INSTALLED == set(PINNED) - NOT_IMPORTED


def names(source: str) -> set[str]:
    """What a module imports when it runs, by the first part of each name."""
    found = set()
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            found |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
        waiting += ast.iter_child_nodes(node)
    return found


def test_every_list_of_requirements_can_be_locked() -> None:
    lists = [
        file for pattern in ("*.in", "functions/*.in", "infra/*/*.in", "tests/*/*.in") for file in ROOT.glob(pattern)
    ]
    named = [(file, name) for file in lists for name in re.findall(r"^-[cr] (\S+)", file.read_text(), re.MULTILINE)]

    assert len(lists) == 9
    assert [each for each in named if not (each[0].parent / each[1]).resolve().is_file()] == []
