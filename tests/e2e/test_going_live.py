"""The page docs/going-live.md, command by command, until a phone is answered."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from infra.carrier import Caller, Hear
from infra.carrier.trace import Heard
from infra.checkout import ROOT, SAMPLES
from infra.cli.main import main
from infra.local.cloud import STACK_NAME, TEMPLATE
from infra.local.emulator import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from infra.local.translate import read

if TYPE_CHECKING:
    from pathlib import Path

    from infra.carrier import Carrier
    from infra.local.cloud import LocalCloud

NUMBER, CALLER = "+15550100", "+15550142"
MOST_COMMANDS = 7

PATIENT = ("--webhook-timeout", "30", "--yes")
"""Emulated functions start several times slower than Lambda's; and nobody is here to be asked."""


def commands() -> list[str]:
    page = (ROOT / "docs" / "going-live.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines()]


@pytest.fixture
def checkout(tmp_path: Path, cloud: LocalCloud, carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone's flows, and a shell with credentials, for an account that has the page's number and nothing else."""
    for name, value in {
        "AWS_ENDPOINT_URL": cloud.endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "TELNYX_BASE_URL": f"{carrier.public_url}/v2",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    monkeypatch.setattr(carrier.exchange, "numbers", {})
    carrier.add_numbers([NUMBER])
    shutil.copytree(SAMPLES, tmp_path / "functions" / "flows")
    return tmp_path


def test_the_pages_commands_lead_to_a_phone_that_is_answered(
    checkout: Path, carrier: Carrier, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def dialtone(command: str, *more: str, piped: str = "") -> str:
        """Run a command of the page on the local stack."""
        monkeypatch.setattr(sys, "stdin", io.StringIO(piped))
        program, *arguments = shlex.split(command)
        assert program == ".venv/bin/dialtone"
        status = main([*arguments, "--stack", STACK_NAME, *more])
        shown = capsys.readouterr()
        assert status == 0, shown.out + shown.err
        return shown.out

    flows = ("--flows", str(checkout / "functions" / "flows"))
    clone, secret, numbers, route, deploy, connect, doctor = commands()
    assert len(commands()) <= MOST_COMMANDS

    assert clone.endswith("&& make setup")  # as this environment was set up
    assert "Telnyx accepts the key" in dialtone(secret, piped=carrier.api_key)
    assert f"{NUMBER}  active" in dialtone(numbers, *flows)
    subprocess.run(["sh", "-c", route], cwd=checkout, check=True)  # noqa: S603, S607 -- the page's own
    assert deploy.startswith("make deploy PARAMETERS=")  # as the fixture has deployed the same template
    parameters = {word.partition("=")[0] for word in shlex.split(deploy)[2].partition("=")[2].split()}
    assert parameters <= read(TEMPLATE)["Parameters"].keys()
    assert f"done: {NUMBER} rings main-menu" in dialtone(connect, *flows, *PATIENT)
    assert f"{NUMBER}              rings main-menu" in dialtone(doctor, *flows)

    line = carrier.call(CALLER, NUMBER, Caller(Hear("Welcome to Harbour Dental")))
    greeted = "Welcome to Harbour Dental"
    assert carrier.run(
        when=lambda: any(isinstance(each, Heard) and greeted in each.what for each in carrier.trace),
        until=carrier.clock.now + 60,
    )
    line.hang_up()
    carrier.run_for(5)
    dialtone(".venv/bin/dialtone disconnect", "--yes")
    assert carrier.exchange.numbers[NUMBER].connection_id is None
