"""Audio, once or several times, and the keys that interrupt it."""

from __future__ import annotations

import pytest

from tests.staged_call import StagedCall, actions

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
        ("cancelled_amd", "bye"),
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
        ("", "cancelled_amd", "after"),
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
def test_audio_with_keys_that_could_not_be_played_stops_listening_and_takes_the_error_way(status: str) -> None:
    staged = StagedCall(WITH_KEYS)
    staged.pick_up()

    assert actions(staged.audio_ends(status)) == ["gather_stop", "speak"]
    assert staged.call.step == "sorry"


@pytest.mark.parametrize(("flow", "stopped"), [(PLAIN, []), (WITH_KEYS, ["gather_stop"])])
def test_a_refused_command_leaves_nothing_listening(flow: str, stopped: list[str]) -> None:
    staged = StagedCall(flow)
    staged.pick_up()

    assert actions(staged.refuse()) == [*stopped, "speak"]
