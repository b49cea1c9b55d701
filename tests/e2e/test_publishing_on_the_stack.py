"""`dialtone publish` on the running stack: new calls take it up within seconds."""

import json
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.flow_versions_table import REREAD_SECONDS
from infra.checkout import SAMPLES
from infra.cli.main import main
from infra.local.cloud import LocalCloud
from infra.local.stack_name import STACK_NAME
from tests.e2e.test_stack import event, post


@pytest.mark.usefixtures("shell")
def test_published_menus_take_new_calls_within_seconds_and_go_back_as_fast(
    cloud: LocalCloud, telnyx_key: SigningKey, tmp_path: Path
) -> None:
    flows = tmp_path / "flows"
    shutil.copytree(SAMPLES, flows, ignore=shutil.ignore_patterns("audio", "*.test.yaml"))
    menu = flows / "main-menu.yaml"
    menu.write_text(menu.read_text().replace("about:", "about: Published.\n# about:", 1))
    store = CallsTable(cloud.client("dynamodb"), cloud.calls_table)

    def taken_by() -> int:
        session, leg = str(uuid.uuid4()), str(uuid.uuid4())
        sent = event("call.initiated")
        sent["data"]["id"] = str(uuid.uuid4())
        sent["data"]["payload"] |= {"call_session_id": session, "call_leg_id": leg}
        assert post(cloud, telnyx_key, json.dumps(sent).encode()) == 200
        found = store.leg(session, leg)
        assert found is not None
        return found.published

    published = main(["publish", "--flows", str(flows), "--yes", "--stack", STACK_NAME])
    took_it_up = _eventually(taken_by, 1)
    went_back = main(["rollback", "--to", "0", "--yes", "--stack", STACK_NAME])

    assert (published, took_it_up, went_back) == (0, True, 0)
    assert _eventually(taken_by, 0)


def _eventually(taken_by: Callable[[], int], version: int) -> bool:
    for _ in range(int(REREAD_SECONDS) * 2 + 4):
        if taken_by() == version:
            return True
        time.sleep(0.5)
    return False
