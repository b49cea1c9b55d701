"""`dialtone logs`: the saved queries and those of the runbooks, run by Logs Insights as its API describes it."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber

from dialtone.domain.errors import DialtoneError
from infra.cli.logs_run import table
from infra.cli.main import main
from infra.local import translate
from infra.local.translate import of_type
from infra.operations import aws
from infra.operations.logs import insights
from infra.operations.logs.insights import Insights
from infra.operations.logs.lines import Wanted, lines
from infra.operations.logs.queries import MONITORING, PLACEHOLDERS, of_alarm, saved
from infra.operations.stack_outputs import Deployed
from tests import runbooks
from tests.integration.custody import cloudformation
from tests.integration.dependencies import Line
from tests.unit.test_docs import ROOT, blocks

pytestmark = pytest.mark.no_cover

STACK = "dialtone-prod"
SESSION = "eb1167b3-67a9-4378-bc65-c1e582e2e662"
GROUPS = ("Webhook", "Archive", "Lookup", "Reconcile", "Failover", "Watchdog", "Access")
NOW = datetime.now(UTC)
HOUR_AGO = NOW - timedelta(hours=1)

Row = dict[str, str]


@dataclass
class Logs:
    """CloudWatch Logs, whose Insights answers with these statuses one after the other, and with these rows at last."""

    statuses: list[str] = field(default_factory=lambda: ["Complete"])
    rows: list[Row] = field(default_factory=list)
    started: list[dict[str, Any]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    def start_query(self, **asked: Any) -> dict[str, str]:  # noqa: ANN401 -- boto's own parameters
        self.started.append(asked)
        return {"queryId": f"query-{len(self.started)}"}

    def get_query_results(self, *, queryId: str) -> dict[str, Any]:  # noqa: N803 -- boto's own names
        assert queryId == f"query-{len(self.started)}"
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        rows = [[{"field": name, "value": value} for name, value in {**row, "@ptr": "…"}.items()] for row in self.rows]
        read = {"recordsMatched": 1.0, "recordsScanned": 12_000.0, "bytesScanned": 3_000_000.0}
        return {"status": status, "results": rows if status == "Complete" else [], "statistics": read}

    def stop_query(self, *, queryId: str) -> dict[str, bool]:  # noqa: N803 -- as above
        self.stopped.append(queryId)
        raise ClientError({"Error": {"Code": "InvalidParameterException", "Message": "it is over"}}, "StopQuery")


@dataclass
class Operator:
    """Someone with credentials at a shell, a stack on AWS, and its log."""

    line: Line
    logs: Logs
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run `dialtone logs` with these arguments; gives status, output and errors."""
        self.capsys.readouterr()
        try:
            status = main(["logs", *arguments, "--stack", STACK])
        except SystemExit as ended:  # argparse refuses arguments by ending the program
            status = ended.code if isinstance(ended.code, int) else 1
        return status, *self.capsys.readouterr()


@pytest.fixture
def at_work(line: Line, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Operator:
    monkeypatch.setattr(insights, "POLL_SECONDS", 0)
    formation, logs = cloudformation(), Logs()
    resources = {f"{each}LogGroup": {"Type": "AWS::Logs::LogGroup"} for each in GROUPS}
    outputs = {"CallsTableName": {"Value": line.table}}
    formation.create_stack(StackName=STACK, TemplateBody=json.dumps({"Resources": resources, "Outputs": outputs}))
    clients = {"dynamodb": line.dynamodb, "cloudformation": formation, "logs": logs}
    monkeypatch.setattr(aws, "client", lambda service, *_: clients[service])
    return Operator(line, logs, capsys)


def deployed_queries() -> dict[str, str]:
    """The saved queries as CloudFormation deploys them."""
    monitoring = translate.read(MONITORING)
    return {
        name: each["Properties"]["QueryString"]
        for name, each in of_type(monitoring, "AWS::Logs::QueryDefinition").items()
    }


def test_what_is_run_is_what_is_saved_with_the_stack() -> None:
    for name, text in deployed_queries().items():
        placeholder = PLACEHOLDERS.get(name, "")
        about = "main-menu" if placeholder else ""

        assert saved(name, about).text == (text.replace(placeholder, about) if placeholder else text)
        assert placeholder not in saved(name, about).text or not placeholder
    written = {each.where: each.services for each in runbooks.queries()}
    assert {name: saved(name, "x").services for name in deployed_queries()} == {
        name: written[name] for name in deployed_queries()
    }


def test_each_runbooks_queries_are_found_by_its_alarm() -> None:
    found = [(query.services, query.text) for name in alarms_with_queries() for query in of_alarm(name)]

    of_pages = [(each.services, each.text) for each in runbooks.queries() if each.where.endswith(".md")]
    sections = [each for each in found if each in of_pages]
    assert found == sections
    assert len(found) >= len(of_pages) - 1, "all but the one of README.md, which is saved with the stack"


def alarms_with_queries() -> list[str]:
    try:
        of_alarm("none")
    except DialtoneError as error:
        return str(error).rpartition("there are some for ")[2].split(", ")
    return []


def test_a_calls_story_is_looked_for_while_the_call_was(at_work: Operator) -> None:
    at_work.logs.rows = [{"@timestamp": "2026-11-30 12:00:00.000", "service": "webhook", "message": "webhook handled"}]

    status, out, err = at_work.run("--call", SESSION)

    [asked] = at_work.logs.started
    assert status == 0
    assert f'filter call_session_id = "{SESSION}"' in asked["queryString"]
    assert len(asked["logGroupNames"]) == 6
    assert all(name.startswith(f"{STACK}-") or "LogGroup" in name for name in asked["logGroupNames"])
    assert out.splitlines()[0].split() == ["@timestamp", "service", "message"]
    assert "webhook handled" in out
    assert "@ptr" not in out
    assert err == "1 rows; 12,000 lines, 3.0 MB read, $0.000015\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--errors"], 'filter level != "INFO"'),
        (["--slow"], "sort milliseconds desc"),
        (["--flow", "main-menu"], 'filter flow = "main-menu"'),
        (["--alarm", "api-5xx"], "filter status >= 500"),
    ],
)
def test_each_question_is_its_query(at_work: Operator, arguments: list[str], words: str) -> None:
    status, out, err = at_work.run(*arguments, "--since", "2d")

    [asked] = at_work.logs.started
    assert (status, out) == (0, "")
    assert err.startswith("nothing found; ")
    assert words in asked["queryString"]
    assert asked["endTime"] - asked["startTime"] == 2 * 86_400


def test_an_alarm_with_several_queries_has_each_run(at_work: Operator) -> None:
    at_work.logs.rows = [{"runs": "3"}]

    status, out, _ = at_work.run("--alarm", "webhook-p99")

    assert status == 0
    assert len(at_work.logs.started) == 2
    assert out.count("webhook: filter") == 2


def test_rows_are_json_for_scripts(at_work: Operator) -> None:
    at_work.logs.rows = [{"answer": "503", "events": "2"}]

    assert at_work.run("--errors", "--json")[1] == '{"answer": "503", "events": "2"}\n'


def test_a_query_is_waited_for_with_its_progress() -> None:
    said: list[str] = []
    logs = Logs(["Scheduled", "Running", "Complete"])

    found = Insights(logs, said.append, sleep=lambda _: None).run("fields @message", ["a"], HOUR_AGO, NOW)

    assert found.rows == ()
    assert said == ["scheduled, 3.0 MB read so far", "running, 3.0 MB read so far"]
    assert logs.stopped == []


@pytest.mark.parametrize("status", ["Failed", "Timeout", "Cancelled"])
def test_a_query_that_comes_to_nothing_is_said_so(at_work: Operator, status: str) -> None:
    at_work.logs.statuses = ["Running", status]

    ended, out, err = at_work.run("--errors")

    assert (ended, out) == (1, "")
    assert "run it again, over less time (--since)" in err


def test_a_query_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insights, "TIMEOUT_SECONDS", 3.0)
    times = iter(range(100))
    logs = Logs(["Running"])

    with pytest.raises(DialtoneError, match="is not done after 3 s"):
        Insights(logs, lambda _: None, lambda _: None, lambda: next(times)).run("x", ["a"], HOUR_AGO, NOW)

    assert logs.stopped == ["query-1"]


def test_an_interrupted_query_is_stopped(at_work: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    at_work.logs.statuses = ["Running"]

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("infra.cli.logs_run.Insights", partial(Insights, sleep=interrupt))

    status, _, err = at_work.run("--errors")

    assert status == 130
    assert at_work.logs.stopped == ["query-1"]
    assert "everything it started has been ended" in err


def test_requests_and_answers_are_as_aws_describes_them() -> None:
    client = boto3.client("logs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    begun = {"logGroupNames": ["group"], "startTime": ANY, "endTime": ANY, "queryString": "x", "limit": 1_000}
    row = [{"field": "answer", "value": "503"}, {"field": "@ptr", "value": "…"}]
    statistics = {"recordsMatched": 1.0, "recordsScanned": 2.0, "bytesScanned": 3.0}
    with Stubber(client) as stubber:
        stubber.add_response("start_query", {"queryId": "one"}, begun)
        stubber.add_response("get_query_results", {"status": "Running", "results": []}, {"queryId": "one"})
        answer = {"status": "Complete", "results": [row], "statistics": statistics}
        stubber.add_response("get_query_results", answer, {"queryId": "one"})

        found = Insights(client, lambda _: None, sleep=lambda _: None).run("x", ["group"], HOUR_AGO, NOW)

        assert found.rows == ({"answer": "503"},)
        assert found.bytes_scanned == 3.0
        stubber.assert_no_pending_responses()


@pytest.mark.usefixtures("aws")
def test_lines_of_several_groups_are_reported_in_their_order() -> None:
    logs = boto3.client("logs")
    at = int(HOUR_AGO.timestamp() * 1_000)
    logged_at: dict[str, tuple[int, ...]] = {"webhook": (1, 4), "archive": (2, 3)}
    for group, times in logged_at.items():
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="one")
        events: list[Any] = [
            {
                "timestamp": at + 1_000 * time,
                "message": json.dumps({"message": f"no. {time}", "service": group, **more}),
            }
            for time in times
            for more in ({"call_session_id": SESSION}, {"call_session_id": "another"})
        ]
        events.append({"timestamp": at + 9_000, "message": "REPORT RequestId: …"})
        logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)

    found = list(lines(Unfiltered(logs), ["webhook", "archive"], Wanted(call=SESSION), HOUR_AGO, NOW))

    assert [each.fields["message"] for each in found] == ["no. 1", "no. 2", "no. 3", "no. 4"]
    assert "archive    no. 2" in str(found[1])


class Unfiltered:
    """Logs whose filter lets everything through, as the emulators' do with a pattern for JSON."""

    def __init__(self, logs: Any) -> None:  # noqa: ANN401 -- boto3's client
        self._logs = logs

    def get_paginator(self, name: str) -> Unfiltered:
        self._paginator = self._logs.get_paginator(name)
        return self

    def paginate(self, *, filterPattern: str, **asked: Any) -> Any:  # noqa: ANN401, N803 -- boto's own names
        assert filterPattern == f'{{ ($.call_session_id = "{SESSION}") }}'
        return self._paginator.paginate(**asked)


def test_what_makes_no_sense_is_refused_in_a_sentence_with_the_remedy(
    at_work: Operator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for arguments, why in (
        ([], "one of the arguments --call --errors --slow --flow --alarm is required"),
        (["--call", "nobody"], "there is no call 'nobody'"),
        (["--flow", 'x" or 1=1'], "is neither a call nor a flow"),
        (["--errors", "--since", "yesterday"], "'yesterday' is not a time"),
        (["--errors", "--since", "1h", "--to", "2026-01-01"], "is not before"),
        (["--alarm", "api-6xx"], "no runbook has a query for 'api-6xx'; there are some for api-4xx, "),
        (["--alarm", "api-5xx", "--lines"], "which --lines cannot: leave it out"),
    ):
        status, out, err = at_work.run(*arguments)

        assert status in (1, 2), arguments
        assert out == ""
        assert why in err
        assert "Traceback" not in err
    with pytest.raises(DialtoneError, match="run this in a checkout of Dialtone"):
        of_alarm("api-5xx", tmp_path)
    monkeypatch.setattr("infra.cli.logs_run.deployed", lambda *_: without_log_groups())
    assert "has no WebhookLogGroup: deploy this version of it" in at_work.run("--errors")[2]


def without_log_groups() -> Deployed:
    empty = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    aws.client("cloudformation").create_stack(StackName="empty", TemplateBody=empty)
    return Deployed("empty", "us-east-1")


def test_columns_that_are_wider_than_the_terminal_become_values_by_name() -> None:
    rows = [
        {"answer": "503", "error": "StoreUnavailable", "last": ""},
        {"answer": "500", "error": "\x1b[2JBad", "last": "1"},
    ]

    assert table(rows, 80) == [
        "answer  error             last",
        "503     StoreUnavailable",
        "500     �[2JBad           1",
    ]
    assert table(rows, 24) == ["answer=503", "  error=StoreUnavailable", "answer=500", "  error=�[2JBad last=1"]


def test_every_example_of_the_page_runs(at_work: Operator) -> None:
    page = blocks(ROOT / "docs" / "calls.md", "sh")
    examples = [line for block in page for line in block.splitlines() if line.startswith("dialtone logs ")]
    leg = {"call_session_id": {"S": SESSION}, "item": {"S": "LEG#x"}, "call_leg_id": {"S": "x"}}
    begun = {"initiated_at": {"S": f"{HOUR_AGO:%Y-%m-%dT%H:%M:%S.%f}Z"}, "began_on": {"S": f"{HOUR_AGO:%Y-%m-%d}#0"}}
    item = {**leg, **begun, "began_at": {"N": str(int(HOUR_AGO.timestamp()))}}
    at_work.line.dynamodb.put_item(TableName=at_work.line.table, Item=item)

    ran = {
        each: at_work.run(*shlex.split(each.replace(f" --stack {STACK}", ""))[2:])[0]
        for each in examples
        if "--lines" not in each
    }

    assert ran == dict.fromkeys(ran, 0)
    assert len(ran) >= 5
