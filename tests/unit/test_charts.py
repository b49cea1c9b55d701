"""Charts and pages share their colours; a chart says what it shows, in which unit, and what neither can go below."""

import re
from xml.etree import ElementTree as ET

from infra.checkout import ROOT
from infra.flowkit.drawing import html
from infra.operations.calls import page
from infra.output.palette import colours_for
from infra.watching import picture
from tests.benchmarks.pictures import FLOOR, OTHER, Curve, Plot, bars, chart

CURVES = (
    Curve("Dialtone", [(1, 145), (200, 150.5)], dots=True),
    Curve("plain", [(1, 163), (200, 4_331)], OTHER),
    Curve("the floor", [(1, 130), (200, 130)], FLOOR),
)


def words(svg: bytes) -> list[str]:
    return [each.text or "" for each in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314 -- our own


def test_a_chart_has_a_title_axes_with_units_and_the_same_file_for_the_same_figures() -> None:
    drawn = chart("Latency, by calls at once", (Plot("calls at once", "latency, ms", CURVES, y_by_factor=True),))

    assert {"Latency, by calls at once", "calls at once", "latency, ms", "Dialtone", "the floor"} <= set(words(drawn))
    assert {"200", "500", "1,000", "2,000", "5,000"} <= set(words(drawn))
    assert b'viewBox="0 0 640' in drawn
    assert drawn == chart(
        "Latency, by calls at once", (Plot("calls at once", "latency, ms", CURVES, y_by_factor=True),)
    )


def test_the_floor_and_what_is_compared_with_are_distinguished_from_dialtone() -> None:
    drawn = chart("Latency", (Plot("calls at once", "latency, ms", CURVES),)).decode()
    stacked = bars(
        "A start", "milliseconds", ("a", "b", "c"), {"The floor": (1, 2, 0), "Dialtone": (1, 2, 3)}, "Dialtone"
    )

    assert re.findall(r'<path class="curve (\w+) ', drawn) == [*["one", "two", "floor"] * 2]
    assert re.search(r"\.curve\.floor \{[^}]*stroke-dasharray", drawn)
    assert re.findall(r'class="end( b)?" [^>]*>([\w ]+)<', stacked.decode()) == [("", "The floor"), (" b", "Dialtone")]
    assert stacked.count(b" beside") == 3  # the floor's three parts


def test_every_page_and_chart_is_of_the_same_colours_light_and_dark() -> None:
    root, svg = colours_for(":root"), colours_for("svg")

    assert root in html._STYLE  # noqa: SLF001
    assert root in page._COLOURS  # noqa: SLF001
    assert svg in picture._STYLE  # noqa: SLF001
    for file in (*(ROOT / "docs" / "bench").glob("*.svg"), *(ROOT / "docs" / "dashboards").glob("*.svg")):
        assert svg in file.read_text(encoding="utf-8"), file.name
    assert root in (ROOT / "docs" / "calls.svg").read_text(encoding="utf-8")
