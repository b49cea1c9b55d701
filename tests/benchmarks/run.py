"""One benchmark, for `dialtone bench`: `python -m tests.benchmarks.run MODULE FILE [--quick]`."""

from __future__ import annotations

import base64
import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path


def main(module: str, file: str, *, quick: bool) -> None:
    """Write the section as JSON."""
    section = importlib.import_module(f"tests.benchmarks.{module}").section(quick=quick)
    pictures = {name: base64.b64encode(content).decode() for name, content in section.pictures.items()}
    Path(file).write_text(json.dumps({**asdict(section), "pictures": pictures}), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], quick="--quick" in sys.argv)
