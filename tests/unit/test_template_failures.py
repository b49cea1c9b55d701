"""What fails for good is kept for two weeks and rings: every queue, schedule, stream and asynchronous invocation."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from infra.checkout import ROOT
from infra.local import translate
from infra.local.cloud import ARTIFACTS, TEMPLATE
from infra.local.emulator import REGION
from infra.local.translate import Template, of_type

TWO_WEEKS_SECONDS = 14 * 24 * 3_600

KEPT_NOWHERE = {"LookupFunction"}
"""Functions whose asynchronous invocations are not kept when they fail, and why.

A lookup's question may hold digits that are kept nowhere, and an answer hours later is no use to anybody. That it was
given up rings all the same.
"""

ANSWERS_ITS_CALLER = {"PreTrafficFunction"}
"""Functions that are invoked asynchronously by something that waits for their answer, and what happens without one:
CodeDeploy takes the deployment back."""

MONITORING = translate.read(ROOT / "infra" / "monitoring.yaml")


@pytest.fixture(scope="module")
def template() -> Template:
    sam = translate.read(TEMPLATE)
    return translate.to_cloudformation(sam, ARTIFACTS, {"TelnyxPublicKey": "A" * 43 + "="}, REGION)


class Checks:
    """What is wrong with a template, found by looking at whatever is in it."""

    def __init__(self, template: Template, monitoring: Template) -> None:
        self.template = template
        given = template["Resources"]["Monitoring"]["Properties"]["Parameters"]
        self.watched = {
            (alarm["Properties"].get("MetricName"), named(given.get(each["Value"].get("Ref"))))
            for alarm in of_type(monitoring, "AWS::CloudWatch::Alarm").values()
            for each in alarm["Properties"].get("Dimensions", [])
            if isinstance(each["Value"], dict)
        }

    def properties(self, kind: str) -> dict[str, dict[str, Any]]:
        return {name: resource.get("Properties", {}) for name, resource in of_type(self.template, kind).items()}

    def problems(self) -> list[str]:
        return [*self.of_queues(), *self.of_mappings(), *self.of_schedules(), *self.of_invocations()]

    def failure_queue(self, what: str, target: object) -> Iterator[str]:
        """What is wrong with a place for failures."""
        name = named(target)
        queue = self.properties("AWS::SQS::Queue").get(name)
        if queue is None:
            yield f"{what}: has no queue for what fails"
            return
        if queue.get("MessageRetentionPeriod") != TWO_WEEKS_SECONDS:
            yield f"{name}: does not keep what fails for two weeks"
        if ("ApproximateNumberOfMessagesVisible", name) not in self.watched:
            yield f"{name}: no alarm rings for a message in it"

    def of_queues(self) -> Iterator[str]:
        """A queue that somebody reads gives up into another; one that nobody reads is such another itself."""
        read = {named(each["EventSourceArn"]) for each in self.properties("AWS::Lambda::EventSourceMapping").values()}
        for name, queue in self.properties("AWS::SQS::Queue").items():
            if name in read:
                yield from self.failure_queue(name, queue.get("RedrivePolicy", {}).get("deadLetterTargetArn"))
            else:
                yield from self.failure_queue(name, {"Ref": name})

    def of_mappings(self) -> Iterator[str]:
        queues = self.properties("AWS::SQS::Queue")
        for name, mapping in self.properties("AWS::Lambda::EventSourceMapping").items():
            if named(mapping["EventSourceArn"]) not in queues:
                failed = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
                yield from self.failure_queue(name, failed)

    def of_schedules(self) -> Iterator[str]:
        targets = [
            (name, target) for name, rule in self.properties("AWS::Events::Rule").items() for target in rule["Targets"]
        ] + [(name, each["Target"]) for name, each in self.properties("AWS::Scheduler::Schedule").items()]
        for name, target in targets:
            queue = target.get("DeadLetterConfig", {}).get("Arn")
            yield from self.failure_queue(name, queue)
            if "RetryPolicy" not in target:
                yield f"{name}: is retried for a day"
            if not self.may_send("events.amazonaws.com", queue):
                yield f"{name}: EventBridge may not send to its queue"

    def of_invocations(self) -> Iterator[str]:
        configured = {
            named(each["FunctionName"]): each for each in self.properties("AWS::Lambda::EventInvokeConfig").values()
        }
        for name in sorted(self.invoked_asynchronously() - configured.keys() - ANSWERS_ITS_CALLER):
            yield f"{name}: what fails of its asynchronous invocations is lost"
        for name, config in configured.items():
            if name in KEPT_NOWHERE:
                if ("AsyncEventsDropped", name) not in self.watched:
                    yield f"{name}: no alarm rings for an invocation that is given up"
                continue
            destination = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
            yield from self.failure_queue(name, destination)
            if not self.function_may_send(name, destination):
                yield f"{name}: may not send to its queue"

    def invoked_asynchronously(self) -> set[str]:
        """Every function that neither HTTP nor a queue invokes."""
        functions = set(self.properties("AWS::Lambda::Function"))
        by_queue = {named(each["FunctionName"]) for each in self.properties("AWS::Lambda::EventSourceMapping").values()}
        by_url = {named(each["TargetFunctionArn"]) for each in self.properties("AWS::Lambda::Url").values()}
        by_api = {
            named(each["FunctionName"])
            for each in self.properties("AWS::Lambda::Permission").values()
            if each["Principal"] == "apigateway.amazonaws.com"
        }
        aliases = {name: named(each["FunctionName"]) for name, each in self.properties("AWS::Lambda::Alias").items()}
        return functions - by_queue - by_url - {aliases.get(name, name) for name in by_api}

    def may_send(self, service: str, queue: object) -> bool:
        return any(
            statement["Principal"] == {"Service": service} and statement["Resource"] == queue
            for policy in self.properties("AWS::SQS::QueuePolicy").values()
            for statement in policy["PolicyDocument"]["Statement"]
        )

    def function_may_send(self, function: str, queue: object) -> bool:
        role = named(self.properties("AWS::Lambda::Function")[function]["Role"])
        return any(
            statement["Action"] == "sqs:SendMessage" and statement["Resource"] == queue
            for policy in self.properties("AWS::IAM::Role")[role]["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
        )


def named(reference: object) -> str:
    """The logical name of what is referred to; '' for nothing."""
    match reference:
        case {"Ref": str(name)}:
            return name
        case {"Fn::GetAtt": [str(name), *_]}:
            return name
    return ""


def test_whatever_fails_for_good_is_kept_for_two_weeks_and_rings(template: Template) -> None:
    assert Checks(template, MONITORING).problems() == []


def test_a_function_whose_failures_are_not_kept_is_one_of_the_stack(template: Template) -> None:
    assert of_type(template, "AWS::Lambda::Function").keys() >= KEPT_NOWHERE


def added(kind: str, properties: dict[str, Any]) -> Callable[[Template], None]:
    return lambda template: template["Resources"].update({"New": {"Type": kind, "Properties": properties}})


def without(resource: str, *path: str) -> Callable[[Template], None]:
    def cut(template: Template) -> None:
        properties = template["Resources"][resource]["Properties"]
        for name in path[:-1]:
            properties = properties[name]
        del properties[path[-1]]

    return cut


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (added("AWS::SQS::Queue", {}), "New: does not keep what fails for two weeks"),
        (added("AWS::SQS::Queue", {}), "New: no alarm rings for a message in it"),
        (added("AWS::Lambda::Function", {}), "New: what fails of its asynchronous invocations is lost"),
        (added("AWS::Events::Rule", {"Targets": [{}]}), "New: has no queue for what fails"),
        (added("AWS::Scheduler::Schedule", {"Target": {}}), "New: has no queue for what fails"),
        (added("AWS::Scheduler::Schedule", {"Target": {}}), "New: is retried for a day"),
        (
            added(
                "AWS::Lambda::EventSourceMapping",
                {"EventSourceArn": {"Fn::GetAtt": ["CallsTable", "StreamArn"]}, "FunctionName": {"Ref": "X"}},
            ),
            "New: has no queue for what fails",
        ),
        (without("ArchiveQueue", "RedrivePolicy"), "ArchiveQueue: has no queue for what fails"),
        (
            without("ArchiveDeadLetterQueue", "MessageRetentionPeriod"),
            "ArchiveDeadLetterQueue: does not keep what fails for two weeks",
        ),
        (
            without("ReconcileFunctionEventInvokeConfig", "DestinationConfig"),
            "ReconcileFunction: has no queue for what fails",
        ),
        (
            without("ReconcileDeadLetterQueuePolicy", "PolicyDocument", "Statement"),
            "ReconcileFunctionEveryFiveMinutes: EventBridge may not send to its queue",
        ),
        (without("ReconcileRole", "Policies"), "ReconcileFunction: may not send to its queue"),
    ],
)
def test_a_new_one_without_it_is_found(template: Template, change: Callable[[Template], None], problem: str) -> None:
    changed = deepcopy(template)
    change(changed)
    for policy in of_type(changed, "AWS::SQS::QueuePolicy").values():
        policy["Properties"]["PolicyDocument"].setdefault("Statement", [])
    changed["Resources"]["ReconcileRole"]["Properties"].setdefault("Policies", [])

    assert problem in Checks(changed, MONITORING).problems()


@pytest.mark.parametrize("alarm", ["LookupsDroppedAlarm", "DeadLettersAlarm", "ReconcileDeadLettersAlarm"])
def test_a_place_for_failures_that_does_not_ring_is_found(template: Template, alarm: str) -> None:
    silent = deepcopy(MONITORING)
    del silent["Resources"][alarm]

    [problem] = set(Checks(template, silent).problems())

    assert "no alarm rings" in problem
