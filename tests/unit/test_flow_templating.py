"""What a call knows is put into texts, and can change nothing else about them."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialtone.flow.templating import filled, filled_ssml, names_in, spoken


def test_what_is_not_known_becomes_nothing() -> None:
    assert filled("Hello {nobody}!", {}) == "Hello !"


def test_names_may_say_of_which_kind_they_are() -> None:
    assert (
        filled("{digits.account}, {lookup.customer.name}", {"digits.account": "1", "lookup.customer.name": "Ann"})
        == "1, Ann"
    )


def test_digits_that_were_keyed_in_are_read_one_by_one() -> None:
    assert spoken("{digits.account} and {name}", {"digits.account": "1234", "name": "12"}) == "1 2 3 4 and 12"


@pytest.mark.parametrize("text", ["{Name}", "{1}", "{ name }", "{}", "{{", "a } b {", "{a.}", "{.a}", "{a..b}"])
def test_braces_that_name_nothing_stay(text: str) -> None:
    assert filled(text, {"name": "Ann", "Name": "Bob"}) == text


def test_a_text_tells_what_it_names() -> None:
    assert list(names_in("{caller} {digits.pin} {x} {No}")) == ["caller", "digits.pin", "x"]


@given(st.text())
def test_what_is_put_into_words_is_put_in_as_it_is(value: str) -> None:
    assert filled("<{name}>", {"name": value}) == f"<{value}>"


@given(st.text())
def test_what_is_put_into_words_is_not_filled_again(value: str) -> None:
    assert filled("{a}", {"a": "{b}" + value, "b": "never"}) == "{b}" + value


def sayable(value: str) -> str:
    """What XML can hold of a text; it reads every end of a line as one character."""
    kept = "".join(each for each in value if each in "\t\n\r" or (each >= " " and each not in "\ufffe\uffff"))
    return "".join(each for each in kept if not "\ud800" <= each <= "\udfff")


@given(st.text(alphabet=st.characters()) | st.text(alphabet="'\"<>&]/;= \t\x00"))
@example("O'Brien")
@example('say "hi"')
@example("</say-as><break/>")
@example("&amp; ]]>")
@example("\x07")
def test_nothing_that_a_call_knows_can_change_what_ssml_means(value: str) -> None:
    template = "<speak>Hello <say-as interpret-as=\"{name}\" other='{name}'>{name}</say-as>, goodbye.</speak>"

    read = ET.fromstring(filled_ssml(template, {"name": value}))  # noqa: S314 -- our own text

    (element,) = read
    assert (read.text, element.tail) == ("Hello ", ", goodbye.")
    assert set(element.attrib) == {"interpret-as", "other"}
    assert list(element) == []
    assert (element.text or "").split() == sayable(value).split()
