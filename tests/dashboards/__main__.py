"""`make dashboards`: pictures of both dashboards, from a simulated afternoon, into docs/dashboards."""

import argparse
import sys
from pathlib import Path

from infra.checkout import ROOT
from infra.local import translate
from infra.watching.measurements import Span
from infra.watching.picture import Scene, svg_of
from infra.watching.stack import Stack
from tests.dashboards.day import OUTAGE, Day

SEED = 4
SHOWN_SECONDS = 3 * 3_600
"""What a dashboard shows when it is opened."""
CALM_ENDS, TROUBLE_ENDS = 3.25, OUTAGE[1] + 0.04
"""In hours since the beginning of the day."""

PICTURES = {
    "operators": ("Dashboard", "Operators: are callers served?", CALM_ENDS),
    "operators-in-trouble": ("Dashboard", "Operators, while Telnyx's API does not answer", TROUBLE_ENDS),
    "developers": ("DevelopersDashboard", "Developers: what takes how long?", TROUBLE_ENDS),
}


def pictures(day: Day) -> dict[str, str]:
    """Each picture's file name and content."""
    stack = Stack.of(translate.read(ROOT / "infra" / "monitoring.yaml"))
    drawn = {}
    for name, (dashboard, title, hours) in PICTURES.items():
        ends = day.begins + hours * 3_600
        scene = Scene(stack, day.measured, day.logs, Span(ends - SHOWN_SECONDS, ends))
        drawn[f"{name}.svg"] = svg_of(dashboard, title, scene)
    return drawn


def main(folder: Path) -> None:
    """Draw them."""
    folder.mkdir(parents=True, exist_ok=True)
    with Day(SEED) as day:
        day.run()
    for name, svg in pictures(day).items():
        (folder / name).write_text(svg, encoding="utf-8")
        sys.stdout.write(f"{folder / name}: {len(svg):,} bytes\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.dashboards", description="Draw both dashboards.")
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=ROOT / "docs" / "dashboards",
        help="where to write (default: %(default)s)",
    )
    main(parser.parse_args().folder)
