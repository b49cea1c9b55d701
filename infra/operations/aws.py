"""AWS as people's commands use it: clients with the shell's own credentials, and errors as sentences."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 -- botocore's own, which is none of Python's
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from dialtone.domain.errors import DialtoneError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

PATIENT = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 6})
"""Somebody waits at a terminal, for minutes if need be: throttling and short faults are not theirs to handle."""

BRISK = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2})
"""Several services are asked one after the other: one that does not answer is itself what is to be said."""

_FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation", "403"})
_LOGGED_OUT = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId", "RequestExpired"}
    | {"InvalidSignatureException", "SignatureDoesNotMatch", "UnrecognizedClientException"}
)
_THROTTLED = frozenset({"RequestLimitExceeded", "Throttling", "ThrottlingException", "TooManyUpdates"})


_ON_THIS_MACHINE = re.compile(r"https?://(127\.|localhost\b|\[::1\])")


class AwsFault(DialtoneError):  # noqa: N818 -- reads as the sentence it is
    """AWS did not do what was asked of it; the message says what to do."""


class AwsSilent(AwsFault):
    """AWS did not answer, or not now: nothing is known."""


@overload
def client(service: Literal["cloudformation"], region: str = "", config: Config = PATIENT) -> CloudFormationClient: ...
@overload
def client(service: Literal["dynamodb"], region: str = "", config: Config = PATIENT) -> DynamoDBClient: ...
@overload
def client(service: Literal["lambda"], region: str = "", config: Config = PATIENT) -> LambdaClient: ...
@overload
def client(service: Literal["s3"], region: str = "", config: Config = PATIENT) -> S3Client: ...
@overload
def client(service: Literal["secretsmanager"], region: str = "", config: Config = PATIENT) -> SecretsManagerClient: ...
@overload
def client(service: Literal["sns"], region: str = "", config: Config = PATIENT) -> SNSClient: ...
@overload
def client(service: Literal["sqs"], region: str = "", config: Config = PATIENT) -> SQSClient: ...
@overload
def client(
    service: Literal["apigateway", "apigatewayv2", "cloudwatch", "codedeploy", "logs", "ssm", "sts"],
    region: str = "",
    config: Config = PATIENT,
) -> Any: ...  # noqa: ANN401
def client(service: Any, region: str = "", config: Config = PATIENT) -> Any:
    """A client with the shell's credentials, in that region or the shell's, at AWS_ENDPOINT_URL if there is one.

    Raises botocore's errors: call it where they are explained.
    """
    return boto3.client(service, region_name=region or None, config=config)


def use_region(region: str) -> None:
    """Make that the region of every client from now on, as if the shell had named it."""
    os.environ["AWS_DEFAULT_REGION"] = region


@contextmanager
def explained() -> Iterator[None]:
    """Raise what boto3 raises as an AwsFault, a sentence with a remedy."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise _fault(error) from error


def sentence_about(error: BotoCoreError | ClientError) -> str:
    """What AWS, or the way to it, has against it; and the remedy."""
    return str(_fault(error))


def code_of(error: ClientError) -> str:
    """The error's code, as AWS names it."""
    return error.response["Error"].get("Code", "")


def _fault(error: BotoCoreError | ClientError) -> AwsFault:
    if isinstance(error, (HTTPClientError, ConnectionError)):
        if (place := os.environ.get("AWS_ENDPOINT_URL", "")) and _ON_THIS_MACHINE.match(place):
            return AwsSilent(
                f"nothing answers at {place}, which AWS_ENDPOINT_URL names: is `dialtone up` still running? Start it, "
                "export what it prints, and run this again; or unset AWS_ENDPOINT_URL to mean AWS"
            )
        return AwsSilent(f"AWS does not answer: check the network, and run this again ({error})")
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code_of(error) in _THROTTLED or status >= 500:  # noqa: PLR2004 -- HTTP's server errors
            return AwsSilent(f"AWS cannot do {error.operation_name} now ({code_of(error)}): run this again in a minute")
    return AwsFault(_sentence(error))


def _sentence(error: BotoCoreError | ClientError) -> str:
    if isinstance(error, ClientError):
        return _refusal(error)
    if isinstance(error, ProfileNotFound):
        return f"{error}: set AWS_PROFILE to one that `aws configure list-profiles` lists"
    known = [remedy for kind, remedy in _REMEDIES.items() if isinstance(error, kind)]
    return known[0] if known else f"AWS cannot be reached: {error}"


_REMEDIES: dict[type[Exception], str] = {
    NoCredentialsError: "there are no AWS credentials: run `aws configure`, or set AWS_PROFILE to the profile to use; "
    "for the stack of `dialtone up`, export what it prints at its start",
    PartialCredentialsError: "the AWS credentials are not complete: run `aws configure`, or set AWS_PROFILE",
    SSOError: "the AWS login has expired: run `aws sso login`",
    TokenRetrievalError: "the AWS login has expired: run `aws sso login`",
    NoRegionError: "no AWS region is set: set AWS_DEFAULT_REGION to the one that the stack is in",
}


def _refusal(error: ClientError) -> str:
    code, message = code_of(error), error.response["Error"].get("Message", "")
    if code in _FORBIDDEN:
        needed = "docs/running.md, recordings.md, operations.md and calls.md list what an operator needs"
        return f"AWS forbids {error.operation_name}: {message}. {needed}"
    if code in _LOGGED_OUT:
        return f"AWS does not know these credentials ({code}): log in again, and check this machine's clock"
    return f"AWS answered {error.operation_name} with {code}: {message}"
