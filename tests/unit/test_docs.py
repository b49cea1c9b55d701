"""Every example in the docs is true."""

import ast
import re
import shlex
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.flow.parser import STEP_KINDS
from infra.checkout import SAMPLES
from infra.cli.main import command_parser
from infra.flowkit.lint import lint
from infra.local.translate import read
from infra.projects.new_project import EVERY_PROJECT, TEMPLATES, create
from infra.projects.project import nearest

ROOT = Path(__file__).resolve().parents[2]
RUNBOOKS = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
LINT_PAGES = sorted((ROOT / "docs" / "lint").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "tests" / "README.md", *sorted((ROOT / "docs").glob("*.md")), *RUNBOOKS]
PROJECT_PAGE = EVERY_PROJECT / "README.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [text for found, text in BLOCK.findall(page.read_text(encoding="utf-8")) if found == language]


def test_every_flow_in_the_language_reference_can_be_followed(tmp_path: Path) -> None:
    for text in blocks(ROOT / "docs" / "flows.md", "yaml"):
        name = text.splitlines()[0].removeprefix("# ")
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    assert lint(tmp_path) == []
    library = FlowLibrary.open(tmp_path)
    flows = [file.stem for file in tmp_path.glob("*.yaml") if file.stem != "numbers"]
    assert all(library.flow(flow) for flow in flows)


@pytest.mark.parametrize("page", ["campaigns.md", "deliveries.md"])
def test_every_flow_of_a_page_of_its_own_can_be_followed_and_its_conversations_hold(page: str, tmp_path: Path) -> None:
    for text in (*blocks(ROOT / "docs" / page, "yaml"), *blocks(ROOT / "docs" / page, "csv")):
        file = tmp_path / text.splitlines()[0].removeprefix("# ")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")

    assert lint(tmp_path) == []


def test_the_piece_of_a_flow_in_the_readme_is_a_piece_of_the_flow() -> None:
    (piece,) = blocks(ROOT / "README.md", "yaml")

    assert piece in (SAMPLES / "main-menu.yaml").read_text(encoding="utf-8")


def test_the_project_file_in_the_docs_is_read_and_the_templates_are_those_that_there_are(tmp_path: Path) -> None:
    page = ROOT / "docs" / "projects.md"
    create(tmp_path / "my-line", "voicemail")
    (content,) = blocks(page, "toml")
    (tmp_path / "my-line" / "dialtone.toml").write_text(content, encoding="utf-8")

    environments = nearest(tmp_path / "my-line").environments()

    known = read(ROOT / "template.yaml")["Parameters"]
    assert set(environments) == {"dev", "prod"}
    assert all(name in known for each in environments.values() for name, _ in each.parameters)
    for name, about in TEMPLATES.items():
        assert f"| `{name}` | {about} |" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    shown = re.findall(r"^ *make ([a-z-]+)", "\n".join(blocks(page, "sh")), re.MULTILINE)
    for target in [*shown, *re.findall(r"`make\s([a-z-]+)", page.read_text(encoding="utf-8"))]:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("page", [*PAGES, PROJECT_PAGE], ids=lambda page: page.name)
def test_every_dialtone_command_that_a_page_shows_can_be_parsed(page: Path) -> None:
    lines = [line for block in blocks(page, "sh") for line in block.replace("\\\n", " ").splitlines()]

    for line in lines:
        for words in commands_in(line):
            assert callable(command_parser().parse_args(words).run), line


@pytest.mark.parametrize("page", [*PAGES, *LINT_PAGES, PROJECT_PAGE], ids=lambda page: page.name)
def test_every_dialtone_command_that_a_sentence_names_exists(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sentences = BLOCK.sub("", page.read_text(encoding="utf-8"))

    for command in re.findall(r"`dialtone\s([^`\[]+)`", sentences):
        with suppress(SystemExit):  # arguments may be left out
            command_parser().parse_args(shlex.split(command))

    assert re.findall(r"unrecognized arguments.*|invalid choice.*", capsys.readouterr().err) == []


def commands_in(line: str) -> list[list[str]]:
    """What a line of a shell asks of `dialtone`, without what surrounds it."""
    found = []
    for part in re.split(r"&&|\|\||[|;]", line.partition(" #")[0]):
        program, *words = shlex.split(part) or [""]
        if program in {"dialtone", ".venv/bin/dialtone"} and "…" not in part:
            found.append(words[: next((place for place, word in enumerate(words) if word.startswith(">")), len(words))])
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_heading_leads_to_one(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:\s]*)#([^)]+)\)", page.read_text(encoding="utf-8").replace("\n", " "))

    assert [
        f"{file}#{name}" for file, name in links if name not in headings(page.parent / file if file else page)
    ] == []


def headings(page: Path) -> set[str]:
    """Those of a page as links name them."""
    written = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in written}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(r"[`\"]((?:[\w-]+/)+[\w-]+\.(?:py|yaml))\b", page.read_text(encoding="utf-8"))
    roots = (ROOT, ROOT / "functions", ROOT / "functions" / "dialtone", page.parent)

    assert [name for name in named if not any((root / name).exists() for root in roots)] == []


@pytest.mark.parametrize("folder", ["functions", "infra"])
def test_the_readme_names_every_folder_and_no_other(folder: str) -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    [row] = [line for line in lines if line.startswith(f"| `{folder}/` |")]
    named = {name.partition("/")[0] for name in re.findall(r"`([\w/{},]+)/`", row)} - {folder}
    there = {each.name for each in (ROOT / folder).iterdir() if each.is_dir() and each.name != "__pycache__"}

    assert named == there


def test_the_architecture_names_every_file_of_the_functions() -> None:
    page = ARCHITECTURE.read_text(encoding="utf-8")
    functions = ROOT / "functions"
    files = {file.relative_to(functions).as_posix() for file in functions.rglob("*.py") if file.stem != "__init__"}
    one_a_row = {name for name in files if name.startswith(("dialtone/flow/steps/", "webhook/handlers/"))}

    assert sorted(name for name in files - one_a_row if f"`{name}`" not in page) == []


def test_the_diagrams_of_the_architecture_name_files_that_exist() -> None:
    functions = ROOT / "functions"

    for diagram in blocks(ARCHITECTURE, "mermaid"):
        folders = ["", "dialtone", *re.findall(r"subgraph (\w+)/", diagram)]
        for name in re.findall(r"[\w/]+\.py", diagram):
            assert any((functions / folder / name).exists() for folder in folders), name


def test_every_kind_of_step_is_in_the_language_reference() -> None:
    reference = (ROOT / "docs" / "flows.md").read_text(encoding="utf-8")

    assert [kind for kind in STEP_KINDS if f"| `{kind}` |" not in reference] == []


def test_the_waits_of_every_kind_of_step_are_in_the_language_reference() -> None:
    reference = (ROOT / "docs" / "flows.md").read_text(encoding="utf-8")
    waits = reference.partition("## What each step waits for")[2].partition("\n## ")[0]

    assert [kind for kind in STEP_KINDS if f"`{kind}" not in waits] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page.read_text(encoding="utf-8"))

    assert [f"{file}::{name}" for file, name in named if name not in named_tests_of(ROOT / file)] == []


@cache
def named_tests_of(file: Path) -> frozenset[str]:
    if not file.exists():
        return frozenset()
    return frozenset(
        node.name for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)
    )


@pytest.mark.parametrize("page", ["security.md", "reliability.md"])
def test_every_threat_and_every_promise_names_its_test(page: str) -> None:
    rows = [line for line in (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines() if line.startswith("| **")]

    assert rows
    assert [row.split("|")[1] for row in rows if "::" not in row and "**Not kept:**" not in row] == []


def test_the_page_of_faults_names_every_alarm_and_no_other() -> None:
    monitoring = (ROOT / "infra" / "monitoring.yaml").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    alarms = set(re.findall(r"AlarmName: !Sub \$\{StackName\}-([a-z0-9-]+)", monitoring))

    named = set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", page))

    assert named == alarms
