"""Which version of the flows takes a new call."""

from __future__ import annotations

from dialtone.domain.publication import Live, Trial

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


def test_what_is_stored_is_read_back_and_fields_of_a_later_program_are_passed_over() -> None:
    live = Live(3, 7, Trial(8, 10, (CALLED,), 1_796_000_000))
    stored = live.to_json()

    assert Live.from_json(stored) == live
    assert Live.from_json({**stored, "later": 1, "trial": {**stored["trial"], "later": 2}}) == live
    assert Live.from_json({"revision": 1, "version": 2}) == Live(1, 2)
