"""Audio, once or several times, and the keys that interrupt it."""

import pytest

from dialtone.domain.errors import FlowInvalid
from tests.staged_call import StagedCall, actions, loaded

PLAIN = """
    last_resort: sorry
    steps:
      hours: {play: {media: hours}, times: 3}
      bye: hangup
      sorry: {say: Sorry., next: bye}
"""
WITH_KEYS = """
    last_resort: sorry
    steps:
      hours:
        play: {audio: "https://media.example/hours.mp3"}
        times: 2
        keys: {"*": hours, "#": sorry, 2: bye}
        next: after
      after: {say: That was it.}
      bye: hangup
      sorry: {say: Sorry., next: bye}
"""


def test_audio_without_keys_is_played_as_often_as_the_flow_says() -> None:
    decision = StagedCall(PLAIN).pick_up()

    assert actions(decision) == ["playback_start"]
    assert decision.commands[0].parameters["loop"] == 3
    assert decision.commands[0].parameters["media_name"] == "hours"


@pytest.mark.parametrize(
    ("status", "step"),
    [
        ("completed", "bye"),
        ("cancelled", "bye"),
        ("unknown", "bye"),
        ("call_hangup", "hours"),
        ("file_not_found", "sorry"),
        ("failed", "sorry"),
    ],
)
def test_how_audio_ended_says_where_the_flow_goes(status: str, step: str) -> None:
    staged = StagedCall(PLAIN)
    staged.pick_up()

    staged.audio_ends(status)

    assert staged.call.step == step


def test_audio_with_keys_is_a_gather_so_that_telnyx_decides_what_came_first() -> None:
    decision = StagedCall(WITH_KEYS).pick_up()

    assert actions(decision) == ["gather_using_audio"]
    asked = decision.commands[0].parameters
    assert (asked["audio_url"], asked["maximum_tries"]) == ("https://media.example/hours.mp3", 2)
    assert (asked["minimum_digits"], asked["maximum_digits"]) == (1, 1)
    assert asked["terminating_digit"] == "0", "* and # are keys of this flow, and a terminator would be swallowed"


@pytest.mark.parametrize(
    ("digits", "status", "step"),
    [
        ("2", "valid", "bye"),
        ("2", "invalid", "bye"),
        ("#", "valid", "sorry"),
        ("9", "valid", "after"),
        ("", "timeout", "after"),
        ("", "invalid", "after"),
        ("", "cancelled", "after"),
        ("", "a_status_of_tomorrow", "after"),
        ("2", "call_hangup", "hours"),
    ],
)
def test_a_key_leads_where_the_flow_says_and_none_leads_on(digits: str, status: str, step: str) -> None:
    staged = StagedCall(WITH_KEYS)
    staged.pick_up()

    staged.gather_ends(digits, status)

    assert staged.call.step == step


def test_a_key_may_lead_back_to_the_beginning() -> None:
    staged = StagedCall(WITH_KEYS)
    staged.pick_up()

    decision = staged.gather_ends("*")

    assert actions(decision) == ["gather_using_audio"]
    assert (staged.call.step, staged.call.turn) == ("hours", 2)


@pytest.mark.parametrize("status", ["completed", "cancelled", "unknown", "call_hangup"])
def test_the_end_of_the_audio_does_not_end_the_waiting_for_a_key(status: str) -> None:
    staged = StagedCall(WITH_KEYS)
    staged.pick_up()

    assert staged.audio_ends(status).commands == ()
    assert staged.call.step == "hours"


@pytest.mark.parametrize("status", ["file_not_found", "failed"])
def test_audio_with_keys_that_could_not_be_played_stops_listening_and_takes_the_error_path(status: str) -> None:
    staged = StagedCall(WITH_KEYS)
    staged.pick_up()

    assert actions(staged.audio_ends(status)) == ["gather_stop", "speak"]
    assert staged.call.step == "sorry"


@pytest.mark.parametrize(("flow", "stopped"), [(PLAIN, []), (WITH_KEYS, ["gather_stop"])])
def test_a_refused_command_leaves_nothing_listening(flow: str, stopped: list[str]) -> None:
    staged = StagedCall(flow)
    staged.pick_up()

    assert actions(staged.refuse()) == [*stopped, "speak"]


def played(**options: str) -> dict[str, object]:
    """What Telnyx is asked to play, for a step with these keys."""
    written = "".join(f", {name}: {value}" for name, value in options.items())
    decision = StagedCall(f"steps:\n  music: {{play: {{media: music}}{written}}}\n  bye: hangup\n").pick_up()
    return dict(decision.commands[0].parameters)


def test_audio_in_the_background_lets_the_flow_go_on_at_once() -> None:
    staged = StagedCall(
        "steps:\n  music: {play: {media: music}, times: infinity, background: true}\n"
        "  over: {play: {media: bell}, overlay: true}\n  still: {play: null, stop: all}\n  bye: hangup\n"
    )

    music, bell = staged.pick_up().commands

    assert (music.parameters["loop"], bell.parameters["overlay"]) == ("infinity", True)
    assert staged.call.step == "over"
    assert actions(staged.tell("call.playback.ended", status="completed", media_name="music")) == []
    assert actions(staged.tell("call.playback.ended", status="completed", overlay=True)) == ["playback_stop", "hangup"]


def test_what_plays_over_the_background_is_stopped_alone() -> None:
    staged = StagedCall("steps:\n  still: {play: null, stop: overlay}\n  bye: hangup\n")

    stop, _ = staged.pick_up().commands

    assert (stop.action, stop.parameters) == ("playback_stop", {"stop": "all", "overlay": True})


def test_an_overlay_that_telnyx_refuses_takes_the_error_path_and_says_why() -> None:
    staged = StagedCall("""
        last_resort: sorry
        steps:
          over: {play: {media: bell}, overlay: true}
          sorry: {say: Sorry.}
    """)
    staged.pick_up()

    decision = staged.refuse()

    assert (actions(decision), staged.call.step) == (["speak"], "sorry")
    assert decision.reason


@pytest.mark.parametrize("to", ["opposite", "both"])
def test_it_may_be_heard_by_the_other_side(to: str) -> None:
    assert played(to=to)["target_legs"] == to


@pytest.mark.parametrize("stop", ["current", "all"])
def test_it_may_take_the_place_of_what_plays(stop: str) -> None:
    staged = StagedCall(f"steps:\n  music: {{play: {{media: music}}, stop: {stop}}}\n  bye: hangup\n")
    assert staged.pick_up().commands[0].parameters["stop"] == stop

    assert actions(staged.tell("call.playback.ended", status="cancelled", media_name="another")) == []
    assert actions(staged.tell("call.playback.ended", status="completed", media_name="music")) == ["hangup"]


def test_with_keys_infinity_begins_again_until_one_is_pressed() -> None:
    staged = StagedCall("steps:\n  music: {play: {media: music}, times: infinity, keys: {1: bye}}\n  bye: hangup\n")
    (played,) = staged.pick_up().commands

    assert played.parameters["maximum_tries"] == 1, "the limits of the flow are looked at between plays"
    assert actions(staged.gather_ends("", "timeout")) == ["gather_using_audio"]
    assert actions(staged.gather_ends("1")) == ["hangup"]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{play: Hello.}", "use say for words"),
        ("{play: {media: a}, times: infinity}", "infinity never goes on"),
        ("{play: {media: a}, background: true}", "background needs times: infinity"),
        ("{play: {media: a}, keys: {1: music}, overlay: true}", "keys cannot be used with background"),
        ("{play: {media: a}, overlay: true, to: both}", "only the caller hears an overlay"),
        ("{play: [{media: a}, {media: b}], times: 2}", "times repeats one file"),
        ("{play: [{media: a}, {media: b}], keys: {1: music}}", "keys interrupt one file"),
        ("{play: {media: a}, stop: overlay}", "stop: overlay plays nothing"),
        ("{play: null}", "null plays nothing"),
        ("{play: null, stop: all, times: 2}", "null plays nothing"),
    ],
)
def test_what_telnyx_cannot_play_is_found_before_the_call(written: str, message: str) -> None:
    with pytest.raises(FlowInvalid, match=message):
        loaded(f"steps:\n  music: {written}\n")
