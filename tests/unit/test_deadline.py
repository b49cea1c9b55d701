"""How requests keep to a deadline: which are begun, and which time they have."""

import math
import threading
import time

import pytest

from dialtone.domain.deadline import NO_DEADLINE, SHORTEST_REQUEST_SECONDS, DeadlinePassed, request_until, seconds_left


def test_without_a_deadline_a_request_may_take_for_ever() -> None:
    assert seconds_left() == math.inf

    with request_until(NO_DEADLINE, "GetItem"):
        assert seconds_left() == math.inf


@pytest.mark.parametrize("left", [-1.0, 0.0, SHORTEST_REQUEST_SECONDS / 2])
def test_a_request_for_which_no_time_is_left_is_not_begun_and_named(left: float) -> None:
    begun = False

    with (
        pytest.raises(DeadlinePassed, match="no time is left for GetItem"),
        request_until(time.monotonic() + left, "GetItem"),
    ):
        begun = True

    assert not begun


def test_a_request_has_the_time_until_the_deadline_and_what_comes_after_it_has_not() -> None:
    with request_until(time.monotonic() + 60, "GetItem"):
        assert 0 < seconds_left() <= 60

    assert seconds_left() == math.inf


def test_of_two_deadlines_the_earlier_counts() -> None:
    with request_until(time.monotonic() + 60, "outer"):
        with request_until(time.monotonic() + 600, "inner"):
            assert seconds_left() <= 60
        with request_until(time.monotonic() + 6, "inner"):
            assert seconds_left() <= 6
        assert seconds_left() > 6


def test_each_thread_has_a_deadline_of_its_own() -> None:
    found: list[float] = []

    with request_until(time.monotonic() + 60, "GetItem"):
        thread = threading.Thread(target=lambda: found.append(seconds_left()))
        thread.start()
        thread.join()

    assert found == [math.inf]
