"""The stack, packed for AWS with a project's flows in place of those beside the code."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from dialtone.domain.errors import DialtoneError
from infra.checkout import DEPLOYED_FLOWS, ROOT
from infra.packing import pack
from infra.packing.tools import Tools

READ_ON_LAMBDA = ("*.yaml", "calendars/*.yaml", "data/*.csv", "rotas/*.yaml")
"""Of a folder of flows; audio lies at Telnyx."""

CONVERSATIONS = ".test"


def build(flows: Path, folder: Path, architecture: str, tools: Tools) -> Path:
    """Pack functions and flows below a folder; returns the template to deploy. Raises DialtoneError."""
    built = folder / "build"
    folder.mkdir(parents=True, exist_ok=True)
    asked = ["build", "--template-file", str(ROOT / "template.yaml"), "--build-dir", str(built)]
    run("SAM", [str(tools.sam), *asked, "--parameter-overrides", f"Architecture={architecture}"], folder, tools)
    for package in functions_in(built):
        put_flows(flows, package)
    sdk = folder / "lean_sdk.json"
    with sdk.open("wb") as file:
        subprocess.run([sys.executable, "-m", "infra.packing.lean_sdk"], cwd=ROOT, stdout=file, check=True)
    run("packing", [str(tools.python), "-s", "-P", "-B", pack.__file__, str(built), str(sdk)], folder, tools)
    return built / "template.yaml"


def functions_in(built: Path) -> list[Path]:
    """The packages of functions that SAM has made."""
    return sorted(path.parent for path in built.glob("*/dialtone"))


def put_flows(flows: Path, package: Path) -> None:
    """Put a project's flows where a function reads them; nothing of what lay there stays."""
    place = package / DEPLOYED_FLOWS.name
    shutil.rmtree(place, ignore_errors=True)
    for pattern in READ_ON_LAMBDA:
        for file in flows.glob(pattern):
            if not file.stem.endswith(CONVERSATIONS):
                target = place / file.relative_to(flows)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)


def run(what: str, command: Sequence[str], folder: Path, tools: Tools) -> None:
    """Run one of the programs, which says itself what it does. Raises DialtoneError if it fails."""
    path = f"{tools.python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    asked = {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_BETA_BUILD_PERFORMANCE": "1", "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path, **asked}, check=False)  # noqa: S603 -- SAM, or our own program
    if done.returncode:
        raise DialtoneError(f"{what} failed, as is said above; nothing was deployed")
