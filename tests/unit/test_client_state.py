"""What a command leaves with Telnyx, and what comes back."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.client_state import ClientState


def left_by(fields: object) -> str:
    return base64.b64encode(json.dumps(fields).encode()).decode()


@given(
    turn=st.integers(min_value=0, max_value=10_000),
    flow=st.from_regex(r"[a-z0-9][a-z0-9-]{0,30}", fullmatch=True),
    parent_leg=st.uuids().map(str),
    sensitive=st.booleans(),
)
def test_what_is_left_with_telnyx_comes_back_as_it_was(turn: int, flow: str, parent_leg: str, sensitive: bool) -> None:  # noqa: FBT001 -- hypothesis gives it by name
    state = ClientState(turn, flow, parent_leg, sensitive)

    assert ClientState.decode(state.encode()) == state


def test_what_is_not_set_takes_no_room() -> None:
    assert base64.b64decode(ClientState().encode()) == b"{}"
    assert base64.b64decode(ClientState(turn=3).encode()) == b'{"t":3}'


@given(st.text())
def test_any_text_at_all_reads_as_a_state(text: str) -> None:
    assert isinstance(ClientState.decode(text), ClientState)


@given(st.binary())
def test_any_bytes_at_all_in_base64_read_as_a_state(content: bytes) -> None:
    assert isinstance(ClientState.decode(base64.b64encode(content).decode()), ClientState)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not base64!",
        "aGVsbG8",  # padding left out
        "ümlaut",
        "\ud800",
        base64.b64encode(b"have a nice day").decode(),
        base64.b64encode(b"\xff\xfe\xfd").decode(),
        base64.b64encode(b"[" * 100_000).decode(),
        left_by([]),
        left_by("text"),
        left_by(None),
        left_by({"t": "1"}),
        left_by({"t": True}),
        left_by({"t": 1.0}),
        left_by({"t": None}),
        left_by({"f": 7}),
        left_by({"f": None}),
        left_by({"p": ["leg"]}),
    ],
)
def test_another_programs_state_is_an_empty_one(text: str) -> None:
    assert ClientState.decode(text) == ClientState()


def test_a_state_with_fields_of_a_later_version_keeps_those_that_are_known() -> None:
    assert ClientState.decode(left_by({"t": 4, "f": "main-menu", "later": [1]})) == ClientState(4, "main-menu")


@pytest.mark.parametrize(("mark", "sensitive"), [(1, True), (True, True), ("yes", True), (0, False), (None, False)])
def test_a_doubtful_mark_of_sensitivity_keeps_the_digits_out(mark: object, sensitive: bool) -> None:  # noqa: FBT001 -- a case of the table
    assert ClientState.decode(left_by({"s": mark})).sensitive is sensitive
