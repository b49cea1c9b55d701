"""What a webhook costs in requests, for every type of event that there is a sample of."""

import pytest

from tests.benchmarks.round_trips import EVENTS, TELNYX, calls, samples

pytestmark = pytest.mark.no_cover  # plays again and again what other tests take


def test_every_sample_costs_two_round_trips_at_most_one_again_and_none_if_it_is_forged() -> None:
    counted = list(samples())

    assert len(counted) == len(list(EVENTS.glob("*.json")))
    assert [each for each in counted if not each.as_promised] == []


def test_every_event_of_whole_calls_costs_two_round_trips_and_a_request_a_command() -> None:
    counted = list(calls())

    assert [each for each in counted if not each.as_promised] == []
    assert max(each.new[TELNYX] for each in counted) == 4
