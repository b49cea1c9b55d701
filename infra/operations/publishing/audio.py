"""Uploads the flows' audio to Telnyx before a version that plays it goes live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from infra.operations.api_key import secret_name, stored_key
from infra.operations.connect.audio import audio_beside
from infra.operations.connect.connecting import store_audio
from infra.operations.connect.plan import StoreAudio, audio_steps
from infra.operations.connect.record import ConnectionRecord
from infra.operations.connect.telnyx_account import TelnyxAccount
from infra.operations.stack_outputs import deployed, region_of


@dataclass(frozen=True, slots=True)
class ChangedAudio:
    """What Telnyx lacks, or has otherwise."""

    steps: tuple[StoreAudio, ...] = ()
    account: TelnyxAccount | None = None
    record: ConnectionRecord | None = None

    @classmethod
    def of(cls, stack: str, flows: Path, now: datetime) -> ChangedAudio:
        """That of a folder of flows, for a stack by its name. `dialtone up`, which has none, uploads it by itself."""
        wanted = audio_beside(flows)
        if not stack or not wanted:
            return cls()
        found = deployed(stack, region_of(stack))
        account = TelnyxAccount.of_key(stored_key(secret_name(found), found.region))
        record = ConnectionRecord.of(found.name, found.region)
        stored = {each.name: each for each in account.stored_audio()}
        return cls(tuple(audio_steps(wanted, stored, record.read(), now)), account, record)

    @property
    def lines(self) -> Iterator[str]:
        """What is uploaded, for the terminal."""
        for step in self.steps:
            yield from step.lines()

    def store(self) -> None:
        """Upload it. A file is replaced under its name at once: calls in progress hear it, too."""
        for step in self.steps:
            if self.account and self.record:
                store_audio(self.account, self.record, step)
