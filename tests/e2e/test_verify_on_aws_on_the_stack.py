"""Those steps of `make verify-on-aws` that need no real account, on the stack of this machine."""

from pathlib import Path

import pytest

from infra.local.stack_name import STACK_NAME
from infra.verify_on_aws import __main__ as command


@pytest.mark.usefixtures("shell")
def test_what_this_machine_can_show_is_shown_and_the_rest_is_said_not_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "ROOT", tmp_path)

    assert command.main([STACK_NAME, "--only", "take-calls,telnyx-key,alarms,lifecycle,own-key,canary"]) == 1

    said = capsys.readouterr().out
    assert "✓ take-calls: shown. WebhookUrl is reached" in said
    assert "✓ alarms: shown. " in said
    assert "✗ lifecycle: not shown. S3 names no rule" in said
    assert "✗ own-key: not shown. the stack has no key of its own" in said
    assert "✗ canary: not shown. " in said

    assert command.main([STACK_NAME, "--only", "take-calls"]) == 0
    assert "= take-calls: shown before" in capsys.readouterr().out


def test_the_steps_are_listed_without_any_account(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["dialtone-dev", "--list"]) == 0
    assert "failover (asks first): turns the webhook function off" in capsys.readouterr().out
    assert command.main(["dialtone-dev", "--only", "nonsense"]) == 1
    assert "there is no step nonsense" in capsys.readouterr().err
