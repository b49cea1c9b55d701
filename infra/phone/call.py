"""One call from the telephone: its legs, what it leaves behind, and how it is written down."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from dialtone.domain.recordings import FAILED, KEPT_STATUSES
from infra.carrier import calls
from infra.carrier.callers import BETWEEN_KEYS_SECONDS
from infra.carrier.carrier import Line
from infra.phone.diary import Diary, add_conversation
from infra.phone.hearing import Told, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra.carrier.carrier import Carrier
    from infra.carrier.legs import Leg
    from infra.carrier.trace import Happening
    from infra.local.line import PhoneLine
    from infra.phone.hearing import Receiver

KEPT_SECONDS = 30.0
"""How long recordings may take into the bucket once the call is over, on a busy machine."""


@dataclass(slots=True)
class Call:
    """One call from this telephone."""

    receiver: Receiver
    line: Line
    flow: str
    """What takes the call."""
    diary: Diary = field(default_factory=Diary)
    saved: bool = False
    step: str = ""
    faults: set[str] = field(default_factory=set)
    """Why events could not be handled, as far as it was told."""
    other_side: bool = False
    """Whether keys and words are the agent's."""
    _shown: set[str] = field(default_factory=set)
    _over_since: float | None = None

    @property
    def session(self) -> str:
        """Telnyx's name for the whole phone call."""
        return self.line.name.call_session_id

    def is_heard_by_caller(self, happening: Happening) -> bool:
        """Whether it reaches the caller's own ear."""
        return happening.leg is not None and happening.leg.call_leg_id == self.line.name.call_leg_id

    def look_up_step(self, line: PhoneLine) -> None:
        """Where the call is in its flow by now."""
        for leg in line.store.legs(self.session):
            if leg.leg_id == self.line.name.call_leg_id and leg.flow:
                self.step = f"{leg.flow} · {leg.step}" if leg.step else leg.flow

    def far_leg(self, carrier: Carrier) -> Leg | None:
        """Whoever the flow rang last and is still there."""
        with carrier.acting():
            return next((leg for leg in reversed(carrier.legs) if self._is_far(leg)), None)

    def hand(self, carrier: Carrier) -> Line:
        """Whose telephone the keys are on."""
        far = self.far_leg(carrier) if self.other_side else None
        return Line(carrier, far) if far is not None else self.line

    def press(self, carrier: Carrier, digits: str) -> None:
        """Press keys as fingers do, one after another."""
        leg = self.hand(carrier).leg
        with carrier.acting():
            self.receiver.acted(carrier.clock.now + BETWEEN_KEYS_SECONDS * len(digits))
            for place, digit in enumerate(digits):
                carrier.clock.after(place * BETWEEN_KEYS_SECONDS, partial(calls.press, carrier.exchange, leg, digit))

    def kept(self, line: PhoneLine, folder: Path | None = None) -> Iterator[Told]:
        """What has come to lie in the bucket since it was last asked; it is copied into the folder."""
        if not self.receiver.recordings:
            return
        at = self.receiver.since(line.carrier.clock.now)
        for recording in line.store.recordings(self.session):
            if recording.audio and recording.status in KEPT_STATUSES and recording.audio.key not in self._shown:
                self._shown.add(recording.audio.key)
                where = _copied(line, recording.audio.key, folder)
                yield Told(at, "kept", f"{where}  {recording.audio.length_bytes:,} bytes", Tone.RECORDER)
            if recording.transcript and recording.transcript.key not in self._shown:
                self._shown.add(recording.transcript.key)
                yield Told(at, "kept", _copied(line, recording.transcript.key, folder), Tone.RECORDER)
            if recording.status == FAILED and recording.name not in self._shown:
                self._shown.add(recording.name)
                yield Told(at, "lost", f"{recording.name}: {recording.reason}", Tone.FAULT)

    def save(self, line: PhoneLine, file: Path) -> str:
        """Add it to a file of conversations; gives the name that it has there."""
        clock, leg = line.carrier.clock, self.line.name
        began = clock.datetime(self.receiver.began)
        name = f"tried by hand on {began:%Y-%m-%d at %H:%M:%S}"
        outcome = next((each.outcome for each in line.store.legs(self.session) if each.leg_id == leg.call_leg_id), "")
        kept = sum(recording.status in KEPT_STATUSES for recording in line.store.recordings(self.session))
        add_conversation(
            file, self.flow, self.diary.conversation(leg, name=name, at=began, outcome=outcome, recordings=kept)
        )
        return name

    def is_kept(self, line: PhoneLine) -> bool:
        """Whether all that it recorded lies in the bucket or failed, or that has taken too long."""
        if self._over_since is None:
            self._over_since = time.monotonic()
        if time.monotonic() - self._over_since > KEPT_SECONDS:
            return True
        recordings = line.store.recordings(self.session)
        settled = all(recording.status in {*KEPT_STATUSES, FAILED} for recording in recordings)
        transcripts = sum(recording.transcript is not None for recording in recordings)
        with line.carrier.acting():
            quiet = line.carrier.quiet
        return quiet and settled and transcripts >= self.receiver.transcripts

    def _is_far(self, leg: Leg) -> bool:
        return leg.name.call_session_id == self.session and not leg.incoming and leg.alive


def _copied(line: PhoneLine, key: str, folder: Path | None) -> str:
    """The name of an object, or where its copy lies: the bucket is gone when the telephone is."""
    name = key.rpartition("/")[2]
    if folder is None:
        return name
    stored = line.cloud.client("s3").get_object(Bucket=line.cloud.recordings_bucket, Key=key)
    try:
        (folder / name).write_bytes(stored["Body"].read())
    except OSError as error:  # the call goes on
        return f"{name} (not copied: {error.strerror}; make room in {folder}, or name another --keep)"
    return str(folder / name)
