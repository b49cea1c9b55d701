"""Runs `dialtone demo`."""

import argparse
import time

from infra.cli.console import CONSOLE_PORT
from infra.demo.play import Demo, show_checks
from infra.local.line import PhoneLine
from infra.output.terminal import BOLD, DIM, RED, Console


def run(given: argparse.Namespace) -> int:
    """Play, show what was left behind, check it; 1 if a check fails."""
    del given
    console, began = Console(), time.monotonic()
    console.line(
        "Dialtone on this machine: template.yaml in an emulated AWS, and a simulated Telnyx that calls it.", BOLD
    )
    with PhoneLine() as line:
        console.line(f"  the stack is up after {time.monotonic() - began:.1f} s: {line.cloud.webhook_url}", DIM)
        console.line(f"  the carrier is {line.server.url}; its clock is virtual, so waiting takes no time", DIM)
        good = show_checks(Demo(line, console).play(), console)
    took = time.monotonic() - began
    console.line(
        f"\n{'Everything holds' if good else 'Something does not hold'} ({took:.1f} s).", BOLD if good else RED
    )
    console.line(
        f"To call yourself: dialtone up, then dialtone call --line. Its console is at http://127.0.0.1:{CONSOLE_PORT}/.",
        DIM,
    )
    return 0 if good else 1
