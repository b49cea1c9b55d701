"""A sample of a function that takes Dialtone's events: it keeps how each call and each recording is by now.

Events come at least once and in any order. One condition deals with both: an event is kept only if nothing later is.
"""

import json
import os
from collections.abc import Mapping
from typing import Any

import boto3


def handler(event: Mapping[str, Any], context: object) -> None:
    """Lambda's entry point, with one event of EventBridge's."""
    del context
    keep(event["detail"], boto3.client("dynamodb"), os.environ["LATEST_TABLE"])


def keep(event: Mapping[str, Any], dynamodb: Any, table: str) -> bool:  # noqa: ANN401 -- boto3's client
    """Keep what an event shows. False if it, or a later one of the same call or recording, is kept already."""
    about = event.get("call") or event["recording"]
    item = {
        "id": {"S": f"{about['call_session_id']}/{about.get('name') or about['call_leg_id']}"},
        "sequence": {"S": event["sequence"]},
        "type": {"S": event["type"]},
        "latest": {"S": json.dumps(about)},
    }
    try:
        dynamodb.put_item(
            TableName=table,
            Item=item,
            ConditionExpression="attribute_not_exists(#sequence) OR #sequence < :sequence",
            ExpressionAttributeNames={"#sequence": "sequence"},
            ExpressionAttributeValues={":sequence": item["sequence"]},
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True
