"""Patterns of keyed digits: which may take longer than a call."""

import re

import pytest

from dialtone.domain.errors import FlowInvalid
from dialtone.flow.digit_patterns import MAX_DIGITS, MOST_ATTEMPTS, attempts
from tests.staged_call import StagedCall

QUICK = [
    "",
    "4711",
    "9.*",
    "[1-5]",
    r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])",
    r"(\d{3})+",
    r"(?:\d{4}){4}",
    r"(?=1)\d{5}(\*\d{1,4})?",
    r"(?P<area>0\d*)\*[^]*]+",
]
SLOW = [
    "(1|1)*2",
    r"(\d+)+",
    r"(?:\d*){9}",
    r"\d*\d*\d*2",
    r"(?P<a>1+|\d)*2",
    "(12|34)+",
    r"\d?" * 20 + "2",
    "(?:(?:1?){9}){9}2",
]


@pytest.mark.parametrize("pattern", QUICK)
def test_what_is_usual_is_taken_and_matched_at_once(pattern: str) -> None:
    assert attempts(pattern) <= MOST_ATTEMPTS

    for digits in ("1" * MAX_DIGITS, "1" * (MAX_DIGITS - 1) + "#", "12" * (MAX_DIGITS // 2)):
        re.fullmatch(pattern, digits)  # pytest would hang


@pytest.mark.parametrize("pattern", SLOW)
def test_what_may_take_longer_than_a_call_is_refused_with_the_flow(pattern: str) -> None:
    re.compile(pattern)
    flow = f"steps:\n  a: {{collect: Digits, into: n, pattern: '{pattern}', otherwise: b}}\n  b: hangup\n"

    assert attempts(pattern) > MOST_ATTEMPTS
    with pytest.raises(FlowInvalid, match="may take longer than a call; repeat neither a choice"):
        StagedCall(flow)
