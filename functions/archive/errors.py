"""Why a job failed this time, and how long its message waits before the next delivery."""

from __future__ import annotations

from dialtone.domain.errors import AddressRefused, DialtoneError

RETRY_SECONDS = (30, 120, 480, 1_800)
"""After the first, second, … delivery. The first while the webhook's address lives; some forty minutes in
all, so that most outages of a dependency end before somebody is called."""

AUDIO_AWAITED_SECONDS = (2, 30, 600, 2_400)
"""For a transcript that came before its audio was kept: usually a matter of moments, and never shorter in all than
the audio's own tries."""

AT_ONCE_SECONDS = (0,)
"""Waiting does not help: the message reaches the dead-letter queue, and a person, within seconds."""


class NotArchived(DialtoneError):  # noqa: N818 -- reads as the sentence it is: it was not archived
    """The job was not done; trying again may help. The text is the ledger's reason if it never does."""

    waits_seconds: tuple[int, ...] = RETRY_SECONDS


class AddressExpired(NotArchived):
    """Telnyx's storage does not give the audio under this address (any more)."""


class AudioNotReady(NotArchived):
    """A transcript whose audio is not kept yet."""

    waits_seconds = AUDIO_AWAITED_SECONDS


class PermanentFailure(NotArchived):
    """The job cannot be done as it is, however often it comes."""

    waits_seconds = AT_ONCE_SECONDS


class CallErased(NotArchived):
    """The call was erased while the job was under way: at its next delivery, at once, it is refused."""

    waits_seconds = AT_ONCE_SECONDS


class TooLong(PermanentFailure):
    """More than any recording has."""


def wait_seconds(fault: Exception, receives: int) -> int:
    """How long a message waits that failed at its `receives`th delivery."""
    if isinstance(fault, AddressRefused):
        return AT_ONCE_SECONDS[0]
    waits = fault.waits_seconds if isinstance(fault, NotArchived) else RETRY_SECONDS
    return waits[min(receives, len(waits)) - 1]
