"""Audio files that commands name: uploaded media and URLs, with how long they really play."""

import io
import wave
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from infra.carrier import mpeg

#: Fetches the bytes behind a URL; raises OSError where there is nothing to be had.
Fetch = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Media:
    """An audio file: its length in seconds, or the playback status and detail with which it fails."""

    seconds: float
    failed_status: str | None = None
    failed_detail: str | None = None


class UnreadableAudioError(ValueError):
    """The bytes are neither a WAV nor an MP3 file."""


def seconds_of(audio: bytes) -> float:
    """Return the length of a WAV (PCM) or MP3 file; raises UnreadableAudioError."""
    if audio[:4] == b"RIFF":
        try:
            with wave.open(io.BytesIO(audio)) as file:
                return float(file.getnframes() / file.getframerate())
        except (wave.Error, EOFError) as error:
            raise UnreadableAudioError(str(error)) from error
    seconds = mpeg.seconds_of(audio)
    if seconds is None:
        raise UnreadableAudioError("neither WAV nor MP3")
    return seconds


def of_bytes(audio: bytes, what: str) -> Media:
    """Return the media that bytes are; unreadable ones fail as Telnyx reports it."""
    try:
        return Media(seconds_of(audio))
    except UnreadableAudioError as error:
        return Media(0.0, "failed", f"Unable to play {what}: {error}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An uploaded file. Times are virtual seconds; it is deleted at `expires`, None for never."""

    media: Media
    content_type: str
    created: float
    updated: float
    expires: float | None = None


class MediaLibrary:
    """Playable audio: media by name, audio by URL, and files that `fetch` downloads."""

    def __init__(self, fetch: Fetch | None = None, now: Callable[[], float] = float) -> None:
        self._fetch = fetch
        self._now = now
        self._named: dict[str, StoredFile] = {}
        self._by_url: dict[str, Media] = {}
        self._at_hand: Mapping[str, bytes | OSError] = {}

    def upload(self, media_name: str, audio: bytes, ttl_seconds: float | None = None) -> None:
        """Store an audio file under the name that `media_name` parameters use. Raises UnreadableAudioError."""
        media, now = Media(seconds_of(audio)), self._now()
        before = self.stored.get(media_name)
        self._named[media_name] = StoredFile(
            media,
            "audio/wav" if audio[:4] == b"RIFF" else "audio/mpeg",
            before.created if before else now,
            now,
            None if ttl_seconds is None else now + ttl_seconds,
        )

    @property
    def stored(self) -> Mapping[str, StoredFile]:
        """Return the files by name, without those whose time is over."""
        now = self._now()
        return {name: file for name, file in self._named.items() if file.expires is None or file.expires > now}

    def keep(self, media_name: str, ttl_seconds: float) -> None:
        """Extend a stored file's expiry by so much, from now on."""
        now = self._now()
        self._named[media_name] = replace(self.stored[media_name], updated=now, expires=now + ttl_seconds)

    def delete(self, media_name: str) -> None:
        """Delete a stored file."""
        del self._named[media_name]

    def fetch_ahead(self, urls: Iterable[str], *, cached: bool = True) -> Mapping[str, bytes | OSError]:
        """Fetch URLs, unless known and `cached` is allowed; return an error if there is nothing."""
        if self._fetch is None:
            return {}
        return {url: self._fetched(url) for url in urls if not (cached and url in self._by_url)}

    @contextmanager
    def at_hand(self, fetched: Mapping[str, bytes | OSError]) -> Iterator[None]:
        """Use what was fetched ahead, and fetch it no second time meanwhile."""
        before, self._at_hand = self._at_hand, fetched
        try:
            yield
        finally:
            self._at_hand = before

    def fetched(self, url: str) -> bytes:
        """Return the content of a URL. Raises OSError."""
        found = self._at_hand[url] if url in self._at_hand else self._fetched(url)
        if isinstance(found, OSError):
            raise found
        return found

    def _fetched(self, url: str) -> bytes | OSError:
        if self._fetch is None:
            return OSError("could not resolve host")
        try:
            return self._fetch(url)
        except OSError as error:
            return error

    def publish(self, url: str, audio: bytes) -> None:
        """Register an audio file under a URL, without any server."""
        self._by_url[url] = of_bytes(audio, url)

    def named(self, media_name: str) -> Media:
        """Return the media uploaded under a name."""
        if (file := self.stored.get(media_name)) is not None:
            return file.media
        return Media(0.0, "file_not_found", f"Media {media_name} does not exist.")

    def at(self, url: str, *, cached: bool = True) -> Media:
        """Return the media behind a URL; `cached` False fetches it again."""
        if url in self._by_url and (cached or self._fetch is None):
            return self._by_url[url]
        if self._fetch is None:
            return _unfetched(url, "HTTP error code 404")
        try:
            media = of_bytes(self.fetched(url), url)
        except OSError as error:
            return _unfetched(url, str(error))
        self._by_url[url] = media
        return media


def _unfetched(url: str, reason: str) -> Media:
    return Media(0.0, "file_not_found", f"Received curl error 22 {reason} trying to fetch {url}.")
