"""The control API on the running stack: through the HTTP API, with the function as a process."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

from control.recording_answers import id_of
from infra.local.emulator import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from tests.e2e.test_recordings_on_the_stack import kept
from tests.e2e.test_stack import event, post
from tests.integration.archiving import sha256, wav
from tests.unit.test_docs import ROOT, blocks

if TYPE_CHECKING:
    from nacl.signing import SigningKey

    from infra.local.cloud import LocalCloud


def asked(cloud: LocalCloud, path: str, status: int = 200) -> Any:  # noqa: ANN401 -- any JSON
    answer = httpx.get(f"{cloud.control_url}{path}", timeout=30)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_call_is_found_and_shown(cloud: LocalCloud, telnyx_key: SigningKey) -> None:
    session, leg = str(uuid.uuid4()), str(uuid.uuid4())
    sent = event("call.initiated")
    sent["data"]["occurred_at"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    sent["data"]["payload"] |= {"call_session_id": session, "call_leg_id": leg}
    assert post(cloud, telnyx_key, json.dumps(sent).encode()) == 200

    assert session in [each["call_session_id"] for each in asked(cloud, "/calls?since=1h")["calls"]]
    assert asked(cloud, f"/calls/{leg}")["timeline"][0]["telnyx"] == "initiated"
    assert asked(cloud, "/calls?limit=0", 422)["error"]["parameter"] == "limit"


def test_the_signed_request_of_the_docs_is_answered(cloud: LocalCloud) -> None:
    [command] = [text for text in blocks(ROOT / "docs" / "control-api.md", "text") if text.startswith("curl ")]
    known = {"CONTROL_URL": cloud.control_url, "AWS_SESSION_TOKEN": "", "PATH": os.environ["PATH"]}
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}

    ran = subprocess.run(["/bin/bash", "-c", command], env=known | keys, capture_output=True, text=True, check=True)  # noqa: S603 -- the docs' own command

    assert "calls" in json.loads(ran.stdout)


def test_a_recording_is_heard_by_its_link(cloud: LocalCloud) -> None:
    recording = kept(cloud, caller="+15550172")

    shown = asked(cloud, f"/recordings/{id_of(recording)}")
    heard = httpx.get(shown["audio"]["url"], timeout=30).content

    assert sha256(heard) == shown["audio"]["sha256"] == sha256(wav())
    assert [each["did"] for each in asked(cloud, f"/calls/{recording.call_session_id}")["audit"]] == ["listened"]
