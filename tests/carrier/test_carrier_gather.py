"""Gathering digits: how each way of entering them ends."""

from typing import Any

import pytest

from infra.carrier import Hear, Press, Silence, Step
from infra.carrier.trace import FellSilent, Heard
from tests.carrier.desk import Desk, wav_of


def _gathered(steps: list[Step], action: str = "gather", **parameters: object) -> tuple[str, str, float, Desk]:
    """Give the digits and status of a gather, and how long it took."""
    desk = Desk()
    desk.carrier.media.publish("http://127.0.0.1/menu.wav", wav_of(2))
    call = desk.answered_call(*steps)
    begun = desk.carrier.clock.now
    desk.obeyed(call, action, **parameters)
    desk.carrier.run(when=lambda: bool(desk.of("call.gather.ended")))
    ended = desk.of("call.gather.ended")[0]
    return ended["digits"], ended["status"], round(desk.carrier.clock.now - begun, 1), desk


@pytest.mark.parametrize(
    ("steps", "parameters", "digits", "status"),
    [
        ([Press("12#")], {}, "12", "valid"),
        ([Press("12*")], {"terminating_digit": "*"}, "12", "valid"),
        ([Press("1234")], {"maximum_digits": 4}, "1234", "valid"),
        ([Press("12")], {}, "12", "valid"),
        ([Press("1#")], {"minimum_digits": 2}, "1", "invalid"),
        ([Press("1")], {"minimum_digits": 2}, "1", "invalid"),
        ([Press("9")], {"maximum_digits": 1, "valid_digits": "12"}, "9", "invalid"),
        ([Press("#")], {}, "", "invalid"),
        ([Silence(60)], {}, "", "timeout"),
        ([Press("1"), Press("2", after=4), Press("3", after=4)], {"timeout_millis": 6000}, "12", "valid"),
    ],
)
def test_digits_are_judged_as_telnyx_judges_them(
    steps: list[Step], parameters: dict[str, Any], digits: str, status: str
) -> None:
    assert _gathered(steps, **parameters)[:2] == (digits, status)


def test_the_first_digit_and_the_next_ones_have_time_outs_of_their_own() -> None:
    _, first, seconds_to_first, _ = _gathered([Silence(99)], initial_timeout_millis=3_000)
    _, later, seconds_to_next, _ = _gathered([Press("1", after=1)], inter_digit_timeout_millis=7_000)

    assert first == "timeout"
    assert seconds_to_first == pytest.approx(3.05, abs=0.11)
    assert later == "valid"
    assert seconds_to_next == pytest.approx(8.05, abs=0.11)


def test_every_key_is_reported_whether_anybody_gathers_or_not() -> None:
    desk = Desk()
    desk.answered_call(Press("1*#"))

    desk.carrier.run_for(5)

    assert [payload["digit"] for payload in desk.of("call.dtmf.received")] == ["1", "*", "#"]


def test_a_prompt_is_repeated_as_often_as_it_may_be_tried() -> None:
    digits, status, seconds, desk = _gathered(
        [Silence(600)],
        "gather_using_speak",
        payload="x" * 30,
        voice="female",
        maximum_tries=2,
        timeout_millis=4_000,
    )

    assert (digits, status) == ("", "timeout")
    assert seconds == pytest.approx(2 * (2 + 4), abs=0.11)
    assert len([seen for seen in desk.carrier.trace if isinstance(seen, Heard)]) == 2


def test_a_wrong_entry_is_answered_with_the_invalid_prompt_and_the_prompt_again() -> None:
    digits, status, _, desk = _gathered(
        [Hear("press one"), Press("9"), Hear("wrong"), Hear("press one"), Press("1")],
        "gather_using_speak",
        payload="Please press one now",
        invalid_payload="That was wrong",
        voice="female",
        valid_digits="1",
        maximum_digits=1,
    )

    assert (digits, status) == ("1", "valid")
    heard = [seen.what for seen in desk.carrier.trace if isinstance(seen, Heard)]
    assert heard == ["Please press one now", "That was wrong", "Please press one now"]


def test_wrong_entries_use_up_the_tries() -> None:
    digits, status, _, _ = _gathered(
        [Press("9", after=1), Press("8", after=9), Press("7", after=9)],
        "gather_using_speak",
        payload="Press one",
        voice="female",
        valid_digits="1",
        maximum_digits=1,
        maximum_tries=2,
    )

    assert (digits, status) == ("8", "invalid")


def test_a_key_barges_into_the_prompt() -> None:
    _, status, seconds, desk = _gathered(
        [Press("1", after=1)],
        "gather_using_speak",
        payload="x" * 300,
        voice="female",
        maximum_digits=1,
    )

    assert status == "valid"
    assert seconds < 1.2
    assert [seen.status for seen in desk.carrier.trace if isinstance(seen, FellSilent)] == ["cancelled"]


def test_a_gather_with_audio_tells_of_its_playback() -> None:
    _, status, _, desk = _gathered(
        [Press("1", after=3)], "gather_using_audio", audio_url="http://127.0.0.1/menu.wav", maximum_digits=1
    )
    desk.carrier.run_for(1)

    assert status == "valid"
    assert [payload["status"] for payload in desk.of("call.playback.ended")] == ["completed"]


def test_a_gather_with_speech_tells_only_of_the_digits() -> None:
    *_, desk = _gathered([Press("1", after=3)], "gather_using_speak", payload="x" * 30, voice="male", maximum_digits=1)

    assert not {"call.speak.started", "call.speak.ended"} & set(desk.types())


def test_a_stopped_gather_is_cancelled_with_the_digits_so_far() -> None:
    desk = Desk()
    call = desk.answered_call(Press("12"))
    desk.obeyed(call, "gather", gather_id="mine", timeout_millis=60_000)
    desk.carrier.run_for(1)

    desk.obeyed(call, "gather_stop")
    desk.carrier.run_for(1)

    ended = desk.of("call.gather.ended")[0]
    assert (ended["status"], ended["digits"], ended["gather_id"]) == ("cancelled", "12", "mine")


def test_a_second_gather_cancels_the_first() -> None:
    desk = Desk()
    call = desk.answered_call(Press("1", after=2))

    desk.obeyed(call, "gather")
    desk.obeyed(call, "gather", maximum_digits=1)
    desk.carrier.run_for(9)

    assert [payload["status"] for payload in desk.of("call.gather.ended")] == ["cancelled", "valid"]


def test_a_gather_waits_for_what_was_queued_before_its_prompt() -> None:
    desk = Desk()
    call = desk.answered_call(Silence(60))
    desk.obeyed(call, "speak", payload="x" * 60, voice="female")

    desk.obeyed(call, "gather_using_speak", payload="x" * 30, voice="female", timeout_millis=1_000, maximum_tries=1)
    begun = desk.carrier.clock.now
    desk.carrier.run(when=lambda: bool(desk.of("call.gather.ended")))

    assert desk.carrier.clock.now - begun == pytest.approx(4 + 2 + 1, abs=0.11)
