"""What any handler of such webhooks needs at least: httpx, pydantic, a DynamoDB client, PyNaCl, a logger. No logic."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import boto3
import httpx
import pydantic
from aws_lambda_powertools import Logger
from nacl.signing import VerifyKey


class Data(pydantic.BaseModel):
    """The little of a webhook that is looked at."""

    id: str
    event_type: str
    payload: dict[str, Any]


dynamodb = boto3.client("dynamodb")
telnyx = httpx.Client(
    base_url=os.environ["TELNYX_BASE_URL"], headers={"authorization": f"Bearer {os.environ['TELNYX_API_KEY']}"}
)
verify_key = VerifyKey(base64.b64decode(os.environ["TELNYX_PUBLIC_KEY"]))
logger = Logger(service="floor")
TABLE = os.environ["CALLS_TABLE"]


def handler(request: dict[str, Any], context: object) -> dict[str, Any]:
    """Verify, read, write, send one command."""
    del context
    body, headers = request["body"].encode(), request["headers"]
    signature = base64.b64decode(headers["telnyx-signature-ed25519"])
    verify_key.verify(headers["telnyx-timestamp"].encode() + b"|" + body, signature)
    data = Data.model_validate(json.loads(body)["data"])
    key = {"call_session_id": {"S": data.payload["call_session_id"]}, "item": {"S": "CALL"}}
    dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True)
    dynamodb.put_item(TableName=TABLE, Item={**key, "event": {"S": data.id}})
    call = data.payload["call_control_id"]
    telnyx.post(f"/calls/{call}/actions/answer", json={"command_id": data.id}).raise_for_status()
    logger.info("handled", extra={"event_type": data.event_type})
    return {"statusCode": 200, "body": ""}
