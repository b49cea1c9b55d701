"""`dialtone call --line`: a phone in a terminal that rings into a line which another program keeps up."""

import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from dialtone.domain.errors import DialtoneError
from infra.flowkit.conversations.conversation import read_conversations
from infra.phone import call_service
from infra.phone.hearing import Stage
from infra.phone.remote import LineThere
from tests.integration.phone_line import OpenLine

pytestmark = pytest.mark.no_cover

ROOT = Path(__file__).resolve().parents[2]
MENU = "+15550100"
TIMEOUT_SECONDS = 60.0


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "functions" / "flows", tmp_path / "flows"))


@pytest.fixture
def line(flows: Path) -> Iterator[OpenLine]:
    with OpenLine(flows) as line:
        yield line


def ring_in(port: int, *arguments: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "infra.cli.start", "call", "--phone-port", str(port), *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)  # noqa: S603 -- our own command


def until(phone: subprocess.Popen[str], text: str) -> str:
    """What it shows up to a line with that text."""
    shown = ""
    while text not in shown:
        assert phone.stdout
        read = phone.stdout.readline()
        assert read, shown
        shown += read
    return shown


def test_it_calls_what_the_line_serves_with_its_changed_flows_and_saves_what_was_done(
    line: OpenLine, flows: Path
) -> None:
    menu = flows / "main-menu.yaml"
    menu.write_text(menu.read_text().replace("Welcome to Harbour Dental.", "Good day."))
    file = flows / "main-menu.test.yaml"
    file.unlink()

    phone = ring_in(line.server.port, "main-menu", "--save", file, "--at", "2026-03-02T10:00")
    shown, said = phone.communicate('1\n"Hello, this is Ada.\nh\n', timeout=TIMEOUT_SECONDS)

    assert (phone.returncode, said) == (0, "")
    for text in (
        "“Good day. For our",
        "press      1",
        "♪ opening-hours",
        "say        “Hello, this is Ada.”",
        "by the caller",
    ):
        assert text in shown
    (script,) = read_conversations(file)
    assert script.conversation.at.isoformat() == "2026-03-02T10:00:00+00:00"


def test_two_lines_are_distinguished_by_their_ports(line: OpenLine, flows: Path, tmp_path: Path) -> None:
    others = Path(shutil.copytree(flows, tmp_path / "others"))
    (others / "main-menu.yaml").write_text("flow: main-menu\nsteps:\n  hello: {say: This is the other line.}\n")
    with OpenLine(others) as other:
        phones = [ring_in(each.server.port, MENU) for each in (line, other)]
        shown = [until(phone, "hears") for phone in phones]
        for phone in phones:
            phone.communicate("q\n", timeout=TIMEOUT_SECONDS)

    assert ["This is the other line." in each for each in shown] == [False, True]


def test_a_line_that_ends_in_the_middle_of_a_call_is_reported_and_is_no_success(flows: Path) -> None:
    with OpenLine(flows) as line:
        phone = ring_in(line.server.port, MENU)
        until(phone, "hears")

    shown, said = phone.communicate(timeout=TIMEOUT_SECONDS)

    assert "the line is gone: dialtone up has ended" in shown
    assert (phone.returncode, said) == (1, "")


@pytest.mark.parametrize(("how", "left_alone_seconds"), [(signal.SIGKILL, 0.2), (signal.SIGINT, 600.0)])
def test_a_telephone_that_is_killed_has_hung_up(
    line: OpenLine, how: signal.Signals, left_alone_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_service, "LEFT_ALONE_SECONDS", left_alone_seconds)
    phone = ring_in(line.server.port, MENU)
    until(phone, "hears")
    (leg,) = line.staged.carrier.legs
    call = line.calls.call(leg.name.call_session_id)

    phone.send_signal(how)
    phone.communicate()

    with call.changed:
        assert call.changed.wait_for(lambda: call.receiver.stage is Stage.OVER, timeout=10)


def test_a_line_that_is_not_there_or_no_line_is_said_with_the_remedy() -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"dialtone": "0.0.0"}' if self.server is old else b"<html>")

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    other, old = HTTPServer(("127.0.0.1", 0), Other), HTTPServer(("127.0.0.1", 0), Other)
    for server in (other, old):
        threading.Thread(target=server.handle_request, daemon=True).start()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = free.getsockname()[1]
    expected = {
        nobody: "no line is up",
        other.server_port: "is not a line of Dialtone's",
        old.server_port: "is of Dialtone 0.0.0",
    }

    for port, why in expected.items():
        with pytest.raises(DialtoneError, match=why):
            LineThere(port).about()
    other.server_close()
    old.server_close()
