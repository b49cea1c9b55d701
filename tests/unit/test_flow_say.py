"""Prompts, one after another, heard out."""

from __future__ import annotations

import itertools

import pytest

from tests.staged_call import StagedCall, actions, mark_of

ONE = """
    last_resort: sorry
    steps:
      hello: {say: Hello.}
      bye: hangup
      sorry: {say: Sorry., next: bye}
"""
THREE = """
    last_resort: sorry
    steps:
      hello: {say: [Hello., {media: jingle}, {ssml: "<speak>Bye</speak>"}]}
      bye: hangup
      sorry: {say: Sorry., next: bye}
"""


def test_all_prompts_are_sent_at_once_since_telnyx_queues_them() -> None:
    staged = StagedCall(THREE)

    decision = staged.pick_up()

    assert actions(decision) == ["speak", "playback_start", "speak"]
    assert {mark_of(command).turn for command in decision.commands} == {1}


@pytest.mark.parametrize("status", ["completed", "a_status_of_tomorrow"])
def test_the_flow_goes_on_when_a_prompt_was_spoken(status: str) -> None:
    staged = StagedCall(ONE)
    staged.pick_up()

    assert actions(staged.prompt_ends(status)) == ["hangup"]
    assert staged.call.step == "bye"


@pytest.mark.parametrize("status", ["completed", "cancelled", "unknown", "a_status_of_tomorrow", ""])
def test_the_flow_goes_on_when_audio_has_ended(status: str) -> None:
    staged = StagedCall(ONE)
    staged.pick_up()

    staged.audio_ends(status)

    assert staged.call.step == "bye"


@pytest.mark.parametrize("event_type", ["call.speak.ended", "call.playback.ended"])
def test_a_prompt_that_ended_because_the_caller_hung_up_changes_nothing(event_type: str) -> None:
    staged = StagedCall(ONE)
    staged.pick_up()
    before = staged.call

    decision = staged.tell(event_type, status="call_hangup")

    assert decision.commands == ()
    assert staged.call == before


@pytest.mark.parametrize("status", ["file_not_found", "failed"])
def test_audio_that_could_not_be_played_takes_the_error_path(status: str) -> None:
    staged = StagedCall(ONE)
    staged.pick_up()

    decision = staged.audio_ends(status)

    assert staged.call.step == "sorry"
    assert staged.call.errors == 1
    assert decision.reason == f"audio could not be played: {status}"
    assert decision.commands[-1].parameters["payload"] == "Sorry."


def test_what_is_still_queued_behind_audio_that_failed_is_stopped_before_the_error_path_speaks() -> None:
    staged = StagedCall(THREE)
    staged.pick_up()
    staged.prompt_ends()

    decision = staged.audio_ends("file_not_found")

    assert actions(decision) == ["playback_stop", "speak"]
    assert decision.commands[0].parameters == {"stop": "all"}


def test_what_is_queued_is_stopped_where_telnyx_refuses_one_of_several() -> None:
    staged = StagedCall(THREE)
    staged.pick_up()

    assert actions(staged.refuse()) == ["playback_stop", "speak"]


def test_nothing_needs_stopping_where_the_only_prompt_is_refused() -> None:
    staged = StagedCall(ONE)
    staged.pick_up()

    assert actions(staged.refuse()) == ["speak"]


@pytest.mark.parametrize("order", list(itertools.permutations(["prompt", "audio", "prompt"])))
def test_the_flow_goes_on_with_the_last_of_several_ends_in_whatever_order_they_are_told(order: tuple[str, ...]) -> None:
    staged = StagedCall(THREE)
    staged.pick_up()

    decisions = [staged.prompt_ends() if each == "prompt" else staged.audio_ends() for each in order]

    assert [actions(decision) for decision in decisions] == [[], [], ["hangup"]]


@pytest.mark.parametrize(
    "event_type", ["call.speak.started", "call.playback.started", "call.dtmf.received", "call.gather.ended"]
)
def test_nothing_else_ends_a_prompt(event_type: str) -> None:
    staged = StagedCall(ONE)
    staged.pick_up()

    decision = staged.tell(event_type, digit="1", digits="1", status="valid")

    assert decision.commands == ()
    assert staged.call.step == "hello"
