"""Which version of the flows takes a new call."""

import pytest

from dialtone.domain.calls import Call
from dialtone.domain.hangup_causes import NORMAL_CLEARING
from dialtone.domain.live_version import Live, Trial
from dialtone.domain.outcomes import COMPLETED, FLOW_FAILED, HUNG_UP
from dialtone.domain.trial_results import Tally, is_worse, tallies

CALLED, OTHER = "+15550100", "+15550102"
CALLERS = [f"+1555010{number:04}" for number in range(2_000)]


def test_without_a_trial_the_live_version_takes_every_call() -> None:
    assert {Live(3, 7).version_for(CALLED, caller) for caller in CALLERS} == {7}


def test_a_trial_takes_about_its_share_of_the_callers() -> None:
    live = Live(3, 7, Trial(8, percent=10))

    taken = sum(live.version_for(CALLED, caller) == 8 for caller in CALLERS)

    assert 150 < taken < 250


def test_a_caller_who_calls_again_meets_the_same_version() -> None:
    live = Live(3, 7, Trial(8, percent=50))

    for caller in CALLERS[:100]:
        assert len({live.version_for(CALLED, caller) for _ in range(3)}) == 1


def test_the_next_trial_meets_other_callers() -> None:
    first, second = (
        {caller for caller in CALLERS if Trial(version, percent=10).takes(CALLED, caller)} for version in (8, 9)
    )

    assert len(first & second) < len(first) / 2


def test_a_trial_on_a_number_takes_only_calls_to_it() -> None:
    live = Live(3, 7, Trial(8, numbers=(CALLED,)))

    assert (live.version_for(CALLED, CALLERS[0]), live.version_for(OTHER, CALLERS[0])) == (8, 7)


@pytest.mark.parametrize("called", [CALLED, CALLED[1:], f"sip:{CALLED}@sip.telnyx.com"])
def test_a_trial_on_a_number_takes_calls_to_it_in_every_form_that_telnyx_has(called: str) -> None:
    assert Live(3, 7, Trial(8, numbers=(CALLED,))).version_for(called, CALLERS[0]) == 8


def test_what_is_stored_is_read_back_and_fields_of_a_later_program_are_passed_over() -> None:
    live = Live(3, 7, Trial(8, 10, (CALLED,), 1_796_000_000))
    stored = live.to_json()

    assert Live.from_json(stored) == live
    assert Live.from_json({**stored, "later": 1, "trial": {**stored["trial"], "later": 2}}) == live
    assert Live.from_json({"revision": 1, "version": 2}) == Live(1, 2)


def ended(published: int, ending: str, number: str = CALLED) -> Call:
    """A call that a version took, and how its flow stood when it ended."""
    return Call(
        "session",
        "leg",
        flow="desk",
        published=published,
        to_number=number,
        answered_at="2026-11-30T14:00:00Z",
        ended_at="2026-11-30T14:01:00Z",
        hangup_cause=NORMAL_CLEARING,
        ending=ending,
    )


def test_calls_that_failed_or_were_given_up_are_counted_for_the_trial_and_the_others() -> None:
    calls = [
        ended(8, COMPLETED),
        ended(8, HUNG_UP),
        ended(8, FLOW_FAILED),
        ended(7, COMPLETED),
        ended(0, HUNG_UP),
        Call("session", "leg", flow="desk", published=8),  # it goes on
    ]

    assert tallies(Trial(8, percent=10), calls) == (Tally(3, 2), Tally(2, 1))


def test_a_trial_on_a_number_is_compared_with_calls_to_it() -> None:
    calls = [ended(8, COMPLETED), ended(7, COMPLETED), ended(7, HUNG_UP, OTHER)]

    assert tallies(Trial(8, percent=50, numbers=(CALLED,)), calls) == (Tally(1, 0), Tally(1, 0))


@pytest.mark.parametrize(
    ("tried", "others", "worse"),
    [
        (Tally(100, 40), Tally(900, 90), True),
        (Tally(100, 10), Tally(900, 90), False),
        (Tally(100, 18), Tally(900, 90), False),  # chance is enough to explain it
        (Tally(100, 0), Tally(900, 400), False),  # it is better
        (Tally(49, 49), Tally(900, 0), False),  # too few to say
        (Tally(900, 900), Tally(49, 0), False),
        (Tally(100, 100), Tally(100, 100), False),
        (Tally(), Tally(), False),
    ],
)
def test_a_trial_is_worse_only_where_chance_hardly_explains_it(tried: Tally, others: Tally, worse: bool) -> None:  # noqa: FBT001 -- a table
    assert is_worse(tried, others) is worse
