"""What is asked of AWS while somebody waits, without botocore's service models: the same names, answers and errors.

botocore's clients check, serialize and parse by descriptions what the wire carries as JSON anyway. That took more than
half of a warm webhook's CPU, and nearly a third of a start from cold. Each operation that is used has a method here;
tests hold it to botocore's.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from dialtone.adapters.aws.wire import Request, Service

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from mypy_boto3_dynamodb import type_defs as dynamodb
    from mypy_boto3_secretsmanager import type_defs as secretsmanager
    from mypy_boto3_sqs import type_defs as sqs

    from dialtone.adapters.aws.wire import Wire

DYNAMODB = Service("dynamodb", "AWS_ENDPOINT_URL_DYNAMODB", "DynamoDB_20120810")
SQS = Service("sqs", "AWS_ENDPOINT_URL_SQS", "AmazonSQS")
SECRETS_MANAGER = Service(
    "secretsmanager", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "secretsmanager", "application/x-amz-json-1.1"
)
LAMBDA = Service("lambda", "AWS_ENDPOINT_URL_LAMBDA")


class DynamoDb:
    """Tables."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def batch_get_item(self, **asked: Unpack[dynamodb.BatchGetItemInputTypeDef]) -> dynamodb.BatchGetItemOutputTypeDef:
        """Give items by their keys."""
        return cast("dynamodb.BatchGetItemOutputTypeDef", self._ask("BatchGetItem", asked))

    def transact_write_items(
        self, **asked: Unpack[dynamodb.TransactWriteItemsInputTypeDef]
    ) -> dynamodb.TransactWriteItemsOutputTypeDef:
        """Write several items, or none; if it has to be sent again, it is done once."""
        whole = {"ClientRequestToken": str(uuid.uuid4()), **asked}
        return cast("dynamodb.TransactWriteItemsOutputTypeDef", self._ask("TransactWriteItems", whole))

    def update_item(self, **asked: Unpack[dynamodb.UpdateItemInputTypeDef]) -> dynamodb.UpdateItemOutputTypeDef:
        """Change an item."""
        return cast("dynamodb.UpdateItemOutputTypeDef", self._ask("UpdateItem", asked))

    def query(self, **asked: Unpack[dynamodb.QueryInputTypeDef]) -> dynamodb.QueryOutputTypeDef:
        """Give a page of a partition's items."""
        return cast("dynamodb.QueryOutputTypeDef", self._ask("Query", asked))

    def _ask(self, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        return self._wire.call(DYNAMODB, operation, asked)


class Sqs:
    """Queues."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def send_message(self, **asked: Unpack[sqs.SendMessageRequestTypeDef]) -> sqs.SendMessageResultTypeDef:
        """Leave a message; if it has to be sent again, it may come twice."""
        return cast("sqs.SendMessageResultTypeDef", self._wire.call(SQS, "SendMessage", asked))


class SecretsManager:
    """Secrets."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def get_secret_value(
        self, **asked: Unpack[secretsmanager.GetSecretValueRequestTypeDef]
    ) -> secretsmanager.GetSecretValueResponseTypeDef:
        """Give what is kept under a name."""
        answer = self._wire.call(SECRETS_MANAGER, "GetSecretValue", asked)
        return cast("secretsmanager.GetSecretValueResponseTypeDef", answer)


class Lambda:
    """Functions."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> None:  # noqa: N803 -- Lambda's names
        """Have a function called, as an `Event`: what it answers is not kept."""
        path = f"/2015-03-31/functions/{quote(FunctionName, safe='')}/invocations"
        self._wire.send(Request(LAMBDA, "Invoke", Payload, {"x-amz-invocation-type": InvocationType}, path))
