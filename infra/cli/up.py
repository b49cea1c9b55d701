"""`dialtone up`: the whole line, running on this machine until it is interrupted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from dialtone.flow_library import read_numbers
from infra.demo.narrator import BOLD, Narrator, Paper
from infra.local.cloud import FUNCTIONS
from infra.local.line import CONNECTION_ID, PhoneLine

if TYPE_CHECKING:
    import argparse

CLOUD_PORT, CARRIER_PORT = 4566, 4580
"""Fixed, so that other programs can be told of them."""

REAL_TIME = 1.0


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("up", help="run the stack and the simulated carrier on this machine, until Ctrl-C")
    parser.add_argument("--cloud-port", type=int, default=CLOUD_PORT, help=f"of the AWS APIs (default: {CLOUD_PORT})")
    parser.add_argument("--carrier-port", type=int, default=CARRIER_PORT, help=f"of Telnyx's (default: {CARRIER_PORT})")
    parser.add_argument("--pace", type=float, default=REAL_TIME, help="seconds of a call per second (default: 1)")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print what a program needs to use the line, then everything that happens on it."""
    paper = Paper()
    with PhoneLine(carrier_port=given.carrier_port, cloud_port=given.cloud_port, pace=given.pace) as line:
        paper.line("The line is up. Ctrl-C ends it.", BOLD)
        for name, value in _environment(line).items():
            paper.line(f"  export {name}={value}")
        numbers = ", ".join(f"{number} ({flow})" for number, flow in read_numbers(FUNCTIONS / "flows").items())
        paper.line(f"  numbers: {numbers}")
        line.carrier.observe(Narrator(paper, line.store).tell)
        threading.Event().wait() if given.pace <= 0 else _keep_time(line)
    return 0


def _keep_time(line: PhoneLine) -> None:
    while True:
        line.carrier.run(until=line.carrier.clock.now + REAL_TIME)


def _environment(line: PhoneLine) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": line.cloud.endpoint_url,
        "CALLS_TABLE": line.cloud.calls_table,
        "RECORDINGS_BUCKET": line.cloud.recordings_bucket,
        "TELNYX_API_KEY": line.carrier.api_key,
        "TELNYX_BASE_URL": line.server.url,
        "TELNYX_CONNECTION_ID": CONNECTION_ID,
        "WEBHOOK_URL": line.cloud.webhook_url,
    }
