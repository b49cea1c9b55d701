"""CodeDeploy's side of a deployment: it invokes the pre-traffic function, which invokes the version and reports back.

CodeDeploy runs nowhere but at AWS. This is its contract: the hook is invoked with two ids, and answers by
`PutLifecycleEventHookExecutionStatus`.
"""

import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import pytest

from tests.function_output import follow_stdout
from tests.integration.scripted_telnyx import Answer, Request, ScriptedTelnyx

VERSION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:webhook:42"
IDS = {"DeploymentId": "d-ABCDEF123", "LifecycleEventHookExecutionId": "execution-1"}


@dataclass(slots=True)
class Hook:
    """The pre-traffic function, with a Lambda and a CodeDeploy that it talks to over HTTP."""

    version: Callable[[Any], Any]
    """The new version's handler. What it raises is an error of the function."""
    reported: list[dict[str, Any]] = field(default_factory=list)
    """What CodeDeploy received."""
    invoked: list[str] = field(default_factory=list)
    """The functions that were invoked."""
    _server: ScriptedTelnyx = field(default_factory=ScriptedTelnyx)

    def __enter__(self) -> Self:
        self._server.answering = self._answer
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, fault, trace)
        sys.modules.pop("pretraffic.app", None)

    def run(self, monkeypatch: pytest.MonkeyPatch) -> str:
        """Let CodeDeploy invoke the function; gives what it answered: `Succeeded` or `Failed`."""
        url = self._server.url.removesuffix("/v2")
        for name, value in {
            "NEW_VERSION": VERSION_ARN,
            "CALLS_TABLE": "calls",
            "AWS_ENDPOINT_URL_LAMBDA": url,
            "AWS_ENDPOINT_URL_CODEDEPLOY": url,
        }.items():
            monkeypatch.setenv(name, value)
        app: Any = importlib.import_module("pretraffic.app")
        follow_stdout("pretraffic")
        app.handler(IDS, object())
        return str(self.reported[-1]["status"])

    def _answer(self, request: Request) -> Answer:
        if "PutLifecycleEventHookExecutionStatus" in request.headers.get("x-amz-target", ""):
            asked: Any = request.json
            self.reported.append(asked)
            return Answer(
                body=json.dumps({"lifecycleEventHookExecutionId": IDS["LifecycleEventHookExecutionId"]}).encode()
            )
        self.invoked.append(request.path)
        return self._invoke(json.loads(request.body))

    def _invoke(self, asked: Any) -> Answer:  # noqa: ANN401 -- any JSON
        try:
            return Answer(body=json.dumps(self.version(asked)).encode())
        except Exception as error:  # noqa: BLE001 -- as Lambda does
            said = {"errorType": type(error).__name__, "errorMessage": str(error)}
            headers = {"content-type": "application/json", "x-amz-function-error": "Unhandled"}
            return Answer(body=json.dumps(said).encode(), headers=headers)
