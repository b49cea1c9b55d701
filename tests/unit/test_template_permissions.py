"""Each role may do what its function does and nothing else: the template, against the requests that the drills hold."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra.checkout import ROOT
from infra.local import translate
from infra.local.cloud import ARTIFACTS, TEMPLATE
from infra.local.emulator import REGION
from infra.local.translate import Template, of_type
from tests.drills.io_points import IO_POINTS

ELSEWHERE = {
    "failover secretsmanager:GetSecretValue",  # tests/integration/test_failover_endpoint.py
    "pretraffic lambda:Invoke",  # tests/integration/test_pretraffic.py, like the rest
    "pretraffic dynamodb:Query",
    "pretraffic dynamodb:DeleteItem",
    "control dynamodb:UpdateItem",  # tests/integration/test_control_api.py, like the rest
    "control s3:DeleteObject",
    "control secretsmanager:GetSecretValue",
    "control s3:HeadObject",
    "control cloudwatch:DescribeAlarms",  # tests/integration/test_control_health.py, like the next three
    "control cloudwatch:GetMetricData",
    "control s3:ListObjectsV2",
    "control sqs:ChangeMessageVisibility",  # tests/integration/test_control_redrive.py, like the next five
    "control sqs:DeleteMessage",
    "control sqs:ListMessageMoveTasks",
    "control sqs:ReceiveMessage",
    "control sqs:SendMessage",
    "control sqs:StartMessageMoveTask",
    "pretraffic codedeploy:PutLifecycleEventHookExecutionStatus",
}
"""Requests of functions that the drills leave out."""

AWS = ("cloudwatch", "codedeploy", "dynamodb", "events", "lambda", "s3", "secretsmanager", "ses", "sqs")

NEEDS = {
    # A transaction is allowed by what it is made of; the test below looks at which that is.
    "dynamodb:TransactWriteItems": {"dynamodb:PutItem", "dynamodb:UpdateItem"},
    "campaigns dynamodb:TransactWriteItems": {"dynamodb:PutItem"},
    "control dynamodb:TransactWriteItems": {"dynamodb:PutItem"},
    "lambda:Invoke": {"lambda:InvokeFunction"},
    "s3:CreateMultipartUpload": {"s3:PutObject", "s3:PutObjectTagging"},
    "s3:UploadPart": {"s3:PutObject"},
    "s3:CompleteMultipartUpload": {"s3:PutObject"},
    # Without s3:ListBucket a missing object is answered 403, and cannot be distinguished from a forbidden one.
    "s3:HeadObject": {"s3:GetObject", "s3:ListBucket"},
    "s3:GetObject": {"s3:GetObject", "s3:ListBucket"},
    # SQS receives and sends the messages with the permissions of the caller that starts the move.
    "sqs:StartMessageMoveTask": {
        "sqs:StartMessageMoveTask",
        "sqs:DeleteMessage",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
    },
    "s3:ListObjectsV2": {"s3:ListBucket"},
    "s3:ListObjectVersions": {"s3:ListBucketVersions"},
    "s3:DeleteObject": {"s3:DeleteObjectVersion"},  # of each version: nothing is hidden by a marker only
    "s3:ListMultipartUploads": {"s3:ListBucketMultipartUploads"},
}
"""Operations whose permissions have other names than they."""

RUN = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}
"""What Lambda does as every function, for its log and its traces."""

READ_A_QUEUE = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
"""What Lambda does as a function that a queue feeds."""

READ_A_STREAM = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
"""What Lambda does as a function that a table's stream feeds."""

NO_EVENT_SOURCE_NOR_VARIABLE = {
    ("LookupRole", "WebhookFunction"): "the question names the function that gets the answer",
    ("LookupRole", "LookupFunctions"): "a flow names the function that it asks",
    ("PreTrafficRole", "WebhookFunction"): "NEW_VERSION names its version, which is a resource of its own",
    ("PreTrafficRole", "ServerlessDeploymentApplication"): "CodeDeploy says which deployment it asks about",
}
"""Resources that a role names though its function's properties do not, and why."""


@pytest.fixture(scope="module")
def template() -> Template:
    sam = translate.read(TEMPLATE)
    return translate.to_cloudformation(sam, ARTIFACTS, {"TelnyxPublicKey": "A" * 43 + "="}, REGION)


def functions(template: Template) -> dict[str, dict[str, Any]]:
    """Each function's properties, by the name of its role."""
    return {
        each["Properties"]["Role"]["Fn::GetAtt"][0]: each["Properties"]
        for each in of_type(template, "AWS::Lambda::Function").values()
    }


def statements(template: Template, role: str) -> Iterator[dict[str, Any]]:
    for policy in template["Resources"][role]["Properties"]["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]
    for policy in of_type(template, "AWS::IAM::Policy").values():
        if {"Ref": role} in policy["Properties"]["Roles"]:
            yield from policy["Properties"]["PolicyDocument"]["Statement"]


def granted(template: Template, role: str) -> set[str]:
    """What a role may do. Keys are used through other services alone, which test_template.py looks at."""
    listed = [each["Action"] for each in statements(template, role)]
    flat = {action for each in listed for action in ([each] if isinstance(each, str) else each)}
    return {action for action in flat if not action.startswith("kms:")}


def needed(template: Template, function: dict[str, Any]) -> set[str]:
    """What a function's requests need, and what Lambda does as that function."""
    name = function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    asked = {point.partition(" ")[2] for point in IO_POINTS | ELSEWHERE if point.startswith(f"{name} ")}
    known = ((each, NEEDS.get(f"{name} {each}", NEEDS.get(each))) for each in asked if each.startswith(AWS))
    needs = set(RUN).union(*(permissions or {each} for each, permissions in known))
    for mapping in mappings_of(template, function):
        needs |= READ_A_STREAM if "StartingPosition" in mapping else READ_A_QUEUE
    if failure_queue(template, function):
        needs.add("sqs:SendMessage")
    return needs


def mappings_of(template: Template, function: dict[str, Any]) -> list[dict[str, Any]]:
    mappings = [each["Properties"] for each in of_type(template, "AWS::Lambda::EventSourceMapping").values()]
    return [each for each in mappings if properties_of(template, each["FunctionName"]) is function]


def failure_queue(template: Template, function: dict[str, Any]) -> list[object]:
    configs = [each["Properties"] for each in of_type(template, "AWS::Lambda::EventInvokeConfig").values()]
    own = [each for each in configs if properties_of(template, each["FunctionName"]) is function]
    return [each["DestinationConfig"] for each in own if each.get("DestinationConfig")]


def properties_of(template: Template, reference: dict[str, str]) -> dict[str, Any]:
    properties: dict[str, Any] = template["Resources"][reference["Ref"]]["Properties"]
    return properties


def named(value: object) -> set[str]:
    """The resources and parameters that a value refers to."""
    if isinstance(value, list):
        return set().union(*map(named, value))
    if not isinstance(value, dict):
        return set()
    found = named(list(value.values()))
    if isinstance(value.get("Ref"), str):
        found.add(value["Ref"])
    if isinstance(value.get("Fn::GetAtt"), list):
        found.add(value["Fn::GetAtt"][0])
    if isinstance(text := value.get("Fn::Sub"), str):
        found |= {each.partition(".")[0] for each in re.findall(r"\$\{([^}]+)\}", text)}
    return {each for each in found if not each.startswith("AWS::")}


ROLES = [
    f"{name}Role"
    for name in (
        "Webhook",
        "Archive",
        "Lookup",
        "Reconcile",
        "Failover",
        "Watchdog",
        "PreTraffic",
        "Control",
        "Events",
        "Campaigns",
        "Deliver",
    )
]


def test_every_function_is_looked_at(template: Template) -> None:
    assert sorted(functions(template)) == sorted(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_what_a_function_asks_of_aws_it_may_ask(template: Template, role: str) -> None:
    assert sorted(needed(template, functions(template)[role]) - granted(template, role)) == []


@pytest.mark.parametrize("role", ROLES)
def test_what_a_function_may_do_it_does(template: Template, role: str) -> None:
    assert sorted(granted(template, role) - needed(template, functions(template)[role])) == []


@pytest.mark.parametrize("role", ROLES)
def test_a_function_may_touch_only_what_it_is_given(template: Template, role: str) -> None:
    function = functions(template)[role]
    given = named([function, mappings_of(template, function), failure_queue(template, function)])
    reasons = {what for whose, what in NO_EVENT_SOURCE_NOR_VARIABLE if whose == role}

    touched = named([each["Resource"] for each in statements(template, role)])

    assert sorted(touched - given - reasons - {"Key"}) == []
    assert sorted(reasons - touched | reasons & given) == [], "a reason that nothing needs"


def test_a_transaction_puts_and_updates_and_does_nothing_else() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "functions").rglob("*.py")]

    parts = {each for text in sources for each in re.findall(r'"(Put|Update|Delete|ConditionCheck)": ', text)}

    assert parts == {"Put", "Update"}
