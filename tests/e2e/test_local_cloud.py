"""The local cloud's own promises, kept with a small stack of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from infra.checkout import ROOT
from infra.local.cloud import LocalCloud, StackSettings
from infra.local.emulator import Emulator
from infra.local.errors import EmulatorError, PortInUseError, StackFailedError
from tests.e2e.processes import started_by

# A cold worker on a busy machine.
TIMEOUT_SECONDS = 30

KEEPER = "infra/local/keeper.py"

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  DeadLetters:
    Type: AWS::SQS::Queue
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 1
      RedrivePolicy: {deadLetterTargetArn: !GetAtt DeadLetters.Arn, maxReceiveCount: 2}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: table
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: "dynamodb:PutItem", Resource: !GetAtt Table.Arn}
              - {Effect: Allow, Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
                 Resource: !GetAtt Queue.Arn}
  Api:
    Type: AWS::Serverless::HttpApi
  Line:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: line.handler
      CodeUri: functions/
      Role: !GetAtt Role.Arn
      Environment: {Variables: {TABLE: !Ref Table}}
      Events:
        Webhook: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: POST, Path: /line}}
        Message:
          Type: SQS
          Properties:
            Queue: !GetAtt Queue.Arn
            BatchSize: 10
            FunctionResponseTypes: [ReportBatchItemFailures]
Outputs:
  Url: {Value: !Sub "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/line"}
  Queue: {Value: !Ref Queue}
  DeadLetters: {Value: !Ref DeadLetters}
"""

FUNCTION = """
import json
import os
import time

import boto3
from botocore.exceptions import ClientError

TABLE = boto3.client("dynamodb")


def handler(event, context):
    if "Records" in event:
        bad = [record["messageId"] for record in event["Records"] if record["body"] == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": message} for message in bad]}
    time.sleep(0.05)
    print(json.dumps({"said": event["body"]}))
    TABLE.put_item(TableName=os.environ["TABLE"], Item={"id": {"S": context.aws_request_id}})
    try:
        TABLE.scan(TableName=os.environ["TABLE"])
    except ClientError as error:
        refused = error.response["Error"]["Code"]
    answer = {"worker": os.getpid(), "refused": refused, "telnyx": os.environ["TELNYX_BASE_URL"]}
    return {"statusCode": 200, "body": json.dumps(answer)}
"""

OWNER = """
import sys, time
from pathlib import Path
import httpx
from infra.local.cloud import LocalCloud, StackSettings

folder = Path(sys.argv[1])
settings = StackSettings(
    telnyx_public_key="", telnyx_base_url="", template=folder / "template.yaml", functions=folder / "functions"
)
with LocalCloud(settings) as cloud:
    httpx.post(cloud.api_url(cloud.outputs["Url"]), content=b"x", timeout=30).raise_for_status()
    print(cloud.endpoint_url, flush=True)
    time.sleep(60)
"""


def settings(folder: Path, template: str = TEMPLATE) -> StackSettings:
    (folder / "functions").mkdir()
    (folder / "functions" / "line.py").write_text(FUNCTION)
    (folder / "template.yaml").write_text(template)
    return StackSettings(
        telnyx_public_key="",
        telnyx_base_url="http://127.0.0.1:9/v2",
        template=folder / "template.yaml",
        functions=folder / "functions",
        webhook_workers=2,
    )


@pytest.fixture(scope="module")
def small_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(settings(tmp_path_factory.mktemp("stack"))) as running:
        yield running


def post(cloud: LocalCloud, body: str) -> httpx.Response:
    url = cloud.api_url(cloud.outputs["Url"])
    return httpx.post(url, content=body, headers={"content-type": "application/json"}, timeout=TIMEOUT_SECONDS)


def wait_for(promise: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not promise():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def test_a_rush_of_webhooks_is_answered_by_few_workers(small_cloud: LocalCloud) -> None:
    with ThreadPoolExecutor(12) as callers:
        answers = list(callers.map(lambda n: post(small_cloud, str(n)), range(12)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["worker"] for answer in answers}) <= 2


def test_a_function_may_do_only_what_its_role_allows(small_cloud: LocalCloud) -> None:
    assert post(small_cloud, "x").json()["refused"] == "AccessDeniedException"


def test_a_function_speaks_to_the_telnyx_that_it_was_given(small_cloud: LocalCloud) -> None:
    assert post(small_cloud, "x").json()["telnyx"] == "http://127.0.0.1:9/v2"


def test_a_path_without_a_route_is_not_found(small_cloud: LocalCloud) -> None:
    url = small_cloud.api_url("https://" + small_cloud.outputs["Url"].removeprefix("https://") + "/elsewhere")

    assert httpx.post(url, content=b"x", timeout=TIMEOUT_SECONDS).status_code == 404


def test_what_a_function_wrote_can_be_read(small_cloud: LocalCloud) -> None:
    post(small_cloud, "hello from Ann")

    assert {"said": "hello from Ann"} in [json.loads(line) for line in small_cloud.logs("Line")]


def test_a_message_that_fails_comes_back_and_ends_among_the_dead_letters(small_cloud: LocalCloud) -> None:
    sqs = small_cloud.client("sqs")
    sqs.send_message(QueueUrl=small_cloud.outputs["Queue"], MessageBody="good")
    sqs.send_message(QueueUrl=small_cloud.outputs["Queue"], MessageBody="bad")
    dead: list[str] = []

    def a_dead_letter_came() -> bool:
        messages = sqs.receive_message(QueueUrl=small_cloud.outputs["DeadLetters"]).get("Messages", [])
        dead.extend(message["Body"] for message in messages)
        return bool(dead)

    wait_for(a_dead_letter_came)

    assert dead == ["bad"]


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_however_its_owner_ends(tmp_path: Path, ending: signal.Signals) -> None:
    settings(tmp_path)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    owner = subprocess.Popen(  # noqa: S603 - the program above
        [sys.executable, "-c", OWNER, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with owner:
        endpoint = httpx.URL(owner.stdout.readline().strip() if owner.stdout else "")
        processes_before = processes_in(temporary)

        owner.send_signal(ending)
        owner.wait(TIMEOUT_SECONDS)

    wait_for(lambda: not processes_in(temporary) and not list(temporary.iterdir()))
    assert len(processes_before) >= 2, "the emulator and a worker should have been running"
    with pytest.raises(httpx.ConnectError):
        httpx.get(endpoint)


def processes_in(folder: Path) -> set[int]:
    """Processes whose environment names the folder as the place for temporary files, at any depth."""
    ps = ["ps", "axeww", "-o", "pid=,args="]
    listing = subprocess.run(ps, capture_output=True, text=True, check=True).stdout  # noqa: S603 - nobody's input
    return {int(line.split()[0]) for line in listing.splitlines() if f"TMPDIR={folder}/dialtone-" in line}


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(PortInUseError, match=f"Port {port} .*Stop the program"), Emulator(port=port):
            pytest.fail("it took a port that is another's")


def test_a_port_that_is_asked_for_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    with Emulator(port=port) as emulator:
        emulator.wait_until_ready()

        assert emulator.endpoint_url == f"http://127.0.0.1:{port}"


def test_an_emulator_that_cannot_start_shows_the_end_of_its_log() -> None:
    with (
        Emulator(webhook_workers=-1) as emulator,
        pytest.raises(EmulatorError, match=r"ended with 1.*(?s:.*)Semaphore"),
    ):
        emulator.wait_until_ready()


@pytest.mark.parametrize(
    ("killed", "ending"), [("the emulator", r"was killed \(signal 9\)"), ("its keeper", "was ended from outside")]
)
def test_what_fails_since_the_emulator_was_killed_says_so_and_nothing_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: str, ending: str
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    template = "Resources: {Queue: {Type: 'AWS::SQS::Queue'}}"
    others = started_by(os.getpid(), KEEPER)

    def kill_and_ask(cloud: LocalCloud) -> None:
        (keeper,) = started_by(os.getpid(), KEEPER) - others
        (emulator,) = started_by(keeper, "infra.local.gateway")
        os.kill(emulator if killed == "the emulator" else keeper, signal.SIGKILL)
        cloud.client("sqs").list_queues()

    with (
        pytest.raises(EmulatorError, match=f"The AWS emulator {ending}; .* Run this again"),
        LocalCloud(settings(tmp_path, template)) as cloud,
    ):
        kill_and_ask(cloud)

    wait_for(lambda: not processes_in(tmp_path))


BROKEN = """
Resources:
  Broken: {Type: "AWS::SQS::Queue", Properties: {VisibilityTimeout: 99999999}}
  Waiting: {Type: "AWS::SQS::Queue", DependsOn: Broken}
"""
NESTING = "Resources: {Inner: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: nested.yaml}}}"


@pytest.mark.parametrize(
    ("template", "resource"), [(BROKEN, "Broken (AWS::SQS::Queue)"), (NESTING, "Inner (AWS::CloudFormation::Stack)")]
)
def test_a_stack_that_fails_names_its_first_failed_resource(tmp_path: Path, template: str, resource: str) -> None:
    (tmp_path / "nested.yaml").write_text(BROKEN)

    with pytest.raises(StackFailedError) as failure, LocalCloud(settings(tmp_path, template)):
        pytest.fail("a broken stack was deployed")

    assert str(failure.value).startswith(f"{resource} could not be made: ")
    assert "VisibilityTimeout" in str(failure.value)


def test_a_template_that_cloudformation_refuses_is_named_with_the_reason(tmp_path: Path) -> None:
    template = "Resources: {Thing: {Type: 'AWS::Nonsense::Thing'}}"

    with (
        pytest.raises(StackFailedError, match=r"template\.yaml: .*AWS::Nonsense::Thing"),
        LocalCloud(settings(tmp_path, template)),
    ):
        pytest.fail("a broken stack was deployed")
