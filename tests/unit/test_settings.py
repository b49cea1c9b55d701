"""What the functions are told by their environment: what is missing is named, secrets are fetched when first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dialtone.errors import DialtoneError
from dialtone.settings import SECRET_SECONDS, InSecret, SettingMissing, key_from, required, telnyx_api_key
from webhook.settings import FLOWS, Settings

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = {
    "TELNYX_PUBLIC_KEY": "key",
    "TELNYX_API_KEY": "KEY0123",
    "CALLS_TABLE": "calls",
    "ARCHIVE_QUEUE_URL": "https://sqs.example/queue",
    "LOOKUP_FUNCTION": "lookup",
}


@pytest.mark.parametrize("environ", [{}, {"CALLS_TABLE": ""}, {"CALLS_TABLE": "  "}])
def test_a_variable_that_is_absent_or_blank_is_named_with_its_remedy(environ: dict[str, str]) -> None:
    with pytest.raises(SettingMissing, match=r"^CALLS_TABLE is not set.*template\.yaml") as error:
        required(environ, "CALLS_TABLE")

    assert error.value.names == ("CALLS_TABLE",)


def test_a_variable_is_read_without_the_spaces_around_it() -> None:
    assert required({"CALLS_TABLE": " calls\n"}, "CALLS_TABLE") == "calls"


def test_the_webhook_is_told_everything() -> None:
    settings = Settings.read(WHOLE)

    assert (settings.public_key, settings.calls_table) == ("key", "calls")
    assert (settings.archive_queue_url, settings.api_key()) == ("https://sqs.example/queue", "KEY0123")
    assert (settings.lookup_function, settings.own_function) == ("lookup", "")
    assert settings.flows == FLOWS
    assert (FLOWS / "numbers.yaml").is_file()


def test_answers_come_to_the_version_that_asks() -> None:
    lambda_says = {"AWS_LAMBDA_FUNCTION_NAME": "webhook", "AWS_LAMBDA_FUNCTION_VERSION": "7"}

    assert Settings.read(WHOLE | lambda_says).own_function == "webhook:7"


def test_the_flows_may_lie_elsewhere(tmp_path: Path) -> None:
    assert Settings.read(WHOLE | {"FLOWS_FOLDER": str(tmp_path)}).flows == tmp_path


@pytest.mark.parametrize("missing", WHOLE)
def test_what_the_webhook_is_not_told_is_named(missing: str) -> None:
    environ = {name: value for name, value in WHOLE.items() if name != missing}

    with pytest.raises(SettingMissing) as error:
        Settings.read(environ)

    assert missing in error.value.names
    assert missing in str(error.value)


def test_without_a_key_both_ways_to_give_one_are_named() -> None:
    with pytest.raises(SettingMissing, match="TELNYX_API_KEY_SECRET or TELNYX_API_KEY is not set"):
        telnyx_api_key({"TELNYX_API_KEY": " ", "TELNYX_API_KEY_SECRET": ""})


class Safe:
    """Secrets Manager with one secret, which may be replaced."""

    def __init__(self, text: str) -> None:
        self.text = text

    def fetch(self, name: str) -> str:
        assert name == SECRET
        return self.text


SECRET = "dialtone/telnyx-api-key"


@pytest.mark.parametrize("text", ["KEY0123", '{"api_key": "KEY0123"}', '{"other": 1, "api_key": "KEY0123"}'])
def test_a_secret_is_the_key_itself_or_json_that_holds_it(text: str) -> None:
    assert InSecret(SECRET, key_from, Safe(text).fetch)() == "KEY0123"


def test_a_key_given_directly_needs_no_secret() -> None:
    assert telnyx_api_key({"TELNYX_API_KEY_SECRET": SECRET, "TELNYX_API_KEY": "KEY9"})() == "KEY9"


@pytest.mark.parametrize("text", ["{", '{"key": "KEY0123"}', "{}"])
def test_a_secret_without_the_key_is_named_and_not_shown(text: str) -> None:
    with pytest.raises(DialtoneError, match="the secret dialtone/telnyx-api-key is JSON without api_key") as error:
        InSecret(SECRET, key_from, Safe(text).fetch)()

    assert "KEY0123" not in str(error.value)


def test_a_secret_is_fetched_once_in_a_while_not_for_every_command() -> None:
    safe, now = Safe("OLD"), [1_000.0]
    key = InSecret(SECRET, key_from, safe.fetch, clock=lambda: now[0])
    assert key() == "OLD"

    safe.text = "NEW"

    assert key() == "OLD"
    now[0] += SECRET_SECONDS + 1
    assert key() == "NEW"


def test_a_secret_that_is_forgotten_is_fetched_again() -> None:
    safe = Safe("OLD")
    key = InSecret(SECRET, key_from, safe.fetch)
    assert key() == "OLD"
    safe.text = "NEW"

    key.forget()

    assert key() == "NEW"
