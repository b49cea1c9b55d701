"""Where a recording's audio comes from: the webhook's address while it lives, else a fresh one that Telnyx gives.

| Telnyx's storage | outcome |
|---|---|
| 200 with audio, wholly | copied |
| 403, 404, 410, or older than ten minutes | Telnyx is asked for a fresh address |
| another status, a redirection without end | comes again |
| 200 with a page, or without a length | comes again; nothing is stored |
| no connection, silence, reset, cut short | comes again; what was stored of it is thrown away |
| `s3://…` (custom storage) | never copied: it lies in the customer's own bucket |
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import urllib3

from archive.audio import MP3, WAV
from archive.faults import AddressExpired, NeverArchived, NotArchived
from dialtone.errors import TelnyxRefused, TelnyxUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archive.deadline import Deadline
    from dialtone.recordings import ArchiveJob, Recording
    from dialtone.telnyx_api import RecordingInfo, TelnyxApi

ADDRESS_SECONDS = 600
"""How long the webhook's addresses live (Telnyx: ten minutes)."""

CONNECT_SECONDS = 5.0
"""Nobody listens while a recording is copied; a storage that takes longer to connect is not there."""
READ_SECONDS = 20.0
"""Of silence between two pieces: S3 itself, where Telnyx's recordings lie, is rarely silent for a second."""
REDIRECTIONS = 2
"""S3 answers 307 for a young bucket, once; more is going in circles."""
PIECE_BYTES = 1_048_576
"""At a time: constant memory, few system calls."""

CUSTOM_STORAGE = "s3://"

_EXPIRED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_NAMELESS = frozenset({"application/octet-stream", "binary/octet-stream"})
"""What S3 calls an object whose writer did not name its type."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A recording's audio, about to come, and what Telnyx said of the recording if it was asked."""

    audio: Download
    info: RecordingInfo | None
    note: str = ""
    """Why something is not known that might have been, for the log."""


class Source:
    """Telnyx: its API for addresses and ids, its storage for audio."""

    def __init__(self, telnyx: TelnyxApi, pool: urllib3.PoolManager | None = None) -> None:
        self._telnyx = telnyx
        self._pool = pool or urllib3.PoolManager(timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS))

    def open(self, job: ArchiveJob, recording: Recording, *, age_seconds: float) -> Origin:
        """The recording's audio. Raises NotArchived, TelnyxRefused and TelnyxUnavailable."""
        given = _address(job.urls or {}, recording.format)
        if not given or age_seconds > ADDRESS_SECONDS:
            return self._renewed(recording, None)
        info, note = (None, "") if recording.recording_id else self._identified(recording)
        try:
            return Origin(self._fetch(given), info, note)
        except AddressExpired:
            return self._renewed(recording, info)

    def _identified(self, recording: Recording) -> tuple[RecordingInfo | None, str]:
        """What Telnyx calls a recording whose webhook did not say: good to have, and no reason to lose the audio."""
        try:
            info = self._look_up(recording)
        except (TelnyxRefused, TelnyxUnavailable) as error:
            return None, f"its recording id is not known: {error}"
        return info, "" if info else "its recording id is not known: Telnyx lists no such recording"

    def _renewed(self, recording: Recording, info: RecordingInfo | None) -> Origin:
        info = info or self._look_up(recording)
        if info is None:
            raise NotArchived("its address has expired, and Telnyx lists no such recording")
        address = _address(info.download_urls, recording.format)
        if not address:
            raise NotArchived("its address has expired, and Telnyx gives no other as mp3 or wav")
        return Origin(self._fetch(address), info)

    def _look_up(self, recording: Recording) -> RecordingInfo | None:
        if recording.recording_id:
            return self._telnyx.find_recording(recording_id=recording.recording_id)
        return self._telnyx.find_recording(call_leg_id=recording.call_leg_id, started_at=recording.started_at)

    def _fetch(self, address: str) -> Download:
        # Other faults than redirections are the queue's to try again, after a while.
        retries = urllib3.Retry(connect=0, read=0, status=0, other=0, redirect=REDIRECTIONS)
        try:
            response = self._pool.request(
                "GET", address, headers={"accept-encoding": "identity"}, preload_content=False, retries=retries
            )
        except urllib3.exceptions.HTTPError as error:
            raise NotArchived(f"Telnyx's storage could not be asked: {_name(error)}") from None
        download = Download(response)
        try:
            download.check()
        except NotArchived:
            download.close()
            raise
        return download


class Download:
    """The answer of Telnyx's storage."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response

    def check(self) -> None:
        """Raises AddressExpired, or NotArchived for what cannot be a whole recording."""
        response = self._response
        if response.status in _EXPIRED:
            raise AddressExpired(f"Telnyx's storage answered {response.status}, also to a fresh address")
        if response.status != HTTPStatus.OK:
            raise NotArchived(f"Telnyx's storage answered {response.status}")
        kind = response.headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower()
        if not kind.startswith("audio/") and kind not in _NAMELESS:
            raise NotArchived(f"Telnyx's storage answered with {kind}, which is not audio")
        if "content-length" not in response.headers and not response.chunked:
            raise NotArchived("Telnyx's storage answered without a length: its end cannot be told from being cut short")

    def pieces(self, deadline: Deadline) -> Iterator[bytes]:
        """The audio as it comes. Raises NotArchived if it is cut short, or not there before the deadline."""
        try:
            for piece in self._response.stream(PIECE_BYTES, decode_content=False):
                deadline.check()
                yield piece
        except urllib3.exceptions.HTTPError as error:
            raise NotArchived(f"Telnyx's storage broke off: {_name(error)}") from None

    def close(self) -> None:
        """Let go of the connection; it is not used again, since something may still be coming on it."""
        self._response.close()


def _address(addresses: Mapping[str, str], wanted: str) -> str:
    """The address of the format that was asked for, else of the one that is there; '' if there is none."""
    found = next((addresses[each] for each in (wanted, MP3, WAV) if addresses.get(each)), "")
    if found.startswith(CUSTOM_STORAGE):
        raise NeverArchived(f"Telnyx put it into your own storage, where it stays: {found.partition('?')[0]}")
    return found


def _name(error: urllib3.exceptions.HTTPError) -> str:
    """The kind of an error; its text may hold the address, with the signature that opens it."""
    cause = error.reason if isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason else error
    return type(cause).__name__
