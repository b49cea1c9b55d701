"""Whether the audio that arrived can be the whole recording that Telnyx describes. Pure.

Telnyx reports when a recording began and ended (webhook), its length and its channels (API, if asked). These are
compared with the duration measured from the audio:

| case | how long the audio may be |
|---|---|
| any | never longer than the recorder ran, nor than Telnyx says that it is |
| plain | no shorter than either |
| `max_length` ended it | Telnyx's end is the recorder's; in case it is the call's: no shorter than `max_length` |
| silence ended it (`timeout_secs`) | shorter by that silence, in case Telnyx leaves it out |
| trimmed (`trim-silence`) | any length; none at all only if Telnyx's API says the same |
| paused | shorter by the pauses that we asked for, from the timeline |
| Telnyx says neither times nor a length | any length but none; an end cut off shows in the file only |

Each within a tolerance; for recordings of a few seconds, at least half as long as the API says. A file without audio,
with a tenth or more of other bytes, or with one channel where Telnyx says two, is doubtful at any length. Extra
channels are no loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from archive.audio import MP3, WAV
from dialtone.domain.units import MILLIS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archive.audio import Sound
    from dialtone.adapters.calls_table import TimelineEntry
    from dialtone.adapters.telnyx_api import RecordingInfo
    from dialtone.domain.recordings import Recording


TOLERANCE_MILLIS = 2_000
"""Telnyx's times are those of the recorder's commands: a beep, the wait for the first packet, and rounding to frames
come on top."""
TOLERANCE_SHARE = 0.01
"""For long recordings: clock drift and lost packets."""
SHORTEST_SHARE = 0.5
"""Share of the API's length, for recordings as short as the tolerance."""
PAUSE_MILLIS = 2_000
"""Tolerance of a pause against the events that requested it, both ends together."""
MOMENT_MILLIS = 1_000
"""A recorder that ran for less may have recorded nothing."""
STRAY_SHARE = 0.1
"""Share of an MP3 that is neither frames, tags nor zeros; encoders leave only a few such bytes."""

_CHANNELS = {"single": 1, "dual": 2}


@dataclass(frozen=True, slots=True)
class Expected:
    """What Telnyx reports of a recording, and what we requested, in milliseconds; None if unknown."""

    ran: int | None
    """How long the recorder ran."""
    length: int | None
    """The audio's length according to Telnyx's API."""
    channels: int = 0
    trimmed: bool = False
    silence: int = 0
    """The silence that ended it, at most."""
    most: int = 0
    """Its `max_length`; 0 if unlimited."""
    paused: int = 0

    @property
    def may_be_shorter(self) -> bool:
        """Whether the audio may be shorter than the recorder ran."""
        return bool(self.trimmed or self.silence or self.paused)

    @property
    def known(self) -> bool:
        """Whether Telnyx reports anything to compare a length with."""
        return self.ran is not None or self.length is not None


def expected(recording: Recording, info: RecordingInfo | None, paused_millis: int = 0) -> Expected:
    """What is expected of the recording, from its ledger entry and Telnyx's API."""
    ran = _apart(recording.started_at, recording.ended_at)
    if ran is None and info:
        ran = _apart(info.started_at, info.ended_at)
    channels = recording.channels or (info.channels if info else "")
    return Expected(
        ran=ran,
        length=info.duration_millis if info else None,
        channels=_CHANNELS.get(channels, 0),
        trimmed=recording.trimmed,
        silence=recording.silence_seconds * MILLIS_PER_SECOND,
        most=recording.max_seconds * MILLIS_PER_SECOND,
        paused=paused_millis,
    )


def doubt(sound: Sound, audio_format: str, length_bytes: int, claimed: Expected) -> str:
    """Why this is probably not the whole recording; '' if it may be."""
    if sound.duration_millis is None:
        measured = audio_format in (WAV, MP3)
        return f"its length cannot be measured{'' if measured else ': it is neither WAV nor MP3'}"
    if sound.stray_bytes >= length_bytes * STRAY_SHARE:
        return f"{sound.stray_bytes} of its {length_bytes} bytes are no audio"
    if claimed.channels > sound.channels > 0:
        return f"it has {sound.channels} channel, and Telnyx says {claimed.channels}"
    if claimed.known and (why := _length_doubt(sound.duration_millis, claimed)):
        return why
    if not claimed.known and not sound.duration_millis:
        return "it holds no sound"
    return _end_doubt(sound, audio_format, claimed)


def _end_doubt(sound: Sound, audio_format: str, claimed: Expected) -> str:
    """Why the file seems to be cut off; '' if it does not.

    An MP3's last frame shows it. A WAV's header is often wrong: it counts only if Telnyx reports no length.
    """
    if not sound.missing_bytes:
        return ""
    if audio_format == MP3:
        return f"it is cut off: its last frame lacks {sound.missing_bytes} bytes"
    return "" if claimed.known else f"its header promises {sound.missing_bytes} bytes more"


def _length_doubt(played: int, claimed: Expected) -> str:
    held = f"it plays {_seconds(played)}; {_said(claimed)}"
    if not _long_enough(played, claimed):
        return f"{held}: too short"
    return "" if _short_enough(played, claimed) else f"{held}: too long"


def paused_millis(recording: Recording, timeline: Iterable[TimelineEntry]) -> int:
    """How long the recording was paused, from the commands in its leg's timeline.

    A pause without resume lasts until the end.
    """
    began, ended = _moment(recording.started_at), _moment(recording.ended_at)
    if began is None or ended is None:
        return 0
    paused, since = 0.0, None
    for moment, action in _pauses(recording, timeline):
        if action == "record_pause":
            since = moment if since is None else since
        elif since is not None:
            paused += _overlap(since, moment, began, ended)
            since = None
    if since is not None:
        paused += _overlap(since, ended, began, ended)
    return round(paused * MILLIS_PER_SECOND)


def _pauses(recording: Recording, timeline: Iterable[TimelineEntry]) -> Sequence[tuple[float, str]]:
    """The pauses commanded for its leg, also by another leg's event, such as an agent's key in a conversation."""
    entries = tuple(timeline)
    own = {each.payload.get("call_control_id") for each in entries if each.call_leg_id == recording.call_leg_id}
    found = [
        (moment, command.action)
        for entry in entries
        if (moment := _moment(entry.occurred_at)) is not None
        for command in entry.commands
        if command.action in {"record_pause", "record_resume"}
        and (entry.call_leg_id == recording.call_leg_id or command.call_control_id in own)
    ]
    return sorted(found, key=lambda each: each[0])


def _overlap(since: float, until: float, began: float, ended: float) -> float:
    lasted = min(until, ended) - max(since, began)
    return lasted + PAUSE_MILLIS / MILLIS_PER_SECOND if lasted > 0 else 0.0


def _long_enough(played: int, claimed: Expected) -> bool:
    if not played:
        return _nothing_to_hear(claimed)
    if claimed.ran is not None:
        ran = min(claimed.ran, claimed.most) if claimed.most else claimed.ran
        least = 0 if claimed.trimmed else ran - claimed.silence - claimed.paused
        if played < least - _tolerance(ran):
            return False
    if claimed.length is None or (
        claimed.may_be_shorter and claimed.ran is not None and _alike(claimed.length, claimed.ran)
    ):
        return True  # a length equal to the recorder's time adds no information
    return played >= max(claimed.length - _tolerance(claimed.length), claimed.length * SHORTEST_SHARE)


def _nothing_to_hear(claimed: Expected) -> bool:
    """Whether Telnyx itself reports an almost empty recording: an early hang-up, or trimmed silence."""
    if claimed.trimmed:
        return claimed.length is not None and claimed.length <= MOMENT_MILLIS
    said = [each for each in (claimed.ran, claimed.length) if each is not None]
    return bool(said) and max(said) <= MOMENT_MILLIS


def _short_enough(played: int, claimed: Expected) -> bool:
    most = [each for each in (claimed.ran, claimed.length) if each is not None]
    if claimed.may_be_shorter and claimed.ran is not None:
        most = [claimed.ran]  # Telnyx does not document what its API counts for a trimmed or paused recording
    return all(played <= each + _tolerance(each) for each in most)


def _tolerance(millis: int) -> float:
    return max(TOLERANCE_MILLIS, millis * TOLERANCE_SHARE)


def _alike(one: int, other: int) -> bool:
    return abs(one - other) <= _tolerance(other)


def _said(claimed: Expected) -> str:
    ran = f"the recorder ran {_seconds(claimed.ran)}" if claimed.ran is not None else ""
    length = f"Telnyx's API says {_seconds(claimed.length)}" if claimed.length is not None else ""
    less = f"{_seconds(claimed.paused)} of it paused" if claimed.paused else ""
    return ", ".join(part for part in (ran, less, length) if part)


def _seconds(millis: int) -> str:
    return f"{millis / MILLIS_PER_SECOND:.1f} s"


def _apart(began: str, ended: str) -> int | None:
    first, last = _moment(began), _moment(ended)
    return None if first is None or last is None or last < first else round((last - first) * MILLIS_PER_SECOND)


def _moment(written: str) -> float | None:
    try:
        return datetime.fromisoformat(written).timestamp()
    except ValueError:
        return None
