"""The control API on the running stack: through the HTTP API, with the function as a process."""

import json
import os
import subprocess
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx
from nacl.signing import SigningKey

from infra.carrier import Application, Caller, Carrier, HangUp, Hear, Person, trace
from infra.local.cloud import LocalCloud
from infra.local.emulator import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from tests.e2e.test_recordings_on_the_stack import kept
from tests.e2e.test_stack import event, post
from tests.integration.archiving import sha256, wav
from tests.unit.test_docs import ROOT, blocks


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


def of_the_docs(cloud: LocalCloud, path: str, **more: str) -> Any:  # noqa: ANN401 -- any JSON
    """Run the page's own command for a path; gives what it prints."""
    [command] = [
        text
        for text in blocks(ROOT / "docs" / "control-api.md", "text")
        if text.startswith("curl ") and f'$CONTROL_URL{path}"' in text
    ]
    known = {"CONTROL_URL": cloud.control_url, "AWS_SESSION_TOKEN": "", "PATH": os.environ["PATH"]}
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}
    ran = subprocess.run(  # noqa: S603 -- the docs' own command
        ["/bin/bash", "-c", command], env=known | keys | more, capture_output=True, text=True, check=True
    )
    return json.loads(ran.stdout)


def test_the_signed_requests_of_the_docs_are_answered(cloud: LocalCloud, carrier: Carrier) -> None:
    heard: list[str] = []
    carrier.observe(lambda each: heard.append(each.what) if isinstance(each, trace.Heard) else None)
    carrier.add_application(Application("control", cloud.webhook_url), ["+15550100"])
    carrier.add_callee("+15550161", Person(Hear("taxi"), HangUp()))
    leg = carrier.call("+15550187", "+15550100", Caller(Hear("ten minutes"), HangUp()))
    carrier.run_for(3)

    assert "calls" in of_the_docs(cloud, "/calls?state=live")
    done = of_the_docs(cloud, "/calls/$CALL/actions/speak", CALL=leg.name.call_session_id)
    dialled = of_the_docs(cloud, "/calls")
    carrier.run_for(120)

    assert dialled["call_session_id"]
    assert "Your taxi is here." in heard
    assert (done["action"], done["repeated"]) == ("speak", False)
    assert "The office closes in ten minutes." in heard


def test_a_recording_is_heard_by_its_link(cloud: LocalCloud) -> None:
    recording = kept(cloud, caller="+15550172")

    shown = asked(cloud, f"/recordings/{recording.api_id}")
    heard = httpx.get(shown["audio"]["url"], timeout=30).content

    assert sha256(heard) == shown["audio"]["sha256"] == sha256(wav())
    assert [each["did"] for each in asked(cloud, f"/calls/{recording.call_session_id}")["audit"]] == ["listened"]
