"""`dialtone replay` on the running stack, found by its name."""

import json
import uuid

import pytest
from nacl.signing import SigningKey

from dialtone.adapters.dynamodb_items import attributes
from infra.cli.main import main
from infra.local.cloud import LocalCloud
from infra.local.stack_name import STACK_NAME
from tests.e2e.test_stack import event, post, timeline


@pytest.mark.usefixtures("shell")
def test_an_event_that_failed_is_run_again_once_what_it_failed_by_is_gone(
    cloud: LocalCloud, telnyx_key: SigningKey, capsys: pytest.CaptureFixture[str]
) -> None:
    session, leg = str(uuid.uuid4()), str(uuid.uuid4())
    sent = event("call.hangup")
    sent["data"]["payload"] |= {"call_session_id": session, "call_leg_id": leg, "hangup_cause": "normal_clearing"}
    unreadable = attributes({"call_session_id": session, "item": f"LEG#{leg}"})
    cloud.client("dynamodb").put_item(TableName=cloud.calls_table, Item=unreadable)
    assert post(cloud, telnyx_key, json.dumps(sent).encode()) == 500
    cloud.client("dynamodb").delete_item(TableName=cloud.calls_table, Key=unreadable)
    name = f"{session}/{sent['data']['id']}"

    listed = main(["replay", "--list", "--stack", STACK_NAME]), capsys.readouterr().out
    run = main(["replay", session, "--stack", STACK_NAME]), capsys.readouterr().out
    again = main(["replay", session, "--stack", STACK_NAME]), capsys.readouterr().err

    assert listed[0] == 0
    assert name in listed[1]
    assert run == (0, f"call.hangup {name}: processed\n1 run again, 0 still parked\n")
    assert again[0] == 1
    assert "is not parked" in again[1]
    assert len(timeline(cloud, session)) == 1
