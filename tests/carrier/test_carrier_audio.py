"""The audio queue of a leg: order, lengths, loops, stopping, overlay, target legs, files that are not there."""

from base64 import b64encode
from typing import Any

import pytest

from infra.carrier import Person, Silence
from infra.carrier.rendering import Span, audio_file
from infra.carrier.trace import Heard
from tests.carrier.desk import Desk, wav_of

AUDIO = "http://127.0.0.1/hours.wav"


@pytest.fixture
def desk(wav: bytes) -> Desk:
    desk = Desk()
    desk.carrier.media.publish(AUDIO, wav)
    desk.carrier.media.upload("chime", wav_of(1))
    return desk


def _sounds(desk: Desk) -> list[tuple[str, float]]:
    """The audio's events, with the time since the first of them."""
    sounds = [event for event in desk.events if ".speak." in event["event_type"] or ".playback." in event["event_type"]]
    return [(event["event_type"].removeprefix("call."), round(event["at"] - sounds[0]["at"], 1)) for event in sounds]


def _heard(desk: Desk, number: str | None = None) -> list[str]:
    return [
        seen.what
        for seen in desk.carrier.trace
        if isinstance(seen, Heard) and seen.leg is not None and number in (None, seen.leg.party)
    ]


def test_consecutive_speak_and_playback_commands_queue_and_take_their_real_time(desk: Desk) -> None:
    call = desk.answered_call()

    desk.obeyed(call, "speak", payload="x" * 30, voice="female")
    desk.obeyed(call, "playback_start", audio_url=AUDIO)
    desk.obeyed(call, "playback_start", media_name="chime", loop=2)
    desk.carrier.run_for(20)

    assert _sounds(desk) == [
        ("speak.started", 0),
        ("speak.ended", 2.0),
        ("playback.started", 2.0),
        ("playback.ended", 5.0),
        ("playback.started", 5.0),
        ("playback.ended", 7.0),
    ]
    assert _heard(desk) == ["x" * 30, AUDIO, "chime", "chime"]
    assert [payload.get("media_url") for payload in desk.of("call.playback.ended")] == [AUDIO, None]
    assert [payload.get("media_name") for payload in desk.of("call.playback.ended")] == [None, "chime"]


def test_speech_takes_half_a_second_at_least_and_markup_is_not_read_out(desk: Desk) -> None:
    call = desk.answered_call()

    desk.obeyed(call, "speak", payload="Hi", voice="female")
    ssml = "<speak>Hello <break time='1s'/><emphasis>there</emphasis></speak>"
    desk.obeyed(call, "speak", payload=ssml, payload_type="ssml", voice="AWS.Polly.Joanna")
    desk.carrier.run_for(9)

    assert _heard(desk) == ["Hi", "Hello there"]
    assert _sounds(desk)[:2] == [("speak.started", 0), ("speak.ended", 0.5)]


def test_an_mp3_plays_as_long_as_its_frames(desk: Desk) -> None:
    frames = b"".join(audio_file("mp3", 2, [Span(16_000, frozenset(), frozenset())]).stream())
    desk.carrier.media.publish("http://127.0.0.1/hold.mp3", b"ID3\x04\x00\x00\x00\x00\x00\x05abcde" + frames)
    call = desk.answered_call()

    desk.obeyed(call, "playback_start", audio_url="http://127.0.0.1/hold.mp3")
    desk.carrier.run_for(9)

    assert _sounds(desk) == [("playback.started", 0), ("playback.ended", 2.0)]


def test_music_that_loops_for_ever_plays_until_it_is_stopped(desk: Desk) -> None:
    call = desk.answered_call()

    desk.obeyed(call, "playback_start", audio_url=AUDIO, loop="infinity")
    desk.carrier.run_for(1_000)
    desk.obeyed(call, "playback_stop")
    desk.carrier.run_for(1)

    assert [kind for kind, _ in _sounds(desk)] == ["playback.started", "playback.ended"]
    assert desk.of("call.playback.ended")[0]["status"] == "cancelled"


def test_stopping_the_current_prompt_lets_the_next_one_play(desk: Desk) -> None:
    call = desk.answered_call()
    desk.obeyed(call, "speak", payload="x" * 150, voice="female")
    desk.obeyed(call, "playback_start", audio_url=AUDIO)
    desk.carrier.run_for(1)

    desk.obeyed(call, "playback_stop", stop="current")
    desk.carrier.run_for(9)

    assert _sounds(desk)[1:] == [("speak.ended", 1.0), ("playback.started", 1.0), ("playback.ended", 4.0)]
    assert desk.of("call.speak.ended")[0]["status"] == "completed"
    assert desk.of("call.playback.ended")[0]["status"] == "completed"


def test_stopping_all_forgets_what_was_queued(desk: Desk) -> None:
    call = desk.answered_call()
    desk.obeyed(call, "playback_start", audio_url=AUDIO)
    desk.obeyed(call, "speak", payload="never heard", voice="female")

    desk.obeyed(call, "playback_stop")
    desk.carrier.run_for(9)

    assert [kind for kind, _ in _sounds(desk)] == ["playback.started", "playback.ended"]
    assert _heard(desk) == [AUDIO]


@pytest.mark.parametrize(
    ("stop", "heard"),
    [("current", ["first", "second", "third"]), ("all", ["first", "third"])],
)
def test_a_new_prompt_can_stop_what_came_before_it(desk: Desk, stop: str, heard: list[str]) -> None:
    call = desk.answered_call()
    desk.obeyed(call, "speak", payload="first", voice="female", loop=100)
    desk.obeyed(call, "speak", payload="second", voice="female")

    desk.obeyed(call, "speak", payload="third", voice="female", stop=stop)
    desk.carrier.run_for(9)

    assert _heard(desk) == heard


def test_overlaid_audio_plays_over_other_audio_and_stops_on_its_own(desk: Desk) -> None:
    call = desk.answered_call()
    refused = desk.command(call, "playback_start", media_name="chime", overlay=True)
    desk.obeyed(call, "playback_start", audio_url=AUDIO)

    desk.obeyed(call, "playback_start", media_name="chime", overlay=True, loop="infinity")
    desk.carrier.run_for(1)
    desk.obeyed(call, "playback_stop", overlay=True)
    desk.carrier.run_for(9)

    assert refused.status == 422
    assert [(payload["overlay"], payload["status"]) for payload in desk.of("call.playback.ended")] == [
        (True, "cancelled"),
        (False, "completed"),
    ]


@pytest.mark.parametrize(
    ("source", "status", "detail"),
    [
        ({"audio_url": "http://127.0.0.1/none.wav"}, "file_not_found", "HTTP error code 404"),
        ({"media_name": "none"}, "file_not_found", "none"),
        ({"audio_url": "http://127.0.0.1/text"}, "failed", "neither WAV nor MP3"),
        ({"playback_content": b64encode(b"RIFF\x00\x00\x00\x00junk").decode()}, "failed", "playback_content"),
    ],
)
def test_a_file_that_cannot_be_played_ends_at_once_and_says_why(
    desk: Desk, source: dict[str, Any], status: str, detail: str
) -> None:
    desk.carrier.media.publish("http://127.0.0.1/text", b"<html>not audio</html>")
    call = desk.answered_call()

    desk.obeyed(call, "playback_start", **source)
    desk.obeyed(call, "speak", payload="goes on", voice="female")
    desk.carrier.run_for(9)

    ended = desk.of("call.playback.ended")[0]
    assert desk.of("call.playback.started") == []
    assert ended["status"] == status
    assert detail in ended["status_detail"]
    assert _heard(desk) == ["goes on"]


def test_content_that_is_sent_along_is_played_and_named_nowhere(desk: Desk) -> None:
    call = desk.answered_call()

    desk.obeyed(call, "playback_start", playback_content=b64encode(wav_of(2)).decode(), audio_type="wav")
    desk.carrier.run_for(9)

    assert _sounds(desk) == [("playback.started", 0), ("playback.ended", 2.0)]
    assert not {"media_url", "media_name"} & set(desk.of("call.playback.ended")[0])


def test_audio_reaches_the_legs_that_it_is_meant_for(desk: Desk) -> None:
    desk.carrier.add_callee("+15550111", Person(answers_after=1))
    call = desk.answered_call()
    refused = desk.command(call, "speak", payload="nobody there", voice="female", target_legs="opposite")
    desk.obeyed(call, "transfer", to="+15550111")
    desk.carrier.run(when=lambda: bool(desk.of("call.bridged")))

    desk.obeyed(call, "speak", payload="for you", voice="female")
    desk.obeyed(call, "speak", payload="for the other", voice="female", target_legs="opposite")
    desk.obeyed(call, "playback_start", media_name="chime", target_legs="both")
    desk.carrier.run_for(9)

    assert refused.status == 422
    assert _heard(desk, "+15550111") == ["for the other", "chime"]
    assert [what for what in _heard(desk, "+15551234567") if what != "+15550111"] == ["for you", "chime"]


def test_a_fetched_file_is_kept_unless_the_command_says_otherwise() -> None:
    fetched: list[str] = []

    def fetch(url: str) -> bytes:
        fetched.append(url)
        if url.endswith("missing.wav"):
            raise OSError("HTTP error code 404")
        return wav_of(1)

    desk = Desk(fetch=fetch)
    call = desk.answered_call(Silence(1))

    for parameters in ({}, {}, {"cache_audio": False}):
        desk.obeyed(call, "playback_start", audio_url=AUDIO, **parameters)
    desk.obeyed(call, "playback_start", audio_url="http://127.0.0.1/missing.wav")
    desk.carrier.run_for(9)

    assert fetched == [AUDIO, AUDIO, "http://127.0.0.1/missing.wav"]
    statuses = [payload["status"] for payload in desk.of("call.playback.ended")]
    assert statuses == ["completed", "completed", "completed", "file_not_found"]
