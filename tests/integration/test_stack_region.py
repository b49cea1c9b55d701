"""Commands on a deployed stack work in the region that its project names, not in the shell's."""

import json
from pathlib import Path

import pytest

from infra.cli.main import main
from infra.operations import aws
from tests.integration.dependencies import create_table

REGION, ANOTHER = "eu-west-1", "us-east-1"


@pytest.fixture
def _project(aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del aws
    _deploy("line-prod", "prod-calls")
    (tmp_path / "dialtone.toml").write_text(f'[environments.prod]\nstack = "line-prod"\nregion = "{REGION}"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CALLS_TABLE", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", ANOTHER)


def _deploy(stack: str, table: str) -> None:
    """Let there be a stack with a table in its region."""
    create_table(aws.client("dynamodb", REGION), table)
    template = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {"CallsTableName": {"Value": table}},
    }
    aws.client("cloudformation", REGION).create_stack(StackName=stack, TemplateBody=json.dumps(template))


@pytest.mark.usefixtures("_project")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("calls list --stack prod", "no such calls"),
        ("calls list", "no such calls"),
        ("calls show abcd", "there is no call 'abcd'"),
        ("campaigns list", "no campaigns"),
        ("campaigns suppress list +13125550142", "is not on the list"),
        ("recordings show abcd", "the ledger has no recording"),
        ("versions", "deployed with the code"),
    ],
)
def test_a_command_reads_the_table_in_its_stacks_region(
    arguments: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(arguments.split())

    out, error = capsys.readouterr()
    assert said in out + error
