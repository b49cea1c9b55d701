"""The errors of archive jobs, and the delay before the next delivery."""

from __future__ import annotations

from dialtone.domain.errors import AddressRefused, DialtoneError

RETRY_SECONDS = (30, 120, 480, 1_800)
"""Delays after the first, second, … delivery. The first retry is while the webhook's URL is valid; forty minutes in
all, so that most outages end before the alarm."""

AUDIO_AWAITED_SECONDS = (2, 30, 600, 2_400)
"""For a transcript that arrives before its audio is archived: usually moments; in total never shorter than the audio's
own delays."""

AT_ONCE_SECONDS = (0,)
"""Waiting does not help: the message reaches the dead-letter queue, and its alarm, within seconds."""


class NotArchived(DialtoneError):  # noqa: N818 -- reads as the sentence it is: it was not archived
    """The job failed; a retry may help. The text becomes the ledger's reason if all retries fail."""

    waits_seconds: tuple[int, ...] = RETRY_SECONDS


class AddressExpired(NotArchived):
    """Telnyx's storage does not return the audio at this URL (any more)."""


class AudioNotReady(NotArchived):
    """A transcript whose audio is not archived yet."""

    waits_seconds = AUDIO_AWAITED_SECONDS


class PermanentFailure(NotArchived):
    """The job cannot succeed, however often it is retried."""

    waits_seconds = AT_ONCE_SECONDS


class CallErased(NotArchived):
    """The call was erased during the job; the next delivery, immediately, will refuse it."""

    waits_seconds = AT_ONCE_SECONDS


class TooLong(PermanentFailure):
    """More bytes than any recording has."""


def wait_seconds(fault: Exception, receives: int) -> int:
    """The delay of a message that failed at its `receives`th delivery."""
    if isinstance(fault, AddressRefused):
        return AT_ONCE_SECONDS[0]
    waits = fault.waits_seconds if isinstance(fault, NotArchived) else RETRY_SECONDS
    return waits[min(receives, len(waits)) - 1]
