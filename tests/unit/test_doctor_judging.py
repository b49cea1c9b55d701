"""What the doctor says of what it finds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.checkout import ROOT
from infra.local.translate import read
from infra.operations.connect.account import Application, Number, Profile, StoredAudio
from infra.operations.connect.lines import Lines
from infra.operations.connect.plan import Wanted, application_settings
from infra.operations.doctor import judging
from infra.operations.doctor.result import Result, Status, good

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
OURS = "+13125550100"
WANTED = Wanted("line", "https://a.example/hook", "https://b.example/", 2, Lines({}, {}), {})
PROFILE = Profile(
    "5",
    "calls",
    {
        "whitelisted_destinations": ["US"],
        "daily_spend_limit": "10.00",
        "daily_spend_limit_enabled": True,
        "enabled": True,
    },
)


def application(**changes: Any) -> dict[str, Result]:  # noqa: ANN401 -- settings of any type
    settings = {**application_settings(WANTED, "5"), **changes}
    return {each.check: each for each in judging.application(WANTED, Application("1", "line", settings), [PROFILE])}


def test_an_application_as_connect_makes_it_is_good() -> None:
    assert good(list(application().values()))


@pytest.mark.parametrize(
    ("setting", "value", "check", "found"),
    [
        ("webhook_api_version", "1", "API version", "1: no call is answered with it"),
        (
            "webhook_event_url",
            "https://old.example",
            "application",
            "webhook_event_url: https://old.example → https://a",
        ),
        ("webhook_event_failover_url", None, "application", "webhook_event_failover_url: not set → https://b.example/"),
        ("active", False, "application", "active: off → on"),
        ("redact_dtmf_debug_logging", False, "application", "redact_dtmf_debug_logging: off → on"),
        (
            "outbound.outbound_voice_profile_id",
            "",
            "outbound voice profile",
            "none: transfers and calls out are refused",
        ),
    ],
)
def test_a_setting_that_is_wrong_fails_with_its_remedy(setting: str, value: object, check: str, found: str) -> None:
    results = application(**{setting: value})

    assert results[check].status is Status.FAILED
    assert found in results[check].found
    assert results[check].remedy == "run `dialtone connect`"
    assert not good(list(results.values()))


@pytest.mark.parametrize(("seconds", "status"), [(None, "ok"), (2, "ok"), (10, "ok"), (30, "warning")])
def test_a_long_webhook_time_out_is_a_warning(seconds: int | None, status: str) -> None:
    assert application(webhook_timeout_secs=seconds)["webhook time-out"].status == status


@pytest.mark.parametrize(
    ("settings", "status"),
    [({"enabled": False}, "failed"), ({"daily_spend_limit_enabled": False}, "warning"), ({}, "ok")],
)
def test_a_profile_that_is_disabled_fails_and_one_without_a_limit_warns(settings: dict[str, Any], status: str) -> None:
    found = Profile("5", "calls", {**PROFILE.settings, **settings})
    line = Application("1", "line", application_settings(WANTED, "5"))

    results = {each.check: each for each in judging.application(WANTED, line, [found])}

    assert results["outbound voice profile"].status == status


@pytest.mark.parametrize(
    ("number", "status", "found"),
    [
        (Number("7", OURS, "1"), "ok", "rings main-menu"),
        (Number("7", OURS, "2", "sales"), "failed", "rings sales, not this line"),
        (Number("7", OURS), "failed", "rings nothing, not this line"),
        (Number("7", OURS, "1", status="port-pending"), "warning", "is port-pending"),
        (Number("7", "+13125550199", "1"), "failed", "is not in the account"),
    ],
)
def test_a_number_is_held_against_numbers_yaml(number: Number, status: str, found: str) -> None:
    first = next(judging.numbers(Lines({OURS: "main-menu"}, {}), {number.number: number}, "1"))

    assert (first.check, first.status, first.found) == (OURS, status, found)


def test_a_number_that_rings_the_line_without_a_flow_fails() -> None:
    rings = {OURS: Number("7", OURS, "1")}
    [result] = judging.numbers(Lines({}, {"+44": "menu"}), rings, "1")

    assert list(judging.numbers(Lines({}, {"+1312": "menu"}), rings, "1")) == []
    assert (result.status, result.found) == (Status.FAILED, "leads to this stack, but has no flow")


def test_audio_that_is_missing_fails_and_audio_that_ends_soon_warns() -> None:
    stored = {"hours": StoredAudio("hours", "", "2026-12-02T12:00:00Z"), "music": StoredAudio("music", "")}

    results = list(judging.audio({"hours": "menu", "music": "menu", "bell": "menu"}, stored, NOW))

    assert [(each.status, each.found) for each in results] == [
        (Status.FAILED, "bell, which menu plays, is not stored at Telnyx"),
        (Status.WARNING, "hours is deleted by Telnyx on 2026-12-02"),
    ]
    assert [each.status for each in judging.audio({"music": "menu"}, stored, NOW)] == [Status.OK]


@pytest.mark.parametrize(("seconds", "status"), [(0, "ok"), (59, "ok"), (-61, "warning"), (300, "failed")])
def test_a_clock_that_is_off_is_said(seconds: int, status: str) -> None:
    assert judging.clock(NOW, NOW + timedelta(seconds=seconds)).status == status


@pytest.mark.parametrize(
    ("limit", "unreserved", "status"),
    [(10, 10, "warning"), (50, 50, "warning"), (1_000, 1_000, "ok"), (1_000, 100, "ok"), (1_000, 90, "warning")],
)
def test_a_low_concurrency_is_said(limit: int, unreserved: int, status: str) -> None:
    assert judging.functions_at_once(limit, unreserved).status == status


def test_a_new_account_learns_how_its_callers_keep_most_of_ten() -> None:
    assert "BackgroundConcurrency=2" in judging.functions_at_once(10, 10).remedy
    assert "BackgroundConcurrency" not in judging.functions_at_once(10, 10, background=2).remedy


def test_the_templates_own_limits_are_what_quotas_are_held_against() -> None:
    template = read(ROOT / "template.yaml")
    resources = template["Resources"]
    api = resources["HttpApi"]["Properties"]["DefaultRouteSettings"]

    assert (api["ThrottlingRateLimit"], api["ThrottlingBurstLimit"]) == (judging.API_REQUESTS, judging.API_BURST)
    assert template["Parameters"]["BackgroundConcurrency"]["Default"] == judging.BACKGROUND_AT_ONCE
    assert template["Parameters"]["BackgroundConcurrency"]["MinValue"] == judging.LEAST_BACKGROUND
    assert judging.api_quota(judging.API_REQUESTS, judging.API_BURST).status is Status.OK
    assert judging.api_quota(500, judging.API_BURST).status is Status.WARNING


def test_the_stacks_public_key_is_one_that_telnyx_signs_with() -> None:
    assert judging.public_key("old=,new=", "new=").status is Status.OK
    assert judging.public_key("old=", "new=").remedy == "deploy with TelnyxPublicKey = new="


@pytest.mark.parametrize(
    ("subscriptions", "status"),
    [
        ([{"SubscriptionArn": "arn:aws:sns:a", "Endpoint": "me@example.com"}], "ok"),
        ([{"SubscriptionArn": "PendingConfirmation", "Endpoint": "me@example.com"}], "failed"),
        ([], "warning"),
    ],
)
def test_an_alarm_subscription_that_is_not_confirmed_fails(subscriptions: list[dict[str, str]], status: str) -> None:
    assert judging.subscribed("alarms", subscriptions).status == status


@pytest.mark.parametrize(
    ("ago", "found"),
    [
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(hours=5), "5 h ago"),
        (timedelta(days=3), "3 days ago"),
        (None, "none in 14 days"),
    ],
)
def test_the_last_webhook_is_said(ago: timedelta | None, found: str) -> None:
    times = [] if ago is None else [NOW - ago, NOW - timedelta(days=9)]

    assert judging.last_webhook(times, NOW).found == found
