"""Who receives what a stack sends out: an event bus, e-mail and a chat, in memory behind the gate."""

# ruff: noqa: N803, ANN401 -- boto's own names, and its requests and answers are dictionaries of anything

import email
import email.policy
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import urllib3

from tests.drills.gate import Failed, Fault, Gate, TimedOut

CHAT_ADDRESS = ("93.184.215.14", 443)
CHATS = json.dumps({"support": "https://chat.example.com/hook"})
SENDER = "voicemail@example.com"
CHAT_SECONDS = 10.0
_STATUSES = {Fault.THROTTLED: 429, Fault.CONFLICT: 409, Fault.SERVER_ERROR: 503}


@dataclass(slots=True)
class MemoryBus:
    """EventBridge: it may leave out some entries of a request."""

    leaves_out: Callable[[], bool] = lambda: False
    taken: list[dict[str, Any]] = field(default_factory=list)
    """Every event, in the order in which it came, as often as it came."""

    def put_events(self, *, Entries: Sequence[Mapping[str, str]]) -> Any:
        """Take events, or not."""
        answers: list[dict[str, str]] = []
        for entry in Entries:
            if self.leaves_out():
                answers.append({"ErrorCode": "InternalFailure", "ErrorMessage": "later"})
                continue
            self.taken.append(json.loads(entry["Detail"]))
            answers.append({"EventId": str(len(self.taken))})
        return {"Entries": answers, "FailedEntryCount": sum("ErrorCode" in each for each in answers)}


@dataclass(slots=True)
class Inbox:
    """Messages that came to people, each by the id that its receiver knows a copy by."""

    came: Counter[str] = field(default_factory=Counter)

    def send_email(self, *, Content: Any, **_: object) -> Any:
        """As SES."""
        message = email.message_from_bytes(Content["Raw"]["Data"], policy=email.policy.default)
        self.came[str(message["Message-ID"]).strip("<>").partition("@")[0]] += 1
        return {"MessageId": "1"}


@dataclass(frozen=True, slots=True)
class Posted:
    """As much of urllib3's response as is used."""

    status: int

    def close(self) -> None:
        """Nothing more comes."""


@dataclass(frozen=True, slots=True)
class ChatPool:
    """As much of urllib3's pool as is used, of a chat's host."""

    gate: Gate
    inbox: Inbox

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def request(self, _: str, path: str, *, headers: Mapping[str, str], **__: object) -> Posted:
        """Post. Raises urllib3's errors."""

        def take() -> None:
            self.inbox.came[headers["idempotency-key"]] += 1

        try:
            self.gate.request("chat", "POST", take, CHAT_SECONDS)
        except TimedOut:
            raise urllib3.exceptions.ReadTimeoutError(None, path, "timed out") from None  # type: ignore[arg-type]
        except Failed as failed:
            if failed.fault in _STATUSES:
                return Posted(_STATUSES[failed.fault])
            raise urllib3.exceptions.ProtocolError("connection reset by peer") from None
        return Posted(200)
