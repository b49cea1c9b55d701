"""What the functions are told by their environment: what is missing is named, secrets are fetched when first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from dialtone.errors import DialtoneError
from dialtone.settings import SECRET_SECONDS, InSecret, SettingMissing, key_from, required, telnyx_api_key
from webhook.settings import FLOWS, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
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


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


def store(secret: str) -> None:
    boto3.client("secretsmanager").create_secret(Name="dialtone/telnyx-api-key", SecretString=secret)


SECRET = {"TELNYX_API_KEY_SECRET": "dialtone/telnyx-api-key"}


@pytest.mark.parametrize(
    "secret", ["KEY0123", " KEY0123\n", '{"api_key": "KEY0123"}', ' {"other": 1, "api_key": "KEY0123"}']
)
@pytest.mark.usefixtures("stored")
def test_a_secret_is_the_key_itself_or_json_that_holds_it(secret: str) -> None:
    store(secret)

    assert telnyx_api_key(SECRET)() == "KEY0123"


@pytest.mark.usefixtures("stored")
def test_a_key_given_directly_needs_no_secret() -> None:
    assert telnyx_api_key(SECRET | {"TELNYX_API_KEY": "KEY9"})() == "KEY9"


@pytest.mark.parametrize("secret", ["{", '{"key": "KEY0123"}', "{}"])
@pytest.mark.usefixtures("stored")
def test_a_secret_without_the_key_is_named_and_not_shown(secret: str) -> None:
    store(secret)

    with pytest.raises(DialtoneError, match="the secret dialtone/telnyx-api-key is JSON without api_key") as error:
        telnyx_api_key(SECRET)()

    assert "KEY0123" not in str(error.value)


@pytest.mark.usefixtures("stored")
def test_a_secret_that_does_not_exist_is_found_out_when_the_key_is_needed() -> None:
    key = telnyx_api_key(SECRET)

    with pytest.raises(ClientError):
        key()


@pytest.mark.usefixtures("stored")
def test_a_secret_is_fetched_once_in_a_while_not_for_every_command() -> None:
    store("OLD")
    now = [1_000.0]
    key = InSecret("dialtone/telnyx-api-key", key_from, clock=lambda: now[0])
    assert key() == "OLD"

    boto3.client("secretsmanager").put_secret_value(SecretId="dialtone/telnyx-api-key", SecretString="NEW")

    assert key() == "OLD"
    now[0] += SECRET_SECONDS + 1
    assert key() == "NEW"


@pytest.mark.usefixtures("stored")
def test_a_secret_that_is_forgotten_is_fetched_again() -> None:
    store("OLD")
    key = InSecret("dialtone/telnyx-api-key", key_from)
    assert key() == "OLD"
    boto3.client("secretsmanager").put_secret_value(SecretId="dialtone/telnyx-api-key", SecretString="NEW")

    key.forget()

    assert key() == "NEW"
