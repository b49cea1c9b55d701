"""Who may be dialled when: windows in every zone that a phone may be in, limits, and what never allows it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from dialtone.domain.campaigns.campaign import Campaign, ListSummary, Part, RetryRule, Window, WindowInvalid
from dialtone.domain.campaigns.dialling_rules import (
    NO_COMMON_WINDOW,
    QUIET_HOURS,
    SUPPRESSED,
    TOO_EARLY,
    WEEK_SECONDS,
    WEEKLY_LIMIT,
    Allowed,
    History,
    Refused,
    allowed,
    next_opening,
    week_frees_at,
)
from dialtone.domain.campaigns.recipient import Recipient

BERLIN, NEW_YORK, LOS_ANGELES, HONOLULU = "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Pacific/Honolulu"
DAY = Window.read("09:00-20:00")


def at(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


NOW = at("2026-11-30T12:00", BERLIN)
CAMPAIGN = Campaign("water", "water-off", "+15555550100", "customers", "campaigns/water/list.json", 1, "user/a", 0, 0)
ANNA = Recipient(2, "+15555550101", (BERLIN,), {"street": "Main St"})


@pytest.mark.parametrize(
    ("text", "minute", "inside"),
    [
        ("09:00-20:00", 9 * 60, True),
        ("09:00-20:00", 9 * 60 - 1, False),
        ("09:00-20:00", 20 * 60, False),
        (" 9:00 - 24:00 ", 24 * 60 - 1, True),
        ("20:00-02:00", 0, True),
        ("20:00-02:00", 2 * 60, False),
        ("20:00-00:00", 23 * 60 + 59, True),
        ("00:00-24:00", 0, True),
    ],
)
def test_a_window_has_its_first_minute_and_not_its_last_also_over_midnight(
    text: str,
    minute: int,
    inside: bool,  # noqa: FBT001
) -> None:
    assert Window.read(text).has(minute) is inside


@pytest.mark.parametrize("text", ["", "9-20", "09:00", "25:00-26:00", "09:00-09:00", "10:00-24:30", "09:60-20:00"])
def test_what_is_not_a_window_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(WindowInvalid, match="09:00-20:00"):
        Window.read(text)


def test_a_window_reads_what_it_writes_and_knows_how_long_it_is() -> None:
    assert [Window.read(str(Window.read(each))).minutes for each in ("20:00-02:00", "00:00-24:00")] == [360, 1440]


@pytest.mark.parametrize(
    ("window", "zones", "now", "opens"),
    [
        (DAY, (BERLIN,), NOW, NOW),
        (DAY, (BERLIN,), at("2026-11-30T20:00", BERLIN), at("2026-12-01T09:00", BERLIN)),
        (DAY, (BERLIN,), at("2026-11-30T08:59:59", BERLIN), at("2026-11-30T09:00", BERLIN)),
        # It must hold in all of them: 09:00 in Los Angeles is 12:00 in New York.
        (DAY, (NEW_YORK, LOS_ANGELES), at("2026-11-30T09:00", NEW_YORK), at("2026-11-30T09:00", LOS_ANGELES)),
        (DAY, (NEW_YORK, LOS_ANGELES), at("2026-11-30T17:00", LOS_ANGELES), at("2026-12-01T09:00", LOS_ANGELES)),
        (Window.read("09:00-10:00"), (BERLIN, LOS_ANGELES), NOW, None),
        (Window.read("20:00-02:00"), (BERLIN,), at("2026-11-30T02:00", BERLIN), at("2026-11-30T20:00", BERLIN)),
        # Clocks are put forward at 02:00, and back at 03:00: the window is by the clock on the wall.
        (DAY, (BERLIN,), at("2027-03-27T20:00", BERLIN), at("2027-03-28T09:00", BERLIN)),
        (DAY, (BERLIN,), at("2026-10-24T20:00", BERLIN), at("2026-10-25T09:00", BERLIN)),
        # 02:30 is left out on that day: the window opens with the clocks, at 03:00.
        (Window.read("02:30-05:00"), (BERLIN,), at("2027-03-28T01:00", BERLIN), at("2027-03-28T03:00", BERLIN)),
        (Window.read("02:00-03:00"), (BERLIN,), at("2027-03-28T01:00", BERLIN), at("2027-03-29T02:00", BERLIN)),
        # 02:30 comes twice: it opens with the first.
        (Window.read("02:30-05:00"), (BERLIN,), at("2026-10-25T01:00", BERLIN), at("2026-10-25T00:30")),
    ],
)
def test_the_next_opening_is_the_first_moment_that_is_in_the_window_in_every_zone(
    window: Window, zones: tuple[str, ...], now: int, opens: int | None
) -> None:
    assert next_opening(window, zones, now) == opens


@pytest.mark.parametrize("day", ["2026-10-24", "2026-11-01", "2027-03-13", "2027-03-27", "2027-04-03", "2026-12-31"])
@pytest.mark.parametrize("zones", [(BERLIN,), (NEW_YORK, HONOLULU), ("Australia/Lord_Howe", "Asia/Kathmandu")])
@pytest.mark.parametrize("text", ["09:00-20:00", "18:00-09:00", "01:30-03:30"])
def test_the_next_opening_is_that_of_a_search_minute_by_minute(day: str, zones: tuple[str, ...], text: str) -> None:
    window, start = Window.read(text), at(f"{day}T00:17")

    def is_open(now: int) -> bool:
        local = [datetime.fromtimestamp(now, ZoneInfo(zone)) for zone in zones]
        return all(window.has(each.hour * 60 + each.minute) for each in local)

    for now in range(start, start + 86_400, 3 * 3600):
        searched = (each for each in (now, *range(now // 60 * 60 + 60, now + 2 * 86_400, 60)) if is_open(each))
        assert next_opening(window, zones, now) == next(searched, None)


@pytest.mark.parametrize(
    ("dialled_at", "limit", "frees"),
    [
        ((), 1, NOW),
        ((NOW - 60,), 2, NOW),
        ((NOW - 60, NOW - 3600), 2, NOW - 3600 + WEEK_SECONDS),
        ((NOW - 60, NOW - 3600, NOW - 7200), 2, NOW - 3600 + WEEK_SECONDS),
        ((NOW - WEEK_SECONDS,), 1, NOW),
        ((NOW - WEEK_SECONDS + 1,), 1, NOW + 1),
    ],
)
def test_the_weekly_limit_frees_as_the_oldest_counted_call_grows_a_week_old(
    dialled_at: tuple[int, ...], limit: int, frees: int
) -> None:
    assert week_frees_at(dialled_at, limit, NOW) == frees


def test_a_rule_that_never_allows_it_comes_before_one_that_only_delays_it() -> None:
    night = at("2026-11-30T23:00", BERLIN)
    later = CAMPAIGN.from_json({**CAMPAIGN.to_json(), "starts_at": NOW + 60})
    often = History(dialled_at=(NOW - 3, NOW - 2, NOW - 1))
    nowhere = Recipient(3, "+18005550101", (BERLIN, "Pacific/Auckland", HONOLULU), {})

    assert allowed(ANNA, CAMPAIGN, NOW, History()) == Allowed()
    assert allowed(ANNA, CAMPAIGN, night, History(suppressed=True)) == Refused(SUPPRESSED, None)
    assert allowed(ANNA, later, NOW, History()) == Refused(TOO_EARLY, NOW + 60)
    assert allowed(ANNA, CAMPAIGN, NOW, often) == Refused(WEEKLY_LIMIT, NOW - 3 + WEEK_SECONDS)
    assert allowed(ANNA, CAMPAIGN, night, History()) == Refused(QUIET_HOURS, at("2026-12-01T09:00", BERLIN))
    assert allowed(nowhere, CAMPAIGN, NOW, History()) == Refused(NO_COMMON_WINDOW, None)


def test_a_campaign_a_list_and_a_recipient_read_what_they_write_and_pass_over_what_a_later_program_adds() -> None:
    campaign = CAMPAIGN.from_json({**CAMPAIGN.to_json(), "retries": [asdict_rule()], "added_later": 1})
    summary = ListSummary("campaigns/water/list/", (Part("00000.jsonl", 1, "ab"),), 1, 2, {"duplicate": 1}, ("street",))

    assert campaign.retries == (RetryRule("busy", 2, 600),)
    assert Campaign.from_json(campaign.to_json()) == campaign
    assert ListSummary.from_json({**summary.to_json(), "added_later": 1}) == summary
    assert Recipient.from_line(ANNA.to_line()) == ANNA
    assert "\n" not in Recipient(2, "+15555550101", (BERLIN,), {"a": "x\ny\u2028z"}).to_line()


def asdict_rule() -> dict[str, object]:
    return {"outcome": "busy", "times": 2, "pause_seconds": 600, "added_later": True}
