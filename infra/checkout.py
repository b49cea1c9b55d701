"""Where things lie in this checkout, or in an installed package, which is one without what develops it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "functions" / "flows"
"""The sample menus: demo, benchmarks and tests play them, and `make deploy` takes them without a project."""
IS_INSTALLED = not (ROOT / "pyproject.toml").is_file()
