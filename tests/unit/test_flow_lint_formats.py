"""Findings as other programs read them."""

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it comes with cfn-lint, its stubs do not
import pytest

from infra.flowkit.linting import rules as _all_rules  # noqa: F401 -- to import them is to register them
from infra.flowkit.linting.finding import Finding, Severity
from infra.flowkit.linting.formats import FORMATS
from infra.flowkit.linting.rule import rules

FOUND = Finding(
    "functions/flows/Main menu.yaml", 14, 3, "sales", "unreached-step", Severity.ERROR, "is never reached", "remove it"
)
FAINT = Finding(
    "a,b:c.yaml", 1, 1, "", "past-holiday", Severity.WARNING, "2025-12-25 is 100 % past\nor so", "write one"
)
SILENCED = Finding("x.yaml", 2, 1, "", "dead-end", Severity.ERROR, "ends", "fix it", silenced="it is meant")
FINDINGS = (FOUND, FAINT, SILENCED)

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
SARIF: dict[str, Any] = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "additionalProperties": False,
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "additionalProperties": False,
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "additionalProperties": False,
                                "properties": {
                                    "name": {"type": "string"},
                                    "rules": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/$defs/rule"}},
                                },
                            }
                        },
                    },
                    "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
                },
            },
        },
    },
    "$defs": {
        "rule": {
            "type": "object",
            "required": ["id"],
            "additionalProperties": False,
            "properties": {
                "id": {"type": "string"},
                "shortDescription": TEXT,
                "help": TEXT,
                "defaultConfiguration": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"level": LEVEL},
                },
            },
        },
        "result": {
            "type": "object",
            "required": ["message"],
            "additionalProperties": False,
            "properties": {
                "ruleId": {"type": "string"},
                "ruleIndex": {"type": "integer", "minimum": 0},
                "level": LEVEL,
                "message": TEXT,
                "locations": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/$defs/location"}},
                "suppressions": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["kind"],
                        "additionalProperties": False,
                        "properties": {
                            "kind": {"enum": ["inSource", "external"]},
                            "justification": {"type": "string"},
                        },
                    },
                },
            },
        },
        "location": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "logicalLocations": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {"name": {"type": "string"}, "kind": {"type": "string"}},
                    },
                },
                "physicalLocation": {
                    "type": "object",
                    "required": ["artifactLocation"],
                    "additionalProperties": False,
                    "properties": {
                        "artifactLocation": {
                            "type": "object",
                            "additionalProperties": False,
                            "properties": {
                                "uri": {"type": "string", "pattern": r"^[A-Za-z0-9%._~:/?#@!$&'()*+,;=-]+$"}
                            },
                        },
                        "region": {
                            "type": "object",
                            "additionalProperties": False,
                            "properties": {
                                "startLine": {"type": "integer", "minimum": 1},
                                "startColumn": {"type": "integer", "minimum": 1},
                            },
                        },
                    },
                },
            },
        },
    },
}
"""What we use of the SARIF 2.1.0 standard (OASIS, sections 3.13 to 3.52)."""


def formatted(name: str, findings: tuple[Finding, ...] = FINDINGS) -> str:
    return FORMATS[name](findings, rules())


def test_text_has_a_line_each_and_the_counts() -> None:
    assert formatted("text").splitlines() == [
        'functions/flows/Main menu.yaml:14:3: error: step "sales" is never reached; remove it [unreached-step]',
        "a,b:c.yaml:1:1: warning: 2025-12-25 is 100 % past",
        "or so; write one [past-holiday]",
        "1 error, 1 warning, 1 silenced",
    ]
    assert formatted("text", ()) == "0 errors, 0 warnings"


def test_json_has_everything_that_is_known_of_a_finding() -> None:
    reported = json.loads(formatted("json"))

    assert reported[0] == {
        "file": "functions/flows/Main menu.yaml",
        "line": 14,
        "column": 3,
        "step": "sales",
        "rule": "unreached-step",
        "severity": "error",
        "reason": "is never reached",
        "remedy": "remove it",
        "silenced": "",
    }
    assert [each["silenced"] for each in reported] == ["", "", "it is meant"]
    assert json.loads(formatted("json", ())) == []


def test_github_reads_one_command_a_finding_with_its_separators_escaped() -> None:
    error, warning = formatted("github").splitlines()

    assert error.startswith("::error file=functions/flows/Main menu.yaml,line=14,col=3,title=unreached-step::")
    assert error.endswith('::step "sales" is never reached; remove it')
    assert warning.startswith("::warning file=a%2Cb%3Ac.yaml,line=1,col=1,title=past-holiday::")
    assert warning.endswith("::2025-12-25 is 100 %25 past%0Aor so; write one")


@pytest.mark.parametrize("findings", [FINDINGS, ()])
def test_sarif_is_valid(findings: tuple[Finding, ...]) -> None:
    log = json.loads(formatted("sarif", findings))

    jsonschema.validate(log, SARIF)
    assert len(log["runs"][0]["results"]) == len(findings)


def test_sarif_names_rule_place_and_why_a_finding_is_silenced() -> None:
    [run] = json.loads(formatted("sarif"))["runs"]
    found, _, silenced = run["results"]

    assert run["tool"]["driver"]["rules"][found["ruleIndex"]]["id"] == found["ruleId"] == "unreached-step"
    assert found["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "functions/flows/Main%20menu.yaml"},
                "region": {"startLine": 14, "startColumn": 3},
            },
            "logicalLocations": [{"name": "sales", "kind": "member"}],
        }
    ]
    assert silenced["suppressions"] == [{"kind": "inSource", "justification": "it is meant"}]


def test_sarif_gives_a_file_elsewhere_a_whole_address() -> None:
    finding = Finding(str(Path("/flows/a.yaml")), 1, 1, "", "dead-end", Severity.ERROR, "ends", "fix it")

    [run] = json.loads(formatted("sarif", (finding,)))["runs"]

    location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "file:///flows/a.yaml"}
