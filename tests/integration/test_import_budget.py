"""What each function imports to start and to do its first work: counts are steadier than times."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_cover

FUNCTIONS = Path(__file__).parents[2] / "functions"
PROCESS_SECONDS = 60

ENVIRONMENT = {
    "ARCHIVE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/archive",
    "AWS_DEFAULT_REGION": "us-east-1",
    "CALLS_TABLE": "calls",
    "FAILOVER_LANGUAGE": "en-US",
    "FAILOVER_VOICE": "female",
    "LOOKUP_FUNCTION": "lookup",
    "WATCHDOG_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/watchdog",
    "PARKED_EVENTS_BUCKET": "parked",
    "RECORDINGS_BUCKET": "recordings",
    "TELNYX_API_KEY": "KEY0123456789",
    "TELNYX_PUBLIC_KEY": "A" * 43 + "=",
    "WEBHOOK_FUNCTION": "webhook",
}

START = "import {app}"
FORGED = "import webhook.app; assert webhook.app.handler({{'headers': {{}}, 'body': 'x'}}, None)['statusCode'] == 401"
COMMAND = "import {app}; from dialtone.adapters.telnyx_sdk import sdk; sdk.load().Telnyx(api_key='KEY')"

NEVER = ("aws_xray_sdk", "infra", "tests", "moto", "jwt")
STEPS_OF_SOME_FLOWS = ("dialtone.flow.steps.lookup", "dialtone.flow.steps.transfer", "dialtone.flow.steps.collect")
TELNYX = ("telnyx", "httpx", "httpcore", "anyio")

BUDGETS = [
    # what is done, function, at most so many modules, none of these
    (START, "webhook.app", 655, (*NEVER, *TELNYX, *STEPS_OF_SOME_FLOWS)),
    (FORGED, "webhook.app", 655, (*NEVER, *TELNYX)),
    (COMMAND, "webhook.app", 815, NEVER),
    (START, "archive.app", 593, (*NEVER, *TELNYX, "yaml", "nacl", "pydantic")),
    (START, "lookup.app", 485, (*NEVER, *TELNYX, "yaml", "nacl", "pydantic")),
    (START, "reconcile.app", 513, (*NEVER, *TELNYX, "yaml", "nacl", "pydantic")),
    (START, "failover.app", 230, (*NEVER, *TELNYX, "yaml", "pydantic", "boto3", "botocore.client", "urllib3")),
    (COMMAND, "archive.app", 805, (*NEVER, "yaml", "nacl")),
]


def imported(script: str) -> list[str]:
    """Run a script in a fresh interpreter, as the function runs; give the modules that it left."""
    done = subprocess.run(  # noqa: S603 -- this interpreter, with a script of this file
        [sys.executable, "-c", f"{script}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"],
        cwd=FUNCTIONS,
        env=ENVIRONMENT | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
        timeout=PROCESS_SECONDS,
    )
    modules: list[str] = json.loads(done.stdout.splitlines()[-1])
    return modules


@pytest.mark.parametrize(("script", "app", "most", "never"), BUDGETS)
def test_a_function_imports_what_it_needs_and_no_more(script: str, app: str, most: int, never: tuple[str, ...]) -> None:
    modules = imported(script.format(app=app))

    assert [name for name in never if name in modules] == []
    assert len(modules) <= most


def test_garbage_is_collected_after_the_first_webhook_and_not_before() -> None:
    script = f"""import gc, webhook.app
assert not gc.isenabled()
{FORGED.format()}
assert gc.isenabled() and gc.get_freeze_count()
"""

    imported(script)


def test_what_the_sdk_says_of_single_commands_is_not_loaded() -> None:
    modules = imported(COMMAND.format(app="webhook.app"))

    assert [name for name in modules if name.startswith("telnyx.resources.")] == []
    assert [name for name in modules if name.startswith("telnyx.types.")] == ["telnyx.types.websocket_reconnection"]
