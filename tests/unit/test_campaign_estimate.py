"""How long a campaign takes and what it costs: by rate, by calls at once, by the windows of all zones."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from dialtone.domain.campaigns.campaign import Window
from dialtone.domain.campaigns.estimate import estimate
from dialtone.domain.campaigns.estimate_assumptions import Assumed

Zones = tuple[str, ...]
BERLIN: Zones = ("Europe/Berlin",)
NEW_YORK: Zones = ("America/New_York",)
LOS_ANGELES: Zones = ("America/Los_Angeles",)
DAY = Window.read("09:00-20:00")
FAST = Assumed(5.0, 10_000)


def at(text: str, zone: Zones = BERLIN) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone[0])).timestamp())


NOON = at("2026-11-30T12:00")


def test_two_thousand_people_at_five_a_second_are_dialled_in_under_seven_minutes() -> None:
    found = estimate({BERLIN: 2_000}, DAY, NOON, FAST)

    assert (found.starts_at, found.ends_at, found.dialling_seconds) == (NOON, NOON + 400, 400)
    assert found.most_dollars == pytest.approx(2_000 * 0.007 + found.aws_dollars)
    assert 0.1 < found.aws_dollars < 0.4


@pytest.mark.parametrize(
    ("recipients", "now", "begins", "ends"),
    [
        # 300 a minute: what is left when the window closes waits for the next day.
        ({BERLIN: 3_000}, at("2026-11-30T19:55"), at("2026-11-30T19:55"), at("2026-12-01T09:05")),
        ({BERLIN: 100}, at("2026-11-30T21:00"), at("2026-12-01T09:00"), at("2026-12-01T09:01")),
        # Each zone when it is open there; nobody's turn is saved up while nobody may be dialled.
        ({BERLIN: 100, LOS_ANGELES: 600}, NOON, NOON, at("2026-11-30T09:02", LOS_ANGELES)),
        ({(*NEW_YORK, *LOS_ANGELES): 10}, NOON, at("2026-11-30T09:00", LOS_ANGELES), None),
        # The clocks are put forward in the night.
        ({BERLIN: 60}, at("2027-03-27T22:00"), at("2027-03-28T09:00"), at("2027-03-28T09:00") + 12),
    ],
)
def test_the_windows_of_all_zones_say_when(
    recipients: dict[Zones, int], now: int, begins: int, ends: int | None
) -> None:
    found = estimate(recipients, DAY, now, FAST)

    assert found.starts_at == begins
    assert found.ends_at is not None
    assert abs(found.ends_at - (ends or begins)) <= 60


def test_calls_at_once_bound_the_rate() -> None:
    found = estimate({BERLIN: 600}, DAY, NOON, Assumed(5.0, 55, call_seconds=40))

    assert found.ends_at == NOON + 600  # one a second: each call is there for 55 s


def test_a_campaign_without_an_end_says_so_and_nobody_takes_no_time() -> None:
    assert estimate({BERLIN: 1_000_000}, DAY, NOON, Assumed(0.01, 100)).ends_at is None
    assert estimate({}, DAY, NOON, FAST).ends_at == NOON
    assert estimate({BERLIN: 1}, DAY, NOON, FAST).ends_at in {NOON, NOON + 1}


def test_what_detection_costs_is_counted_where_somebody_said() -> None:
    priced = replace(FAST, detection_dollars=0.0065)

    more = (
        estimate({BERLIN: 600}, DAY, NOON, priced).most_dollars - estimate({BERLIN: 600}, DAY, NOON, FAST).most_dollars
    )

    assert more == pytest.approx(600 * 0.0065)


def test_a_million_are_estimated_at_once() -> None:
    recipients = {BERLIN: 400_000, NEW_YORK: 300_000, LOS_ANGELES: 300_000}

    found = estimate(recipients, DAY, NOON, Assumed(20.0, 1_000))

    assert found.ends_at is not None
    assert 50_000 <= found.dialling_seconds <= 56_000  # 1,000 calls at once of 55 s: 18.2 a second
