"""Which flow takes a call: by called number, caller and hour."""

from __future__ import annotations

import pytest

from dialtone.flows.routes import Routes, read_routes

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
        ("+442079460000", "", DAY, "world"),
        ("sip:desk@example.com", "", DAY, ""),
    ],
)
def test_the_first_route_that_fits_takes_the_call(
    routes: Routes, called: str, caller: str, moment: str, flow: str
) -> None:
    assert routes.flow(called, caller, moment) == flow


def test_whole_numbers_are_told_with_the_flow_that_takes_their_calls_in_general(routes: Routes) -> None:
    assert routes.numbers == {"+15550100": "night", "+15550101": "closed-only"}
