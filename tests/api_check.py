"""`make check-api`: schemathesis sends the control API what its description allows, and what it does not.

No answer may be a 5xx, or other than the description says. The API, the webhook's code and the simulated carrier stand
behind a port of this machine, with a call in progress that may be acted on and a flow that may be dialled for.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from infra.carrier import Caller, Hear, Silence
from infra.checkout import ROOT
from tests.integration.control_server import ControlServer
from tests.simulation.controlled import ControlledStage

DESCRIPTION = ROOT / "docs" / "control-api.json"

FLOW = "steps:\n  ask: {menu: 'Press one.', keys: {1: ask}, tries: 10}\n  bye: hangup\n"

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)


def main(arguments: list[str] | None = None) -> int:
    """Run it; gives schemathesis' own exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--schemathesis", required=True, help="the program")
    parser.add_argument("--examples", type=int, default=50, help="requests of each operation and kind (default: 50)")
    parser.add_argument("--seed", type=int, default=1, help="of chance (default: 1)")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        stage = ControlledStage(FLOW, Path(folder))
        leg = stage.answered(Caller(Hear("never said", within=3_600), Silence(3_600)))
        described = Path(folder, "control-api.json")
        described.write_text(json.dumps(_with_a_call(leg.name.call_session_id)), encoding="utf-8")
        with ControlServer(stage.control) as server:
            return _checked(given, described, server.url)


def _checked(given: argparse.Namespace, described: Path, url: str) -> int:
    options = (
        f"--url={url}",
        f"--checks={','.join(CHECKS)}",
        "--phases=examples,fuzzing",
        f"--max-examples={given.examples}",
        f"--seed={given.seed}",
        "--suppress-health-check=all",
        "--continue-on-failure",
        "--no-shrink",
    )
    program = [str(Path(given.schemathesis).absolute()), "run", str(described), *options]
    # It leaves a folder of its own where it runs.
    return subprocess.run(program, cwd=described.parent, check=False).returncode  # noqa: S603 -- the program that is named


def _with_a_call(session: str) -> Any:  # noqa: ANN401 -- any JSON
    """The description, with a call that there is among what the ids of calls may be."""
    described = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    for path, methods in described["paths"].items():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                if path.startswith("/calls/") and parameter["name"] == "id":
                    parameter["schema"] = {"enum": [session, "nothing"]}
    return described


if __name__ == "__main__":
    sys.exit(main())
