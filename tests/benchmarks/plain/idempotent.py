"""A menu as the documentation of its parts shows it: the Telnyx SDK, Powertools Idempotency, boto3.

Fair: clients are made once, the call's state is one item, read and written once. The menu asks, and asks again after a
wrong key.
"""

from __future__ import annotations

import base64
import os
from typing import Any

import boto3
import telnyx
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from botocore.config import Config

AWS = Config(tcp_keepalive=True)
TABLE = os.environ["CALLS_TABLE"]
QUESTION: dict[str, Any] = {"payload": "Press 1.", "voice": "female", "maximum_digits": 1, "valid_digits": "1"}

logger = Logger(service="plain")
metrics = Metrics(namespace="Plain", service="plain")
dynamodb = boto3.client("dynamodb", config=AWS)
client = telnyx.Telnyx(api_key=os.environ["TELNYX_API_KEY"], public_key=os.environ["TELNYX_PUBLIC_KEY"])
config = IdempotencyConfig()
persistence = DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE"], boto3_client=dynamodb)


@metrics.log_metrics
def handler(request: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 -- Lambda's own
    """API Gateway's request in, its response out."""
    config.register_lambda_context(context)
    body = base64.b64decode(request["body"]).decode() if request["isBase64Encoded"] else request["body"]
    try:
        webhook: Any = client.webhooks.unwrap(body, headers=request["headers"])
    except ValueError:
        return {"statusCode": 401, "body": ""}
    handle(event_id=webhook.data.id, webhook=webhook)
    logger.info("webhook handled", extra={"event_type": webhook.data.event_type, "event_id": webhook.data.id})
    metrics.add_metric(name="Webhooks", unit=MetricUnit.Count, value=1)
    return {"statusCode": 200, "body": ""}


@idempotent_function(  # type: ignore[untyped-decorator]
    data_keyword_argument="event_id", persistence_store=persistence, config=config
)
def handle(*, event_id: str, webhook: Any) -> None:  # noqa: ANN401 -- one of the SDK's many classes
    """Move the call on, once."""
    del event_id
    payload = webhook.data.payload
    key = {"call_session_id": {"S": payload.call_session_id}, "item": {"S": f"LEG#{payload.call_leg_id}"}}
    state: dict[str, Any] = dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item", key)
    actions, control_id = client.calls.actions, payload.call_control_id
    if webhook.data.event_type == "call.initiated":
        actions.answer(control_id, command_id=webhook.data.id)
        state = {**state, "status": {"S": "ringing"}, "tries": {"N": "0"}}
    elif webhook.data.event_type in {"call.answered", "call.gather.ended"}:
        actions.gather_using_speak(control_id, command_id=webhook.data.id, **QUESTION)
        tries = int(state.get("tries", {"N": "0"})["N"]) + 1
        state = {**state, "status": {"S": "answered"}, "tries": {"N": str(tries)}}
    dynamodb.put_item(TableName=TABLE, Item=state)
