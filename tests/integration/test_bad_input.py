"""Every command with what it cannot use: one sentence with a remedy, a status other than 0, and never a traceback."""

import os
import re
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.checkout import ROOT, SAMPLES
from infra.cli.errors import INTERRUPTED, sentence_of
from infra.cli.main import BROKEN_PIPE, command_parser, main
from tests.integration.ordinary_user import as_an_ordinary_user

pytestmark = pytest.mark.no_cover

DIALTONE = [sys.executable, "-m", "infra.cli.start"]
NOWHERE = "http://0.0.0.0:9"
ON_THIS_MACHINE = "http://127.0.0.1:9"
SEEN_AT_ONCE = frozenset({"demo"})
"""Commands that take nothing from anybody."""

WRONG: Sequence[tuple[str, str]] = (
    ("flow lint nowhere", "does not exist; name a folder of flows, or a flow"),
    ("flow lint latin.yaml", "is not UTF-8; save it as UTF-8"),
    ("flow lint --explain nothing", "is not a rule"),
    ("flow draw nowhere.yaml", "does not exist; name a flow"),
    ("flow draw latin.yaml", "latin.yaml:3: is not UTF-8; save it as UTF-8"),
    ("flow draw flows/main-menu.yaml --output /dev/full", "no space left on device; make room"),
    ("flow draw flows/main-menu.yaml --output file/below", "not a directory; name a folder"),
    ("flow draw nowhere.yaml --watch --port 0", "does not exist; name a flow"),
    ("flow draw nowhere --watch --port 0 --flows flows", "does not exist; name a flow"),
    ("flow draw --flows nowhere", "is not a folder: name the one that holds the flows"),
    ("flow draw --watch --flows nowhere", "is not a folder: name the one that holds the flows"),
    ("flow draw flows/main-menu.yaml --watch --port TAKEN", "Stop the program that listens on it"),
    ("flow draw flows/main-menu.yaml --watch --port eighty", "eighty is not a port"),
    ("flow draw flows/main-menu.yaml --watch --format svg", "leave --format and --output out"),
    ("flow diff nowhere.yaml", "does not exist; name a flow"),
    ("flow diff NO-REVISION", "is neither a file nor a revision that git knows"),
    ("flow diff latin.yaml flows/main-menu.yaml", "is not UTF-8"),
    ("publish --flows nowhere --yes", "numbers.yaml is missing"),
    ("flow test nowhere.test.yaml", "name a flow that has conversations beside it"),
    ("flow test --flows latin", "latin.yaml:3: is not UTF-8; save it as UTF-8"),
    ("flow test latin.test.yaml", "latin.test.yaml:2: is not UTF-8; save it as UTF-8"),
    ("call --script nowhere.test.yaml --flows flows", "cannot be read: No such file or directory; name a file"),
    ("calls tail --for long", "long: give a number of seconds above 0"),
    ("flow test --flows nowhere", "there is no conversation"),
    ("flow replay", "name a call"),
    ("flow replay s --last 3", "not both"),
    ("flow replay --last 0", "give a number from 1 to 1,000"),
    ("flow replay s --flows nowhere", "is not a folder: name the one that holds the flows"),
    ("flow test-from s --flows nowhere", "is not a folder: name the one that holds the flows"),
    ("flow test-from s --append file", "conversations stand in a file named <flow>.test.yaml"),
    ("flow schema nothing", "invalid choice"),
    ("new file", "choose another name"),
    ("completion tcsh", "invalid choice: 'tcsh'"),
    ("deploy --project nowhere", "`dialtone new` makes one"),
    ("call +15550177 --flows flows", "call one of +15550100"),
    ("call +15550100 --flows file", "is not a folder: name the one that holds the flows"),
    ("call --script file --flows flows", "begin with `flow: <name>`"),
    ("call +15550100 --flows flows --save flows", "cannot be written"),
    ("call +15550100 --line --phone-port 1", "no line is up at port 1: run dialtone up in another terminal"),
    ("call +15550100 --phone-port eighty", "eighty is not a port"),
    ("call +15550100 --line --speed 2", "the line has the pace of `dialtone up --pace`"),
    ("call +15550100 --line --agent busy", "pass --agent to `dialtone up`"),
    ("call +15550100 --line --flows flows", "the line has the flows of `dialtone up --flows`"),
    ("call +15550100 --flows flows --as Ada", "Ada is not a caller: write +15550142, a SIP address, or withheld"),
    ("call --line --script file", "leave --line out"),
    ("console --port eighty", "eighty is not a port"),
    ("up --phone-port TAKEN", "Stop the program that listens on it"),
    ("up --agent asleep", "give one of person"),
    ("up --flows nowhere", "is not a folder: name the one that holds the flows"),
    ("up --cloud-port 80000", "80000 is not a port: give a number up to 65535"),
    ("up --carrier-port TAKEN", "Stop the program that listens on it"),
    ("up --cloud-port TAKEN --carrier-port 0", "Stop the program that listens on it"),
    ("up --pace never", "give a number above 0"),
    ("dial +15550100 --flow nothing --from +15550100 --flows flows", "there is no flow nothing"),
    ("dial nobody --flow announcement --from +15550100 --flows flows", "the number to ring must be a number in E.164"),
    ("dial +15550111 --flow announcement --from me --flows flows", "--from must be a number in E.164"),
    ("dial +15550111 --flow announcement --from +15550100 --flows flows --ring-seconds 2", "--ring-seconds must be"),
    ("call main --flows flows", "call one of +15550100 (main-menu)"),
    ("call +15550100 --flows flows --at noon", "noon is not a time: write one as 2026-12-24T10:00"),
    ("bench nothing", "there is no benchmark 'nothing'"),
    ("recordings list --status nothing", "invalid choice: 'nothing'"),
)

OFFLINE = (
    "dial +15550100 --flow announcement --from +15550100",
    "calls list",
    "calls show s",
    "calls tail",
    "flow replay s",
    "flow replay --last 3",
    "flow test-from s",
    "logs --errors",
    "rollback --yes",
    "rollback-code --yes",
    "versions",
    "after-restore --yes",
    "uninstall --yes",
    "recordings list",
    "recordings show r",
    "recordings verify",
    "recordings export --to out",
    "recordings hold r",
    "recordings release r",
    "recordings erase --session s --yes",
    "recordings redrive",
    "replay --list",
    "secret",
    "connect --dry-run",
    "disconnect --yes",
    "numbers",
    "announce --to people.csv --flow announcement --from +15550100 --consent asked",
    "campaigns list",
    "campaigns show water-off",
    "campaigns pause water-off",
    "campaigns resume water-off",
    "campaigns cancel water-off",
    "campaigns report water-off",
    "campaigns suppress list",
    "events resend",
)
"""What needs AWS, or Telnyx; doctor as well, which says so of each of its checks."""


FORBIDDEN: Sequence[tuple[str, str]] = (
    ("flow lint flows/languages.yaml", "cannot be read"),
    ("flow lint shut", "permission denied; check its permissions"),
    ("flow draw flows/languages.yaml", "permission denied; check its permissions"),
    ("flow draw flows/main-menu.yaml --output read-only/out", "permission denied; check its permissions"),
    ("flow draw flows/main-menu.yaml --output read-only/main-menu.svg", "permission denied; check its permissions"),
    ("flow diff flows/languages.yaml flows/main-menu.yaml", "permission denied; check its permissions"),
    ("flow test flows/languages.test.yaml", "cannot be read"),
    ("flow schema --write", "permission denied; check its permissions"),
    ("publish --flows flows --yes", "permission denied; check its permissions"),
    ("new read-only/my-line", "permission denied; check its permissions"),
    ("deploy --project shut-project", "dialtone.toml cannot be read"),
    ("call +15550100 --flows shut", "permission denied; check its permissions"),
    ("call +15550100 --flows flows --keep read-only/kept", "permission denied; check its permissions"),
    ("up --flows shut", "permission denied; check its permissions"),
    ("dial +15550111 --flow announcement --from +15550100 --flows shut", "permission denied; check its permissions"),
    ("recordings export --to read-only/out", "Permission denied; once this is fixed"),
)
"""Files that may not be read, folders that may not be written."""

FULL: Sequence[str] = (
    "flow draw flows/main-menu.yaml --output there.svg",
    "flow draw flows/main-menu.yaml --output pictures",
    "flow schema --write",
    "new my-line",
)
"""What writes files by itself; each must leave what was there."""

PRINTING: Sequence[str] = (
    "flow lint flows",
    "flow lint --rules",
    "flow test flows/main-menu.test.yaml",
    "flow diff flows/main-menu.yaml flows/languages.yaml",
    "flow draw flows/main-menu.yaml",
    "flow schema flow",
    "completion bash",
    "new my-line",
)

SIZES: Sequence[tuple[str, str]] = (("1", "1"), ("10", "3"), ("20", "5"), ("0", "0"))
"""COLUMNS and LINES of terminals that are hardly there."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(SAMPLES, tmp_path / "flows")
    (tmp_path / "file").write_text("nothing\n")
    for name in ("one", "shut", "shut-project", "read-only", "schema"):
        (tmp_path / name).mkdir()
    (tmp_path / "one" / "desk.yaml").write_text("flow: desk\nlast_resort: bye\nsteps:\n  bye: hangup\n")
    (tmp_path / "one" / "numbers.yaml").write_text('"+15550100": desk\n')
    (tmp_path / "shut" / "numbers.yaml").write_text('"+15550100": desk\n')
    (tmp_path / "shut-project" / "dialtone.toml").write_text("")
    latin = "flow: latin\nsteps:\n  a: {say: café}\n".encode("latin-1")
    (tmp_path / "latin").mkdir()
    (tmp_path / "latin" / "numbers.yaml").write_text('"+15550100": main-menu\n')
    for name in ("main-menu.yaml", "main-menu.test.yaml"):
        shutil.copy(SAMPLES / name, tmp_path / "latin")
    (tmp_path / "latin" / "latin.yaml").write_bytes(latin)
    (tmp_path / "latin.test.yaml").write_bytes("flow: latin\nabout: café\n".encode("latin-1"))
    (tmp_path / "latin.yaml").write_bytes(latin)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def _status(arguments: Sequence[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as end:  # argparse's
        return int(end.code or 0)


def _is_one_sentence(shown: str) -> bool:
    """Whether a person is shown what is wrong; usage, and which project it is about, may stand above it."""
    lines = [line for line in _without_project(shown) if line.startswith("dialtone")]
    return len(lines) == 1 and "Traceback" not in shown and "a fault of Dialtone itself" not in shown


def _without_project(shown: str) -> list[str]:
    return [
        line for line in shown.splitlines() if not re.match(r"dialtone: (\d+ flows?, |these are the samples)", line)
    ]


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(("arguments", "why"), WRONG)
def test_what_cannot_be_used_is_reported_in_one_sentence(
    arguments: str, why: str, taken: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _put_off_line(monkeypatch)
    monkeypatch.setenv("TELNYX_CONNECTION_ID", "1")

    status = _status(arguments.replace("TAKEN", str(taken)).split())

    said, shown = capsys.readouterr()
    assert status in {1, 2}
    assert why in said + shown
    assert _is_one_sentence(shown) or arguments.startswith("flow lint"), shown


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("arguments", OFFLINE)
def test_without_a_network_a_command_says_so(
    arguments: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _put_off_line(monkeypatch)

    status = _status([*arguments.split(), *([] if arguments.startswith("dial ") else ["--stack", "s"])])

    shown = capsys.readouterr().err
    assert status == 1
    assert _is_one_sentence(shown), shown
    assert "check the network, and run this again" in shown


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("arguments", ["versions --stack s", "publish --flows one --yes --stack s"])
def test_a_local_stack_that_has_ended_is_not_the_networks_fault(
    arguments: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _put_off_line(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL", ON_THIS_MACHINE)

    status = _status(arguments.split())

    shown = capsys.readouterr().err
    assert status == 1
    assert _is_one_sentence(shown), shown
    assert f"nothing answers at {ON_THIS_MACHINE}, which AWS_ENDPOINT_URL names: is `dialtone up` still" in shown


@pytest.mark.parametrize(("arguments", "why"), FORBIDDEN)
def test_what_may_not_be_read_or_written_is_named(
    arguments: str, why: str, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _put_off_line(monkeypatch)
    for name in ("flows/languages.yaml", "flows/languages.test.yaml", "shut", "shut-project/dialtone.toml"):
        (place / name).chmod(0)
    for name in ("schema", "read-only"):
        (place / name).chmod(0o555)
    for name in ("CALLS_TABLE", "RECORDINGS_BUCKET"):
        monkeypatch.setenv(name, "anything")

    with as_an_ordinary_user():
        status = _status(arguments.split())

    said, shown = capsys.readouterr()
    (place / "shut").chmod(0o755)
    assert status == 1
    assert why in said + shown, said + shown
    assert _is_one_sentence(shown) or arguments.startswith(("flow lint", "flow test")), shown
    assert not list((place / "read-only").iterdir())


@pytest.mark.parametrize("arguments", FULL)
def test_on_a_full_disk_what_was_there_stays(arguments: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "there.svg").write_text("of yesterday", encoding="utf-8")
    (place / "schema" / "flow.schema.json").write_text("of yesterday", encoding="utf-8")
    held = _held(place)

    with _no_room():
        status = _status(arguments.split())

    shown = capsys.readouterr().err
    assert status == 1
    assert _is_one_sentence(shown), shown
    assert "ile too large; " in shown
    assert _held(place) == held


def _held(folder: Path) -> dict[str, str]:
    return {
        str(each.relative_to(folder)): each.read_text(encoding="utf-8", errors="replace")
        for each in folder.rglob("*")
        if each.is_file()
    }


@contextmanager
def _no_room() -> Iterator[None]:
    """No file can take a byte more: as on a full disk, for this process alone."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("size", SIZES, ids="x".join)
def test_a_terminal_that_is_hardly_there_is_written_to(
    size: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in zip(("COLUMNS", "LINES"), size, strict=True):
        monkeypatch.setenv(name, value)

    statuses = {each: _status(each.split()) for each in (*PRINTING, *(f"{name} --help" for name in _commands()))}

    shown = capsys.readouterr()
    assert set(statuses.values()) == {0}
    assert "fault of Dialtone" not in shown.err


@pytest.mark.usefixtures("place")
def test_a_reader_that_goes_away_ends_every_command_without_a_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses: dict[str, int] = {}
    for each in (*PRINTING, *(f"{name} --help" for name in _commands())):
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "w", encoding="utf-8") as closed, monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", closed)
            statuses[each] = _status(each.split())

    assert set(statuses.values()) == {BROKEN_PIPE}
    assert "Traceback" not in capsys.readouterr().err


def _put_off_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # between attempts
    for name, value in {
        "AWS_ENDPOINT_URL": NOWHERE,
        "TELNYX_BASE_URL": NOWHERE,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "TELNYX_API_KEY": "KEY",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("TELNYX_CONNECTION_ID", raising=False)


def test_telnyx_that_cannot_be_reached_is_the_networks_fault(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _put_off_line(monkeypatch)
    monkeypatch.setenv("TELNYX_CONNECTION_ID", "1")

    status = main(["dial", "+15550100", "--flow", "announcement", "--from", "+15550100"])

    assert status == 1
    shown = capsys.readouterr().err
    assert _is_one_sentence(shown)
    assert "check the network, and run this again" in shown


def test_every_command_is_tried_with_something_wrong() -> None:
    tried = {words for arguments, _ in WRONG for words in _named(arguments)}
    tried |= {words for arguments in OFFLINE for words in _named(arguments)}

    assert set(_commands()) - tried - SEEN_AT_ONCE == {"doctor"}


def _named(arguments: str) -> set[str]:
    words = arguments.split()
    return {words[0], " ".join(words[:2])}


def _commands() -> Iterator[str]:
    for name, parser in command_parser().commands.items():
        parser.prepare()
        yield from (f"{name} {action}" for action in parser.commands) if parser.commands else [name]


@pytest.mark.parametrize(
    "arguments", ["--help", "flow lint", "flow draw infra/samples/main-menu.yaml", "flow schema flow"]
)
def test_a_full_disk_and_a_reader_that_goes_away_are_no_success(arguments: str) -> None:
    environment = os.environ | {"PYTHONUNBUFFERED": ""}
    read, write = os.pipe()
    os.close(read)
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        on_full = subprocess.Popen(  # noqa: S603 -- our own command
            [*DIALTONE, *arguments.split()], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, env=environment
        )
    unread = subprocess.Popen(  # noqa: S603 -- our own command
        [*DIALTONE, *arguments.split()], cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True, env=environment
    )
    os.close(write)

    shown = [process.communicate(timeout=60)[1] for process in (on_full, unread)]

    assert [on_full.returncode, unread.returncode] == [1, BROKEN_PIPE]
    assert shown[0].endswith("no space left on device; make room, or name another place\n")
    assert [len(_without_project(each)) for each in shown] == [1, 0]


BEGIN = f"import os, signal, sys\nsys.path.insert(0, {str(ROOT)!r})\nimport infra.cli.start as start\n"
EARLY = "os.kill(os.getpid(), signal.SIGINT)"
LATE = """
import infra.cli.commands as commands
commands.resolve_name = lambda _: os.kill(os.getpid(), signal.SIGINT)
sys.exit(start.main(['up']))
"""


@pytest.mark.parametrize(
    ("when", "status", "shown"),
    [(EARLY, -2, ""), (LATE, INTERRUPTED, "\ndialtone: interrupted; everything it started has been ended\n")],
)
def test_ctrl_c_while_a_command_is_being_read_leaves_no_traceback(when: str, status: int, shown: str) -> None:
    program = [sys.executable, "-c", BEGIN + when]

    ended = subprocess.run(program, capture_output=True, text=True, check=False)  # noqa: S603 -- this interpreter

    assert (ended.returncode, ended.stderr) == (status, shown)


def test_a_fault_of_our_own_is_called_one_and_says_how_to_see_more() -> None:
    assert sentence_of(KeyError("leg")) == (
        "a fault of Dialtone itself (KeyError: 'leg'): run it with `dialtone --debug …` to see where"
    )
