"""Colour where a terminal has it, and only if nobody has asked for none."""

import io

import pytest

from infra.cli.flow_test_reports import REPORTS
from infra.flowkit.conversations.runner import Played
from infra.flowkit.linting.finding import Finding, Severity
from infra.flowkit.linting.formats import as_text
from infra.output.terminal import RED, Console, painted


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "printed"),
    [
        ({"TERM": "xterm"}, "\x1b[31mwrong\x1b[0m"),
        ({"TERM": "xterm", "NO_COLOR": ""}, "\x1b[31mwrong\x1b[0m"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "wrong"),
        ({"TERM": "dumb"}, "wrong"),
        ({}, "wrong"),
    ],
)
def test_colour_is_for_terminals_that_have_it(
    environ: dict[str, str], printed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    out, pipe = Terminal(), io.StringIO()

    Console(out).line("wrong", RED)
    Console(pipe).line("wrong", RED)

    assert out.getvalue() == f"{printed}\n"
    assert pipe.getvalue() == "wrong\n"
    assert painted("wrong", RED, out) == printed


def test_findings_and_conversations_are_coloured_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    error = Finding("a.yaml", 1, 1, "", "invalid-flow", Severity.ERROR, "is wrong", "correct it")

    text = as_text([error], {})
    REPORTS["text"][1](Played((), (), 1.0), None)

    assert text.splitlines()[0].startswith("\x1b[31ma.yaml")
    assert "\x1b[32m0 conversations" in out.getvalue()
