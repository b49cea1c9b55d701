"""Settings from the environment: an error names a missing variable; secrets are fetched when first needed."""

from pathlib import Path

import pytest

from dialtone.adapters.settings import SettingMissing, key_from, required, telnyx_api_key
from dialtone.domain.errors import DialtoneError
from webhook.settings import FLOWS, Settings

WHOLE = {
    "TELNYX_PUBLIC_KEY": "key",
    "TELNYX_API_KEY": "KEY0123",
    "CALLS_TABLE": "calls",
    "ARCHIVE_QUEUE_URL": "https://sqs.example/queue",
    "LOOKUP_FUNCTION": "lookup",
    "WATCHDOG_QUEUE_URL": "https://sqs.example/watchdog",
    "PARKED_EVENTS_BUCKET": "parked",
}


@pytest.mark.parametrize("environ", [{}, {"CALLS_TABLE": ""}, {"CALLS_TABLE": "  "}])
def test_a_variable_that_is_absent_or_blank_is_named_with_its_remedy(environ: dict[str, str]) -> None:
    with pytest.raises(SettingMissing, match=r"^CALLS_TABLE is not set.*template\.yaml") as error:
        required(environ, "CALLS_TABLE")

    assert error.value.names == ("CALLS_TABLE",)


def test_a_variable_is_read_without_the_spaces_around_it() -> None:
    assert required({"CALLS_TABLE": " calls\n"}, "CALLS_TABLE") == "calls"


def test_the_webhook_receives_everything() -> None:
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
def test_what_the_webhook_does_not_receive_is_named(missing: str) -> None:
    environ = {name: value for name, value in WHOLE.items() if name != missing}

    with pytest.raises(SettingMissing) as error:
        Settings.read(environ)

    assert missing in error.value.names
    assert missing in str(error.value)


def test_without_a_key_both_ways_to_give_one_are_named() -> None:
    with pytest.raises(SettingMissing, match="TELNYX_API_KEY_SECRET or TELNYX_API_KEY is not set"):
        telnyx_api_key({"TELNYX_API_KEY": " ", "TELNYX_API_KEY_SECRET": ""})


SECRET = "dialtone/telnyx-api-key"


@pytest.mark.parametrize(
    "text", ["KEY0123", '{"api_key": "KEY0123"}', '{"other": 1, "api_key": " KEY0123\\n"}', "KEY0123\n"]
)
def test_a_secret_is_the_key_itself_or_json_that_holds_it(text: str) -> None:
    assert key_from(SECRET, text) == "KEY0123"


def test_a_key_given_directly_needs_no_secret() -> None:
    assert telnyx_api_key({"TELNYX_API_KEY_SECRET": SECRET, "TELNYX_API_KEY": "KEY9"})() == "KEY9"


@pytest.mark.parametrize("text", ["{", '{"key": "KEY0123"}', "{}"])
def test_a_secret_without_the_key_is_named_and_not_shown(text: str) -> None:
    with pytest.raises(DialtoneError, match="the secret dialtone/telnyx-api-key is JSON without api_key") as error:
        key_from(SECRET, text)

    assert "KEY0123" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"api_key": null}',
        '{"api_key": ""}',
        '{"api_key": "  "}',
        '{"api_key": 123}',
        '{"api_key": ["KEY0123"]}',
        '["KEY0123"]',
        '"KEY0123"',
        "",
        " ",
        "KEY 0123",
        "KEY0123\nKEY0124",
        "Schlüssel",
    ],
)
def test_a_secret_that_holds_what_is_not_a_key_is_an_error_with_a_remedy(text: str) -> None:
    with pytest.raises(DialtoneError, match="does not hold an API key: store the key itself, or JSON with it") as error:
        key_from(SECRET, text)

    assert "KEY0123" not in str(error.value)
