"""What the `dialtone` command imports: a person waits for every module."""

from __future__ import annotations

import subprocess
import sys

import pytest

from infra.checkout import ROOT

EMULATORS = ("boto3", "ministack", "moto", "samtranslator", "telnyx")


@pytest.mark.parametrize(
    ("arguments", "never"),
    [
        (["--help"], (*EMULATORS, "botocore", "pydantic", "yaml", "infra.carrier", "dialtone.flow")),
        (["flow", "--help"], (*EMULATORS, "botocore", "pydantic", "yaml", "infra.carrier", "dialtone.flow")),
        (["connect", "--help"], (*EMULATORS, "botocore", "pydantic", "yaml", "infra.carrier", "dialtone.flow")),
        (["doctor", "--help"], (*EMULATORS, "botocore", "pydantic", "yaml", "infra.carrier", "dialtone.flow")),
        (["flow", "lint"], (*EMULATORS, "infra.carrier", "infra.local.cloud")),
    ],
)
def test_a_command_imports_only_what_it_uses(arguments: list[str], never: tuple[str, ...]) -> None:
    script = "import sys; from infra.cli.main import main\ntry: main()\nfinally: print(*sys.modules)"

    ran = subprocess.run(  # noqa: S603 -- this interpreter, with a script of this file
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )

    modules = set(ran.stdout.splitlines()[-1].split())
    assert "infra.cli.main" in modules
    assert modules.isdisjoint(never)
