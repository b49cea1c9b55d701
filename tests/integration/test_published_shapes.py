"""Examples from other products, as flows: no findings, and every path taken by a conversation."""

import re

from infra.checkout import ROOT
from infra.cli.main import main
from infra.flowkit.lint import lint

SHAPES = ROOT / "tests" / "flows" / "published"
PAGE = ROOT / "docs" / "published-shapes.md"
ROW = re.compile(r"^\| [^|]+ \| \[`(?P<file>[\w-]+\.yaml)`\]\([^)]+\) \| (?P<lines>\d+) \|", re.MULTILINE)


def test_the_linter_finds_nothing() -> None:
    assert lint(SHAPES) == []


def test_conversations_take_every_path() -> None:
    conversations = sorted(map(str, SHAPES.glob("*.test.yaml")))

    assert main(["flow", "test", "--flows", str(SHAPES), "--cover", "100", *conversations]) == 0


def test_the_page_lists_every_shape_with_the_lines_that_it_takes() -> None:
    listed = {row["file"]: int(row["lines"]) for row in ROW.finditer(PAGE.read_text(encoding="utf-8"))}

    assert listed == {file.name: lines(file.name) for file in map(SHAPES.joinpath, listed)}
    tested = {file.name.replace(".test.yaml", ".yaml") for file in SHAPES.glob("*.test.yaml")}
    assert tested <= listed.keys()


def lines(flow: str) -> int:
    """How many lines of a flow say something."""
    return sum(bool(line.strip()) for line in (SHAPES / flow).read_text(encoding="utf-8").splitlines())
