"""What a command leaves with Telnyx, and what comes back."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.client_state import ClientState


def left_by(fields: object) -> str:
    return base64.b64encode(json.dumps(fields).encode()).decode()


def written_by(fields: dict[str, object]) -> str:
    """As an earlier version of ours wrote it: compact, and without a tag."""
    return base64.b64encode(json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()).decode()


@given(
    turn=st.integers(min_value=0, max_value=10_000),
    flow=st.from_regex(r"[a-z0-9][a-z0-9-]{0,30}", fullmatch=True),
    parent_leg=st.uuids().map(str),
    sensitive=st.booleans(),
    version=st.text("0123456789abcdef", max_size=12),
)
def test_what_is_left_with_telnyx_comes_back_as_it_was(
    turn: int, flow: str, parent_leg: str, *, sensitive: bool, version: str
) -> None:
    state = ClientState(turn, flow, parent_leg, sensitive, flow_version=version)

    assert ClientState.decode(state.encode()) == state


def test_what_is_not_set_takes_no_room() -> None:
    assert base64.b64decode(ClientState().encode()) == b'{"dialtone":1}'
    assert base64.b64decode(ClientState(turn=3).encode()) == b'{"dialtone":1,"t":3}'
    assert len(ClientState(turn=3, flow="front-desk").encode()) <= 56


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
        left_by({"t": 3, "p": "another-leg"}),
        left_by({"f": "front-desk"}),
        left_by({"t": 3, "f": "front-desk", "s": 1}),
        left_by({"dialtone": 2, "t": 3}),
        left_by({"dialtone": "1", "t": 3}),
        written_by({"t": 3}),
        written_by({"s": 1}),
        written_by({"p": "another-leg", "d": 1}),
        written_by({"f": "front-desk", "t": 3}),
        written_by({"t": 3, "f": "front-desk", "user": 7}),
        written_by({"t": 0, "f": "front-desk"}),
        written_by({"t": 3, "f": "front-desk", "s": True}),
        *(
            left_by({"dialtone": 1, **fields})
            for fields in (
                {"t": "1"},
                {"t": True},
                {"t": 1.0},
                {"t": None},
                {"t": 10**40},
                {"f": 7},
                {"f": None},
                {"f": "half \ud800"},
                {"p": ["leg"]},
                {"p": "l" * 256},
                {"p": "leg\n"},
                {"g": ["name"]},
                {"g": {"name": 7}},
                {"g": {"name": "half \ud800"}},
                {"g": {"half \ud800": "name"}},
            )
        ),
    ],
)
def test_another_programs_state_is_an_empty_one(text: str) -> None:
    assert ClientState.decode(text) == ClientState()


def test_a_state_with_fields_of_a_later_version_keeps_those_that_are_known() -> None:
    left = left_by({"dialtone": 1, "t": 4, "f": "main-menu", "later": [1]})

    assert ClientState.decode(left) == ClientState(4, "main-menu")


@pytest.mark.parametrize(
    ("left", "state"),
    [
        ({"f": "main-menu"}, ClientState(0, "main-menu")),
        ({"t": 3, "f": "main-menu"}, ClientState(3, "main-menu")),
        ({"t": 3, "f": "main-menu", "s": 1}, ClientState(3, "main-menu", sensitive=True)),
        ({"t": 3, "f": "main-menu", "p": "leg-1"}, ClientState(3, "main-menu", "leg-1")),
        ({"t": 3, "f": "main-menu", "p": "leg-1", "d": 1}, ClientState(3, "main-menu", "leg-1", dialled=True)),
        ({"f": "main-menu", "g": {"name": "Zoë"}}, ClientState(0, "main-menu", given={"name": "Zoë"})),
    ],
)
def test_a_state_left_before_there_was_a_tag_is_still_understood(left: dict[str, object], state: ClientState) -> None:
    """Calls in progress at the deployment that brought the tag carry such states to their end."""
    assert ClientState.decode(written_by(left)) == state


@pytest.mark.parametrize(("mark", "sensitive"), [(1, True), (True, True), ("yes", True), (0, False), (None, False)])
def test_a_doubtful_mark_of_sensitivity_keeps_the_digits_out(mark: object, sensitive: bool) -> None:  # noqa: FBT001 -- a case of the table
    assert ClientState.decode(left_by({"dialtone": 1, "s": mark})).sensitive is sensitive
