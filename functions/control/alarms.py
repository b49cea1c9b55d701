"""The stack's alarms, as CloudWatch has them."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any, Protocol

from dialtone.domain.control_answers import Alarms, RingingAlarm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

RUNBOOKS = "docs/runbooks/"
FIRST = "First: "
NO_CALLER = "No caller notices"
"""The description of an alarm that can wait until morning begins with these words."""

COMPARISONS: Mapping[str, str] = {
    "GreaterThanThreshold": "above",
    "GreaterThanOrEqualToThreshold": "from",
    "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "up to",
}

MOST_PAGES = 5
"""A page has a hundred alarms; a stack has about seventy."""


class CloudWatch(Protocol):
    """The part of CloudWatch's client that is used. Both methods raise botocore's errors."""

    def describe_alarms(self, **asked: Any) -> Mapping[str, Any]:  # noqa: ANN401 -- boto's own parameters
        """One page of alarms."""
        ...

    def get_metric_data(self, **asked: Any) -> Mapping[str, Any]:  # noqa: ANN401 -- as above
        """Values of metrics."""
        ...


class AlarmsOfStack:
    """This stack's alarms in CloudWatch. Methods raise botocore's errors."""

    def __init__(self, client: CloudWatch, stack: str, runbooks_url: str) -> None:
        self._client = client
        self._stack = stack
        self._runbooks_url = runbooks_url

    def read(self) -> Alarms:
        """The state of all alarms. Raises KeyError, TypeError or ValueError if CloudWatch's answer is malformed."""
        found: list[dict[str, Any]] = []
        asked: dict[str, Any] = {
            "AlarmNamePrefix": f"{self._stack}-",
            "AlarmTypes": ["MetricAlarm"],  # the composite one only says that one of these is on
            "MaxRecords": 100,
        }
        for _ in range(MOST_PAGES):
            page = self._client.describe_alarms(**asked)
            found += page["MetricAlarms"]
            if not page.get("NextToken"):
                break
            asked["NextToken"] = page["NextToken"]
        return alarms_of(self._stack, found, self._runbooks_url)


def alarms_of(stack: str, described: Iterable[Mapping[str, Any]], runbooks_url: str = "") -> Alarms:
    """The API's answer, from CloudWatch's descriptions. Pure."""
    own = {name: each for each in described if (name := _own_name(stack, each))}
    ringing = [_ringing(name, each, runbooks_url) for name, each in own.items() if each["StateValue"] == "ALARM"]
    return Alarms(
        watched=len(own),
        ringing=sorted(ringing, key=lambda each: (not each["affects_callers"], each["since"] or "", each["name"])),
        without_data=sorted(name for name, each in own.items() if each["StateValue"] == "INSUFFICIENT_DATA"),
    )


def _own_name(stack: str, alarm: Mapping[str, Any]) -> str:
    """An alarm's name without the stack's prefix; '' for an alarm of another stack whose name begins with this one's.

    The alarm's section in the runbooks has this name.
    """
    name = str(alarm["AlarmName"]).removeprefix(f"{stack}-")
    return name if _runbook(alarm).partition("#")[2] == name else ""


def _runbook(alarm: Mapping[str, Any]) -> str:
    last = str(alarm.get("AlarmDescription") or "").split()[-1:]
    return last[0] if last and last[0].startswith(RUNBOOKS) else ""


def _ringing(name: str, alarm: Mapping[str, Any], runbooks_url: str) -> RingingAlarm:
    runbook = _runbook(alarm)
    described = " ".join(str(alarm["AlarmDescription"]).split()).removesuffix(runbook).strip()
    means, _, first = described.partition(FIRST)
    since: datetime | None = alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp")
    return RingingAlarm(
        name=name,
        since=since.astimezone(UTC).isoformat(timespec="seconds") if since else None,
        affects_callers=NO_CALLER not in described,
        means=means.strip(),
        first=first[:1].upper() + first[1:],
        measured=_measured(alarm),
        sends=bool(alarm.get("ActionsEnabled", True)),
        runbook=runbook,
        runbook_url=linked(runbook, runbooks_url),
    )


def linked(runbook: str, runbooks_url: str) -> str | None:
    """The URL of a runbook's section; None if RunbooksUrl is not set."""
    return f"{runbooks_url}{runbook.removeprefix(RUNBOOKS)}" if runbook and runbooks_url else None


def _measured(alarm: Mapping[str, Any]) -> str:
    """What CloudWatch measured, in plain words; CloudWatch's own words if the alarm does not compare with a number."""
    reason = str(alarm.get("StateReason") or "")
    compared = COMPARISONS.get(str(alarm.get("ComparisonOperator")))
    try:
        points = json.loads(alarm.get("StateReasonData") or "{}")["recentDatapoints"]
        values = ", ".join(f"{value:g}" for value in points if value is not None)
    except (ValueError, KeyError, TypeError):
        return reason
    if not values or compared is None or "Threshold" not in alarm:
        return reason
    seconds = int(alarm.get("Period") or 0)
    what = str(alarm.get("MetricName") or "The value")
    every = f" in {seconds // 60} min" if seconds >= 60 else ""  # noqa: PLR2004 -- seconds of a minute
    return f"{what}{every}: {values}. It rings {compared} {alarm['Threshold']:g}."
