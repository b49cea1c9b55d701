"""A call tried by hand becomes a conversation, and a conversation is played on the telephone."""

import errno
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialtone.domain.errors import DialtoneError
from infra.carrier import trace
from infra.carrier.parties import BEEP, Caller, HangUp, Hear, NoAnswer, Person, Press, Say, Silence, Unreached
from infra.carrier.trace import Happening
from infra.flowkit.conversations.conversation import read_conversations
from infra.phone.diary import Diary, Item, add_conversation
from infra.phone.script import read_script
from tests.unit.test_phone_hearing import AGENT, BEGAN, ME, heard, silent

WELCOME = "Press one for the hours."
"""1.6 s at the carrier's 15 characters a second."""


def diary(*happened: Happening) -> Diary:
    written = Diary()
    for happening in (trace.Rang(at=BEGAN, leg=ME), trace.Answered(at=BEGAN, leg=ME), *happened):
        written.write(happening)
    return written


def pressed(at: float, digit: str) -> trace.Pressed:
    return trace.Pressed(at=BEGAN + at, leg=ME, digit=digit)


def conversation(written: Diary, name: str = "tried") -> Item:
    return written.conversation(
        ME, name=name, at=datetime(2026, 3, 2, 10, tzinfo=UTC), outcome="completed", recordings=0
    )


def talk(*happened: Happening) -> list[Item]:
    items: list[Item] = conversation(diary(*happened))["talk"]
    return items


def test_what_was_heard_stands_before_what_was_done_and_the_wait_between_them() -> None:
    assert talk(heard(0, WELCOME, 1.6), silent(1.6, WELCOME), pressed(3.6, "1")) == [
        {"hears": WELCOME},
        {"after": 2.0},
        {"presses": "1"},
    ]


def test_of_a_prompt_that_was_interrupted_only_the_words_heard_are_kept() -> None:
    assert talk(heard(0, WELCOME, 1.6), pressed(0.95, "1"), silent(0.95, WELCOME, "cancelled")) == [
        {"hears": "Press one for"},
        {"presses": "1"},
    ]


def test_keys_pressed_in_a_row_are_one_entry() -> None:
    assert talk(*(pressed(place * 0.3, digit) for place, digit in enumerate("4242#")), pressed(9, "1")) == [
        {"presses": "4242#"},
        {"after": 7.8},
        {"presses": "1"},
    ]


def test_keys_that_answer_two_questions_are_two_entries() -> None:
    questions = (heard(0, WELCOME, 1.6), pressed(1, "1"), silent(1, WELCOME, "cancelled"), heard(1.1, "Which day?", 5))
    assert talk(*questions, pressed(2, "2")) == [
        {"hears": "Press one for"},
        {"presses": "1"},
        {"after": 0.9},
        {"presses": "2"},
    ]


def test_what_was_said_and_the_hanging_up_are_kept() -> None:
    assert talk(
        heard(0, "beep", 0.5, "beep"),
        trace.Spoke(at=BEGAN + 1, leg=ME, seconds=2.0, words="Hello."),
        trace.HungUp(at=BEGAN + 4, leg=ME, cause="normal_clearing", source="caller"),
    ) == [
        {"hears": "beep"},
        {"after": 0.5},
        {"says": {"words": "Hello.", "seconds": 2.0}},
        {"after": 1.0},
        {"hangs_up": True},
    ]


def test_a_loop_is_heard_once_and_what_comes_last_is_heard_too() -> None:
    assert talk(heard(0, "music", 5, "audio"), heard(5, "music", 5, "audio"), heard(10, "Goodbye.", 1)) == [
        {"hears": {"audio": "music"}},
        {"hears": "Goodbye."},
    ]


def test_people_who_were_rung_answer_as_they_did() -> None:
    written = diary(
        heard(1, AGENT.to, 0, "ringing"),
        trace.Rang(at=BEGAN + 1, leg=AGENT),
        trace.Answered(at=BEGAN + 6, leg=AGENT),
        trace.Pressed(at=BEGAN + 8, leg=AGENT, digit="1"),
        trace.Bridged(at=BEGAN + 9, leg=AGENT, with_leg=ME),
    )

    item = conversation(written)

    assert item["people"] == {
        "+15550199": {"answers": "person", "after": 5.0, "talk": [{"after": 2.0}, {"presses": "1"}]}
    }
    assert item["ends"]["transfers"] == [{"to": "+15550199", "result": "connected"}]


@pytest.mark.parametrize(
    ("cause", "answers", "result"),
    [("user_busy", "busy", "busy"), ("timeout", "nobody", "no_answer"), ("originator_cancel", "nobody", "given_up")],
)
def test_people_who_did_not_answer_do_not(cause: str, answers: str, result: str) -> None:
    item = conversation(
        diary(trace.Rang(at=BEGAN + 1, leg=AGENT), trace.HungUp(at=BEGAN + 6, leg=AGENT, cause=cause, source="callee"))
    )

    assert item["people"] == {"+15550199": answers}
    assert item["ends"]["transfers"] == [{"to": "+15550199", "result": result}]


# Files


@pytest.fixture
def call() -> Item:
    return conversation(
        diary(
            heard(0, WELCOME, 1.6),
            pressed(3.6, "1"),
            heard(4, AGENT.to, 0, "ringing"),
            trace.Rang(at=BEGAN + 4, leg=AGENT),
            trace.HungUp(at=BEGAN + 5, leg=AGENT, cause="user_busy", source="callee"),
            heard(6, "beep", 0.5, "beep"),
            trace.Spoke(at=BEGAN + 7, leg=ME, seconds=2.0, words="Yes: “hello” # no"),
            trace.HungUp(at=BEGAN + 10, leg=ME, cause="normal_clearing", source="caller"),
        )
    )


def test_a_call_is_written_as_a_conversation_that_the_telephone_can_play(tmp_path: Path, call: Item) -> None:
    file = tmp_path / "main-menu.test.yaml"
    add_conversation(file, "main-menu", call)

    played = read_script(file, "tried", tmp_path)

    assert (played.caller, played.called) == ("+15550142", "+15550100")
    assert played.people == {"+15550199": [Unreached("user_busy", 0.5)]}
    assert played.person == Caller(
        Hear(WELCOME),
        Silence(2.0),
        Press("1"),
        Hear("+15550199", kind="ringing"),
        BEEP,
        Silence(0.5),
        Say(2.0, "Yes: “hello” # no"),
        Silence(1.0),
        HangUp(),
    )


def test_a_call_is_added_below_those_that_are_there_and_nothing_else_changes(tmp_path: Path, call: Item) -> None:
    file = tmp_path / "main-menu.test.yaml"
    there = "# Ours.\nflow: main-menu\nconversations:\n- name: first # of all\n  talk: [{presses: 1}]\n"
    file.write_text(there)

    add_conversation(file, "main-menu", call)

    assert file.read_text().startswith(there)
    assert [script.conversation.name for script in read_conversations(file)] == ["first", "tried"]


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ("flow: main-menu\nconversations:\n  - name: tried\n", "appears twice"),
        ("conversations:\n  - name: first\nflow: main-menu\n", "cannot be added"),
    ],
)
def test_a_file_that_cannot_take_the_call_stays_as_it_was(tmp_path: Path, call: Item, there: str, why: str) -> None:
    file = tmp_path / "main-menu.test.yaml"
    file.write_text(there)

    with pytest.raises(DialtoneError, match=why):
        add_conversation(file, "main-menu", call)

    assert file.read_text() == there


def test_a_file_that_is_not_the_flows_is_refused_with_the_name_to_give_it(tmp_path: Path, call: Item) -> None:
    with pytest.raises(DialtoneError, match=r"name it main-menu\.test\.yaml"):
        add_conversation(tmp_path / "mine.yaml", "main-menu", call)
    with pytest.raises(DialtoneError, match="there is no folder"):
        add_conversation(tmp_path / "nowhere" / "main-menu.test.yaml", "main-menu", call)


def test_people_of_a_conversation_are_reached_as_it_says(tmp_path: Path) -> None:
    (tmp_path / "numbers.yaml").write_text('"+15550100": main-menu\n')
    (tmp_path / "main-menu.yaml").write_text("flow: main-menu\nsteps:\n  bye: hangup\n")
    file = tmp_path / "main-menu.test.yaml"
    file.write_text(
        "flow: main-menu\nconversations:\n  - name: rings\n    talk: [{hears: {audio: music, within: 9s}}]\n"
        '    people: {"+15550199": {answers: person, talk: [says: {words: Hello, seconds: 2s}]}, "+15550198": nobody}\n'
    )

    played = read_script(file, "", tmp_path)

    assert played.called == "+15550100"
    assert played.person == Caller(Hear("music", within=9, kind="audio"))
    assert played.people == {"+15550199": [Person(Silence(0), Say(2, "Hello"))], "+15550198": [NoAnswer()]}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ('    dials: "+15550161"\n', "is dialled, not called"),
        ("    troubles: [{telnyx_refuses: speak}]\n", "has troubles"),
        ("", "has no conversation “other”: name one of “first”"),
    ],
)
def test_what_cannot_be_played_is_reported(tmp_path: Path, more: str, why: str) -> None:
    file = tmp_path / "main-menu.test.yaml"
    file.write_text(f"flow: main-menu\nconversations:\n  - name: first\n{more}")

    with pytest.raises(DialtoneError, match=why):
        read_script(file, "" if more else "other", tmp_path)


def test_a_recording_that_is_listened_to_is_noted_without_its_signed_address() -> None:
    address = "http://127.0.0.1:9/recordings-storage/session/message.mp3?X-Amz-Signature=1"

    assert talk(heard(0, address, 5, "audio")) == [{"hears": {"audio": "/recordings-storage/"}}]


def test_a_call_that_cannot_be_saved_is_shown_and_what_was_saved_before_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "main-menu.test.yaml"
    before = "flow: main-menu\n\nconversations:\n  - name: first\n    talk: []\n"
    file.write_text(before, encoding="utf-8")
    monkeypatch.setattr(Path, "replace", _full)

    with pytest.raises(DialtoneError, match=r"(?s)No space left on device.*name: second"):
        add_conversation(file, "main-menu", {"name": "second", "talk": []})

    assert file.read_text(encoding="utf-8") == before
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


def _full(*_whatever: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_prompt_that_was_cut_after_a_word_or_two_was_not_heard() -> None:
    cut = (
        heard(0, "Press one for the hours.", 2),
        silent(0.4, "Press one for the hours.", "stopped"),
        pressed(0.4, "1"),
    )

    assert talk(*cut)[-1] == {"presses": "1"}
    assert not any("hears" in item for item in talk(*cut))
