"""What a campaign's calls cost."""

import pytest

from dialtone.domain.calls import Call
from dialtone.domain.campaigns.costs import Spent, added_cost, call_cost


@pytest.mark.parametrize(
    ("reported", "millionths"),
    [("0.0136", 13_600), ("1e-6", 1), ("0", 0), ("-1", 0), ("NaN", 0), ("Infinity", 0), ("1e999999", 0), ("dear", 0)],
)
def test_a_cost_is_a_price_or_nothing(reported: str, millionths: int) -> None:
    assert call_cost(reported) == millionths


@pytest.mark.parametrize(
    ("reported", "millionths"), [("0.02", 20_000), ("0", 13_600), ("1e-9", 13_600), ("dear", 13_600)]
)
def test_what_is_not_a_price_leaves_the_cost_that_is_known(reported: str, millionths: int) -> None:
    assert call_cost(reported, 13_600) == millionths


@pytest.mark.parametrize(
    ("known", "reported", "added"),
    [(0, 0, Spent()), (0, 500, Spent(500, 1)), (500, 500, Spent()), (500, 700, Spent(200)), (500, 300, Spent(-200))],
)
def test_a_call_counts_once_and_a_later_report_corrects_the_sum(known: int, reported: int, added: Spent) -> None:
    assert added_cost(Call("", "", cost=known), Call("", "", cost=reported)) == added
