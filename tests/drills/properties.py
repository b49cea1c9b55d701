"""The property tests of tests/simulation and tests/integration with other examples: a round takes minutes."""

import subprocess
import sys
from dataclasses import dataclass
from typing import ClassVar

from tests.drills.report import WRONG, InProcess, Tally, Violation

FOLDERS = ("tests/simulation", "tests/integration")


@dataclass(frozen=True, slots=True)
class Properties(InProcess):
    """The part that runs pytest: what fails, it prints itself."""

    name: ClassVar[str] = "properties"

    def needs(self) -> frozenset[str]:
        """Nothing: every round runs all of them."""
        return frozenset()

    def play(self, seed: int, tally: Tally) -> None:
        """Run them with the examples of a seed."""
        pytest = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "auto",
            "--dist",
            "loadfile",
            f"--hypothesis-seed={seed}",
        ]
        if subprocess.run([*pytest, *FOLDERS], check=False).returncode:  # noqa: S603 -- this interpreter, our own tests
            tally.blame(seed, [Violation(WRONG, "see what pytest printed")])
