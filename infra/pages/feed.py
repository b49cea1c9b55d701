"""The latest of something, for every page that follows it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

HEARTBEAT_SECONDS = 1.0
"""Between two looks at whether somebody still listens."""


@dataclass(slots=True)
class Feed:
    """What is shown, and each new version of it. A later reader sees the latest."""

    shown: Mapping[str, Any]
    _number: int = 1
    _changed: Condition = field(default_factory=Condition)

    def publish(self, shown: Mapping[str, Any]) -> None:
        """Let it be this from now on."""
        with self._changed:
            self.shown = shown
            self._number += 1
            self._changed.notify_all()

    def events(self) -> Iterator[tuple[int, Mapping[str, Any]] | None]:
        """The latest at once, then each that follows; None if nothing has come for a while."""
        seen = 0
        while True:
            with self._changed:
                if self._number == seen:
                    self._changed.wait(HEARTBEAT_SECONDS)
                fresh, seen, shown = self._number != seen, self._number, self.shown
            yield (seen, shown) if fresh else None
