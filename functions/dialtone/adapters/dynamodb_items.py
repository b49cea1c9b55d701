"""DynamoDB items from plain values, and back: boto3's own types, with whole numbers as `int`, not as `Decimal`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient


class _Serializer(TypeSerializer):
    def serialize(self, value: Any) -> Any:  # noqa: ANN401 -- boto3's own
        # boto3 tries one type after the other, which dominates the cost.
        if type(value) is str:
            return {"S": value}
        if type(value) is int:
            return {"N": str(value)}
        if type(value) is dict:
            return {"M": {name: self.serialize(each) for name, each in value.items()}}
        if type(value) in {list, tuple}:
            return {"L": [self.serialize(each) for each in value]}
        return super().serialize(value)


_serializer = _Serializer()


class _Deserializer(TypeDeserializer):
    def deserialize(self, value: Any) -> Any:  # noqa: ANN401 -- boto3's own
        return value["S"] if "S" in value else super().deserialize(value)

    def _deserialize_n(self, value: str) -> int | float:
        return float(value) if {*value} & {*".eE"} else int(value)


_deserializer = _Deserializer()


def attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    """An item, or expression values, in DynamoDB's format. Raises TypeError for unsupported types."""
    return {name: _serializer.serialize(value) for name, value in values.items()}


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as plain values."""
    return {name: _deserializer.deserialize(value) for name, value in item.items()}


def queried(client: DynamoDBClient, **asked: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 -- boto's own parameters
    """The items of a query as plain values, over all pages."""
    while True:
        page = client.query(**asked)
        yield from map(plain, page["Items"])
        if not page.get("LastEvaluatedKey"):
            return
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def below(table: str, partition: str, prefix: str) -> dict[str, Any]:
    """Query parameters for the items of a partition of the calls table with a given name prefix."""
    return {
        "TableName": table,
        "ConsistentRead": True,
        "KeyConditionExpression": "call_session_id = :session AND begins_with(#item, :prefix)",
        "ExpressionAttributeNames": {"#item": "item"},
        "ExpressionAttributeValues": attributes({":session": partition, ":prefix": prefix}),
    }
