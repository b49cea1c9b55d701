"""What AWS answers to a command, in a sentence with a remedy."""

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ReadTimeoutError,
    SSOTokenLoadError,
)

from infra.operations.aws import AwsFault, AwsSilent, explained


def answered(code: str, status: int = 400) -> ClientError:
    response = {"Error": {"Code": code, "Message": "why"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "PutParameter")  # type: ignore[arg-type]  # a part of a response


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NoCredentialsError(), "there are no AWS credentials: run `aws configure`"),
        (NoRegionError(), "no AWS region is set"),
        (SSOTokenLoadError(error_msg="gone"), "the AWS login has expired: run `aws sso login`"),
        (answered("ExpiredToken"), "AWS does not know these credentials (ExpiredToken): log in again"),
        (answered("AccessDeniedException"), "AWS forbids PutParameter: why. docs/running.md"),
        (answered("ValidationException"), "AWS answered PutParameter with ValidationException: why"),
    ],
)
def test_what_is_wrong_is_said_with_its_remedy(error: BotoCoreError | ClientError, sentence: str) -> None:
    with pytest.raises(AwsFault) as fault, explained():
        raise error

    assert sentence in str(fault.value)
    assert not isinstance(fault.value, AwsSilent)


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://ssm"),
        ReadTimeoutError(endpoint_url="https://ssm"),
        answered("ThrottlingException"),
        answered("InternalFailure", 500),
    ],
)
def test_an_aws_that_does_not_answer_now_is_distinguished(error: BotoCoreError | ClientError) -> None:
    with pytest.raises(AwsSilent, match="run this again"), explained():
        raise error
