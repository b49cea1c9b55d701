"""The ledger in DynamoDB, by moto."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dialtone.domain.recordings import COPIED, FAILED, SAVED, VERIFIED, AudioCopy, TranscriptCopy
from tests.integration.archiving import ArchiveHouse, entry
from tests.integration.deliveries import LEG, SESSION

if TYPE_CHECKING:
    from collections.abc import Iterator

AUDIO = AudioCopy("recordings/1.wav", 64_044, "c0ffee", None)
NAME = entry().name


@pytest.fixture
def house(aws: None) -> Iterator[ArchiveHouse]:
    del aws
    with ArchiveHouse.open() as house:
        yield house


def test_an_entry_goes_on_with_all_that_is_known_of_it(house: ArchiveHouse) -> None:
    copied = replace(entry(), status=COPIED, audio=AUDIO, recording_id="r-1")

    marked = house.store.mark_recording(copied, was=(SAVED,))

    assert marked
    assert house.store.recording(SESSION, NAME) == copied


def test_an_entry_does_not_go_on_from_another_status(house: ArchiveHouse) -> None:
    verified = replace(entry(), status=VERIFIED, audio=AUDIO)
    house.store.mark_recording(verified, was=(SAVED,))

    marked = house.store.mark_recording(replace(entry(), status=FAILED, reason="late"), was=(SAVED, COPIED, FAILED))

    assert not marked
    assert house.store.recording(SESSION, NAME) == verified


def test_only_the_first_of_two_at_once_makes_the_step(house: ArchiveHouse) -> None:
    marks = [house.store.mark_recording(replace(entry(), status=COPIED, audio=AUDIO), was=(SAVED,)) for _ in range(2)]

    assert marks == [True, False]


def test_an_entry_that_is_not_there_is_not_made(house: ArchiveHouse) -> None:
    nobody = replace(entry(), number=9)

    assert not house.store.mark_recording(replace(nobody, status=COPIED), was=(SAVED,))
    assert house.store.recording(SESSION, nobody.name) is None


def test_copies_read_as_they_were_written(house: ArchiveHouse) -> None:
    whole = replace(
        entry(), audio=replace(AUDIO, duration_millis=2_000), transcript=TranscriptCopy("k.txt", "facade", "t")
    )

    house.store.mark_recording(replace(whole, status=VERIFIED), was=(SAVED,))

    assert house.entry() == replace(whole, status=VERIFIED)


def test_the_ledger_of_a_leg_is_that_of_no_other(house: ArchiveHouse) -> None:
    other = replace(entry(), call_leg_id="another-leg")
    house.save(replace(entry(), number=2), other)

    assert {each.name for each in house.store.recordings(SESSION, LEG)} == {f"{LEG}-01", f"{LEG}-02"}
    assert len(house.store.recordings(SESSION)) == 3
