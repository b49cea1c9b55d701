"""What a caller decided about a message, while the archive takes it over or after it has."""

from dialtone.domain.calls import Call
from dialtone.domain.decisions import Decision
from dialtone.domain.recordings import DELETED, SUPERSEDED, VERIFIED, ArchiveJob, Review
from tests.integration.archiving import KEY, MAX_RECEIVES, ArchiveHouse
from tests.integration.deliveries import LEG, SESSION, event


def review(house: ArchiveHouse, verdict: str) -> ArchiveJob:
    """The caller decides; gives the job that tells the archive of it."""
    call, name = Call(SESSION, LEG), house.entry().name
    house.store.commit(
        event("call.gather.ended", 9), call, Decision(call, reviews=(Review(name, verdict),)), at_seconds=0
    )
    return ArchiveJob("metadata", SESSION, LEG, recording=name)


def test_a_message_decided_about_before_it_is_kept_is_kept_with_the_verdict(house: ArchiveHouse) -> None:
    job = review(house, SUPERSEDED)

    assert house.deliver(job) == []
    assert house.objects() == {}
    house.deliver(house.job())

    assert (house.entry().status, house.entry().review) == (VERIFIED, SUPERSEDED)
    assert house.metadata()["review"] == SUPERSEDED
    assert f"{KEY}.wav" in house.objects()


def test_a_message_decided_about_afterwards_is_reported_again_and_its_audio_stays(house: ArchiveHouse) -> None:
    house.deliver(house.job())
    assert house.metadata()["review"] is None

    assert house.deliver(review(house, DELETED)) == []

    assert house.metadata()["review"] == DELETED
    assert (house.entry().status, house.versions(f"{KEY}.wav")) == (VERIFIED, 1)


def test_a_verdict_that_cannot_be_reported_does_not_fail_the_recording(house: ArchiveHouse) -> None:
    house.deliver(house.job())
    unknown = ArchiveJob("metadata", SESSION, LEG, recording="no-such-entry")

    assert len(house.deliver(unknown, receives=MAX_RECEIVES)) == 1

    assert house.entry().status == VERIFIED
