"""Every alarm has its section in docs/runbooks, and what the pages show is true."""

import re
import shlex

import botocore.session
import pytest
from botocore import xform_name

from infra.checkout import ROOT
from infra.local import translate
from infra.local.translate import of_type
from infra.operations.doctor import judging
from tests import runbooks

MONITORING = translate.read(ROOT / "infra" / "monitoring.yaml")
ALARMS = {
    alarm["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("${StackName}-"): alarm["Properties"]
    for kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    for alarm in of_type(MONITORING, kind).values()
}
SECTION = re.compile(r"^## ([a-z0-9-]+)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SECTIONS = {
    f"docs/runbooks/{page.name}#{name}": text
    for page in runbooks.PAGES
    for name, text in SECTION.findall(page.read_text(encoding="utf-8"))
}
SOURCE = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "functions").rglob("*.py"))
OF_LAMBDA = frozenset(
    {"Task timed out", "Runtime.", "Traceback", "REPORT", "RESTORE_REPORT", "INFO", "WARNING", "ERROR", "SESSION"}
)
"""What Lambda and the logger write by themselves, and what is to be replaced."""
TESTED = {"doctor", "connect", "secret", "numbers", "replay", "recordings", "disconnect", "calls", "logs"} | {
    "after-restore",
    "campaigns",
    "events",
    "versions",
    "rollback",
}
"""Commands whose examples tests run: test_doctor.py, test_replay_command.py, test_recordings_docs.py, and
test_publishing.py, test_events_resend.py, test_campaigns_commands.py, test_after_restore.py, and those named after
`dialtone calls` and `dialtone logs`."""


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarms_mail_names_its_section(name: str) -> None:
    named = ALARMS[name]["AlarmDescription"].split()[-1]

    assert named.endswith(f"#{name}")
    assert named in SECTIONS


def test_every_section_has_its_alarm() -> None:
    assert sorted(section.partition("#")[2] for section in SECTIONS) == sorted(ALARMS)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_says_who_suffers_how_to_tell_causes_apart_what_to_do_and_when_it_is_over(section: str) -> None:
    said = re.findall(r"^\*\*(Callers|Which cause|Do|Over)\*\*", SECTIONS[section], re.MULTILINE)

    assert said == ["Callers", "Which cause", "Do", "Over"]


@pytest.mark.parametrize("query", runbooks.queries(), ids=lambda query: query.where)
def test_what_a_query_looks_for_is_something_that_the_functions_write(query: runbooks.Query) -> None:
    assert set(query.services) <= set(runbooks.SERVICES.values())
    assert [text for text in query.literals() if text and text not in SOURCE and text not in OF_LAMBDA] == []


def test_the_fields_of_api_gateways_log_are_those_that_it_is_configured_to_write() -> None:
    asked = {field for query in runbooks.queries() if query.services == ("access",) for field in query.fields()}

    assert asked <= runbooks.access_log_fields()


@pytest.mark.parametrize("command", sorted(set(runbooks.commands("aws"))))
def test_every_aws_command_and_its_options_exist(command: str) -> None:
    _, service, operation, *options = shlex.split(command)
    model = botocore.session.get_session().get_service_model("s3" if service == "s3api" else service)
    names = {xform_name(name, "-"): name for name in model.operation_names}

    shape = model.operation_model(names[operation]).input_shape
    known = {xform_name(name, "-") for name in (shape.members if shape else {})}

    assert {option.removeprefix("--") for option in options if option.startswith("--")} <= known


def test_every_dialtone_command_is_one_that_a_test_runs() -> None:
    assert {shlex.split(command)[1] for command in runbooks.commands("dialtone")} <= TESTED


def test_the_fields_of_a_query_are_distinguished_from_its_words() -> None:
    query = runbooks.Query(
        "here",
        ("webhook",),
        'fields @timestamp, commands.0.code | filter answer >= 500 and reason like /a|b\\./ and level = "ERROR"\n'
        "| stats count(*) as n, pct(milliseconds, 99) as p99 by event_type, bin(5m) | sort n desc | limit 20",
    )

    assert query.fields() == {"commands.0.code", "answer", "reason", "level", "milliseconds", "event_type"}
    assert list(query.literals()) == ["a", "b.", "ERROR"]


def test_the_quotas_of_our_own_are_those_of_the_template() -> None:
    page = runbooks.OPERATIONS.read_text(encoding="utf-8")
    template = translate.read(ROOT / "template.yaml")
    resources = template["Resources"]
    throttle = resources["HttpApi"]["Properties"]["DefaultRouteSettings"]
    at_once = template["Parameters"]["BackgroundConcurrency"]["Default"]

    assert f"{throttle['ThrottlingRateLimit']:,}, burst {throttle['ThrottlingBurstLimit']:,}" in page
    assert f"| archive jobs at once | {at_once} |" in page
    assert f"under {judging.MANY_FUNCTIONS} `dialtone doctor` warns" in page


def test_what_the_page_says_of_backups_and_of_what_stays_is_so() -> None:
    resources = translate.read(ROOT / "template.yaml")["Resources"]
    table, bucket = resources["CallsTable"], resources["RecordingsBucket"]
    rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"]

    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["Properties"]["DeletionProtectionEnabled"] is True
    assert {"NoncurrentDays": 30} in [each.get("NoncurrentVersionExpiration") for each in rules]
    kept = [name for name, each in resources.items() if each.get("DeletionPolicy") == "Retain"]
    assert {name for name in kept if not name.endswith("Policy")} == {
        "CallsTable",
        "RecordingsBucket",
        "ParkedEventsBucket",
        "CampaignsBucket",
        "AccessLogBucket",
        "ArchiveDeadLetterQueue",
        "DeliveryDeadLetterQueue",
        "Key",
    }
