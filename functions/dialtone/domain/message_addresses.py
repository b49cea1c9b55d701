"""Keeps the URL of a caller's message out of stored commands, and restores it when they are sent again. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.call_variables import MESSAGE_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Container

    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command
    from dialtone.domain.events import Event

LEFT_OUT = f"{{{MESSAGE_ADDRESS}}}"
"""The placeholder for the URL in a stored command."""


def message_addresses(event: Event, before: Call, after: Call) -> frozenset[str]:
    """The URLs of recordings that may appear in the decision on an event."""
    urls = (event.payload.get(name) or {} for name in ("recording_urls", "public_recording_urls"))
    of_event = [address for each in urls if isinstance(each, dict) for address in each.values()]
    of_call = [call.variables.get(MESSAGE_ADDRESS) for call in (before, after)]
    # The payload of an event without a handler may hold anything.
    return frozenset(address for address in (*of_event, *of_call) if isinstance(address, str) and address)


def withheld(command: Command, addresses: Container[str]) -> Command:
    """The command as it may be stored, without these URLs."""
    kept = {name: LEFT_OUT if value in addresses else value for name, value in _texts(command).items()}
    return command._replace(parameters={**command.parameters, **kept})


def put_back(command: Command, call: Call) -> Command:
    """The stored command as it can be sent: with the URL, while the call still knows it."""
    address = call.variables.get(MESSAGE_ADDRESS, "")
    if not address or not lacks_address(command):
        return command
    whole = {name: address for name, value in _texts(command).items() if value == LEFT_OUT}
    return command._replace(parameters={**command.parameters, **whole})


def lacks_address(command: Command) -> bool:
    """Whether a stored command cannot be sent because its URL is missing."""
    return LEFT_OUT in _texts(command).values()


def _texts(command: Command) -> dict[str, str]:
    return {name: value for name, value in command.parameters.items() if isinstance(value, str)}
