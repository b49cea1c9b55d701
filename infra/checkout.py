"""Where things lie in this checkout."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "functions" / "flows"
"""The sample menus: the demo, the benchmarks and the tests play them, and they are deployed where no project is."""
