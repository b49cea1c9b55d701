"""What the `dialtone` command imports: a person waits for every module."""

import subprocess
import sys

import pytest

from infra.checkout import ROOT

EMULATORS = ("boto3", "ministack", "moto", "samtranslator", "telnyx")


LIBRARIES = (*EMULATORS, "botocore", "pydantic", "yaml", "httpx", "phonenumbers", "graphlay", "infra.carrier")
OF_THE_PROGRAM = ("dialtone.adapters", "dialtone.flow")


@pytest.mark.parametrize(
    ("arguments", "never"),
    [
        (["--help"], (*LIBRARIES, *OF_THE_PROGRAM)),
        (["completion", "words", "flow", "draw", ""], (*LIBRARIES, *OF_THE_PROGRAM)),
        (["call", "--phone-port", "1", "+15550100"], (*EMULATORS, "infra.local.cloud", "infra.local.line")),
        (["flow", "lint"], (*EMULATORS, "infra.carrier", "infra.local.cloud")),
    ],
)
def test_a_command_imports_only_what_it_uses(arguments: list[str], never: tuple[str, ...]) -> None:
    modules = imported_by("from infra.cli.main import main\ntry: main()\nfinally: print(*sys.modules)", *arguments)

    assert "infra.cli.main" in modules
    assert modules.isdisjoint(never)


def test_no_commands_help_imports_a_library_nor_needs_a_posix_terminal() -> None:
    every = (
        "sys.modules |= dict.fromkeys(('termios', 'tty', 'pty', 'fcntl', 'resource'))\n"
        "from infra.cli.main import command_parser\n"
        "def prepare(parser):\n"
        "    parser.prepare()\n"
        "    for each in parser.commands.values(): prepare(each)\n"
        "prepare(command_parser())\n"
        "print(*sys.modules)"
    )

    modules = imported_by(every)

    assert {"infra.cli.call", "infra.cli.recordings"} <= modules
    assert modules.isdisjoint((*LIBRARIES, *OF_THE_PROGRAM))


def imported_by(script: str, *arguments: str) -> set[str]:
    """The modules that the script prints last."""
    ran = subprocess.run(  # noqa: S603 -- this interpreter, with a script of this file
        [sys.executable, "-c", f"import sys\n{script}", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ran.stdout.splitlines()[-1].split())
