"""Checks a new version of the webhook function: plays a synthetic call through it, and tries forged webhooks.

Each webhook is a separate invocation, so that the next must find in the table what the one before stored.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from nacl.signing import SigningKey

from dialtone.adapters.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER
from dialtone.domain.synthetic_call import CALLED, CALLER, SCRIPT, SESSION_PREFIX, SYNTHETIC_CALL, Exchange

DELIVERIES = 3
"""Deliveries of a webhook that is answered 5xx: a dependency may fail for a moment, and Telnyx retries, too."""

PAUSE_SECONDS = 1.0

CHECK_SECONDS = 90.0
"""For the whole check; leaves the function time to clean up and report."""


class Wrong(Exception):  # noqa: N818 -- reads as the sentence it is: something is wrong
    """A failed check: what the new version did wrong."""


@dataclass(slots=True)
class Check:
    """A synthetic call and the version under test."""

    invoke: Callable[[Mapping[str, Any]], Any]
    """Invokes the version and returns its response. Raises Wrong if it fails."""
    clear: Callable[[str], object]
    """Deletes a session's items."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    session: str = field(default_factory=lambda: f"{SESSION_PREFIX}{uuid.uuid4()}")
    _key: SigningKey = field(default_factory=SigningKey.generate)
    """Created for this check only."""
    _state: str = ""
    """The leg's `client_state`, which Telnyx would echo."""

    def run(self) -> None:
        """Play the call, try forgeries, and clean up. Raises Wrong at the first problem."""
        try:
            self._play()
        finally:
            self.clear(self.session)

    def _play(self) -> None:
        ends = self.clock() + CHECK_SECONDS
        for number, exchange in enumerate(SCRIPT):
            if self.clock() > ends:
                raise Wrong(f"{exchange.event_type}: not reached within {CHECK_SECONDS:.0f} s")
            body = self._body(number, exchange)
            first = self._delivered(exchange, body)
            self._check_commands(exchange, first)
            self._check_ids(exchange, first, self._delivered(exchange, body))
            for command in first["sent"]:
                self._state = command["parameters"].get("client_state", self._state)
        self._check_forgeries()

    def _delivered(self, exchange: Exchange, body: bytes) -> Any:  # noqa: ANN401 -- the version's own JSON
        answered: Any = {}
        for delivery in range(DELIVERIES):
            if delivery:
                self.sleep(PAUSE_SECONDS)
            answered = self._invoked(self._request(body, self._key))
            if answered.get("statusCode") == HTTPStatus.OK:
                break
        else:
            raise Wrong(f"{exchange.event_type}: answered {answered.get('statusCode')}: {answered.get('said')}")
        if broken := answered.get("broken_flows"):
            raise Wrong(f"flows that numbers lead to are broken: {'; '.join(broken)}")
        return answered

    def _invoked(self, request: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- the version's own JSON
        public_key = base64.b64encode(bytes(self._key.verify_key)).decode()
        return self.invoke({SYNTHETIC_CALL: {"public_key": public_key, "request": request}})

    def _check_commands(self, exchange: Exchange, answered: Any) -> None:  # noqa: ANN401 -- as above
        wanted = [f"/calls/{self._control}/actions/{action}" for action in exchange.actions]
        sent = [str(command["path"]).removeprefix("/v2") for command in answered["sent"]]
        if sent != wanted:
            raise Wrong(f"{exchange.event_type}: sent {sent}, not {wanted}")
        if exchange.text and answered["sent"][-1]["parameters"].get("payload") != exchange.text:
            raise Wrong(f"{exchange.event_type}: does not say what the flow says")

    def _check_ids(self, exchange: Exchange, first: Any, again: Any) -> None:  # noqa: ANN401 -- as above
        """Deliver a webhook twice: both times the commands must have the same ids."""
        known = _ids(first)
        if new := _ids(again) - known:
            raise Wrong(f"{exchange.event_type}: sent {len(new)} commands under new ids when it came again")

    def _check_forgeries(self) -> None:
        """Forged webhooks must be rejected, synthetic and real ones."""
        body, unsigned = self._body(0, SCRIPT[0]), {"headers": {}, "body": "{}", "isBase64Encoded": False}
        forged = self._request(body, SigningKey.generate())
        for name, answered in (
            ("an unsigned webhook", self.invoke(unsigned)),
            ("a webhook signed by another than Telnyx", self.invoke(self._request(body, self._key))),
            ("a synthetic webhook signed by another", self._invoked(forged)),
        ):
            if answered.get("statusCode") != HTTPStatus.UNAUTHORIZED:
                raise Wrong(f"{name} was answered {answered.get('statusCode')}, not 401")

    @property
    def _control(self) -> str:
        return f"v3:{self.session}"

    def _body(self, number: int, exchange: Exchange) -> bytes:
        about = {
            "call_control_id": self._control,
            "call_leg_id": self.session,
            "call_session_id": self.session,
            "connection_id": "0",
            "from": CALLER,
            "to": CALLED,
            "client_state": self._state or None,
        }
        data = {
            "record_type": "event",
            "event_type": exchange.event_type,
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.session}/{number}")),
            "occurred_at": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "payload": {**about, **exchange.payload},
        }
        return json.dumps({"data": data, "meta": {"attempt": 1, "delivered_to": "https://synthetic.invalid"}}).encode()

    def _request(self, body: bytes, key: SigningKey) -> dict[str, Any]:
        """A webhook as an API Gateway request."""
        timestamp = str(int(time.time()))
        signature = key.sign(timestamp.encode() + b"|" + body).signature
        headers = {SIGNATURE_HEADER: base64.b64encode(signature).decode(), TIMESTAMP_HEADER: timestamp}
        return {"headers": headers, "body": body.decode(), "isBase64Encoded": False}


def _ids(answered: Any) -> set[str]:  # noqa: ANN401 -- the version's own JSON
    return {str(command["parameters"].get("command_id")) for command in answered["sent"]}
