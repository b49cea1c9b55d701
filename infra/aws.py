"""AWS as people's commands use it: clients with the shell's own credentials, and errors as sentences."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError, ProfileNotFound

from dialtone.domain.errors import DialtoneError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

PATIENT = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 6})
"""Somebody waits at a terminal, for minutes if need be: throttling and short faults are not theirs to handle."""

_FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})
_LOGGED_OUT = frozenset({"ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId"})


class AwsFault(DialtoneError):  # noqa: N818 -- reads as the sentence it is
    """AWS did not do what was asked of it; the message says what to do."""


@overload
def client(service: Literal["cloudformation"]) -> CloudFormationClient: ...
@overload
def client(service: Literal["dynamodb"]) -> DynamoDBClient: ...
@overload
def client(service: Literal["lambda"]) -> LambdaClient: ...
@overload
def client(service: Literal["s3"]) -> S3Client: ...
@overload
def client(service: Literal["sqs"]) -> SQSClient: ...
def client(service: Any) -> Any:
    """A client with the shell's credentials and region, at its AWS_ENDPOINT_URL if there is one."""
    return boto3.client(service, config=PATIENT)


@contextmanager
def explained() -> Iterator[None]:
    """Raise what boto3 raises as an AwsFault, a sentence with a remedy."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise AwsFault(_sentence(error)) from error


def _sentence(error: BotoCoreError | ClientError) -> str:
    if isinstance(error, ClientError):
        return _refusal(error)
    if isinstance(error, ProfileNotFound):
        return f"{error}: set AWS_PROFILE to one that `aws configure list-profiles` lists"
    return _REMEDIES.get(type(error), f"AWS cannot be reached: {error}")


_REMEDIES: dict[type[Exception], str] = {
    NoCredentialsError: "there are no AWS credentials: run `aws configure`, or set AWS_PROFILE to the profile to use",
    NoRegionError: "no AWS region is set: set AWS_DEFAULT_REGION to the one that the stack is in",
}


def _refusal(error: ClientError) -> str:
    code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
    if code in _FORBIDDEN:
        return f"AWS forbids {error.operation_name}: {message}. docs/recordings.md lists what an operator needs"
    if code in _LOGGED_OUT:
        return f"AWS does not know these credentials ({code}): log in again"
    return f"AWS answered {error.operation_name} with {code}: {message}"
