"""Which flow takes a call: by called number, caller and hour."""

import pytest

from dialtone.flow.call_routing import Routes, read_routes

CALENDAR = "calendar: office\ntime_zone: UTC\nopen: {mon-fri: 09:00-17:00}\n"
NUMBERS = """\
"+15550100":
  - {flow: friends, caller: ["+13125550142", "+44*"]}
  - {flow: day, open: office}
  - night
"+15550101": {flow: closed-only, closed: office}
"+1555*": region
"+15550*": town
"+*": world
"+442079460000": london
"sip:reception": reception
"sip:sales@desk.sip.telnyx.com": sales
"sip:7*": extensions
"""
DAY, NIGHT = "2026-11-20T12:00:00Z", "2026-11-20T20:00:00Z"


@pytest.fixture
def routes() -> Routes:
    return read_routes(NUMBERS, lambda file: CALENDAR if file.startswith("calendars/") else "flow")


@pytest.mark.parametrize(
    ("called", "caller", "moment", "flow"),
    [
        ("+15550100", "+13125550142", NIGHT, "friends"),
        ("+15550100", "+442079460000", DAY, "friends"),
        ("+15550100", "+13125550143", DAY, "day"),
        ("+15550100", "+13125550143", NIGHT, "night"),
        ("+15550101", "+13125550143", NIGHT, "closed-only"),
        ("+15550101", "+13125550143", DAY, "town"),
        ("+15550999", "+13125550143", DAY, "town"),
        ("+15559999", "+13125550143", DAY, "region"),
        ("+442079460001", "", DAY, "world"),
        ("442079460000", "", DAY, "london"),
        ("02079460000", "", DAY, "london"),
        ("00442079460000", "", DAY, "london"),
        ("tel:+44-20-7946-0000", "", DAY, "london"),
        ("442079460001", "", DAY, "world"),
        ("15550100", "+13125550142", NIGHT, "friends"),
        ("5550100", "13125550142", NIGHT, "friends"),
        ("+15550100", "sip:+442079460018@carrier.example", NIGHT, "friends"),
        ("sip:+15550101@desk.sip.telnyx.com", "", NIGHT, "closed-only"),
        ("sip:reception@desk.sip.telnyx.com:5060;transport=tls", "", DAY, "reception"),
        ("<sips:Reception@other.example>", "", DAY, "reception"),
        ("reception", "", DAY, "reception"),
        ("sip:sales@desk.sip.telnyx.com", "", DAY, "sales"),
        ("sip:sales@other.example", "", DAY, ""),
        ("sip:701@desk.sip.telnyx.com", "", DAY, "extensions"),
        ("701", "", DAY, ""),
        ("", "", DAY, ""),
        ("sip:desk@example.com", "", DAY, ""),
    ],
)
def test_the_first_route_that_fits_takes_the_call(
    routes: Routes, called: str, caller: str, moment: str, flow: str
) -> None:
    assert routes.flow(called, caller, moment) == flow


def test_whole_numbers_are_reported_with_the_flow_that_takes_their_calls_in_general(routes: Routes) -> None:
    assert routes.numbers == {
        "+15550100": "night",
        "+15550101": "closed-only",
        "+442079460000": "london",
        "sip:reception": "reception",
        "sip:sales@desk.sip.telnyx.com": "sales",
    }


WITHHELD = ["anonymous", "Restricted", "unavailable", "unknown", "", "+266696687", "sip:anonymous@anonymous.invalid"]


@pytest.mark.parametrize("condition", ["withheld", "anonymous", '""', '"+266696687"'])
def test_withheld_callers_meet_one_condition_however_it_and_they_are_written(condition: str) -> None:
    written = f'"+15550100": [{{flow: shy, caller: {condition}}}, day]\n'
    routes = read_routes(written, lambda _: "flow")

    assert {routes.flow("+15550100", caller, DAY) for caller in WITHHELD} == {"shy"}
    assert routes.flow("+15550100", "+13125550142", DAY) == "day"


def test_a_flow_alone_is_the_route_that_it_is_in_full() -> None:
    alone, in_full = (
        read_routes(f'"+15550100": {written}', lambda _: "flow").by_number for written in ("night", "{flow: night}")
    )

    assert alone == in_full
    assert alone["+15550100"][0].for_all


def test_a_star_alone_takes_every_call_that_no_other_line_is_for() -> None:
    routes = read_routes('"+15550100": day\n"*": rest\n', lambda _: "flow")

    called = ["+15550100", "+15550199", "sip:nobody@x.example", "", "7"]

    assert [routes.flow(number, "", DAY) for number in called] == ["day", "rest", "rest", "rest", "rest"]


def test_a_number_that_may_be_two_of_ours_is_neither() -> None:
    routes = read_routes('"+15550100": day\n"+445550100": night\n', lambda _: "flow")

    assert routes.flow("5550100", "", DAY) == ""
