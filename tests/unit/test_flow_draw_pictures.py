"""The pictures in docs/ are those of the flows that are shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
COMMAND = "dialtone flow draw --output docs/pictures functions/flows/*.yaml"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    flows = [str(file) for file in sorted((ROOT / "functions" / "flows").glob("*.yaml"))]
    assert main(["flow", "draw", "--output", str(folder), *flows]) == 0
    return folder


def test_every_shipped_flow_has_its_picture_and_no_picture_is_left_over(drawn: Path) -> None:
    now = {file.name for file in drawn.iterdir()}
    shipped = {file.name for file in PICTURES.iterdir()}

    assert now == shipped, f"run `{COMMAND}`; remove pictures of flows that are gone: {sorted(shipped - now)}"


def test_every_picture_is_current(drawn: Path) -> None:
    outdated = [
        file.name for file in sorted(drawn.iterdir()) if file.read_bytes() != (PICTURES / file.name).read_bytes()
    ]

    assert not outdated, f"{', '.join(outdated)}: the flow or the drawing changed; run `{COMMAND}`"
