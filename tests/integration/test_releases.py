"""Rollback, pruning and uninstall on a stack by moto: what is moved, kept, deleted and shown."""

import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.cloudformation.responses import CloudFormationResponse
from moto.codedeploy.models import codedeploy_backends

from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.domain.errors import DialtoneError
from infra.checkout import ROOT, SAMPLES
from infra.cli.main import main
from infra.local import translate
from infra.local.cloud import ARTIFACTS, TEMPLATE
from infra.local.emulator import REGION
from infra.local.translate import of_type
from infra.operations.connect.record import ConnectionRecord
from infra.operations.releases import __main__ as around_deploy
from infra.operations.releases.deployment import REFUSED
from infra.operations.releases.history import ALIAS, Versions, read_versions
from infra.operations.releases.rollback import Move, move
from infra.operations.releases.uninstall import QUEUES, STAYING
from infra.operations.stack_outputs import deployed
from tests.integration.dependencies import create_table
from tests.integration.lines import Terminal

STACK, APPLICATION, GROUP, FUNCTION = "dialtone-prod", "deployments", "group", "webhook"
ROLE = "arn:aws:iam::123456789012:role/any"


@dataclass
class Account:
    """A stack whose webhook function has been deployed some times, and someone at a shell."""

    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def __post_init__(self) -> None:
        self.functions: Any = boto3.client("lambda")
        self.codedeploy: Any = boto3.client("codedeploy")
        self.formation: Any = boto3.client("cloudformation")
        self.sqs: Any = boto3.client("sqs")
        self.published = ""
        self.recipient = "ops@example.com"

    def begin(self) -> None:
        """Make what the first deployment makes."""
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        role = boto3.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self.functions.create_function(
            FunctionName=FUNCTION, Runtime="python3.13", Role=role, Handler="a.b", Code={"ZipFile": _zip(0)}
        )
        self.codedeploy.create_application(applicationName=APPLICATION, computePlatform="Lambda")
        self.codedeploy.create_deployment_group(
            applicationName=APPLICATION, deploymentGroupName=GROUP, serviceRoleArn=ROLE
        )
        create_table(boto3.client("dynamodb"), "calls")
        boto3.client("s3").create_bucket(Bucket="parked")
        self.published = self._publish()
        self.functions.create_alias(FunctionName=FUNCTION, Name=ALIAS, FunctionVersion=self.published)
        self.formation.create_stack(StackName=STACK, TemplateBody=self.template())

    def deploy(self, *, status: str = "Succeeded") -> str:
        """Deploy another version, as CloudFormation and CodeDeploy do. Gives its number."""
        before, new = self.published, self._publish()
        self._deployment(before, new, status, "CloudFormation")
        if status == "Succeeded":
            self._live(new)
            self.published = new
            self.formation.update_stack(StackName=STACK, TemplateBody=self.template())
        elif status == "Failed":
            self._deployment(new, before, "Succeeded", "codeDeployRollback")
        return new

    def live(self) -> str:
        """The version that takes webhooks."""
        alias = self.functions.get_alias(FunctionName=FUNCTION, Name=ALIAS)
        assert not alias.get("RoutingConfig", {}).get("AdditionalVersionWeights")
        return str(alias["FunctionVersion"])

    def versions(self) -> set[str]:
        """All that there are."""
        listed = self.functions.list_versions_by_function(FunctionName=FUNCTION)["Versions"]
        return {each["Version"] for each in listed} - {"$LATEST"}

    def run(self, *arguments: str, typed: str = "") -> tuple[int, str, str]:
        """Run `dialtone` on the stack, with a person who types."""
        self.monkeypatch.setattr(sys, "stdin", Terminal(typed))
        self.capsys.readouterr()
        status = main([arguments[0], "--stack", STACK, *arguments[1:]])
        written = self.capsys.readouterr()
        return status, written.out, written.err

    def around_deploy(self, *arguments: str) -> tuple[int, str, str]:
        """Run what `make deploy` runs around `sam deploy`."""
        self.monkeypatch.setattr(sys, "argv", ["releases", arguments[0], STACK, *arguments[1:]])
        self.monkeypatch.setattr(around_deploy, "DEPLOYED_FLOWS", SAMPLES)
        self.capsys.readouterr()
        status = around_deploy.main()
        written = self.capsys.readouterr()
        return status, written.out, written.err

    def seen(self) -> Versions:
        """What the commands know."""
        return read_versions(deployed(STACK), self.functions, self.codedeploy)

    def _publish(self) -> str:
        number = len(self.versions()) + 1
        self.functions.update_function_code(FunctionName=FUNCTION, ZipFile=_zip(number))
        return str(self.functions.publish_version(FunctionName=FUNCTION)["Version"])

    def _live(self, version: str) -> None:
        self.functions.update_alias(FunctionName=FUNCTION, Name=ALIAS, FunctionVersion=version)

    def _deployment(self, current: str, target: str, status: str, creator: str) -> None:
        properties = {"Name": FUNCTION, "Alias": ALIAS, "CurrentVersion": current, "TargetVersion": target}
        spec = {"version": 0.0, "Resources": [{FUNCTION: {"Type": "AWS::Lambda::Function", "Properties": properties}}]}
        made = self.codedeploy.create_deployment(
            applicationName=APPLICATION,
            deploymentGroupName=GROUP,
            revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(spec)}},
        )["deploymentId"]
        kept = _moto_deployments()[made]
        kept.status, kept.creator = status, creator

    def template(self, more: Mapping[str, Any] | None = None) -> str:
        """The stack's template as it was deployed last, with more resources."""
        outputs = {
            "WebhookFunctionVersion": f"arn:aws:lambda:us-east-1:123456789012:function:{FUNCTION}:{self.published}",
            "DeploymentApplication": APPLICATION,
            "CallsTableName": "calls",
            "ParkedEventsBucketName": "parked",
            "AlarmRecipient": self.recipient,
        }
        queues = {name: {"Type": "AWS::SQS::Queue"} for name in (*QUEUES, "ArchiveDeadLetterQueue")}
        resources = {**queues, **(more or {})}
        return json.dumps(
            {"Resources": resources, "Outputs": {name: {"Value": value} for name, value in outputs.items()}}
        )


def _update_termination_protection(self: CloudFormationResponse) -> str:
    """The operation that moto lacks."""
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    stack.enable_termination_protection = str(self._get_param("EnableTerminationProtection")).lower() == "true"
    return "<R><UpdateTerminationProtectionResult/></R>"


def _zip(number: int) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.py", f"VERSION = {number}")
    return packed.getvalue()


def _moto_deployments() -> Any:  # noqa: ANN401 -- moto's own
    return codedeploy_backends["123456789012"]["us-east-1"].deployments


@pytest.fixture
def account(aws: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Account:
    del aws
    made = Account(capsys, monkeypatch)
    made.begin()
    lacking = "update_termination_protection"
    monkeypatch.setattr(CloudFormationResponse, lacking, _update_termination_protection, raising=False)
    return made


# --- Rollback ----


def test_a_rollback_moves_the_alias_to_the_version_before_and_says_what_follows(account: Account) -> None:
    one, two = account.published, account.deploy()

    status, out, err = account.run("rollback-code", "--yes")

    assert (status, err, account.live()) == (0, "", one)
    assert f"alias {ALIAS}: {two} -> {one}" in out
    assert f"CloudFormation still holds version {two}" in out
    assert "ROLLOUT=all-at-once" in out


def test_a_second_rollback_changes_nothing(account: Account) -> None:
    account.deploy()
    two = account.live()
    account.deploy()
    account.run("rollback-code", "--yes")

    status, out, _ = account.run("rollback-code", "--yes")

    assert (status, account.live()) == (0, two)
    assert "nothing to do" in out


def test_a_rollback_passes_over_a_version_that_never_took_webhooks(account: Account) -> None:
    one, failed, three = account.published, account.deploy(status="Failed"), account.deploy()

    account.run("rollback-code", "--yes")

    assert int(one) < int(failed) < int(three)
    assert account.live() == one


def test_an_undone_rollback_is_as_if_there_had_been_none(account: Account) -> None:
    two = account.deploy()
    account.run("rollback-code", "--yes")

    status, out, _ = account.run("rollback-code", "--undo", "--yes")

    assert (status, account.live()) == (0, two)
    assert "as CloudFormation expects" in out
    assert not account.seen().rolled_back


@pytest.mark.parametrize(("typed", "status"), [("n\n", 1), ("", 1), ("y\n", 0)])
def test_who_is_asked_decides(account: Account, typed: str, status: int) -> None:
    one, two = account.published, account.deploy()

    asked = account.run("rollback-code", typed=typed or "\n")

    assert (asked[0], account.live()) == (status, two if status else one)


def test_a_dry_run_moves_nothing(account: Account) -> None:
    two = account.deploy()

    status, out, _ = account.run("rollback-code", "--dry-run")

    assert (status, account.live()) == (0, two)
    assert f"{two} -> " in out


def test_the_first_version_has_none_to_go_back_to(account: Account) -> None:
    status, _, err = account.run("rollback-code", "--yes")

    assert status == 1
    assert "no version before" in err
    assert "make deploy" in err


def test_a_deployment_that_goes_on_is_stopped_and_not_raced(account: Account) -> None:
    account.deploy()
    two = account.live()
    account.deploy(status="InProgress")

    status, out, _ = account.run("rollback-code", "--dry-run")

    assert (status, account.live()) == (0, two)
    assert "will be stopped" in out


class WorkingLambda:
    """As much of Lambda as a move uses, with a version that sleeps, or an alias that somebody else moves."""

    def __init__(self, states: list[str], *, raced: bool = False) -> None:
        self.states, self.raced = states, raced
        self.invoked = 0
        self.moved: list[str] = []
        self.exceptions = boto3.client("lambda", region_name="us-east-1").exceptions

    def get_function_configuration(self, **_: object) -> dict[str, str]:
        return {"State": self.states.pop(0) if len(self.states) > 1 else self.states[0]}

    def invoke(self, **_: object) -> None:
        self.invoked += 1
        raise self.exceptions.SnapStartNotReadyException({"Error": {"Code": "SnapStartNotReadyException"}}, "Invoke")

    def update_alias(self, **asked: Any) -> None:  # noqa: ANN401 -- boto's own
        assert asked["RevisionId"] == "seen"
        if self.raced:
            error: Any = {"Error": {"Code": "PreconditionFailedException"}}
            raise self.exceptions.PreconditionFailedException(error, "UpdateAlias")
        self.moved.append(asked["FunctionVersion"])


MOVE = Move(Versions(FUNCTION, "seen", "42", (), "42", "41", {"41": "then", "42": "now"}), "41")


def test_a_version_that_sleeps_is_woken_before_callers_need_it() -> None:
    functions: Any = WorkingLambda(["Inactive", "Pending", "Active"])

    move(functions, MOVE, sleep=lambda _: None)

    assert (functions.invoked, functions.moved) == (1, ["41"])


@pytest.mark.parametrize("state", ["Failed", "Pending"])
def test_to_a_version_that_does_not_start_nothing_is_moved(state: str) -> None:
    functions: Any = WorkingLambda([state])

    with pytest.raises(DialtoneError, match="does not start: nothing was changed"):
        move(functions, MOVE, sleep=lambda _: None)

    assert functions.moved == []


def test_an_alias_that_somebody_else_has_moved_meanwhile_is_left_alone() -> None:
    functions: Any = WorkingLambda(["Active"], raced=True)

    with pytest.raises(DialtoneError, match="somebody else has moved"):
        move(functions, MOVE, sleep=lambda _: None)


# --- Around a deployment ----


def test_old_versions_are_pruned_but_those_that_take_webhooks_or_can_be_gone_back_to(account: Account) -> None:
    account.deploy()
    before = account.live()
    account.deploy(status="Failed")
    newest = account.deploy()

    status, out, err = account.around_deploy("after", "--protect")

    assert (status, err, account.versions()) == (0, "", {before, newest})
    assert f"Kept versions: {newest}, {before}." in out
    assert account.around_deploy("after")[1] == f"Kept versions: {newest}, {before}.\n"
    [stack] = account.formation.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["EnableTerminationProtection"]


def test_a_stack_whose_alarms_reach_nobody_says_so_last(account: Account) -> None:
    template = translate.read(TEMPLATE)
    account.recipient = template["Outputs"]["AlarmRecipient"]["Value"]["Fn::If"][1]
    account.deploy()

    status, out, _ = account.around_deploy("after")

    assert status == 0
    assert out.splitlines()[-1].startswith("Alarms that affect callers go to: NOBODY. Deploy with AlarmEmail=")


def test_what_is_deployed_has_its_pictures_and_is_deployed_without_them_where_the_table_refuses(
    account: Account,
) -> None:
    account.deploy()
    menu = FlowLibrary.open(SAMPLES).flow("main-menu")
    assert menu

    account.around_deploy("after")

    picture = CallsTable(boto3.client("dynamodb"), "calls").flow_picture("main-menu", menu.version)
    assert str(picture).startswith("<svg")
    boto3.client("dynamodb").delete_table(TableName="calls")
    status, out, _ = account.around_deploy("after")
    assert (status, "The console on AWS has no pictures of these flows: " in out) == (0, True)


def test_after_a_rollback_both_versions_are_kept(account: Account) -> None:
    account.deploy()
    account.deploy()
    kept = account.seen()
    account.run("rollback-code", "--yes")

    account.around_deploy("after")

    assert account.versions() == {kept.before, kept.deployed}


def test_while_a_deployment_goes_on_nothing_is_pruned(account: Account) -> None:
    for _ in range(3):
        account.deploy()
    account.deploy(status="InProgress")

    _, out, _ = account.around_deploy("after")

    assert "no version was pruned" in out
    assert len(account.versions()) == 5


def test_a_canary_does_not_go_out_after_a_rollback(account: Account) -> None:
    account.deploy()
    assert account.around_deploy("before")[0] == 0
    account.run("rollback-code", "--yes")

    status, _, err = account.around_deploy("before")

    assert status == 1
    assert "ROLLOUT=all-at-once" in err
    assert f"dialtone rollback-code --stack {STACK} --undo" in err


def test_before_the_first_deployment_nothing_keeps_it_from_going_out(account: Account) -> None:
    account.formation.delete_stack(StackName=STACK)

    assert account.around_deploy("before")[0] == 0


def test_why_a_version_was_refused_is_said_where_the_deployment_failed(account: Account) -> None:
    assert account.around_deploy("why") == (0, "", "")
    group: dict[str, Any] = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "pretraffic"}}
    account.formation.update_stack(StackName=STACK, TemplateBody=account.template({"PreTrafficLogGroup": group}))
    logs: Any = boto3.client("logs")
    logs.create_log_stream(logGroupName="pretraffic", logStreamName="any")
    line = json.dumps({"message": REFUSED, "wrong": "call.initiated: answered 500"})
    event = {"timestamp": int(time.time() * 1_000), "message": line}
    logs.put_log_events(logGroupName="pretraffic", logStreamName="any", logEvents=[event])

    _, _, err = account.around_deploy("why")

    assert err == "The new version did not pass its check: call.initiated: answered 500\n"
    assert REFUSED in (ROOT / "functions" / "pretraffic" / "app.py").read_text(encoding="utf-8")


# --- Uninstall ----


def test_what_would_be_lost_is_named_before_anything_is_deleted(account: Account) -> None:
    of = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for each in account.formation.list_stack_resources(StackName=STACK)["StackResourceSummaries"]
    }
    for queue in ("ArchiveQueue", "ArchiveDeadLetterQueue"):
        account.sqs.send_message(QueueUrl=of[queue], MessageBody="{}")
    boto3.client("s3").put_object(Bucket="parked", Key="call/event.json", Body=b"{}")
    for item in ("LEG#one", "RECORDING#one"):
        boto3.client("dynamodb").put_item(
            TableName="calls",
            Item={
                "call_session_id": {"S": "s"},
                "item": {"S": item},
                "due_shard": {"S": "0"},
                "due_at": {"N": "1790000000"},
            },
        )

    status, out, _ = account.run("uninstall", typed="n\n")

    assert status == 1
    assert "1 messages in ArchiveQueue: recordings and transcripts that are not in the bucket yet" in out
    assert "1 messages in ArchiveDeadLetterQueue: recordings that were given up" in out
    assert "1 parked events" in out
    assert "1 recordings that are not settled" in out
    assert "1 legs of open calls" in out
    assert account.formation.describe_stacks(StackName=STACK)["Stacks"]


def test_uninstall_deletes_a_stack_that_is_protected(account: Account) -> None:
    account.around_deploy("after", "--protect")

    status, out, _ = account.run("uninstall", "--yes")

    assert status == 0
    assert "nothing that is waiting" in out
    assert "ArchiveDeadLetterQueue: https://" in out
    with pytest.raises(ClientError):
        account.formation.describe_stacks(StackName=STACK)


def test_numbers_that_still_ring_the_stack_are_named(account: Account) -> None:
    ConnectionRecord.of(STACK, "us-east-1").put("application", "7")

    _, out, _ = account.run("uninstall", "--dry-run")

    assert f"dialtone disconnect --stack {STACK}" in out


def test_the_lists_of_what_goes_and_stays_are_the_templates() -> None:
    sam = translate.to_cloudformation(translate.read(TEMPLATE), ARTIFACTS, {"TelnyxPublicKey": "A" * 43 + "="}, REGION)
    stays = {name for name, each in sam["Resources"].items() if each.get("DeletionPolicy") == "Retain"}
    of_no_account = ("BucketPolicy", "FunctionVersion")

    assert QUEUES.keys() == of_type(sam, "AWS::SQS::Queue").keys() - stays
    assert {name for name in stays if not any(each in name for each in of_no_account)} == set(STAYING)


# --- make --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "runs"),
    [
        ("rollback ENV=prod UNDO=1 YES=1", ["dialtone rollback-code --stack dialtone-prod --undo --yes"]),
        ("uninstall DRY_RUN=1", ["dialtone uninstall --stack dialtone-dev --dry-run"]),
        ("deploy ENV=prod", ["Rollout=canary", "infra.operations.releases after dialtone-prod --protect"]),
        ("deploy ROLLOUT=all-at-once PROJECT=../line", ["dialtone deploy dev", "--rollout all-at-once"]),
    ],
)
def test_make_runs_these_commands(asked: str, runs: list[str]) -> None:
    made = subprocess.run(  # noqa: S603 -- make, which runs nothing with -n
        ["make", "-n", *asked.split(), "PYTHON=python3", "PYTHON_OF_LAMBDA=python3.13"],  # noqa: S607 -- on the path
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    said = " ".join(made.stdout.split())
    assert [each for each in runs if each not in said] == []
