"""Recordings: what is in the file, when it ends, where it can be fetched and for how long."""

import io
import re
import tracemalloc
import wave
from array import array
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from archive.audio import format_of, meter
from infra.carrier import BEEP, Application, Hear, Person, Press, Request, Response, Say, Silence, mpeg
from infra.carrier.trace import Downloaded, RecordingChanged
from tests.carrier.desk import CONNECTION, URL, Desk


def _get(desk: Desk, url: str, method: str = "GET", **headers: str) -> Response:
    parts = urlsplit(url)
    return desk.carrier.handle(Request(method, parts.path, dict(parse_qsl(parts.query)), headers))


def _saved_wav(desk: Desk, number: int = 0) -> wave.Wave_read:
    desk.carrier.run(when=lambda: len(desk.of("call.recording.saved")) > number)
    response = _get(desk, desk.of("call.recording.saved")[number]["recording_urls"]["wav"])
    assert response.status == 200
    assert response.headers["content-type"] == "audio/wav"
    content = response.content()
    assert len(content) == int(response.headers["content-length"])
    file: wave.Wave_read = wave.open(io.BytesIO(content))  # noqa: SIM115 - the caller's `with` closes it
    return file


def _audible(file: wave.Wave_read, channel: int = 0) -> list[bool]:
    """Give for each tenth of a second whether a channel sounds."""
    file.rewind()
    samples = array("h", file.readframes(file.getnframes()))[channel :: file.getnchannels()]
    tenth = file.getframerate() // 10
    return [any(samples[start : start + tenth]) for start in range(0, len(samples) - tenth + 1, tenth)]


def _seconds(file: wave.Wave_read) -> float:
    return file.getnframes() / file.getframerate()


def test_a_recording_is_a_wav_file_of_the_length_recorded() -> None:
    desk = Desk()
    call = desk.answered_call(Say(5), Silence(5))

    desk.obeyed(call, "record_start", format="wav", channels="single")
    desk.carrier.run_for(7.5)
    desk.obeyed(call, "record_stop")

    with _saved_wav(desk) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8_000)
        assert _seconds(file) == pytest.approx(7.5)
        assert _audible(file)[2:48] == [True] * 46
        assert _audible(file)[52:] == [False] * 23


def test_paused_stretches_are_missing() -> None:
    desk = Desk()
    call = desk.answered_call(Silence(10), Say(5), Silence(10))
    desk.obeyed(call, "record_start", format="wav", channels="single")
    desk.carrier.run_for(8)

    desk.obeyed(call, "record_pause")
    desk.carrier.run_for(9)
    desk.obeyed(call, "record_resume")
    desk.carrier.run_for(4)
    desk.obeyed(call, "hangup")

    with _saved_wav(desk) as file:
        assert _seconds(file) == pytest.approx(12)
        assert not any(_audible(file))
    changes = [seen.change for seen in desk.carrier.trace if isinstance(seen, RecordingChanged)]
    assert changes == ["started", "paused", "resumed", "stopped", "saved"]
    assert not any("pause" in kind or "resume" in kind for kind in desk.types())


def test_pausing_twice_or_resuming_what_runs_changes_nothing() -> None:
    desk = Desk()
    call = desk.answered_call()
    desk.obeyed(call, "record_start", format="wav", channels="single")
    desk.carrier.run_for(1)

    for action in ("record_resume", "record_pause", "record_pause"):
        desk.obeyed(call, action)
        desk.carrier.run_for(1)
    desk.obeyed(call, "record_stop")

    with _saved_wav(desk) as file:
        assert _seconds(file) == pytest.approx(2)


def test_two_channels_hold_the_party_on_the_first_and_the_rest_on_the_second() -> None:
    desk = Desk()
    call = desk.answered_call(Say(2), Silence(5))
    desk.obeyed(call, "record_start", format="wav", channels="dual")
    desk.carrier.run_for(3)
    desk.obeyed(call, "speak", payload="x" * 30, voice="female")
    desk.carrier.run_for(3)

    desk.obeyed(call, "record_stop")

    with _saved_wav(desk) as file:
        assert file.getnchannels() == 2
        party, rest = _audible(file, 0), _audible(file, 1)
    assert party[2:18] == [True] * 16
    assert not any(party[25:])
    assert not any(rest[:29])
    assert rest[31:49] == [True] * 18


@pytest.mark.parametrize(("track", "speech", "prompt"), [("inbound", True, False), ("outbound", False, True)])
def test_a_single_track_is_mono_and_holds_one_side_only(track: str, speech: bool, prompt: bool) -> None:  # noqa: FBT001 - expectations
    desk = Desk()
    call = desk.answered_call(Say(2), Silence(5))
    desk.obeyed(call, "record_start", format="wav", channels="dual", recording_track=track)
    desk.carrier.run_for(3)
    desk.obeyed(call, "speak", payload="x" * 30, voice="female")
    desk.carrier.run_for(3)

    desk.obeyed(call, "record_stop")

    with _saved_wav(desk) as file:
        assert file.getnchannels() == 1
        audible = _audible(file)
    assert audible[10] is speech
    assert audible[40] is prompt
    assert desk.of("call.recording.saved")[0]["channels"] == "single"


def test_silence_after_speech_ends_a_recording_that_asks_for_it() -> None:
    desk = Desk()
    call = desk.answered_call(Silence(20), Say(4), Silence(2), Say(4), Silence(60))

    desk.obeyed(call, "record_start", format="wav", channels="single", timeout_secs=3)

    with _saved_wav(desk) as file:
        assert _seconds(file) == pytest.approx(20 + 4 + 2 + 4 + 3, abs=0.1)


def test_the_greatest_length_ends_a_recording_and_pauses_do_not_count() -> None:
    desk = Desk()
    call = desk.answered_call()
    desk.obeyed(call, "record_start", format="wav", channels="single", max_length=10)
    desk.carrier.run_for(4)
    desk.obeyed(call, "record_pause")
    desk.carrier.run_for(30)
    desk.obeyed(call, "record_resume")

    with _saved_wav(desk) as file:
        assert _seconds(file) == pytest.approx(10)


def test_a_beep_is_heard_and_recorded() -> None:
    desk = Desk()
    call = desk.answered_call(BEEP, Press("1"))

    desk.obeyed(call, "record_start", format="wav", channels="single", play_beep=True)
    desk.carrier.run_for(2)
    desk.obeyed(call, "record_stop")

    with _saved_wav(desk) as file:
        assert _audible(file)[:4] == [True] * 4
    assert [payload["digit"] for payload in desk.of("call.dtmf.received")] == ["1"]


def test_trimming_cuts_the_silence_at_both_ends() -> None:
    desk = Desk()
    call = desk.answered_call(Silence(5), Say(2), Silence(1), Say(2), Silence(9))
    desk.obeyed(call, "record_start", format="wav", channels="single", trim="trim-silence")
    desk.carrier.run_for(15)

    desk.obeyed(call, "record_stop")

    with _saved_wav(desk) as file:
        assert _seconds(file) == pytest.approx(5)
    [reported] = desk.api("GET", "/recordings").json()["data"]
    assert reported["duration_millis"] == 5_000


@pytest.mark.parametrize("form", ["wav", "mp3"])
@pytest.mark.parametrize("trim", [None, "trim-silence"])
def test_a_recording_plays_for_as_long_as_its_file_does_by_the_archives_own_measure(
    form: str, trim: str | None
) -> None:
    desk = Desk()
    call = desk.answered_call(Silence(5), Say(2), Silence(9))
    desk.obeyed(call, "record_start", format=form, channels="dual", **({"trim": trim} if trim else {}))
    desk.carrier.run_for(4)
    desk.obeyed(call, "record_pause")
    desk.carrier.run_for(2)
    desk.obeyed(call, "record_resume")
    desk.carrier.run_for(4)
    desk.obeyed(call, "record_stop")
    desk.carrier.run_for(5)

    [reported] = desk.api("GET", "/recordings").json()["data"]
    content = _get(desk, reported["download_urls"][form]).content()
    measure = meter(format_of(content))
    measure.feed(content)
    sound = measure.sound()

    assert abs((sound.duration_millis or 0) - reported["duration_millis"]) <= 36  # an MP3's last frame is filled up
    assert sound.channels == 2


def test_a_call_can_be_recorded_from_its_answer() -> None:
    desk = Desk()
    answers: list[dict[str, Any]] = []
    desk.on["call.initiated"] = lambda payload: answers.append(
        desk.obeyed(payload["call_control_id"], "answer", record="record-from-answer", record_format="wav")
    )
    line = desk.carrier.call("+15551234567", "+15550100")
    desk.carrier.run_for(10)
    line.hang_up()

    with _saved_wav(desk) as file:
        assert file.getnchannels() == 2
        assert _seconds(file) == pytest.approx(9.95)
    assert desk.types().index("call.hangup") < desk.types().index("call.recording.saved")
    assert desk.api("GET", f"/recordings/{answers[0]['recording_id']}").status == 200


def test_the_saved_event_holds_what_the_description_promises_and_more_only_on_request() -> None:
    promised = {
        "call_leg_id",
        "call_session_id",
        "channels",
        "client_state",
        "connection_id",
        "public_recording_urls",
        "recording_ended_at",
        "recording_started_at",
        "recording_urls",
    }
    fields = []
    for full in (False, True):
        desk = Desk(Application(CONNECTION, URL, full_recording_payload=full))
        call = desk.answered_call()
        desk.obeyed(call, "record_start", format="mp3", channels="dual")
        desk.obeyed(call, "hangup")
        desk.carrier.run()
        fields.append(set(desk.of("call.recording.saved")[0]))

    assert fields[0] == promised
    assert fields[1] > promised | {"call_control_id", "recording_id", "format"}


def test_a_file_has_the_name_that_was_asked_for_or_its_legs_and_a_timestamp() -> None:
    desk = Desk()
    call = desk.answered_call()
    for name in ({}, {"custom_file_name": "message-07"}):
        desk.obeyed(call, "record_start", format="mp3", channels="dual", **name)
    desk.obeyed(call, "hangup")
    desk.carrier.run()

    reported = desk.of("call.recording.saved")

    files = [urlsplit(each["recording_urls"]["mp3"]).path.rpartition("/")[2] for each in reported]
    assert re.fullmatch(rf"{reported[0]['call_leg_id']}-\d{{10}}\.mp3", files[0])
    assert re.fullmatch(r"message-07-\d{10}\.mp3", files[1])


def test_a_number_can_record_its_calls_itself_beside_what_is_asked_for() -> None:
    desk = Desk(Application(CONNECTION, URL, records_incoming_calls=True))
    call = desk.answered_call()

    desk.obeyed(call, "record_start", format="wav", channels="single")
    desk.obeyed(call, "hangup")
    desk.carrier.run()

    assert [each["channels"] for each in desk.of("call.recording.saved")] == ["dual", "single"]


def test_a_transcription_follows_with_the_words_that_were_recorded() -> None:
    desk = Desk()
    call = desk.answered_call(Say(2, "not this"), Silence(1), Say(2, "but this"), Say(1, "and this"))
    desk.carrier.run_for(2.5)

    desk.obeyed(call, "record_start", format="mp3", channels="single", transcription=True)
    desk.carrier.run_for(5)
    desk.obeyed(call, "record_stop")
    desk.carrier.run_for(30)

    reported = desk.of("call.recording.transcription.saved")[0]
    assert reported["transcription_text"] == "but this and this"
    listed = desk.api("GET", "/recording_transcriptions", query={"filter[recording_id]": reported["recording_id"]})
    assert [item["id"] for item in listed.json()["data"]] == [reported["recording_transcription_id"]]


def test_a_recording_that_fails_is_reported_and_cannot_be_had() -> None:
    desk = Desk()
    call = desk.answered_call()
    desk.carrier.recordings.fail_next("Unsupported backend")

    desk.obeyed(call, "record_start", format="mp3", channels="single")
    desk.obeyed(call, "record_stop")
    desk.carrier.run_for(30)

    assert [payload["reason"] for payload in desk.of("call.recording.error")] == ["Unsupported backend"]
    assert desk.of("call.recording.saved") == []
    assert desk.api("GET", "/recordings").json()["data"] == []


def test_a_download_url_is_good_for_ten_minutes_and_a_fresh_one_can_be_had() -> None:
    desk = Desk()
    call = desk.answered_call()
    desk.obeyed(call, "record_start", format="wav", channels="single")
    desk.carrier.run_for(5)
    desk.obeyed(call, "record_stop")
    desk.carrier.run_for(2)
    saved = desk.of("call.recording.saved")[0]
    url = saved["recording_urls"]["wav"]

    desk.carrier.run_for(590)
    still_good = _get(desk, url)
    desk.carrier.run_for(20)
    expired = _get(desk, url)
    found = desk.api("GET", "/recordings", query={"filter[call_leg_id]": saved["call_leg_id"]}).json()["data"]
    fresh = _get(desk, found[0]["download_urls"]["wav"])

    assert still_good.status == 200
    assert expired.status == 403
    assert expired.headers["content-type"] == "application/xml"
    assert b"<Code>AccessDenied</Code><Message>Request has expired</Message>" in expired.content()
    assert fresh.content() == still_good.content()
    assert found[0]["duration_millis"] == 5_000


def test_a_url_that_was_tampered_with_is_refused() -> None:
    desk = Desk()
    line = desk.carrier.call("+15551234567", "+15550100")
    desk.carrier.store_recording(line, 3)
    url = desk.api("GET", "/recordings").json()["data"][0]["download_urls"]["wav"]

    assert _get(desk, url).status == 200
    assert _get(desk, url.replace("X-Amz-Date=0", "X-Amz-Date=9")).status == 403
    assert _get(desk, url.replace(".wav", ".mp3")).status == 404
    assert _get(desk, url, "DELETE").status == 405


def test_ranges_are_served_from_anywhere_in_the_file() -> None:
    desk = Desk()
    call = desk.answered_call(Say(1), Silence(0.5), Say(1.25))
    desk.obeyed(call, "record_start", format="wav", channels="dual")
    desk.carrier.run_for(5)
    desk.obeyed(call, "record_stop")
    desk.carrier.run_for(2)
    url = desk.of("call.recording.saved")[0]["recording_urls"]["wav"]
    whole = _get(desk, url).content()

    for first, last in ((0, 10), (40, 50), (44, 44), (31_999, 70_001), (len(whole) - 5, len(whole) + 9)):
        part = _get(desk, url, range=f"bytes={first}-{last}")
        assert part.status == 206
        assert part.content() == whole[first : last + 1]
        assert part.headers["content-range"] == f"bytes {first}-{min(last, len(whole) - 1)}/{len(whole)}"
    assert _get(desk, url, range="bytes=-7").content() == whole[-7:]
    assert _get(desk, url, range=f"bytes={len(whole)}-").status == 416
    assert _get(desk, url, "HEAD").headers["content-length"] == str(len(whole))


def test_half_a_gigabyte_is_served_without_being_held() -> None:
    desk = Desk()
    line = desk.carrier.call("+15551234567", "+15550100")
    desk.carrier.store_recording(line, 500_000_000 / 32_000)
    url = desk.api("GET", "/recordings").json()["data"][0]["download_urls"]["wav"]
    tracemalloc.start()

    response = _get(desk, url)
    assert not isinstance(response.body, bytes)
    length = sum(len(chunk) for chunk in response.body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert length == int(response.headers["content-length"]) == 500_000_044
    assert peak < 2 * 2**20


@pytest.mark.parametrize("channels", ["single", "dual"])
def test_an_mp3_is_made_of_valid_frames_from_any_offset(channels: str) -> None:
    desk = Desk()
    call = desk.answered_call(Say(2), Silence(3))
    desk.obeyed(call, "record_start", format="mp3", channels=channels)
    desk.carrier.run_for(5)
    desk.obeyed(call, "record_stop")
    desk.carrier.run_for(2)
    url = desk.of("call.recording.saved")[0]["recording_urls"]["mp3"]

    response = _get(desk, url)
    whole = response.content()
    part = _get(desk, url, range="bytes=1000-19999").content()

    assert response.headers["content-type"] == "audio/mpeg"
    assert len(whole) == int(response.headers["content-length"])
    assert mpeg.seconds_of(whole) == pytest.approx(5, abs=0.036)
    assert part == whole[1_000:20_000]
    assert whole[:2] == b"\xff\xfb"
    assert len({whole[offset : offset + 144] for offset in range(0, len(whole), 144)}) == 2


def test_recordings_are_listed_by_page_newest_first_and_can_be_deleted() -> None:
    desk = Desk()
    line = desk.carrier.call("+15551234567", "+15550100")
    stored = [desk.carrier.store_recording(line, 1).id for _ in range(5)]

    page = desk.api("GET", "/recordings", query={"page[size]": "2", "page[number]": "2"}).json()
    deleted = desk.api("DELETE", f"/recordings/{stored[0]}")
    many = desk.api("POST", "/recordings/actions/delete", {"ids": stored[1:3]})

    assert [item["id"] for item in page["data"]] == [stored[2], stored[1]]
    assert page["meta"] == {"page_number": 2, "page_size": 2, "total_pages": 3, "total_results": 5}
    assert (deleted.status, many.status) == (200, 200)
    assert desk.api("GET", f"/recordings/{stored[0]}").status == 404
    assert desk.api("GET", "/recordings").json()["meta"]["total_results"] == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"filter[call_session_id]": "nobody's"}, 0),
        ({"filter[from]": "+15551234567"}, 1),
        ({"filter[created_at][gte]": "2026-01-01T00:00:00Z"}, 1),
        ({"filter[created_at][gte]": "2126-01-01T00:00:00Z"}, 0),
        ({"filter[end_time][lte]": "2126-01-01T00:00:00Z"}, 1),
        ({"filter[connection_id]": "another"}, 0),
        (dict.fromkeys(("filter[created_at][gte]", "filter[created_at][lte]"), "2026-01-01T00:00:00Z"), 0),
    ],
)
def test_recordings_can_be_filtered(query: dict[str, str], found: int) -> None:
    desk = Desk()
    desk.carrier.store_recording(desk.carrier.call("+15551234567", "+15550100"), 1)

    assert desk.api("GET", "/recordings", query=query).json()["meta"]["total_results"] == found


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/recordings", {"filter[colour]": "red"}),
        ("/recordings", {"filter[recording_id]": "r-1"}),
        ("/recordings", {"filter[created_at]": "2026-01-01T00:00:00Z"}),
        ("/recordings", {"filter[created_at][gt]": "2026-01-01T00:00:00Z"}),
        ("/recordings", {"filter[created_at][gte]": "yesterday"}),
        ("/recordings", {"filter[call_leg_id][gte]": "l-1"}),
        ("/recordings", {"sort": "id"}),
        ("/recordings", {"page[size]": "251"}),
        ("/recordings", {"page[number]": "0"}),
        ("/recording_transcriptions", {"filter[call_session_id]": "s-1"}),
        ("/recording_transcriptions", {"filter[end_time][gte]": "2026-01-01T00:00:00Z"}),
    ],
)
def test_a_query_that_the_description_does_not_know_is_refused(path: str, query: dict[str, str]) -> None:
    """Also where there is nothing that the filter could be held against."""
    desk = Desk()

    response = desk.api("GET", path, query=query)

    assert response.status == 422
    assert response.json()["errors"][0]["source"] == {"parameter": next(iter(query))}


def test_a_bridged_recording_holds_both_people() -> None:
    desk = Desk()
    desk.carrier.add_callee("+15550111", Person(Hear("hello"), Say(2, "good day"), answers_after=1))
    call = desk.answered_call(Silence(4), Say(2, "hello"))
    desk.obeyed(call, "transfer", to="+15550111")
    desk.carrier.run(when=lambda: bool(desk.of("call.bridged")))
    desk.obeyed(call, "record_start", format="wav", channels="dual")
    desk.carrier.run_for(8)

    desk.obeyed(call, "record_stop")

    with _saved_wav(desk) as file:
        assert any(_audible(file, 0))
        assert any(_audible(file, 1))


def test_a_transcription_can_be_looked_up_and_deleted() -> None:
    desk = Desk()
    call = desk.answered_call(Say(1, "hello"))
    desk.obeyed(call, "record_start", format="mp3", channels="single", transcription=True)
    desk.carrier.run_for(3)
    desk.obeyed(call, "record_stop")
    desk.carrier.run_for(2)
    item = desk.api("GET", "/recording_transcriptions").json()["data"][0]
    early = item["status"]
    desk.carrier.run_for(10)
    path = f"/recording_transcriptions/{item['id']}"

    found = desk.api("GET", path).json()["data"]
    deleted = desk.api("DELETE", path)

    assert (early, found["status"], found["transcription_text"]) == ("in-progress", "completed", "hello")
    assert deleted.status == 200
    assert desk.api("GET", path).status == 404


def test_a_transcription_outlives_its_recording_until_it_is_deleted_itself() -> None:
    desk = Desk()
    call = desk.answered_call(Say(1, "hello"))
    desk.obeyed(call, "record_start", format="mp3", channels="single", transcription=True)
    desk.carrier.run_for(3)
    desk.obeyed(call, "record_stop")
    desk.carrier.run_for(2)
    recording = desk.api("GET", "/recordings").json()["data"][0]["id"]
    of_it = {"filter[recording_id]": recording}
    [item] = desk.api("GET", "/recording_transcriptions", query=of_it).json()["data"]

    deleted = [desk.api("DELETE", f"/recordings/{recording}").status for _ in range(2)]
    [still] = desk.api("GET", "/recording_transcriptions", query=of_it).json()["data"]
    gone = [desk.api("DELETE", f"/recording_transcriptions/{item['id']}").status for _ in range(2)]
    desk.carrier.run_for(10)

    assert (deleted, gone, still["id"]) == ([200, 404], [200, 404], item["id"])
    assert desk.of("call.recording.transcription.saved") == [], "what was deleted before it was completed never is"


@pytest.mark.parametrize("body", [None, {}, [1]])
def test_deleting_without_saying_what_is_refused(body: object) -> None:
    response = Desk().api("POST", "/recordings/actions/delete", body)

    assert (response.status, response.json()["errors"][0]["code"]) == (422, "10004")


def test_every_download_is_reported() -> None:
    desk = Desk()
    desk.carrier.store_recording(desk.carrier.call("+15551234567", "+15550100"), 1)
    url = desk.api("GET", "/recordings").json()["data"][0]["download_urls"]["wav"]

    _get(desk, url)
    desk.carrier.run_for(601)
    _get(desk, url)

    reported = [(seen.status, seen.size) for seen in desk.carrier.trace if isinstance(seen, Downloaded)]
    assert reported == [(200, 32_044), (403, 0)]
