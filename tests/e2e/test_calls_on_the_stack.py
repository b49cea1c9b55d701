"""`dialtone calls` and `dialtone logs` on the running stack: what the functions wrote is found."""

import json
import uuid
from datetime import UTC, datetime

import pytest
from nacl.signing import SigningKey

from infra.cli.main import main
from infra.local.cloud import LocalCloud
from infra.local.stack_name import STACK_NAME
from tests.e2e.test_stack import event, post


@pytest.mark.usefixtures("shell")
def test_a_call_is_listed_shown_and_followed_and_what_was_logged_of_it_is_found(
    cloud: LocalCloud, telnyx_key: SigningKey, capsys: pytest.CaptureFixture[str]
) -> None:
    session, leg = str(uuid.uuid4()), str(uuid.uuid4())
    sent = event("call.initiated")
    sent["data"]["occurred_at"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    sent["data"]["payload"] |= {"call_session_id": session, "call_leg_id": leg}
    assert post(cloud, telnyx_key, json.dumps(sent).encode()) == 200

    listed = main(["calls", "list", "--since", "1h", "--json", "--stack", STACK_NAME]), capsys.readouterr().out
    shown = main(["calls", "show", leg[:13], "--stack", STACK_NAME]), capsys.readouterr().out
    followed = main(["calls", "tail", "--for", "0.01", "--stack", STACK_NAME]), capsys.readouterr().out
    logged = main(["logs", "--call", session, "--json", "--stack", STACK_NAME]), capsys.readouterr().out

    assert [json.loads(line)["event_type"] for line in logged[1].splitlines()] == ["call.initiated"]
    assert logged[0] == 0
    assert listed[0] == shown[0] == followed[0] == 0
    assert session in [json.loads(line)["call_session_id"] for line in listed[1].splitlines()]
    assert f"session  {session}" in shown[1]
    assert session[:8] in followed[1]
