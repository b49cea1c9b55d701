"""`dialtone flow draw --watch` as a process: its page, what it sends when a file is saved, and its end."""

import http.client
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.no_cover

ROOT = Path(__file__).resolve().parents[2]


def _next_event(stream: http.client.HTTPResponse) -> dict[str, Any]:
    while not (line := stream.readline()).startswith(b"data: "):
        assert line, "the stream has ended"
    event: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
    return event


def test_a_page_follows_what_is_saved_until_ctrl_c(tmp_path: Path) -> None:
    flows = Path(shutil.copytree(ROOT / "functions" / "flows", tmp_path / "flows"))
    menu = flows / "after-hours.yaml"
    command = [sys.executable, "-m", "infra.cli.start", "flow", "draw", str(menu), "--watch", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603 -- our own command
    try:
        assert process.stdout
        address = process.stdout.readline().split()[0]
        connection = http.client.HTTPConnection("127.0.0.1", int(address.rstrip("/").rpartition(":")[2]), timeout=20)
        connection.request("GET", "/events")
        stream = connection.getresponse()

        first = _next_event(stream)
        menu.write_text("flow: after-hours\nsteps:\n  bye: {hang: up}\n", encoding="utf-8")
        broken = _next_event(stream)
        menu.unlink()
        gone = _next_event(stream)
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)

    assert process.returncode == 130
    assert said == "\ndialtone: interrupted; everything it started has been ended\n"
    assert [len(each["errors"]) for each in (first, broken, gone)] == [0, 1, 1]
    assert all(each["pictures"][0]["svg"] == first["pictures"][0]["svg"] for each in (broken, gone))
    stream.close()
    connection.close()
