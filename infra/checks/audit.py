"""Checks every locked library: pinned with hashes, none that must never be used, none with a known vulnerability.

    python -m infra.checks.audit --pip-audit .cache/audit/bin/pip-audit functions/requirements.txt requirements-dev.txt

pip-audit asks an advisory service about each version. Where it gets no answer it says "No known vulnerabilities found"
all the same; here such a run fails, unless `--allow-unreachable` says that it may not: then only what can be checked
without the service was checked, and the last line says so.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OK, FOUND, UNREACHABLE = 0, 1, 3

AUDIT_SECONDS = 300

_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?P<rest>(?:.*\\\n)*.*)", re.MULTILINE)
_REQUIREMENT = re.compile(r"^[A-Za-z0-9]", re.MULTILINE)

MALICIOUS_TELNYX = frozenset({(4, 87, 1), (4, 87, 2)})
"""Releases that somebody else put up: they stole what they found on the machine that imported them."""

HMAC_TELNYX = ((4, 88), (4, 177))
"""From the first up to the second: these verify webhooks by HMAC, which Telnyx does not sign with."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What the advisory service said of one lock file."""

    vulnerable: tuple[str, ...]
    unasked: tuple[str, ...]
    """Libraries about which it said nothing, and why."""
    answered: bool = True
    """Whether it said anything at all."""


def faults_of_lock(text: str) -> Iterator[str]:
    """What is wrong with a lock file as it stands, without asking anybody."""
    pinned = list(_PINNED.finditer(text))
    if not pinned or len(pinned) != len(_REQUIREMENT.findall(text)):
        yield "not every requirement is pinned with =="
    for each in pinned:
        if "--hash=sha256:" not in each["rest"]:
            yield f"{each['name']} has no hash"
        if each["name"].lower() == "telnyx":
            yield from _faults_of_telnyx(each["version"])


def _faults_of_telnyx(version: str) -> Iterator[str]:
    release = tuple(int(part) for part in version.split(".") if part.isdigit())
    if release in MALICIOUS_TELNYX:
        yield f"telnyx {version} is a malicious release"
    first, fixed = HMAC_TELNYX
    if first <= release < fixed:
        yield f"telnyx {version} verifies webhooks by HMAC: anybody could forge them, or none would be taken"


def audited(report: Any) -> Audited:  # noqa: ANN401 -- pip-audit's JSON
    """What pip-audit reports of one lock file."""
    vulnerable, unasked, listed = [], [], report["dependencies"]
    for each in listed:
        if reason := each.get("skip_reason"):
            unasked.append(f"{each['name']}: {reason}")
        for found in each.get("vulns", ()):
            fixed = ", ".join(found.get("fix_versions") or ()) or "no release yet"
            vulnerable.append(f"{each['name']} {each['version']}: {found['id']}, fixed in {fixed}")
    return Audited(tuple(vulnerable), tuple(unasked), answered=len(unasked) < len(listed))


def ask(pip_audit: str, lock: Path) -> Audited:
    """Let pip-audit ask about everything in a lock file; whatever goes wrong with that leaves it unasked."""
    command = (
        pip_audit,
        "--require-hashes",
        "--disable-pip",
        "--progress-spinner",
        "off",
        "--format",
        "json",
        "-r",
        lock,
    )
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=AUDIT_SECONDS)  # noqa: S603 -- pip-audit, on files of ours
        return audited(json.loads(done.stdout))
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError) as error:
        return Audited((), (f"pip-audit gave no report: {type(error).__name__}",), answered=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the lock files, print what was found, and give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.checks.audit", description="Audit what is locked.")
    parser.add_argument("--pip-audit", required=True, metavar="PATH", help="the program that asks")
    parser.add_argument("--allow-unreachable", action="store_true", help="pass where nobody could be asked")
    parser.add_argument("locks", nargs="+", type=Path)
    asked = parser.parse_args(arguments)
    found = [f"{lock}: {each}" for lock in asked.locks for each in faults_of_lock(lock.read_text(encoding="utf-8"))]
    unasked = False
    for lock in asked.locks:
        report = ask(asked.pip_audit, lock)
        found += [f"{lock}: {each}" for each in report.vulnerable]
        if report.unasked:
            unasked = True
            _say(f"{lock}: {len(report.unasked)} could not be audited; the first: {report.unasked[0]}")
        if not report.answered:
            break  # it will not answer about the others either
    for each in found:
        _say(each)
    if found:
        _say(f"{len(found)} found: take a fixed version with `make lock UPGRADE=--upgrade`, or say why not.")
        return FOUND
    if unasked:
        _say(
            "Not audited: the advisory service does not answer here. Pins, hashes and forbidden versions are in order."
        )
        return OK if asked.allow_unreachable else UNREACHABLE
    _say(f"No known vulnerability in {len(asked.locks)} lock files.")
    return OK


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
