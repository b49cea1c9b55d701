"""CodeDeploy as it rolls a new version out, on virtual time: weights of the alias, alarms, and the way back.

It runs nowhere but at AWS; what it does is read from template.yaml, and the alarms from infra/monitoring.yaml.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.parked_events import ParkedEvents
from dialtone.adapters.telemetry import Measure
from dialtone.domain.events import Event, parse_event
from infra.carrier import Request
from infra.checkout import ROOT
from infra.flowkit.stage import Stage, StageTable
from infra.local import translate
from infra.local.translate import of_type
from tests.drills.aws_memory import MemoryBucket
from tests.simulation.versions import VersionedTable, next_version
from webhook.endpoint import Endpoint
from webhook.processor import EventResult

SHARE, CANARY_SECONDS = 0.1, 300.0
"""What `Canary10Percent5Minutes` means."""

LOOK_SECONDS, MINUTE = 10.0, 60
"""How often it looks at alarms; AWS does not say."""

WATCHED = translate.read(ROOT / "template.yaml")["Resources"]["WebhookFunction"]["Properties"]["DeploymentPreference"]
ALARMS = {
    alarm["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("${StackName}-"): alarm["Properties"]
    for alarm in of_type(translate.read(ROOT / "infra" / "monitoring.yaml"), "AWS::CloudWatch::Alarm").values()
}


@dataclass(slots=True)
class Metrics:
    """What the functions of both versions measure, minute by minute, and the alarms on it."""

    now: Callable[[], float]
    counts: Counter[tuple[str, int]] = field(default_factory=Counter)

    def log(self, level: str, message: str, fields: Mapping[str, Any], *, failed: bool | Exception = False) -> None:
        """Nothing: a version may fail here."""

    def measure(self, *measures: Measure) -> None:
        """Add values up."""
        for each in measures:
            self.counts[each.name, int(self.now() // MINUTE)] += int(each.value)

    def rings(self, alarm: Mapping[str, Any]) -> bool:
        """Whether an alarm on one of our sums would ring by now. Others have nothing to ring for."""
        if alarm.get("Statistic") != "Sum" or alarm["Period"] != MINUTE:
            return False
        last = int(self.now() // MINUTE)
        minutes = range(max(last - int(alarm["EvaluationPeriods"]) + 1, 0), last + 1)
        strictly = alarm["ComparisonOperator"] == "GreaterThanThreshold"
        least = float(alarm["Threshold"]) + (1 if strictly else 0)
        over = sum(self.counts[alarm["MetricName"], minute] >= least for minute in minutes)
        return over >= int(alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]))


class Broken:
    """Stands where a version's processor does: one that fails on every event of some types."""

    def __init__(self, *event_types: str) -> None:
        self.event_types = event_types
        self.inner: Any = None

    def handle(self, event: Event, deadline: float) -> EventResult:
        """Fail, or process the event as the version before."""
        if event.type in self.event_types:
            raise KeyError(event.type)
        result: EventResult = self.inner.handle(event, deadline)
        return result


class CanaryStage(Stage):
    """A line on which a new version of the webhook function is rolled out while people call."""

    def __init__(self, *, flows: Path, seed: int, broken: Broken | None = None) -> None:
        super().__init__(flows=flows, seed=seed)
        self.table: VersionedTable = VersionedTable()
        self.store = StageTable(self.table, lambda decision: self.decided(decision))  # noqa: PLW0108 -- it may be set later
        self.processor.store = self.store
        self.processor.library = FlowLibrary.open(flows, self.store)
        self.metrics = Metrics(lambda: self.carrier.clock.now)
        bucket: Any = MemoryBucket()
        observed: Any = self.metrics
        self.old: Endpoint = replace(self.endpoint, observer=observed, parked=ParkedEvents(bucket, "parked"))
        self.new = self.old
        if broken:
            broken.inner = self.processor
            processor: Any = broken
            self.new = replace(self.old, processor=processor)
        self.share = 0.0
        self.outcome = ""
        self.ended_at = 0.0
        self.by_new: list[float] = []
        """When the new version got a webhook."""
        self._chance = random.Random(seed)

    def roll_out(self) -> None:
        """Begin: the hook has agreed."""
        if self._ringing():
            self._end("stopped by an alarm", 0.0)
            return
        self.share = SHARE
        self.carrier.clock.after(LOOK_SECONDS, self._look)
        self.carrier.clock.after(CANARY_SECONDS, self._succeed)

    def _succeed(self) -> None:
        if not self.outcome:
            self._end("succeeded", 1.0)

    def _look(self) -> None:
        if self.outcome:
            return
        if self._ringing():
            self._end("stopped by an alarm", 0.0)
        else:
            self.carrier.clock.after(LOOK_SECONDS, self._look)

    def _ringing(self) -> bool:
        names = [each["Fn::Sub"].removeprefix("${AWS::StackName}-") for each in WATCHED["Alarms"]["Fn::If"][1]]
        return any(self.metrics.rings(ALARMS[name]) for name in names)

    def _end(self, outcome: str, share: float) -> None:
        self.outcome, self.share, self.ended_at = outcome, share, self.carrier.clock.now

    def _post(self, request: Request, timeout_seconds: float) -> int:
        del timeout_seconds
        self.received.append(parse_event(request.body))
        gateway = {"body": request.body.decode(), "headers": dict(request.headers), "isBase64Encoded": False}
        if self._chance.random() >= self.share:
            self.table.by_next = False
            return int(self.old.respond(gateway)["statusCode"])
        self.by_new.append(self.carrier.clock.now)
        self.table.by_next = True
        with next_version():
            return int(self.new.respond(gateway)["statusCode"])
