"""What is typed, and what a caller does of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.phone.typing import Act, KeyParser, NoKey, Order, Press, Speak


def typed(*pieces: str) -> list[Act]:
    typist = KeyParser()
    return [act for piece in pieces for act in typist.type(piece)] + typist.end()


@pytest.mark.parametrize("key", "0123456789*#")
def test_every_key_of_a_telephone_is_pressed(key: str) -> None:
    assert typed(key) == [Press(key)]


@pytest.mark.parametrize("order", Order)
def test_every_order_has_its_key(order: Order) -> None:
    assert typed(order.value) == [order]


def test_keys_typed_at_once_are_one_entry_and_a_line_ends_it() -> None:
    assert typed("4242#\n1\n") == [Press("4242#"), Press("1")]


def test_words_are_said_at_the_end_of_their_line() -> None:
    assert typed('"Room 101, please?\n#') == [Speak("Room 101, please?"), Press("#")]


def test_a_second_quotation_mark_ends_the_words_as_well() -> None:
    assert typed('"Hello"h') == [Speak("Hello"), Order.HANG_UP]


def test_words_whose_line_was_not_ended_are_said_at_the_end_of_the_input() -> None:
    assert typed('"Hel', "lo") == [Speak("Hello")]


def test_words_being_typed_can_be_seen_corrected_and_given_up() -> None:
    typist = KeyParser()

    drafts, acts = [], []
    for piece in ('"Hallo', "\x7f\x7f\x7f\x7fello", "\x1b", "5"):
        acts += typist.type(piece)
        drafts.append(typist.draft)

    assert drafts == ["Hallo", "Hello", None, None]
    assert acts == [Press("5")]


def test_what_is_erased_to_its_beginning_is_no_speech_any_more() -> None:
    assert typed('"a\x7f\x7f5') == [Press("5")]


def test_a_line_of_speech_can_be_begun_anew() -> None:
    assert typed('"Helo\x15Hello\n') == [Speak("Hello")]


def test_saying_nothing_is_nothing() -> None:
    assert typed('""', '"  \n') == []


@pytest.mark.parametrize("sequence", ["\x1b[A", "\x1b[15~", "\x1bOP", "\x1b[1;5C", "\x1b[200~", "\x1bh"])
def test_arrow_and_function_keys_press_nothing(sequence: str) -> None:
    assert typed(f"1{sequence}2") == [Press("12")]


def test_a_function_key_that_comes_in_pieces_presses_nothing() -> None:
    assert typed("1\x1b[1", "5~2") == [Press("1"), Press("2")]


def test_control_d_quits() -> None:
    assert typed("\x04") == [Order.QUIT]


def test_a_key_that_means_nothing_is_named() -> None:
    assert typed("1x 2\x00") == [Press("1"), NoKey("x"), Press("2")]


@given(st.lists(st.text('0123456789*#\nhr?"abc \x7f\x15'), max_size=6))
def test_however_typing_is_cut_into_pieces_the_same_keys_are_pressed(pieces: list[str]) -> None:
    def flat(acts: list[Act]) -> list[object]:
        return [part for act in acts for part in (act.digits if isinstance(act, Press) else [act])]

    assert flat(typed(*pieces)) == flat(typed("".join(pieces)))
