"""The workflow of GitHub Actions: what it runs runs here, too, and nobody else's code but what was looked at."""

import re
from typing import Any

import pytest
import yaml

from infra.checkout import ROOT
from infra.local import translate

WORKFLOW = ROOT / ".github" / "workflows" / "deploy.yml"
TEXT = WORKFLOW.read_text(encoding="utf-8")
JOBS: dict[str, Any] = yaml.safe_load(TEXT)["jobs"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):(?!=)", MAKEFILE, re.MULTILINE))
VARIABLES = set(re.findall(r"^([A-Z_]+) \?=", MAKEFILE, re.MULTILINE)) | {"YES"}
STEPS = [(name, step) for name, job in JOBS.items() for step in job["steps"]]


@pytest.mark.parametrize("command", sorted({step["run"] for _, step in STEPS if "run" in step}))
def test_each_command_is_a_target_of_make(command: str) -> None:
    program, target, *settings = command.split()

    assert program == "make"
    assert target in TARGETS
    assert {each.partition("=")[0] for each in settings} <= VARIABLES


def test_each_action_is_pinned_to_a_commit_and_says_which_release_that_is() -> None:
    used = re.findall(r"uses: (.*)", TEXT)

    assert used
    for each in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each), each


def test_what_is_deployed_is_the_one_package_and_prod_comes_after_dev_has_been_called() -> None:
    packed = [name for name, step in STEPS if step.get("run", "").startswith("make package")]
    deployed = {name: step["run"] for name, step in STEPS if step.get("run", "").startswith("make deploy")}
    called = [name for name, step in STEPS if step.get("run", "").startswith("make smoke-call")]

    assert packed == ["package"]
    assert sorted(deployed) == sorted(called) == ["dev", "prod"]
    assert all("PACKAGE=dialtone.tar.gz" in command for command in deployed.values())
    assert [JOBS[name]["needs"] for name in ("package", "dev", "prod")] == ["check", "package", "dev"]
    assert [JOBS[name]["environment"] for name in ("dev", "prod")] == ["dev", "prod"]


def test_only_what_deploys_gets_a_token_and_nothing_may_write() -> None:
    allowed = {name: job["permissions"] for name, job in JOBS.items()}

    read = {"contents": "read"}
    assert yaml.safe_load(TEXT)["permissions"] == {}
    assert allowed == dict.fromkeys(("check", "package"), read) | {
        name: read | {"id-token": "write"} for name in ("dev", "prod")
    }


def test_the_role_is_for_the_jobs_of_one_environment_only() -> None:
    template = translate.read(ROOT / "infra" / "deploy_role.yaml")
    (statement,) = template["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]

    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": {"Fn::Sub": "repo:${Repository}:environment:${Environment}"},
        }
    }


def test_the_deployer_itself_changes_nothing_but_the_stack() -> None:
    template = translate.read(ROOT / "infra" / "deploy_role.yaml")
    (policy,) = template["Resources"]["DeployRole"]["Properties"]["Policies"]
    open_to_all = [each["Action"] for each in policy["PolicyDocument"]["Statement"] if each["Resource"] == "*"]

    assert open_to_all == [["cloudwatch:DescribeAlarms", "codedeploy:GetDeployment", "codedeploy:ListDeployments"]]
    assert not [a for each in policy["PolicyDocument"]["Statement"] for a in each["Action"] if a.endswith("*")]


SERVICES = {  # of a resource's type → the prefix of the actions that make one
    "ApiGatewayV2": "apigateway:",
    "CloudFormation": "cloudformation:",
    "CloudWatch": "cloudwatch:",
    "Cognito": "cognito-idp:",
    "DynamoDB": "dynamodb:",
    "Events": "events:",
    "IAM::ManagedPolicy": "iam:CreatePolicy",
    "IAM::Policy": "iam:PutRolePolicy",
    "IAM::Role": "iam:CreateRole",
    "KMS": "kms:CreateKey",
    "Lambda": "lambda:",
    "Logs": "logs:",
    "S3": "s3:",
    "SNS": "sns:",
    "SQS": "sqs:",
    "Serverless::Function": "lambda:",
    "Serverless::HttpApi": "apigateway:",
}


@pytest.mark.parametrize("template", ["template.yaml", "infra/monitoring.yaml", "infra/console.yaml"])
def test_the_stack_role_may_make_every_kind_of_resource(template: str) -> None:
    role = translate.read(ROOT / "infra" / "deploy_role.yaml")["Resources"]["StackRole"]["Properties"]["Policies"]
    actions = [a for each in role for s in each["PolicyDocument"]["Statement"] for a in as_list(s["Action"])]
    kinds = {each["Type"].removeprefix("AWS::") for each in translate.read(ROOT / template)["Resources"].values()}
    needed = {kind: SERVICES.get(kind) or SERVICES.get(kind.partition("::")[0], "unknown") for kind in kinds}

    assert {kind for kind, prefix in needed.items() if not any(a.startswith(prefix) for a in actions)} == set()


def as_list(action: str | list[str]) -> list[str]:
    return [action] if isinstance(action, str) else action
