"""What the linter promises whatever the rules."""

from pathlib import Path

import pytest

from infra.checkout import SAMPLES
from infra.flowkit.lint import lint, lint_all
from infra.flowkit.linting.finding import Finding, Severity
from infra.flowkit.linting.rule import ERROR, Of, rule, rules

ROOT = Path(__file__).resolve().parents[2]
FLOWS = ROOT / "tests" / "flows"


def places(findings: list[Finding]) -> list[tuple[str, int, int, str, str]]:
    return [(Path(each.file).name, each.line, each.column, each.step, each.rule) for each in findings]


def test_nothing_is_wrong_with_the_flows_that_are_shipped() -> None:
    assert lint(SAMPLES) == []


def test_all_faults_of_all_files_are_reported_with_line_and_column_from_top_to_bottom() -> None:
    findings = lint(FLOWS / "faulty")

    assert places(findings) == [
        ("desk.yaml", 2, 1, "", "unknown-voice"),
        ("desk.yaml", 3, 1, "", "invalid-flow"),
        ("desk.yaml", 8, 22, "welcome", "unknown-step"),
        ("desk.yaml", 8, 34, "welcome", "untypeable-key"),
        ("desk.yaml", 9, 5, "welcome", "invalid-flow"),
        ("desk.yaml", 14, 5, "sales", "invalid-flow"),
        ("desk.yaml", 15, 5, "sales", "unknown-step"),
        ("desk.yaml", 18, 5, "workshop", "not-e164"),
        ("desk.yaml", 21, 3, "empty", "invalid-flow"),
        ("numbers.yaml", 2, 1, "", "unknown-flow"),
        ("numbers.yaml", 3, 1, "", "not-e164"),
    ]


def test_a_finding_says_what_is_wrong_where_and_what_to_do() -> None:
    [finding] = [each for each in lint(FLOWS / "faulty") if each.line == 15]

    file = "tests/flows/faulty/desk.yaml"
    assert str(finding).removeprefix(f"{ROOT}/") == (
        f'{file}:15:5: error: step "sales" leads to by, which is not a step of this flow; '
        "did you mean bye? [unknown-step]"
    )


def test_a_single_file_is_looked_at_with_its_folder_around_it(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text("flow: desk\nsteps:\n  a: {go: {flow: other}}\n  b: hangup\n", encoding="utf-8")
    (tmp_path / "other.yaml").write_text("flow: other\nsteps: {a: {say: Hello}, b: {speak: x}}\n", encoding="utf-8")

    assert lint(tmp_path / "desk.yaml") == []
    assert places(lint(tmp_path / "other.yaml")) == [("other.yaml", 2, 26, "b", "invalid-flow")]


def test_conversations_beside_the_flows_are_no_flows(tmp_path: Path) -> None:
    (tmp_path / "numbers.yaml").write_text('"+15550100": desk\n', encoding="utf-8")
    (tmp_path / "desk.yaml").write_text("flow: desk\nsteps: {a: {say: Hello}}\n", encoding="utf-8")
    (tmp_path / "desk.test.yaml").write_text("anything: at all\n", encoding="utf-8")

    assert lint(tmp_path) == []


def test_a_comment_with_a_reason_silences_one_rule_on_its_line() -> None:
    findings = lint_all(FLOWS / "accepted")

    assert lint(FLOWS / "accepted") == []
    assert [(each.line, each.rule, each.silenced) for each in findings] == [
        (11, "unroutable-number", "an extension of our own exchange"),
        (13, "unreached-step", "we say this from May on"),
    ]


@pytest.mark.parametrize(
    ("comment", "reported"),
    [
        ("# lint: ignore=unreached-step", ["idle-silence", "unreached-step"]),
        ("# lint: ignore=unreached", ["idle-silence", "unreached-step"]),
        ("# lint: ignore= because", ["idle-silence", "unreached-step"]),
        ("# lint: ignore=dead-end because", ["idle-silence", "unreached-step"]),
        ("# lint: ignore=unreached-step because", []),
        ("# lint: ignore=unreached-step because # lint: ignore=dead-end because", ["idle-silence"]),
        ("#lint: ignore=unreached-step because", ["unreached-step"]),
    ],
)
def test_a_comment_that_silences_nothing_is_reported_itself(comment: str, reported: list[str], tmp_path: Path) -> None:
    text = f"flow: desk\nsteps:\n  a: hangup\n  b:  {comment}\n    say: Hello\n"
    (tmp_path / "desk.yaml").write_text(text, encoding="utf-8")

    assert sorted(each.rule for each in lint(tmp_path / "desk.yaml")) == reported


def test_a_folder_that_is_not_there_is_reported(tmp_path: Path) -> None:
    [finding] = lint(tmp_path / "flows")

    assert (finding.rule, finding.reason) == ("unreadable-file", "does not exist")


def test_a_file_that_is_not_text_is_reported_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_bytes(b"flow: desk\nsteps:\n  a: {say: Gr\xfc\xdfe}\n")

    [finding] = lint(tmp_path / "desk.yaml")

    assert (finding.rule, finding.line, finding.reason) == ("unreadable-file", 3, "is not UTF-8")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("- a\n- b\n", 1),
        ("flow: desk\nsteps: {a: {say: Hello}\n", 2),
        ("flow: desk\nsteps: &all\n  a: {say: Hello}\n  b: *all\n", 4),
        ("flow: desk\nsteps:\n  a: {say: 2026-13-45}\n", 3),
        ("flow: desk\nsteps:\n  [a]: {say: Hello}\n", 3),
        ("flow: desk\nsteps: \x07\n", 2),
        ("flow: desk\nsteps: 7\n", 2),
        ("flow: other\nsteps: {a: {say: Hello}}\n", 1),
        ("steps: {a: {say: Hello}}\n", 1),
        ("flow: desk\nsteps: " + "{a: " * 2_000, 1),
    ],
)
def test_what_is_no_flow_at_all_is_reported_once_and_never_a_traceback(text: str, line: int, tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text(text, encoding="utf-8")

    [finding] = lint(tmp_path / "desk.yaml")

    assert (finding.rule, finding.line) == ("invalid-flow", line)


def test_two_faults_of_one_step_are_both_reported(tmp_path: Path) -> None:
    menu = "    menu: Press 1.\n    keys: {1: b}\n    tires: 3\n    wait_seconds: 0\n"
    text = f"flow: desk\nsteps:\n  a:\n{menu}  b: hangup\n"
    (tmp_path / "desk.yaml").write_text(text, encoding="utf-8")

    assert sorted(each.line for each in lint(tmp_path / "desk.yaml")) == [6, 7]


def test_two_faults_on_one_line_are_both_reported(tmp_path: Path) -> None:
    text = "flow: desk\nsteps:\n  a: {menu: Press 1., keys: {1: c}, tries: 99}\n  b: hangup\n"
    (tmp_path / "desk.yaml").write_text(text, encoding="utf-8")

    assert places(lint(tmp_path / "desk.yaml")) == [
        ("desk.yaml", 3, 30, "a", "unknown-step"),
        ("desk.yaml", 3, 37, "a", "invalid-flow"),
    ]


def test_no_two_rules_have_one_name() -> None:
    with pytest.raises(ValueError, match="dead-end is a rule already"):
        rule("dead-end", ERROR, Of.FLOW)(rules()["dead-end"].check)


def test_every_rule_says_in_a_sentence_what_it_finds() -> None:
    for each in rules().values():
        assert each.about.endswith("."), each.name
        assert each.severity in Severity
