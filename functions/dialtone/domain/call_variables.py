"""The variables that the program itself reads or sets on a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTCOME = "outcome"
"""The variable that a flow sets to say what came of the call."""

MESSAGE_ADDRESS = "message.address"
"""The variable that holds where a message can be heard while its caller reviews it. Anyone who has the URL can hear
it, for the ten minutes that Telnyx keeps it there: it outlives neither the review nor the call."""

ANSWERED_BY, GREETING = "answered_by", "greeting"
"""The variables that answering-machine detection fills in, whichever of its events comes first."""

MACHINE = "machine"
MACHINES = frozenset({MACHINE, "fax_detected"})
"""Findings that are no person."""


def persistent_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that outlive the step which set them: not where its message can be heard."""
    return {name: value for name, value in variables.items() if name != MESSAGE_ADDRESS}
