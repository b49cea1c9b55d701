"""The page of `dialtone bench`: what was wanted, what was measured, and where and how."""

import base64
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

MEASURED = ("telnyx", "botocore", "aws-lambda-powertools", "pydantic", "httpx", "pynacl")
"""Libraries whose versions the figures depend on."""


def write_page(folder: Path, sections: Sequence[Mapping[str, Any]]) -> None:
    """Write README.md and the sections' pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["# How fast, and how cheap", "", _machine(), "", "| wanted | measured | |", "| --- | --- | --- |"]
    for section in sections:
        lines += [_goal(section, goal) for goal in section["goals"]]
    for section in sections:
        lines += ["", f'<a id="{section["name"]}"></a>', "", f"## {section['title']}", "", section["text"]]
        lines += ["", f"*Commit {section['commit']}.*"]
        for file, content in section["pictures"].items():
            (folder / file).write_bytes(base64.b64decode(content))
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _goal(section: Mapping[str, Any], goal: Mapping[str, Any]) -> str:
    wanted, met = f"[{section['title']}](#{section['name']}): {goal['wanted']}", "met" if goal["met"] else "**not met**"
    return f"| {wanted} | {goal['measured']} | {met} |"


def _machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in MEASURED)
    return (
        f"Measured by `make bench` on {datetime.now(UTC):%d %B %Y}: {_processor()},"
        f" {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
        f" (cold start and load: Lambda's, 3.13), {versions}."
        " Figures of one machine are good for comparing with one another, in one run; elsewhere they differ."
    )


def _processor() -> str:
    try:
        cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("model name")), "")
