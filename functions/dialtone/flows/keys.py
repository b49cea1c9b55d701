"""Keys that a caller presses, as flows write them and as Telnyx gathers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, StringConstraints

from dialtone.commands import Command, command

if TYPE_CHECKING:
    from collections.abc import Collection

    from dialtone.calls import Call
    from dialtone.events import Event


def _as_text(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    """YAML reads an unquoted 1 as a number."""
    return str(written) if type(written) is int else written


Key = Annotated[str, BeforeValidator(_as_text), StringConstraints(pattern=r"^[0-9*#]$")]
"""One key of a phone."""

Keys = dict[Key, str]
"""Key → the step it leads to."""

NO_KEY = ""


def gathered_key(event: Event) -> str | None:
    """The digits of a gather that has ended, '' where the caller pressed nothing.

    None for any other event, and where the gather ended because the caller hung up: nobody is there to go on with.
    A gather cancelled from outside counts as nothing pressed, since the caller is still listening.
    """
    if event.type != "call.gather.ended" or event.text("status") == "call_hangup":
        return None
    return event.text("digits") if event.text("status") in {"valid", "invalid"} else NO_KEY


def terminator_beside(keys: Collection[str]) -> dict[str, object]:
    """A terminating digit that is not one of the keys: Telnyx would swallow it instead of reporting it."""
    return {"terminating_digit": next(key for key in "#*0123456789A" if key not in keys)}


def stop_gathering(call: Call) -> tuple[Command, ...]:
    """The command that ends a gather."""
    return (command("gather_stop", call.control_id),)
