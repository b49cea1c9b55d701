"""Runs `dialtone demo`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dialtone.domain.errors import DialtoneError
from infra.checkout import IS_INSTALLED, SAMPLES
from infra.console import BOLD, DIM, RED, Console
from infra.demo.play import Demo, show_checks
from infra.local.line import PhoneLine

if TYPE_CHECKING:
    import argparse


PLAYED = ("numbers.yaml", "main-menu.yaml", "announcement.yaml", "recorded-line.yaml")

BRING_BACK = (
    "install Dialtone again"
    if IS_INSTALLED
    else "`git checkout functions/flows` brings them back; your own menus go into a project (`dialtone new`)"
)

CHANGED = f"The demo plays the samples in {SAMPLES}. Were they changed? Then {BRING_BACK}."


def run(given: argparse.Namespace) -> int:
    """Play, show what was left behind, check it; 1 if a check fails."""
    del given
    check_samples()
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
    if not good:
        console.line(CHANGED, DIM)
    return 0 if good else 1


def check_samples() -> None:
    """Raises DialtoneError where the menus are not there that the demo plays."""
    for name in PLAYED:
        if not (SAMPLES / name).is_file():
            raise DialtoneError(f"the demo plays {name}, which is not in {SAMPLES}: {BRING_BACK}")
