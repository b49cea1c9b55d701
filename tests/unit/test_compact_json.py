"""JSON as the table keeps it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.compact_json import COMPRESSED_FROM_BYTES, compact, expanded
from dialtone.flow.loader import MAX_TEXT_BYTES

ITEM_BYTES = 400 * 1_024
"""DynamoDB's limit."""

ALPHABETS = {
    "printable ASCII": range(0x20, 0x7F),
    "quotes and backslashes": [0x22, 0x5C],
    "lines": [0x0A],
    "Cyrillic": range(0x410, 0x450),
    "Chinese": range(0x4E00, 0x9FA5),
    "emoji": range(0x1F300, 0x1F650),
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
)


@given(JSON, st.sampled_from([0, COMPRESSED_FROM_BYTES]))
def test_what_is_stored_comes_back(value: object, more: int) -> None:
    assert expanded(compact([value, "x" * more])) == [value, "x" * more]


def test_letters_are_stored_as_they_are() -> None:
    assert compact({"say": "Добро пожаловать"}) == '{"say":"Добро пожаловать"}'


def test_what_was_stored_with_escapes_is_still_read() -> None:
    assert expanded('{"say": "\\u0414\\u0430"}') == {"say": "Да"}


def test_half_a_surrogate_pair_is_stored_as_what_utf_8_can_hold() -> None:
    stored = compact({"say": "\ud800"})

    assert stored.encode()
    assert expanded(stored) == {"say": "\ud800"}


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_the_longest_texts_of_a_flow_fit_into_an_item_whatever_they_are(alphabet: str) -> None:
    letters = [chr(each) for each in ALPHABETS[alphabet]]
    chance = random.Random(alphabet)  # the hardest to compress
    text = "".join(chance.choices(letters, k=MAX_TEXT_BYTES // len(letters[0].encode())))

    stored = compact({"desk.yaml": text})

    assert MAX_TEXT_BYTES - 8 <= len(text.encode()) <= MAX_TEXT_BYTES
    assert len(stored.encode()) < ITEM_BYTES - 2_000
