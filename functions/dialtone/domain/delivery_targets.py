"""To whom a message goes once its recording is kept. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NamedTuple

from dialtone.domain.stored import restored

if TYPE_CHECKING:
    from collections.abc import Collection

EMAIL, CHAT = "email", "chat"
ATTACHED, LINK = "attached", "link"


@dataclass(frozen=True, slots=True)
class DeliveryTarget:
    """Where a message goes."""

    kind: str
    """`email` or `chat`."""
    to: str
    """An e-mail address, or the name of a chat that the stack knows."""
    audio: str = ATTACHED
    """Of an e-mail: `attached` where it is short enough, or `link`."""

    @property
    def key(self) -> str:
        """What distinguishes it from others of the same recording."""
        return f"{self.kind}:{self.to}"

    def __str__(self) -> str:
        """As people say it."""
        return f"{self.kind} {self.to}"


class DeliveryAsked(NamedTuple):
    """That a recording goes to these."""

    recording: str
    """The ledger entry's name."""
    targets: tuple[DeliveryTarget, ...]


def targets_text(targets: Collection[DeliveryTarget]) -> str:
    """As they are stored: a text, which a filter of the table's stream can ask for; '' for none."""
    if not targets:
        return ""
    return json.dumps([asdict(each) for each in targets], separators=(",", ":"))


def targets_from(stored: str) -> tuple[DeliveryTarget, ...]:
    """What was stored, in this or another version of the program."""
    return tuple(restored(DeliveryTarget, each) for each in (json.loads(stored) if stored else ()))
