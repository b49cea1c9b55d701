"""The alarms and the dashboard of infra/monitoring.yaml."""

import json
import re
from typing import Any

import pytest
from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from control.alarms import alarms_of
from infra.checkout import ROOT
from infra.local import metrics, translate
from infra.local.metrics import Metric
from infra.local.translate import of_type
from tests import runbooks

DESCRIPTION_LIMIT = 1024  # CloudWatch's, in characters
COMPOSITE_LIMIT = 100  # alarms under one composite alarm, CloudWatch's

CONTRACT = frozenset(
    {
        Metric("Webhooks", "webhook", ("Answer", "service")),
        Metric("EventAge", "webhook", ("service",)),
        Metric("EventsDuplicate", "webhook", ("service",)),
        Metric("RacesLost", "webhook", ("service",)),
        Metric("CallsStarted", "webhook", ("Direction", "service")),
        Metric("CallsAnswered", "webhook", ("service",)),
        Metric("CallsEnded", "webhook", ("Outcome", "service")),
        Metric("CallCost", "webhook", ("service",)),
        Metric("NoInput", "webhook", ("service",)),
        Metric("WrongInput", "webhook", ("service",)),
        Metric("TransfersFailed", "webhook", ("service",)),
        Metric("Payments", "webhook", ("Result", "service")),
        Metric("PaymentsFailed", "webhook", ("service",)),
        Metric("TelnyxTime", "webhook", ("service",)),
        Metric("TelnyxErrors", "webhook", ("Code", "service")),
        Metric("RestoresFailed", "", ()),
        Metric("HandlingTime", "webhook", ("service",)),
        Metric("WebhookFaults", "webhook", ("service",)),
        Metric("EventsParked", "webhook", ("service",)),
        Metric("EventsNotParked", "webhook", ("service",)),
        Metric("SignatureFailures", "webhook", ("service",)),
        Metric("MalformedWebhooks", "webhook", ("service",)),
        Metric("ApiVersion1Webhooks", "webhook", ("service",)),
        Metric("IgnoredFields", "webhook", ("service",)),
        Metric("CommandsAccepted", "webhook", ("service",)),
        Metric("CommandsEnded", "webhook", ("service",)),
        Metric("SdkLoadedPlainly", "webhook", ("service",)),
        Metric("SdkLoadedPlainly", "archive", ("service",)),
        Metric("CommandsUnavailable", "webhook", ("service",)),
        Metric("CommandsRefused", "webhook", ("service",)),
        Metric("CallsTurnedAway", "webhook", ("service",)),
        Metric("CallsToLastResort", "webhook", ("service",)),
        Metric("FlowErrors", "webhook", ("service",)),
        Metric("CommandsRetried", "webhook", ("service",)),
        Metric("TelnyxUnauthorized", "webhook", ("service",)),
        Metric("TelnyxRateLimited", "webhook", ("service",)),
        Metric("ApiThrottled", "", ()),
        Metric("HangupsRefused", "webhook", ("service",)),
        Metric("RecordingErrors", "webhook", ("service",)),
        Metric("RecordingsUnidentified", "webhook", ("service",)),
        Metric("RecordingsVerified", "archive", ("service",)),
        Metric("RecordingsFailed", "archive", ("service",)),
        Metric("RecordingsDoubtful", "archive", ("service",)),
        Metric("RecordingBytes", "archive", ("service",)),
        Metric("Lookups", "lookup", ("Result", "service")),
        Metric("LookupsFailed", "lookup", ("service",)),
        Metric("LookupTime", "lookup", ("service",)),
        Metric("RecordingsOutstanding", "reconcile", ("service",)),
        Metric("OldestRecordingAge", "reconcile", ("service",)),
        Metric("RecordingsRecovered", "reconcile", ("service",)),
        Metric("RecordingsQueuedAgain", "reconcile", ("service",)),
        Metric("RecordingsOverdue", "reconcile", ("service",)),
        Metric("RecordingsMissing", "reconcile", ("service",)),
        Metric("RecordingsNotMade", "reconcile", ("service",)),
        Metric("TranscriptsMissing", "reconcile", ("service",)),
        Metric("CallsClosed", "reconcile", ("service",)),
        Metric("SweepsIncomplete", "reconcile", ("service",)),
        Metric("SdkLoadedPlainly", "reconcile", ("service",)),
        Metric("SdkLoadedPlainly", "watchdog", ("service",)),
        Metric("EventsReadBack", "watchdog", ("service",)),
        Metric("CommandsSentAgain", "watchdog", ("service",)),
        Metric("EventsOverdue", "watchdog", ("service",)),
        Metric("WatchdogFaults", "watchdog", ("service",)),
        Metric("CallsUnwatched", "webhook", ("service",)),
        Metric("TargetsRefused", "webhook", ("service",)),
        Metric("PublishedFlowsUnreadable", "webhook", ("service",)),
        Metric("TrialsEnded", "reconcile", ("service",)),
        Metric("FailoverWebhooks", "failover", ("service",)),
        Metric("FailoverFaults", "failover", ("service",)),
        Metric("CampaignDials", "campaigns", ("service",)),
        Metric("CampaignCalls", "campaigns", ("service",)),
        Metric("CampaignCallsFailed", "campaigns", ("service",)),
        Metric("CampaignFailureShare", "campaigns", ("service",)),
        Metric("CampaignDialsHeldBack", "campaigns", ("service",)),
        Metric("CampaignsPausedByGuard", "campaigns", ("service",)),
        Metric("CampaignCallsTwice", "campaigns", ("service",)),
        Metric("CampaignFaults", "campaigns", ("service",)),
        Metric("SdkLoadedPlainly", "campaigns", ("service",)),
    }
)

OF_THE_STACK = "Dialtone/${StackName}"

WATCHED = {
    ("AWS/ApiGateway", "5xx", "HttpApiId"),
    ("AWS/ApiGateway", "4xx", "HttpApiId"),
    (OF_THE_STACK, "ApiThrottled", ""),
    (OF_THE_STACK, "RestoresFailed", ""),
    (OF_THE_STACK, "CallsStarted", "webhook"),
    (OF_THE_STACK, "CallCost", "webhook"),
    (OF_THE_STACK, "MalformedWebhooks", "webhook"),
    (OF_THE_STACK, "TelnyxRateLimited", "webhook"),
    ("AWS/ApiGateway", "Latency", "HttpApiId"),
    ("AWS/Lambda", "Errors", "WebhookFunctionName"),
    ("AWS/Lambda", "Errors", "ArchiveFunctionName"),
    ("AWS/Lambda", "Errors", "LookupFunctionName"),
    ("AWS/Lambda", "Throttles", "WebhookFunctionName"),
    ("AWS/Lambda", "Throttles", "ArchiveFunctionName"),
    ("AWS/Lambda", "Throttles", "LookupFunctionName"),
    ("AWS/Lambda", "AsyncEventsDropped", "LookupFunctionName"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "ArchiveDeadLetterQueueName"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", "ArchiveQueueName"),
    (OF_THE_STACK, "WebhookFaults", "webhook"),
    (OF_THE_STACK, "EventsParked", "webhook"),
    (OF_THE_STACK, "EventsNotParked", "webhook"),
    (OF_THE_STACK, "SignatureFailures", "webhook"),
    (OF_THE_STACK, "ApiVersion1Webhooks", "webhook"),
    (OF_THE_STACK, "CommandsRefused", "webhook"),
    (OF_THE_STACK, "CallsTurnedAway", "webhook"),
    (OF_THE_STACK, "CallsToLastResort", "webhook"),
    (OF_THE_STACK, "TelnyxUnauthorized", "webhook"),
    (OF_THE_STACK, "HangupsRefused", "webhook"),
    (OF_THE_STACK, "RecordingsFailed", "archive"),
    (OF_THE_STACK, "RecordingsDoubtful", "archive"),
    (OF_THE_STACK, "RecordingErrors", "webhook"),
    (OF_THE_STACK, "RecordingsUnidentified", "webhook"),
    (OF_THE_STACK, "LookupsFailed", "lookup"),
    (OF_THE_STACK, "RecordingsMissing", "reconcile"),
    (OF_THE_STACK, "RecordingsOverdue", "reconcile"),
    (OF_THE_STACK, "TranscriptsMissing", "reconcile"),
    (OF_THE_STACK, "CallsClosed", "reconcile"),
    (OF_THE_STACK, "SweepsIncomplete", "reconcile"),
    ("AWS/Lambda", "Errors", "ReconcileFunctionName"),
    ("AWS/Lambda", "Errors", "ControlFunctionName"),
    ("AWS/Lambda", "Errors", "EventsFunctionName"),
    ("AWS/Lambda", "Errors", "CampaignsFunctionName"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "CampaignsDeadLetterQueueName"),
    (OF_THE_STACK, "CampaignFailureShare", "campaigns"),
    ("AWS/Lambda", "IteratorAge", "EventsFunctionName"),
    ("AWS/Lambda", "Errors", "DeliverFunctionName"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", "DeliveryQueueName"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "DeliveryDeadLetterQueueName"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "EventsDeadLetterQueueName"),
    ("AWS/Lambda", "Invocations", "ReconcileFunctionName"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "ReconcileDeadLetterQueueName"),
    ("AWS/Lambda", "Errors", "WatchdogFunctionName"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "WatchdogDeadLetterQueueName"),
    (OF_THE_STACK, "EventsOverdue", "watchdog"),
    (OF_THE_STACK, "WatchdogFaults", "watchdog"),
    (OF_THE_STACK, "CallsUnwatched", "webhook"),
    (OF_THE_STACK, "TargetsRefused", "webhook"),
    (OF_THE_STACK, "PaymentsFailed", "webhook"),
    (OF_THE_STACK, "PublishedFlowsUnreadable", "webhook"),
    (OF_THE_STACK, "TrialsEnded", "reconcile"),
    (OF_THE_STACK, "FailoverWebhooks", "failover"),
    (OF_THE_STACK, "FailoverFaults", "failover"),
    ("AWS/Lambda", "Errors", "FailoverFunctionName"),
    ("AWS/Lambda", "Throttles", "FailoverFunctionName"),
}

MONITORING = translate.read(ROOT / "infra" / "monitoring.yaml")
ALARMS = {name: alarm["Properties"] for name, alarm in of_type(MONITORING, "AWS::CloudWatch::Alarm").items()}


DASHBOARDS = {
    name: dashboard["Properties"]["DashboardBody"]["Fn::Sub"]
    for name, dashboard in of_type(MONITORING, "AWS::CloudWatch::Dashboard").items()
}


def watched(alarm: dict[str, Any]) -> tuple[str, str, str]:
    found = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", ()) if "MetricStat" in each] or [alarm]
    [metric] = [each for place, each in enumerate(found) if each not in found[:place]]
    dimension = metric.get("Dimensions", [{"Value": ""}])[0]
    namespace, value = metric["Namespace"], dimension["Value"]
    return (
        namespace if isinstance(namespace, str) else namespace["Fn::Sub"],
        metric["MetricName"],
        value if isinstance(value, str) else value["Ref"],
    )


def test_what_can_go_wrong_rings() -> None:
    assert {watched(alarm) for alarm in ALARMS.values()} == WATCHED


def test_errors_of_every_function_ring() -> None:
    stack = translate.read(ROOT / "template.yaml")
    functions = {name for name, each in stack["Resources"].items() if each["Type"] == "AWS::Serverless::Function"}
    given = stack["Resources"]["Monitoring"]["Properties"]["Parameters"]
    ringing = {given[name]["Ref"] for _, metric, name in map(watched, ALARMS.values()) if metric == "Errors"}

    # Of the function that checks a new version, a failure stops the deployment, and the deployer sees it.
    assert functions - ringing == {"PreTrafficFunction"}


def topic(alarm: dict[str, Any]) -> str:
    """Where the alarm rings: in one place."""
    [action] = alarm["AlarmActions"]
    return str(action["Ref"])


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_rings_where_people_hear_it_and_says_when_it_is_over(name: str) -> None:
    assert topic(ALARMS[name]) in {"AlarmTopic", "NoticeTopic"}
    assert ALARMS[name]["OKActions"] == ALARMS[name]["AlarmActions"]


@pytest.mark.parametrize("name", ALARMS)
def test_what_no_caller_notices_wakes_no_one_and_everything_else_does(name: str) -> None:
    unnoticed = "No caller notices" in ALARMS[name]["AlarmDescription"]

    assert topic(ALARMS[name]) == ("NoticeTopic" if unnoticed else "AlarmTopic")


def test_the_health_of_a_stack_knows_each_alarm_what_it_means_and_what_to_do() -> None:
    described = [
        {
            "AlarmName": each["AlarmName"]["Fn::Sub"].replace("${StackName}", "line"),
            "AlarmDescription": each["AlarmDescription"],
            "StateValue": "ALARM",
        }
        for each in ALARMS.values()
    ]

    ringing = alarms_of("line", described)["ringing"]

    assert len(ringing) == len(ALARMS)
    assert all(each["means"] and each["first"] for each in ringing)
    urgent = [each for each in ALARMS.values() if topic(each) == "AlarmTopic"]
    assert [each["affects_callers"] for each in ringing] == [True] * len(urgent) + [False] * (len(ALARMS) - len(urgent))


def test_callers_are_affected_while_any_urgent_alarm_rings() -> None:
    [composite] = of_type(MONITORING, "AWS::CloudWatch::CompositeAlarm").values()
    urgent = [name for name, alarm in ALARMS.items() if topic(alarm) == "AlarmTopic"]

    rule = composite["Properties"]["AlarmRule"]["Fn::Sub"]

    assert sorted(rule.split(" OR ")) == sorted(f'ALARM("${{{name}}}")' for name in urgent)
    assert len(urgent) <= COMPOSITE_LIMIT
    assert composite["Properties"]["OKActions"] == [{"Ref": "AlarmTopic"}]
    assert "AlarmActions" not in composite["Properties"], "each urgent alarm sends its own mail"


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_says_what_callers_notice_and_what_to_do_first(name: str) -> None:
    description = ALARMS[name]["AlarmDescription"]

    assert "caller" in description.lower()
    assert "First: " in description
    assert len(description) <= DESCRIPTION_LIMIT


@pytest.mark.parametrize("name", [name for name in ALARMS if name != "ReconcileStoppedAlarm"])
def test_a_quiet_line_is_no_alarm(name: str) -> None:
    assert ALARMS[name]["TreatMissingData"] == "notBreaching"


def test_sweeps_that_have_stopped_ring_since_there_are_some_on_a_quiet_line_too() -> None:
    assert ALARMS["ReconcileStoppedAlarm"]["TreatMissingData"] == "breaching"


@pytest.mark.parametrize("name", ["RecordingsMissingAlarm", "RecordingsOverdueAlarm"])
def test_a_lost_recording_rings_within_a_minute_of_its_sweep(name: str) -> None:
    assert (ALARMS[name]["Period"], ALARMS[name]["EvaluationPeriods"]) == (60, 1)


def test_the_latency_alarm_rings_before_telnyx_gives_up() -> None:
    alarm = ALARMS["WebhookLatencyAlarm"]

    assert alarm["ExtendedStatistic"] == "p99"
    assert alarm["Threshold"] == 1800


def test_alarms_travel_encrypted_with_a_key_that_cloudwatch_may_use() -> None:
    topics = of_type(MONITORING, "AWS::SNS::Topic")
    key = MONITORING["Resources"]["AlarmTopicKey"]["Properties"]

    users = [statement for statement in key["KeyPolicy"]["Statement"] if "Service" in statement["Principal"]]

    assert set(topics) == {"AlarmTopic", "NoticeTopic"}
    assert all(each["Properties"]["KmsMasterKeyId"] == {"Ref": "AlarmTopicKey"} for each in topics.values())
    assert key["EnableKeyRotation"] is True
    assert [user["Principal"]["Service"] for user in users] == ["cloudwatch.amazonaws.com"]
    assert users[0]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]


def test_an_address_is_subscribed_only_if_one_is_given() -> None:
    assert MONITORING["Resources"]["AlarmSubscription"]["Condition"] == "HasAlarmEmail"
    assert MONITORING["Resources"]["NoticeSubscription"]["Condition"] == "HasNoticeEmail"


def test_notices_go_to_the_address_of_alarms_unless_they_have_their_own() -> None:
    notices = MONITORING["Resources"]["NoticeSubscription"]["Properties"]

    assert notices["TopicArn"] == {"Ref": "NoticeTopic"}
    assert notices["Endpoint"] == {"Fn::If": ["HasOwnNoticeEmail", {"Ref": "NoticeEmail"}, {"Ref": "AlarmEmail"}]}
    assert translate.read(ROOT / "template.yaml")["Parameters"]["NoticeEmail"]["Default"] == ""


@pytest.mark.parametrize("name", ["AlarmTopic", "NoticeTopic"])
def test_only_alarms_of_this_account_may_ring(name: str) -> None:
    policy = MONITORING["Resources"][f"{name}Policy"]["Properties"]

    [statement] = policy["PolicyDocument"]["Statement"]

    assert policy["Topics"] == [{"Ref": name}]
    assert statement["Resource"] == {"Ref": name}
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def widgets(dashboard: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(metrics.SUBSTITUTION.sub("", DASHBOARDS[dashboard]))["widgets"]
    return found


def test_the_operators_dashboard_shows_every_alarm_by_who_suffers() -> None:
    shown = [json.loads(each) for each in re.findall(r'"alarms": (\[.*?\])', DASHBOARDS["Dashboard"], re.DOTALL)]

    assert [sorted(each) for each in shown] == [
        ["${CallersAreAffected.Arn}"],
        *(
            sorted(f"${{{name}.Arn}}" for name in ALARMS if topic(ALARMS[name]) == to)
            for to in ("AlarmTopic", "NoticeTopic")
        ),
    ]


def test_what_an_alarms_mail_says_to_look_at_is_on_a_dashboard() -> None:
    titles = [each["properties"]["title"] for name in DASHBOARDS for each in widgets(name)]
    sentences = [s for a in ALARMS.values() for s in re.split(r"[.;] ", a["AlarmDescription"]) if "dashboard" in s]

    named = {name for sentence in sentences for name in re.findall(r'"([^"]+)"', sentence)}

    assert len(named) > 2
    assert not [name for name in named if not any(title.startswith(name) for title in titles)]


@pytest.mark.parametrize("dashboard", DASHBOARDS)
def test_a_dashboards_widgets_do_not_overlap_and_leave_no_row_empty(dashboard: str) -> None:
    taken = [
        (x, y)
        for widget in widgets(dashboard)
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
    assert {y for _, y in taken} == set(range(max(y for _, y in taken) + 1))


def test_alarms_and_dashboard_ask_for_the_metrics_of_the_functions_and_no_others() -> None:
    assert metrics.asked_for(MONITORING) == CONTRACT


def test_the_parameters_are_those_that_the_stack_gives() -> None:
    stack = translate.read(ROOT / "template.yaml")["Resources"]["Monitoring"]["Properties"]

    assert set(stack["Parameters"]) == set(MONITORING["Parameters"])


def test_a_metric_is_known_by_its_dimensions_from_a_log_line(capsys: pytest.CaptureFixture[str]) -> None:
    given = Metrics(namespace="Dialtone/dev", service="webhook")
    given.add_dimension("Answer", "200")
    given.add_metric("Webhooks", MetricUnit.Count, 1)
    given.flush_metrics()

    lines = ["a line that is no JSON", '{"level": "INFO"}', *capsys.readouterr().out.splitlines()]

    assert metrics.emitted(lines) == {Metric("Webhooks", "webhook", ("Answer", "service"))}


def test_two_stacks_in_one_account_and_region_share_no_metric() -> None:
    stack = translate.read(ROOT / "template.yaml")
    named = stack["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
    given = stack["Resources"]["Monitoring"]["Properties"]["Parameters"]["StackName"]

    assert named == {"Fn::Sub": "Dialtone/${AWS::StackName}"}
    assert given == {"Ref": "AWS::StackName"}
    assert {of for of, _, _ in map(watched, ALARMS.values()) if not of.startswith("AWS/")} == {OF_THE_STACK}


@pytest.mark.parametrize("namespace", ["Dialtone", "Elsewhere"])
def test_an_alarm_on_metrics_that_all_stacks_share_is_found(namespace: str) -> None:
    properties = {"Namespace": namespace, "MetricName": "A", "Dimensions": [{"Name": "service", "Value": "webhook"}]}
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}

    with pytest.raises(ValueError, match=f"{namespace} is not a stack's own"):
        metrics.asked_for({"Resources": {"Alarm": alarm}})


def test_a_search_that_is_not_understood_is_not_passed_over() -> None:
    body = json.dumps({"widgets": [{"properties": {"metrics": [[{"expression": "SUM(METRICS())"}]]}}]})
    dashboard = {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": {"Fn::Sub": body}}}

    with pytest.raises(ValueError, match=r"SUM\(METRICS\(\)\)"):
        metrics.asked_for({"Resources": {"Dashboard": dashboard}})


def test_throttled_requests_are_counted_by_a_field_that_api_gateway_writes() -> None:
    properties = MONITORING["Resources"]["ApiThrottledMetric"]["Properties"]
    [transformation] = properties["MetricTransformations"]

    assert properties["LogGroupName"] == {"Ref": "AccessLogGroupName"}
    assert properties["FilterPattern"] == {"Fn::Sub": '{ $.status = "429" && $.api = "${HttpApiId}" }'}
    assert "status" in runbooks.access_log_fields()
    assert (transformation["MetricNamespace"], transformation["MetricName"]) == (
        {"Fn::Sub": OF_THE_STACK},
        "ApiThrottled",
    )


def test_restores_that_fail_are_counted_by_what_lambda_writes_of_them() -> None:
    properties = MONITORING["Resources"]["RestoresFailedMetric"]["Properties"]

    assert properties["LogGroupName"] == {"Ref": "WebhookLogGroupName"}
    assert re.findall(r'"([^"]+)"', properties["FilterPattern"]) == ["RESTORE_REPORT", "Status:"]


def test_a_stack_whose_alarms_reach_no_one_says_so_when_it_is_deployed() -> None:
    stack = translate.read(ROOT / "template.yaml")

    recipient = stack["Outputs"]["AlarmRecipient"]["Value"]["Fn::If"]

    assert stack["Conditions"]["TellsNobody"] == {"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}
    assert recipient[0] == "TellsNobody"
    assert recipient[1].startswith("NOBODY. Deploy with AlarmEmail=")
    assert recipient[2] == {"Ref": "AlarmEmail"}


def test_a_calls_story_is_read_from_the_logs_of_all_functions() -> None:
    functions = of_type(translate.read(ROOT / "template.yaml"), "AWS::Serverless::Function").values()
    groups = {each["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] for each in functions}
    groups -= {
        "PreTrafficLogGroup",
        "ControlLogGroup",
        "EventsLogGroup",
        "CampaignsLogGroup",
        "DeliverLogGroup",
    }  # they have no part in calls

    call = MONITORING["Resources"]["OneCallsStory"]["Properties"]

    assert {each["Ref"] for each in call["LogGroupNames"]} == {f"{group}Name" for group in groups}
    assert runbooks.SERVICES.keys() == groups | {"AccessLogGroup"}


def test_developers_see_every_function_that_has_a_part_in_calls() -> None:
    [table] = [each for each in widgets("DevelopersDashboard") if each["type"] == "log"]
    written = re.findall(r"SOURCE '\$\{(\w+)\}'", DASHBOARDS["DevelopersDashboard"])

    assert table["properties"]["view"] == "table"
    assert set(written) == {
        each["Ref"] for each in MONITORING["Resources"]["OneCallsStory"]["Properties"]["LogGroupNames"]
    }


def test_the_saved_queries_lie_in_a_folder_of_the_stacks() -> None:
    saved = of_type(MONITORING, "AWS::Logs::QueryDefinition").values()

    assert {each["Properties"]["Name"]["Fn::Sub"] for each in saved} == {
        "${StackName}/one call's story",
        "${StackName}/slowest webhooks",
        "${StackName}/errors by code",
        "${StackName}/funnel of a flow",
    }
