"""Findings as people, programs and platforms read them."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from infra.flowkit.linting.finding import Finding, Severity
from infra.flowkit.linting.rule import Rule
from infra.output.terminal import GREEN, RED, YELLOW, painted

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_text(findings: Sequence[Finding], rules: Mapping[str, Rule], looked_at: str = "") -> str:
    """A line each, as compilers write them; editors find their way from it. The last counts them, and what was read."""
    del rules
    reported = [finding for finding in findings if not finding.silenced]
    errors = sum(finding.severity is Severity.ERROR for finding in reported)
    silenced = len(findings) - len(reported)
    counts = [_counted(errors, "error"), _counted(len(reported) - errors, "warning")]
    counts += [f"{silenced} silenced"] if silenced else []
    total = ", ".join(counts)
    lines = [painted(str(each), RED if each.severity is Severity.ERROR else YELLOW) for each in reported]
    outcome = RED if errors else YELLOW if reported else GREEN
    return "\n".join([*lines, painted(f"{looked_at}: {total}" if looked_at else total, outcome)])


def as_json(findings: Sequence[Finding], rules: Mapping[str, Rule]) -> str:
    """A list of objects, one a finding; `silenced` holds the reason of those that are."""
    del rules
    return json.dumps(
        [
            {
                "file": each.file,
                "line": each.line,
                "column": each.column,
                "step": each.step,
                "rule": each.rule,
                "severity": each.severity.value,
                "reason": each.reason,
                "remedy": each.remedy,
                "silenced": each.silenced,
            }
            for each in findings
        ],
        indent=2,
        ensure_ascii=False,
    )


def as_github(findings: Sequence[Finding], rules: Mapping[str, Rule]) -> str:
    """Workflow commands: GitHub shows them at the lines of a pull request."""
    del rules
    return "\n".join(
        f"::{each.severity.value} file={_property(each.file)},line={each.line},col={each.column},"
        f"title={_property(each.rule)}::{_escaped(each.sentence)}"
        for each in findings
        if not each.silenced
    )


def as_sarif(findings: Sequence[Finding], rules: Mapping[str, Rule]) -> str:
    """SARIF 2.1.0, as code scanning takes it: every rule, and every finding with its place."""
    places = {name: place for place, name in enumerate(rules)}
    driver = {
        "name": "dialtone flow lint",
        "rules": [
            {
                "id": each.name,
                "shortDescription": {"text": each.about},
                "help": {"text": f"dialtone flow lint --explain {each.name}"},
                "defaultConfiguration": {"level": each.severity.value},
            }
            for each in rules.values()
        ],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, places[each.rule]) for each in findings],
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


FORMATS: Mapping[str, Callable[[Sequence[Finding], Mapping[str, Rule]], str]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}


def _result(finding: Finding, rule_place: int) -> dict[str, object]:
    location: dict[str, object] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(finding.file)},
            "region": {"startLine": finding.line, "startColumn": finding.column},
        }
    }
    if finding.step:
        location["logicalLocations"] = [{"name": finding.step, "kind": "member"}]
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": rule_place,
        "level": finding.severity.value,
        "message": {"text": finding.sentence},
        "locations": [location],
    }
    if finding.silenced:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.silenced}]
    return result


def _uri(file: str) -> str:
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
