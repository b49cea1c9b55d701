"""Writes docs/control-api.json anew, as the control API describes itself: `python -m tests.api_description`."""

import json
import tempfile
from pathlib import Path
from urllib.request import urlopen

from infra.output.files import write_whole
from tests.api_check import DESCRIPTION, FLOW
from tests.integration.control_server import ControlServer
from tests.simulation.controlled import ControlledStage


def main() -> None:
    """Write it to its place."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ControlServer(ControlledStage(FLOW, Path(folder)).control) as server,
        urlopen(f"{server.url}/openapi.json") as answer,  # noqa: S310 -- this process
    ):
        described = json.load(answer)
    write_whole(DESCRIPTION, json.dumps(described, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
