"""A synthetic call through a deployed stack, as the workflow plays it after a deployment."""

import json
from typing import Any

import boto3
import pytest

from infra.local.cloud import LocalCloud
from infra.local.stack_name import STACK_NAME
from infra.operations.smoke_call import main


@pytest.mark.usefixtures("shell")
def test_a_stack_that_takes_calls_is_known_and_left_as_it_was(
    cloud: LocalCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    dynamodb: Any = boto3.client("dynamodb")

    assert main([STACK_NAME]) == 0

    said = capsys.readouterr().out
    assert "WebhookUrl is reached" in said
    assert "FailoverUrl is reached" in said
    assert "A synthetic call was answered" in said
    left = dynamodb.scan(TableName=cloud.outputs["CallsTableName"])["Items"]
    assert "dialtone-check-" not in json.dumps(left)


@pytest.mark.usefixtures("shell")
def test_a_stack_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dialtone-nowhere"]) == 1
    assert "dialtone-nowhere" in capsys.readouterr().err
