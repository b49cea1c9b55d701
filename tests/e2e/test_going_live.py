"""The page docs/going-live.md, command by command, until a phone is answered."""

import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from infra.carrier import Caller, Carrier, Hear
from infra.carrier.trace import Heard
from infra.checkout import ROOT
from infra.cli.main import command_parser, main
from infra.local.cloud import LocalCloud
from infra.local.emulator import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from infra.local.stack_name import STACK_NAME

NUMBER, CALLER = "+15550100", "+15550142"
MOST_COMMANDS = 7

PATIENT = ("--webhook-timeout", "30", "--yes")
"""Emulated functions start several times slower than Lambda's; and nobody is here to be asked."""


def commands() -> list[str]:
    page = (ROOT / "docs" / "going-live.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines()]


@pytest.fixture
def empty_folder(tmp_path: Path, cloud: LocalCloud, carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and a shell with credentials, for an account that has the page's number and nothing else."""
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
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_pages_commands_lead_to_a_phone_that_is_answered(
    empty_folder: Path, carrier: Carrier, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def dialtone(command: str, *more: str, piped: str = "") -> str:
        """Run a command of the page on the local stack."""
        monkeypatch.setattr(sys, "stdin", io.StringIO(piped))
        program, *arguments = shlex.split(command)
        assert program == "dialtone"
        status = main([*arguments, *more])
        shown = capsys.readouterr()
        assert status == 0, shown.out + shown.err
        return shown.out

    there = ("--stack", STACK_NAME)  # as the fixture has deployed it, with the samples
    get, secret, numbers, route, deploy, connect, doctor = commands()
    assert len(commands()) <= MOST_COMMANDS

    install, new, enter = get.split(" && ")
    assert install.startswith("pipx install ")  # tests/packed has a wheel installed
    dialtone(new)
    monkeypatch.chdir(empty_folder / enter.removeprefix("cd "))
    assert "Telnyx accepts the key" in dialtone(secret, *there, piped=carrier.api_key)
    assert f"{NUMBER}  active" in dialtone(numbers, *there)
    subprocess.run(["sh", "-c", route], check=True)  # noqa: S603, S607 -- the page's own
    assert callable(command_parser().parse_args(shlex.split(deploy)[1:]).run)  # tests/integration has it run
    assert f"done: {NUMBER} rings front-desk" in dialtone(connect, *there, *PATIENT)
    assert f"{NUMBER}              rings front-desk" in dialtone(doctor, *there)

    line = carrier.call(CALLER, NUMBER, Caller(Hear("Welcome to Harbour Dental")))
    greeted = "Welcome to Harbour Dental"
    assert carrier.run(
        when=lambda: any(isinstance(each, Heard) and greeted in each.what for each in carrier.trace),
        until=carrier.clock.now + 60,
    )
    line.hang_up()
    carrier.run_for(5)
    dialtone("dialtone disconnect", "--yes", *there)
    assert carrier.exchange.numbers[NUMBER].connection_id is None
