"""Questions of several sounds, questions that keys do not interrupt, tries counted by failure, digits read back."""

import pytest

from dialtone.domain.errors import FlowInvalid
from dialtone.flow.prompted_input import BETWEEN_PIECES_MILLIS
from tests.staged_call import StagedCall, actions, loaded

SEVERAL = """
    last_resort: sorry
    steps:
      ask:
        menu: [Welcome., {media: jingle}, Press 1.]
        keys: {"1, 9": sales, 2: bye}
        no_input: {media: no-key}
        tries: 2
        wait_seconds: 7
        otherwise: bye
      sales: {say: Sales.}
      bye: hangup
      sorry: {say: Sorry.}
"""
WAITED_OUT = SEVERAL.replace("tries: 2", "tries: 2\n        barge_in: false")
CONFIRMED = """
    steps:
      pin:
        collect: Key it in.
        into: pin
        digits: 4
        pattern: "[1-8].*"
        wrong: No.
        no_input: Nothing.
        tries: 2
        otherwise: sorry
        confirm: {say: "Is {digits.pin} right?", accept: 1, redo: 2}
      done: {say: "Thanks."}
      sorry: {say: "Sorry {digits.pin}."}
"""


def heard(call: StagedCall) -> list[object]:
    commands = call.decisions[-1].commands
    return [each.parameters.get("payload") or each.parameters.get("media_name") or each.action for each in commands]


def picked_up(flow: str) -> StagedCall:
    call = StagedCall(flow)
    call.pick_up()
    return call


def silent(call: StagedCall) -> list[object]:
    call.gather_ends("", "timeout")
    return heard(call)


# Several sounds


def test_each_sound_of_a_question_is_a_gather_one_after_another() -> None:
    call = picked_up(SEVERAL)

    sounds = [heard(call), silent(call), silent(call)]
    timeouts = [each.commands[-1].parameters["timeout_millis"] for each in call.decisions[1:]]

    assert sounds == [["Welcome."], ["jingle"], ["Press 1."]]
    assert timeouts == [BETWEEN_PIECES_MILLIS, BETWEEN_PIECES_MILLIS, 7_000]


@pytest.mark.parametrize("sounds", [0, 1, 2])
def test_a_key_interrupts_whichever_sound_is_heard(sounds: int) -> None:
    call = picked_up(SEVERAL)
    for _ in range(sounds):
        silent(call)

    call.gather_ends("9")

    assert call.call.step == "sales"


def test_the_sounds_are_one_try_and_the_reminder_comes_before_the_first_of_them() -> None:
    call = picked_up(SEVERAL)

    said = [silent(call)[0] for _ in range(7)]

    assert said == ["jingle", "Press 1.", "no-key", "Welcome.", "jingle", "Press 1.", "hangup"]


def test_a_late_end_of_an_earlier_sound_changes_nothing() -> None:
    call = picked_up(SEVERAL)
    first = call.mark
    silent(call)
    before = call.call

    decision = call.tell("call.gather.ended", first, digits="1", status="valid")

    assert (decision.commands, call.call) == ((), before)


# No interruption


def test_where_keys_do_not_interrupt_the_question_is_heard_out_and_then_listened_to() -> None:
    call = picked_up(WAITED_OUT)
    assert heard(call) == ["Welcome.", "jingle", "Press 1."]

    ends = [call.prompt_ends(), call.audio_ends(), call.prompt_ends()]
    listened = ends[-1].commands[0]

    assert [actions(each) for each in ends] == [[], [], ["gather"]]
    assert listened.parameters["initial_timeout_millis"] == 7_000
    call.gather_ends("1")
    assert call.call.step == "sales"


def test_a_key_that_comes_before_the_questions_end_is_not_taken() -> None:
    call = picked_up(WAITED_OUT)

    assert call.tell("call.dtmf.received", digit="1").commands == ()
    assert call.call.step == "ask"


def test_a_question_that_cannot_be_played_takes_the_error_path_and_stops_what_is_queued() -> None:
    call = picked_up(WAITED_OUT)

    assert actions(call.audio_ends("failed")) == ["playback_stop", "speak"]


# Patience of two kinds


@pytest.mark.parametrize(
    ("answers", "steps"),
    [
        (["", ""], ["ask", "silent"]),
        (["7", "7", "7"], ["ask", "ask", "lost"]),
        (["7", "", "7", ""], ["ask", "ask", "ask", "silent"]),
        (["7", "", "7", "7"], ["ask", "ask", "ask", "lost"]),
    ],
)
def test_either_kind_of_failure_is_counted_by_itself_and_has_a_way_of_its_own(
    answers: list[str], steps: list[str]
) -> None:
    call = picked_up("""
        steps:
          ask:
            menu: Press 1.
            keys: {1: ask}
            tries: {no_input: 2, wrong: 3}
            otherwise_no_input: silent
            otherwise_wrong: lost
          silent: {say: Silent.}
          lost: {say: Lost.}
    """)

    came = []
    for answer in answers:
        call.gather_ends(answer, "valid" if answer else "timeout")
        came.append(call.call.step)

    assert came == steps


def test_one_key_for_two_steps_is_reported() -> None:
    with pytest.raises(FlowInvalid, match="9 appears twice; remove one of the two"):
        loaded('steps:\n  a: {menu: Press., keys: {"1, 9": a, 9: a}}\n')


# Reading back


def test_digits_are_read_back_one_by_one_and_accepted() -> None:
    call = picked_up(CONFIRMED)

    call.gather_ends("1234")
    assert heard(call) == ["Is 1 2 3 4 right?"]
    call.gather_ends("1")

    assert (call.call.step, call.call.variables) == ("done", {"digits.pin": "1234"})


def test_digits_may_be_keyed_in_anew_as_often_as_the_flow_is_patient() -> None:
    call = picked_up(CONFIRMED)

    call.gather_ends("1234")
    call.gather_ends("2")
    assert heard(call) == ["Key it in."]
    call.gather_ends("4321")
    call.gather_ends("2")

    assert call.call.step == "sorry"
    assert call.call.variables == {"digits.pin": ""}, "what was not accepted is not kept"


def test_an_answer_that_is_none_is_asked_for_again_with_the_digits() -> None:
    call = picked_up(CONFIRMED)
    call.gather_ends("1234")

    assert silent(call) == ["Nothing. Is 1 2 3 4 right?"]
    call.gather_ends("1")
    assert call.call.step == "done"


def test_digits_that_do_not_match_the_pattern_are_wrong() -> None:
    call = picked_up(CONFIRMED)

    call.gather_ends("9999")

    assert heard(call) == ["No. Key it in."]


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ("sensitive: true, confirm: {say: X.}", "sensitive digits are not kept"),
        ("confirm: {say: X., accept: 2}", "accept and redo are both 2"),
        ('pattern: "["', "not a regular expression"),
    ],
)
def test_what_cannot_be_read_back_or_matched_is_reported(keys: str, fault: str) -> None:
    with pytest.raises(FlowInvalid, match=fault):
        loaded(f"steps:\n  a: {{collect: Key., into: pin, {keys}}}\n")


def test_a_recording_stays_paused_while_a_sensitive_question_goes_through_its_sounds() -> None:
    call = picked_up("""
        record: {channels: dual}
        steps:
          card: {collect: [Now., {media: card}, Key.], into: card, digits: 3, sensitive: true}
          bye: hangup
    """)

    decisions = [call.decisions[-1], call.gather_ends("", "timeout"), call.gather_ends("123")]

    assert [actions(each) for each in decisions] == [
        ["record_pause", "gather_using_speak"],
        ["gather_using_audio"],
        ["record_resume", "hangup"],
    ]
