"""What the installed package holds: the checkout, in a folder of its own, and a path file that leads there.

So the installed command finds template, functions, samples and pages where it finds them in a checkout, can pack the
functions for AWS, and puts no name such as `watchdog` or `infra` among other libraries.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    from hatchling.builders.config import BuilderConfig
else:
    BuilderConfig = Any

FOLDER = "dialtone_checkout"
HELD = ("infra", "functions", "docs", "template.yaml")
PATHS = Path(__file__).with_name("dialtone.pth")


class Checkout(BuildHookInterface[BuilderConfig]):
    """Puts the checkout into the wheel; an editable installation is led to the working tree instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files, before the wheel is written."""
        if version != "editable":
            build_data["force_include"] |= {str(Path(self.root, name)): f"{FOLDER}/{name}" for name in HELD}
            build_data["force_include"][str(PATHS)] = PATHS.name
