"""What calls cost, from counted operations: `python -m tests.benchmarks.cost [--write]` writes docs/cost.md.

The demo's calls go through the real webhook and archive code with AWS by moto. Every request of boto3's is counted, and
the units of DynamoDB that it takes; log lines are counted byte by byte. Prices are those of prices.yaml.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import parse_qsl, urlsplit

import yaml
from moto import mock_aws

from archive.audio_source import Source
from archive.bucket import RecordingsBucket
from archive.consumer import Archive, Consumer
from archive.custody import Custody
from archive.download import Downloader
from archive.transcripts import Transcripts
from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.erased_calls import ErasedCalls
from dialtone.adapters.telemetry import Observer
from dialtone.adapters.telnyx_api import CallInfo, Reason, TelnyxApi
from dialtone.domain.counted_changes import DIRECTIONS
from dialtone.domain.outcomes import COUNTED
from dialtone.domain.watchdog_schedule import pause
from infra.carrier import Request
from infra.carrier.account import AGENT, AGENT_SCRIPT, CALLEES
from infra.checkout import ROOT
from infra.demo import scenes
from infra.flowkit.stage import Stage
from infra.local import translate
from infra.local.metrics import asked_for
from infra.local.translate import of_type
from tests.benchmarks.beside_calls import StreamMeter, delivered, questions
from tests.benchmarks.figures import table
from tests.benchmarks.section import Goal, Section
from tests.function_output import follow_stdout
from tests.integration.deliveries import CONTROL, written_flows
from tests.integration.dependencies import ONE_ATTEMPT, Line, aws_session, create_table
from tests.integration.reconciling import HANG_UP, RECORDING_WEBHOOKS, ListingTelnyx, Reconciling, listed
from tests.integration.scripted_telnyx import Answer, ScriptedTelnyx
from tests.sqs_records import record_of
from webhook.endpoint import Endpoint
from webhook.metrics import TELNYX_CODES
from webhook.processor import EventProcessor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dialtone.adapters.telnyx_api import Outcome, TakenCommand
    from dialtone.domain.commands import Command
    from dialtone.domain.watch import Look
    from tests.integration.scripted_telnyx import Request as Asked

PAGE = Path(__file__).parents[2] / "docs" / "cost.md"
PRICES: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "prices.yaml").read_text(encoding="utf-8"))
AWS, TELNYX, ASSUMED = PRICES["aws"], PRICES["telnyx"], PRICES["assumed"]

MORNING = datetime(2026, 9, 21, 14, 0, tzinfo=UTC)
"""A Monday on which the practice of the demo is open."""

READ_UNIT_BYTES, WRITE_UNIT_BYTES = 4_096, 1_024
IN_A_TRANSACTION = 2
WEBHOOK_GB, ARCHIVE_GB, RECONCILE_GB, WATCHDOG_GB = 1.769, 1.024, 0.512, 0.512
BESIDE_GB: Mapping[str, float] = {"events": 0.512, "deliver": 0.512, "control": 1.769}
REQUESTS_A_LOOK = 3
SWEEPS_A_MONTH = 30 * 24 * 12
SECONDS_A_DAY = 86_400
FLOOD_A_SECOND = 2_000
REFUSAL_SECONDS = 0.002
"""Of a webhook that is not signed: a tenth of a millisecond of our own, and Lambda's overhead, as it is assumed."""

_NUMBER = re.compile(r"(?<=[:\[])( ?)\d+\.\d+")
"""In a log line: seconds and milliseconds that something took. Taken as long as 100.0, to count the same each time."""

DIMENSION_VALUES: Mapping[str, int] = {
    "service": 1,
    "Answer": 5,
    "Direction": len(DIRECTIONS),
    "Outcome": len(COUNTED),
    "Code": len(TELNYX_CODES) + len(get_args(Reason)),
    "Result": 3,
}
"""How many values each dimension may have: Code's are Telnyx's, `other`, and the reasons but the empty one."""

KINDS: Mapping[str, str] = {
    "menu": "A menu, opening hours and a voicemail with its transcript",
    "announcement": "An announcement that we make to a person",
    "recorded": "A conversation recorded throughout, with a card number and a transfer",
}


@dataclass(frozen=True, slots=True)
class Counted:
    """What one phone call took."""

    of: Counter[str]
    """By name: webhooks, commands, dynamodb, read_units, write_units, sqs, s3_put, s3_get, log_bytes, webhook_ms, …"""
    inbound_minutes: float
    outbound_minutes: float
    recorded_minutes: float
    metrics: frozenset[str] = frozenset()
    """The metrics that were sent, each with its dimensions' values."""

    @property
    def dollars(self) -> dict[str, float]:
        """By service."""
        of = self.of
        gb_seconds = of["webhook_ms"] / 1e3 * WEBHOOK_GB + of["archive_ms"] / 1e3 * ARCHIVE_GB
        gb_seconds += of["looks"] * ASSUMED["look_milliseconds"] / 1e3 * WATCHDOG_GB
        return {
            "DynamoDB": of["read_units"] * AWS["dynamodb_read_unit"] + of["write_units"] * AWS["dynamodb_write_unit"],
            "Lambda": gb_seconds * AWS["lambda_gb_second"]
            + (of["webhooks"] + of["jobs"] + of["looks"]) * AWS["lambda_request"],
            "HTTP API": of["webhooks"] * AWS["api_request"],
            "SQS": of["sqs"] * AWS["sqs_request"],
            "S3": of["s3_put"] * AWS["s3_put"] + of["s3_get"] * AWS["s3_get"],
            "Logs": of["log_bytes"] * AWS["log_byte"],
        }

    @property
    def telnyx_dollars(self) -> float:
        """Telnyx's own price for its minutes."""
        minutes = {
            "inbound": self.inbound_minutes,
            "outbound": self.outbound_minutes,
            "recording": self.recorded_minutes,
        }
        return sum(of * float(TELNYX[f"{name}_minute"]) for name, of in minutes.items())


class Meter:
    """Counts what boto3's clients ask for."""

    def __init__(self) -> None:
        self.of: Counter[str] = Counter()
        self._asked: dict[str, Any] = {}
        self._indexed: dict[tuple[str, str, str], str] = {}
        """What stands in an index, by its name and the item's keys."""

    def tap(self, client: Any) -> Any:  # noqa: ANN401 -- any of boto's clients
        """Count what the client asks for from now on."""
        client.meta.events.register("before-parameter-build", self._asks)
        client.meta.events.register("after-call", self._answered)
        return client

    def _asks(self, params: Any, model: Any, **_: object) -> None:  # noqa: ANN401 -- boto's own
        if model.name in {"TransactWriteItems", "UpdateItem", "BatchGetItem", "Query"}:
            self._asked = params

    def _answered(self, parsed: Any, model: Any, **_: object) -> None:  # noqa: ANN401 -- boto's own
        service = model.service_model.service_name
        if service == "dynamodb":
            self.of["dynamodb"] += 1
            self._units(model.name, parsed)
        elif service == "sqs":
            self.of["sqs"] += 1
        elif model.name in {"PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"}:
            self.of["s3_put"] += 1
        elif model.name.startswith("List"):
            self.of["s3_put"] += 1  # priced alike
        elif model.name in ("GetObject", "HeadObject"):
            self.of["s3_get"] += 1

    def _units(self, operation: str, parsed: Any) -> None:  # noqa: ANN401 -- boto's own
        if operation == "BatchGetItem":
            ((_, asked),) = self._asked["RequestItems"].items()
            found = [item for items in parsed["Responses"].values() for item in items]
            units = sum(_units(size, READ_UNIT_BYTES) for size in map(item_bytes, found))
            units += len(asked["Keys"]) - len(found)  # what is not there costs one as well
            self.of["read_units" if asked.get("ConsistentRead") else "half_read_units"] += units
        elif operation == "Query":
            units = _units(sum(map(item_bytes, parsed["Items"])), READ_UNIT_BYTES)
            self.of["read_units" if self._asked.get("ConsistentRead") else "half_read_units"] += units
        elif operation == "TransactWriteItems":
            puts = [each["Put"]["Item"] for each in self._asked["TransactItems"] if "Put" in each]
            updates = len(self._asked["TransactItems"]) - len(puts)
            units = sum(_units(item_bytes(item), WRITE_UNIT_BYTES) for item in puts) + updates
            self.of["write_units"] += IN_A_TRANSACTION * units
            self.of["most_units"] = max(self.of["most_units"], IN_A_TRANSACTION * units)
            for item in puts:
                self._index("due", item, item.get("due_at", {}).get("N", ""))
                self._index("began", item, item.get("began_at", {}).get("N", ""))
                self._index("named", item, item.get("control_id", {}).get("S", ""))
        elif operation == "UpdateItem":
            self.of["write_units"] += 1
            if "due_at" in self._asked["UpdateExpression"]:
                moved_to = self._asked["ExpressionAttributeValues"].get(":until", {})
                self._index("due", self._asked["Key"], moved_to.get("N", ""))

    def _index(self, index: str, item: Mapping[str, Any], sorted_by: str) -> None:
        """Count what an index is written for an item: one unit for a row that goes, one for a row that comes."""
        key = (index, item["call_session_id"]["S"], item["item"]["S"])
        before = self._indexed.pop(key, "")
        if sorted_by:
            self._indexed[key] = sorted_by
        if sorted_by != before:
            self.of["write_units"] += bool(before) + bool(sorted_by)


def item_bytes(item: Mapping[str, Any]) -> int:
    """An item's size as DynamoDB counts it: names, and values by their type."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, held),) = value.items()
    if kind == "S":
        return len(held.encode())
    if kind == "N":
        return math.ceil(len(held.lstrip("-").replace(".", "")) / 2) + 1
    if kind == "M":
        return 3 + item_bytes(held) + len(held)
    if kind == "L":
        return 3 + sum(1 + _value_bytes(each) for each in held)
    return 1


def _units(size: int, of: int) -> int:
    return max(1, math.ceil(size / of))


class _Sending:
    """The carrier's API; each request after another, or several together, is once the time of one."""

    def __init__(self, stage: Stage, meter: Meter) -> None:
        self._stage, self._meter = stage, meter

    def send(self, command: Command, command_id: str, deadline: float) -> Outcome:
        """Send it."""
        self._meter.of.update(commands=1, webhook_ms=ASSUMED["telnyx_milliseconds"])
        return self._stage.api.send(command, command_id, deadline)

    def send_together(self, asked: Sequence[tuple[Command, str]], deadline: float) -> Sequence[Outcome]:
        """Send them."""
        self._meter.of.update(commands=len(asked), webhook_ms=ASSUMED["telnyx_milliseconds"])
        return self._stage.api.send_together(asked, deadline)

    def commands_since(self, call_session_id: str, since_seconds: float, deadline: float) -> Sequence[TakenCommand]:
        """Nothing of what is counted here takes so long."""
        raise NotImplementedError


class _Looks:
    """The watchdog's queue and function, for calls whose events come: each look finds that, and asks for another."""

    def __init__(self, stage: Stage, meter: Meter) -> None:
        self._stage, self._meter = stage, meter

    def look_later(self, look: Look, seconds: int, deadline: float = 0) -> None:
        """Take one from the webhook function."""
        del deadline
        self._meter.of["webhook_ms"] += ASSUMED["sqs_milliseconds"]
        self._later(look, seconds)

    def _later(self, look: Look, seconds: int) -> None:
        """Count what a message takes: sent, received and deleted. The read of its leg is counted as every other."""
        self._meter.of.update(look_sqs=REQUESTS_A_LOOK, looks=1)
        self._stage.carrier.clock.after(seconds, lambda: self._look(look))

    def _look(self, look: Look) -> None:
        leg = self._stage.store.leg(look.call_session_id, look.call_leg_id)
        if leg and leg.watch:
            self._later(look, pause(self._stage.now_seconds() - leg.watch.since))


def _announcement(stage: Stage) -> None:
    scene = scenes.ANNOUNCEMENTS[0]
    stage.dial(scene.callee, CALLEES[scene.callee], scene.flow)


PLAYED: Mapping[str, Callable[[Stage], object]] = {
    "menu": lambda stage: stage.ring(scenes.IVR.number, scenes.IVR.script),
    "announcement": _announcement,
    "recorded": lambda stage: stage.ring(scenes.RECORDED.number, scenes.RECORDED.script),
}


def counted(kind: str) -> Counted:
    """Play one call of that kind, and what the archive makes of it."""
    written = io.StringIO()
    with mock_aws(), contextlib.redirect_stdout(written):
        stage, meter = Stage(start=MORNING), Meter()
        stage.carrier.add_callee(AGENT, AGENT_SCRIPT)
        clients: dict[str, Any] = {
            name: aws_session().client(name, config=ONE_ATTEMPT) for name in ("dynamodb", "sqs", "s3")
        }
        create_table(clients["dynamodb"], "calls")
        queue_url = clients["sqs"].create_queue(QueueName="archive")["QueueUrl"]
        looks = _Looks(stage, meter)
        clients["s3"].create_bucket(Bucket="recordings")
        store = CallsTable(clients["dynamodb"], "calls")
        stage.store = store
        library = stage.processor.library
        stage.processor = EventProcessor(
            store,
            library,
            _Sending(stage, meter),
            ArchiveQueue(clients["sqs"], queue_url),
            stage.systems,
            looks,
            now_seconds=stage.now_seconds,
        )
        observer = Observer("webhook")
        follow_stdout("webhook")
        endpoint = Endpoint(stage.endpoint.verifier, stage.processor, observer, stage.endpoint.now_seconds)
        stage.endpoint = endpoint
        PLAYED[kind](stage)  # the version of the flow is kept with the first call of a day: not every call's
        written.truncate(0)
        written.seek(0)
        stage.received.clear()
        clients["sqs"].purge_queue(QueueUrl=queue_url)
        stream = StreamMeter(aws_session().client("dynamodb", config=ONE_ATTEMPT), "calls")
        stream.tap(clients["dynamodb"])
        for client in clients.values():
            meter.tap(client)
        meter.of.clear()
        with ScriptedTelnyx() as server:
            stage.carrier.public_url = server.url.removesuffix("/v2")
            server.answering = lambda asked: _by_carrier(stage, asked)
            PLAYED[kind](stage)
            meter.of["webhooks"] = len(stage.received)
            meter.of["webhook_ms"] += (meter.of["dynamodb"] - meter.of["looks"]) * ASSUMED["dynamodb_milliseconds"]
            meter.of["webhook_ms"] += meter.of["sqs"] * ASSUMED["sqs_milliseconds"]
            meter.of["webhook_ms"] += len(stage.received) * ASSUMED["webhook_cpu_milliseconds"]
            minutes = _minutes(stage)
            telnyx = TelnyxApi(stage.carrier.api_key, server.url)
            _archive(clients, queue_url, telnyx, meter)
            telnyx.close()
        logged = sum(len(_NUMBER.sub(r"\g<1>100.0", line)) + 1 for line in written.getvalue().splitlines())
        meter.of["sqs"] += meter.of["look_sqs"]
        platform = (len(stage.received) + meter.of["jobs"] + meter.of["looks"]) * ASSUMED["platform_log_bytes"]
        meter.of["log_bytes"] = logged + platform + len(stage.received) * ASSUMED["access_log_bytes"]
    meter.of.update(stream.of)
    return Counted(+meter.of, *minutes, frozenset(_metrics(written.getvalue())))


def _metrics(written: str) -> Iterator[str]:
    for line in written.splitlines():
        blob = json.loads(line)
        for directive in blob.get("_aws", {}).get("CloudWatchMetrics", ()):
            for dimensions in directive["Dimensions"]:
                values = [str(blob[name]) for name in sorted(dimensions)]
                yield from ("/".join([metric["Name"], *values]) for metric in directive["Metrics"])


def _archive(clients: Mapping[str, Any], queue_url: str, telnyx: TelnyxApi, meter: Meter) -> None:
    """Let the archive work off the queue, as Lambda hands it messages."""
    store = CallsTable(clients["dynamodb"], "calls")
    bucket = RecordingsBucket(clients["s3"], "recordings")
    erased = ErasedCalls(clients["s3"], "recordings", store, telnyx)
    custody = Custody(store, bucket, Source(telnyx, Downloader(local=True)), erased.has)
    archive = Archive(custody, Transcripts(store, bucket, telnyx), erased)
    consumer = Consumer(archive=archive, queue=clients["sqs"], observer=Observer("archive"), max_receives=5)
    follow_stdout("archive")
    before = meter.of["sqs"]
    while (
        messages := clients["sqs"]
        .receive_message(QueueUrl=queue_url, MaxNumberOfMessages=1, AttributeNames=["All"])
        .get("Messages")
    ):
        [message] = messages
        answer = consumer.consume({"Records": [record_of(message)]}, _Plenty())
        if answer["batchItemFailures"]:
            raise AssertionError(f"the archive did not do {message['Body']}")
        clients["sqs"].delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        meter.of["jobs"] += 1
    meter.of["sqs"] = before + 2 * meter.of["jobs"]  # Lambda takes and deletes; the first call's are not ours
    uncounted = aws_session().client("s3", config=ONE_ATTEMPT)
    copied = sum(each["Size"] for each in uncounted.list_objects_v2(Bucket="recordings").get("Contents", []))
    meter.of["archive_ms"] = meter.of["jobs"] * ASSUMED["archive_milliseconds"]
    meter.of["archive_ms"] += round(copied / ASSUMED["archive_bytes_a_second"] * 1_000)
    meter.of["bytes"] = copied


def _by_carrier(stage: Stage, asked: Asked) -> Answer:
    """The carrier's answer over HTTP: nothing is going on any more, so that it may be asked from another thread."""
    url = urlsplit(asked.path)
    response = stage.carrier.handle(
        Request(asked.method, url.path, dict(parse_qsl(url.query, keep_blank_values=True)), asked.headers, asked.body)
    )
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Answer(response.status, response.content(), headers)


class _Plenty:
    def get_remaining_time_in_millis(self) -> int:
        return 300_000


def _minutes(stage: Stage) -> tuple[float, float, float]:
    """Minutes of the last call: inbound, outbound, recorded; each leg as Telnyx bills it, from answer to end."""
    minutes = dict.fromkeys(("incoming", "outgoing", "recorded"), 0.0)
    answered: dict[str, datetime] = {}
    directions: dict[str, str] = {}
    for each in stage.received:
        leg, at = each.call_leg_id, datetime.fromisoformat(each.occurred_at)
        directions.setdefault(leg, each.text("direction") or "outgoing")
        if each.type == "call.answered":
            answered[leg] = at
        if each.type == "call.hangup" and leg in answered:
            minutes[directions[leg]] += (at - answered[leg]).total_seconds() / 60
        if each.type == "call.recording.saved":
            ends = [datetime.fromisoformat(each.time(f"recording_{end}_at")) for end in ("started", "ended")]
            minutes["recorded"] += (ends[1] - ends[0]).total_seconds() / 60
    return minutes["incoming"], minutes["outgoing"], minutes["recorded"]


GOING_ON = "a recorded call that goes on"

SWEEPS: Mapping[str, tuple[frozenset[int] | None, tuple[int, ...]]] = {
    "nothing outstanding": (None, ()),
    GOING_ON: (RECORDING_WEBHOOKS | HANG_UP, ()),
    "a recorded call whose hang-up never came": (RECORDING_WEBHOOKS | HANG_UP, ()),
    "a call whose two recordings were never reported": (RECORDING_WEBHOOKS, (1, 2)),
}
"""What a sweep finds → which of the call's events never came (None: there is no call), and what Telnyx lists of it."""


def swept(kind: str) -> Counter[str]:
    """What one sweep takes, the webhook function's part in it included."""
    without, recordings = SWEEPS[kind]
    with mock_aws(), tempfile.TemporaryDirectory() as folder:
        line = Line.open(written_flows(Path(folder)))
        alive: dict[str, CallInfo | None] = {
            CONTROL: CallInfo(is_alive=True, ended_at="") if kind == GOING_ON else None
        }
        house, meter = Reconciling(line, ListingTelnyx([listed(each) for each in recordings], alive)), Meter()
        meter.tap(line.dynamodb)
        if without is not None:
            house.play(without)
        meter.of.clear()
        house.sweep(6)
        meter.of["telnyx"] = len(house.telnyx.asked) + len(house.telnyx.stretches)
    return meter.of


def _swept_dollars(of: Counter[str]) -> float:
    millis = ASSUMED["sweep_milliseconds"] + of["dynamodb"] * ASSUMED["dynamodb_milliseconds"]
    millis += of["telnyx"] * ASSUMED["telnyx_milliseconds"]
    units = of["read_units"] + of["half_read_units"] / 2
    return float(
        units * AWS["dynamodb_read_unit"]
        + of["write_units"] * AWS["dynamodb_write_unit"]
        + millis / 1e3 * RECONCILE_GB * AWS["lambda_gb_second"]
        + AWS["lambda_request"]
    )


def _sweeps(of: Mapping[str, Counter[str]]) -> str:
    rows = [
        (
            kind,
            f"{each['dynamodb']}",
            f"{each['read_units'] + each['half_read_units'] / 2:g}",
            f"{each['write_units']}",
            f"{each['telnyx']}",
            f"${_swept_dollars(each) * 1e6:.2f}",
        )
        for kind, each in of.items()
    ]
    quiet = _swept_dollars(of["nothing outstanding"]) * SWEEPS_A_MONTH
    head = [
        "a sweep finds",
        "DynamoDB requests",
        "read units",
        "write units",
        "questions to Telnyx",
        "a million sweeps",
    ]
    return f"{table(head, rows)}\n\n{_SWEEPS.format(month=quiet)}"


def _watching(of: Mapping[str, Counted]) -> str:
    monitoring = translate.read(ROOT / "infra" / "monitoring.yaml")
    most = sum(math.prod(DIMENSION_VALUES[each] for each in metric.dimensions) for metric in asked_for(monitoring))
    usual = len(frozenset[str]().union(*(each.metrics for each in of.values())))
    alarms, composites, dashboards = (
        len(of_type(monitoring, f"AWS::CloudWatch::{kind}")) for kind in ("Alarm", "CompositeAlarm", "Dashboard")
    )
    rows = [
        ("metrics that calls send", usual, usual * AWS["metric_month"]),
        ("metrics, if every one there is were sent in every hour", most, most * AWS["metric_month"]),
        ("alarms", alarms, alarms * AWS["alarm_month"]),
        ("the alarm over others", composites, composites * AWS["composite_alarm_month"]),
        ("dashboards", dashboards, dashboards * AWS["dashboard_month"]),
    ]
    return f"{_WATCHING}\n\n{table(['', 'how many', 'dollars'], [(name, n, f'${cost:.2f}') for name, n, cost in rows])}"


def asked() -> Mapping[str, Counter[str]]:
    """What questions to the control API read."""
    found = {}
    with mock_aws():
        dynamodb: Any = aws_session().client("dynamodb", config=ONE_ATTEMPT)
        create_table(dynamodb, "calls")
        meter = Meter()
        for name, ask in questions(dynamodb, "calls", MORNING, lambda: meter.tap(dynamodb)).items():
            meter.of.clear()
            ask()
            found[name] = Counter(meter.of)
    return found


def _beside(of: Mapping[str, Counted]) -> str:
    rows: list[tuple[object, ...]] = []
    for kind, each in of.items():
        invoked = each.of["records"]
        lambdas = invoked * (AWS["lambda_request"] + _gb_seconds("events") * AWS["lambda_gb_second"])
        dollars = each.of["events"] * AWS["event"] + lambdas + invoked * ASSUMED["platform_log_bytes"] * AWS["log_byte"]
        rows.append((f"{kind}: {each.of['events']} events of {invoked} writes", f"${dollars * 1e3:.4f}"))
    sent = delivered()
    units = sent["UpdateItem"] * AWS["dynamodb_write_unit"] + sent["BatchGetItem"] * 3 * AWS["dynamodb_read_unit"]
    queue = (sent["SendMessage"] + 2) * AWS["sqs_request"]
    lambdas = 2 * (AWS["lambda_request"] + _gb_seconds("deliver") * AWS["lambda_gb_second"])
    mail = sent["SendEmail"] * (AWS["email"] + ASSUMED["message_gigabytes"] * AWS["email_gigabyte"])
    dollars = units + queue + lambdas + mail + sent["GetObject"] * AWS["s3_get"]
    requests = sum(each for name, each in sent.items() if name != "SendEmail")
    rows.append(
        (f"a message by e-mail with its audio: {requests} requests beside the e-mail's", f"${dollars * 1e3:.4f}")
    )
    for name, question in asked().items():
        read = question["read_units"] + question["half_read_units"] / 2
        spent = AWS["api_request"] + AWS["lambda_request"] + _gb_seconds("control") * AWS["lambda_gb_second"]
        dollars = spent + read * AWS["dynamodb_read_unit"] + ASSUMED["platform_log_bytes"] * AWS["log_byte"]
        rows.append((f"{name}: {question['dynamodb']} requests, {read:g} read units", f"${dollars * 1e3:.4f}"))
    return "\n\n".join([_BESIDE, table(["", "a thousand"], rows)])


def _gb_seconds(function: str) -> float:
    return float(ASSUMED[f"{function}_milliseconds"]) / 1e3 * BESIDE_GB[function]


def page(of: Mapping[str, Counted]) -> str:
    """docs/cost.md."""
    return "\n".join(
        [
            "# What it costs",
            "",
            _HOW,
            "",
            "## Per call",
            "",
            *(f"- **{kind}**: {words}" for kind, words in KINDS.items()),
            "",
            _operations(of),
            "",
            "A webhook, on average of these:",
            "",
            _per_webhook(of),
            "",
            "## Per thousand calls",
            "",
            _dollars(of),
            "",
            "AWS is the small part of the bill: what Telnyx takes for the same minutes is the large one.",
            "",
            _NOT_IN_HERE,
            "",
            "## Beside calls",
            "",
            _beside(of),
            "",
            "## Watching, a month",
            "",
            _watching(of),
            "",
            "## Sweeps",
            "",
            _sweeps({kind: swept(kind) for kind in SWEEPS}),
            "",
            "## A million calls a day",
            "",
            f"Of the menu's kind, with the busiest second at {ASSUMED['peak']} times the day's average.",
            "",
            _growth(of["menu"]),
            "",
            _LIMITS,
            "",
            "## Flood protection",
            "",
            _floods(of["menu"]),
            "",
            "## Prices",
            "",
            f"As of {PRICES['date']}. {_WHERE_FROM}",
            "",
            table(
                ["what", "price"], [(name.replace("_", " "), f"{price:.8g}") for name, price in _all_prices().items()]
            ),
            "",
            "Assumed:",
            "",
            table(["what", "assumed"], [(name.replace("_", " "), f"{value:,}") for name, value in ASSUMED.items()]),
            "",
        ]
    )


def _all_prices() -> dict[str, float]:
    return {f"AWS {name}": price for name, price in AWS.items()} | {f"Telnyx {n}": p for n, p in TELNYX.items()}


def _operations(of: Mapping[str, Counted]) -> str:
    rows: list[tuple[object, ...]] = [
        ("webhooks", *(each.of["webhooks"] for each in of.values())),
        ("commands", *(each.of["commands"] for each in of.values())),
        ("DynamoDB requests", *(each.of["dynamodb"] for each in of.values())),
        ("DynamoDB read units", *(each.of["read_units"] for each in of.values())),
        ("DynamoDB write units", *(each.of["write_units"] for each in of.values())),
        ("SQS requests", *(each.of["sqs"] for each in of.values())),
        ("archive jobs", *(each.of["jobs"] for each in of.values())),
        ("looks of the watchdog", *(each.of["looks"] for each in of.values())),
        ("S3 PUT, POST, LIST", *(each.of["s3_put"] for each in of.values())),
        ("S3 GET", *(each.of["s3_get"] for each in of.values())),
        ("log bytes", *(f"{each.of['log_bytes']:,}" for each in of.values())),
        ("Lambda GB-seconds, webhook", *(f"{each.of['webhook_ms'] / 1e3 * WEBHOOK_GB:.2f}" for each in of.values())),
        ("Lambda GB-seconds, archive", *(f"{each.of['archive_ms'] / 1e3 * ARCHIVE_GB:.2f}" for each in of.values())),
        ("minutes in, out, recorded", *(_said(each) for each in of.values())),
    ]
    return table(["", *of], rows)


def _said(each: Counted) -> str:
    return f"{each.inbound_minutes:.2f}, {each.outbound_minutes:.2f}, {each.recorded_minutes:.2f}"


def _per_webhook(of: Mapping[str, Counted]) -> str:
    names = {
        "commands": "commands",
        "read_units": "DynamoDB read units",
        "write_units": "DynamoDB write units",
        "log_bytes": "log bytes",
    }
    webhooks = sum(each.of["webhooks"] for each in of.values())
    rows: list[tuple[object, ...]] = [
        (words, f"{sum(each.of[name] for each in of.values()) / webhooks:,.1f}") for name, words in names.items()
    ]
    dollars = sum(sum(each.dollars.values()) for each in of.values()) / webhooks
    return table(["per webhook", ""], [*rows, ("dollars per million", f"{dollars * 1e6:.2f}")])


def _dollars(of: Mapping[str, Counted]) -> str:
    services = next(iter(of.values())).dollars
    rows: list[tuple[object, ...]] = [
        (name, *(f"${each.dollars[name] * 1e3:.4f}" for each in of.values())) for name in services
    ]
    rows.append(("**AWS together**", *(f"**${sum(each.dollars.values()) * 1e3:.3f}**" for each in of.values())))
    rows.append(("Telnyx, for the same minutes", *(f"${each.telnyx_dollars * 1e3:.2f}" for each in of.values())))
    return table(["a thousand calls", *of], rows)


def _growth(call: Counted) -> str:
    rows = []
    for calls in (1_000, 10_000, 100_000, 1_000_000):
        peak = calls / SECONDS_A_DAY * ASSUMED["peak"]
        busy = peak * call.of["webhooks"]
        at_once = peak * call.of["webhook_ms"] / 1e3
        rows.append(
            (
                f"{calls:,}",
                f"{busy:,.1f}",
                f"{math.ceil(at_once):,}",
                f"{math.ceil(peak * call.of['write_units']):,}",
                f"{math.ceil(peak * call.of['read_units']):,}",
                f"{peak * call.of['jobs']:.1f}",
                f"{peak:.1f}",
                f"${sum(call.dollars.values()) * calls:,.2f}",
            )
        )
    head = [
        "calls a day",
        "webhooks/s",
        "functions at once",
        "write units/s",
        "read units/s",
        "archive jobs/s",
        "calls/s",
    ]
    return table([*head, "AWS a day"], rows)


def _floods(call: Counted) -> str:
    """What a flood costs in an hour, and what standing before it costs in peace."""
    flood = FLOOD_A_SECOND * 3_600
    # Of our own lines and metrics hardly any: tests/unit/test_endpoint_requests.py holds how many.
    refused = AWS["api_request"] + AWS["lambda_request"] + REFUSAL_SECONDS * WEBHOOK_GB * AWS["lambda_gb_second"]
    logged = (ASSUMED["platform_log_bytes"] + ASSUMED["access_log_bytes"]) * AWS["log_byte"]
    edge, waf = AWS["cloudfront_request"], AWS["waf_request"]
    webhooks = call.of["webhooks"] * 1_000
    rows = [
        ("off", "$0.000", "$0", f"${flood * (refused + logged):,.2f}"),
        ("`FloodProtection=only`", f"${webhooks * edge:.3f}", "$0", f"${flood * edge:,.2f}"),
        (
            "the same with `FloodWebAcl`",
            f"${webhooks * (edge + waf):.3f}",
            f"${AWS['waf_month']:.0f}",
            f"${flood * (edge + waf):,.2f}, or ${flood * waf:,.2f} of what the web ACL refuses",
        ),
    ]
    heads = ["", "a thousand calls more", "a month", f"an hour of {FLOOD_A_SECOND:,} forged requests a second"]
    return "\n\n".join([_FLOODS, table(heads, rows)])


_FLOODS = """\
What it costs to have [CloudFront before the API](running.md#forged-webhooks), in peace and while somebody forges. Of
what a web ACL refuses, CloudFront takes nothing. Without protection, what is over 2,000 requests a second is throttled
and costs an access log line only, but so are real webhooks."""


_HOW = """\
Generated by `python -m tests.benchmarks.cost --write` from counted operations: the demo's calls through the real
code, every request counted, every item measured as DynamoDB measures it, every log line counted byte by byte. A
test holds this page to the code. Durations, which a count does not say, are assumed; they stand below."""

_NOT_IN_HERE = """\
Not in here: Lambda's polling of the queue (some $0.25 a month), and what lies in S3 and DynamoDB ($0.023 and $0.25
a GB and month). X-Ray samples one request a second and 5 % of the rest.

`OwnKey=on` costs a dollar a month for the key, one more after each of its first two yearly rotations, and $0.03 for
ten thousand requests: those grow with the minutes in which the line is used rather than with calls, since buckets,
queues and the table each keep a data key for minutes. `BucketAccessLogs=on` costs what the logs take up in S3, some
hundred bytes for each request to a bucket; their delivery is free."""

_BESIDE = """\
Not in the calls above. A stream costs nothing where functions read it, and every write that its filters let pass
invokes the events function once, if it is the only one in that second. A chat takes what an e-mail does, without SES's
part. A page of the console asks the API as it opens, and again while somebody looks at it: every 2 seconds as long as
something changes, every 20 where nothing does, so an hour of a list that stays the same is 180 questions. Not counted:
what a campaign writes for each dial beside its call, and Telnyx's copies of messages."""

_WATCHING = """\
What does not grow with calls. A metric is paid for by name and dimension values, for the hours in which it is sent. Of
those that are sent only when something is wrong, a line pays hardly any; what calls of the three kinds above send is
the rest. Dimensions have few values, each from a list in the code. The developers' dashboard has one widget that reads
the functions' logs whenever somebody looks at it, at $0.005 a GB. The first ten alarms, ten metrics and three
dashboards of an account are free, which is not in here."""

_SWEEPS = """\
There is one every five minutes, whatever happens: {month:.2f} dollars a month where nothing is outstanding, and seven
alarms. What is over within five minutes, a call or a recording that is verified, is looked at by none; the two writes
to the index that each costs are in the figures above. A recorded call that lasts longer is looked at in each, another
one after as long as it has lasted by then, at most a quarter of an hour. Each asks Telnyx once for all that the account
has recorded, and once more for every 250 recordings; a recording of this line costs a query in two sweeps, any other
one two in each. Log lines are not in here."""

_WHERE_FROM = """\
US dollars; AWS: us-east-1, list, without free tiers. They stand in `tests/benchmarks/prices.yaml`. Those of DynamoDB,
Lambda and the HTTP API agree with what others published in 2025 and 2026; the price lists themselves could not be
looked up, nor Telnyx's: check them before you rely on them."""

_LIMITS = """\
Which limits are met on the way (account defaults; some accounts begin lower), and what to raise:

- **Telnyx dials**, 30 a second as a rolling sum of 5 s: if the calls are ours to make, the first limit, at about
  600,000 calls a day evenly spread within the peak above. A 429 is retried within the webhook's time, then the
  webhook comes again. Ask Telnyx to raise it; ask for channels (concurrent calls) as well.
- **Lambda concurrency**, 1,000 at once in a region, for all functions together, growing by 1,000 every 10 s for
  each function. A million calls a day stay below it; other functions in the account share it. Raise "Concurrent
  executions" in Service Quotas.
- **HTTP API**: `ThrottlingRateLimit` 2,000 and `ThrottlingBurstLimit` 1,000 in template.yaml are met first, shortly
  after a million calls a day; the account's 10,000 a second come later.
- **The table**, 40,000 write and 40,000 read units a second on demand, and at first 4,000 write units, until it has
  seen more for a while: before a campaign, set a warm throughput. **A partition** takes 1,000 write units a second;
  a partition is a phone call, which takes a few a second, so it is not met.
- **SQS**: no limit that matters. `BackgroundConcurrency`, 10, of the archive lets ten jobs run at once: recordings then
  wait, and their addresses live for ten minutes (afterwards Telnyx is asked again). Raise it from about ten archive
  jobs a second.
- **S3**: 3,500 PUT a second for a prefix; days are prefixes. Not met.
- **CloudWatch Logs**: 5 MB a second for a log stream, and each function at once has its own. Not met; the bill is."""


def section(*, quick: bool = False) -> Section:
    """Count, and compare with the page."""
    del quick
    of = {kind: counted(kind) for kind in KINDS}
    current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page(of)
    goal = Goal("docs/cost.md says what the code counts", "it does" if current else "it is out of date", current)
    text = f"{_dollars(of)}\n\nWhat is counted, how it grows and at which limits: [docs/cost.md](../cost.md)."
    return Section("cost", "Cost", text, (goal,))


if __name__ == "__main__":
    text = page({kind: counted(kind) for kind in KINDS})
    if "--write" in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
