"""The file format of conversations: what is read, what is refused, and its published schema."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import jsonschema  # type: ignore[import-untyped] # it ships no types
import pytest

from dialtone.domain.errors import FlowInvalid
from dialtone.flow.document import Document
from infra.checkout import SAMPLES
from infra.flowkit.conversations.conversation import Hears, Says, Script, read_conversations, schema

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(SAMPLES.glob("*.test.yaml"))

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        file = tmp_path / "desk.test.yaml"
        file.write_text(dedent(text), encoding="utf-8")
        return file

    return written


def only(file: Path) -> Script:
    (script,) = read_conversations(file)
    return script


def test_a_conversation_is_read_with_its_line(write: Write) -> None:
    file = write("""\
        flow: desk
        conversations:
          - name: asks for the hours
            talk:
              - hears: press 1
              - presses: 1
        """)

    script = only(file)

    assert (script.title, script.line) == ("desk: asks for the hours", 3)
    assert [str(action) for action in script.conversation.talk] == ["hears “press 1”", "presses 1"]


def test_the_word_beep_is_the_tone_and_other_words_are_words(write: Write) -> None:
    file = write("""\
        flow: desk
        conversations:
          - name: listens
            talk: [{hears: beep}, {hears: after the beep}]
        """)

    tone, words = (action for action in only(file).conversation.talk if isinstance(action, Hears))

    assert tone.sound.beep
    assert words.sound.words == "after the beep"


@pytest.mark.parametrize(
    ("written", "seconds"), [("2s", 2.0), ("1.5s", 1.5), ("2m", 120.0), ("3", 3.0), ("'3'", 3.0), ("0.25", 0.25)]
)
def test_lengths_of_time_are_seconds_or_minutes(write: Write, written: str, seconds: float) -> None:
    file = write(f"""\
        flow: desk
        conversations: [{{name: speaks, talk: [{{says: {{words: Hello., seconds: {written}}}}}]}}]
        """)

    (action,) = only(file).conversation.talk

    assert isinstance(action, Says)
    assert action.speech == ("Hello.", seconds)


@pytest.mark.parametrize("written", ["2026-12-24T23:30", "2026-12-24 23:30:00", "2026-12-24T18:30-05:00"])
def test_a_moment_without_a_zone_is_utc(write: Write, written: str) -> None:
    file = write(f"""\
        flow: desk
        conversations: [{{name: late, at: {written}}}]
        """)

    assert only(file).conversation.at.astimezone(UTC) == datetime(2026, 12, 24, 23, 30, tzinfo=UTC)


def test_a_length_given_as_one_number_holds_within_a_second(write: Write) -> None:
    file = write("""\
        flow: desk
        conversations: [{name: short, ends: {lasts: 5s}}]
        """)

    lasts = only(file).conversation.ends.lasts

    assert lasts is not None
    assert [lasts.holds(seconds) for seconds in (3.9, 4.1, 5.9, 6.1)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("conversation", "line", "reason"),
    [
        ("name: a\n    talks: []", 4, "talks is not a key here"),
        ("talk: []", 3, "name is missing"),
        ("name: a\n    talk:\n      - presses: 1\n      - hums: a tune", 6, "is nothing that a person does"),
        ("name: a\n    talk:\n      - presses: 1 2", 5, "conversations.0.talk.0.presses: "),
        ("name: a\n    talk:\n      - hears: {words: a, audio: b}", 5, "needs exactly one of words, audio"),
        ("name: a\n    talk:\n      - after: a while", 5, "is not a length of time; write 3s"),
        ("name: a\n    people: {'+15550199': asleep}", 4, "asleep is not one of person, not_sure, machine"),
        ("name: a\n    people:\n      '+15550199': {answers: busy, talk: [{presses: 1}]}", 5, "busy does not talk"),
        (
            "name: a\n    dials: {to: '+15550161', talk: []}\n    called: '+15550100'",
            3,
            "either Dialtone dials, or a caller",
        ),
        ("name: a\n    given: {name: Ada}", 3, "given needs dials"),
        ("name: a\n    troubles:\n      - times: 2", 5, "needs exactly one of telnyx_refuses"),
        ("name: a\n    ends:\n      recordings: [{seconds: long}]", 5, "is not a length of time"),
        ("name: a\n    ends:\n      recordings: many", 5, "conversations.0.ends.recordings: "),
        ("name: a\n  - name: a", 4, "“a” appears twice"),
    ],
)
def test_what_is_wrong_is_reported_with_its_line_and_a_remedy(
    write: Write, conversation: str, line: int, reason: str
) -> None:
    file = write(f"flow: desk\nconversations:\n  - {conversation}\n")

    with pytest.raises(FlowInvalid) as raised:
        read_conversations(file)

    assert raised.value.line == line
    assert reason in str(raised.value)
    assert str(raised.value).startswith(f"desk.test.yaml:{line}: ")
    assert raised.value.remedy


def test_what_holds_for_all_conversations_is_added_to_each_and_replaced_by_its_own(write: Write) -> None:
    file = write("""\
        flow: desk
        defaults:
          caller: "+15550143"
          called: "+15550150"
          at: 2026-12-24 18:00:00
          given: {day: Monday}
          people: {"+15550198": busy, "+15550199": busy}
          lookups: {orders: found}
        conversations:
          - name: as all
          - name: its own
            caller: withheld
            people: {"+15550199": nobody}
            lookups: {orders: [failed, found], stock: never}
          - name: dialled
            dials: "+15550144"
            given: {name: Ada}
        """)

    plain, own, dialled = (script.conversation for script in read_conversations(file))

    assert (plain.caller.number, plain.called, plain.at.day) == ("+15550143", "+15550150", 24)
    assert (plain.given, dialled.given, dialled.called) == ({}, {"day": "Monday", "name": "Ada"}, None)
    assert (own.caller.number, own.called) == ("withheld", "+15550150")
    assert {number: [each.answers for each in who] for number, who in own.people.items()} == {
        "+15550198": ["busy"],
        "+15550199": ["nobody"],
    }
    assert {name: [each.answers for each in how] for name, how in own.lookups.items()} == {
        "orders": ["failed", "found"],
        "stock": ["never"],
    }


def test_what_is_wrong_in_what_holds_for_all_is_reported_there_once(write: Write) -> None:
    file = write("""\
        flow: desk
        defaults:
          people: {"+15550199": [busy, bussy]}
        conversations: [{name: a}, {name: b}]
        """)

    with pytest.raises(FlowInvalid) as caught:
        read_conversations(file)

    assert caught.value.line == 3
    assert "bussy is not one of" in caught.value.reason


def test_a_file_named_after_another_flow_is_refused(write: Write) -> None:
    file = write("flow: office\nconversations: [{name: a}]\n")

    with pytest.raises(FlowInvalid, match=r"desk\.test\.yaml:1: the flow is office; name its file office\.test\.yaml"):
        read_conversations(file)


@pytest.mark.parametrize("text", ["", "- 1\n", "hello\n"])
def test_a_file_that_holds_something_else_is_refused(write: Write, text: str) -> None:
    with pytest.raises(FlowInvalid, match="holds no conversations; begin with"):
        read_conversations(write(text))


def test_the_published_schema_is_current() -> None:
    published = (ROOT / "docs" / "schema" / "conversations.schema.json").read_text(encoding="utf-8")

    assert published == schema(), "write it anew: dialtone flow test --schema > docs/schema/conversations.schema.json"


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_shipped_conversations_are_valid_by_the_published_schema(file: Path) -> None:
    validator = published_validator()

    validator.validate(Document.read(file.name, file.read_text(encoding="utf-8")).content)


@pytest.mark.parametrize(
    "action",
    [
        {"hums": "a tune"},
        {"after": "a while"},
        {"presses": "x"},
        {"presses": -1},
        {"hears": {"noise": 1}},
        {"hangs_up": False},
    ],
)
def test_the_published_schema_refuses_what_the_reader_refuses(action: dict[str, object]) -> None:
    content = {"flow": "desk", "conversations": [{"name": "a", "talk": [action]}]}

    assert not published_validator().is_valid(content)


def published_validator() -> jsonschema.Draft202012Validator:
    published = json.loads((ROOT / "docs" / "schema" / "conversations.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(published)
    return jsonschema.Draft202012Validator(published)


ALSO_CALLS = """\
    flow: desk
    defaults:
      caller: "+15550191"
    conversations:
      - name: two at once
        also_call:
          - caller: "+15550142"
            called: "+15550101"
            after: 20s
            talk: [{hears: hello}]
            ends: {outcome: served}
    """


def test_others_who_call_are_read_with_what_they_do(write: Write) -> None:
    (other,) = only(write(ALSO_CALLS)).conversation.also_call

    assert (other.caller.number, other.called, other.after, other.ends.outcome) == (
        "+15550142",
        "+15550101",
        20.0,
        "served",
    )


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ('- caller: "+15550142"', '- caller: "+15550191"', "+15550191 calls twice; give each caller a number"),
        ('- caller: "+15550142"', '- caller: ""', ""),
        ('- caller: "+15550142"\n            called', "- called", "caller is missing"),
        ("{outcome: served}", "{texts: []}", "expect them under its own ends"),
        ("        also_call:", '        dials: "+15550100"\n        also_call:', ""),
        ('called: "+15550101"', "says: hello", "says"),
    ],
)
def test_others_who_cannot_call_are_refused_with_a_remedy(write: Write, was: str, now: str, said: str) -> None:
    file = write(ALSO_CALLS.replace(was, now, 1))

    if not said:
        assert read_conversations(file)
        return
    with pytest.raises(FlowInvalid) as caught:
        read_conversations(file)
    assert said in str(caught.value)


def test_beside_a_call_that_we_dial_others_say_which_number_they_call(write: Write) -> None:
    text = ALSO_CALLS.replace("        also_call:", '        dials: "+15550100"\n        also_call:')

    with pytest.raises(FlowInvalid, match="give the number called under also_call"):
        read_conversations(write(text.replace('            called: "+15550101"\n', "")))
