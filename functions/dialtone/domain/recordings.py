"""The ledger of recordings: what was requested, what arrived, and where it is stored. Pure."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from dialtone.domain.delivery_targets import targets_from, targets_text
from dialtone.domain.redaction import redacted_text
from dialtone.domain.stored_records import restored, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dialtone.domain.delivery_targets import DeliveryTarget
    from dialtone.domain.events import Event

MAX_TRANSCRIPT_CHARACTERS_IN_A_JOB = 100_000
"""JSON takes six characters for a non-English letter, and a message holds 256 KB. Longer texts are fetched."""

MAX_ADDRESS_CHARACTERS_IN_A_JOB = 20_000
"""For all its URLs; Telnyx's have about 1,000 each. Longer ones the archive requests from Telnyx."""

EXPECTED, SAVED, COPIED, VERIFIED, FAILED = "expected", "saved", "copied", "verified", "failed"
DOUBTFUL = "doubtful"
"""In the bucket like a verified one, but probably not the whole recording; `content_doubt` says why."""
ERASED = "erased"
"""Its call was erased: nothing of it is left, and whatever arrives of it later is deleted."""
KEPT_STATUSES = (VERIFIED, DOUBTFUL)
"""The audio is in the bucket, and S3 returns what Telnyx sent."""
BEFORE_NAME = "~"
"""Separates the session from the recording's name in the id that the control API shows."""
OPEN_STATUSES = (EXPECTED, SAVED, COPIED)
"""The audio has not arrived or is not archived. In every other status the entry is settled, once its transcript is."""

FIRST_LOOK_SECONDS = 300
"""How long after the request the sweep first checks an open recording. Most calls are over by then and their recordings
verified, so they need no check. A longer call needs one every few minutes."""

FROM_ANSWER, RECORD_START, UNASKED = "record-from-answer", "record_start", "telnyx"
"""The command that started a recording; `telnyx` if we know of no command that did."""

CERTAIN, LIKELY, UNCERTAIN = "certain", "likely", "doubtful"
"""How certain it is that the entry belongs to the recording that it names."""


class AudioCopy(NamedTuple):
    """A recording's audio as copied into the bucket, measured during the copy."""

    key: str
    length_bytes: int
    sha256: str
    """In hexadecimal, of the whole file."""
    duration_millis: int | None = None
    """Measured from the audio itself, not read from headers; None if the format does not allow that."""
    number: int = 1
    """The number of the copy: a later copy does not overwrite a doubtful one, but is stored beside it."""
    peaks: str = ""
    """Its loudness over time, for a player: a byte a level in base64, '.' between channels; '' if unknown."""


class TranscriptCopy(NamedTuple):
    """A recording's transcript as stored in the bucket."""

    key: str
    sha256: str
    transcription_id: str = ""
    """Telnyx's."""


class Consent(NamedTuple):
    """The evidence that the caller knew about the recording before it began."""

    how: str
    """`announced` (played to its end) or `given` (a key was pressed)."""
    prompt: str
    """The text spoken, or the name of the audio played."""
    language: str
    at: str
    """When the announcement had ended, or the key was pressed."""
    key: str = ""


FLOW, SENSITIVE, OUTSIDE = "flow", "sensitive", "outside"
"""Why a recording was paused: the flow's `recording: pause`, a sensitive step, or the control API."""


class Pause(NamedTuple):
    """A pause of a recording, by the events on which it was paused and resumed.

    Telnyx reports neither: the audio stops and resumes as soon as Telnyx obeys the command.
    """

    began: str
    ended: str = ""
    """'' while it lasts."""
    why: str = ""


NOT_ASKED_FOR, ASKED_FOR, COMPLETED = "none", "requested", "completed"
"""The state of a recording's transcription; it may also be `failed`."""


class Transcription(NamedTuple):
    """The transcription that was requested, and its result."""

    status: str = NOT_ASKED_FOR
    engine: str = ""
    """Telnyx's name of the engine: A, B or another."""
    language: str = ""
    """The requested language; '' for the engine's default."""


KEPT, SUPERSEDED, DELETED = "kept", "superseded", "deleted"
"""A caller's decision about a message. It is noted; the recording is archived in any case."""


class Review(NamedTuple):
    """A caller's decision about a recording."""

    recording: str
    """The ledger entry's name."""
    verdict: str


class Recording(NamedTuple):
    """One entry of the ledger: a recording that a call requested, or that Telnyx reported."""

    call_session_id: str
    call_leg_id: str
    number: int
    """The leg's first recording is 1."""
    turn: int
    """The step sequence number of the call when it asked for the recording; for a doubtful one, when it may have."""
    requested_at: str
    source: str
    """`record-from-answer`, `record_start`, or `telnyx` if we know of no command of ours."""
    status: str = EXPECTED
    reason: str = ""
    channels: str = ""
    format: str = ""
    from_number: str = ""
    to_number: str = ""
    recording_id: str = ""
    started_at: str = ""
    ended_at: str = ""
    call_control_id: str = ""
    connection_id: str = ""
    audio: AudioCopy | None = None
    """Set from `copied` on."""
    transcript: TranscriptCopy | None = None
    consent: Consent | None = None
    review: str = ""
    """The caller's decision about it, if there was a review: `kept`, `superseded` by another, or `deleted`."""
    trimmed: bool = False
    """Whether silence at its beginning and end was to be cut."""
    silence_seconds: int = 0
    """Seconds of silence that end it; 0: silence does not."""
    max_seconds: int = 0
    """Its longest length in seconds; 0: unlimited."""
    content_doubt: str = ""
    """Why the copied audio can hardly be the whole recording; '' if it can."""
    direction: str = ""
    """The call's direction."""
    calling_party_type: str = ""
    """`pstn` or `sip`, if Telnyx reports it."""
    flow: str = ""
    """The call's flow when it was requested."""
    flow_version: str = ""
    retention_days: int = 0
    """How long it is kept, by its flow; 0 for as long as the bucket keeps any."""
    step: str = ""
    """The step that requested it; '' if the recording began with the answer."""
    pauses: tuple[Pause, ...] | None = None
    """None if unknown: for entries of earlier versions, and for recordings that we did not ask for."""
    transcription: Transcription | None = None
    """None if unknown, as for `pauses`."""
    file_name: str = ""
    """The file name that Telnyx was asked for; '' if we did not ask for the recording."""
    identity: str = ""
    """How certain it is which recording this is; '' before it arrives, and for entries of earlier versions."""
    identity_reason: str = ""
    deliver: tuple[DeliveryTarget, ...] = ()
    """Who gets it as a message once it is archived."""

    @property
    def name(self) -> str:
        """The leg's id and the recording's number: known before Telnyx names it, and always the same."""
        return recording_name(self.call_leg_id, self.number)

    @property
    def api_id(self) -> str:
        """The id by which the control API and its pages find it without a search."""
        return f"{self.call_session_id}{BEFORE_NAME}{self.name}"

    @property
    def awaits_transcript(self) -> bool:
        """Whether its audio is stored and the requested transcript has not arrived."""
        asked = self.transcription is not None and self.transcription.status == ASKED_FOR
        return asked and self.transcript is None and self.status in KEPT_STATUSES

    @property
    def first_look_seconds(self) -> int | None:
        """When the sweep first checks whether all of it has arrived, in unix seconds; None if the entry is settled.

        The time follows from fields that never change, so the sweep's index is written only with the first and last
        status.
        """
        if self.status not in OPEN_STATUSES and not self.awaits_transcript:
            return None
        return int(datetime.fromisoformat(self.requested_at).timestamp()) + FIRST_LOOK_SECONDS

    def erased(self) -> Recording:
        """The entry of an erased recording: that it existed, and no personal data."""
        return Recording(
            call_session_id=self.call_session_id,
            call_leg_id=self.call_leg_id,
            number=self.number,
            turn=self.turn,
            requested_at=self.requested_at,
            source=self.source,
            status=ERASED,
            flow=self.flow,
            flow_version=self.flow_version,
        )

    def to_json(self) -> dict[str, Any]:
        """As a JSON object, for the table. Numbers and keys are removed from the reason, which may quote Telnyx."""
        return {**written(self), "reason": redacted_text(self.reason), "deliver": targets_text(self.deliver)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Recording:
        """The entry that `to_json` gave, in this or another version of the program."""
        parts = {"audio": AudioCopy, "transcript": TranscriptCopy, "consent": Consent, "transcription": Transcription}
        readers: dict[str, Any] = {name: partial(restored, kind) for name, kind in parts.items()}
        return restored(cls, stored, pauses=_pauses, deliver=targets_from, **readers)


def recording_name(call_leg_id: str, number: int) -> str:
    """The name of the ledger entry of a leg's recording of that number."""
    return f"{call_leg_id}-{number:02d}"


class Report(NamedTuple):
    """What Telnyx reported of a recording, as far as it helps to recognise another report of the same."""

    number: int
    """The number of its ledger entry."""
    started_at: str = ""
    channels: str = ""
    recording_id: str = ""
    files: str = ""
    """The names of its files; '' if unknown."""

    @classmethod
    def of(cls, started_at: str, channels: str, recording_id: str, file_names: Iterable[str]) -> Report:
        """The report of a recording whose ledger entry is not known yet."""
        names = "\n".join(sorted(file_names))
        files = hashlib.sha256(names.encode()).hexdigest()[:12] if names else ""
        return cls(0, started_at, channels, recording_id, files)

    def is_of(self, other: Report) -> bool:
        """Whether both reports are about one recording: by its id if both have one, else by its start and channels.

        A webhook gives the start in microseconds, the API in milliseconds.
        """
        if self.recording_id and other.recording_id:
            return self.recording_id == other.recording_id
        if self.files and other.files and self.files != other.files:
            return False
        return self.channels == other.channels and _is_same_start(self.started_at, other.started_at)


WORDS = "words"
"""The kind of job that stores the transcript of live transcription on a leg."""

TALK = "conversation"
"""The kind of job that stores the conversation of a caller and a voice agent."""


class ArchiveJob(NamedTuple):
    """A job of the archive, as its queue carries it."""

    kind: str
    """`audio`, `transcript`, `metadata` if the ledger has something new for the metadata file, WORDS, or TALK."""
    call_session_id: str
    call_leg_id: str
    recording: str = ""
    """The ledger entry's name; '' for a transcript that Telnyx reported only by its own recording id."""
    recording_id: str = ""
    urls: Mapping[str, str] | None = None
    """Format → URL, as in the webhook; valid for ten minutes from then."""
    transcription_id: str = ""
    transcript: str = ""
    """The text; '' if it is too long for a message and must be fetched."""
    transcription_status: str = ""
    """As in the webhook; '' if it reported none."""
    conversation_id: str = ""
    """Telnyx's id of a conversation with an assistant."""

    def completed_from(self, event: Event) -> ArchiveJob:
        """The job with its event's URLs and transcript, which must not be stored in the table with the decision."""
        if self.kind == "audio" and (urls := download_addresses(event)):
            return self._replace(urls=urls)
        if self.kind == "transcript" and (text := event.text("transcription_text")):
            return self._replace(transcript=text if _fits(text) else "")
        if self.kind == TALK and (text := dialogue(event.payload.get("messages"), "content")):
            return self._replace(transcript=text if _fits(text) else "")
        return self

    def to_json(self) -> str:
        """As the message's body."""
        return json.dumps(self._asdict(), separators=(",", ":"))

    @classmethod
    def from_json(cls, body: str) -> ArchiveJob:
        """The job that `to_json` gave. Raises ValueError or TypeError for anything else."""
        stored = json.loads(body)
        if not isinstance(stored, dict):
            raise TypeError(f"a job is an object, not {type(stored).__name__}")
        job = restored(cls, stored)
        texts = [getattr(job, name) for name in cls._fields if name != "urls"]
        if not all(isinstance(text, str) for text in texts) or not _is_addresses(job.urls):
            raise TypeError("a job's fields are texts, and its urls formats with addresses")
        return job


_SPEAKERS = {"user": "caller", "assistant": "assistant"}


def dialogue(messages: object, field: str) -> str:
    """The words of caller and assistant, a line each; '' for none. `field` is the message's field that holds them."""
    said = []
    for each in messages if isinstance(messages, list) else ():
        speaker, words = (each.get("role"), each.get(field)) if isinstance(each, dict) else (None, None)
        if speaker in _SPEAKERS and isinstance(words, str) and words.strip():
            said.append(f"{_SPEAKERS[speaker]}: {' '.join(words.split())}\n")
    return "".join(said)


def download_addresses(event: Event) -> dict[str, str]:
    """The URLs of an event's recording by format; none if they are too long for a message."""
    found: dict[str, Any] = event.payload.get("recording_urls") or event.payload.get("public_recording_urls") or {}
    usable = {name: address for name, address in found.items() if isinstance(address, str)}
    characters = sum(map(_written_characters, (*usable, *usable.values())))
    return usable if characters <= MAX_ADDRESS_CHARACTERS_IN_A_JOB else {}


def _fits(transcript: str) -> bool:
    return _written_characters(transcript) <= MAX_TRANSCRIPT_CHARACTERS_IN_A_JOB


def _written_characters(text: str) -> int:
    return len(json.dumps(text)) - len('""')


def _is_same_start(one: str, other: str) -> bool:
    """Whether two times are the same, though one or both may have been cut to milliseconds."""
    if one == other:
        return True
    begun = [datetime.fromisoformat(each) for each in (one, other)]
    if all(each.microsecond % 1_000 for each in begun):
        return False
    return abs(begun[0] - begun[1]) < timedelta(milliseconds=1)


def _pauses(stored: Iterable[Mapping[str, Any]]) -> tuple[Pause, ...]:
    return tuple(restored(Pause, pause) for pause in stored)


def _is_addresses(urls: object) -> bool:
    return urls is None or (isinstance(urls, dict) and all(isinstance(url, str) for url in urls.values()))
