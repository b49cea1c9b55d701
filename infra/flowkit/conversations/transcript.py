"""The transcript of a call: what people did and heard, in order, with the failed expectations."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from infra.flowkit.conversations.conversation import Action, Hears

Kind = Literal["heard", "keys", "spoke", "waited", "hung up", "line", ""]
"""What an entry is about; `line` is an event without a person, '' something that never happened."""


@dataclass(slots=True)
class Entry:
    """A line of the transcript."""

    at: float | None
    """Seconds since the telephone rang; None for what never happened."""
    step: str
    """Where the flow was."""
    who: str
    """The number of a person other than the one on the line; '' for that one."""
    kind: Kind = ""
    happened: str = ""
    expected: list[str] = field(default_factory=list)
    missed: bool = False
    """What was expected did not happen."""


class Transcript:
    """Entries in the order in which things happened. `step` and `now` tell where the flow and the clock are."""

    def __init__(self, step: Callable[[], str], now: Callable[[], float]) -> None:
        self.entries: list[Entry] = []
        self._step = step
        self._now = now

    def add(self, who: str, kind: Kind, happened: str) -> Entry:
        """Something happens."""
        entry = Entry(self._now(), self._step(), who, kind, happened)
        self.entries.append(entry)
        return entry

    def note(self, text: str) -> None:
        """The line has something to say of the call; twice in a row is once."""
        last = self.entries[-1] if self.entries else None
        if last is None or last.happened != text:
            self.add("", "line", text)

    def press(self, who: str, digit: str) -> None:
        """A key; keys pressed in a row in one step stand in one line."""
        last = self.entries[-1] if self.entries else None
        if last and (last.kind, last.who, last.step) == ("keys", who, self._step()):
            last.happened += digit
        else:
            self.add(who, "keys", f"presses {digit}")

    def expected(self, who: str, kind: Kind, text: str) -> None:
        """What this person did last, of that kind, was expected."""
        for entry in reversed(self.entries):
            if (entry.who, entry.kind) == (who, kind):
                entry.expected.append(text)
                return
        self.missed(0, who, text)

    def missed(self, since: int, who: str, action: Action | str) -> None:
        """A failed expectation, with what this person heard instead, if anything."""
        entry = self._heard_instead(since, who) if isinstance(action, Hears) else None
        if entry is None:
            entry = Entry(None, "", who)
            self.entries.append(entry)
        entry.expected.append(str(action))
        entry.missed = True

    def _heard_instead(self, since: int, who: str) -> Entry | None:
        heard = (entry for entry in self.entries[since:] if (entry.who, entry.kind) == (who, "heard"))
        return next((entry for entry in heard if not entry.expected), None)
