"""The pre-traffic function: CodeDeploy invokes it before a new version of the webhook function takes calls."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from dialtone.adapters.aws_clients import budget, client
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.telemetry import Observer
from pretraffic.check import Check, Wrong
from pretraffic.settings import Settings

AWS = budget(connect_seconds=1.0, read_seconds=5.0, attempts=3)

VERSION = budget(connect_seconds=1.0, read_seconds=20.0, attempts=1)
"""Longer than the new version may take, including its first start."""

NOT_READY = frozenset({"ResourceConflictException", "SnapStartNotReadyException"})
"""Lambda's errors while a version's snapshot is being created."""

READY_SECONDS, POLL_SECONDS = 60.0, 2.0

settings = Settings.read(os.environ)
observer = Observer("pretraffic")


def handler(event: Mapping[str, Any], context: object) -> None:
    """Check, and tell CodeDeploy whether the version may take calls."""
    del context
    wrong = _what_is_wrong()
    fields = {"version": settings.new_version, "deployment": event["DeploymentId"]}
    if wrong:
        observer.log("error", "the new version must not take calls", {**fields, "wrong": wrong})
    else:
        observer.log("info", "the new version may take calls", fields)
    client("codedeploy", AWS).put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Failed" if wrong else "Succeeded",
    )


def _what_is_wrong() -> str:
    """Why the version must not take calls; '' if it may. Any error is a reason."""
    store = CallsTable(client("dynamodb", AWS), settings.calls_table)
    try:
        Check(_invoked, store.delete).run()
    except Wrong as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 -- without an answer CodeDeploy would wait for an hour; an error counts as failure
        return f"the check itself failed: {type(error).__name__}: {error}"
    return ""


def _invoked(request: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- the version's own JSON
    try:
        answered = _ready(json.dumps(request).encode())
        said: Any = json.loads(answered["Payload"].read())
    except (ClientError, BotoCoreError, ValueError) as error:
        raise Wrong(f"it cannot be invoked: {type(error).__name__}: {error}") from None
    if answered.get("FunctionError") or not isinstance(said, dict):
        named = said.get("errorType", "unknown") if isinstance(said, dict) else "no object"
        detail = str(said.get("errorMessage", ""))[:300] if isinstance(said, dict) else ""
        raise Wrong(f"it failed: {named}: {detail}")
    return said


def _ready(payload: bytes) -> Any:  # noqa: ANN401 -- boto3's own
    """Invoke the version once it is ready. Raises botocore's errors."""
    functions, ends = client("lambda", VERSION), time.monotonic() + READY_SECONDS
    while True:
        try:
            return functions.invoke(FunctionName=settings.new_version, Payload=payload)
        except ClientError as error:
            if error.response["Error"]["Code"] not in NOT_READY or time.monotonic() > ends:
                raise
        time.sleep(POLL_SECONDS)
