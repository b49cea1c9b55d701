"""The webhook function, invoked by another function of ours: who may do that is IAM's."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_lambda import LambdaClient


class Answer(NamedTuple):
    """What the webhook function made of an event."""

    why: str
    """Why it was not taken; '' if it was."""
    body: str = ""


class WebhookFunction:
    """Invokes the webhook function with an event, once for each call; the caller decides how often to retry."""

    def __init__(self, functions: LambdaClient) -> None:
        self._functions = functions

    def deliver(self, event: Mapping[str, Any], function: str) -> str:
        """Invoke the function with an event. Gives why it was not taken, '' if it was. Raises DeadlinePassed."""
        return self.ask(event, function).why

    def ask(self, event: Mapping[str, Any], function: str) -> Answer:
        """The same, with what the function says beside it."""
        try:
            answered = self._functions.invoke(FunctionName=function, Payload=json.dumps(event).encode())
            response: Any = json.loads(answered["Payload"].read())
        except (ClientError, BotoCoreError, ValueError) as error:
            return Answer(f"{type(error).__name__}: {error}")
        if answered.get("FunctionError"):
            return Answer(f"it failed: {_error_type(response)}")
        status = response.get("statusCode") if isinstance(response, dict) else None
        body = str(response.get("body") or "") if isinstance(response, dict) else ""
        return Answer("" if status == HTTPStatus.OK else f"it answered {status}", body)


def _error_type(response: object) -> str:
    """What Lambda says of a function that failed; its message may quote the event, and is not repeated."""
    return str(response.get("errorType", "unknown"))[:100] if isinstance(response, dict) else "unknown"
