"""A phone line with the control API beside it: requests go through the API's own code and the webhook's."""

import itertools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from control.api import open_api
from control.settings import Settings
from dialtone.adapters.telemetry import Observer
from dialtone.adapters.webhook_function import Answer
from infra.carrier import Caller
from infra.carrier.account import CONNECTION_ID
from infra.carrier.legs import Leg
from infra.flowkit.stage import Stage
from tests.control_settings import CONTROL_SETTINGS

ADA, BOB = "arn:aws:sts::123456789012:assumed-role/desk/ada", "arn:aws:sts::123456789012:assumed-role/desk/bob"
NUMBER = "+15550121"

SETTINGS = {
    **CONTROL_SETTINGS,
    "CONTROL_DESTINATIONS": "+1555, sip:pbx.example.com",
    "TELNYX_CONNECTION_ID": CONNECTION_ID,
}


class Died(BaseException):
    """The control function is gone."""


def write_flows(folder: Path, flows: Mapping[str, str]) -> None:
    """Write flows by their names, without what all of them begin with; `front` takes the calls of NUMBER."""
    for name, text in flows.items():
        (folder / f"{name}.yaml").write_text(f"flow: {name}\nvoice: female\nlanguage: en-US\n{text}")
    (folder / "numbers.yaml").write_text(f'"{NUMBER}": front\n')


class ControlledStage(Stage):
    """A stage with the control API, whose flow takes calls of one number; '' for the flows that are in the folder."""

    def __init__(self, flow: str, folder: Path, **others: str) -> None:
        if flow:
            write_flows(folder, {"front": flow, **others})
        super().__init__(flows=folder)
        self.before_delivery: Callable[[], None] = lambda: None
        self.after_delivery: Callable[[], None] = lambda: None
        self.delivered: list[Mapping[str, Any]] = []
        self._request = itertools.count()
        self.control = open_api(
            Settings.read({**SETTINGS, "FLOWS_FOLDER": str(folder)}),
            self.table,  # type: ignore[arg-type]  # in memory
            None,  # type: ignore[arg-type]  # no recording is fetched
            self._deliver,
            None,  # type: ignore[arg-type]  # nor is any deleted
            Observer("control"),
            self.carrier.clock.datetime,
        )

    def _deliver(self, event: Mapping[str, Any]) -> Answer:
        self.before_delivery()
        self.delivered.append(event)
        response = self.endpoint.handle(json.loads(json.dumps(event)))
        status = self._status(response)
        self.after_delivery()
        return Answer("" if status == 200 else f"it answered {status}", response["body"])

    def answered(self, caller: Caller, seconds: float = 4) -> Leg:
        """Somebody calls, and has been listening for so long."""
        line = self.call("+15550142", NUMBER, caller)
        self.carrier.run_for(seconds)
        return line.leg

    def post(  # noqa: PLR0913 -- a request
        self, path: str, body: object = None, *, key: str = "", by: str = ADA, raw: str | None = None, kind: str = ""
    ) -> tuple[int, Any, dict[str, str]]:
        """Send a request; gives status, body and headers."""
        headers = {"content-type": kind or "application/json"} | ({"idempotency-key": key} if key else {})
        sent = json.dumps({} if body is None else body) if raw is None else raw
        return self._resolved("POST", path, headers, sent, by)

    def get(self, path: str, by: str = ADA) -> Any:  # noqa: ANN401 -- any JSON
        """The body of the answer to a request that reads."""
        return self._resolved("GET", path, {}, None, by)[1]

    def _resolved(
        self, method: str, path: str, headers: Mapping[str, str], body: str | None, by: str
    ) -> tuple[int, Any, dict[str, str]]:
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": "",
            "headers": headers,
            "body": body,
            "isBase64Encoded": False,
            "requestContext": {
                "http": {"method": method, "path": path},
                "stage": "$default",
                "requestId": f"request-{next(self._request)}",
                "authorizer": {"iam": {"userArn": by}},
            },
        }
        answer = self.control.resolve(event, None)  # type: ignore[arg-type]  # no route looks at the context
        return int(answer["statusCode"]), json.loads(answer["body"]), answer["headers"]

    def act(self, leg: Leg, action: str, body: object = None, **more: Any) -> tuple[int, Any, dict[str, str]]:  # noqa: ANN401 -- as `post`
        """Ask for an action on a call."""
        return self.post(f"/calls/{leg.name.call_session_id}/actions/{action}", body, **more)

    def sent(self, action: str) -> list[Mapping[str, object]]:
        """The parameters of every command of an action that was sent."""
        return [command.parameters for _, command in self.api.log if command.action == action]

    def steps(self, leg: Leg) -> list[str]:
        """Where the call was, step for step."""
        turns = {entry.turn: entry.step for entry in self.store.timeline(leg.name.call_session_id)}
        return [step for _, step in sorted(turns.items()) if step]
