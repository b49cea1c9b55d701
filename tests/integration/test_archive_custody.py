"""Recordings taken over from a real storage, with its faults, into S3 and DynamoDB by moto."""

import gzip
import json
import time
from collections.abc import Iterator

import pytest

from archive import audio_source, download
from archive.audio import LARGEST_BYTES
from archive.download import REDIRECTIONS
from archive.upload import copy_audio
from dialtone.domain.calls import Call
from dialtone.domain.commands import Command
from dialtone.domain.decisions import Decision
from dialtone.domain.recordings import COPIED, DOUBTFUL, FAILED, SAVED, VERIFIED, AudioCopy
from infra.carrier import mpeg
from tests.integration.archiving import (
    BEGAN_AT,
    KEY,
    MAX_RECEIVES,
    RECORDING_ID,
    ArchiveHouse,
    Served,
    entry,
    logged,
    metrics,
    sha256,
    wav,
)
from tests.integration.deliveries import CALLED, CALLER, CONTROL, LEG, SESSION, event

AUDIO = wav()
WAV_HEADER_BYTES = len(wav(0))
MP3 = mpeg.frame((None, None)) * 100
PAGE = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"


def assert_nothing_kept(house: ArchiveHouse) -> None:
    assert house.objects() == {}
    assert house.unfinished() == 0
    assert house.entry().audio is None


def test_a_recording_is_copied_proved_reported_and_its_entry_closed(
    house: ArchiveHouse, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    failed = house.deliver(house.job())

    assert failed == []
    assert house.objects().keys() == {f"{KEY}.wav", f"{KEY}.json"}
    assert house.objects()[f"{KEY}.wav"] == AUDIO
    kept = house.entry()
    assert kept.status == VERIFIED
    assert kept.audio
    assert kept.audio._replace(peaks="") == AudioCopy(f"{KEY}.wav", len(AUDIO), sha256(AUDIO), 2_000)
    reported = house.metadata()
    assert (reported["recording_id"], reported["call_control_id"], reported["connection_id"]) == (
        RECORDING_ID,
        CONTROL,
        "7267",
    )
    assert (reported["from"], reported["to"]) == (CALLER, CALLED)
    assert (reported["bytes"], reported["sha256"], reported["duration_millis"]) == (len(AUDIO), sha256(AUDIO), 2_000)
    assert metrics(capsys.readouterr().out.splitlines()) == {
        "RecordingsVerified": [1.0],
        "RecordingBytes": [float(len(AUDIO))],
    }
    assert [(line["msg"], line["sha256"]) for line in logged(caplog)] == [("audio archived", sha256(AUDIO))]


def test_what_is_stored_says_what_it_is(house: ArchiveHouse) -> None:
    house.deliver(house.job())

    types = {
        suffix: house.s3.head_object(Bucket=house.name, Key=f"{KEY}.{suffix}")["ContentType"]
        for suffix in ("wav", "json")
    }
    assert types == {"wav": "audio/wav", "json": "application/json"}


def test_no_signature_of_an_address_is_ever_logged(house: ArchiveHouse, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "archive")
    job = house.job(recording_id=RECORDING_ID)
    refused = job._replace(urls={"wav": "http://127.0.0.1:1/r.wav?X-Amz-Signature=f00d"})
    away = job._replace(urls={"wav": "s3://bucket/r.wav?X-Amz-Signature=f00d"})
    house.telnyx.served = [Served(status=500), Served(content_type="text/html"), Served(cut_after=10)]

    for each in (job, job, job, refused, away, job):
        house.deliver(each)

    assert len(logged(caplog)) == 6
    assert "Signature" not in str(logged(caplog))


def test_a_verified_recording_is_neither_fetched_nor_touched_again(
    house: ArchiveHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    house.deliver(house.job())
    asked, before = list(house.telnyx.requests), house.entry()
    capsys.readouterr()

    failed = house.deliver(house.job(), receives=2)

    assert failed == []
    assert house.telnyx.requests == asked
    assert house.entry() == before
    assert house.versions(f"{KEY}.wav") == house.versions(f"{KEY}.json") == 1
    assert metrics(capsys.readouterr().out.splitlines()) == {}


def test_a_copied_recording_is_proved_without_being_fetched_again(house: ArchiveHouse) -> None:
    house.s3.put_object(Bucket=house.name, Key=f"{KEY}.wav", Body=AUDIO)
    copied = entry()._replace(status=COPIED, audio=AudioCopy(f"{KEY}.wav", len(AUDIO), sha256(AUDIO)))
    house.store.mark_recording(copied, was=(SAVED,))

    failed = house.deliver(house.job(), receives=2)

    assert failed == []
    assert house.entry().status == VERIFIED
    assert house.telnyx.requests == []


def test_a_copied_recording_that_is_gone_is_fetched_again(house: ArchiveHouse) -> None:
    copied = entry()._replace(status=COPIED, audio=AudioCopy(f"{KEY}.wav", len(AUDIO), sha256(AUDIO)))
    house.store.mark_recording(copied, was=(SAVED,))

    failed = house.deliver(house.job(), receives=2)

    assert failed == []
    assert house.objects()[f"{KEY}.wav"] == AUDIO
    assert house.entry().status == VERIFIED


def test_what_lies_there_and_is_not_what_was_copied_is_left_as_evidence(house: ArchiveHouse) -> None:
    house.s3.put_object(Bucket=house.name, Key=f"{KEY}.wav", Body=b"something else")

    failed = house.deliver(house.job(), receives=MAX_RECEIVES)

    assert failed == [0]
    assert house.objects()[f"{KEY}.wav"] == b"something else"
    assert house.versions(f"{KEY}.wav") == 1
    assert house.entry().status == FAILED
    assert f"the object at {KEY}.wav is not the copy" in house.entry().reason
    assert house.unfinished() == 0


def test_audio_of_an_earlier_try_whose_ledger_was_never_reported_is_found_to_be_the_same(house: ArchiveHouse) -> None:
    house.s3.put_object(Bucket=house.name, Key=f"{KEY}.wav", Body=AUDIO)

    failed = house.deliver(house.job(), receives=2)

    assert failed == []
    assert house.entry().status == VERIFIED
    assert house.versions(f"{KEY}.wav") == 1
    assert house.unfinished() == 0


def test_uploads_that_died_with_their_process_are_ended(house: ArchiveHouse) -> None:
    house.s3.create_multipart_upload(Bucket=house.name, Key=f"{KEY}.wav")

    house.deliver(house.job(), receives=2)

    assert house.unfinished() == 0


def test_two_archives_at_once_end_as_one_verified_recording(house: ArchiveHouse) -> None:
    def overtaken() -> Iterator[bytes]:
        yield AUDIO[:100]
        assert house.deliver(house.job()) == []
        yield AUDIO[100:]

    copied = copy_audio(overtaken(), house.bucket, entry())

    overtaking = entry()._replace(status=COPIED, audio=copied.audio)
    assert not house.store.mark_recording(overtaking, was=(SAVED, COPIED, FAILED))
    assert house.entry().status == VERIFIED
    assert house.versions(f"{KEY}.wav") == 1
    assert house.unfinished() == 0


def test_an_archive_that_is_overtaken_leaves_what_the_faster_one_wrote(
    house: ArchiveHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    """At each of the slower one's requests, the other one runs from beginning to end."""
    for number in range(2, 12):
        second = entry()._replace(number=number)
        house.save(second)
        job = house.job(recording=second.name, recording_id=RECORDING_ID)
        countdown = [number - 2]

        def overtake(operation: str, job=job, countdown=countdown) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 -- bound above
            del operation
            countdown[0] -= 1
            if countdown[0] == -1:
                assert house.deliver(job) == []

        house.wire.before_each = overtake
        failed = house.deliver(job)
        house.wire.before_each = lambda _: None

        assert failed == []
        kept = house.entry(second.name)
        assert kept.status == VERIFIED
        assert kept.audio
        assert house.versions(kept.audio.key) == 1
        assert house.objects()[kept.audio.key] == AUDIO
    assert house.unfinished() == 0
    assert metrics(capsys.readouterr().out.splitlines())["RecordingsVerified"] == [1.0] * 10


def test_an_expired_address_is_renewed(house: ArchiveHouse) -> None:
    job = house.job()
    house.telnyx.expire()

    failed = house.deliver(job)

    assert failed == []
    assert house.entry().status == VERIFIED
    assert house.objects()[f"{KEY}.wav"] == AUDIO
    assert house.telnyx.asked("/storage") == 2
    assert house.telnyx.asked("/v2/recordings") == 1


@pytest.mark.parametrize("status", [404, 410])
def test_audio_that_is_not_under_its_address_is_asked_for_anew(house: ArchiveHouse, status: int) -> None:
    house.telnyx.served = [Served(status=status, content_type="application/xml", body=PAGE)]

    failed = house.deliver(house.job(recording_id=RECORDING_ID))

    assert failed == []
    assert house.objects()[f"{KEY}.wav"] == AUDIO


def test_a_job_older_than_its_addresses_does_not_try_them(house: ArchiveHouse) -> None:
    job = house.job()
    house.telnyx.expire()

    failed = house.deliver(job, age_seconds=audio_source.ADDRESS_SECONDS + 1)

    assert failed == []
    assert house.telnyx.asked("/storage/r.wav?X-Amz-Signature=0") == 0
    assert house.entry().recording_id == RECORDING_ID


def test_a_job_without_addresses_asks_for_them(house: ArchiveHouse) -> None:
    failed = house.deliver(house.job(urls=None))

    assert failed == []
    assert house.entry().status == VERIFIED


def test_a_recording_whose_id_the_webhook_gave_is_asked_for_by_it(house: ArchiveHouse) -> None:
    known = entry()._replace(number=2, recording_id=RECORDING_ID)
    house.save(known)

    failed = house.deliver(house.job(recording=known.name, urls=None))

    assert failed == []
    assert house.telnyx.asked(f"/v2/recordings/{RECORDING_ID}") == 1


@pytest.mark.parametrize("api_status", [401, 503])
def test_a_recording_is_copied_although_telnyx_does_not_tell_its_id(
    house: ArchiveHouse, api_status: int, caplog: pytest.LogCaptureFixture
) -> None:
    house.telnyx.api_status = api_status

    failed = house.deliver(house.job())

    assert failed == []
    assert house.entry().status == VERIFIED
    assert house.metadata()["recording_id"] is None
    [line] = logged(caplog)
    assert line["levelname"] == "WARNING"
    assert line["note"].startswith("its recording id is not known: Telnyx")


def test_a_recording_that_telnyx_does_not_list_is_copied_without_its_id(
    house: ArchiveHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house.telnyx.known = False

    failed = house.deliver(house.job())

    assert failed == []
    [line] = logged(caplog)
    assert line["note"] == "its recording id is not known: Telnyx lists no such recording"


def reason_of(house: ArchiveHouse) -> str:
    """Deliver the job a last time; give what the ledger says then."""
    assert house.deliver(house.job(), receives=MAX_RECEIVES) == [0]
    assert house.entry().status == FAILED
    assert house.unfinished() == 0
    return house.entry().reason


PAGES = (
    Served(content_type="text/html; charset=utf-8", body=PAGE),
    Served(body=PAGE),
    Served(content_type="binary/octet-stream", body=b"upstream request timeout"),
    Served(content_type="", body=b'{"errors": []}'),
    Served(body=b"ID3\x04\x00\x00\x00\x00\x00\x02ok<html>Not found</html>"),
)
CUT = (
    Served(cut_after=30_000),
    Served(cut_after=30_000, chunked=True),
    Served(length=len(AUDIO) + 1),
    Served(content_type="application/gzip", body=gzip.compress(AUDIO)[:-20]),
)


@pytest.mark.parametrize(
    ("served", "reason"),
    [
        (Served(status=500), "Telnyx's storage answered 500"),
        (Served(status=204, body=b""), "Telnyx's storage answered 204"),
        (Served(body=b""), "the response is empty"),
        (Served(body=b"", chunked=True), "the response is empty"),
        (Served(body=b"", length=None), "the response is empty"),
        (Served(status=307, location="/storage/r.wav?X-Amz-Signature=0"), "redirects more than 2 times"),
        (Served(length=LARGEST_BYTES + 1), "the largest recording of Telnyx has 2764800000 bytes"),
    ],
)
def test_what_brings_nothing_leaves_nothing_and_says_why(house: ArchiveHouse, served: Served, reason: str) -> None:
    house.telnyx.served = [served] * (REDIRECTIONS + 1)

    assert reason in reason_of(house)
    assert_nothing_kept(house)


@pytest.mark.parametrize("served", [*PAGES, *CUT])
def test_what_is_no_whole_recording_is_not_stored_while_another_try_can_bring_it(
    house: ArchiveHouse, served: Served
) -> None:
    house.telnyx.served = [served] * (MAX_RECEIVES - 1)

    for receives in range(1, MAX_RECEIVES):
        assert house.deliver(house.job(), receives=receives) == [0]
        assert_nothing_kept(house)
    assert house.deliver(house.job(), receives=MAX_RECEIVES) == []

    assert house.entry().status == VERIFIED
    assert house.objects().keys() == {f"{KEY}.wav", f"{KEY}.json"}


def test_a_page_behind_the_header_of_a_wav_is_no_audio_however_well_its_length_fits(house: ArchiveHouse) -> None:
    page = (b"<html><body>The recording is not available. " * 1_000)[: len(AUDIO) - WAV_HEADER_BYTES]
    house.telnyx.served = [Served(body=AUDIO[:WAV_HEADER_BYTES] + page)]

    reason = reason_of(house)

    assert reason.startswith("the response is text, not audio: it begins with b'<html>")
    assert reason.endswith(f"; the response is kept at {KEY}.wav")


@pytest.mark.parametrize("served", PAGES)
def test_a_page_that_comes_to_the_last_is_kept_as_what_it_is_and_fails(house: ArchiveHouse, served: Served) -> None:
    house.telnyx.served = [served]

    reason = reason_of(house)

    assert reason.startswith("the response is text, not audio: it begins with ")
    assert reason.endswith(f"; the response is kept at {KEY}.bin")
    assert house.objects()[f"{KEY}.bin"] == served.body
    assert house.metadata()["content_doubt"] in reason


@pytest.mark.parametrize("served", CUT)
def test_what_is_cut_short_to_the_last_is_kept_as_far_as_it_came_and_fails(house: ArchiveHouse, served: Served) -> None:
    house.telnyx.served = [served]

    reason = reason_of(house)

    assert "broke off" in reason or "cut short" in reason
    [kept] = [content for key, content in house.objects().items() if key.startswith(f"{KEY}.wav")]
    assert len(kept) >= 25_000
    assert AUDIO.startswith(kept)


@pytest.mark.parametrize("served", [PAGES[0], CUT[0]])
def test_what_was_kept_though_it_failed_gives_way_to_the_recording_when_it_is_put_back(
    house: ArchiveHouse, served: Served
) -> None:
    house.telnyx.served = [served, served]
    reason_of(house)
    kept = dict(house.objects())

    again = reason_of(house)
    house.deliver(house.job())

    assert "kept at" not in again
    assert house.entry().status == VERIFIED
    assert house.metadata()["key"] == f"{KEY}.2.wav"
    assert house.metadata()["content_doubt"] is None
    assert house.objects()[f"{KEY}.2.wav"] == AUDIO
    assert {key: house.objects()[key] for key in kept if not key.endswith("json")} == {
        key: content for key, content in kept.items() if not key.endswith("json")
    }


GZIPPED = gzip.compress(AUDIO)
DRESSES = (
    *(Served(content_type=each) for each in ("application/x-wav", "text/plain; charset=binary", "video/mpeg", "a/b;c")),
    Served(content_type="text/html"),
    Served(body=GZIPPED, content_encoding="gzip"),
    Served(body=GZIPPED, content_encoding="gzip", chunked=True),
    Served(body=GZIPPED),
    Served(body=gzip.compress(AUDIO[:20_000]) + gzip.compress(AUDIO[20_000:]) + bytes(300)),
    Served(content_encoding="gzip"),
    Served(length=None),
    Served(length=None, body=GZIPPED),
)


@pytest.mark.parametrize("served", DRESSES)
def test_good_audio_in_unusual_dress_is_taken(house: ArchiveHouse, served: Served) -> None:
    house.telnyx.served = [served]

    assert house.deliver(house.job()) == []

    assert house.entry().status == VERIFIED
    assert house.objects()[f"{KEY}.wav"] == AUDIO


@pytest.mark.parametrize(
    ("audio", "kind"),
    [
        (b"OggS\x00\x02" + bytes(500), "ogg"),
        (b"fLaC" + bytes(500), "flac"),
        (b"\x00\x00\x00\x20ftypM4A " + bytes(500), "m4a"),
        (b"\x80\x7f\x81" * 500, "bin"),
    ],
)
def test_audio_of_another_kind_is_kept_at_once_and_doubtful(house: ArchiveHouse, audio: bytes, kind: str) -> None:
    house.telnyx.served = [Served(body=audio)]

    assert house.deliver(house.job()) == []

    assert house.entry().status == DOUBTFUL
    assert house.entry().format == kind
    assert house.objects()[f"{KEY}.{kind}"] == audio
    assert house.metadata()["content_doubt"] == "its length cannot be measured: it is neither WAV nor MP3"


def test_a_recording_that_holds_next_to_nothing_of_a_long_talk_is_doubtful_and_rings(
    house: ArchiveHouse, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    talk = entry()._replace(number=2, ended_at="2026-09-21T12:23:03.000000Z")
    house.save(talk)
    house.telnyx.audio, house.telnyx.known = {"wav": wav(0)}, False

    assert house.deliver(house.job(recording=talk.name)) == []

    kept = house.entry(talk.name)
    assert (kept.status, kept.content_doubt) == (DOUBTFUL, "it plays 0.0 s; the recorder ran 1380.0 s: too short")
    assert kept.audio
    assert house.objects()[kept.audio.key] == wav(0)
    assert json.loads(house.objects()[kept.audio.key.replace("wav", "json")])["content_doubt"] == kept.content_doubt
    assert metrics(capsys.readouterr().out.splitlines()) == {"RecordingsDoubtful": [1.0], "RecordingBytes": [44.0]}
    [line] = logged(caplog)
    assert (line["levelname"], line["doubt"]) == ("WARNING", kept.content_doubt)


def doubtful(house: ArchiveHouse) -> None:
    """Take a recording over of which next to nothing came."""
    good = house.telnyx.audio
    house.telnyx.audio = {"wav": wav(0)}
    assert house.deliver(house.job()) == []
    assert house.entry().status == DOUBTFUL
    house.telnyx.audio = good


def test_a_doubtful_recording_becomes_verified_when_its_job_comes_again_and_telnyx_has_more(
    house: ArchiveHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    doubtful(house)
    capsys.readouterr()

    assert house.deliver(house.job(), receives=2) == []

    assert house.entry().status == VERIFIED
    assert house.entry().content_doubt == ""
    assert house.objects()[f"{KEY}.wav"] == wav(0)
    assert house.objects()[f"{KEY}.2.wav"] == AUDIO
    assert house.metadata()["key"] == f"{KEY}.2.wav"
    assert metrics(capsys.readouterr().out.splitlines())["RecordingsVerified"] == [1.0]


@pytest.mark.parametrize("worse", [wav(0), b"OggS\x00\x02"])
def test_a_doubtful_recording_stays_as_it_is_while_nothing_better_comes(
    house: ArchiveHouse, worse: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    doubtful(house)
    house.telnyx.audio = {"wav": worse}
    before, _ = house.entry(), capsys.readouterr()

    assert house.deliver(house.job(), receives=2) == []

    assert house.entry() == before
    assert metrics(capsys.readouterr().out.splitlines()) == {}
    assert house.unfinished() == 0


@pytest.mark.parametrize("api_status", [200, 503])
def test_a_doubtful_recording_is_not_judged_again_by_less_than_before(house: ArchiveHouse, api_status: int) -> None:
    """Its webhook did not say when it ended: only Telnyx's API knows how long it is."""
    house.store.mark_recording(entry(ended_at=""), was=(SAVED,))
    house.telnyx.audio = {"wav": wav(0.5)}
    assert house.deliver(house.job()) == []
    before = house.entry()
    assert (before.status, before.recording_id) == (DOUBTFUL, RECORDING_ID)
    house.telnyx.api_status = api_status

    house.deliver(house.job(), receives=2)

    assert house.entry() == before


@pytest.mark.parametrize("served", [Served(status=500), PAGES[0], CUT[0]])
def test_a_doubtful_recording_does_not_fail_because_it_could_not_be_fetched_again(
    house: ArchiveHouse, served: Served
) -> None:
    doubtful(house)
    before = house.entry()
    house.telnyx.served = [served]

    assert house.deliver(house.job(), receives=MAX_RECEIVES) == []

    assert house.entry() == before


def test_an_mp3_that_was_cut_at_its_source_is_doubtful(house: ArchiveHouse) -> None:
    minute = entry()._replace(number=2, ended_at="2026-09-21T12:01:03.000000Z", channels="single")
    house.save(minute)
    house.telnyx.known, house.telnyx.audio = False, {"mp3": mpeg.frame((None,)) * 800 + b"\xff\xfb\x18"}

    house.deliver(house.job(recording=minute.name))

    assert house.entry(minute.name).content_doubt == "it plays 28.8 s; the recorder ran 60.0 s: too short"


def test_one_channel_where_telnyx_says_two_is_doubtful(house: ArchiveHouse) -> None:
    house.telnyx.audio = {"wav": wav(channels=1)}

    house.deliver(house.job())

    assert house.entry().content_doubt == "it has 1 channel, and Telnyx says 2"


def test_a_recording_that_was_paused_may_be_as_much_shorter(house: ArchiveHouse) -> None:
    minute = entry()._replace(number=2, ended_at="2026-09-21T12:01:03.000000Z")
    house.save(minute)
    house.telnyx.known = False
    for place, (action, second) in enumerate((("record_pause", 5), ("record_resume", 63)), start=7):
        pausing = Call(SESSION, LEG, version=place - 6)
        moment = f"2026-09-21T12:00:{second:02d}.000000Z" if second < 60 else "2026-09-21T12:01:02.000000Z"
        happened = event("call.dtmf.received", place)._replace(occurred_at=moment)
        decision = Decision(pausing, (Command(action, CONTROL, {}),))
        house.store.commit(happened, pausing, decision, at_seconds=0.0)

    house.deliver(house.job(recording=minute.name))

    assert house.entry(minute.name).status == VERIFIED


def test_a_transcript_lies_beside_a_doubtful_recording_too(house: ArchiveHouse) -> None:
    doubtful(house)

    assert house.deliver(house.transcript_job()) == []

    assert house.entry().status == DOUBTFUL
    assert house.metadata()["transcript_key"] == f"{KEY}.txt"


def test_a_recording_in_s3s_nameless_type_or_in_chunks_or_redirected_is_taken(house: ArchiveHouse) -> None:
    paths = (
        Served(content_type="binary/octet-stream"),
        Served(content_type="application/octet-stream"),
        Served(content_type="audio/x-wav"),
        Served(content_type=""),
        Served(chunked=True),
        Served(status=307, location="/storage/r.wav?X-Amz-Signature=0"),
    )
    for number, served in enumerate(paths, start=2):
        each = entry()._replace(number=number, recording_id=RECORDING_ID)
        house.save(each)
        house.telnyx.served = [served]

        assert house.deliver(house.job(recording=each.name)) == []
        assert house.entry(each.name).status == VERIFIED


def test_a_storage_that_cannot_be_reached_is_named(house: ArchiveHouse) -> None:
    job = house.job(urls={"wav": "http://127.0.0.1:1/r.wav?X-Amz-Signature=f00d"})

    house.deliver(job, receives=MAX_RECEIVES)

    assert house.entry().reason == "Telnyx's storage could not be reached: ConnectionRefusedError"


def test_a_storage_that_falls_silent_is_given_up_after_its_time(
    house: ArchiveHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "READ_SECONDS", 0.1)
    house.telnyx.served = [Served(pause_seconds=0.5)]

    assert reason_of(house) == "Telnyx's storage broke off: TimeoutError"
    assert_nothing_kept(house)


def test_a_storage_that_trickles_does_not_use_up_the_time_of_others(house: ArchiveHouse) -> None:
    house.telnyx.audio["wav"] = wav(60.0)
    house.telnyx.served = [Served(pause_seconds=0.05)]

    began = time.monotonic()
    house.deliver(house.job(), receives=MAX_RECEIVES - 1, left_millis=10_500)

    assert time.monotonic() - began < 2
    assert_nothing_kept(house)
    house.telnyx.served = [Served(pause_seconds=0.05)]
    house.deliver(house.job(), receives=MAX_RECEIVES, left_millis=10_500)

    assert house.entry().reason.startswith(
        "not copied in time: Telnyx's storage or S3 is slow; the response is kept at"
    )


def test_the_format_that_was_asked_for_is_preferred_and_the_other_one_taken_where_it_is_all(
    house: ArchiveHouse,
) -> None:
    house.telnyx.audio = {"mp3": MP3, "wav": AUDIO}
    house.deliver(house.job())
    asked_for = house.entry().format
    only = entry()._replace(number=2)
    house.save(only)
    house.telnyx.audio = {"mp3": MP3}

    house.deliver(house.job(recording=only.name))

    assert asked_for == "wav"
    kept = house.entry(only.name)
    assert kept.format == "mp3"
    assert kept.audio
    assert kept.audio.key.endswith("-02.mp3")
    assert kept.audio.duration_millis == 3_600
    assert house.s3.head_object(Bucket=house.name, Key=kept.audio.key)["ContentType"] == "audio/mpeg"


def test_audio_is_filed_by_what_it_is_and_not_by_what_its_address_says(house: ArchiveHouse) -> None:
    house.telnyx.audio = {"mp3": AUDIO}

    house.deliver(house.job())

    assert house.objects()[f"{KEY}.wav"] == AUDIO
    assert house.entry().format == "wav"


def test_a_duration_that_the_audio_does_not_tell_is_telnyxs(house: ArchiveHouse) -> None:
    house.telnyx.audio = {"mp3": b"OggS\x00\x02"}

    house.deliver(house.job())

    assert house.metadata()["duration_millis"] == 2_345


def test_a_duration_that_nobody_tells_is_null(house: ArchiveHouse) -> None:
    house.telnyx.audio, house.telnyx.known = {"mp3": b"OggS\x00\x02"}, False

    house.deliver(house.job())

    assert house.metadata()["duration_millis"] is None


def test_telnyxs_custom_storage_is_named_and_left_alone(house: ArchiveHouse) -> None:
    for urls in ({"wav": "s3://my-bucket/2026/r.wav?x=y"}, {"mp3": "s3://my-bucket/2026/r.wav"}):
        house.deliver(house.job(urls=urls), receives=MAX_RECEIVES)

        assert house.entry().status == FAILED
        assert house.entry().reason == "Telnyx put it into your own storage, where it stays: s3://my-bucket/…"
    assert house.telnyx.requests == []


def test_custom_storage_behind_a_fresh_address_is_named_too(house: ArchiveHouse) -> None:
    house.telnyx.api_addresses = {"wav": "s3://my-bucket/r.wav"}

    house.deliver(house.job(urls=None), receives=MAX_RECEIVES)

    assert house.entry().reason.endswith("s3://my-bucket/…")


@pytest.mark.parametrize(
    ("known", "addresses", "reason"),
    [
        (False, None, "Telnyx lists no such recording"),
        (True, {}, "Telnyx gives no other as mp3 or wav"),
        (True, {"ogg": "https://recordings.example/r.ogg"}, "Telnyx gives no other as mp3 or wav"),
    ],
)
def test_an_expired_address_without_another_says_so(
    house: ArchiveHouse, *, known: bool, addresses: dict[str, str] | None, reason: str
) -> None:
    house.telnyx.known, house.telnyx.api_addresses = known, addresses
    job = house.job()
    house.telnyx.expire()

    house.deliver(job, receives=MAX_RECEIVES)

    assert reason in house.entry().reason


def test_telnyxs_api_in_trouble_is_reported_when_only_it_could_help(house: ArchiveHouse) -> None:
    house.telnyx.api_status = 503

    house.deliver(house.job(urls=None), receives=MAX_RECEIVES)

    assert house.entry().reason.startswith("Telnyx is unavailable")


def test_a_fresh_address_that_is_refused_too_is_tried_again_later(house: ArchiveHouse) -> None:
    house.telnyx.served = [Served(status=403, content_type="application/xml", body=PAGE)] * 2

    assert house.deliver(house.job()) == [0]
    assert house.entry().status == SAVED
    assert house.deliver(house.job(), receives=2) == []
    assert house.entry().status == VERIFIED


def test_a_failed_recording_whose_job_is_put_back_is_taken_over(house: ArchiveHouse) -> None:
    house.telnyx.served = [Served(status=500)]
    house.deliver(house.job(), receives=MAX_RECEIVES)
    failed = house.entry()

    house.deliver(house.job(), receives=1)

    assert failed.status == FAILED
    assert house.entry().status == VERIFIED
    assert house.entry().reason == ""


def test_a_leg_that_is_not_known_any_more_leaves_its_ids_open(house: ArchiveHouse) -> None:
    house.dynamodb.delete_item(
        TableName=house.name, Key={"call_session_id": {"S": SESSION}, "item": {"S": f"LEG#{LEG}"}}
    )

    house.deliver(house.job())

    assert house.metadata()["call_control_id"] is None
    assert house.entry().status == VERIFIED


def test_metadata_that_the_ledger_outran_is_written_again(house: ArchiveHouse) -> None:
    def later(operation: str) -> None:
        if operation == "PutObject":
            house.wire.before_each = lambda _: None
            now = house.entry()
            house.store.mark_recording(now._replace(ended_at="2026-09-21T12:00:06.000000Z"), was=(COPIED,))

    house.wire.before_each = later
    house.deliver(house.job())

    assert house.metadata()["ended_at"] == "2026-09-21T12:00:06.000000Z"


def test_an_entry_that_never_rests_is_a_fault(house: ArchiveHouse) -> None:
    turn = iter(range(1_000))

    def restless(operation: str) -> None:
        if operation == "PutObject":
            name = {"call_session_id": {"S": SESSION}, "item": {"S": f"RECORDING#{entry().name}"}}
            house.dynamodb.update_item(
                TableName=house.name,
                Key=name,
                UpdateExpression="SET ended_at = :now",
                ExpressionAttributeValues={":now": {"S": str(next(turn))}},
            )

    house.wire.before_each = restless

    assert house.deliver(house.job()) == [0]
    assert house.entry().status == COPIED


@pytest.mark.parametrize("at", ["UpdateItem", "PutObject"])
def test_an_entry_that_somebody_removes_meanwhile_is_not_made_up(house: ArchiveHouse, at: str) -> None:
    def removed(operation: str) -> None:
        if operation == at:
            house.wire.before_each = lambda _: None
            name = {"call_session_id": {"S": SESSION}, "item": {"S": f"RECORDING#{entry().name}"}}
            house.dynamodb.delete_item(TableName=house.name, Key=name)

    house.wire.before_each = removed

    assert house.deliver(house.job()) == [0]
    assert house.store.recordings(SESSION) == ()


def test_an_object_that_vanishes_before_it_is_proved_is_not_called_verified(house: ArchiveHouse) -> None:
    def vanish(operation: str) -> None:
        if operation == "GetObject":
            house.wire.before_each = lambda _: None
            house.s3.delete_object(Bucket=house.name, Key=f"{KEY}.wav")

    house.wire.before_each = vanish

    assert house.deliver(house.job()) == [0]
    assert house.entry().status == COPIED
    assert house.deliver(house.job(), receives=2) == []
    assert house.entry().status == VERIFIED


def test_metadata_stays_the_same_bytes_however_often_it_is_written(house: ArchiveHouse) -> None:
    house.deliver(house.job())
    once = house.objects()[f"{KEY}.json"]
    house.store.mark_recording(house.entry()._replace(status=COPIED), was=(VERIFIED,))

    house.deliver(house.job(), receives=2)

    assert house.objects()[f"{KEY}.json"] == once
    assert json.loads(once)["started_at"] == BEGAN_AT


def test_all_of_a_recording_is_tagged_with_the_days_that_its_flow_has_it_kept(house: ArchiveHouse) -> None:
    house.save(entry(retention_days=30))

    house.deliver(house.job())
    house.deliver(house.transcript_job())

    for ending in ("wav", "json", "txt"):
        tags = house.s3.get_object_tagging(Bucket=house.name, Key=f"{KEY}.{ending}")["TagSet"]
        assert tags == [{"Key": "retention-days", "Value": "30"}]


def test_a_failed_recording_is_not_opened_again_by_a_try_that_learns_nothing_new(house: ArchiveHouse) -> None:
    """Else a sweep would queue it again, whose tries open it again, for a day."""
    doubtful(house)
    house.telnyx.audio = {"wav": wav(0)}
    kept = house.entry()
    assert kept.audio
    house.s3.put_object(Bucket=house.name, Key=kept.audio.key, Body=b"other bytes")
    house.store.mark_recording(kept._replace(status=FAILED, reason="given up"), was=(DOUBTFUL,))

    failed = house.deliver(house.job())

    assert failed == [0]
    assert house.entry().status == FAILED
    assert [each.recording for each in house.store.due_items(9e9, 10) if each.recording] == []
