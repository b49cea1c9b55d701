"""Every rule has a page, and what the page shows is true."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from infra.checkout import SAMPLES
from infra.flowkit.lint import lint
from infra.flowkit.linting.rule import rules

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "lint"
TODAY = date(2026, 11, 22)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(text: str, language: str) -> list[str]:
    return [block for found, block in BLOCK.findall(text) if found == language]


def section(rule: str, title: str) -> str:
    page = (PAGES / f"{rule}.md").read_text(encoding="utf-8")
    return page.split(f"\n## {title}\n")[1].split("\n## ")[0]


def example(folder: Path, rule: str, title: str) -> Path:
    """Write the files of an example, with the audio that is shipped; each names itself in its first line."""
    shutil.copytree(SAMPLES / "audio", folder / "audio")
    for text in [*blocks(section(rule, title), "yaml"), *blocks(section(rule, title), "csv")]:
        file = folder / text.splitlines()[0].removeprefix("# ")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    if not (folder / "numbers.yaml").exists() and rule != "unreadable-file":
        (folder / "numbers.yaml").write_text('"+15550100": desk\n', encoding="utf-8")
    return folder


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    pages = {page.stem for page in PAGES.glob("*.md")} - {"README"}

    assert pages == set(rules())


@pytest.mark.parametrize("rule", rules())
def test_the_bad_example_of_a_page_is_found_as_the_page_tells(
    rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(example(tmp_path, rule, "Bad"))

    findings = lint(Path(), today=TODAY)

    assert {finding.rule for finding in findings} == {rule}
    assert blocks(section(rule, "Bad"), "text") == ["".join(f"{finding}\n" for finding in findings)]


@pytest.mark.parametrize("rule", rules())
def test_nothing_is_found_in_the_fixed_example_of_a_page(rule: str, tmp_path: Path) -> None:
    folder = example(tmp_path, rule, "Fixed")

    assert lint(folder, today=TODAY) == []


@pytest.mark.parametrize("rule", rules())
def test_a_page_begins_with_what_the_list_of_rules_says(rule: str) -> None:
    title, _, about = (PAGES / f"{rule}.md").read_text(encoding="utf-8").splitlines()[:3]

    assert title == f"# {rule}"
    assert about == f"{rules()[rule].about} *{rules()[rule].severity.value.capitalize()}.*"


def test_the_overview_lists_every_rule_in_its_order() -> None:
    overview = (PAGES / "README.md").read_text(encoding="utf-8")

    rows = [line for line in overview.splitlines() if line.startswith("| [")]

    assert rows == [
        f"| [{each.name}]({each.name}.md) | {each.severity.value} | {each.about} |" for each in rules().values()
    ]
