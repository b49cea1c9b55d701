"""A flow's YAML: plain values with their lines, or a fault that names the line."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.errors import FlowInvalid
from dialtone.flow.document import Document, Place
from infra.checkout import ROOT, SAMPLES

FLOW = """\
flow: main-menu
# a remark

steps:
  welcome:
    menu: Press
      1.
    keys:
      1: sales
      "*": welcome
  sales:
    say:
      - Hello.
      - {audio: https://example.com/a.mp3}
"""


def fault(text: str) -> FlowInvalid:
    with pytest.raises(FlowInvalid) as caught:
        Document.read("broken.yaml", text).checked()
    assert caught.value.remedy
    assert str(caught.value) == f"broken.yaml:{caught.value.line}: {caught.value.reason}; {caught.value.remedy}"
    return caught.value


def test_everything_in_a_file_knows_its_line() -> None:
    source = Document.read("main-menu.yaml", FLOW)

    assert source.content["steps"]["welcome"]["keys"] == {"1": "sales", "*": "welcome"}
    assert source.line(()) == 1
    assert source.line(("steps",)) == 4
    assert source.line(("steps", "welcome", "menu")) == 6
    assert source.line(("steps", "welcome", "keys", "1")) == 9
    assert source.line(("steps", "welcome", "keys", "*")) == 10
    assert source.line(("steps", "sales", "say", 1, "audio")) == 14


def test_what_stands_nowhere_has_the_line_of_what_is_around_it() -> None:
    source = Document.read("main-menu.yaml", FLOW)

    assert source.line(("steps", "welcome", "otherwise")) == 5
    assert source.line(("voice",)) == 1
    assert Document("empty.yaml", "").line(("steps",)) == 1


def test_everything_in_a_file_knows_its_column() -> None:
    document = Document.read("main-menu.yaml", FLOW)

    assert document.place(("steps", "welcome", "keys", "*")) == Place(10, 7)
    assert document.place(("steps", "sales", "say", 0)) == Place(13, 9)
    assert document.place(("steps", "sales", "say", 1, "audio")) == Place(14, 10)


def test_a_problem_names_file_line_step_reason_and_remedy() -> None:
    document = Document.read("main-menu.yaml", FLOW)

    document.report(("steps", "sales"), "sales", "is never reached", "remove it or send a choice to it")

    error = document.error
    assert str(error) == 'main-menu.yaml:11: step "sales" is never reached; remove it or send a choice to it'
    assert (error.file, error.line, error.step) == ("main-menu.yaml", 11, "sales")
    assert (error.reason, error.remedy) == ("is never reached", "remove it or send a choice to it")


def test_all_problems_of_a_file_are_known_at_once_with_line_and_column() -> None:
    text = "about: 2026-13-45\nsteps:\n  a: hangup\n  on: hangup\n  a: hangup\n  b: {hangup: !yes x}\n"

    document = Document.read("broken.yaml", text)

    assert [(each.place.line, each.place.column) for each in document.problems] == [(1, 8), (4, 3), (5, 3), (6, 15)]
    assert document.content["steps"] == {"a": "hangup", "b": {"hangup": None}}


def test_what_follows_from_a_problem_is_not_reported_beside_it() -> None:
    document = Document.read("main-menu.yaml", FLOW)

    document.report(("steps", "sales", "say"), "sales", "is a problem", "fix it")
    document.report(("steps", "sales", "say", 0), "sales", "is a part of it", "fix it")
    document.report(("steps", "sales"), "sales", "has it as a part", "fix it")
    document.report(("steps", "welcome"), "welcome", "is another", "fix it")

    assert [each.reason for each in document.problems] == ["is a problem", "is another"]


@pytest.mark.parametrize("text", ["", "# only a remark\n", "---\n"])
def test_a_file_without_content_holds_nothing(text: str) -> None:
    assert Document.read("empty.yaml", text).content is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: b\n---\nc: d", 2),
        ("a: *nowhere", 1),
        ("a: !!python/object:os.system x", 1),
        ("a: b\nc: !secret d", 2),
        ("base: &base {a: 1}\nuse:\n  <<: *base", 3),
    ],
)
def test_what_is_not_plain_yaml_is_reported_with_its_line(text: str, line: int) -> None:
    reported = fault(text)

    assert reported.line == line
    assert reported.reason.startswith("not YAML: ")


def test_tags_that_another_library_teaches_pyyaml_are_still_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    # AWS SAM's translator does this to the class that everybody uses, when it is imported.
    monkeypatch.setattr(yaml.SafeLoader, "yaml_multi_constructors", {"!": lambda *_: "taught"})
    monkeypatch.setattr(yaml.SafeLoader, "yaml_constructors", {"!secret": lambda *_: "taught"})

    assert "!secret" in fault("a: b\nc: !secret d").reason
    assert Document.read("main-menu.yaml", FLOW).content["steps"]["welcome"]["menu"] == "Press 1."


@pytest.mark.parametrize("text", ["a: b\x00", "a: \x07", "a: \ufffe", "a: \ud83d"])
def test_control_characters_are_reported(text: str) -> None:
    reported = fault(text)

    assert reported.reason.startswith("not YAML: ")
    assert "UTF-8" in reported.remedy


@pytest.mark.parametrize(
    "value",
    [
        "2026-13-45",
        "2026-11-20T99:00:00Z",
        "2026-11-20T14:00:00-99:00",
        "0b_",
        "0x_",
        "9" * 5_000,
        "!!int many",
        "!!float much",
        "!!bool maybe",
        "!!timestamp soon",
    ],
)
def test_a_value_that_looks_like_a_date_or_number_and_is_none_is_reported_with_its_line(value: str) -> None:
    reported = fault(f"flow: tested\nabout: {value}\n")

    assert reported.line == 2
    assert "quotes" in reported.remedy


def test_a_key_that_looks_like_a_date_and_is_none_is_reported_with_its_line() -> None:
    assert fault("flow: tested\n2026-13-45: x\n").line == 2


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("on", "on cannot be a key: YAML reads it as True"),
        ("no", "no cannot be a key: YAML reads it as False"),
        ("null", "null cannot be a key: YAML reads it as None"),
        ("1.5", "1.5 cannot be a key: YAML reads it as 1.5"),
        ("[a]", "a list or mapping cannot be a key: YAML reads it as []"),
    ],
)
def test_a_key_that_is_no_text_is_reported_with_its_line(key: str, reason: str) -> None:
    reported = fault(f"steps:\n  a: b\n  ? {key}\n  : c\n")

    assert (reported.line, reported.reason, reported.remedy) == (3, reason, "write it in quotes")


def test_a_date_may_be_a_key_and_is_the_text_that_it_was_written_as() -> None:
    assert Document.read("calendar.yaml", "2026-12-25: closed\n").content == {"2026-12-25": "closed"}


@pytest.mark.parametrize("second", ["bye", '"bye"', "'bye'"])
def test_a_key_that_stands_twice_is_reported_at_its_second_place(second: str) -> None:
    reported = fault(f"steps:\n  bye: hangup\n  other: hangup\n  {second}: hangup\n")

    assert (reported.line, reported.reason) == (4, "bye appears twice")


def test_a_key_of_a_phone_stands_twice_with_and_without_quotes() -> None:
    assert fault('keys:\n  1: a\n  "1": b\n').line == 3


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a x\nb: *a", "a: &a {b: c}\nd:\n  - *a"])
def test_an_alias_is_reported_with_its_line_before_it_can_grow_without_bound(text: str) -> None:
    reported = fault(text)

    assert reported.line == text.count("\n") + 1
    assert "alias" in reported.reason


def test_nesting_without_end_is_reported() -> None:
    assert fault("[" * 5_000).reason.startswith("not YAML")


@pytest.mark.parametrize(
    "file", sorted({*SAMPLES.rglob("*.yaml"), *(ROOT / "tests" / "flows").rglob("*.yaml")}), ids=lambda file: file.name
)
def test_both_parsers_read_every_flow_of_ours_alike(file: Path) -> None:
    text = file.read_text(encoding="utf-8", errors="replace")

    assert Document.read(file.name, text) == Document.read_slowly(file.name, text)


WRITTEN = st.sampled_from(
    [
        *"ab1~?-,{}[]'|>\"#% \n",
        "on",
        "yes",
        "12:30",
        "2026-01-02",
        ": ",
        "- ",
        "\n  ",
        "\n    ",
        "1_000",
        "<<: ",
        "\r\n",
        "é",
    ]
)


@given(st.lists(WRITTEN, max_size=16).map("".join))
def test_both_parsers_read_whatever_both_accept_alike(text: str) -> None:
    fast, plain = Document.read("any.yaml", text), Document.read_slowly("any.yaml", text)

    if not plain.problems:
        assert repr(fast.content) == repr(plain.content)


@given(st.text())
def test_any_text_is_read_or_reported(text: str) -> None:
    try:
        source = Document.read("any.yaml", text).checked()
    except FlowInvalid as reported:
        line = reported.line
    else:
        line = source.line(("anything",))
    assert 1 <= line <= len(text.splitlines()) + 2


@given(st.lists(st.sampled_from([*"ab:-{}[]\"'#&*!|>%@`\n ,?1.~", "\n  ", ": ", "- ", "&a ", "*a", "!!int "])))
def test_any_punctuation_is_read_or_reported(pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        assert Document.read("any.yaml", text).checked().file == "any.yaml"
    except FlowInvalid as reported:
        assert 1 <= reported.line <= text.count("\n") + 2  # noqa: PT017 -- either is right, and both are checked
