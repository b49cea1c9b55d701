"""The variables that the program itself reads or sets on a call, and those kept aside while it is in another flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from dialtone.domain.stored_records import EMPTY, restored

OUTCOME = "outcome"
"""The variable by which a flow sets the call's outcome."""

MESSAGE_ADDRESS = "message.address"
"""The variable that holds the URL of a message while its caller reviews it. Anybody who has the URL can listen, for the
ten minutes that Telnyx keeps it: it outlives neither the review nor the call."""

ANSWERED_BY, GREETING = "answered_by", "greeting"
"""The variables set by answering-machine detection, whichever of its events comes first."""

MACHINE = "machine"
MACHINES = frozenset({MACHINE, "fax_detected"})
"""Detection results other than a person."""


class Scope(NamedTuple):
    """What a call that is in another flow stores of the flow to which it will return."""

    depth: int = 0
    """How many steps the call will return to while it is in the other flow, or in one called from there."""
    variables: Mapping[str, str] = EMPTY
    into: str = ""
    gives: tuple[str, ...] = ()
    """The other flow's variables to take over at its end, each as `<into>.<name>`."""

    @classmethod
    def all_from_json(cls, stored: Any) -> tuple[Scope, ...]:  # noqa: ANN401 -- whatever the table holds
        """What was stored, in this or another version of the program."""
        return tuple(restored(cls, each, gives=tuple) for each in stored)


def persistent_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that outlive the step that set them: all but the URL of its message."""
    return {name: value for name, value in variables.items() if name != MESSAGE_ADDRESS}
