"""How `dialtone flow test` tells what came of conversations: to a person, a program, continuous integration."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import asdict

from dialtone.domain.units import MILLIS_PER_SECOND
from infra.flowkit.conversations.coverage import Coverage
from infra.flowkit.conversations.runner import Played
from infra.flowkit.conversations.scenario_run import ScenarioResult
from infra.flowkit.conversations.side_by_side import side_by_side
from infra.output.terminal import DIM, GREEN, PLAIN, RED, painted

SECONDS_A_MINUTE = 60.0


def _print_one(result: ScenarioResult) -> None:
    took = f"{result.call_seconds:.0f} s in {result.took_seconds * MILLIS_PER_SECOND:.0f} ms"
    title = f"{'✓' if result.passed else '✗'} {result.script.title}"
    print(f"{painted(title, GREEN if result.passed else RED)}  {painted(f'({took})', DIM)}", flush=True)
    if not result.passed:
        print(f"\n{side_by_side(result)}\n")


def _print_sum(played: Played, cover: float | None) -> None:
    print()
    for coverage in played.coverages:
        enough = cover is None or coverage.percent >= cover
        line = f"{' ' if enough else '✗'} {coverage.flow}: {coverage.percent:.0f} % of its steps and paths taken"
        print(painted(line, PLAIN if enough else RED))
        for item in coverage.missing:
            print(f"      not taken: {item}")
    count = len(played.conversations)
    speed = count / played.seconds * SECONDS_A_MINUTE
    counted = "1 conversation" if count == 1 else f"{count} conversations"
    total = f"{counted}, {played.failed} failed, in {played.seconds:.1f} s: {speed:,.0f} a minute"
    print(f"\n{painted(total, RED if played.failed else GREEN)}")
    if not played.failed and not played.passed(cover):
        print(f"Less than {cover:g} % of a flow was taken: write conversations that take the rest.")


def _wait(result: ScenarioResult) -> None:
    """A document is printed whole, at the end."""


def _print_json(played: Played, cover: float | None) -> None:
    fields = {
        "passed": played.passed(cover),
        "seconds": round(played.seconds, 3),
        "conversations": [_conversation_fields(each) for each in played.conversations],
        "coverage": [_coverage_fields(each) for each in played.coverages],
    }
    print(json.dumps(fields, indent=2, ensure_ascii=False))


def _conversation_fields(result: ScenarioResult) -> dict[str, object]:
    script = result.script
    return {
        "flow": script.flow,
        "name": script.conversation.name,
        "file": str(script.file),
        "line": script.line,
        "passed": result.passed,
        "fault": result.fault,
        "last_resorts": list(result.last_resorts),
        "call_seconds": round(result.call_seconds, 3),
        "account": [asdict(entry) for entry in result.entries],
        "differences": [asdict(difference) for difference in result.differences],
    }


def _coverage_fields(coverage: Coverage) -> dict[str, object]:
    missing = [{"step": item.step, "way": item.where} for item in coverage.missing]
    return {"flow": coverage.flow, "percent": round(coverage.percent, 1), "not_taken": missing}


def _print_junit(played: Played, cover: float | None) -> None:
    """As continuous integration shows it; a flow of which too little was taken is a failure too."""
    suite = ET.Element("testsuite", name="dialtone flow test", time=f"{played.seconds:.3f}")
    for each in played.conversations:
        case = _case(suite, each.script.flow, each.script.conversation.name, each.took_seconds)
        case.set("file", str(each.script.file))
        case.set("line", str(each.script.line))
        if not each.passed:
            why = f"did not go as it should: last resort from {each.last_resorts[0]}" if each.last_resorts else ""
            _fail(case, each.fault or why or "did not go as it should", side_by_side(each))
    for coverage in played.coverages if cover else ():
        case = _case(suite, coverage.flow, f"{cover:g} % is taken", 0.0)
        if coverage.percent < (cover or 0.0):
            _fail(case, f"only {coverage.percent:.0f} % is taken", "\n".join(map(str, coverage.missing)))
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    ET.indent(suite)
    print(ET.tostring(suite, encoding="unicode", xml_declaration=True))


def _case(suite: ET.Element, flow: str, name: str, seconds: float) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=flow, name=name, time=f"{seconds:.3f}")


def _fail(case: ET.Element, message: str, text: str) -> None:
    ET.SubElement(case, "failure", message=message).text = text


REPORTS: Mapping[str, tuple[Callable[[ScenarioResult], None], Callable[[Played, float | None], None]]] = {
    "text": (_print_one, _print_sum),
    "json": (_wait, _print_json),
    "junit": (_wait, _print_junit),
}
"""Format → what tells of one conversation as it is over, and what tells of all."""
