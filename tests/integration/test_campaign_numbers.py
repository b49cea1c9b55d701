"""The suppression list and the calls of a week: found by one read, counted once, whoever else counts meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from dialtone.adapters.campaign_numbers import CampaignNumbers, NumberRecord, Throttled
from dialtone.domain.campaigns.dialling_rules import WEEK_SECONDS, History
from dialtone.domain.campaigns.suppression import OPTED_OUT, Suppression
from tests.integration.dependencies import Line

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


ANN, BOB, NOW = "+15555550101", "+15555550102", 1_780_000_000


@pytest.fixture
def numbers(line: Line) -> CampaignNumbers:
    del line
    return CampaignNumbers(client(), "calls", lambda _: None)


def client() -> DynamoDBClient:
    return boto3.client("dynamodb")


def note(number: str, reason: str = "asked us to") -> Suppression:
    return Suppression(number, reason, "user/anna", NOW)


def count(numbers: CampaignNumbers, record: NumberRecord, claim: str, now: int = NOW) -> None:
    client().transact_write_items(TransactItems=[numbers.count_write(record, claim, now)])


def test_a_number_is_suppressed_until_it_is_taken_off_the_list(numbers: CampaignNumbers) -> None:
    many = [note(f"+1555555{place:04}") for place in range(60)]

    assert numbers.suppress([note(ANN), note(ANN), *many]) == 62
    assert numbers.suppress([note(ANN, OPTED_OUT)]) == 1  # twice is once

    assert {each.number for each in numbers.suppressions()} == {ANN, *(each.number for each in many)}
    assert numbers.suppression(ANN) == note(ANN, OPTED_OUT)
    assert numbers.records([ANN, "+4930901820", ANN]) == {
        ANN: NumberRecord(ANN, suppressed=True),
        "+4930901820": NumberRecord("+4930901820"),
    }
    assert [numbers.allow(ANN), numbers.allow(ANN)] == [True, False]
    assert numbers.suppression(ANN) is None


def test_an_attempt_is_counted_once_and_does_not_stand_in_its_own_way(numbers: CampaignNumbers) -> None:
    count(numbers, numbers.records([BOB])[BOB], "water/2/1")
    again = numbers.records([BOB])[BOB]
    count(numbers, again, "water/2/1")
    count(numbers, numbers.records([BOB])[BOB], "bins/7/1", NOW + 60)

    known = numbers.records([BOB])[BOB]
    assert again.counts("water/2/1")
    assert known.history() == History(dialled_at=(NOW, NOW + 60))
    assert known.history("bins/7/1") == History(dialled_at=(NOW,))


def test_of_two_that_count_at_once_one_must_read_again(numbers: CampaignNumbers) -> None:
    for claim in ("first", "later"):
        known = numbers.records([BOB])[BOB]
        count(numbers, known, claim)
        with pytest.raises(ClientError, match="ConditionalCheckFailed"):
            count(numbers, known, "at once")

    assert numbers.records([BOB])[BOB].calls == {"first": NOW, "later": NOW}


def test_calls_older_than_a_week_are_dropped_and_the_item_expires_when_none_counts(numbers: CampaignNumbers) -> None:
    count(numbers, numbers.records([BOB])[BOB], "old")
    count(numbers, numbers.records([BOB])[BOB], "new", NOW + WEEK_SECONDS)

    (item,) = client().scan(TableName="calls")["Items"]
    assert numbers.records([BOB])[BOB].calls == {"new": NOW + WEEK_SECONDS}
    assert int(item["expires_at"]["N"]) == NOW + 2 * WEEK_SECONDS + 86_400


class Busy:
    """DynamoDB that leaves most of each request undone, so many times; then it does all."""

    def __init__(self, times: int) -> None:
        self._real: Any = client()
        self._left = times

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803, ANN401 -- boto's
        return self._some(RequestItems, "UnprocessedKeys", self._real.batch_get_item)

    def batch_write_item(self, RequestItems: Any) -> Any:  # noqa: N803, ANN401 -- boto's
        return self._some(RequestItems, "UnprocessedItems", self._real.batch_write_item)

    def _some(self, asked: Any, undone: str, ask: Any) -> Any:  # noqa: ANN401 -- boto's
        if self._left:
            self._left -= 1
            return {"Responses": {}, undone: asked}
        return ask(RequestItems=asked)


def test_what_dynamodb_leaves_undone_is_asked_for_again_but_not_for_ever(numbers: CampaignNumbers) -> None:
    busy: Any = Busy(3)
    patient = CampaignNumbers(busy, "calls", lambda _: None)

    assert patient.suppress([note(ANN)]) == 1
    assert numbers.suppression(ANN) is not None
    never: Any = Busy(100)
    blocked = CampaignNumbers(never, "calls", lambda _: None)
    with pytest.raises(Throttled):
        blocked.suppress([note(ANN)])
    with pytest.raises(Throttled):
        blocked.records([ANN])
