"""`dialtone connect`, `disconnect` and `numbers`: an account is set up and put back, whatever happens between."""

import json
import os
import threading
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto.cloudformation.models import cloudformation_backends

from dialtone.adapters.telnyx_sdk import sdk
from infra.carrier import ApiFault, Application, Response
from infra.carrier.applications import Profile
from infra.operations.aws import client
from infra.operations.connect.telnyx_account import TelnyxAccount, TelnyxSilent
from tests.carrier.desk import wav_of
from tests.integration.lines import FAILOVER_URL, FRONT_DESK, NIGHT, OTHER, STACK, WEBHOOK_URL, Death, LineSetup

pytestmark = pytest.mark.no_cover

CHANGES = 16
"""Of a connect or a disconnect, at Telnyx and in Parameter Store."""

ALL_DEATHS = [Death(at, obeyed) for at in range(1, CHANGES + 1) for obeyed in (False, True)]
DEATHS = ALL_DEATHS if "DRILL_EXAMPLES" in os.environ else ALL_DEATHS[::5]
"""A run is let die at each change in a drill, else at some, after which it took effect or before."""

CONNECTED_APPLICATION = (
    f"{STACK} us-east-1",
    WEBHOOK_URL,
    FAILOVER_URL,
    "2",
    2,
    True,
    True,
    True,
    f"{STACK} us-east-1",
)


def test_a_new_line_is_connected_and_a_second_run_changes_nothing(setup: LineSetup) -> None:
    status, shown, _ = setup.connect()

    assert status == 0
    state = setup.state()
    assert state["applications"][1] == CONNECTED_APPLICATION
    assert state["profiles"] == [(f"{STACK} us-east-1", "10.00", ["US"])]
    assert state["numbers"] == {FRONT_DESK: f"{STACK} us-east-1", NIGHT: f"{STACK} us-east-1", OTHER: "sales"}
    assert state["audio"] == ["hours"]
    assert f"+ {FRONT_DESK} rings front-desk" in shown
    stored = setup.carrier.media.stored["hours"]
    assert stored.expires == pytest.approx(630_720_000)
    setup.let_changes_die()

    again = setup.connect()

    assert again[0] == 0
    assert "nothing to change" in again[1]
    assert setup.carrier.media.stored["hours"] == stored
    assert setup.state() == state


def test_disconnecting_puts_back_what_was_there(setup: LineSetup) -> None:
    before = setup.state()
    setup.connect()

    status, shown, _ = setup.run("disconnect", "--yes")

    assert status == 0
    assert f"- {FRONT_DESK} rings nothing again" in shown
    assert {**setup.state(), "audio": []} == before
    assert setup.remembered() == {}
    assert "is not connected" in setup.run("disconnect", "--yes")[1]


def test_what_a_deleted_stack_leaves_at_telnyx_is_put_back(setup: LineSetup) -> None:
    before = setup.state()
    setup.connect()
    boto3.client("cloudformation").delete_stack(StackName=STACK)

    assert setup.run("disconnect", "--yes")[0] == 0
    assert {**setup.state(), "audio": []} == before


def test_a_stack_that_is_being_changed_is_waited_for(setup: LineSetup) -> None:
    [stack] = cloudformation_backends["123456789012"]["us-east-1"].stacks.values()
    stack.status = "UPDATE_IN_PROGRESS"

    status, _, error = setup.connect()

    assert (status, setup.remembered()) == (1, {})
    assert "the stack dialtone-dev is being changed (UPDATE_IN_PROGRESS): wait until it is done" in error


def test_an_application_of_before_is_taken_up_changed_and_put_back(setup: LineSetup) -> None:
    by_hand = Application(
        "8", WEBHOOK_URL, application_name="desk", webhook_api_version="1", outbound_voice_profile_id=None
    )
    setup.carrier.add_application(by_hand, [FRONT_DESK])
    before = setup.state()

    _, shown, _ = setup.connect()

    assert "~ application desk (8)" in shown
    assert "    webhook_api_version: 1 → 2" in shown
    assert f"{FRONT_DESK} rings" not in shown
    assert setup.state()["applications"][1] == ("desk", *CONNECTED_APPLICATION[1:])
    assert setup.run("disconnect", "--yes")[0] == 0
    put_back = setup.state()
    assert (put_back["profiles"], put_back["numbers"]) == (before["profiles"], before["numbers"])
    assert put_back["applications"][1][:5] == before["applications"][1][:5]
    assert put_back["applications"][1][5] is False
    assert put_back["applications"][1][8] is None


def test_a_run_that_dies_anywhere_is_finished_by_the_next(setup: LineSetup) -> None:
    before = setup.state()
    setup.let_changes_die()

    for death in DEATHS:
        setup.death = replace(death)
        setup.connect()
        setup.death = Death()
        assert setup.connect()[0] == 0
        state = setup.state()
        assert state["applications"][1:] == [CONNECTED_APPLICATION]
        assert len(state["profiles"]) == 1
        assert state["numbers"][FRONT_DESK] == state["numbers"][NIGHT] == f"{STACK} us-east-1"
        setup.death = replace(death)
        setup.run("disconnect", "--yes")
        setup.death = Death()
        assert setup.run("disconnect", "--yes")[0] == 0
        assert {**setup.state(), "audio": []} == before
        assert setup.remembered() == {}
        setup.carrier.media.delete("hours")


def test_every_change_is_one_at_which_a_run_is_let_die(setup: LineSetup) -> None:
    setup.let_changes_die()

    setup.connect()
    connecting, setup.death = setup.death.changes, Death()
    setup.run("disconnect", "--yes")

    assert max(connecting, setup.death.changes) <= CHANGES


def test_nothing_is_changed_by_a_dry_run_or_a_no(setup: LineSetup) -> None:
    before = setup.state()

    shown = setup.connect("--dry-run")[1]
    status, refused, _ = setup.connect("--daily-spend-limit", "5", "--destinations", "us", typed="n\n")

    assert f"+ application {STACK} us-east-1" in shown
    assert (status, "Nothing was changed." in refused) == (1, True)
    assert setup.state() == before
    assert setup.remembered() == {}


def test_limits_of_calls_out_are_asked_for_and_changed_on_request(setup: LineSetup) -> None:
    assert setup.connect(typed="25\nus, gb\ny\n")[0] == 0
    assert setup.state()["profiles"] == [(f"{STACK} us-east-1", "25.00", ["US", "GB"])]

    assert "nothing to change" in setup.connect("--daily-spend-limit", "25", "--destinations", "GB,US")[1]
    shown = setup.connect("--daily-spend-limit", "50")[1]

    assert "daily_spend_limit: 25.00 → 50.00" in shown
    assert setup.state()["profiles"] == [(f"{STACK} us-east-1", "50.00", ["US", "GB"])]


def test_a_number_of_another_application_is_taken_only_when_that_is_meant(setup: LineSetup) -> None:
    with (setup.flows / "numbers.yaml").open("a", encoding="utf-8") as numbers:
        numbers.write(f'"{OTHER}": front-desk\n')

    status, _, error = setup.connect()
    assert (status, setup.state()["numbers"][OTHER]) == (1, "sales")
    assert error == f"dialtone: this would take {OTHER} from sales: add --take-over if this is intended\n"
    assert setup.connect("--daily-spend-limit", "5", "--destinations", "US", typed="n\n")[0] == 1
    assert setup.state()["numbers"][OTHER] == "sales"
    assert setup.connect("--take-over")[0] == 0
    assert setup.state()["numbers"][OTHER] == f"{STACK} us-east-1"
    setup.run("disconnect", "--yes")
    assert setup.state()["numbers"][OTHER] == "sales"


@pytest.mark.parametrize("deleted", [False, True])
def test_a_number_goes_back_to_a_sip_trunk_unless_that_is_gone(setup: LineSetup, deleted: bool) -> None:  # noqa: FBT001
    exchange = setup.carrier.exchange
    exchange.other_connections["555"] = "office trunk"
    setup.carrier.add_numbers([NIGHT], "555")
    assert f"{NIGHT} from office trunk" in setup.connect()[2]
    setup.connect("--take-over")
    if deleted:
        exchange.other_connections.clear()

    shown = setup.run("disconnect", "--yes")[1]

    assert exchange.numbers[NIGHT].connection_id == (None if deleted else "555")
    assert (f"{NIGHT} rang 555, which no longer exists: it stays unassigned" in shown) == deleted


def test_a_number_that_no_flow_takes_any_more_is_given_back(setup: LineSetup) -> None:
    setup.connect()
    (setup.flows / "numbers.yaml").write_text(f'"{FRONT_DESK}": front-desk\n', encoding="utf-8")

    shown = setup.connect()[1]

    assert f"- {NIGHT} rings nothing, as before" in shown
    assert setup.state()["numbers"] == {FRONT_DESK: f"{STACK} us-east-1", NIGHT: None, OTHER: "sales"}


def test_an_application_and_a_profile_of_the_same_name_are_somebody_elses(setup: LineSetup) -> None:
    exchange = setup.carrier.exchange
    other = Application(
        "8", "https://other.example", application_name=f"{STACK} us-east-1", outbound_voice_profile_id="6"
    )
    exchange.profiles["6"] = Profile("6", f"{STACK} us-east-1")
    setup.carrier.add_application(other)

    assert setup.connect()[0] == 0
    assert exchange.applications["8"] == other
    assert setup.state()["applications"][2] == CONNECTED_APPLICATION
    assert len(exchange.profiles) == 2


def test_a_number_that_a_beginning_takes_is_left_and_one_that_is_gone_is_not_the_accounts(setup: LineSetup) -> None:
    setup.connect()
    (setup.flows / "numbers.yaml").write_text(f'"{FRONT_DESK}": front-desk\n"+1312*": front-desk\n', encoding="utf-8")

    assert "nothing to change" in setup.connect()[1]
    numbers = setup.carrier.exchange.numbers
    numbers[FRONT_DESK] = replace(numbers[FRONT_DESK], status="ported-out")
    assert f"{FRONT_DESK} in numbers.yaml: not in this Telnyx account" in setup.connect()[2]


def test_an_application_that_was_deleted_by_hand_is_made_again(setup: LineSetup) -> None:
    before = setup.state()
    setup.connect()
    application_id = setup.remembered()[f"/dialtone/{STACK}/telnyx/application-id"]
    TelnyxAccount.of_key(setup.carrier.api_key).delete_application(application_id)
    setup.carrier.add_numbers([NIGHT], application_id)  # as if Telnyx had left it

    status, shown, _ = setup.connect()

    assert status == 0
    assert f"(in place of {application_id}, which was deleted)" in shown
    assert setup.state()["applications"][1] == CONNECTED_APPLICATION
    setup.run("disconnect", "--yes")
    assert {**setup.state(), "audio": []} == before


def test_of_two_runs_at_once_one_application_remains(setup: LineSetup) -> None:
    handle, together = setup.carrier.handle, threading.Barrier(2, timeout=10)

    def at_once(request: Any) -> Any:  # noqa: ANN401 -- as the carrier's own
        """Both have seen that there is nothing before either makes anything."""
        if (request.method, request.path) == ("POST", "/v2/outbound_voice_profiles"):
            together.wait()
        return handle(request)

    setup.monkeypatch.setattr(setup.carrier, "handle", at_once)
    outcomes: list[int] = []
    other = threading.Thread(target=lambda: outcomes.append(setup.connect()[0]))
    other.start()
    outcomes.append(setup.connect()[0])
    other.join()
    setup.monkeypatch.setattr(setup.carrier, "handle", handle)

    assert sorted(outcomes) == [0, 1]
    assert setup.connect()[0] == 0
    assert setup.state()["applications"][1:] == [CONNECTED_APPLICATION]
    assert len(setup.state()["profiles"]) == 1


def test_audio_is_stored_again_where_it_has_changed_here_or_there_or_ends_soon(setup: LineSetup) -> None:
    media = setup.carrier.media
    setup.connect()
    (setup.flows / "audio" / "hours.wav").write_bytes(wav_of(2))
    assert "the file has changed" in setup.connect()[1]
    assert media.named("hours").seconds == 2

    setup.carrier.run_for(10)
    media.upload("hours", wav_of(5))
    assert "it was replaced at Telnyx since" in setup.connect()[1]
    assert media.named("hours").seconds == 2

    media.delete("hours")
    assert "+ audio hours" in setup.connect()[1]
    (setup.flows / "audio" / "hours.mp3").write_bytes(b"ID3")
    assert "has the same name at Telnyx" in setup.connect()[2]


def test_the_numbers_are_listed_with_where_they_lead(setup: LineSetup) -> None:
    setup.connect()
    (setup.flows / "numbers.yaml").write_text(
        f'"{FRONT_DESK}": front-desk\n"+4930123456": front-desk\n', encoding="utf-8"
    )

    status, shown, _ = setup.run("numbers", "--flows", str(setup.flows))

    assert status == 0
    assert [line.split() for line in shown.splitlines()] == [
        ["NUMBER", "STATUS", "APPLICATION", "FLOW"],
        [FRONT_DESK, "active", STACK, "us-east-1", "(this", "line)", "front-desk"],
        [NIGHT, "active", STACK, "us-east-1", "(this", "line)", "none:", "numbers.yaml", "does", "not", "have", "it"],
        [OTHER, "active", "sales"],
        ["+4930123456", "not", "in", "this", "account", "front-desk"],
    ]
    as_json = json.loads(setup.run("numbers", "--json", "--flows", str(setup.flows))[1])
    assert as_json[0] == {
        "number": FRONT_DESK,
        "status": "active",
        "application": f"{STACK} us-east-1 (this line)",
        "flow": "front-desk",
    }


def test_the_numbers_are_listed_before_there_is_a_stack(setup: LineSetup) -> None:
    client("cloudformation").delete_stack(StackName=STACK)

    status, shown, _ = setup.run("numbers", "--flows", str(setup.flows))

    assert status == 0
    assert f"{FRONT_DESK}  active  none         front-desk, once connected" in shown


def test_what_is_missing_is_said_with_its_remedy(setup: LineSetup) -> None:
    def error_of(*arguments: str) -> str:
        status, _, error = setup.connect(*arguments)
        assert status == 1
        return error

    assert (
        "there is no stack other in this account and region (us-east-1): deploy it with `dialtone deploy`"
        in error_of("--stack", "other", "--region", "us-east-1")
    )
    (setup.flows / "numbers.yaml").write_text('"+15550100": front-desk\n', encoding="utf-8")
    assert f"+15550100 in numbers.yaml: not in this Telnyx account, whose numbers are {FRONT_DESK}" in error_of()
    client("secretsmanager").put_secret_value(SecretId="dialtone/telnyx-api-key", SecretString="KEY_wrong")
    assert "Telnyx does not accept the API key" in error_of()
    client("secretsmanager").delete_secret(SecretId="dialtone/telnyx-api-key", ForceDeleteWithoutRecovery=True)
    assert "there is no secret dialtone/telnyx-api-key: store the key with `dialtone secret`" in error_of()
    assert setup.state()["audio"] == []


def test_missing_credentials_are_said(setup: LineSetup) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        setup.monkeypatch.delenv(name)
    setup.monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    setup.monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(setup.flows / "none"))
    setup.monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    status, _, error = setup.connect()

    assert status == 1
    assert "there are no AWS credentials: run `aws configure`" in error


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (
            ApiFault.RATE_LIMITED,
            "Telnyx's rate limit is reached: it refused to list the applications: run it again in 0.01 s",
        ),
        (ApiFault.UNAVAILABLE, "Telnyx fails to list the applications (503): run it again in a minute"),
        (ApiFault.RESET_BEFORE_OBEYING, "Telnyx could not be reached to list the applications"),
        (ApiFault.TIME_OUT_BEFORE_OBEYING, "Telnyx did not answer in time to list the applications"),
    ],
)
def test_what_telnyx_answers_instead_is_said(setup: LineSetup, fault: ApiFault, sentence: str) -> None:
    impatient = sdk.load().Telnyx(api_key=setup.carrier.api_key, timeout=0.3, max_retries=0)
    setup.carrier.faults.disturb_api(fault, action="call_control_applications", retry_after_seconds=0.01)

    with pytest.raises(TelnyxSilent) as silent:
        TelnyxAccount(impatient).applications()

    assert sentence in str(silent.value)


def test_a_proxys_page_is_no_answer(setup: LineSetup) -> None:
    page = Response(200, {"content-type": "text/html"}, b"<html>Please log in</html>")
    setup.monkeypatch.setattr(setup.carrier, "handle", lambda _request: page)

    status, _, error = setup.connect()

    assert status == 1
    assert "Telnyx's answer cannot be read to list the applications: there may be a proxy in between" in error


def test_a_key_that_may_not_is_said(setup: LineSetup) -> None:
    handle = setup.carrier.handle

    def forbid(request: Any) -> Any:  # noqa: ANN401 -- as the carrier's own
        answer = handle(request)
        return type(answer)(403, answer.headers, b'{"errors": [{"code": "10010", "title": "Authorization failed"}]}')

    setup.monkeypatch.setattr(setup.carrier, "handle", forbid)

    status, _, error = setup.connect()

    assert status == 1
    assert "the API key may not list the applications (10010 Authorization failed): give it the permission" in error
