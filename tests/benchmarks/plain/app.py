"""A phone menu on Lambda as Telnyx's and AWS's documentation shows it: the SDK, boto3, clients at module level."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import boto3
import telnyx

calls = boto3.client("dynamodb")
client = telnyx.Telnyx(api_key=os.environ["TELNYX_API_KEY"], public_key=os.environ["TELNYX_PUBLIC_KEY"])

TABLE = os.environ["CALLS_TABLE"]
WELCOME = "Welcome to Harbour Dental. For our opening hours, press 1. To leave a message, press 2."
SAID = {
    "1": "We are open from nine to five, Monday to Friday. Goodbye.",
    "2": "Please leave your message after the tone.",
}


def handler(request: dict[str, Any], context: object) -> dict[str, Any]:
    """Verify, read the call, send the command that follows, write the call."""
    del context
    body = base64.b64decode(request["body"]).decode() if request.get("isBase64Encoded") else request["body"]
    try:
        event: Any = client.webhooks.unwrap(body, headers=request["headers"])
    except Exception:  # noqa: BLE001 -- the documentation's own way: whatever is wrong, it is not signed
        return {"statusCode": 401, "body": ""}
    data = event.data
    key = {"call_session_id": {"S": data.payload.call_session_id}, "item": {"S": "CALL"}}
    known = calls.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item", {})
    step = _follow(data.event_type, data.payload, known.get("step", {}).get("S", ""), data.id)
    calls.put_item(TableName=TABLE, Item={**key, "step": {"S": step}})
    print(json.dumps({"event_type": data.event_type, "step": step}))  # noqa: T201 -- Lambda's log
    return {"statusCode": 200, "body": ""}


def _follow(event_type: str, payload: Any, step: str, event_id: str) -> str:  # noqa: ANN401 -- one of the SDK's many
    call, actions = payload.call_control_id, client.calls.actions
    if event_type == "call.initiated" and payload.direction == "incoming":
        actions.answer(call, command_id=event_id)
        return "answered"
    if event_type == "call.answered":
        actions.gather_using_speak(
            call, payload=WELCOME, voice="female", maximum_digits=1, valid_digits="12", command_id=event_id
        )
        return "menu"
    if event_type == "call.gather.ended":
        actions.speak(call, payload=SAID.get(payload.digits or "", "Goodbye."), voice="female", command_id=event_id)
        return "said"
    if event_type == "call.speak.ended" and step == "said":
        actions.hangup(call, command_id=event_id)
        return "over"
    return step
