"""Who gets a message once its recording is archived. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import NamedTuple

from dialtone.domain.stored_records import restored

EMAIL, CHAT = "email", "chat"
ATTACHED, LINK = "attached", "link"


class DeliveryTarget(NamedTuple):
    """Where a message goes."""

    kind: str
    """`email` or `chat`."""
    to: str
    """An e-mail address, or the name of a chat that the stack knows."""
    audio: str = ATTACHED
    """For an e-mail: `attached` if it is short enough, or `link`."""

    @property
    def key(self) -> str:
        """The target's id among those of the same recording."""
        return f"{self.kind}:{self.to}"

    def __str__(self) -> str:
        """The target, readable."""
        return f"{self.kind} {self.to}"


class DeliveryAsked(NamedTuple):
    """The decision that a recording goes to these targets."""

    recording: str
    """The ledger entry's name."""
    targets: tuple[DeliveryTarget, ...]


def targets_text(targets: Collection[DeliveryTarget]) -> str:
    """The targets as stored: a text, for which a filter of the table's stream can test; '' if there are none."""
    if not targets:
        return ""
    return json.dumps([each._asdict() for each in targets], separators=(",", ":"))


def targets_from(stored: str) -> tuple[DeliveryTarget, ...]:
    """The stored targets, written by this or another version of the program."""
    return tuple(restored(DeliveryTarget, each) for each in (json.loads(stored) if stored else ()))
