"""What is logged and measured: one JSON line each, read by CloudWatch without an agent."""

from __future__ import annotations

import pytest
from aws_lambda_powertools.metrics import MetricUnit

from dialtone.observability import Level, Observer
from tests.function_output import Output, follow_stdout

SERVICE = "observed"


@pytest.fixture
def observer() -> Observer:
    return Observer(SERVICE)


def output(capsys: pytest.CaptureFixture[str]) -> Output:
    written = capsys.readouterr()
    assert written.err == ""
    return Output.read(written.out)


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_a_line_has_its_level_its_message_and_its_fields(
    level: Level, observer: Observer, capsys: pytest.CaptureFixture[str]
) -> None:
    follow_stdout(SERVICE)
    observer.log(level, "something happened", {"answer": 200, "commands": [{"action": "speak"}], "text": "a\nb☎"})

    line = output(capsys).line

    assert line.pop("timestamp")
    assert line == {
        "level": level.upper(),
        "message": "something happened",
        "service": SERVICE,
        "answer": 200,
        "commands": [{"action": "speak"}],
        "text": "a\nb☎",
    }


def test_fields_of_one_line_are_not_those_of_the_next(observer: Observer, capsys: pytest.CaptureFixture[str]) -> None:
    follow_stdout(SERVICE)
    observer.log("info", "one", {"reason": "because"})
    observer.log("info", "two", {})

    one, two = output(capsys).lines

    assert one["reason"] == "because"
    assert "reason" not in two


def test_an_exception_is_a_field_of_the_line(observer: Observer, capsys: pytest.CaptureFixture[str]) -> None:
    follow_stdout(SERVICE)
    fault = ValueError("broken")

    observer.log("error", "it failed", {}, failed=fault)

    line = output(capsys).line
    assert line["exception_name"] == "ValueError"
    assert "broken" in line["exception"]


def test_an_exception_being_handled_is_a_field_of_the_line(
    observer: Observer, capsys: pytest.CaptureFixture[str]
) -> None:
    follow_stdout(SERVICE)
    try:
        int("broken")
    except ValueError:
        observer.log("error", "it failed", {}, failed=True)

    assert "Traceback" in output(capsys).line["exception"]


def test_a_value_is_measured_by_service(observer: Observer, capsys: pytest.CaptureFixture[str]) -> None:
    observer.measure("WebhookFaults")

    [blob] = output(capsys).blobs

    [directive] = blob["_aws"]["CloudWatchMetrics"]
    assert directive == {
        "Namespace": "Dialtone",
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "WebhookFaults", "Unit": "Count"}],
    }
    assert (blob["service"], blob["WebhookFaults"]) == (SERVICE, [1.0])


def test_a_value_is_measured_with_its_unit_and_dimensions(
    observer: Observer, capsys: pytest.CaptureFixture[str]
) -> None:
    observer.measure("HandlingTime", 12.5, unit=MetricUnit.Milliseconds)
    observer.measure("Commands", 2, Action="speak", Result="accepted")

    seen = output(capsys)

    assert seen.measured() == {
        ("HandlingTime", "service=observed"): 12.5,
        ("Commands", "Action=speak", "Result=accepted", "service=observed"): 2,
    }
    assert seen.blobs[0]["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [
        {"Name": "HandlingTime", "Unit": "Milliseconds"}
    ]


def test_the_namespace_of_the_environment_does_not_hide_metrics_from_the_alarms(
    observer: Observer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Other")

    observer.measure("WebhookFaults")

    assert list(output(capsys).measured()) == [("WebhookFaults", f"service={SERVICE}")]
