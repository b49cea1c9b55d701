"""How long the linter takes for fifty flows once it is started: `python tests/benchmarks/lint_speed.py [flows]`.

The flows are the shipped ones, over and over, each under a name of its own.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from infra.checkout import SAMPLES
from infra.flowkit.lint import lint_all
from infra.flowkit.linting.files import flow_paths

DEFAULT_FLOWS = 50
WANTED_SECONDS = 0.3


def main(count: int) -> None:
    """Lint that many flows, three times, and print the least CPU time."""
    with tempfile.TemporaryDirectory() as folder:
        steps = _copy(Path(folder), count)
        seconds = min(_lint(Path(folder)) for _ in range(3))
    sys.stdout.write(f"{count} flows of {steps / count:.0f} lines: {seconds * 1_000:.0f} ms of CPU")
    sys.stdout.write(f" (wanted for fifty: under {WANTED_SECONDS * 1_000:.0f} ms)\n")


def _copy(folder: Path, count: int) -> int:
    """Write them; gives their lines."""
    texts = [(path.stem, path.read_text(encoding="utf-8")) for path in flow_paths(SAMPLES)]
    (folder / "audio").symlink_to(SAMPLES / "audio")
    if (SAMPLES / "calendars").is_dir():
        (folder / "calendars").symlink_to(SAMPLES / "calendars")
    lines = 0
    for place in range(count):
        stem, text = texts[place % len(texts)]
        name = stem if place < len(texts) else f"{stem}-{place}"
        lines += text.count("\n")
        (folder / f"{name}.yaml").write_text(text.replace(f"flow: {stem}", f"flow: {name}", 1), encoding="utf-8")
    (folder / "numbers.yaml").write_text(f'"+15550100": {texts[0][0]}\n', encoding="utf-8")
    return lines


def _lint(folder: Path) -> float:
    began = time.process_time()
    lint_all(folder)
    return time.process_time() - began


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FLOWS)
