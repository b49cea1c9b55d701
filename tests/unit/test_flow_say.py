"""Prompts, one after another, heard out."""

import itertools

import pytest

from dialtone.domain.errors import FlowInvalid
from dialtone.flow.loader import read_script
from dialtone.flow.parser import read_flow
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
def test_the_flow_goes_on_with_the_last_of_several_ends_in_whatever_order_they_are_reported(
    order: tuple[str, ...],
) -> None:
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


# Interrupted


INTERRUPTED = """
    last_resort: sorry
    steps:
      hello: {say: [Hello., {media: jingle}], barge_in: true}
      news: {say: News., barge_in: true}
      ask: {collect: Number?, into: n, digits: {min: 2, max: 4}, wrong: Wrong., otherwise: bye, next: thanks}
      thanks: {say: "Thanks {digits.n}.", keys: {1: bye}}
      more: {say: More., barge_in: true}
      bye: hangup
      sorry: {say: Sorry., next: bye}
"""


def test_a_prompt_that_keys_interrupt_gathers_what_the_question_after_it_takes() -> None:
    staged = StagedCall(INTERRUPTED)

    decision = staged.pick_up()

    assert actions(decision) == ["gather_using_speak"]
    asked = decision.commands[0].parameters
    assert (asked["minimum_digits"], asked["maximum_digits"], asked["maximum_tries"]) == (2, 4, 1)


def test_digits_that_are_typed_ahead_answer_the_question() -> None:
    staged = StagedCall(INTERRUPTED)
    staged.pick_up()

    decision = staged.gather_ends("1234")

    assert (staged.call.step, staged.call.variables) == ("thanks", {"digits.n": "1234"})
    assert [each.step for each in decision.entered] == ["ask", "thanks"]
    assert [each.edge for each in decision.entered] == ["barge_in", "next"]


def test_every_sound_can_be_interrupted_and_silence_leads_through_all_of_them() -> None:
    staged = StagedCall(INTERRUPTED)
    heard = [*actions(staged.pick_up())]

    for _ in range(3):
        heard += actions(staged.gather_ends("", "timeout"))

    assert heard == ["gather_using_speak", "gather_using_audio", "gather_using_speak", "gather_using_speak"]
    assert staged.call.step == "ask"


def test_a_wrong_answer_that_is_typed_ahead_counts_as_one() -> None:
    staged = StagedCall(INTERRUPTED)
    staged.pick_up()

    decision = staged.gather_ends("1", "invalid")

    assert staged.call.step == "ask"
    assert decision.commands[0].parameters["payload"] == "Wrong. Number?"
    assert staged.call.waiting["wrong"] == 1


@pytest.mark.parametrize(("key", "step"), [("1", "bye"), ("5", "more"), ("", "more")])
def test_a_key_of_a_prompt_leads_where_it_says_and_any_other_goes_on(key: str, step: str) -> None:
    staged = StagedCall(INTERRUPTED)
    staged.pick_up()
    staged.gather_ends("12")

    staged.gather_ends(key, "valid" if key else "timeout")

    assert staged.call.step == step


def test_where_no_question_follows_a_key_goes_on_and_is_forgotten() -> None:
    staged = StagedCall(
        "steps:\n  a: {say: A., barge_in: true}\n  s: {set: {x: 1}}\n  b: {menu: B., keys: {1: c}}\n  c: hangup\n"
    )
    staged.pick_up()

    decision = staged.gather_ends("1")

    assert (staged.call.step, actions(decision)) == ("b", ["gather_using_speak"])


def test_audio_that_cannot_be_played_stops_the_gather_and_takes_the_error_path() -> None:
    staged = StagedCall("last_resort: z\nsteps:\n  a: {say: {media: gone}, barge_in: true}\n  z: {say: Sorry.}\n")
    staged.pick_up()

    assert actions(staged.audio_ends("file_not_found")) == ["gather_stop", "speak"]


def test_the_event_of_an_interrupted_prompt_that_comes_again_changes_nothing() -> None:
    staged = StagedCall(INTERRUPTED)
    staged.pick_up()
    mark = staged.mark
    staged.gather_ends("12")
    before = staged.call

    assert staged.tell("call.gather.ended", mark, digits="12", status="valid").commands == ()
    assert staged.call.step == before.step


@pytest.mark.parametrize(
    "steps",
    [
        "{a: {say: A., barge_in: true}, b: {collect: B., into: b, sensitive: true, next: c}, c: hangup}",
        "{a: {say: A., barge_in: true, keys: {1: c}}, c: hangup}",
        "{a: {say: A., keys: {1: x}}, c: hangup}",
    ],
)
def test_an_interruption_that_cannot_be_is_refused_with_the_flow(steps: str) -> None:
    with pytest.raises(FlowInvalid):
        read_flow("a.yaml", f"flow: a\nsteps: {steps}\n")


def test_prompts_that_go_round_are_no_way_to_a_question() -> None:
    flow = read_flow(
        "a.yaml", "flow: a\nsteps: {a: {say: A., barge_in: true}, b: {say: B., barge_in: true, next: a}}\n"
    )

    assert "barge_in" not in dict(flow.steps["a"].targets())


def test_a_name_that_is_typed_ahead_is_looked_for_in_the_directory() -> None:
    texts = {
        "tested.yaml": "flow: tested\nsteps:\n  a: {say: A., barge_in: true}\n"
        "  d:\n    directory: Whom?\n    data: staff\n"
        "    extension: ext\n    into: who\n    gives: [name]\n    offer: '{who.name}'\n    otherwise: b\n    next: c\n"
        "  c: {say: '{who.name}'}\n  b: hangup\n",
        "data/staff.csv": "ext,name\n101,Ann\n102,Bob\n",
    }
    staged = StagedCall("steps:\n  a: hangup\n")
    flow = read_script("tested", texts.get)
    assert flow is not None
    staged.loaded = flow
    staged.pick_up()

    decision = staged.gather_ends("102")

    assert decision.commands[0].parameters["payload"] == "Bob"
