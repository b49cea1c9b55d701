"""CI runs each case once: a sample with coverage, and what that leaves out without."""

import re
from itertools import product

import pytest

from infra.checkout import ROOT
from tests.sampling import MEASURED, Case

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
EVERY = 3
CASES = [
    Case(place, folder, no_cover, draws)
    for place, folder, no_cover, draws in product(range(4), ["unit", "e2e"], [False, True], [False, True])
]


def is_measured(case: Case) -> bool:
    """Whether `make coverage EVERY=3` runs it: the Makefile names folders and marks."""
    return case.folder in MEASURED and not case.no_cover and case.is_sampled(EVERY)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_case_runs_with_coverage_or_without(case: Case) -> None:
    runs = is_measured(case) + case.is_left_out(EVERY)

    assert runs == (2 if is_measured(case) and case.draws else 1)


def test_a_sample_of_each_case_is_all_of_them() -> None:
    assert all(case.is_sampled(1) for case in CASES)


def test_the_folders_that_are_measured_are_those_of_make_coverage() -> None:
    (recipe,) = re.findall(r"--cov-fail-under.*", MAKEFILE)

    assert {*re.findall(r"tests/(\w+)", recipe)} == MEASURED
    assert "-m 'not no_cover'" in MAKEFILE


def test_ci_leaves_out_of_the_tests_what_it_runs_with_coverage() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert re.findall(r"make test BESIDES=(\S+)", ci) == re.findall(r"make coverage EVERY=(\S+)", ci) != []
