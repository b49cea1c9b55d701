"""What surrounds a deployment, on the local stack: the check of a new version, the way back, what would be lost."""

import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from dialtone.adapters.calls_table import CallsTable
from dialtone.domain.calls import Call
from infra.checkout import SAMPLES
from infra.cli.main import main
from infra.local.cloud import LocalCloud
from infra.local.stack_name import STACK_NAME
from infra.operations.releases.deployment import settle
from infra.operations.releases.history import ALIAS
from pretraffic.check import Check


@pytest.mark.usefixtures("shell")
def test_the_version_that_runs_passes_its_own_check(cloud: LocalCloud) -> None:
    function, functions = cloud.outputs["WebhookFunctionVersion"], boto3.client("lambda")
    *_, name, version = function.split(":")
    functions.get_waiter("function_active_v2").wait(FunctionName=name, Qualifier=version)
    store = CallsTable(boto3.client("dynamodb"), cloud.outputs["CallsTableName"])

    def invoked(request: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- the version's own JSON
        answered = functions.invoke(FunctionName=function, Payload=json.dumps(request).encode())
        assert not answered.get("FunctionError"), answered["Payload"].read()
        return json.loads(answered["Payload"].read())

    left: list[Call] = []
    check = Check(invoked, lambda session: left.extend(store.legs(session)))
    check.run()

    [leg] = left
    assert leg.ended_at
    store.delete(check.session)
    assert not store.timeline(check.session)


@pytest.mark.usefixtures("shell")
def test_the_alias_goes_back_and_forth_and_old_versions_go(
    cloud: LocalCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    functions: Any = boto3.client("lambda")
    name, deployed = cloud.outputs["WebhookFunctionVersion"].split(":")[-2:]
    functions.update_function_configuration(FunctionName=name, Description="changed, so that there is another version")
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)
    other = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name=ALIAS, FunctionVersion=other)

    assert main(["rollback-code", "--stack", STACK_NAME, "--yes"]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert main(["rollback-code", "--stack", STACK_NAME, "--undo", "--yes"]) == 0
    assert functions.get_alias(FunctionName=name, Name=ALIAS)["FunctionVersion"] == deployed

    said = list(settle(STACK_NAME, SAMPLES, protect=True))

    formation = boto3.client("cloudformation")
    assert f"Pruned version {other}." in said
    assert formation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]["EnableTerminationProtection"]
    formation.update_termination_protection(StackName=STACK_NAME, EnableTerminationProtection=False)


@pytest.mark.usefixtures("shell")
def test_what_stays_and_what_would_be_lost_is_shown(capsys: pytest.CaptureFixture[str], cloud: LocalCloud) -> None:
    assert main(["uninstall", "--stack", STACK_NAME, "--dry-run"]) == 0

    assert f"CallsTable: {cloud.outputs['CallsTableName']}" in capsys.readouterr().out
