"""The pictures in docs/ are those of the samples. A flow without a picture there is nobody's fault."""

from pathlib import Path

import pytest

from infra.checkout import SAMPLES
from infra.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
COMMAND = "dialtone flow draw --output docs/pictures infra/samples/*.yaml"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    flows = [str(SAMPLES / f"{file.stem}.yaml") for file in sorted(PICTURES.iterdir())]
    assert main(["flow", "draw", "--output", str(folder), *flows]) == 0
    return folder


def test_every_picture_is_current(drawn: Path) -> None:
    outdated = [
        file.name for file in sorted(drawn.iterdir()) if file.read_bytes() != (PICTURES / file.name).read_bytes()
    ]

    assert not outdated, f"{', '.join(outdated)}: the flow or the drawing changed; run `{COMMAND}`"
