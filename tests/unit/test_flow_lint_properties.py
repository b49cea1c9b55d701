"""The linter against the reader that runs on Lambda, over flows that were damaged at random."""

import tempfile
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.errors import FlowInvalid
from dialtone.flow.parser import read_flow
from infra.checkout import SAMPLES
from infra.flowkit.lint import lint_all
from infra.flowkit.linting.files import flow_paths
from infra.flowkit.linting.finding import Severity

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 22)
FLOWS = [*flow_paths(SAMPLES), ROOT / "tests" / "flows" / "every-path" / "desk.yaml"]
SCRAPS = ("", "{}", "[]", "null", "7", "nowhere", '"*"', "2026-13-45", "&a x", "*a", "- ", "{", "\t", "true: 1")


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, str]:
    """A flow's file name and its text with some lines lost, doubled, moved in or out, or with scraps for values."""
    path = draw(st.sampled_from(FLOWS))
    lines = path.read_text(encoding="utf-8").splitlines()
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(("lose", "double", "in", "out", "scrap"))):
            case "lose":
                lines[place] = ""
            case "double":
                lines.insert(place, lines[place])
            case "in":
                lines[place] = f"  {lines[place]}"
            case "out":
                lines[place] = lines[place].removeprefix("  ")
            case _:
                lines[place] = f"{lines[place].partition(':')[0]}: {draw(st.sampled_from(SCRAPS))}"
    return path.name, "\n".join(lines)


@given(damaged())
def test_the_linter_finds_an_error_in_whatever_the_reader_refuses(flow: tuple[str, str]) -> None:
    name, text = flow
    refused = False
    try:
        read_flow(name, text)
    except FlowInvalid:
        refused = True

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_text(text, encoding="utf-8")
        findings = lint_all(file, today=TODAY)

    lines = text.count("\n") + 2
    assert all(1 <= each.line <= lines and each.column >= 1 for each in findings)
    if refused:
        assert any(each.severity is Severity.ERROR for each in findings)
    else:
        assert "invalid-flow" not in {each.rule for each in findings}
