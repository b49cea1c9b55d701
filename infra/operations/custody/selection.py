"""Which recordings are meant: by whom, in which state, of which flow, from when. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from dialtone.domain.calls import Call
from dialtone.domain.errors import DialtoneError
from dialtone.domain.numbers import E164
from dialtone.domain.recordings import Recording

OUTGOING = "outgoing"


@dataclass(frozen=True, slots=True)
class Selection:
    """Recordings for which everything holds that is said."""

    caller: str = ""
    status: str = ""
    flow: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """Exclusive."""

    def has(self, recording: Recording) -> bool:
        """Whether a recording is one of them."""
        return (
            (not self.caller or self.caller in people(recording))
            and self.status in ("", recording.status)
            and self.flow in ("", recording.flow)
            and self._is_in_time(recording)
        )

    def to_json(self) -> Mapping[str, str]:
        """The selection's criteria, to recognise the same selection in a file."""
        said = {"caller": self.caller, "status": self.status, "flow": self.flow}
        times = {"since": self.since, "until": self.until}
        said |= {name: moment.isoformat() for name, moment in times.items() if moment}
        return {name: value for name, value in said.items() if value}

    def _is_in_time(self, recording: Recording) -> bool:
        if self.since is None and self.until is None:
            return True
        began = began_at(recording)
        return (self.since is None or began >= self.since) and (self.until is None or began < self.until)


EVERYTHING = Selection()


def people(of: Recording | Call) -> frozenset[str]:
    """The number at the other end: who called, or who was called. Both numbers where the direction is not known."""
    if not of.direction:
        return frozenset({of.from_number, of.to_number} - {""})
    return frozenset({of.to_number if of.direction == OUTGOING else of.from_number} - {""})


def began_at(recording: Recording) -> datetime:
    """When a recording began, else when it was asked for."""
    moment = datetime.fromisoformat(recording.started_at or recording.requested_at)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def number(written: str) -> str:
    """A caller's number as the ledger has it. Raises DialtoneError if it is not a number."""
    said = "".join(each for each in written if each not in " -().")
    if E164.fullmatch(said) or written.startswith("sip:"):
        return said if E164.fullmatch(said) else written
    raise DialtoneError(
        f"{written!r} is not a number: write it with + and its country's code, such as +15550142, or as sip:…"
    )
