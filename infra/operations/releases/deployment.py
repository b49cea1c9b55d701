"""The checks before `sam deploy`, and the steps after it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from dialtone.adapters.flow_versions_table import FlowVersionsTable
from dialtone.domain.units import MILLIS_PER_SECOND
from infra.operations import aws
from infra.operations.publishing.pictures import keep_pictures
from infra.operations.releases.history import application_of, deployments_going_on, read_versions
from infra.operations.releases.uninstall import resources
from infra.operations.stack_outputs import NAMES, StackMissing, deployed, region_of

REFUSED = "the new version must not take calls"
"""The pre-traffic function's line for a version that failed its check."""

RECENT_SECONDS = 1_800.0
"""Far longer than a deployment takes after the check."""


RINGS_FOR_NOBODY = "NOBODY"
"""How template.yaml's output AlarmRecipient begins where no address was given."""


def problem_before(name: str) -> str:
    """Why a canary deployment is not possible now; '' if it is, or if the stack does not exist yet."""
    region = region_of(name)
    try:
        stack = deployed(name, region)
    except StackMissing:
        return ""
    if "WebhookFunctionVersion" not in stack.outputs:
        return ""  # deployed by a version that had no canaries
    with aws.explained():
        versions = read_versions(stack, aws.client("lambda", region), aws.client("codedeploy", region))
    if not versions.rolled_back:
        return ""
    return (
        f"{name} is rolled back: version {versions.live} takes webhooks, CloudFormation holds {versions.deployed} for"
        " live, and would compare a canary with that one. Deploy with ROLLOUT=all-at-once (dialtone deploy --rollout"
        f" all-at-once), or first undo the rollback: dialtone rollback-code --stack {name} --undo"
    )


def refusal(name: str, now_seconds: float) -> str:
    """What the check found wrong with a version a short while ago; '' for nothing, or where that cannot be known."""
    region = region_of(name)
    try:
        with aws.explained():
            group = resources(aws.client("cloudformation", region), name).get("PreTrafficLogGroup", "")
            found = group and aws.client("logs", region).filter_log_events(
                logGroupName=group,
                filterPattern=f'"{REFUSED}"',
                startTime=int((now_seconds - RECENT_SECONDS) * MILLIS_PER_SECOND),
            )
    except aws.AwsFault:
        return ""  # SAM has printed it already
    lines = [json.loads(each["message"]) for each in found["events"]] if found else []
    return f"The new version did not pass its check: {lines[-1]['wrong']}" if lines else ""


def settle(name: str, flows: Path, *, protect: bool) -> Iterator[str]:
    """Protect the stack from deletion, prune old versions, keep the pictures of its flows for the console.

    Gives what was done, and whether alarms have subscribers.
    """
    region = region_of(name)
    stack = deployed(name, region)
    with aws.explained():
        if protect:
            formation = aws.client("cloudformation", region)
            formation.update_termination_protection(EnableTerminationProtection=True, StackName=name)
            yield f"{name} is protected from deletion; `make uninstall` takes that off."
        yield from prune(stack, aws.client("lambda", region), aws.client("codedeploy", region))
    yield from _pictures(FlowVersionsTable(aws.client("dynamodb", region), stack.output(NAMES["CALLS_TABLE"])), flows)
    recipient = stack.outputs.get("AlarmRecipient", "")
    if recipient.startswith(RINGS_FOR_NOBODY):
        yield f"Alarms that affect callers go to: {recipient}"


def _pictures(publications: FlowVersionsTable, flows: Path) -> Iterator[str]:
    """Calls are answered without them: that they are not kept takes no deployment back."""
    try:
        if left_out := keep_pictures(publications, flows):
            yield left_out
    except (BotoCoreError, ClientError) as error:
        yield f"The console on AWS has no pictures of these flows: {aws.sentence_about(error)}"


def prune(stack: Any, functions: Any, codedeploy: Any) -> Iterator[str]:  # noqa: ANN401 -- boto's clients
    """Delete unneeded versions: each keeps a snapshot, which costs money. Returns what was done."""
    if deployments_going_on(codedeploy, application_of(stack)):
        yield "A deployment is going on: no version was pruned."
        return
    versions = read_versions(stack, functions, codedeploy)
    for version in versions.superfluous:
        # Lambda itself refuses for a version that an alias leads to.
        functions.delete_function(FunctionName=versions.function, Qualifier=version)
        yield f"Pruned version {version}."
    kept = ", ".join(dict.fromkeys(filter(None, (versions.live, versions.deployed, versions.before))))
    yield f"Kept versions: {kept}."
