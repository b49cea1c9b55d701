"""A deployed stack, as the commands of this machine read it."""

import os
from pathlib import Path

import pytest

from dialtone.domain.errors import DialtoneError
from infra.operations import stack_outputs
from infra.operations.stack_outputs import Deployed, find_stack, reached_at, region_in, samconfig
from infra.projects.new_project import create


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_stack_that_is_up_is_used(status: str) -> None:
    Deployed("line", "us-east-1", status).check_up()


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("UPDATE_IN_PROGRESS", "is being changed (UPDATE_IN_PROGRESS): wait until it is done, and run this again"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "is being changed"),
        ("ROLLBACK_COMPLETE", "could not be made (ROLLBACK_COMPLETE): see its events"),
        ("UPDATE_ROLLBACK_FAILED", "could not be made"),
        ("DELETE_COMPLETE", "could not be made (DELETE_COMPLETE): see its events"),
    ],
)
def test_a_stack_that_is_not_up_is_refused_with_its_remedy(status: str, sentence: str) -> None:
    with pytest.raises(DialtoneError) as refused:
        Deployed("line", "us-east-1", status).check_up()

    assert f"the stack line {sentence}" in str(refused.value)


def test_a_stacks_region_is_the_one_that_it_is_deployed_to() -> None:
    assert region_in(samconfig(), "dialtone-prod") == "us-east-1"
    assert (
        region_in('version = 0.1\n[a.global.parameters]\nstack_name = "x"\nregion = "eu-west-1"\n', "x") == "eu-west-1"
    )
    assert region_in(samconfig(), "dialtone") == ""


@pytest.mark.parametrize(
    ("name", "environ", "found"),
    [
        ("", {}, "my-line-dev"),
        ("", {"CALLS_TABLE": "calls"}, ""),
        ("prod", {"CALLS_TABLE": "calls"}, "my-line-prod"),
        ("another", {}, "another"),
    ],
)
def test_a_stack_is_found_by_its_environment_in_the_region_that_the_project_names(
    name: str, environ: dict[str, str], found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(tmp_path / "my-line", "survey")
    monkeypatch.chdir(tmp_path / "my-line")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    regions = {"my-line-dev": "us-east-1", "my-line-prod": "us-east-1"}
    monkeypatch.setattr(stack_outputs, "deployed", Deployed)

    assert find_stack(name, environ).name == found
    assert os.environ["AWS_DEFAULT_REGION"] == regions.get(found, "eu-west-1")


@pytest.mark.parametrize(
    ("url", "endpoint", "reached"),
    [
        ("https://a1.execute-api.us-east-1.amazonaws.com/webhooks/telnyx", "", "same"),
        (
            "https://a1.execute-api.us-east-1.amazonaws.com/webhooks/telnyx",
            "http://127.0.0.1:4566",
            "http://127.0.0.1:4566/_aws/execute-api/a1/$default/webhooks/telnyx",
        ),
        (
            "https://f1.lambda-url.us-east-1.on.aws/",
            "http://127.0.0.1:4566/",
            "http://127.0.0.1:4566/_aws/lambda-url/f1/",
        ),
        ("https://example.com/hook", "http://127.0.0.1:4566", "same"),
        ("", "http://127.0.0.1:4566", "same"),
    ],
)
def test_an_address_on_aws_is_reached_on_the_emulator(url: str, endpoint: str, reached: str) -> None:
    assert reached_at(url, endpoint) == (url if reached == "same" else reached)


def test_an_output_that_an_older_template_lacks_is_said() -> None:
    with pytest.raises(DialtoneError, match="has no output WebhookUrl: deploy this version of it"):
        Deployed("line", "us-east-1").output("WebhookUrl")
