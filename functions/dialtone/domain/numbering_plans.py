"""National numbering plans. The only module that imports `phonenumbers`; it is loaded when a number needs it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType


def national_readings(written: str, like: Iterable[str]) -> frozenset[str]:
    """The E.164 numbers that the text may stand for, if it is dialled in the countries of the `like` numbers."""
    countries = {code for number in like if (code := _country_code(number))}
    regions = {phonenumbers.region_code_for_country_code(code) for code in countries}
    return frozenset(number for region in regions if (number := _e164(written, region)))


def is_valid(number: str) -> bool:
    """Whether its country's numbering plan contains such numbers."""
    return phonenumbers.is_valid_number(phonenumbers.parse(number))


_FIXED = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.PAGER,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)


def is_fixed(number: str) -> bool:
    """Whether its country's plan says that it is not a mobile number. Many plans do not distinguish."""
    return phonenumbers.number_type(phonenumbers.parse(number)) in _FIXED


def is_possible(number: str) -> bool:
    """Whether it has a country code, and as many digits as that country's numbers."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except NumberParseException:
        return False


def countries(number: str) -> frozenset[str]:
    """The countries (ISO 3166-1 alpha-2) of an E.164 number: one, or all that share its country code."""
    try:
        parsed = phonenumbers.parse(number.partition(",")[0])
    except NumberParseException:
        return frozenset()
    found = phonenumbers.region_code_for_number(parsed)
    return frozenset([found] if found else phonenumbers.region_codes_for_country_code(parsed.country_code or 0))


class Planned(NamedTuple):
    """What the country's numbering plan says about a number."""

    zones: tuple[str, ...]
    """The time zones (IANA) in which its phone may be: 42 for a toll-free number of North America, in most countries
    all of the country's for a mobile number. Empty for a number that is in no plan."""
    premium: bool
    """Whether calls to it cost extra."""
    possible: bool
    """Whether it has a country code, and as many digits as that country's numbers."""


def planned(number: str) -> Planned:
    """What the plan says about an E.164 number. Loads the time zone data, which nothing else here needs."""
    from phonenumbers import timezone  # noqa: PLC0415 -- as said

    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return Planned((), premium=False, possible=False)
    kind = phonenumbers.number_type(parsed)  # called once, since it takes longer than everything else here
    if kind == PhoneNumberType.UNKNOWN:
        return Planned((), premium=False, possible=phonenumbers.is_possible_number(parsed))
    if phonenumbers.is_number_type_geographical(kind, parsed.country_code or 0):
        found = timezone.time_zones_for_geographical_number(parsed)
    else:
        found = timezone.time_zones_for_number(parsed)
    zones = tuple(zone for zone in found if zone != timezone.UNKNOWN_TIMEZONE)
    return Planned(zones, kind == PhoneNumberType.PREMIUM_RATE, possible=True)


def _country_code(number: str) -> int:
    try:
        return phonenumbers.parse(number).country_code or 0
    except NumberParseException:
        return 0


def _e164(written: str, region: str) -> str:
    try:
        return phonenumbers.format_number(phonenumbers.parse(written, region), PhoneNumberFormat.E164)
    except NumberParseException:
        return ""
