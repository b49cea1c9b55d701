"""What is logged and measured: one JSON line each, read by CloudWatch without an agent."""

import time

import pytest

from dialtone.adapters.telemetry import Level, Measure, Observer, print_exception
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


def test_a_line_loses_what_must_not_be_logged_wherever_it_stands_in_it(
    observer: Observer, capsys: pytest.CaptureFixture[str]
) -> None:
    follow_stdout(SERVICE)
    try:
        int("Please call me back")
    except ValueError as fault:
        observer.log("error", "to +15550142", {"sent": [{"detail": "from sip:ada@pbx.example"}]}, failed=fault)

    written = output(capsys)

    assert written.line["message"] == "to +1555****"
    assert written.line["sent"] == [{"detail": "from sip:…@pbx.example"}]
    assert "ValueError: invalid literal for int() with base 10: (19 characters)" in written.line["exception"]
    assert [secret for secret in ("15550142", "ada", "'Please call me back'") if secret in written.text] == []


def test_an_exception_that_no_line_could_be_written_of_loses_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        int("+15550142 please")
    except ValueError:
        print_exception()

    assert capsys.readouterr().err.endswith("ValueError: invalid literal for int() with base 10: (16 characters)\n")


def test_a_value_is_measured_by_service(observer: Observer, capsys: pytest.CaptureFixture[str]) -> None:
    observer.measure(Measure("WebhookFaults"))

    [blob] = output(capsys).blobs

    [directive] = blob["_aws"]["CloudWatchMetrics"]
    assert directive == {
        "Namespace": "Dialtone/local",
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "WebhookFaults", "Unit": "Count"}],
    }
    assert (blob["service"], blob["WebhookFaults"]) == (SERVICE, [1])
    assert abs(blob["_aws"]["Timestamp"] / 1_000 - time.time()) < 60


def test_values_of_one_webhook_share_a_blob(observer: Observer, capsys: pytest.CaptureFixture[str]) -> None:
    observer.measure(
        Measure("Webhooks", dimensions={"EventType": "call.answered", "Answer": "200"}),
        Measure("HandlingTime", 12.5, "Milliseconds"),
        Measure("CommandsAccepted", 2),
        Measure("CommandsAccepted", 3),
    )

    seen = output(capsys)

    assert seen.measured() == {
        ("Webhooks", "Answer=200", "EventType=call.answered", "service=observed"): 1,
        ("HandlingTime", "service=observed"): 12.5,
        ("CommandsAccepted", "service=observed"): 5,
    }
    assert len(seen.blobs) == 1


def test_another_value_of_a_dimension_or_of_a_metric_begins_another_blob(
    observer: Observer, capsys: pytest.CaptureFixture[str]
) -> None:
    observer.measure(
        Measure("TelnyxErrors", 1, dimensions={"Code": "90015"}),
        Measure("TelnyxErrors", 1, dimensions={"Code": "other"}),
        Measure("CallsStarted", 1, dimensions={"Direction": "incoming"}),
        Measure("TelnyxErrors", 2),
    )

    seen = output(capsys)

    assert seen.measured() == {
        ("TelnyxErrors", "Code=90015", "service=observed"): 1,
        ("TelnyxErrors", "Code=other", "service=observed"): 1,
        ("CallsStarted", "Direction=incoming", "service=observed"): 1,
        ("TelnyxErrors", "service=observed"): 2,
    }
    assert len(seen.blobs) == 3


def test_two_stacks_measure_in_namespaces_of_their_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for stack in ("dialtone-dev", "dialtone-prod"):
        monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", f"Dialtone/{stack}")
        Observer(SERVICE).measure(Measure("WebhookFaults"))

    directives = [blob["_aws"]["CloudWatchMetrics"][0] for blob in output(capsys).blobs]

    assert [each["Namespace"] for each in directives] == ["Dialtone/dialtone-dev", "Dialtone/dialtone-prod"]


def test_half_a_surrogate_pair_keeps_no_line_from_being_written(capsys: pytest.CaptureFixture[str]) -> None:
    follow_stdout("webhook")

    Observer("webhook").log("info", "Grüße", {"detail": "\udcff", "caller": "Zoë \ud83d"})

    written = capsys.readouterr()
    assert written.err == ""
    written.out.encode()
    [line] = Output.read(written.out).lines
    assert (line["message"], line["detail"], line["caller"]) == ("Grüße", "\udcff", "Zoë \ud83d")
    assert "Zoë" in written.out
