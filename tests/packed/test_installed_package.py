"""Dialtone as an installed package, without a checkout: `make check-sam` runs this, for it takes half a minute."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from typing import TYPE_CHECKING

import pytest

from infra.checkout import ROOT
from infra.packing.wheel import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

if "PACKED" not in os.environ:
    pytest.skip("make check-sam runs these", allow_module_level=True)

INSTALLED_COMMAND = """
import sys
from importlib.metadata import entry_points
(command,) = entry_points(group="console_scripts", name="dialtone")
sys.exit(command.load()())
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that has the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("installed")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], ROOT)
    run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], folder)
    packages = folder / "venv" / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    libraries = sysconfig.get_path("purelib")
    (packages / "libraries.pth").write_text(f"{libraries}\n", encoding="utf-8")
    return folder / "venv" / "bin" / "python"


def run(command: list[str], folder: Path, **environment: str) -> str:
    here = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment}
    done = subprocess.run(command, cwd=folder, env=here, capture_output=True, text=True, check=False)  # noqa: S603 -- this interpreter, our own program
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_new_user_without_a_checkout_gets_from_an_empty_folder_to_a_tested_line(python: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()

    def dialtone(*arguments: str, folder: Path = tmp_path) -> str:
        return run([str(python), "-c", INSTALLED_COMMAND, *arguments], folder, HOME=str(home))

    assert FOLDER in dialtone("flow", "lint")  # the samples that came along
    assert "1 flow, 1 calendar" in dialtone("new", "my-line")
    line = tmp_path / "my-line"
    assert "1 flow, 1 calendar, numbers.yaml in flows: 0 errors" in dialtone("flow", "lint", "--strict", folder=line)
    assert "0 failed" in dialtone("flow", "test", "--cover", "100", folder=line)
    assert "is never reached" in dialtone("flow", "lint", "--explain", "unreached-step", folder=line)
    assert "Everything holds" in dialtone("demo", folder=line)
    assert not any(home.iterdir())
