"""Which answering-machine detection a flow can be dialled with."""

from pathlib import Path

import pytest

from infra.cli.main import main

CHECKS = Path(__file__).resolve().parents[1] / "flows" / "checks"


def dialled_with(detection: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What keeps `dialtone dial` from dialling: a setting that is missing, once nothing is wrong with the flow."""
    monkeypatch.setenv("TELNYX_CONNECTION_ID", "1")
    for name in ("TELNYX_API_KEY", "TELNYX_API_KEY_SECRET"):
        monkeypatch.delenv(name, raising=False)
    command = ["dial", "+15550161", "--flow", "reminder", "--from", "+15550100", "--flows", str(CHECKS)]

    assert main([*command, "--detection", detection]) != 0

    return capsys.readouterr().err


@pytest.mark.parametrize("detection", ["greeting_end", "detect_words", "detect_beep", "premium"])
def test_a_flow_that_waits_for_a_greetings_end_takes_every_detection_that_may_report_it(
    detection: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "TELNYX_API_KEY" in dialled_with(detection, capsys, monkeypatch)


@pytest.mark.parametrize("detection", ["detect", "disabled"])
def test_a_detection_that_never_reports_what_the_flow_waits_for_is_refused(
    detection: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "step who waits for" in dialled_with(detection, capsys, monkeypatch)
