"""`dialtone after-restore` on a stack by moto, whose table is restored behind CloudFormation's back."""

import json
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.awslambda.models import EventSourceMapping, lambda_backends

from infra.cli.main import main
from infra.local import translate
from infra.local.cloud import ARTIFACTS, TEMPLATE
from infra.local.emulator import REGION
from infra.local.translate import of_type
from infra.operations.releases.restored_table import READERS, STREAM_PARAMETER
from tests.integration.lines import Terminal

STACK, TABLE = "dialtone-prod", "calls"
ALL = ["turn its stream on", "protect it", "turn point-in-time", "let its items expire", "have EventsFunction and Del"]


def template(*, names_stream: bool = True) -> str:
    """What the command meets of the stack: the table, and the functions that read its stream."""
    code = {"ZipFile": "def handler(*_): ..."}
    role = "arn:aws:iam::123456789012:role/any"
    function = {"Runtime": "python3.13", "Handler": "index.handler", "Role": role, "Code": code}
    own: Any = {"Fn::GetAtt": ["CallsTable", "StreamArn"]}
    stream = {"Fn::If": ["TableWasRestored", {"Ref": STREAM_PARAMETER}, own]} if names_stream else own
    reads = {"StartingPosition": "TRIM_HORIZON", "BatchSize": 100, "EventSourceArn": stream}
    resources: dict[str, Any] = {
        "CallsTable": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": TABLE,
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "call_session_id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "call_session_id", "KeyType": "HASH"}],
                "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
                "DeletionProtectionEnabled": True,
            },
        }
    }
    for name in READERS:
        properties = {**function, "FunctionName": name.lower()}
        resources[name] = {"Type": "AWS::Lambda::Function", "Properties": properties}
        mapping = {**reads, "FunctionName": {"Ref": name}}
        resources[f"{name}Reads"] = {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping}
    parameter = {STREAM_PARAMETER: {"Type": "String", "Default": ""}} if names_stream else {}
    return json.dumps(
        {
            "Parameters": {**parameter, "Key": {"Type": "String", "Default": "x"}},
            "Conditions": {"TableWasRestored": {"Fn::Not": [{"Fn::Equals": [{"Ref": STREAM_PARAMETER}, ""]}]}}
            if names_stream
            else {},
            "Resources": resources,
            "Outputs": {"CallsTableName": {"Value": {"Ref": "CallsTable"}}},
        }
    )


@dataclass
class Account:
    """A deployed stack, and someone at a shell."""

    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def __post_init__(self) -> None:
        self.dynamodb: Any = boto3.client("dynamodb")
        self.functions: Any = boto3.client("lambda")
        self.formation: Any = boto3.client("cloudformation")
        boto3.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")

    def deploy(self, text: str = "") -> None:
        """Make the stack; DynamoDB's other settings as the template has them."""
        self.formation.create_stack(
            StackName=STACK,
            TemplateBody=text or template(),
            Parameters=[{"ParameterKey": "Key", "ParameterValue": "own"}],
        )
        self.give_settings()

    def give_settings(self) -> None:
        self.dynamodb.update_time_to_live(
            TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
        )
        self.dynamodb.update_continuous_backups(
            TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )

    def lose(self) -> None:
        """Somebody deletes the table."""
        self.dynamodb.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
        self.backup = self.dynamodb.create_backup(TableName=TABLE, BackupName="last")["BackupDetails"]["BackupArn"]
        self.dynamodb.delete_table(TableName=TABLE)

    def restore(self) -> None:
        """DynamoDB restores it under its old name."""
        self.lose()
        self.dynamodb.restore_table_from_backup(TargetTableName=TABLE, BackupArn=self.backup)

    def stream(self) -> str:
        arn: str = self.dynamodb.describe_table(TableName=TABLE)["Table"].get("LatestStreamArn", "")
        return arn

    def read(self) -> set[str]:
        """What the functions read."""
        return {each["EventSourceArn"] for each in self.functions.list_event_source_mappings()["EventSourceMappings"]}

    def run(self, *options: str) -> tuple[int, str, str]:
        status = main(["after-restore", "--stack", STACK, "--region", "us-east-1", *options])
        printed = self.capsys.readouterr()
        return status, printed.out, printed.err

    def refuse(self, operation: str, code: str = "AccessDeniedException") -> None:
        """AWS refuses an operation from now on."""
        real = boto3.client

        def refusing(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 -- boto's own
            made = real(*arguments, **more)

            def refuse(model: Any, **_: Any) -> None:  # noqa: ANN401 -- botocore's own
                if model.name == operation:
                    raise ClientError({"Error": {"Code": code, "Message": "not this"}}, operation)

            made.meta.events.register("before-call", refuse)
            return made

        self.monkeypatch.setattr(boto3, "client", refusing)


def _replace(original_resource: EventSourceMapping, cloudformation_json: dict[str, Any], **_: Any) -> Any:  # noqa: ANN401
    """As CloudFormation does where the source is another; moto leaves the mapping with the one that it has."""
    made = lambda_backends["123456789012"]["us-east-1"].create_event_source_mapping(cloudformation_json["Properties"])
    boto3.client("lambda").delete_event_source_mapping(UUID=original_resource.uuid)
    return made


@pytest.fixture
def account(aws: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Account:
    del aws
    monkeypatch.setattr(EventSourceMapping, "update_from_cloudformation_json", _replace)
    return Account(capsys, monkeypatch)


def done(out: str) -> list[str]:
    return [line.removeprefix("Done: ") for line in out.splitlines() if line.startswith("Done: ")]


def planned(out: str) -> list[str]:
    return [line.strip() for line in out.splitlines() if line.startswith("  ") and "dialtone" not in line]


def begins(lines: list[str], with_: list[str]) -> bool:
    return len(lines) == len(with_) and all(a.startswith(b) for a, b in zip(lines, with_, strict=True))


def test_a_table_that_was_not_restored_lacks_nothing(account: Account) -> None:
    account.deploy()
    read = account.read()

    status, out, _ = account.run("--yes")

    assert (status, done(out), account.read()) == (0, [], read)
    assert "nothing to do" in out


def test_a_restored_table_gets_everything_back_and_nothing_twice(account: Account) -> None:
    account.deploy()
    account.restore()

    first, second = account.run("--yes"), account.run("--yes")

    assert begins(done(first[1]), ALL), first
    assert "dialtone events resend --stack dialtone-prod" in first[1]
    assert account.read() == {account.stream()}
    table = account.dynamodb.describe_table(TableName=TABLE)["Table"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["DeletionProtectionEnabled"]
    assert (second[0], done(second[1])) == (0, [])


def test_the_stack_keeps_its_other_parameters(account: Account) -> None:
    account.deploy()
    account.restore()

    account.run("--yes")

    (stack,) = account.formation.describe_stacks(StackName=STACK)["Stacks"]
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    assert parameters == {"Key": "own", STREAM_PARAMETER: account.stream()}


def test_a_restored_table_whose_stream_was_turned_on_by_hand_is_read(account: Account) -> None:
    account.deploy()
    account.restore()
    account.dynamodb.update_table(
        TableName=TABLE, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    )
    stream = account.stream()

    _, out, _ = account.run("--yes")

    assert begins(done(out), ALL[1:])
    assert (account.stream(), account.read()) == (stream, {stream})


def test_a_table_that_is_restored_once_more_is_read_once_more(account: Account) -> None:
    account.deploy()
    for _ in range(2):
        account.restore()
        account.run("--yes")

    assert account.read() == {account.stream()}


@pytest.mark.parametrize("operation", ["UpdateTable", "UpdateContinuousBackups", "UpdateTimeToLive", "UpdateStack"])
def test_what_is_refused_half_way_is_said_and_the_next_run_goes_on_from_there(account: Account, operation: str) -> None:
    account.deploy()
    account.restore()
    with account.monkeypatch.context() as patched:
        account.monkeypatch, usual = patched, account.monkeypatch
        account.refuse(operation)
        status, out, err = account.run("--yes")
        account.monkeypatch = usual

    rest = account.run("--yes")[1]

    assert (status, f"AWS forbids {operation}" in err) == (1, True)
    assert begins([*done(out), *done(rest)], ALL)
    assert account.read() == {account.stream()}


def test_somebody_who_may_not_look_is_told_so_and_nothing_is_changed(account: Account) -> None:
    account.deploy()
    account.restore()
    account.refuse("ListEventSourceMappings")

    status, out, err = account.run("--yes")

    assert (status, done(out), account.stream()) == (1, [], "")
    assert "AWS forbids ListEventSourceMappings" in err


@pytest.mark.parametrize(("options", "answers", "status"), [(["--dry-run"], [], 0), ([], ["n"], 1), ([], ["y"], 0)])
def test_it_says_what_it_does_and_asks_before(
    account: Account, options: list[str], answers: list[str], status: int
) -> None:
    account.deploy()
    account.restore()
    account.monkeypatch.setattr("sys.stdin", Terminal("\n".join(answers) + "\n"))

    given, out, _ = account.run(*options)

    assert given == status
    assert begins(planned(out), ALL)
    assert bool(account.stream()) == (answers == ["y"])


def test_what_is_in_the_way_is_said_with_its_remedy(account: Account) -> None:
    account.deploy()
    account.lose()
    gone = account.run("--yes")
    account.dynamodb.restore_table_from_backup(TargetTableName=TABLE, BackupArn=account.backup)
    account.dynamodb.update_table(
        TableName=TABLE, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    )
    other = account.run("--yes")

    assert (gone[0], "there is no table calls: restore it" in gone[2]) == (1, True)
    assert (other[0], "shows KEYS_ONLY" in other[2]) == (1, True)


def test_a_stack_of_an_earlier_version_is_to_be_deployed_first(account: Account) -> None:
    account.deploy(template(names_stream=False))
    account.restore()

    status, _, err = account.run("--yes")

    assert (status, account.stream()) == (1, "")
    assert "deploy this one" in err


def test_a_reader_that_somebody_has_deleted_is_not_made_by_cloudformation(account: Account) -> None:
    account.deploy()
    account.restore()
    account.run("--yes")
    for each in account.functions.list_event_source_mappings()["EventSourceMappings"]:
        account.functions.delete_event_source_mapping(UUID=each["UUID"])

    status, _, err = account.run("--yes")

    assert (status, "create-event-source-mapping" in err) == (1, True)


def test_the_template_has_these_readers_and_lets_them_read_any_stream_of_the_table() -> None:
    stack = translate.to_cloudformation(translate.read(TEMPLATE), ARTIFACTS, {}, REGION)
    mappings = of_type(stack, "AWS::Lambda::EventSourceMapping").values()
    streams = [each["Properties"] for each in mappings if "StartingPosition" in each["Properties"]]

    named = {"Fn::If": ["TableWasRestored", {"Ref": STREAM_PARAMETER}, {"Fn::GetAtt": ["CallsTable", "StreamArn"]}]}
    assert [each["EventSourceArn"] for each in streams] == [named] * len(READERS)
    assert {each["FunctionName"]["Ref"] for each in streams} == {*READERS}
