"""SQS's moves of messages, which moto does not have: answered in its place, as AWS's API describes them."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import EndpointConnectionError

from dialtone.adapters import aws_clients

BEGAN_MILLIS = 1_796_040_000_000
"""2026-11-30T12:00:00Z."""


@dataclass
class MessageMoves:
    """SQS, as far as it moves messages: one move of a queue at a time; for clients that are made from now on."""

    tasks: list[dict[str, Any]] = field(default_factory=list)
    """The newest first."""
    fails: bool = False
    """Whether no move can be begun."""
    is_silent: bool = False
    """Whether it does not answer what it is asked about moves."""

    def __post_init__(self) -> None:
        events: Any = aws_clients.session().events  # whose handlers may answer in the service's place
        events.register("before-call.sqs.ListMessageMoveTasks", self.listed)
        events.register("before-call.sqs.StartMessageMoveTask", self.started)

    def listed(self, **_: object) -> tuple[SimpleNamespace, dict[str, Any]]:
        if self.is_silent:
            raise EndpointConnectionError(endpoint_url="https://sqs.example")
        return SimpleNamespace(status_code=200), {"Results": self.tasks[:1]}

    def started(self, **_: object) -> tuple[SimpleNamespace, dict[str, Any]]:
        if self.fails or any(each["Status"] == "RUNNING" for each in self.tasks):
            return SimpleNamespace(status_code=400), {"Error": {"Code": "InvalidParameterValue", "Message": "no"}}
        self.began()
        return SimpleNamespace(status_code=200), {"TaskHandle": "handle"}

    def began(self) -> None:
        self.tasks.insert(
            0,
            {
                "Status": "RUNNING",
                "ApproximateNumberOfMessagesMoved": 1,
                "ApproximateNumberOfMessagesToMove": 3,
                "StartedTimestamp": BEGAN_MILLIS,
            },
        )
