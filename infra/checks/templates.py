"""Runs checkov over the templates: every finding is fixed or excused with a reason, and no excuse is left over.

    python -m infra.checks.templates --checkov .cache/checkov/bin/checkov template.yaml infra/*.yaml

It needs no network. The reasons stand in infra/checks/checkov_exceptions.yaml.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.checkout import ROOT

EXCEPTIONS = Path(__file__).with_name("checkov_exceptions.yaml")
CHECK_SECONDS = 300
OK, FOUND, NOT_CHECKED = 0, 1, 3


class NotChecked(Exception):  # noqa: N818 -- says what came of it
    """The templates were not looked at, and why."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A check that a resource fails."""

    check: str
    resource: str
    """Its name in the template."""
    place: str = ""
    """What the check asks for, and where."""

    @property
    def key(self) -> tuple[str, str]:
        """What an exception names."""
        return self.check, self.resource


def findings(report: Any) -> list[Finding]:  # noqa: ANN401 -- checkov's JSON
    """What checkov reports. Raises NotChecked for a report of nothing, or of a file that it could not read."""
    try:
        results = [each["results"] for each in (report if isinstance(report, list) else [report])]
        unread = [str(file) for each in results for file in each["parsing_errors"]]
        # What a comment in a template skips has no reason in the one place for reasons.
        failed = [check for each in results for check in (*each["failed_checks"], *each["skipped_checks"])]
        passed = [check for each in results for check in each["passed_checks"]]
        found = [
            Finding(
                check["check_id"],
                check["resource"].rpartition(".")[2],
                f"{check['file_path'].lstrip('/')}:{check['file_line_range'][0]}: {check['check_name']}",
            )
            for check in failed
        ]
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise NotChecked(f"checkov's report is not as expected: {type(error).__name__}: {error}") from None
    if unread:
        raise NotChecked(f"checkov could not read {', '.join(unread)}")
    if not passed:
        raise NotChecked("checkov looked at nothing")
    return sorted(found)


def excused(text: str) -> dict[tuple[str, str], str]:
    """The reasons, by check and resource. Raises NotChecked for a file that has none."""
    reasons: dict[tuple[str, str], str] = {}
    for each in yaml.safe_load(text) or ():
        if set(each) != {"check", "resources", "reason"} or not str(each["reason"]).strip():
            raise NotChecked(f"{EXCEPTIONS}: each exception has check, resources and reason; this one: {each}")
        reasons |= {(each["check"], resource): str(each["reason"]) for resource in each["resources"]}
    return reasons


def problems(found: Iterable[Finding], reasons: Iterable[tuple[str, str]]) -> list[str]:
    """A line for each finding without a reason, and for each reason without a finding."""
    found, known = list(found), set(reasons)
    unexplained = [f"{each.check} {each.resource}: {each.place}" for each in found if each.key not in known]
    needless = sorted(known - {each.key for each in found})
    return unexplained + [f"{check} {resource}: is excused, but no longer found" for check, resource in needless]


def ask(checkov: str, templates: Sequence[Path]) -> list[Finding]:
    """Let checkov look at the templates. Raises NotChecked."""
    files = [argument for template in templates for argument in ("--file", str(template))]
    command = (checkov, "--framework", "cloudformation", "--skip-download", "--output", "json", *files)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=CHECK_SECONDS)  # noqa: S603 -- checkov, on files of ours
        report = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise NotChecked(f"checkov gave no report: {type(error).__name__}: {error}") from None
    return findings(report)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the templates, print what was found, and give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.checks.templates", description="Check the templates.")
    parser.add_argument("--checkov", required=True, metavar="PATH", help="the program that looks")
    parser.add_argument("templates", nargs="+", type=Path)
    asked = parser.parse_args(arguments)
    try:
        reasons = excused(EXCEPTIONS.read_text(encoding="utf-8"))
        wrong = problems(ask(asked.checkov, asked.templates), reasons)
    except NotChecked as error:
        _say(f"Not checked: {error}")
        return NOT_CHECKED
    for each in wrong:
        _say(each)
    if wrong:
        _say(f"{len(wrong)} to do: fix it, or write the reason into {EXCEPTIONS.relative_to(ROOT)}.")
        return FOUND
    _say(f"checkov finds nothing in {len(asked.templates)} templates but {len(reasons)} things that have a reason.")
    return OK


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
