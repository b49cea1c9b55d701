"""`make check-api`: schemathesis sends the control API what its description allows, and what it does not.

No answer may be a 5xx, or other than the description says. The API, the webhook's code and the simulated carrier stand
behind a port of this machine, with a call in progress that may be acted on and a flow that may be dialled for. With
`--stack` it is the stack: one that `dialtone up` runs, or one of its own, `new`; requests to it are signed.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.credentials import Credentials

from dialtone.client import Client
from infra.carrier import Caller, Hear, Silence
from infra.checkout import ROOT
from infra.local.emulator import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from infra.local.line import PhoneLine
from tests.integration.control_server import ControlServer
from tests.integration.signing_proxy import SigningProxy
from tests.simulation.controlled import NUMBER, ControlledStage, write_flows

DESCRIPTION = ROOT / "docs" / "control-api.json"

FLOW = "steps:\n  ask: {menu: 'Press one.', keys: {1: ask}, tries: 10}\n  bye: hangup\n"

NEW = "new"
"""In place of a stack's address: start one."""

LONG_SECONDS = 3_600
PACE = 1.0
STAYING = Caller(Hear("never said", within=LONG_SECONDS), Silence(LONG_SECONDS))
"""Somebody who stays on the line, so that there is a call to act on."""

PHASES = "examples,coverage,fuzzing"

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
    parser.add_argument("--phases", default=PHASES, help=f"of schemathesis (default: {PHASES})")
    parser.add_argument("--stack", help=f"the control API of a stack on this machine, or {NEW!r} for one of its own")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, _api(given.stack, Path(folder)) as (url, session):
        described = Path(folder, "control-api.json")
        described.write_text(json.dumps(_with_a_call(session)), encoding="utf-8")
        return _checked(given, described, url)


@contextlib.contextmanager
def _api(stack: str | None, folder: Path) -> Iterator[tuple[str, str]]:
    """Where the API is asked, and the session of a call in progress."""
    if not stack:
        stage = ControlledStage(FLOW, folder)
        leg = stage.answered(STAYING)
        with ControlServer(stage.control) as server:
            yield server.url, leg.name.call_session_id
    elif stack == NEW:
        write_flows(folder, {"front": FLOW})
        with (
            PhoneLine(pace=PACE, watched_flows=folder) as line,
            _ringing(line),
            _signed(line.cloud.control_url) as found,
        ):
            yield found
    elif urlsplit(stack).hostname in {"127.0.0.1", "localhost"}:
        with _signed(stack) as found:
            yield found
    else:
        sys.exit(
            f"{stack} is not on this machine: what is sent dials, and acts on calls. Name what `dialtone up` shows."
        )


@contextlib.contextmanager
def _ringing(line: PhoneLine) -> Iterator[None]:
    """Somebody is on the line, and the carrier goes on, for the block."""
    line.connect([NUMBER])
    line.carrier.call("+15550187", NUMBER, STAYING)
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            line.carrier.run(until=line.carrier.clock.now + PACE)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def _signed(url: str) -> Iterator[tuple[str, str]]:
    credentials = Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY)
    with Client(url, REGION, credentials) as client, SigningProxy(url, REGION, credentials) as proxy:
        yield proxy.url, _live(client)


def _live(client: Client) -> str:
    """The session of a call in progress; the one that comes within half a minute."""
    for _ in range(30):
        if calls := client.calls(state="live", since="1d")["calls"]:
            return calls[0]["call_session_id"]
        time.sleep(1)
    sys.exit("No call is in progress on that stack: ring it (`dialtone call`), stay on the line, and run this again.")


def _checked(given: argparse.Namespace, described: Path, url: str) -> int:
    options = (
        f"--url={url}",
        f"--checks={','.join(CHECKS)}",
        f"--phases={given.phases}",
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
