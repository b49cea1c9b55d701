"""What checkov finds in the templates is fixed or has a reason."""

import json
import sys
from pathlib import Path

import pytest

from infra.checks import templates as template_check
from infra.checks.templates import FOUND, NOT_CHECKED, OK, main

FAILED = {
    "check_id": "CKV_AWS_1",
    "check_name": "Ensure it is locked",
    "resource": "AWS::S3::Bucket.Attic",
    "file_path": "/template.yaml",
    "file_line_range": [7, 9],
}
REASON = "- {check: CKV_AWS_1, resources: [Attic], reason: It is empty.}\n"


def report(*failed: object, passed: int = 1, unread: tuple[str, ...] = ()) -> dict[str, dict[str, object]]:
    checks: dict[str, object] = {"failed_checks": failed, "passed_checks": [{}] * passed, "skipped_checks": []}
    return {"results": {**checks, "parsing_errors": unread}}


@pytest.mark.parametrize(
    ("said", "exceptions", "code", "printed"),
    [
        (report(), "", OK, "finds nothing in 1 templates but 0 things"),
        (report(FAILED), REASON, OK, "1 things that have a reason"),
        ([report(), report(FAILED)], "", FOUND, "CKV_AWS_1 Attic: template.yaml:7: Ensure it is locked"),
        (
            {"results": {**report()["results"], "skipped_checks": [FAILED]}},
            "",
            FOUND,
            "CKV_AWS_1 Attic: template.yaml:7",
        ),
        (report(), REASON, FOUND, "CKV_AWS_1 Attic: is excused, but no longer found"),
        (report(passed=0), "", NOT_CHECKED, "checkov looked at nothing"),
        (report(unread=("a.yaml",)), "", NOT_CHECKED, "checkov could not read a.yaml"),
        ({"results": {}}, "", NOT_CHECKED, "report is not as expected: KeyError"),
        ("no object", "", NOT_CHECKED, "report is not as expected: TypeError"),
        (report(FAILED), REASON.replace("It is empty.", "' '"), NOT_CHECKED, "each exception has check, resources and"),
    ],
)
def test_a_finding_needs_a_reason_and_a_reason_a_finding(  # noqa: PLR0913, PLR0917 -- four of a case
    said: object,
    exceptions: str,
    code: int,
    printed: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    checkov, reasons = tmp_path / "checkov", tmp_path / "checkov_exceptions.yaml"
    checkov.write_text(f"#!{sys.executable}\nprint({json.dumps(said)!r})\n", encoding="utf-8")
    checkov.chmod(0o755)
    reasons.write_text(exceptions, encoding="utf-8")
    monkeypatch.setattr(template_check, "EXCEPTIONS", reasons)
    monkeypatch.setattr(template_check, "ROOT", tmp_path)

    assert main(["--checkov", str(checkov), "template.yaml"]) == code
    assert printed in capsys.readouterr().out


def test_a_program_that_is_not_there_has_checked_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--checkov", "/nowhere/checkov", "template.yaml"]) == NOT_CHECKED
    assert "gave no report: FileNotFoundError" in capsys.readouterr().out


def test_every_exception_is_read() -> None:
    assert template_check.excused(template_check.EXCEPTIONS.read_text(encoding="utf-8"))
