import pytest

from archive.audio_source import ADDRESS_SECONDS
from archive.retries import (
    AUDIO_AWAITED_SECONDS,
    RETRY_SECONDS,
    AddressExpired,
    AudioNotReady,
    NotArchived,
    PermanentFailure,
    wait_seconds,
)
from archive.settings import MAX_RECEIVES

MOST_VISIBILITY_SECONDS = 43_200


def test_every_delivery_but_the_last_has_its_wait() -> None:
    assert len(RETRY_SECONDS) == len(AUDIO_AWAITED_SECONDS) == MAX_RECEIVES - 1


def test_a_second_and_third_try_come_while_the_address_lives() -> None:
    assert sum(RETRY_SECONDS[:2]) < ADDRESS_SECONDS


def test_a_transcript_waits_longer_than_its_audio_tries() -> None:
    assert sum(AUDIO_AWAITED_SECONDS) > sum(RETRY_SECONDS)
    assert AUDIO_AWAITED_SECONDS[0] < RETRY_SECONDS[0]


@pytest.mark.parametrize("receives", [1, 2, 3, 4, 5, 1_000])
@pytest.mark.parametrize("fault", [NotArchived(), AddressExpired(), AudioNotReady(), PermanentFailure(), OSError()])
def test_sqs_allows_every_wait(fault: Exception, receives: int) -> None:
    assert 0 <= wait_seconds(fault, receives) <= MOST_VISIBILITY_SECONDS


def test_waits_grow_and_what_is_hopeless_does_not_wait() -> None:
    assert [wait_seconds(NotArchived(), receives) for receives in (1, 2, 3, 4, 5)] == [30, 120, 480, 1_800, 1_800]
    assert [wait_seconds(OSError(), receives) for receives in (1, 2)] == [30, 120]
    assert wait_seconds(AudioNotReady(), 1) == 2
    assert {wait_seconds(PermanentFailure(), receives) for receives in (1, 2, 3, 4)} == {0}
