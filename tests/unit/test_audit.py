"""What is locked, and what an audit says of it."""

import json
import re
import sys
from pathlib import Path

import pytest

from infra.checks.audit import FOUND, OK, UNREACHABLE, faults_of_lock, main

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted(
    path.with_suffix(".txt")
    for path in ROOT.rglob("*requirements*.in")
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)
LOCKED = f"telnyx==4.189.0 \\\n    --hash=sha256:{'a' * 64}\n    # via -r requirements.in\n"
CLEAN = {"dependencies": [{"name": "telnyx", "version": "4.189.0", "vulns": []}]}
VULNERABLE = {
    "dependencies": [
        {
            "name": "telnyx",
            "version": "4.189.0",
            "vulns": [{"id": "PYSEC-1", "fix_versions": ["4.190.0"], "aliases": []}],
        }
    ]
}
UNASKED = {"dependencies": [{"name": "telnyx", "skip_reason": "Dependency not found"}]}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_everything_is_pinned_with_hashes_and_nothing_forbidden_is_locked(lock: Path) -> None:
    assert list(faults_of_lock(lock.read_text(encoding="utf-8"))) == []


def test_every_lock_file_is_locked_and_audited_by_make() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    [locked] = re.findall(r"^LOCKED := (.*)$", makefile, re.MULTILINE)

    assert sorted(f"{name}.txt" for name in locked.split()) == sorted(p.relative_to(ROOT).as_posix() for p in LOCKS)


@pytest.mark.parametrize(
    ("version", "fault"),
    [("4.87.1", "malicious"), ("4.87.2", "malicious"), ("4.88.0", "HMAC"), ("4.176.3", "HMAC")],
)
def test_a_forbidden_release_of_telnyx_is_found(version: str, fault: str) -> None:
    [found] = faults_of_lock(LOCKED.replace("4.189.0", version))

    assert fault in found


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "not every requirement is pinned"),
        ("telnyx>=4.189\n", "not every requirement is pinned"),
        ("telnyx @ git+ssh://host/telnyx\n", "not every requirement is pinned"),
        ("telnyx==4.189.0\n", "has no hash"),
    ],
)
def test_a_lock_that_does_not_lock_is_found(text: str, fault: str) -> None:
    assert [each for each in faults_of_lock(text) if fault in each]


@pytest.mark.parametrize(
    ("report", "options", "code", "said"),
    [
        (json.dumps(CLEAN), (), OK, "No known vulnerability in 1 lock files."),
        (json.dumps(VULNERABLE), (), FOUND, "telnyx 4.189.0: PYSEC-1, fixed in 4.190.0"),
        (json.dumps(VULNERABLE), ("--allow-unreachable",), FOUND, "PYSEC-1"),
        (json.dumps(UNASKED), (), UNREACHABLE, "1 could not be audited; the first: telnyx: Dependency not found"),
        (json.dumps(UNASKED), ("--allow-unreachable",), OK, "Not audited: the advisory service does not answer here."),
        ("a traceback", (), UNREACHABLE, "pip-audit gave no report: JSONDecodeError"),
    ],
)
def test_an_audit_passes_only_what_was_audited(  # noqa: PLR0913, PLR0917 -- cases and fixtures
    report: str,
    options: tuple[str, ...],
    code: int,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pip_audit, lock = tmp_path / "pip-audit", tmp_path / "requirements.txt"
    pip_audit.write_text(f"#!{sys.executable}\nprint({report!r})\n")
    pip_audit.chmod(0o755)
    lock.write_text(LOCKED)

    assert main([*options, "--pip-audit", str(pip_audit), str(lock)]) == code
    assert said in capsys.readouterr().out


def test_without_pip_audit_nothing_passes_for_audited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(LOCKED)

    assert main(["--pip-audit", str(tmp_path / "missing"), str(lock)]) == UNREACHABLE
    assert "FileNotFoundError" in capsys.readouterr().out
