"""What every command has: an example that can be run, words that a shell completes, a version."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.cli.commands import CommandParser
from infra.cli.completion import SHELLS
from infra.cli.completion_run import SCRIPTS, candidates
from infra.cli.examples import EXAMPLES
from infra.cli.flow import LINT_FORMATS, TEST_FORMATS
from infra.cli.flow_test_reports import REPORTS
from infra.cli.main import command_parser, main
from infra.flowkit.linting.formats import FORMATS
from infra.projects.new_project import create
from infra.projects.project import nearest
from infra.version import VERSION


def every_command(parser: CommandParser) -> Iterator[CommandParser]:
    parser.prepare()
    if not parser.commands:
        yield parser
    for each in parser.commands.values():
        yield from every_command(each)


COMMANDS = {each.prog: each for each in every_command(command_parser())}


def test_every_command_has_an_example_and_no_example_is_left_over() -> None:
    assert set(EXAMPLES) == set(COMMANDS)


@pytest.mark.parametrize("command", sorted(EXAMPLES))
def test_the_example_is_in_the_help_and_can_be_parsed(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(EXAMPLES[command])
    words = words[: next((place for place, word in enumerate(words) if word.startswith(">")), len(words))]

    parsed = command_parser().parse_args(words[1:])
    with pytest.raises(SystemExit):
        main([*command.split()[1:], "--help"])

    assert words[: len(command.split())] == command.split()
    assert callable(parsed.run)
    assert f"example:\n  {EXAMPLES[command]}\n" in capsys.readouterr().out


def test_formats_that_the_help_lists_are_those_that_there_are() -> None:
    assert (tuple(FORMATS), tuple(REPORTS)) == (LINT_FORMATS, TEST_FORMATS)


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert (ended.value.code, capsys.readouterr().out) == (0, f"dialtone {VERSION}\n")


def test_windows_is_sent_to_wsl(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    assert main(["flow", "lint"]) == 1
    assert "on Windows, use it in WSL" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("fl", ["flow"]),
        ("flow ", ["diff", "draw", "lint", "replay", "schema", "test", "test-from"]),
        ("flow draw ", ["call-back", "reminder"]),
        ("flow draw rem", ["reminder"]),
        ("flow test --format ", ["json", "junit", "text"]),
        ("flow test --f", ["--flows", "--format"]),
        ("flow lint --explain x --st", ["--strict"]),
        ("call ", ["+15550100"]),
        ("dial +15550142 --flow r", ["reminder"]),
        ("deploy ", ["dev", "prod"]),
        ("new x --template v", ["voicemail"]),
        ("new ", []),
        ("--ver", ["--version"]),
    ],
)
def test_a_shell_is_offered_what_may_follow(words: str, offered: list[str], tmp_path: Path) -> None:
    create(tmp_path / "my-line", "announcement")

    assert candidates(command_parser(), words.split(" "), nearest(tmp_path / "my-line")) == offered


ASKING = {
    "bash": """
        eval "$(dialtone completion bash)"
        for line in "flow --" "flow lint --str"; do
            COMP_WORDS=(dialtone $line); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _dialtone; echo "${COMPREPLY[@]}"
        done
    """,
    "zsh": """
        eval "$(dialtone completion zsh)"  # as in a ~/.zshrc that has nothing else
        [[ ${_comps[dialtone]} == _dialtone ]] || echo "it is not asked"
        compadd() { shift; echo "$@" }
        for line in "flow --" "flow lint --str"; do
            words=(dialtone ${=line}); CURRENT=$#words; _dialtone
        done
    """,
    "fish": """
        dialtone completion fish | source
        for line in "flow --" "flow lint --str"; complete -C "dialtone $line"; end
    """,
}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_itself_completes(shell: str, tmp_path: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not on this machine")
    (tmp_path / "dialtone").write_text(f'#!/bin/sh\nexec {sys.executable} -m infra.cli.main "$@"\n', encoding="utf-8")
    (tmp_path / "dialtone").chmod(0o755)

    ran = subprocess.run(  # noqa: S603 -- a script of this file
        [program, "-c", ASKING[shell]],
        env=os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert (ran.stdout.splitlines(), ran.stderr) == (["--help", "--strict"], "")


def test_there_is_a_script_for_every_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert tuple(SCRIPTS) == SHELLS
    for shell in SHELLS:
        assert main(["completion", shell]) == 0
        assert "dialtone completion words" in capsys.readouterr().out
