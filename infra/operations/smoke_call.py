"""`python -m infra.operations.smoke_call STACK`: plays a synthetic call through a stack that has just been deployed.

The call dials nobody and sends nothing to Telnyx, and its items are deleted.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx

from dialtone.adapters.calls_table import CallsTable
from dialtone.domain.errors import DialtoneError
from infra.operations import aws
from infra.operations.stack_outputs import Deployed, deployed, region_of
from pretraffic.check import Check, Wrong

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


DOORS = ("WebhookUrl", "FailoverUrl")
"""Outputs with the public webhook URLs."""

SECONDS = 30.0


def smoke_call(stack: Deployed) -> Iterator[str]:
    """The results, line by line. Raises DialtoneError at the first problem."""
    for door in DOORS:
        stack.output(door)
        if (status := _unsigned(stack.url(door))) != HTTPStatus.UNAUTHORIZED:
            raise DialtoneError(f"{door} answers an unsigned webhook {status}, not 401: look at the function's log")
        yield f"{door} is reached, and refuses an unsigned webhook."
    function, functions = stack.output("WebhookFunctionName"), aws.client("lambda", stack.region)
    store = CallsTable(aws.client("dynamodb", stack.region), stack.output("CallsTableName"))
    try:
        Check(lambda request: _invoked(functions, function, request), store.delete).run()
    except Wrong as error:
        raise DialtoneError(f"the synthetic call failed: {error}; the webhook function's log says more") from error
    yield "A synthetic call was answered step by step; nothing of it is left."


def _unsigned(url: str) -> int:
    try:
        return httpx.post(url, content=b"{}", timeout=SECONDS).status_code
    except httpx.HTTPError as error:
        raise DialtoneError(f"{url} does not answer ({type(error).__name__})") from error


def _invoked(functions: LambdaClient, name: str, request: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- the function's own JSON
    answered = functions.invoke(FunctionName=name, Payload=json.dumps(request).encode())
    said: Any = json.loads(answered["Payload"].read())
    if answered.get("FunctionError"):
        raise Wrong(f"the webhook function failed: {said.get('errorType')}: {said.get('errorMessage')}")
    return said


def main(arguments: list[str] | None = None) -> int:
    """0 if the stack takes calls."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.operations.smoke_call", description="Play a call through a stack."
    )
    parser.add_argument("stack")
    parser.add_argument("--region", default="", help="its AWS region (default: as samconfig.toml has it)")
    given = parser.parse_args(arguments)
    try:
        with aws.explained():
            for line in smoke_call(deployed(given.stack, region_of(given.stack, given.region))):
                sys.stdout.write(f"{line}\n")
    except DialtoneError as error:
        sys.stderr.write(f"{given.stack}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
