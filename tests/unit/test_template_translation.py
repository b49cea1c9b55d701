"""template.yaml on its way into the emulator."""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from infra.local import translate
from infra.local.cloud import ARTIFACTS, TEMPLATE
from infra.local.emulator import REGION
from infra.local.errors import TemplateError
from infra.local.package import zip_functions
from infra.local.translate import Template, of_type


@pytest.fixture(scope="module")
def cloudformation() -> Template:
    return translate.to_cloudformation(translate.read(TEMPLATE), ARTIFACTS, {"TelnyxPublicKey": "A" * 43 + "="}, REGION)


def test_every_functions_code_is_the_uploaded_zip(cloudformation: Template) -> None:
    codes = [f["Properties"]["Code"] for f in of_type(cloudformation, "AWS::Lambda::Function").values()]

    assert codes == [{"S3Bucket": ARTIFACTS.bucket, "S3Key": ARTIFACTS.key}] * 11


def test_the_routes_that_sam_writes_into_a_body_become_resources(cloudformation: Template) -> None:
    local = translate.for_emulator(cloudformation)

    routes = of_type(local, "AWS::ApiGatewayV2::Route")
    [route] = [each for each in routes.values() if each["Properties"]["ApiId"] == {"Ref": "HttpApi"}]
    integration_name = route["Properties"]["Target"]["Fn::Join"][1][1]["Ref"]
    integration = local["Resources"][integration_name]

    assert "Body" not in local["Resources"]["HttpApi"]["Properties"]
    assert route["Properties"]["RouteKey"] == "POST /webhooks/telnyx"
    assert {each["Properties"]["RouteKey"] for each in routes.values()} - {"POST /webhooks/telnyx"} == {
        *(f"GET {path}" for path in ("/calls", "/calls/{id}", "/recordings", "/recordings/{id}", "/openapi.json")),
        *(f"GET {path}" for path in ("/flows", "/flows/{name}")),
        "DELETE /recordings/{id}",
        "GET /health",
        "GET /queues",
        "POST /queues/{name}/take",
        "GET /campaigns",
        "GET /campaigns/{id}",
        "GET /campaigns/{id}/recipients",
        "POST /campaigns",
        "POST /campaigns/{id}/{order}",
        *(f"POST {path}" for path in ("/calls", "/calls/{id}/actions/{action}", "/calls/{id}/flow")),
        "POST /health/queues/{queue}/redrive",
    }
    assert integration["Properties"]["PayloadFormatVersion"] == "2.0"
    assert "WebhookFunction" in str(integration["Properties"]["IntegrationUri"])


def test_the_template_itself_is_left_as_it_was(cloudformation: Template) -> None:
    before = str(cloudformation)

    translate.with_environment(translate.for_emulator(cloudformation), {"TELNYX_BASE_URL": "http://127.0.0.1/v2"})

    assert str(cloudformation) == before


def test_everything_is_deployed_but_what_is_left_out_with_a_reason(cloudformation: Template) -> None:
    local = translate.for_emulator(cloudformation)

    missing = set(cloudformation["Resources"]) - set(local["Resources"])

    assert missing == {
        "RecordingsBucketPolicy",
        "ParkedEventsBucketPolicy",
        "CampaignsBucketPolicy",
        "AccessLogBucketPolicy",
        "ServerlessDeploymentApplication",
        "WebhookFunctionDeploymentGroup",
    }
    assert all(translate.LEFT_OUT.values())


def test_alarms_on_metric_math_are_left_out_and_nothing_waits_for_them() -> None:
    template = {
        "Resources": {
            "Rate": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": []}},
            "Table": {"Type": "AWS::DynamoDB::Table", "DependsOn": ["Rate", "Queue"], "Properties": {}},
            "Queue": {"Type": "AWS::SQS::Queue", "DependsOn": "Rate", "Properties": {}},
        }
    }

    local = translate.for_emulator(template)["Resources"]

    assert set(local) == {"Table", "Queue"}
    assert local["Table"]["DependsOn"] == ["Queue"]
    assert "DependsOn" not in local["Queue"]


def test_what_refers_to_something_left_out_has_its_name_in_place_of_it() -> None:
    template = {
        "Resources": {
            "Deployments": {"Type": "AWS::CodeDeploy::Application", "Properties": {}},
            "Alias": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {"Description": {"Fn::Sub": "by ${Deployments} in ${AWS::Region}"}},
                "UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {"ApplicationName": {"Ref": "Deployments"}}},
            },
        },
        "Outputs": {"Deployments": {"Value": {"Ref": "Deployments"}}},
    }

    local = translate.for_emulator(template)

    assert local["Outputs"] == {}
    assert local["Resources"]["Alias"] == {
        "Type": "AWS::Lambda::Alias",
        "Properties": {"Description": {"Fn::Sub": "by Deployments in ${AWS::Region}"}},
    }


def test_the_environment_is_added_to_and_overridden(cloudformation: Template) -> None:
    local = translate.with_environment(cloudformation, {"TELNYX_BASE_URL": "x", "POWERTOOLS_LOG_LEVEL": "DEBUG"})

    for function in of_type(local, "AWS::Lambda::Function").values():
        variables = function["Properties"]["Environment"]["Variables"]
        assert variables["TELNYX_BASE_URL"] == "x"
        assert variables["POWERTOOLS_LOG_LEVEL"] == "DEBUG"
        assert variables["CALLS_TABLE"] == {"Ref": "CallsTable"}


def test_a_property_of_a_resource_that_does_not_exist_is_named(cloudformation: Template) -> None:
    changed = translate.with_properties(cloudformation, {"ArchiveQueue": {"VisibilityTimeout": 5}})

    assert changed["Resources"]["ArchiveQueue"]["Properties"]["VisibilityTimeout"] == 5
    with pytest.raises(TemplateError, match="no resource ArchivQueue"):
        translate.with_properties(cloudformation, {"ArchivQueue": {}})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "cannot be read"),
        ("Resources: {", "is not YAML"),
        ("- a list", "has no Resources"),
        ("a: 1", "no Resources"),
    ],
)
def test_a_broken_template_is_named_with_what_is_wrong(tmp_path: Path, text: str | None, complaint: str) -> None:
    path = tmp_path / "template.yaml"
    if text is not None:
        path.write_text(text)

    with pytest.raises(TemplateError, match=rf"template\.yaml: .*{complaint}"):
        translate.read(path)


def test_what_sam_refuses_is_said_in_its_words() -> None:
    template = {"Resources": {"Line": {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "a.b"}}}}

    with pytest.raises(TemplateError, match=r"\[Line\].*Runtime"):
        translate.to_cloudformation(template, ARTIFACTS, {}, REGION)


def test_the_zip_holds_the_code_and_the_phone_menus_alone(tmp_path: Path) -> None:
    for name in ("webhook/app.py", "flows/main.yaml", "requirements.txt", "webhook/__pycache__/app.pyc"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")

    with zipfile.ZipFile(BytesIO(zip_functions(tmp_path))) as archive:
        assert archive.namelist() == ["flows/main.yaml", "webhook/app.py"]


def test_the_same_code_gives_the_same_zip(tmp_path: Path) -> None:
    code = tmp_path / "app.py"
    code.write_text("x")
    first = zip_functions(tmp_path)

    code.touch()

    assert zip_functions(tmp_path) == first
