"""Whatever another system says, an answer comes of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.errors import MalformedEvent
from dialtone.domain.lookups import FAILED, FOUND, NOT_FOUND, Answer, Lookup
from dialtone.domain.own_events import event_from_json, event_to_json
from dialtone.flow.templating import MAX_VALUE_CHARACTERS
from lookup.answer_parsing import MAX_ANSWER_BYTES, answer_of, answer_of_http

LOOKUP = Lookup("crm", {}, 5, gives=("name", "vip", "balance", "age", "nothing", "gone"), id="id", turn=2)


def test_fields_become_texts_as_flows_compare_them() -> None:
    said = {"name": "Ada", "vip": True, "balance": 12.5, "age": 36, "nothing": None, "else": "not wanted"}

    answer = answer_of(LOOKUP, json.dumps(said).encode())

    values = {"name": "Ada", "vip": "true", "balance": "12.5", "age": "36", "nothing": "", "gone": ""}
    assert answer == Answer(FOUND, values)


@pytest.mark.parametrize("body", [b"", b"  ", b"null", b"{}"])
def test_nothing_is_not_found(body: bytes) -> None:
    assert answer_of(LOOKUP, body) == Answer(NOT_FOUND)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "answered what is not JSON"),
        (b"\xff\xfe", "answered what is not JSON"),
        (b"[" * 100_000, "answered more than 65,536 bytes"),
        (b"[" * 60_000, "answered what is not JSON"),
        (b'["Ada"]', "answered JSON that is not an object"),
        (b'"Ada"', "answered JSON that is not an object"),
        (b'{"name": {"first": "Ada"}}', "answered with name that is neither text nor a number"),
        (b" " * (MAX_ANSWER_BYTES + 1), "answered more than 65,536 bytes"),
    ],
)
def test_what_cannot_be_used_has_failed_and_says_why(body: bytes, reason: str) -> None:
    assert answer_of(LOOKUP, body) == Answer(FAILED, reason=reason)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, Answer(FOUND, dict.fromkeys(LOOKUP.gives, "") | {"name": "Ada"})),
        (204, Answer(NOT_FOUND)),
        (404, Answer(NOT_FOUND)),
        (301, Answer(FAILED, reason="answered HTTP 301")),
        (403, Answer(FAILED, reason="answered HTTP 403")),
        (500, Answer(FAILED, reason="answered HTTP 500")),
    ],
)
def test_an_address_answers_by_its_status(status: int, answer: Answer) -> None:
    assert answer_of_http(LOOKUP, status, b'{"name": "Ada"}') == answer


@given(
    st.binary() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_no_answer_raises(body: bytes) -> None:
    assert answer_of(LOOKUP, body).result in {FOUND, NOT_FOUND, FAILED}


@given(st.dictionaries(st.sampled_from(LOOKUP.gives), st.text() | st.floats() | st.integers() | st.booleans()))
def test_what_is_found_fits_into_a_call_and_travels(said: dict[str, object]) -> None:
    answer = answer_of(LOOKUP, json.dumps(said).encode())

    event = answer.event(LOOKUP, "2026-11-24T10:00:00.000000Z")
    assert all(len(value) <= MAX_VALUE_CHARACTERS for value in answer.values.values())
    assert event_from_json(json.loads(json.dumps(event_to_json(event)))) == event


def test_that_there_is_no_answer_yet_travels_too() -> None:
    event = LOOKUP.slow("2026-11-24T10:00:00.000000Z")

    assert event_from_json(json.loads(json.dumps(event_to_json(event)))) == event


def test_a_text_is_cut_where_a_variable_ends() -> None:
    answer = answer_of(LOOKUP, json.dumps({"name": "x" * 5_000}).encode())

    assert len(answer.values["name"]) == MAX_VALUE_CHARACTERS


@pytest.mark.parametrize(
    "reported",
    [
        {},
        {"id": "a", "occurred_at": "b", "turn": 1, "payload": {"result": "won", "values": {}, "call_session_id": "s"}},
    ],
)
def test_what_is_no_answer_is_refused(reported: dict[str, object]) -> None:
    with pytest.raises(MalformedEvent, match="dialtone_event is not one of our own events"):
        event_from_json(reported)


@pytest.mark.parametrize("result", ["won", [], {}, None])
def test_an_answer_with_an_unknown_result_is_refused(result: object) -> None:
    event = answer_of(LOOKUP, b'{"name": "Ada"}').event(LOOKUP, "2026-11-24T10:00:00.000000Z")
    reported = json.loads(json.dumps(event_to_json(event)))
    reported["payload"]["result"] = result

    with pytest.raises(MalformedEvent, match="dialtone_event is not one of our own events"):
        event_from_json(reported)
