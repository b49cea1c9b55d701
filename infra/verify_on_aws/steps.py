"""The steps: each looks at one thing that no emulator shows."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any

from dialtone.domain.errors import DialtoneError
from infra.operations import aws
from infra.operations.api_key import secret_name, stored_key
from infra.operations.connect.telnyx_account import TelnyxAccount
from infra.operations.smoke_call import smoke_call
from infra.verify_on_aws.course import NotShown, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.operations.stack_outputs import Deployed

    Ask = Callable[[str], bool]

TELNYX_WAITS_MILLIS = 2_000
RESTORE = re.compile(r"Restore Duration: ([\d.]+) ms")
DAY_SECONDS = 86_400
QUERY_SECONDS = 60
PROBE = "recordings/1970/01/01/verify-on-aws/probe.json"
RETENTION_TAG = "retention-days=30"


def take_calls(stack: Deployed, _: Ask) -> str:
    """The public addresses refuse what is not signed, and a synthetic call is answered."""
    stack.check_up()
    return " ".join(smoke_call(stack))


def snapshot(stack: Deployed, _: Ask) -> str:
    """The version that takes calls wakes from a snapshot."""
    found = aws.client("lambda", stack.region).get_function_configuration(FunctionName=_function(stack))
    snap: Any = found.get("SnapStart", {})
    if snap.get("OptimizationStatus") != "On":
        raise NotShown(f"SnapStart says {dict(snap) or 'nothing'}: is the parameter SnapStart on?")
    return f"version {found['Version']} has a snapshot"


def restore_times(stack: Deployed, _: Ask) -> str:
    """How long callers waited for a snapshot to wake in the last day."""
    group: Any = aws.client("lambda", stack.region).get_function_configuration(FunctionName=_function(stack))
    log = group.get("LoggingConfig", {}).get("LogGroup", "")
    pages = aws.client("logs", stack.region).get_paginator("filter_log_events")
    since = int(time.time() - DAY_SECONDS) * 1_000
    found = pages.paginate(logGroupName=log, startTime=since, filterPattern='"Restore Duration"')
    times = [float(each) for page in found for event in page["events"] for each in RESTORE.findall(event["message"])]
    if not times:
        raise NotShown("no environment was restored in the last day: deploy again, or call, and look again")
    if max(times) > TELNYX_WAITS_MILLIS:
        raise NotShown(f"the slowest of {len(times)} took {max(times):.0f} ms; Telnyx waits {TELNYX_WAITS_MILLIS} ms")
    return f"{len(times)} restores, median {median(times):.0f} ms, slowest {max(times):.0f} ms"


def lifecycle(stack: Deployed, _: Ask) -> str:
    """S3 itself says by which rule it will delete a tagged recording."""
    s3, bucket = aws.client("s3", stack.region), stack.output("RecordingsBucketName")
    put = s3.put_object(Bucket=bucket, Key=PROBE, Body=b"{}", Tagging=RETENTION_TAG)
    expires = s3.head_object(Bucket=bucket, Key=PROBE).get("Expiration", "")
    s3.delete_object(Bucket=bucket, Key=PROBE, VersionId=put["VersionId"])
    if "rule-id" not in expires:
        raise NotShown("S3 names no rule that will delete it")
    return expires


def own_key(stack: Deployed, ask: Ask) -> str:
    """With a key of one's own, everything that the smoke call and the lifecycle wrote went through it."""
    if "KeyArn" not in stack.outputs:
        raise NotShown("the stack has no key of its own: deploy a stack of its own for this with OwnKey=on")
    bucket = stack.output("RecordingsBucketName")
    s3 = aws.client("s3", stack.region)
    put = s3.put_object(Bucket=bucket, Key=PROBE, Body=b"{}", Tagging=RETENTION_TAG)
    s3.delete_object(Bucket=bucket, Key=PROBE, VersionId=put["VersionId"])
    if put.get("SSEKMSKeyId") != stack.output("KeyArn"):
        raise NotShown(f"S3 encrypted by {put.get('SSEKMSKeyId')}")
    take_calls(stack, ask)
    return "S3 encrypts by it, and a synthetic call was stored and answered under it"


def alarms(stack: Deployed, _: Ask) -> str:
    """All alarms are there and quiet."""
    pages = aws.client("cloudwatch", stack.region).get_paginator("describe_alarms")
    found = [alarm for page in pages.paginate(AlarmNamePrefix=f"{stack.name}-") for alarm in page["MetricAlarms"]]
    if not found:
        raise NotShown("there are none")
    if ringing := sorted(each["AlarmName"] for each in found if each["StateValue"] == "ALARM"):
        raise NotShown(f"ringing: {', '.join(ringing)}; docs/runbooks has a page for each")
    return f"{len(found)} alarms, none in ALARM"


def mail(stack: Deployed, ask: Ask) -> str:
    """An alarm's mail reaches a person. Of one that no deployment looks at: it would be taken back."""
    state = {"StateReason": "make verify-on-aws asks whether this mail arrives"}
    cloudwatch = aws.client("cloudwatch", stack.region)
    cloudwatch.set_alarm_state(AlarmName=f"{stack.name}-signature-failures", StateValue="ALARM", **state)
    if not ask("Has a mail about signature-failures come, with a link to its runbook?"):
        raise NotShown("no mail: is the subscription confirmed? `dialtone doctor` says so")
    return "the mail came"


def queries(stack: Deployed, _: Ask) -> str:
    """Every saved query is one that CloudWatch runs."""
    logs = aws.client("logs", stack.region)
    saved = logs.describe_query_definitions(queryDefinitionNamePrefix=stack.name)["queryDefinitions"]
    if not saved:
        raise NotShown("there are none")
    now = int(time.time())
    for each in saved:
        started = logs.start_query(
            logGroupNames=each["logGroupNames"], startTime=now - 3_600, endTime=now, queryString=each["queryString"]
        )
        ends = time.monotonic() + QUERY_SECONDS
        while (status := logs.get_query_results(queryId=started["queryId"])["status"]) in {"Scheduled", "Running"}:
            if time.monotonic() > ends:
                raise NotShown(f"{each['name']} runs for more than {QUERY_SECONDS} s")
            time.sleep(1)
        if status != "Complete":
            raise NotShown(f"{each['name']} ended as {status}")
    return f"{len(saved)} queries ran"


def dashboards(stack: Deployed, ask: Ask) -> str:
    """Both dashboards show something."""
    shown = [stack.output("DashboardUrl"), stack.output("DevelopersDashboardUrl")]
    if not ask(f"Open {' and '.join(shown)}. Does every widget show data or zero, and none an error?"):
        raise NotShown("a widget shows an error")
    return "both were looked at"


def canary(stack: Deployed, _: Ask) -> str:
    """CodeDeploy has moved a tenth of the traffic first."""
    codedeploy, application = aws.client("codedeploy", stack.region), stack.output("DeploymentApplication")
    groups = codedeploy.list_deployment_groups(applicationName=application)["deploymentGroups"]
    listed = codedeploy.list_deployments(applicationName=application, deploymentGroupName=groups[0])["deployments"]
    for each in listed:
        info = codedeploy.get_deployment(deploymentId=each)["deploymentInfo"]
        if info["status"] == "Succeeded" and "Canary" in info.get("deploymentConfigName", ""):
            return f"{each}: {info['deploymentConfigName']}, succeeded"
    raise NotShown("no canary has succeeded yet: deploy twice with ROLLOUT=canary")


def throttle(stack: Deployed, _: Ask) -> str:
    """What the API is set to refuse; that it does, only a flood from many machines shows."""
    found = aws.client("apigatewayv2", stack.region)
    api = stack.output("WebhookUrl").split("//")[1].split(".")[0]
    limits = found.get_stage(ApiId=api, StageName="$default")["DefaultRouteSettings"]
    if not limits.get("ThrottlingRateLimit"):
        raise NotShown("the API has no limit")
    return f"{limits['ThrottlingRateLimit']:.0f} a second, {limits['ThrottlingBurstLimit']} at once"


def telnyx_key(stack: Deployed, _: Ask) -> str:
    """Telnyx takes the stored key."""
    TelnyxAccount.of_key(stored_key(secret_name(stack), stack.region)).check_key()
    return "Telnyx takes the key that the stack has"


def call(_: Deployed, ask: Ask) -> str:
    """A person is answered."""
    if not ask("Call your number now. Are you answered at once, and does a key do what the menu says?"):
        raise NotShown("the call was not answered as it should be: `dialtone doctor`, then `dialtone calls list`")
    return "a call was answered"


def command_list(_: Deployed, ask: Ask) -> str:
    """What Telnyx's list of a call's events names a command by."""
    asked = "`dialtone calls show` the call's session, then GET /call_events of that leg (docs/verify-on-aws.md)."
    if not ask(f"{asked} Do its commands carry the command_id that was sent?"):
        raise NotShown("then a command is known by its action and leg alone: record that in docs/decisions.md")
    return "commands are listed by the ids that were sent"


def failover(stack: Deployed, ask: Ask) -> str:
    """Telnyx turns to the failover while the webhook function fails."""
    aws.client("lambda", stack.region).put_function_concurrency(
        FunctionName=_plain(stack), ReservedConcurrentExecutions=0
    )
    if not ask("The webhook function is turned off. Call your number: do you hear the failover's sentence?"):
        raise NotShown("Telnyx did not turn to the failover: `dialtone doctor` compares its URL")
    return "the failover answered"


def function_on(stack: Deployed) -> None:
    """The webhook function takes calls again."""
    aws.client("lambda", stack.region).delete_function_concurrency(FunctionName=_plain(stack))


def _function(stack: Deployed) -> str:
    return stack.output("WebhookFunctionName")


def _plain(stack: Deployed) -> str:
    """Its name without version or alias: concurrency is the function's."""
    return _function(stack).split(":function:")[-1].split(":")[0]


def explained(step: Step) -> Step:
    """The same, with AWS's refusals as sentences."""

    def look(stack: Deployed, ask: Ask) -> str:
        try:
            with aws.explained():
                return step.look(stack, ask)
        except (KeyError, IndexError) as error:
            raise DialtoneError(f"not as AWS describes it: {type(error).__name__}: {error}") from error

    return replace(step, look=look)


NOTHING = "nothing that a bill shows"
STEPS = tuple(
    explained(step)
    for step in (
        Step(
            "take-calls", "tries both addresses, plays a synthetic call", "401, and right answers", NOTHING, take_calls
        ),
        Step("telnyx-key", "asks Telnyx about the stored key", "it is taken", NOTHING, telnyx_key),
        Step("snapshot", "reads the webhook function's version", "SnapStart is on", NOTHING, snapshot),
        Step("restore-times", "reads a day of REPORT lines", "each under Telnyx's 2 s", NOTHING, restore_times),
        Step("throttle", "reads the API's limits", "those of template.yaml", NOTHING, throttle),
        Step("lifecycle", "stores an object with a retention, deletes it", "S3 names the rule", NOTHING, lifecycle),
        Step("own-key", "stores an object, plays a call", "the stack's own key is used", NOTHING, own_key),
        Step("alarms", "reads the alarms", "all there, none ringing", NOTHING, alarms),
        Step("queries", "runs the saved queries over an hour", "they end", "0.005 dollars a GB", queries, asks=True),
        Step("dashboards", "names both dashboards", "you see data", NOTHING, dashboards, asks=True),
        Step("canary", "reads CodeDeploy's deployments", "a canary that succeeded", NOTHING, canary),
        Step("mail", "sets an alarm to ALARM for a minute", "a mail", "a mail to who has alarms", mail, asks=True),
        Step("call", "asks you to call your number", "you are answered", "a minute of Telnyx's", call, asks=True),
        Step("command-list", "asks you to read that call's list", "ids are ours", NOTHING, command_list, asks=True),
        Step(
            "failover",
            "turns the webhook function off while you call, and on again",
            "you hear the failover's sentence",
            "every caller of this stack hears it meanwhile; a minute of Telnyx's",
            failover,
            asks=True,
            undo=function_on,
        ),
    )
)
"""From what costs nothing to what disturbs callers."""
