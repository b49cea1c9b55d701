"""Where things lie in this checkout, or in an installed package, which is one without what develops it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "infra" / "samples"
"""The sample flows, a part of the product: demo, benchmarks, tests and the documentation's pictures play these."""
DEPLOYED_FLOWS = ROOT / "functions" / "flows"
"""What lies beside the code: commands and `make deploy` take it without a project. It begins as a copy of the samples,
and may be edited: nothing of the product's own depends on what it says."""
IS_INSTALLED = not (ROOT / "pyproject.toml").is_file()
