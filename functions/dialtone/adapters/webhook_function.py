"""The webhook function, invoked by our other functions; IAM controls which."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_lambda import LambdaClient


class Answer(NamedTuple):
    """The webhook function's answer to an event."""

    why: str
    """Why it was not accepted; '' if it was."""
    body: str = ""


class WebhookFunction:
    """Invokes the webhook function with an event. The caller of this class retries."""

    def __init__(self, functions: LambdaClient) -> None:
        self._functions = functions

    def deliver(self, event: Mapping[str, Any], function: str) -> str:
        """Invoke the function with an event. Returns why it was not accepted, '' if it was. Raises DeadlinePassed."""
        return self.ask(event, function).why

    def ask(self, event: Mapping[str, Any], function: str) -> Answer:
        """The same, with the function's whole answer."""
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
    """The error type of a failed function; its message may quote the event and is not repeated."""
    return str(response.get("errorType", "unknown"))[:100] if isinstance(response, dict) else "unknown"
