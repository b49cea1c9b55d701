"""Restricts whom the control API may dial, so that a stolen key cannot dial the world. Pure."""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

from control.problems import Refused, wrong


class Destinations(NamedTuple):
    """Allowed number prefixes (`+1`, `+4420`) and SIP hosts (`sip:pbx.example.com`)."""

    allowed: tuple[str, ...]

    @classmethod
    def of_text(cls, text: str) -> Destinations:
        """Parse the setting, a list separated by commas."""
        return cls(tuple(filter(None, (each.strip() for each in text.split(",")))))

    def allow(self, to: str) -> bool:
        """Whether this number or SIP address may be dialled."""
        called = to.partition(",")[0]
        return any(_is_of(called, each) for each in self.allowed)

    def check(self, parameter: str, to: object) -> None:
        """Raise Refused if this number or SIP address must not be dialled."""
        if not isinstance(to, str):
            raise wrong(parameter, f"{parameter} must be one number in E.164, or one SIP address.")
        if not self.allow(to):
            known = ", ".join(self.allowed) or "nobody: the setting ControlDestinations is empty"
            message = f"{parameter} is not among those who may be rung ({known})."
            raise Refused(HTTPStatus.FORBIDDEN, "destination_not_allowed", message, parameter)


def _is_of(called: str, allowed: str) -> bool:
    if allowed.startswith("+"):
        return called.startswith(allowed)
    scheme, _, address = called.partition(":")
    host = address.rpartition("@")[2].partition(";")[0].partition("?")[0].partition(":")[0]
    return scheme in {"sip", "sips"} and f"sip:{host.lower()}" == allowed.lower()
