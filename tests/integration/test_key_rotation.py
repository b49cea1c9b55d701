"""Telnyx's API key is replaced in Secrets Manager while calls go on: what reaches Telnyx, end to end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

from dialtone.adapters.secrets import REFUSED_PAUSE_SECONDS, SECRET_SECONDS, CachedSecret
from dialtone.adapters.settings import key_from
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.domain.commands import command
from dialtone.domain.errors import DialtoneError
from tests.integration.scripted_telnyx import Answer, Request, ScriptedTelnyx, error

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

SECRET = "dialtone/telnyx-api-key"
SPEAK = command("speak", "v3:call", payload="Hello.", voice="female")
IN_TIME = 60.0


class Telnyx(ScriptedTelnyx):
    """A Telnyx that knows some keys."""

    def __init__(self, *keys: str) -> None:
        super().__init__()
        self.keys = {*keys}
        self.answering = self._refuse

    def _refuse(self, request: Request) -> Answer | None:
        return None if request.headers["authorization"].removeprefix("Bearer ") in self.keys else error(401, "10009")

    @property
    def keys_seen(self) -> list[str]:
        return [each.headers["authorization"].removeprefix("Bearer ") for each in self.requests]


class Setting:
    """A warm environment of the function: its secret's reader and its Telnyx, with a clock that the test moves."""

    def __init__(self, secrets: SecretsManagerClient, telnyx: Telnyx) -> None:
        self.secrets, self.telnyx = secrets, telnyx
        self.now = 1_000.0
        key = CachedSecret(SECRET, key_from, clock=lambda: self.now)
        self.api = TelnyxApi(key, telnyx.url, clock=lambda: self.now, sleep=lambda _: None)

    def store(self, text: str) -> None:
        self.secrets.put_secret_value(SecretId=SECRET, SecretString=text)

    def send(self, command_id: str = "id") -> str:
        return self.api.send(SPEAK, command_id, self.now + IN_TIME).kind


@pytest.fixture
def secrets(aws_address: str) -> SecretsManagerClient:
    client = boto3.client("secretsmanager", endpoint_url=aws_address)
    client.create_secret(Name=SECRET, SecretString="OLD")
    return client


@pytest.fixture
def setting(secrets: SecretsManagerClient) -> Iterator[Setting]:
    with Telnyx("OLD") as telnyx:
        made = Setting(secrets, telnyx)
        yield made
        made.api.close()


def test_a_new_key_is_taken_up_within_five_minutes_although_the_old_one_still_works(setting: Setting) -> None:
    setting.send()
    setting.store("NEW")
    setting.telnyx.keys.add("NEW")

    setting.now += 60
    setting.send()
    setting.now += SECRET_SECONDS
    setting.send()

    assert setting.telnyx.keys_seen == ["OLD", "OLD", "NEW"]


def test_an_hour_after_a_new_key_was_stored_the_old_one_may_be_deleted_without_a_refusal(setting: Setting) -> None:
    setting.send()
    setting.store("NEW")
    setting.telnyx.keys = {"NEW"}

    setting.now += 3_600

    assert setting.send() == "accepted"
    assert setting.telnyx.keys_seen == ["OLD", "NEW"]


def test_an_old_key_that_is_deleted_right_after_it_was_fetched_loses_no_command(setting: Setting) -> None:
    setting.send("first")
    setting.store("NEW")
    setting.telnyx.keys = {"NEW"}

    setting.now += 1

    assert setting.send("second") == "accepted"
    assert setting.telnyx.keys_seen == ["OLD", "OLD", "NEW"]
    refused, again = setting.telnyx.requests[1:]
    assert (again.path, again.body) == (refused.path, refused.body)
    assert b'"second"' in again.body
    assert setting.send("third") == "accepted"
    assert setting.telnyx.keys_seen[3:] == ["NEW"]


def test_connections_survive_a_new_key(setting: Setting) -> None:
    setting.send()
    setting.store("NEW")
    setting.telnyx.keys = {"NEW"}

    setting.send()

    assert len({each.connection for each in setting.telnyx.requests}) == 1


def test_commands_that_are_under_way_together_are_all_sent_again_with_the_new_key(setting: Setting) -> None:
    setting.send()
    setting.store("NEW")
    setting.telnyx.keys = {"NEW"}
    asked = [(command("hangup", f"v3:{place}"), f"id-{place}") for place in range(4)]
    together = threading.Barrier(4, timeout=5)
    first = iter(range(4))
    setting.telnyx.before_answering = lambda: next(first, None) is None or together.wait()

    outcomes = setting.api.send_together(asked, setting.now + IN_TIME)

    assert [outcome.kind for outcome in outcomes] == ["accepted"] * 4
    assert sorted(setting.telnyx.keys_seen[1:]) == ["NEW"] * 4 + ["OLD"] * 4


def test_a_key_that_is_refused_and_was_not_replaced_is_sent_once_and_its_remedy_named(setting: Setting) -> None:
    setting.telnyx.keys = set()

    outcome = setting.api.send(SPEAK, "id", setting.now + IN_TIME)

    assert (outcome.kind, outcome.reason, outcome.status, outcome.attempts) == ("unavailable", "unauthorized", 401, 1)
    assert "TELNYX_API_KEY_SECRET" in outcome.remedy
    setting.store("NEW")
    setting.telnyx.keys = {"NEW"}
    setting.now += REFUSED_PAUSE_SECONDS
    assert setting.send() == "accepted"


def test_a_lookup_of_a_recording_takes_the_new_key_too(setting: Setting) -> None:
    setting.send()
    setting.store("NEW")
    setting.telnyx.keys = {"NEW"}

    found = setting.api.find_recording(recording_id="3fa85f64", deadline=setting.now + IN_TIME)

    assert found is not None
    assert setting.telnyx.keys_seen == ["OLD", "OLD", "NEW"]


def test_without_secrets_manager_commands_go_on_with_the_key_at_hand(setting: Setting) -> None:
    setting.send()
    setting.secrets.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)

    setting.now += SECRET_SECONDS

    assert setting.send() == "accepted"
    assert setting.telnyx.keys_seen == ["OLD", "OLD"]


def test_without_secrets_manager_and_without_a_key_nothing_is_sent(setting: Setting) -> None:
    setting.secrets.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)

    with pytest.raises(ClientError):
        setting.send()

    assert setting.telnyx.requests == []


@pytest.mark.parametrize("text", ['{"api_key": null}', " "])
def test_a_secret_without_a_key_sends_nothing_and_says_what_to_store(setting: Setting, text: str) -> None:
    setting.store(text)

    with pytest.raises(DialtoneError, match=f"the secret {SECRET} .*: store "):
        setting.send()

    assert setting.telnyx.requests == []


def test_a_secret_that_is_only_binary_says_what_to_store(setting: Setting) -> None:
    setting.secrets.put_secret_value(SecretId=SECRET, SecretBinary=b"OLD")

    with pytest.raises(DialtoneError, match="holds no text: store its value as SecretString"):
        setting.send()
