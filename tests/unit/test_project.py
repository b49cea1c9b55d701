"""Which project a command works on."""

from pathlib import Path

import pytest

from dialtone.domain.errors import DialtoneError
from infra.checkout import SAMPLES
from infra.cli.main import main
from infra.cli.options import stack_meant
from infra.operations.stack_outputs import region_of
from infra.projects.project import PROJECT_FILE, Environment, Project, nearest

FLOW = "flow: desk\nlast_resort: bye\nsteps:\n  bye: hangup\n"


def project_in(folder: Path, content: str = "") -> Path:
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "desk.yaml").write_text(FLOW, encoding="utf-8")
    (folder / "flows" / "numbers.yaml").write_text('"+15550100": desk\n', encoding="utf-8")
    (folder / PROJECT_FILE).write_text(content, encoding="utf-8")
    return folder


def test_the_nearest_project_above_is_found(tmp_path: Path) -> None:
    outer = project_in(tmp_path / "outer")
    inner = project_in(outer / "inner")

    assert nearest(inner / "flows") == Project(inner, inner / "flows")
    assert nearest(outer) == Project(outer, outer / "flows")


def test_flows_without_a_project_file_are_a_project_too(tmp_path: Path) -> None:
    root = project_in(tmp_path / "line")
    (root / PROJECT_FILE).unlink()

    assert nearest(root) == nearest(root / "flows") == Project(root, root / "flows")


def test_flows_in_the_current_folder_itself_are_found(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text(FLOW, encoding="utf-8")

    assert nearest(tmp_path) == Project(tmp_path, tmp_path)


def test_a_checkout_in_somebodys_project_works_on_its_own_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_in(tmp_path / "line")
    checkout = tmp_path / "line" / "dialtone"
    (checkout / "docs").mkdir(parents=True)
    monkeypatch.setattr("infra.projects.project.ROOT", checkout)

    assert nearest(checkout / "docs").is_samples


def test_another_tools_folder_of_flows_is_no_project(tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "etl.yaml").write_text("workflow: nightly\n", encoding="utf-8")

    found = nearest(tmp_path)

    assert found.flows == SAMPLES
    assert found.is_samples
    assert found.environments() == {}


@pytest.mark.parametrize("command", [["flow", "test"], ["flow", "draw"], ["flow", "lint"]])
def test_a_command_works_on_the_project_and_names_it(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = project_in(tmp_path / "line")
    conversation = "flow: desk\nconversations:\n  - {name: is let go, ends: {steps: [bye]}}\n"
    (root / "flows" / "desk.test.yaml").write_text(conversation, encoding="utf-8")
    monkeypatch.chdir(root / "flows")

    assert main(command) == 0

    said = capsys.readouterr()
    assert "1 flow, 0 calendars, numbers.yaml in ." in said.err + said.out
    assert "samples" not in said.err + said.out


def test_flows_that_are_named_need_no_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = project_in(tmp_path / "line")

    assert main(["flow", "draw", "--flows", str(root / "flows")]) == 0
    assert capsys.readouterr().err == ""


def test_environments_are_read_with_the_templates_own_words(tmp_path: Path) -> None:
    root = project_in(
        tmp_path / "line",
        """
        [environments.dev]
        stack = "line-dev"

        [environments.prod]
        stack = "line-prod"
        region = "eu-central-1"
        confirm = true
        [environments.prod.parameters]
        OwnKey = true
        LogRetentionDays = 90
        LookupFunctions = ["arn:a", "arn:b"]
        """,
    )

    assert nearest(root).environments() == {
        "dev": Environment("dev", "line-dev"),
        "prod": Environment(
            "prod",
            "line-prod",
            "eu-central-1",
            confirm=True,
            parameters=(("OwnKey", "on"), ("LogRetentionDays", "90"), ("LookupFunctions", "arn:a,arn:b")),
        ),
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[environments.dev", "cannot be read: "),
        ("stack = 'x'", "stack is not a key; it has [environments.NAME] only"),
        ("environments = 3", "write each environment under a heading of its own"),
        ("[environments.dev]\nstak = 'x'", "[environments.dev] has no key stak; known are stack, region"),
        ("[environments.dev]\nstack = 3", '[environments.dev]: stack is 3; write stack = "my-line-dev"'),
        ("[environments.dev]\nregion = 'x'", "[environments.dev]: stack is ''; write letters, digits and hyphens"),
        ("[environments.dev]\nstack = 'a b'", "[environments.dev]: stack is 'a b'; write letters, digits and hyphens"),
    ],
)
def test_what_is_wrong_in_the_project_file_is_said(content: str, said: str, tmp_path: Path) -> None:
    root = project_in(tmp_path / "line", content)

    with pytest.raises(DialtoneError) as error:
        nearest(root).environments()

    assert said in str(error.value)
    assert str(root / PROJECT_FILE) in str(error.value)


def test_a_stack_is_named_by_its_environment_and_the_first_is_meant_unless_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = '[environments.dev]\nstack = "line-dev"\n[environments.prod]\nstack = "line-prod"\nregion = "eu-west-1"\n'
    monkeypatch.chdir(project_in(tmp_path / "line", content))

    monkeypatch.delenv("CALLS_TABLE", raising=False)

    assert [stack_meant(text) for text in ("", "prod", "another")] == ["line-dev", "line-prod", "another"]
    assert [region_of("line-prod"), region_of("line-prod", "us-west-2"), region_of("line-dev")] == [
        "eu-west-1",
        "us-west-2",
        "",
    ]


def test_a_shell_with_the_variables_of_dialtone_up_means_its_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project_in(tmp_path / "line", '[environments.dev]\nstack = "line-dev"\n'))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    monkeypatch.setenv("CALLS_TABLE", "dialtone-CallsTable")

    assert [stack_meant(text) for text in ("", "dev")] == ["dialtone", "line-dev"]


def test_a_broken_project_file_is_said_by_a_command_that_needs_a_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project_in(tmp_path / "line", "[environments"))

    with pytest.raises(SystemExit):
        main(["numbers"])

    assert "dialtone.toml cannot be read: " in capsys.readouterr().err
