"""Custody under every fault: whatever fails, before or after it took effect, the recording ends verified and whole."""

from itertools import count

import moto.s3.models
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive import upload
from dialtone.domain.recordings import VERIFIED, ArchiveJob
from tests.integration.archiving import KEY, ArchiveHouse, sha256, wav
from tests.integration.dependencies import DELIVERIES, FAULTS, Died, Fault

pytestmark = pytest.mark.no_cover  # plays again and again what other tests take

PART_BYTES = 8_192
AUDIO = wav(1.5)
MOST_REQUESTS = 16
"""More than a recording needs: 3 parts, 3 requests around them, ledger, leg, lookup, audio, metadata, proof."""

names = (f"archive-{number}" for number in count())


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a small recording have several parts."""
    monkeypatch.setattr(upload, "PART_BYTES", PART_BYTES)
    monkeypatch.setattr(moto.s3.models, "S3_UPLOAD_PART_MIN_SIZE", 1)


def deliver_until_done(house: ArchiveHouse, *jobs: ArchiveJob) -> int:
    """Deliver as SQS does, again after every death and every reported failure; give how often."""
    for receives in range(1, DELIVERIES):
        try:
            # Each time as the first or second: that the fifth is the last has tests of its own.
            if not house.deliver(*jobs, receives=min(receives, 2)):
                return receives
        except Died:
            continue
    raise AssertionError("the job was never done")


def assert_in_custody(house: ArchiveHouse) -> None:
    house.faults.plan = {}
    recording = house.entry()
    assert recording.status == VERIFIED
    assert recording.audio
    assert recording.audio.sha256 == sha256(AUDIO)
    objects = house.objects()
    assert objects[f"{KEY}.wav"] == AUDIO
    assert house.versions(f"{KEY}.wav") == 1
    assert house.metadata()["sha256"] == sha256(AUDIO)


@pytest.mark.usefixtures("aws", "small_parts")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", range(MOST_REQUESTS))
def test_one_fault_anywhere_leaves_the_recording_verified_once_and_nothing_half(place: int, fault: Fault) -> None:
    with ArchiveHouse.open(plan={place: fault}) as house:
        house.telnyx.audio["wav"] = AUDIO

        deliver_until_done(house, house.job())

        assert_in_custody(house)
        assert set(house.objects()) == {f"{KEY}.wav", f"{KEY}.json"}
        assert house.unfinished() == 0


@pytest.mark.usefixtures("aws", "small_parts")
@settings(
    max_examples=2 * settings().max_examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plan=st.dictionaries(st.integers(0, 60), st.sampled_from(FAULTS), max_size=12))
def test_any_plan_of_faults_leaves_recording_and_transcript_in_custody(plan: dict[int, Fault]) -> None:
    with ArchiveHouse.open(next(names), plan=plan) as house:
        house.telnyx.audio["wav"] = AUDIO

        deliver_until_done(house, house.job(), house.transcript_job())

        assert_in_custody(house)
        text = house.objects()[f"{KEY}.txt"]
        assert text == house.transcript_job().transcript.encode()
        assert house.metadata()["transcript_sha256"] == sha256(text)
        assert house.metadata()["transcript_key"] == f"{KEY}.txt"
        assert house.unfinished() == 0


@pytest.mark.usefixtures("aws", "small_parts")
@settings(
    max_examples=settings().max_examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plan=st.dictionaries(st.integers(0, 40), st.sampled_from(FAULTS), max_size=8), expired=st.booleans())
def test_at_no_time_is_something_to_be_seen_that_is_not_the_recording(plan: dict[int, Fault], *, expired: bool) -> None:
    with ArchiveHouse.open(next(names), plan=plan) as house:
        house.telnyx.audio["wav"] = AUDIO
        job = house.job()
        if expired:
            house.telnyx.expire()
        seen: set[bytes] = set()

        for _ in range(DELIVERIES):
            try:
                failed = house.deliver(job, receives=2)
            except Died:
                failed = [0]
            with house.unharmed():
                seen |= {content for key, content in house.objects().items() if key.endswith("wav")}
            if not failed:
                break

        assert seen == {AUDIO}
        assert_in_custody(house)
