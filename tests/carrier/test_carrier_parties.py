"""Scripts: when a caller acts on what is heard."""

import itertools

import pytest

from infra.carrier import BEEP, Caller, HangUp, Hear, Press, Say, Silence, Step
from infra.carrier.trace import Pressed
from tests.carrier.desk import CALLER, NUMBER, Desk, wav_of

MENU = "Welcome. For sales press one. For support press two. For anything else stay on the line."


def _pressed(desk: Desk) -> list[tuple[str, float]]:
    return [(seen.digit, round(seen.at, 2)) for seen in desk.carrier.trace if isinstance(seen, Pressed)]


def _spoken_at(text: str) -> float:
    return (MENU.index(text) + len(text)) / 15


def test_a_cue_is_met_when_its_words_have_been_read_out() -> None:
    desk = Desk()
    call = desk.answered_call(Hear("PRESS TWO"), Press("2", after=0.5))
    begun = desk.carrier.clock.now

    desk.obeyed(call, "speak", payload=MENU, voice="female")
    desk.carrier.run_for(20)

    assert _pressed(desk) == [("2", round(begun + _spoken_at("press two") + 0.5, 2))]


def test_one_prompt_can_hold_several_cues_but_each_word_is_heard_once() -> None:
    desk = Desk()
    call = desk.answered_call(Hear("press"), Press("1"), Hear("press"), Press("2"), Hear("press", within=9), Press("3"))

    desk.obeyed(call, "speak", payload=MENU, voice="female")
    desk.carrier.run_for(30)

    assert [digit for digit, _ in _pressed(desk)] == ["1", "2"]
    assert desk.of("call.hangup")[0]["hangup_source"] == "caller"


def test_a_prompt_that_is_repeated_is_heard_anew() -> None:
    desk = Desk()
    call = desk.answered_call(Hear("sales"), Press("1"), Hear("sales"), Press("2"))

    desk.obeyed(call, "speak", payload=MENU, voice="female", loop=2)
    desk.carrier.run_for(30)

    assert [digit for digit, _ in _pressed(desk)] == ["1", "2"]


def test_words_that_were_cut_off_are_not_heard() -> None:
    desk = Desk()
    call = desk.answered_call(Hear("stay on the line", within=8), Press("1"))

    desk.obeyed(call, "speak", payload=MENU, voice="female")
    desk.carrier.run_for(2)
    desk.obeyed(call, "playback_stop")
    desk.carrier.run_for(30)

    assert _pressed(desk) == []


def test_somebody_who_begins_to_listen_late_still_hears_the_rest() -> None:
    desk = Desk()
    call = desk.answered_call(Silence(2), Hear("anything else"), Press("1"))
    begun = desk.carrier.clock.now

    desk.obeyed(call, "speak", payload=MENU, voice="female")
    desk.carrier.run_for(30)

    assert _pressed(desk)[0][1] == pytest.approx(begun + _spoken_at("anything else"), abs=0.02)


@pytest.mark.parametrize(
    ("cue", "digits"),
    [(Hear("hours"), ["1"]), (Hear("hours", kind="audio"), ["1"]), (Hear("hours", kind="speech"), [])],
)
def test_audio_is_known_by_its_name(cue: Hear, digits: list[str]) -> None:
    desk = Desk()
    desk.carrier.media.upload("opening-hours", wav_of(4))
    call = desk.answered_call(cue, Press("1"))

    desk.obeyed(call, "playback_start", media_name="opening-hours")
    desk.carrier.run_for(9)

    assert [digit for digit, _ in _pressed(desk)] == digits


def test_a_caller_speaks_after_the_beep() -> None:
    desk = Desk()
    call = desk.answered_call(BEEP, Press("1"))
    desk.obeyed(call, "speak", payload="Speak after the beep.", voice="female")
    desk.carrier.run_for(5)
    begun = desk.carrier.clock.now

    desk.obeyed(call, "record_start", format="wav", channels="single", play_beep=True)
    desk.carrier.run_for(5)

    assert _pressed(desk) == [("1", round(begun + 0.5, 2))]


def test_keys_in_a_row_take_their_time() -> None:
    desk = Desk()
    desk.answered_call(Press("123"))

    desk.carrier.run_for(5)

    times = [at for _, at in _pressed(desk)]
    assert [round(later - earlier, 2) for earlier, later in itertools.pairwise(times)] == [0.3, 0.3]


def test_a_script_that_is_over_leaves_the_caller_on_the_line() -> None:
    desk = Desk().answering()

    line = desk.carrier.call(CALLER, NUMBER, Caller(Say(2)))
    desk.carrier.run_for(3_600)

    assert line.leg.alive


@pytest.mark.parametrize("step", [HangUp(), Press("1"), Say(1), Silence(1), Hear("x")])
def test_a_script_stops_when_the_call_ends(step: Step) -> None:
    desk = Desk()
    call = desk.answered_call(Silence(5), step)

    desk.obeyed(call, "hangup")
    desk.carrier.run()

    assert _pressed(desk) == []
    assert len(desk.of("call.hangup")) == 1


def test_calls_can_come_in_at_any_time_and_at_once() -> None:
    desk = Desk().answering()

    for after in (0, 0, 10):
        desk.carrier.call(CALLER, NUMBER, Caller(HangUp(after=5)), after=after)
    desk.carrier.run()

    assert len({payload["call_session_id"] for payload in desk.of("call.hangup")}) == 3
    assert round(desk.carrier.clock.now) == 15
