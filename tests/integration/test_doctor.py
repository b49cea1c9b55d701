"""`dialtone doctor`: a good line passes, and whatever is wrong, or does not answer, is named with its remedy."""

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import EndpointConnectionError

from infra.carrier import ApiFault
from tests.integration.lines import FRONT_DESK, FUNCTION, SECRET, STACK, LineSetup, client_events
from tests.runbooks import IN_THE_DOCS, commands

pytestmark = pytest.mark.no_cover

GET_ACCOUNT_SETTINGS = "before-send.lambda.GetAccountSettings"


class _Body:
    """An HTTP body, as botocore reads one."""

    def __init__(self, value: object) -> None:
        self._content = json.dumps(value).encode()

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._content


def account_settings(**_: object) -> AWSResponse:
    """What moto does not have."""
    limits = {"AccountLimit": {"ConcurrentExecutions": 1_000, "UnreservedConcurrentExecutions": 1_000}}
    return AWSResponse("https://lambda", 200, HTTPHeaders(), _Body(limits))


@pytest.fixture
def line(setup: LineSetup) -> Iterator[LineSetup]:
    """A connected line that was called a minute ago."""
    client_events().register_first(GET_ACCOUNT_SETTINGS, account_settings)
    setup.connect()
    sns = boto3.client("sns")
    for topic in sns.list_topics()["Topics"]:
        sns.subscribe(TopicArn=topic["TopicArn"], Protocol="email", Endpoint="me@example.com")
    called(datetime.now(UTC))
    yield setup
    client_events().unregister(GET_ACCOUNT_SETTINGS, account_settings)


def called(at: datetime) -> None:
    dimensions = [{"Name": "FunctionName", "Value": FUNCTION}]
    datum = {"MetricName": "Invocations", "Dimensions": dimensions, "Timestamp": at, "Value": 1.0}
    cloudwatch: Any = boto3.client("cloudwatch")
    cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=[datum])


IN_ANOTHER_REGION = "dialtone-west"
"""The other stack of the pages' examples."""


def examined(line: LineSetup) -> tuple[int, dict[str, tuple[str, str, str]]]:
    status, shown, _ = line.run("doctor", "--json", "--flows", str(line.flows))
    return status, {each["check"]: (each["status"], each["found"], each["remedy"]) for each in json.loads(shown)}


def test_a_connected_line_is_good(line: LineSetup) -> None:
    status, results = examined(line)

    assert {name: found for name, (how, found, _) in results.items() if how not in ("ok", "warning")} == {}
    assert status == 0
    assert results["last webhook"][1] in ("0 min ago", "1 min ago")
    assert results[FRONT_DESK][1] == "rings front-desk"
    assert results["audio"][1] == "all audio of the flows is stored at Telnyx: hours"
    shown = line.run("doctor", "--flows", str(line.flows))[1]
    assert f"✓ {FRONT_DESK}           rings front-desk" in shown


def test_the_examples_for_a_stack_of_whoever_is_on_call_run(line: LineSetup) -> None:
    elsewhere = {
        "after-restore",
        "calls",
        "campaigns",
        "events",
        "logs",
        "replay",
        "recordings",
        "rollback",
        "versions",
    }  # in tests of theirs
    examples = {tuple(shlex.split(each)[1:]) for each in commands("dialtone")}

    ran = {}
    for name, *options in sorted(each for each in examples if each[0] not in elsewhere):
        more = ["--yes"] if name == "connect" else []
        more += ["--flows", str(line.flows)] if name in {"connect", "doctor", "numbers"} else []
        stack = [STACK if each in {IN_THE_DOCS, IN_ANOTHER_REGION} else each for each in options]
        ran[name, *options] = line.run(name, *stack, *more, piped=f"{line.carrier.api_key}\n")[0]

    assert len(ran) >= 5
    assert set(ran.values()) == {0}, ran


def application_deleted(line: LineSetup) -> None:
    line.carrier.exchange.applications.clear()


def secret_replaced(_line: LineSetup) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString="KEY_other")


def secret_deleted(_line: LineSetup) -> None:
    boto3.client("secretsmanager").delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


def never_connected(line: LineSetup) -> None:
    line.run("disconnect", "--yes")


@pytest.mark.parametrize(
    ("breaks", "check", "found", "remedy"),
    [
        (application_deleted, "application", "is not in the account", "dialtone connect"),
        (never_connected, "application", "is not connected to Telnyx", "dialtone connect"),
        (secret_replaced, "API key", "Telnyx does not accept the API key", "dialtone secret"),
        (secret_deleted, "API key", "there is no secret", "dialtone secret"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(
    line: LineSetup, breaks: Callable[[LineSetup], None], check: str, found: str, remedy: str
) -> None:
    breaks(line)

    exit_status, results = examined(line)

    assert exit_status == 1
    assert results[check][0] == "failed"
    assert found in results[check][1]
    assert remedy in results[check][2]


def test_all_that_is_wrong_at_telnyx_is_named(line: LineSetup) -> None:
    [ours] = [each for each in line.carrier.exchange.applications if each != "7"]
    line.carrier.change_application(ours, webhook_api_version="1")
    line.carrier.exchange.numbers[FRONT_DESK] = replace(line.carrier.exchange.numbers[FRONT_DESK], connection_id="7")
    line.carrier.media.delete("hours")

    exit_status, results = examined(line)

    assert exit_status == 1
    assert {name: found for name, (status, found, _) in results.items() if status == "failed"} == {
        "API version": "1: no call is answered with it",
        FRONT_DESK: "rings sales, not this line",
        "audio": "hours, which front-desk plays, is not stored at Telnyx",
    }


def test_what_needs_something_missing_is_skipped_and_not_passed(line: LineSetup) -> None:
    boto3.client("cloudformation").delete_stack(StackName=STACK)

    exit_status, results = examined(line)

    assert exit_status == 1
    assert results["stack"][0] == "failed"
    assert results["API key"] == ("skipped", "needs: stack", "")
    assert {results[name][0] for name in ("public key", "application", "numbers", "audio", "alarms", "notices")} == {
        "skipped"
    }


def test_what_does_not_answer_is_no_pass(line: LineSetup) -> None:
    def silent(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://monitoring")

    line.carrier.faults.disturb_api(ApiFault.UNAVAILABLE, action="phone_numbers", times=9)
    client_events().register_first("before-send.cloudwatch", silent)
    try:
        exit_status, results = examined(line)
    finally:
        client_events().unregister("before-send.cloudwatch", silent)

    assert exit_status == 1
    assert results["last webhook"][:2] == ("unknown", "AWS does not answer")
    assert results["numbers"][:2] == ("unknown", "Telnyx fails to list the phone numbers (503)")
    assert {name for name, (status, *_) in results.items() if status not in ("ok", "warning")} == {
        "last webhook",
        "numbers",
    }
