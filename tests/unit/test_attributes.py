"""Plain values as DynamoDB's attributes: what boto3 makes of them, without boto3."""

from __future__ import annotations

from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as some

from dialtone.adapters.attributes import attributes, plain

DIGITS = 10**38  # DynamoDB keeps 38 of them

values = some.recursive(
    some.text() | some.integers(-DIGITS + 1, DIGITS - 1) | some.booleans() | some.none(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
)
items = some.dictionaries(some.text(), values)


@given(items)
def test_an_item_is_written_as_boto3_writes_it(item: dict[str, Any]) -> None:
    serialise = TypeSerializer().serialize

    assert attributes(item) == {name: serialise(value) for name, value in item.items()}


@given(items)
def test_an_item_is_read_as_boto3_reads_it_with_whole_numbers_as_such(item: dict[str, Any]) -> None:
    deserialise = TypeDeserializer().deserialize

    read = plain(attributes(item))

    assert read == item == {name: deserialise(value) for name, value in attributes(item).items()}
    assert repr(read) == repr(item), "no decimals"


def test_a_tuple_is_kept_as_a_list() -> None:
    assert plain(attributes({"back": ("a", "b")})) == {"back": ["a", "b"]}


@pytest.mark.parametrize("value", [1.5, b"bytes", {"a"}, object()])
def test_what_the_table_cannot_keep_is_refused_by_its_type(value: object) -> None:
    with pytest.raises(TypeError, match=f"{type(value).__name__} is not kept in the table"):
        attributes({"value": [value]})


@pytest.mark.parametrize(
    ("kept", "value"),
    [({"SS": ["a"]}, ["a"]), ({"B": "eA=="}, "eA=="), ({"N": "1.5"}, 1.5), ({"N": "1E+2"}, 100.0), ({"N": "-3"}, -3)],
)
def test_what_only_a_later_version_writes_is_no_obstacle(kept: dict[str, object], value: object) -> None:
    assert plain({"known": {"S": "here"}, "later": kept}) == {"known": "here", "later": value}
