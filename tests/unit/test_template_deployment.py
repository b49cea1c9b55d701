"""How a new version of the webhook function takes over, asserted on what SAM makes of template.yaml."""

from typing import Any

import pytest

from infra.checkout import ROOT
from infra.local import translate
from infra.local.cloud import ARTIFACTS, TEMPLATE
from infra.local.emulator import REGION
from infra.local.translate import Template, of_type

MOST_ALARMS = 10
"""CodeDeploy's limit for a deployment group."""

MONITORING = translate.read(ROOT / "infra" / "monitoring.yaml")


@pytest.fixture(scope="module")
def template() -> Template:
    sam = translate.read(TEMPLATE)
    return translate.to_cloudformation(sam, ARTIFACTS, {"TelnyxPublicKey": "A" * 43 + "="}, REGION)


@pytest.fixture(scope="module")
def group(template: Template) -> Any:  # noqa: ANN401 -- a template's values
    [found] = of_type(template, "AWS::CodeDeploy::DeploymentGroup").values()
    return found["Properties"]


def test_every_alias_is_moved_by_codedeploy_after_the_hook_has_agreed(template: Template) -> None:
    policies = [alias["UpdatePolicy"] for alias in of_type(template, "AWS::Lambda::Alias").values()]

    assert policies == [
        {
            "CodeDeployLambdaAliasUpdate": {
                "ApplicationName": {"Ref": "ServerlessDeploymentApplication"},
                "DeploymentGroupName": {"Ref": "WebhookFunctionDeploymentGroup"},
                "BeforeAllowTrafficHook": {"Ref": "PreTrafficFunction"},
            }
        }
    ]


def test_a_canary_gets_a_tenth_for_five_minutes_and_an_emergency_everything_at_once(group: Any) -> None:  # noqa: ANN401
    condition, canary, at_once = group["DeploymentConfigName"]["Fn::If"]

    assert condition == "RollsOutByCanary"
    assert canary["Fn::Sub"][1] == {"ConfigName": "Canary10Percent5Minutes"}
    assert at_once["Fn::Sub"][1] == {"ConfigName": "AllAtOnce"}
    assert group["AutoRollbackConfiguration"]["Enabled"]
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]


def test_a_canary_is_taken_back_by_alarms_that_exist_and_mean_that_callers_suffer(group: Any) -> None:  # noqa: ANN401
    condition, watched, in_an_emergency = group["AlarmConfiguration"]["Fn::If"]
    names = {each["Name"]["Fn::Sub"].removeprefix("${AWS::StackName}-") for each in watched["Alarms"]}
    alarms = {
        alarm["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("${StackName}-"): alarm["Properties"]
        for alarm in of_type(MONITORING, "AWS::CloudWatch::Alarm").values()
    }

    assert (condition, in_an_emergency) == ("RollsOutByCanary", {})
    assert len(names) == len(watched["Alarms"]) <= MOST_ALARMS
    assert names <= alarms.keys()
    assert all(alarms[name]["AlarmActions"] == [{"Ref": "AlarmTopic"}] for name in names)


def test_the_hook_checks_the_version_that_this_deployment_makes(template: Template) -> None:
    [version] = of_type(template, "AWS::Lambda::Version")
    hook = template["Resources"]["PreTrafficFunction"]["Properties"]

    assert hook["Environment"]["Variables"]["NEW_VERSION"] == {"Ref": version}
    assert template["Outputs"]["WebhookFunctionVersion"]["Value"] == {"Ref": version}


def test_production_is_rolled_out_by_canary_and_dev_at_once(template: Template) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert "ROLLOUT ?= $(if $(filter prod,$(ENV)),canary,all-at-once)" in makefile
    assert "Rollout=$(ROLLOUT)" in makefile
    assert template["Parameters"]["Rollout"]["Default"] == "canary"
