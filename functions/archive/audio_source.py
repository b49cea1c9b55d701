"""Fetches a recording's audio: from the webhook's URL while it is valid, then from a new one of Telnyx's API.

| Telnyx's storage | outcome |
|---|---|
| 200 with audio, whatever its content type | copied |
| 403, 404, 410, or older than ten minutes | Telnyx is asked for a new URL |
| another status, a redirect loop | retried |
| 200 with a page or a truncated body | retried; stored as failed at the last attempt |
| no connection, silence, reset | retried |
| a URL that is not https, or not on the public internet | never requested; Telnyx is asked for another |
| `s3://…` (custom storage) | never copied: the audio is in the customer's own bucket |
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from archive.audio import MP3, WAV
from archive.decompression import unpacked
from archive.download import Downloader
from archive.retries import AddressExpired, NotArchived, PermanentFailure
from dialtone.adapters.telnyx_api import LOOKUP_SECONDS
from dialtone.domain.errors import AddressRefused, TelnyxRefused, TelnyxUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archive.deadline import Deadline
    from archive.download import Download
    from dialtone.adapters.telnyx_api import RecordingInfo, TelnyxApi
    from dialtone.domain.recordings import ArchiveJob, Recording

ADDRESS_SECONDS = 600
"""Lifetime of the webhook's URLs (Telnyx: ten minutes)."""

CUSTOM_STORAGE = "s3://"

_EXPIRED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


@dataclass(frozen=True, slots=True)
class Origin:
    """A recording's audio, not yet read, and what Telnyx's API said of the recording, if asked."""

    audio: Download
    info: RecordingInfo | None
    note: str = ""
    """Why a detail could not be found out, for the log."""

    def pieces(self) -> Iterator[bytes]:
        """The audio, decompressed. Raises NotArchived if it is cut short or late."""
        return unpacked(self.audio.pieces())


class Source:
    """Telnyx: its API for URLs and ids, its storage for audio."""

    def __init__(self, telnyx: TelnyxApi, downloader: Downloader | None = None) -> None:
        self._telnyx = telnyx
        self._downloader = downloader or Downloader()

    def open(self, job: ArchiveJob, recording: Recording, deadline: Deadline, *, age_seconds: float) -> Origin:
        """The recording's audio. Raises NotArchived, TelnyxRefused and TelnyxUnavailable."""
        given = _address(job.urls or {}, recording.format)
        if not given or age_seconds > ADDRESS_SECONDS:
            return self._renewed(recording, None, deadline)
        # A doubtful recording was compared with Telnyx's API before; do not compare it with less now.
        known = recording.recording_id and not recording.content_doubt
        info, note = (None, "") if known else self.identified(recording, deadline)
        try:
            return Origin(self._fetch(given, deadline), info, note)
        except (AddressExpired, AddressRefused) as refused:
            return self._renewed(recording, info, deadline, refused)

    def identified(self, recording: Recording, deadline: Deadline) -> tuple[RecordingInfo | None, str]:
        """What Telnyx's API says of a recording, or why that is not known. Never a reason to lose the audio."""
        try:
            info = self._look_up(recording, deadline)
        except (TelnyxRefused, TelnyxUnavailable) as error:
            return None, f"its recording id is not known: {error}"
        return info, "" if info else "its recording id is not known: Telnyx lists no such recording"

    def _renewed(
        self,
        recording: Recording,
        info: RecordingInfo | None,
        deadline: Deadline,
        refused: AddressExpired | AddressRefused | None = None,
    ) -> Origin:
        info = info or self._look_up(recording, deadline)
        why = str(refused) if isinstance(refused, AddressRefused) else "its address has expired"
        if info is None:
            raise NotArchived(f"{why}, and Telnyx lists no such recording")
        address = _address(info.download_urls, recording.format)
        if not address:
            raise NotArchived(f"{why}, and Telnyx gives no other as mp3 or wav")
        return Origin(self._fetch(address, deadline), info)

    def _look_up(self, recording: Recording, deadline: Deadline) -> RecordingInfo | None:
        until = time.monotonic() + deadline.left(LOOKUP_SECONDS)
        if recording.recording_id:
            return self._telnyx.find_recording(recording_id=recording.recording_id, deadline=until)
        return self._telnyx.find_recording(
            call_leg_id=recording.call_leg_id,
            file_name=recording.file_name,
            started_at=recording.started_at,
            deadline=until,
        )

    def _fetch(self, address: str, deadline: Deadline) -> Download:
        download = self._downloader.get(address, deadline)
        if download.status == HTTPStatus.OK:
            return download
        download.close()
        if download.status in _EXPIRED:
            raise AddressExpired(f"Telnyx's storage answered {download.status}, also to a fresh address")
        raise NotArchived(f"Telnyx's storage answered {download.status}")


def _address(addresses: Mapping[str, str], wanted: str) -> str:
    """The URL of the requested format, otherwise of any other; '' if there is none."""
    found = next((addresses[each] for each in (wanted, MP3, WAV) if addresses.get(each)), "")
    if found.startswith(CUSTOM_STORAGE):
        raise PermanentFailure(f"Telnyx put it into your own storage, where it stays: {found.partition('?')[0]}")
    return found
