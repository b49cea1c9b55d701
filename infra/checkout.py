"""Where things lie in this checkout."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FLOWS = ROOT / "functions" / "flows"
"""The flows that are deployed."""
