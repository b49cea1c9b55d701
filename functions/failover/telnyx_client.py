"""A minimal client of Telnyx's API on urllib3: sends commands and reads a leg's state, within the time left."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from dialtone.domain.failover import FailoverState

if TYPE_CHECKING:
    from collections.abc import Callable

    import urllib3

    from dialtone.domain.failover import Order

BASE_URL = "https://api.telnyx.com/v2"

CONNECT_SECONDS = 0.4
COMMAND_SECONDS = 0.7
"""Telnyx recommends resending an identical command that is not answered within 500 ms."""
LOOK_SECONDS = 0.5
PAUSE_SECONDS = 0.2
SHORTEST_SECONDS = 0.05
ATTEMPTS = 2

CALL_ENDED = "90018"
RETRIED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})

Result = Literal["accepted", "ended", "refused", "unavailable", "unauthorized"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a command."""

    result: Result
    status: int = 0
    """HTTP status; 0 without a response."""
    code: str = ""
    """Telnyx's error code, if it refused the command."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg's state at Telnyx."""

    is_alive: bool
    failover: FailoverState


class TelnyxClient:
    """Telnyx's API, over persistent connections."""

    def __init__(
        self,
        base_url: str = "",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base_url = (base_url or BASE_URL).rstrip("/")
        self._clock = clock
        self._sleep = sleep
        self._pool: urllib3.PoolManager | None = None

    def send(self, order: Order, api_key: str, deadline: float) -> Outcome:
        """Send a command; resend it once if that may help and the deadline allows."""
        path = f"/calls/{quote(order.call_control_id, safe=':')}/actions/{order.action}"
        body = json.dumps({**order.parameters, "command_id": order.command_id}).encode()
        outcome = Outcome("unavailable")
        for _ in range(ATTEMPTS):
            if self._left(deadline) < SHORTEST_SECONDS:
                break
            outcome = _outcome(order.action, *self.request("POST", path, api_key, deadline, COMMAND_SECONDS, body))
            if outcome.result != "unavailable" or self._left(deadline) < PAUSE_SECONDS + SHORTEST_SECONDS:
                break
            self._sleep(PAUSE_SECONDS)
        return outcome

    def look(self, call_control_id: str, api_key: str, deadline: float) -> Leg | None:
        """A leg's state; None if Telnyx does not say."""
        path = f"/calls/{quote(call_control_id, safe=':')}"
        status, answer = self.request("GET", path, api_key, deadline, LOOK_SECONDS)
        data = answer.get("data")
        if status != HTTPStatus.OK or not isinstance(data, dict) or not isinstance(data.get("is_alive"), bool):
            return None
        return Leg(data["is_alive"], FailoverState.decode(data.get("client_state")))

    def _left(self, deadline: float) -> float:
        return deadline - self._clock()

    def request(  # noqa: PLR0913, PLR0917 -- a request is made of these
        self, method: str, path: str, api_key: str, deadline: float, seconds: float, body: bytes | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON of the response; status 0 and no JSON if Telnyx did not answer."""
        import urllib3  # noqa: PLC0415 -- not needed at start or for unsigned requests

        if self._pool is None:
            self._pool = urllib3.PoolManager(retries=False, maxsize=4)
        left = max(min(seconds, self._left(deadline)), SHORTEST_SECONDS)
        headers = {"authorization": f"Bearer {api_key}", "content-type": "application/json"}
        try:
            response = self._pool.request(
                method,
                f"{self._base_url}{path}",
                body=body,
                headers=headers,
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=left),
                redirect=False,
            )
        except urllib3.exceptions.HTTPError:
            return 0, {}
        return response.status, _object(response.data)


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _outcome(action: str, status: int, answer: dict[str, Any]) -> Outcome:
    code = _code(answer)
    if status // 100 == HTTPStatus.OK // 100:
        return Outcome("accepted", status)
    if status == HTTPStatus.UNAUTHORIZED or (status == HTTPStatus.FORBIDDEN and not _about_command(action, code)):
        return Outcome("unauthorized", status)
    if status == HTTPStatus.UNPROCESSABLE_ENTITY and code == CALL_ENDED:
        return Outcome("ended", status, code)
    if status in RETRIED or not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome("unavailable", status)
    return Outcome("refused", status, code)


def _about_command(action: str, code: str) -> bool:
    """Whether a 403 is about this command only: its destination, or one of Call Control's own codes."""
    return action == "transfer" or code.startswith("90")


def _code(answer: dict[str, Any]) -> str:
    errors = answer.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(first.get("code", "")) if isinstance(first, dict) else ""
