"""The flows that a call follows, as they lie in the working tree: what was saved, and whether it can be followed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from dialtone.adapters.flow_library import NUMBERS_FILE, FlowLibrary
from dialtone.domain.calls import Call
from dialtone.domain.errors import DialtoneError, FlowInvalid
from dialtone.domain.events import Event
from dialtone.domain.numbers import WITHHELD, is_withheld
from dialtone.flow.call_routing import NUMBER
from infra.flowkit.watched_flows import Stamp, stamp


class NoNumber(FlowInvalid):
    """The number that is called leads to no flow."""

    def __init__(self, called: str, known: Mapping[str, str]) -> None:
        remedy = f"call one of {', '.join(f'{number} ({flow})' for number, flow in known.items())}"
        if re.fullmatch(NUMBER, called):
            remedy += f', or add a line like "{called}": main-menu'
        super().__init__(NUMBERS_FILE, 1, "", f"leads {called} to no flow", remedy)


def called(written: str, folder: Path) -> str:
    """The number that is meant: without spaces, or the first that leads to the flow of that name."""
    number = re.sub(r"[\s().-]", "", written) if re.search(r"\d", written) else written
    known = FlowLibrary.open(folder).flows_by_number
    for plus in ("", "+"):
        if plus + number in known:
            return plus + number
    return next((each for each, flow in known.items() if flow == written), written)


def check_caller(written: str) -> None:
    """Raises DialtoneError for what is not a caller."""
    if not is_withheld(written) and not re.fullmatch(NUMBER, written.removesuffix("*")):
        raise DialtoneError(f"{written} is not a caller: write +15550142, a SIP address, or {WITHHELD}")


@dataclass(slots=True)
class FlowFolder:
    """A folder of flows, seen by somebody who calls a number."""

    folder: Path
    called: str
    caller: str
    at: datetime | None = None
    """When it is called; None for now."""
    _seen: Stamp = field(init=False)

    def __post_init__(self) -> None:
        self._seen = stamp(self.folder)

    def check_number(self) -> None:
        """Raises NoNumber if the flows are well and none takes the call: a slip, most likely, of the one who calls."""
        try:
            self.flow()
        except NoNumber:
            raise
        except FlowInvalid:
            return  # can be fixed while the telephone is on

    def flow(self) -> str:
        """The flow that would take the call, as the webhook function would find it.

        Raises FlowInvalid with file, line and remedy if it, or the numbers, cannot be followed, NoNumber if none does.
        """
        ringing = Event(
            id="",
            type="call.initiated",
            occurred_at=(self.at or datetime.now(UTC)).isoformat(),
            payload={"direction": "incoming", "to": self.called, "from": self.caller},
        )
        library = FlowLibrary.open(self.folder)
        flow = library.flow_for(Call("", ""), ringing)
        if flow is None:
            raise NoNumber(self.called, library.flows_by_number)
        return flow.name

    def saved(self) -> tuple[str, ...]:
        """The files that were saved, added or removed since it was last asked, by name."""
        before, self._seen = self._seen, stamp(self.folder)
        return tuple(sorted({name for name, *_ in before ^ self._seen}))
