"""What packs the functions for AWS, as far as it is on this machine."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dialtone.domain.errors import DialtoneError
from infra.checkout import ROOT

PYTHON = "python3.13"
"""The functions' own version: SAM asks it for their libraries, and its bytecode is packed."""

OF_PYENV = ".pyenv/versions/3.13*/bin/python3.13"
"""Below the home folder: pyenv may have it without offering it."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The two programs."""

    sam: Path
    python: Path


def find_tools() -> Tools:
    """Both. Raises DialtoneError naming what is missing and how it is installed."""
    python, sam = find_python(), find_sam()
    if python is None:
        raise DialtoneError(f"packing for AWS needs {PYTHON}, the functions' runtime: install it (pyenv install 3.13)")
    if sam is None:
        raise DialtoneError("deploying needs AWS SAM CLI: install it (pipx install aws-sam-cli), or use `make deploy`")
    return Tools(sam, python)


def find_sam() -> Path | None:
    """The checkout's own, which `make` sets up, else whichever the person has."""
    own, found = ROOT / ".sam" / "bin" / "sam", shutil.which("sam")
    return own if own.is_file() else Path(found) if found else None


def find_python() -> Path | None:
    """The first that runs, as the Makefile looks for it: pyenv offers names of versions that it does not run."""
    named = shutil.which(PYTHON)
    for found in (*((Path(named),) if named else ()), *sorted(Path.home().glob(OF_PYENV))):
        asked = [str(found), "-c", "import sys; print(sys.executable)"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 -- a Python of this machine
        if done.returncode == 0:
            return Path(done.stdout.strip())
    return None
