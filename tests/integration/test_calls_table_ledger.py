"""The ledger in DynamoDB, by moto."""

from datetime import datetime

import pytest

from dialtone.adapters.calls_table import DueItem
from dialtone.adapters.dynamodb_items import attributes
from dialtone.domain.recordings import (
    COPIED,
    DOUBTFUL,
    FAILED,
    FIRST_LOOK_SECONDS,
    SAVED,
    VERIFIED,
    AudioCopy,
    Recording,
    TranscriptCopy,
)
from tests.integration.archiving import ArchiveHouse, entry
from tests.integration.deliveries import LEG, SESSION

FOR_EVER = 9_999_999_999
AUDIO = AudioCopy("recordings/1.wav", 64_044, "c0ffee", None)
NAME = entry().name


def test_an_entry_goes_on_with_all_that_is_known_of_it(house: ArchiveHouse) -> None:
    copied = entry()._replace(status=COPIED, audio=AUDIO, recording_id="r-1")

    marked = house.store.mark_recording(copied, was=(SAVED,))

    assert marked
    assert house.store.recording(SESSION, NAME) == copied


def test_an_entry_does_not_go_on_from_another_status(house: ArchiveHouse) -> None:
    verified = entry()._replace(status=VERIFIED, audio=AUDIO)
    house.store.mark_recording(verified, was=(SAVED,))

    marked = house.store.mark_recording(entry()._replace(status=FAILED, reason="late"), was=(SAVED, COPIED, FAILED))

    assert not marked
    assert house.store.recording(SESSION, NAME) == verified


def test_only_the_first_of_two_at_once_makes_the_step(house: ArchiveHouse) -> None:
    marks = [house.store.mark_recording(entry()._replace(status=COPIED, audio=AUDIO), was=(SAVED,)) for _ in range(2)]

    assert marks == [True, False]


def test_an_entry_that_is_not_there_is_not_made(house: ArchiveHouse) -> None:
    nobody = entry()._replace(number=9)

    assert not house.store.mark_recording(nobody._replace(status=COPIED), was=(SAVED,))
    assert house.store.recording(SESSION, nobody.name) is None


def test_copies_read_as_they_were_written(house: ArchiveHouse) -> None:
    whole = entry()._replace(
        audio=AUDIO._replace(duration_millis=2_000), transcript=TranscriptCopy("k.txt", "facade", "t")
    )

    house.store.mark_recording(whole._replace(status=VERIFIED), was=(SAVED,))

    assert house.entry() == whole._replace(status=VERIFIED)


def test_the_ledger_of_a_leg_is_that_of_no_other(house: ArchiveHouse) -> None:
    other = entry()._replace(call_leg_id="another-leg")
    house.save(entry()._replace(number=2), other)

    assert {each.name for each in house.store.recordings(SESSION, LEG)} == {f"{LEG}-01", f"{LEG}-02"}
    assert len(house.store.recordings(SESSION)) == 3


def due(house: ArchiveHouse, now: float, most: int) -> tuple[DueItem, ...]:
    """Give the entries that are due; the leg of the call is due as well."""
    return tuple(each for each in house.store.due_items(now, most + 1) if each.recording)[:most]


def asked_at(recording: Recording) -> int:
    return int(datetime.fromisoformat(recording.requested_at).timestamp())


def test_an_open_entry_is_due_once_most_calls_are_over(house: ArchiveHouse) -> None:
    first_look = asked_at(entry()) + FIRST_LOOK_SECONDS

    assert due(house, first_look - 1, 10) == ()
    assert due(house, first_look, 10) == (DueItem(SESSION, f"RECORDING#{NAME}", first_look),)


@pytest.mark.parametrize("status", [VERIFIED, DOUBTFUL, FAILED])
def test_a_settled_entry_leaves_the_index(house: ArchiveHouse, status: str) -> None:
    house.store.mark_recording(entry()._replace(status=COPIED, audio=AUDIO), was=(SAVED,))
    assert len(due(house, FOR_EVER, 10)) == 1

    house.store.mark_recording(entry()._replace(status=status, audio=AUDIO), was=(COPIED,))

    assert due(house, FOR_EVER, 10) == ()
    stored = house.dynamodb.get_item(
        TableName=house.name, Key=attributes({"call_session_id": SESSION, "item": f"RECORDING#{NAME}"})
    )["Item"]
    assert "due_shard" not in stored
    assert "due_at" not in stored


def test_a_failed_entry_whose_job_is_put_back_is_due_again(house: ArchiveHouse) -> None:
    house.store.mark_recording(entry()._replace(status=FAILED, reason="late"), was=(SAVED,))

    house.store.mark_recording(entry()._replace(status=COPIED, audio=AUDIO), was=(FAILED,))

    assert len(due(house, FOR_EVER, 10)) == 1


def test_an_entry_committed_as_settled_is_never_due(house: ArchiveHouse) -> None:
    house.save(entry()._replace(status=FAILED, reason="refused"))

    assert due(house, FOR_EVER, 10) == ()


def test_the_oldest_are_due_first_and_no_more_than_asked_for(house: ArchiveHouse) -> None:
    later = [
        entry()._replace(number=number, requested_at=f"2026-09-21T12:{50 - number:02d}:00.000000Z")
        for number in range(1, 13)
    ]
    house.save(*later)

    found = due(house, FOR_EVER, 5)

    assert [each.recording for each in found] == [f"{LEG}-{number:02d}" for number in (12, 11, 10, 9, 8)]


def test_an_entry_is_moved_on_by_one_of_two_at_once(house: ArchiveHouse) -> None:
    [found] = due(house, FOR_EVER, 10)

    moved = [house.store.move_due(found, found.due_at + 240) for _ in range(2)]

    assert moved == [True, False]
    assert due(house, FOR_EVER, 10) == (found._replace(due_at=found.due_at + 240),)
    assert house.entry() == entry()


def test_a_settled_entry_is_not_moved_on(house: ArchiveHouse) -> None:
    [found] = due(house, FOR_EVER, 10)
    house.store.mark_recording(entry()._replace(status=FAILED), was=(SAVED,))

    assert not house.store.move_due(found, found.due_at + 240)
    assert due(house, FOR_EVER, 10) == ()


def test_an_entry_of_before_there_was_an_index_is_not_due_until_its_status_changes(house: ArchiveHouse) -> None:
    key = attributes({"call_session_id": SESSION, "item": f"RECORDING#{NAME}"})
    house.dynamodb.update_item(TableName=house.name, Key=key, UpdateExpression="REMOVE due_shard, due_at")
    assert due(house, FOR_EVER, 10) == ()
    assert house.entry() == entry()

    house.store.mark_recording(entry()._replace(status=COPIED, audio=AUDIO), was=(SAVED,))

    assert len(due(house, FOR_EVER, 10)) == 1
