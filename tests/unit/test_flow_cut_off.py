"""What answering-machine detection cut off was not heard: it is heard again, and waits go on."""

import pytest

from tests.staged_call import StagedCall, actions

CUT_OFF = "cancelled_amd"


def dialled(steps: str, head: str = "") -> StagedCall:
    staged = StagedCall(f"{head}steps:\n{steps}", direction="outgoing")
    staged.pick_up()
    return staged


def test_what_is_said_is_said_again_from_its_beginning() -> None:
    staged = dialled("  hello: {say: [{text: Hello.}, {audio: 'https://media.example/a.mp3'}]}\n  bye: hangup\n")

    decision = staged.prompt_ends(CUT_OFF)

    assert actions(decision) == ["playback_stop", "speak", "playback_start"]
    assert (staged.call.step, staged.call.waiting) == ("hello", {"prompts": 2})


def test_what_was_heard_again_leads_on() -> None:
    staged = dialled("  hello: {say: Hello.}\n  bye: hangup\n")
    staged.prompt_ends(CUT_OFF)

    staged.prompt_ends()

    assert staged.call.step == "bye"


@pytest.mark.parametrize("keys", ["", "keys: {1: bye}, "])
def test_audio_is_played_again(keys: str) -> None:
    staged = dialled(f"  tune: {{{keys}play: {{audio: 'https://media.example/a.mp3'}}}}\n  bye: hangup\n")
    (before,) = staged.decisions[-1].commands

    decision = staged.gather_ends("", CUT_OFF) if keys else staged.audio_ends(CUT_OFF)

    assert actions(decision) == [before.action]
    assert staged.call.step == "tune"


@pytest.mark.parametrize(
    "question",
    [
        "{menu: Press 1., keys: {1: bye}, tries: 1, otherwise: bye}",
        "{collect: Key it in., into: account, tries: 1, otherwise: bye}",
        "{choose_language: Press 1., keys: {1: en-US}, tries: 1, otherwise: bye}",
    ],
)
def test_a_question_is_asked_again_and_no_try_is_counted(question: str) -> None:
    staged = dialled(f"  ask: {question}\n  bye: hangup\n")

    decision = staged.gather_ends("", CUT_OFF)

    assert actions(decision) == ["gather_using_speak"]
    assert (staged.call.step, staged.call.waiting) == ("ask", {})


def test_an_announcement_that_was_cut_off_is_no_consent() -> None:
    staged = dialled("  start: {recording: start, consent: announce}\n  bye: hangup\n")

    decision = staged.prompt_ends(CUT_OFF)

    assert actions(decision) == ["speak"]
    assert staged.call.consent is None


def test_a_message_begins_only_after_its_prompt_was_heard_out() -> None:
    staged = dialled("  message: {record: After the tone.}\n")

    assert actions(staged.prompt_ends(CUT_OFF)) == ["speak"]


def test_a_silence_lasts_as_long_as_it_is_to_last() -> None:
    staged = dialled("  silence: {wait: 10, keys: {1: bye}}\n  bye: hangup\n")
    staged.seconds += 3

    (again,) = staged.gather_ends("", CUT_OFF).commands

    assert (again.action, again.parameters["initial_timeout_millis"]) == ("gather", 6_000)
    assert staged.call.step == "silence"


def test_an_answer_is_waited_for_as_long_as_it_may_take() -> None:
    staged = dialled("  ask: {lookup: customers, limit_seconds: 8, not_found: bye}\n  bye: hangup\n")
    staged.seconds += 3

    (again,) = staged.gather_ends("", CUT_OFF).commands

    assert (again.action, again.parameters["initial_timeout_millis"]) == ("gather", 6_000)
    assert staged.call.step == "ask"


def test_somebody_who_is_rung_is_rung_on() -> None:
    staged = dialled('  agent: {transfer: "+15550199", hold: {media: hold-music}}\n')

    assert staged.audio_ends(CUT_OFF).commands == ()
