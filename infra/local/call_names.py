"""Short names for calls, by the order in which they are first named."""

from dataclasses import dataclass, field
from threading import Lock


@dataclass(slots=True)
class CallNames:
    """`call 1`, `call 2`, …: the same wherever a call is shown, on any thread."""

    _names: dict[str, str] = field(default_factory=dict)
    _naming: Lock = field(default_factory=Lock)

    def name(self, session: str) -> str:
        """The name of a call."""
        with self._naming:
            return self._names.setdefault(session, f"call {len(self._names) + 1}")
