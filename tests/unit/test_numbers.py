"""Numbers as carriers write them."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain import numbering_plans
from dialtone.domain.numbers import called_number, called_numbers, caller_number, is_withheld, masked

OURS = ("+13125550100", "+442079460000", "sip:reception")

WITHHELD = [
    "",
    "+",
    "0000000000",
    "Anonymous",
    "anonymous",
    "+anonymous",
    "No Caller ID",
    "PRIVATE",
    "restricted",
    "Unavailable",
    "unknown",
    "+266696687",
    "+2562533",
    "+7378742833",
    "+8656696",
    "+86282452253",
    "sip:anonymous@anonymous.invalid",
    '"Anonymous" <sip:anonymous@anonymous.invalid;user=phone>',
    "sip:x.y@anonymous.invalid",
    "sip:unknown@198.51.100.7:5060",
    "sip:+266696687@carrier.example",
]


@pytest.mark.parametrize("caller", WITHHELD)
def test_a_caller_who_shows_no_number_is_nobody_however_the_carrier_says_so(caller: str) -> None:
    assert is_withheld(caller)
    assert caller_number(caller, OURS[0]) == ""


def test_a_pseudo_number_without_its_plus_is_withheld_unless_it_is_somebodys() -> None:
    assert caller_number("266696687", OURS[0]) == ""
    assert caller_number("86282452253", OURS[1]) == ""
    assert caller_number("7378742833", OURS[0]) == "+17378742833"


@pytest.mark.parametrize(
    ("caller", "kept"),
    [
        ("+13125550142", "+13125550142"),
        ("13125550142", "+13125550142"),
        ("3125550142", "+13125550142"),
        ("(312) 555-0142", "+13125550142"),
        ("442079460018", "+442079460018"),
        ("sip:+13125550142@carrier.example;user=phone", "+13125550142"),
        ("sip:Alice@pbx.example:5061", "sip:alice@pbx.example"),
        ("701", "701"),
        ("sip:701@pbx.example", "sip:701@pbx.example"),
        ("00000000000000000000001", "00000000000000000000001"),
    ],
)
def test_a_caller_is_kept_in_one_form(caller: str, kept: str) -> None:
    assert caller_number(caller, OURS[0]) == kept


@pytest.mark.parametrize(
    ("called", "kept"),
    [
        ("+13125550100", "+13125550100"),
        ("13125550100", "+13125550100"),
        ("3125550100", "+13125550100"),
        ("02079460000", "+442079460000"),
        ("442079460000", "+442079460000"),
        ("tel:+44-20-7946-0000", "+442079460000"),
        ("4930123456", "+4930123456"),
        ("sip:13125550100@x.example", "+13125550100"),
        ("sip:Reception@x.example;transport=tcp", "sip:reception@x.example"),
        ("Reception", "sip:reception"),
        ("9999", "9999"),
        ("", ""),
    ],
)
def test_what_was_called_is_kept_in_one_form(called: str, kept: str) -> None:
    assert called_number(called, OURS) == kept


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+15550100", "+1555****"),
        ("(312) 555-0100", "(312) 555-****"),
        ("sip:+15550100@10.0.0.1", "sip:+1555****@10.0.0.1"),
        ("sip:reception@x.example", "sip:reception@x.example"),
        ("701", "***"),
        ("", ""),
    ],
)
def test_a_log_shows_a_number_without_its_last_four_digits(number: str, shown: str) -> None:
    assert masked(number) == shown


@given(st.one_of(st.text(max_size=60), st.text("+0123456789 ()-sip:@.x;", max_size=24)))
def test_whatever_is_written_has_a_form_and_the_form_stays_as_it_is(written: str) -> None:
    caller, called = caller_number(written, OURS[0]), called_number(written, OURS)

    assert caller_number(caller, OURS[0]) == caller
    assert called in called_numbers(written, OURS)
    assert len(masked(written)) <= 64


def test_the_library_is_loaded_for_odd_numbers_only() -> None:
    script = (
        "import sys; from dialtone.domain.numbers import *;"
        "caller_number('+13125550142', '+15550100'); caller_number('anonymous'); called_numbers('+15550100', ());"
        "assert 'phonenumbers' not in sys.modules; caller_number('13125550142'); assert 'phonenumbers' in sys.modules"
    )

    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2] / "functions")  # noqa: S603 -- this interpreter


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+13125550142", {"America/Chicago"}),
        ("+4930901820", {"Europe/Berlin"}),
        ("+15555550101", set()),  # no plan has the area 555
        ("+999", set()),
    ],
)
def test_the_time_zones_of_a_number_are_those_of_its_plan(number: str, zones: set[str]) -> None:
    assert set(numbering_plans.planned(number).zones) == zones


def test_a_number_without_a_place_may_be_in_every_zone_of_its_plan() -> None:
    toll_free = numbering_plans.planned("+18005550100").zones

    assert len(toll_free) == 42
    assert {"America/Adak", "America/St_Johns"} <= set(toll_free)
    assert len(numbering_plans.planned("+61412345678").zones) == 8  # an Australian mobile phone
