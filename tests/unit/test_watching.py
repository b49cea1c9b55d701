"""CloudWatch's statistics, metric math, searches, alarms and log queries, as they are evaluated here."""

from datetime import UTC, datetime
from typing import Any

import pytest

from infra.checkout import ROOT
from infra.local import translate
from infra.watching.expressions import evaluated, search_in
from infra.watching.log_query import asked
from infra.watching.measurements import Measurements, Name, Span
from infra.watching.stack import DEFAULTS, Stack, filled
from infra.watching.widgets import lines_of

NAME = Name.of("Dialtone/dialtone-prod", "WebhookFaults", {"service": "webhook"})
CALLS = Name.of("Dialtone/dialtone-prod", "CallsStarted", {"service": "webhook", "Direction": "incoming"})
MONDAY_NOON = datetime(2026, 9, 21, 12, 0, tzinfo=UTC).timestamp()
HOUR = 3_600.0
MONITORING = translate.read(ROOT / "infra" / "monitoring.yaml")
STACK = Stack.of(MONITORING)
WITHOUT_HOURS = Stack.of(MONITORING, {"CallsExpectedFrom": "0", "CallsExpectedUntil": "0"})
"""A stack deployed without hours in which there always are calls."""
SEARCH = """SEARCH('{"Dialtone/dialtone-prod",service,Answer} service="webhook" MetricName="Webhooks"', 'Sum', 60)"""


def measured(name: Name, *values: tuple[float, float]) -> Measurements:
    """Values by their seconds after Monday noon."""
    found = Measurements()
    for after, value in values:
        found.add(name, MONDAY_NOON + after, value)
    return found


@pytest.mark.parametrize(
    ("stat", "value"), [("Sum", 10), ("Maximum", 4), ("Average", 2.5), ("SampleCount", 4), ("p50", 2), ("p99", 4)]
)
def test_a_statistic_is_of_the_values_of_its_period(stat: str, value: float) -> None:
    of = measured(NAME, (0, 1), (10, 2), (20, 3), (59, 4), (60, 9))

    series = of.series(NAME, stat, 60, Span(MONDAY_NOON, MONDAY_NOON + 120))

    assert series[MONDAY_NOON] == value
    assert set(series) == {MONDAY_NOON, MONDAY_NOON + 60}


@pytest.mark.parametrize("stat", ["TM(10%:90%)", "p99.9", "Median"])
def test_a_statistic_that_is_not_known_is_not_guessed(stat: str) -> None:
    with pytest.raises(ValueError, match="not a statistic"):
        Measurements().series(NAME, stat, 60, Span(0, 60))


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("a / 1000", {0: 0.002, 60: 0.004}),
        ("a + b", {60: 9}),
        ("FILL(b, 0)", {0: 0, 60: 5}),
        ("IF(a > 2 AND a < 9, a, 1)", {0: 1, 60: 4}),
        ("IF(HOUR(a) < 1 OR a < 3, 7, 8)", {0: 7, 60: 7}),
        ("DAY(a)", {0: 4, 60: 4}),  # 1 January 1970 was a Thursday
    ],
)
def test_metric_math(expression: str, values: dict[float, float]) -> None:
    assert evaluated(expression, {"a": {0: 2, 60: 4}, "b": {60: 5}}, [0, 60]) == values


@pytest.mark.parametrize("expression", ["METRICS()", "ANOMALY_DETECTION_BAND(a, 2)", "a[0]", "1 < a < 3"])
def test_what_is_not_understood_is_not_guessed(expression: str) -> None:
    with pytest.raises(ValueError, match="not understood here"):
        evaluated(expression, {"a": {0: 1}}, [0])


def test_a_search_finds_the_metrics_with_its_dimensions_and_no_others() -> None:
    of = Measurements()
    for dimensions in ({"Answer": "200"}, {"Answer": "503"}, {}, {"Answer": "200", "more": "1"}):
        of.add(Name.of("Dialtone/dialtone-prod", "Webhooks", {"service": "webhook", **dimensions}), 1)
    properties: dict[str, Any] = {"metrics": [[{"expression": SEARCH, "label": "${PROP('Dim.Answer')}"}]]}

    assert [(line.label, line.peak) for line in lines_of(properties, of, Span(0, 60))] == [("200", 1), ("503", 1)]
    assert search_in("a / 1000") is None


def rings(logical: str, of: Measurements, after: float) -> bool:
    return STACK.alarms[logical].rings(of, MONDAY_NOON + after)


def test_an_alarm_rings_by_enough_of_its_periods_and_ends_when_they_have_passed() -> None:
    of = measured(NAME, (5, 1), (190, 1))

    assert [rings("WebhookFaultsAlarm", of, after) for after in (60, 180, 240, 300, 360)] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_missing_values_ring_only_where_the_alarm_says_so() -> None:
    assert rings("ReconcileStoppedAlarm", Measurements(), 0)
    assert not rings("WebhookFaultsAlarm", Measurements(), 0)


@pytest.mark.parametrize(
    "logical", [each for each in STACK.alarms if each not in {"NoCallsAlarm", "PaymentsFailedAlarm"}]
)
def test_an_alarm_rings_at_its_threshold_and_not_below(logical: str) -> None:
    alarm = STACK.alarms[logical]
    properties = alarm.properties
    threshold, seconds = float(filled(properties["Threshold"], DEFAULTS)), int(properties["Period"])
    periods = int(properties.get("DatapointsToAlarm", properties["EvaluationPeriods"]))
    beyond = {"GreaterThanThreshold": threshold + 1, "GreaterThanOrEqualToThreshold": threshold, "LessThanThreshold": 0}
    within = {"GreaterThanThreshold": threshold, "GreaterThanOrEqualToThreshold": threshold - 1, "LessThanThreshold": 1}
    breaching, calm = (each[properties["ComparisonOperator"]] for each in (beyond, within))

    def after(*values: float) -> bool:
        steps = enumerate(reversed(values))
        of = measured(alarm.metric, *((-(place + 0.5) * seconds, value) for place, value in steps))
        return alarm.rings(of, MONDAY_NOON)

    earlier = [calm] * (int(properties["EvaluationPeriods"]) - periods)
    assert after(*earlier, *[breaching] * periods)
    assert not after(*earlier, *[breaching] * (periods - 1), calm)


def test_an_alarm_over_others_rings_with_any_of_them() -> None:
    of = measured(NAME, (5, 1), (65, 1))

    assert WITHOUT_HOURS.ringing(Measurements(), MONDAY_NOON + 120) == {"ReconcileStoppedAlarm"}
    assert WITHOUT_HOURS.ringing(of, MONDAY_NOON + 120) == {
        "ReconcileStoppedAlarm",
        "WebhookFaultsAlarm",
        "CallersAreAffected",
    }


def test_an_hour_without_a_call_rings_in_the_hours_in_which_there_always_are_some() -> None:
    of = measured(CALLS, (0, 1))

    assert not rings("NoCallsAlarm", of, HOUR)
    assert rings("NoCallsAlarm", of, HOUR + 300)
    assert not rings("NoCallsAlarm", of, 7 * HOUR), "in the evening"
    assert not rings("NoCallsAlarm", of, -3.5 * HOUR), "since eight in the morning it is not yet an hour"
    assert rings("NoCallsAlarm", of, -3 * HOUR)
    assert not rings("NoCallsAlarm", of, 5 * 24 * HOUR), "on a Saturday"


def test_no_hours_in_which_there_always_are_calls_never_ring() -> None:
    alarm = WITHOUT_HOURS.alarms["NoCallsAlarm"]

    assert not any(alarm.rings(Measurements(), MONDAY_NOON + hour * HOUR) for hour in range(24))


def test_a_day_that_costs_more_than_the_budget_rings() -> None:
    cost = Name.of("Dialtone/dialtone-prod", "CallCost", {"service": "webhook"})

    assert not rings("CallCostAlarm", measured(cost, (0, 30), (HOUR, 20)), 2 * HOUR)
    assert rings("CallCostAlarm", measured(cost, (0, 30), (HOUR, 20.01)), 2 * HOUR)
    assert not rings("CallCostAlarm", measured(cost, (0, 30), (HOUR, 20.01)), 25 * HOUR)


def test_payments_ring_when_most_of_them_fail_and_not_when_a_card_is_declined_now_and_then() -> None:
    failed = Name.of("Dialtone/dialtone-prod", "PaymentsFailed", {"service": "webhook"})

    def of(*values: int) -> Measurements:
        return measured(failed, *((place, value) for place, value in enumerate(values)))

    assert rings("PaymentsFailedAlarm", of(1, 1, 0, 1), 1_000)
    assert not rings("PaymentsFailedAlarm", of(1, 1), 1_000)
    assert not rings("PaymentsFailedAlarm", of(1, 1, 1, 0, 0, 0, 0), 1_000)


def test_a_log_query_counts_by_its_columns() -> None:
    logs = {
        "a": [{"@type": "REPORT", "@message": "Restore Duration: 412.50 ms", "@duration": 8.0}, {"@type": "START"}],
        "b": [{"@type": "REPORT", "@message": "", "@duration": each} for each in (1.0, 2.0, 3.0)],
    }
    query = (
        "SOURCE 'a' | SOURCE 'b' | filter @type = 'REPORT' | parse @message /Restore Duration: (?<restore>[0-9.]+) ms/"
        " | stats count(*) as n, count(restore) as restores, max(restore) as longest, pct(@duration, 99) as p99,"
        " max(@duration / 2) as half by @log | sort n desc"
    )

    table = asked(query, logs)  # type: ignore[arg-type] # lists of records

    assert table.columns == ("@log", "n", "restores", "longest", "p99", "half")
    assert table.rows == (("b", 3, 0, None, 3, 1.5), ("a", 1, 1, 412.5, 8, 4))


@pytest.mark.parametrize("query", ["dedup @log", "SOURCE 'a' | stats stddev(x) as y by @log"])
def test_a_log_query_that_is_not_understood_is_not_guessed(query: str) -> None:
    with pytest.raises(ValueError, match="not understood here"):
        asked(query, {"a": [{"x": 1.0}]})
