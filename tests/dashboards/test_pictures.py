"""The dashboards can be drawn, and the pictures in docs/ are of the dashboards that are deployed."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html import unescape

import pytest

from dialtone.domain.outcomes import COUNTED
from infra.checkout import ROOT
from infra.local import translate
from infra.watching.measurements import Name, Span
from infra.watching.stack import Stack
from tests.dashboards.__main__ import PICTURES, pictures
from tests.dashboards.day import NAMESPACE, Day

FOLDER = ROOT / "docs" / "dashboards"
NEVER = {"CallsExpectedFrom": "0", "CallsExpectedUntil": "0"}
"""No hours in which there always are calls: before noon of the day there is nothing."""
STACK = Stack.of(translate.read(ROOT / "infra" / "monitoring.yaml"), NEVER)
MOST_BYTES = 200_000
A_QUARTER = 0.25
TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")


@pytest.fixture(scope="module")
def day() -> Iterator[Day]:
    with Day(1, hours=A_QUARTER, outage=None) as played:
        played.run()
        yield played


def words(svg: str) -> list[str]:
    return [unescape(each) for each in TEXT.findall(svg)]


def test_every_widget_is_drawn_from_a_quarter_of_an_hour_of_calls(day: Day) -> None:
    for name, svg in pictures(day).items():
        ET.fromstring(svg)  # noqa: S314 -- our own
        dashboard = PICTURES[name.removesuffix(".svg")][0]
        titles = [each["properties"]["title"] for each in STACK.dashboards[dashboard]["widgets"]]
        assert [title for title in titles if title not in words(svg)] == []


def test_the_day_is_measured_as_the_functions_measure_it(day: Day) -> None:
    span = Span(day.begins, day.unix() + 1)

    def total(metric: str, **dimensions: str) -> float:
        name = Name.of(NAMESPACE, metric, {"service": "webhook", **dimensions})
        return sum(day.measured.series(name, "Sum", span.ends - span.begins, span).values())

    started = total("CallsStarted", Direction="incoming") + total("CallsStarted", Direction="outgoing")
    assert started == len({leg.name.call_session_id for leg in day.carrier.legs}) > 5
    assert sum(total("CallsEnded", Outcome=each) for each in COUNTED) == started
    assert STACK.ringing(day.measured, span.ends) == frozenset()


def test_while_telnyx_does_not_answer_it_rings_that_callers_suffer_and_afterwards_no_more() -> None:
    begins, ends = 0.04, 0.1
    with Day(1, hours=0.11, outage=(begins, ends), calls_an_hour=90) as day:
        day.run()

    def ringing(hours: float) -> frozenset[str]:
        return STACK.ringing(day.measured, day.begins + hours * 3_600)

    suffering = {"CallersAreAffected", "ApiFaultsAlarm", "WebhookFaultsAlarm"}
    assert not ringing(begins) & suffering
    assert ringing(ends) >= suffering
    assert not ringing(ends + 0.15) & suffering


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_in_the_docs_are_of_these_dashboards(name: str) -> None:
    svg = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    dashboard = PICTURES[name][0]
    wanted = [each["properties"]["title"] for each in STACK.dashboards[dashboard]["widgets"]]

    drawn = words(svg)

    assert [each for each in wanted if each not in drawn] == [], "draw them anew: make dashboards"
    assert len(svg) < MOST_BYTES


def test_every_outcome_that_calls_are_counted_by_is_shown() -> None:
    [widget] = [
        each for each in STACK.dashboards["Dashboard"]["widgets"] if each["properties"]["title"] == "How calls ended"
    ]

    assert {row[row.index("Outcome") + 1] for row in widget["properties"]["metrics"]} == COUNTED


def test_what_is_in_trouble_is_seen_at_once() -> None:
    calm, trouble = (
        (FOLDER / f"{name}.svg").read_text(encoding="utf-8") for name in ("operators", "operators-in-trouble")
    )

    assert ("OK" in words(calm), "In alarm" in words(calm)) == (True, False)
    assert "In alarm" in words(trouble)
