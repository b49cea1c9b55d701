"""A sweep's requests to Telnyx, which stop when Telnyx does not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from dialtone.adapters.telnyx_api import CallInfo
from dialtone.domain.errors import DialtoneError, TelnyxRefused, TelnyxUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dialtone.adapters.telnyx_api import RecordingInfo, RecordingsPage, ReportedEvent, TakenCommand, TranscriptInfo

    Answer = TypeVar("Answer")

MAX_FAILURES = 3
"""In a row; more requests would only cost the sweep's time and count against the rate limit."""


_NOT_ASKED: Final = "not asked"


class NotAnswered(DialtoneError):  # noqa: N818 -- reads as the sentence it is: it was not answered
    """Telnyx did not answer; this says nothing about a recording."""


class Telnyx(Protocol):
    """The part of Telnyx's API that is used. All methods raise TelnyxRefused and TelnyxUnavailable."""

    def recordings_of(self, call_session_id: str) -> tuple[RecordingInfo, ...]:
        """Every recording of a phone call."""
        ...

    def recordings_created(self, since_seconds: float, until_seconds: float, page: int = 1) -> RecordingsPage:
        """A page of the account's recordings that were created within these unix times."""
        ...

    def transcripts_of(self, recording_id: str) -> tuple[TranscriptInfo, ...]:
        """A recording's transcripts."""
        ...

    def find_call(self, call_control_id: str) -> CallInfo | None:
        """Whether a leg is open; None if Telnyx does not know it."""
        ...

    def commands_since(self, call_session_id: str, since_seconds: float) -> tuple[TakenCommand, ...]:
        """The commands of a phone call that Telnyx has accepted since that unix time."""
        ...

    def events_since(self, call_session_id: str, since_seconds: float) -> tuple[ReportedEvent, ...]:
        """The events of a phone call since that unix time, whether or not their webhooks have come."""
        ...

    def undelivered(self, call_session_id: str, since_seconds: float) -> tuple[Mapping[str, object], ...]:
        """The events of a phone call that Telnyx could not deliver since that unix time."""
        ...


class Questions:
    """One sweep's requests. All methods raise NotAnswered."""

    def __init__(self, telnyx: Telnyx) -> None:
        self._telnyx = telnyx
        self._failures = dict.fromkeys(
            ("recordings", "account", "transcripts", "call", "commands", "events", "deliveries"), 0
        )
        """Consecutive failures by kind of request: an API key may be allowed one and not the other.

        Threads may lose an increment, which does no harm.
        """
        self._calls: dict[str, CallInfo | NotAnswered | None] = {}
        """The answers about legs; only one thread asks about each leg."""

    def recordings_of(self, call_session_id: str) -> tuple[RecordingInfo, ...]:
        """Every recording of a phone call that Telnyx lists, filtered by the call's session."""
        listed = self._ask("recordings", lambda: self._telnyx.recordings_of(call_session_id))
        return tuple(each for each in listed if each.call_session_id == call_session_id)

    def recordings_created(self, since_seconds: float, until_seconds: float, page: int) -> RecordingsPage:
        """A page of the account's recordings that were created within these unix times, of whichever application."""
        return self._ask("account", lambda: self._telnyx.recordings_created(since_seconds, until_seconds, page))

    def transcripts_of(self, recording_id: str) -> tuple[TranscriptInfo, ...]:
        """A recording's transcripts, whether or not they are completed."""
        return self._ask("transcripts", lambda: self._telnyx.transcripts_of(recording_id))

    def find_call(self, call_control_id: str) -> CallInfo | None:
        """Whether a leg is open; None if Telnyx does not know it. Requested once for the leg and all its recordings."""
        if call_control_id not in self._calls:
            try:
                self._calls[call_control_id] = self._ask("call", lambda: self._telnyx.find_call(call_control_id))
            except NotAnswered as why:
                self._calls[call_control_id] = why
        answer = self._calls[call_control_id]
        if isinstance(answer, NotAnswered):
            raise answer
        return answer

    def said_over(self, call_control_id: str) -> bool:
        """Whether Telnyx was asked in this sweep and did not say that the leg is open."""
        answer = self._calls.get(call_control_id, _NOT_ASKED)
        return answer is None or (isinstance(answer, CallInfo) and not answer.is_alive)

    def commands_since(self, call_session_id: str, since_seconds: float) -> tuple[TakenCommand, ...]:
        """The commands of a phone call that Telnyx has accepted since that unix time."""
        return self._ask("commands", lambda: self._telnyx.commands_since(call_session_id, since_seconds))

    def events_since(self, call_session_id: str, since_seconds: float) -> tuple[ReportedEvent, ...]:
        """The events of a phone call since that unix time, whether or not their webhooks have come."""
        return self._ask("events", lambda: self._telnyx.events_since(call_session_id, since_seconds))

    def undelivered(self, call_session_id: str, since_seconds: float) -> tuple[Mapping[str, object], ...]:
        """The events of a phone call that Telnyx could not deliver since that unix time, oldest first."""
        return self._ask("deliveries", lambda: self._telnyx.undelivered(call_session_id, since_seconds))

    def _ask(self, about: str, ask: Callable[[], Answer]) -> Answer:
        if self._failures[about] >= MAX_FAILURES:
            raise NotAnswered("Telnyx was not asked: it did not answer the questions before")
        try:
            answer = ask()
        except (TelnyxRefused, TelnyxUnavailable) as error:
            self._failures[about] += 1
            raise NotAnswered(str(error)) from None
        self._failures[about] = 0
        return answer
