"""Other systems' addresses behind the gate, where the lookup function has urllib3."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import urllib3

from tests.drills.aws_memory import FunctionFailed
from tests.drills.gate import Failed, Fault, Gate, TimedOut

_STATUSES = {Fault.THROTTLED: 429, Fault.SERVER_ERROR: 503}
_PAGE = b"<html>It works!</html>"


@dataclass(frozen=True, slots=True)
class Answered:
    """As much of urllib3's response as is used."""

    status: int
    body: io.BytesIO

    def read(self, size: int) -> bytes:
        """Give so much of the body."""
        return self.body.read(size)

    def close(self) -> None:
        """Nothing more comes."""


@dataclass(frozen=True, slots=True)
class GatedAddresses:
    """As much of urllib3's pool as is used."""

    gate: Gate
    answer: Callable[[str, Any], Any]
    """What an address answers to a question. Raises FunctionFailed."""

    def request(self, method: str, address: str, *, body: bytes, timeout: urllib3.Timeout, **_: object) -> Answered:
        """Ask. Raises urllib3's errors."""
        float(timeout.read_timeout or 0)
        try:
            return self.gate.request(
                "http", method, lambda: self._answered(address, body), float(timeout.read_timeout or 0)
            )
        except TimedOut:
            raise urllib3.exceptions.ProtocolError("timed out") from None
        except Failed as failed:
            if failed.fault is Fault.GARBLED:
                return Answered(200, io.BytesIO(_PAGE))
            if failed.fault in _STATUSES:
                return Answered(_STATUSES[failed.fault], io.BytesIO(_PAGE))
            raise urllib3.exceptions.ProtocolError("connection reset by peer") from None

    def _answered(self, address: str, body: bytes) -> Answered:
        try:
            return Answered(200, io.BytesIO(json.dumps(self.answer(address, json.loads(body))).encode()))
        except FunctionFailed:
            return Answered(500, io.BytesIO(_PAGE))
