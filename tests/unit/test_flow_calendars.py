"""Opening hours in their own time zone, summer and winter."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.errors import FlowInvalid
from dialtone.flow.calendars import CLOSED, HOLIDAY, OPEN, Calendar, read_calendar

LONDON = """\
calendar: office
time_zone: Europe/London
open:
  mon-fri: [09:00-12:30, 13:30-17:30]
  sat: 10:00-14:00
  sun: closed
holidays:
  2026-12-24 to 2026-12-26: closed
  "2026-12-31": 09:00-12:00
"""
NIGHT = "calendar: office\ntime_zone: America/Chicago\nopen: {fri-sat: 22:00-06:00, mon: 00:00-24:00}\n"


def calendar(text: str) -> Calendar:
    return read_calendar("office", text)


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-11-20T09:00:00Z", OPEN),
        ("2026-11-20T08:59:59.999999Z", CLOSED),
        ("2026-11-20T12:29:59Z", OPEN),
        ("2026-11-20T12:30:00Z", CLOSED),
        ("2026-11-20T13:30:00Z", OPEN),
        ("2026-11-20T17:30:00Z", CLOSED),
        ("2026-11-21T10:00:00Z", OPEN),
        ("2026-11-22T10:00:00Z", CLOSED),
        ("2026-12-25T10:00:00Z", HOLIDAY),
        ("2026-12-24T10:00:00Z", HOLIDAY),
        ("2026-12-31T10:00:00Z", OPEN),
        ("2026-12-31T14:00:00Z", HOLIDAY),
        # In summer London's nine o'clock is eight by UTC.
        ("2026-07-01T08:00:00Z", OPEN),
        ("2026-07-01T07:59:59Z", CLOSED),
        # The clocks go back on 25 October 2026, forward on 28 March 2027.
        ("2026-10-23T08:00:00Z", OPEN),
        ("2026-10-26T08:00:00Z", CLOSED),
        ("2026-10-26T09:00:00Z", OPEN),
        ("2027-03-29T08:00:00Z", OPEN),
    ],
)
def test_it_is_open_by_the_clocks_of_its_place(moment: str, state: str) -> None:
    assert calendar(LONDON).at(moment) == state


@pytest.mark.parametrize(
    ("local", "state"),
    [
        ("2026-11-20T22:00", OPEN),
        ("2026-11-21T05:59", OPEN),
        ("2026-11-21T06:00", CLOSED),
        ("2026-11-22T05:59", OPEN),
        ("2026-11-23T00:00", OPEN),
        ("2026-11-23T23:59", OPEN),
        ("2026-11-24T00:00", CLOSED),
        ("2026-11-20T05:00", CLOSED),
    ],
)
def test_hours_may_go_on_after_midnight(local: str, state: str) -> None:
    moment = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("America/Chicago")).astimezone(UTC)

    assert calendar(NIGHT).at(moment.isoformat()) == state


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)), st.sampled_from([LONDON, NIGHT]))  # noqa: DTZ001 -- made aware below
def test_at_any_moment_it_is_as_the_clock_on_the_wall_says(naive: datetime, text: str) -> None:
    moment = naive.replace(tzinfo=UTC)
    read = calendar(text)
    wall = moment.astimezone(ZoneInfo(read.time_zone)).replace(tzinfo=None)

    def within(day: date) -> bool:
        midnight = datetime.combine(day, datetime.min.time())
        spans = [(span.begins, span.ends + timedelta(days=span.overnight)) for span in read.spans(day)]
        return any(midnight + begins <= wall < midnight + ends for begins, ends in spans)

    is_open = within(wall.date()) or within(wall.date() - timedelta(days=1))
    assert (read.at(moment.isoformat()) == OPEN) == is_open


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("Europe/London", "Europe/Londres", "2: time_zone: Europe/Londres is not a time zone"),
        ("Europe/London", "../passwd", "2: time_zone: ../passwd is not a time zone"),
        ("mon-fri:", "workdays:", "3: open: workdays is not a day"),
        ("sat:", "fri:", "3: open: fri appears twice; remove one of the two"),
        ("10:00-14:00", "10-14", "5: open.sat: 10-14 is not an opening time"),
        ("10:00-14:00", "10:00-25:00", "5: open.sat: 10:00-25:00 is not an opening time"),
        ("2026-12-31", "31 December", "7: holidays: 31 December is not a date"),
        ("2026-12-31", "2026-12-25", "7: holidays: 2026-12-25 appears twice; remove one of the two"),
        ("to 2026-12-26", "to 2026-12-20", "7: holidays: 2026-12-24 to 2026-12-20: the second date must"),
        ("calendar: office", "calendar: shop", "1: the calendar is named shop; name its file shop.yaml"),
        ("calendar: office", "calender: office", "calender is not a key here; did you mean calendar?"),
    ],
)
def test_what_is_wrong_is_reported_with_its_line(old: str, new: str, fault: str) -> None:
    with pytest.raises(FlowInvalid) as caught:
        calendar(LONDON.replace(old, new))

    assert fault in str(caught.value)
    assert str(caught.value).startswith("calendars/office.yaml:")


def test_a_file_that_holds_no_calendar_is_reported() -> None:
    with pytest.raises(FlowInvalid, match="is not a calendar"):
        calendar("- mon\n")
