"""`dialtone new`, and what comes of it."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from dialtone.domain.errors import DialtoneError
from infra.cli.main import main
from infra.flowkit.lint import lint_all
from infra.projects import new_project
from infra.projects.new_project import EVERY_PROJECT, FOLDER, SCHEMAS, TEMPLATES, create
from infra.projects.project import PROJECT_FILE, nearest

TEMPLATE_NAMES = sorted(TEMPLATES)


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def names_here() -> list[str]:
    return [each.name for each in Path().iterdir()]


def test_every_template_is_listed() -> None:
    assert {each.name for each in FOLDER.iterdir()} - {EVERY_PROJECT.name} == set(TEMPLATES)


@pytest.mark.parametrize("template", TEMPLATE_NAMES)
def test_a_new_project_lints_clean_and_its_conversations_take_every_path(
    template: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "my-line", "--template", template]) == 0
    assert "dialtone call +15550100" in capsys.readouterr().out
    monkeypatch.chdir("my-line")

    assert lint_all(Path("flows")) == []
    assert main(["flow", "test", "--cover", "100"]) == 0


def test_the_commands_of_its_readme_run(monkeypatch: pytest.MonkeyPatch) -> None:
    create(Path("my-line"), "front-desk")
    monkeypatch.chdir("my-line")
    commands = re.findall(r"^ *dialtone (flow [^#\n]*)", Path("README.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert [main(shlex.split(command)) for command in commands] == [0, 0, 0]
    assert Path("out/front-desk.html").is_file()


def test_a_new_project_has_all_that_a_project_has() -> None:
    create(Path("my-line"), "front-desk")

    project = nearest(Path("my-line"))
    assert project.root.name == "my-line"
    assert [(each.name, each.stack, each.confirm) for each in project.environments().values()] == [
        ("dev", "my-line-dev", False),
        ("prod", "my-line-prod", True),
    ]
    assert Path("my-line/README.md").read_text(encoding="utf-8").startswith("# my-line\n")
    assert ".dialtone/" in Path("my-line/.gitignore").read_text(encoding="utf-8")
    steps = yaml.safe_load(Path("my-line/.github/workflows/flows.yml").read_bytes())["jobs"]["check"]["steps"]
    assert "dialtone flow lint" in str(steps)
    assert names_here() == ["my-line"]


@pytest.mark.parametrize("template", TEMPLATE_NAMES)
def test_every_file_names_a_schema_that_is_there(template: str) -> None:
    create(Path("my-line"), template)

    for file in Path("my-line/flows").rglob("*.yaml"):
        said = file.read_text(encoding="utf-8").splitlines()[0]
        schema = said.removeprefix("# yaml-language-server: $schema=")
        kind = {"numbers": "numbers", "calendars": "calendar"}.get(file.stem) or (
            "calendar" if file.parent.name == "calendars" else "conversations" if ".test" in file.name else "flow"
        )
        assert schema.endswith(f"{kind}.schema.json")
        assert (file.parent / schema).resolve() == Path("my-line/schema", f"{kind}.schema.json").resolve()


def test_the_schemas_are_renewed_in_a_project(monkeypatch: pytest.MonkeyPatch) -> None:
    create(Path("my-line"), "voicemail")
    for file in Path("my-line/schema").iterdir():
        file.unlink()
    monkeypatch.chdir("my-line/flows")

    assert main(["flow", "schema", "--write"]) == 0

    assert {file.name: file.read_bytes() for file in Path("../schema").iterdir()} == {
        file.name: file.read_bytes() for file in SCHEMAS.iterdir()
    }


def test_an_installed_package_writes_no_schemas_into_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("infra.cli.flow_schema_run.IS_INSTALLED", True)

    assert main(["flow", "schema", "--write"]) == 1
    assert "none lies here or above: `dialtone new` makes one" in capsys.readouterr().err


def test_an_empty_folder_is_taken() -> None:
    Path("my-line").mkdir()

    create(Path("my-line"), "survey")

    assert Path("my-line", PROJECT_FILE).is_file()


def test_what_is_there_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Path("my-line").mkdir()
    Path("my-line/mine.txt").write_text("mine", encoding="utf-8")

    assert main(["new", "my-line"]) == 1

    assert capsys.readouterr().err == (
        "dialtone: my-line already exists and is not empty: choose another name, or remove it first\n"
    )
    assert [file.name for file in Path("my-line").iterdir()] == ["mine.txt"]
    assert names_here() == ["my-line"]


def test_a_file_of_that_name_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Path("my-line").write_text("mine", encoding="utf-8")

    assert main(["new", "my-line"]) == 1

    assert capsys.readouterr().err == "dialtone: my-line is a file: choose another name, or remove it first\n"
    assert Path("my-line").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["My line", "0800", "a" * 41, "-x", "ä", ".."])
def test_a_name_that_stacks_could_not_have_is_refused(name: str) -> None:
    with pytest.raises(DialtoneError, match="small letters, digits and hyphens"):
        create(Path(name), "survey")

    assert names_here() == []


def test_a_folder_that_cannot_be_written_is_said() -> None:
    with pytest.raises(OSError, match="No such file or directory"):
        create(Path("lines/my-line"), "survey")


@pytest.mark.parametrize("death", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_half_way_nothing_is_there(death: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise death

    monkeypatch.setattr(Path, "write_text", full)

    with pytest.raises((OSError, KeyboardInterrupt)):
        create(Path("my-line"), "survey")

    assert names_here() == []


def test_of_two_at_once_one_makes_it_and_the_other_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    fill = new_project._fill  # noqa: SLF001

    def fill_late(folder: Path, name: str, template: str) -> None:
        monkeypatch.setattr(new_project, "_fill", fill)
        create(Path("my-line"), "voicemail")
        fill(folder, name, template)

    monkeypatch.setattr(new_project, "_fill", fill_late)

    with pytest.raises(DialtoneError, match="my-line already exists"):
        create(Path("my-line"), "survey")

    assert Path("my-line/flows/voicemail.yaml").is_file()
    assert names_here() == ["my-line"]
