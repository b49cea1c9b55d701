"""`dialtone secret`: the API key goes to Secrets Manager, checked, and nowhere else; `dialtone dial` finds it there."""

import getpass
from pathlib import Path

import boto3
import pytest

from infra.carrier import Application, Person
from infra.projects.new_project import create
from tests.integration.lines import FRONT_DESK, SECRET, STACK, LineSetup

OTHER_KEY = "KEY_another"


def secret() -> str:
    text: str = boto3.client("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"]
    return text


def test_a_key_is_checked_and_stored_before_there_is_a_stack_and_shown_nowhere(setup: LineSetup) -> None:
    boto3.client("cloudformation").delete_stack(StackName=STACK)
    boto3.client("secretsmanager").delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    key, before = setup.carrier.api_key, sorted(setup.flows.rglob("*"))

    status, shown, error = setup.run("secret", piped=f"{key}\n")

    assert (status, error, secret()) == (0, "", key)
    assert f"make deploy PARAMETERS='TelnyxPublicKey={setup.carrier.public_key} AlarmEmail=" in shown
    assert key not in shown
    assert sorted(setup.flows.rglob("*")) == before


def test_in_a_project_the_public_key_is_shown_as_the_project_file_takes_it(setup: LineSetup, tmp_path: Path) -> None:
    boto3.client("cloudformation").delete_stack(StackName=STACK)
    create(tmp_path / "my-line", "voicemail")
    setup.monkeypatch.chdir(tmp_path / "my-line")

    status, shown, _ = setup.run("secret", "--stack", STACK, piped=f"{setup.carrier.api_key}\n")

    assert status == 0
    assert "write these into dialtone.toml" in shown
    assert f'\nTelnyxPublicKey = "{setup.carrier.public_key}"\n' in shown


def test_a_key_is_typed_without_echo_and_takes_the_place_of_the_one_before(setup: LineSetup) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString='{"api_key": "KEY_old", "more": 1}')
    setup.monkeypatch.setattr(getpass, "getpass", lambda _prompt: setup.carrier.api_key)

    status, shown, _ = setup.run("secret", typed="")

    assert status == 0
    assert secret() == f'{{"api_key": "{setup.carrier.api_key}", "more": 1}}'
    assert "now in the secret" in shown


@pytest.mark.parametrize(
    ("piped", "sentence"),
    [
        (OTHER_KEY, "Telnyx does not accept the API key: make one in"),
        ("", "no API key was given: type or paste it, or pipe it in"),
        ("'KEY 1'", "that is not an API key: copy it again, without quotes or spaces"),
    ],
)
def test_what_telnyx_does_not_accept_is_not_stored(setup: LineSetup, piped: str, sentence: str) -> None:
    status, shown, error = setup.run("secret", piped=piped)

    assert status == 1
    assert sentence in error
    assert not piped or piped not in shown + error
    assert secret() == setup.carrier.api_key


def test_a_secret_that_is_being_deleted_is_not_written_over(setup: LineSetup) -> None:
    boto3.client("secretsmanager").delete_secret(SecretId=SECRET)

    status, _, error = setup.run("secret", piped=setup.carrier.api_key)

    assert status == 1
    assert f"the secret {SECRET} is about to be deleted: keep it with `aws secretsmanager restore-secret" in error


def test_a_key_of_another_account_is_stored_and_said(setup: LineSetup) -> None:
    setup.connect()
    setup.carrier.exchange.applications.clear()

    assert "is not in this key's account" in setup.run("secret", piped=setup.carrier.api_key)[1]


def test_a_connected_stack_dials_without_anything_exported(setup: LineSetup) -> None:
    for name in ("TELNYX_CONNECTION_ID", "TELNYX_API_KEY"):
        setup.monkeypatch.delenv(name, raising=False)
    setup.carrier.add_callee("+13125550142", Person())
    command = ("dial", "+13125550142", "--flow", "front-desk", "--from", FRONT_DESK, "--flows", str(setup.flows))

    assert "is not connected to Telnyx: run `dialtone connect` first" in setup.run(*command)[2]
    setup.connect()
    status, shown, _ = setup.run(*command)

    assert status == 0
    assert "ringing +13125550142" in shown
    assert setup.carrier.legs[0].application.application_name == f"{STACK} us-east-1"


def test_what_is_exported_dials_unless_a_stack_is_named(setup: LineSetup) -> None:
    setup.carrier.add_application(Application("9", "https://local.example", application_name="exported"))
    setup.monkeypatch.setenv("TELNYX_CONNECTION_ID", "9")
    setup.monkeypatch.setenv("TELNYX_API_KEY", setup.carrier.api_key)
    command = ("dial", "+13125550142", "--flow", "front-desk", "--from", FRONT_DESK, "--flows", str(setup.flows))
    setup.connect()

    setup.run(*command)
    setup.run(*command, "--stack", STACK)

    dialled = [leg.application.application_name for leg in setup.carrier.legs]
    assert dialled == ["exported", f"{STACK} us-east-1"]
