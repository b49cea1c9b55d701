"""The numbers of numbers.yaml, as an account's numbers are held against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dialtone.adapters.flow_library import FlowLibrary

ANY_ENDING = "*"


@dataclass(frozen=True, slots=True)
class Lines:
    """The default flow of each number. SIP addresses are not the account's."""

    whole: Mapping[str, str]
    """Numbers that are written whole: these are to ring the line."""
    beginnings: Mapping[str, str]
    """Prefixes without their star: calls to a number of theirs are answered, but it need not be assigned."""

    @classmethod
    def beside(cls, flows: Path) -> Lines:
        """Those of a folder of flows. Raises FlowInvalid."""
        by_number = {line: routes[-1].flow for line, routes in FlowLibrary.open(flows).routes.by_number.items()}
        return cls(
            {line: flow for line, flow in by_number.items() if line.startswith("+") and not line.endswith(ANY_ENDING)},
            {line[:-1]: flow for line, flow in by_number.items() if line.endswith(ANY_ENDING)},
        )

    def flow(self, number: str) -> str:
        """The flow that takes a number's calls; '' if none does."""
        fitting = [beginning for beginning in self.beginnings if number.startswith(beginning)]
        return self.whole.get(number) or (self.beginnings[max(fitting, key=len)] if fitting else "")
