"""docs/cost.md says what the code counts."""

import pytest

from tests.benchmarks.cost import KINDS, PAGE, counted, item_bytes, page

pytestmark = pytest.mark.no_cover


def test_the_page_of_cost_says_what_the_code_counts() -> None:
    written = page({kind: counted(kind) for kind in KINDS})

    assert PAGE.read_text(encoding="utf-8") == written, "write it anew: python -m tests.benchmarks.cost --write"


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"a": {"S": "héllo"}}, 1 + 6),
        ({"n": {"N": "1790000000"}}, 1 + 6),
        ({"m": {"M": {"a": {"S": "b"}}}}, 1 + 3 + 2 + 1),
        ({"l": {"L": [{"S": "ab"}]}}, 1 + 3 + 1 + 2),
        ({"t": {"BOOL": True}}, 1 + 1),
    ],
)
def test_an_item_is_as_large_as_dynamodb_says(item: dict[str, dict[str, object]], expected: int) -> None:
    assert item_bytes(item) == expected
