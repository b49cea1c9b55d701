"""What happens to calls and recordings reaches the event bus, wherever a process dies or a request fails."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import jsonschema  # type: ignore[import-untyped]  # has no types of its own
import pytest
from moto import mock_aws

from dialtone.adapters.calls_table import CallsTable, DueItem
from dialtone.domain.calls import Call
from dialtone.domain.decisions import Decision
from dialtone.domain.events import Event
from dialtone.domain.recordings import AudioCopy, Recording, TranscriptCopy
from events.bus import BYTES_AT_ONCE, EventBus, groups
from events.life_cycle_events import in_full
from events.outbox import Outbox
from events.settings import Settings
from infra.flowkit.reference.schemas import written
from tests.event_schemas import DOCS, schemas
from tests.integration.deliveries import CALLER, SESSION, phone_call, written_flows
from tests.integration.dependencies import FAULTS, Fault, Faults, Line, Tapped, Wire
from tests.integration.streaming import StreamedTable, Streaming, passes_filters

AT = "2026-11-30T10:42:00.000000Z"
SCHEMAS = {name: jsonschema.Draft202012Validator(schema) for name, schema in schemas().items()}


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written_flows(tmp_path_factory.mktemp("flows"))


def played(flows: Path, plan: Mapping[int, Fault] | None = None) -> tuple[StreamedTable, Line]:
    """A whole call with a recording, as the webhook function commits it, archived at the end."""
    table = StreamedTable()
    wire = Wire(faults := Faults(plan or {}))
    tapped: Any = Tapped(table, wire)
    line = replace_clients(Line.in_memory(flows), tapped, wire, faults)
    for event in phone_call(line):
        line.deliver_until_done(event)
    line.faults.plan = {}
    archived(line.store)
    return table, line


def replace_clients(line: Line, table: Any, wire: Wire, faults: Faults) -> Line:  # noqa: ANN401 -- a client
    line.dynamodb, line.wire, line.faults = table, wire, faults
    line.__post_init__()
    return line


def archived(store: CallsTable) -> None:
    """As the archive function does it, with a look of the sweep in between."""
    for recording in store.recordings(SESSION):
        copied = recording._replace(status="copied", audio=AudioCopy("recordings/a.mp3", 1_000, "0" * 64, 4_000))
        assert store.mark_recording(copied, was=(recording.status,))
        assert store.mark_recording(copied._replace(status="verified"), was=("copied",))
        written = copied._replace(status="verified", transcript=TranscriptCopy("recordings/a.txt", "1" * 64))
        assert store.mark_recording(written, was=("verified",))


def types_and_ids(events: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """What happened, each once, by the events' ids."""
    by_id = {each["id"]: (each["type"], each["id"]) for each in events}
    return sorted(by_id.values())


@pytest.fixture(scope="module")
def table(flows: Path) -> StreamedTable:
    return played(flows)[0]


@pytest.fixture
def streaming() -> Streaming:
    return Streaming()


def test_a_calls_life_is_sent_in_its_order(table: StreamedTable, streaming: Streaming) -> None:
    assert streaming.read(table.records)

    kinds = [each["type"] for each in sorted(streaming.bus.taken, key=lambda each: str(each["sequence"]))]
    assert [kind for kind in kinds if kind.startswith("call.")] == ["call.initiated", "call.answered", "call.ended"]
    recordings = [kind.removeprefix("recording.") for kind in kinds if kind.startswith("recording.")]
    assert sorted(recordings) == sorted(["expected", "saved", "verified", "transcribed"] * 2)
    assert recordings.index("expected") < recordings.index("saved") < recordings.index("verified")
    assert len({each["id"] for each in streaming.bus.taken}) == len(kinds)


def test_the_function_is_invoked_for_what_happened_and_for_little_else(table: StreamedTable) -> None:
    matching = [each for each in table.records if passes_filters(each)]

    assert len(matching) < len(table.records) / 3


def test_every_event_follows_its_schema(table: StreamedTable, streaming: Streaming) -> None:
    streaming.read(table.records)

    for event in streaming.bus.taken:
        schema = SCHEMAS[event["schema"]].schema
        SCHEMAS[event["schema"]].validate(event)
        [facts] = schema["$defs"].values()
        assert set(event) == set(schema["properties"])
        assert set(event[event["type"].partition(".")[0]]) == set(facts["properties"])


@pytest.mark.parametrize("name", schemas())
def test_the_published_schemas_are_those_of_what_is_sent(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schemas()[name])

    published = (DOCS / f"{name}.json").read_text(encoding="utf-8")

    assert published == written(schemas()[name]), "write it again: python -m tests.event_schemas"


def test_numbers_are_masked_unless_the_stack_says_otherwise(table: StreamedTable, streaming: Streaming) -> None:
    full = Streaming(mask=in_full)

    streaming.read(table.records)
    full.read(table.records)

    assert CALLER not in json.dumps(streaming.bus.taken)
    assert "+1555****" in json.dumps(streaming.bus.taken)
    assert CALLER in json.dumps(full.bus.taken)
    environ = {"EVENT_BUS": "bus", "EVENTS_DEAD_LETTER_QUEUE_URL": "queue"}
    assert [
        Settings.read(environ | {"EVENT_NUMBERS": each}).full_numbers for each in ("", "masked", "full", "FULL")
    ] == [False, False, True, False]


@pytest.mark.parametrize("fault", FAULTS)
def test_no_event_is_lost_wherever_the_events_function_dies(table: StreamedTable, fault: Fault) -> None:
    unharmed = Streaming()
    unharmed.read(table.records)

    for place in range(len(unharmed.wire.requests) + 1):
        streaming = Streaming({place: fault})
        assert streaming.read(table.records)
        assert types_and_ids(streaming.bus.taken) == types_and_ids(unharmed.bus.taken)
        assert streaming.dead_letters() == []


@pytest.mark.parametrize("fault", FAULTS)
def test_no_event_is_lost_wherever_the_webhook_function_dies_around_a_commit(flows: Path, fault: Fault) -> None:
    table, line = played(flows)
    unharmed = Streaming()
    unharmed.read(table.records)
    commits = [place for place, each in enumerate(line.wire.requests) if each == "TransactWriteItems"]

    for place in commits[:: 3 if fault == "lost" else 1]:
        harmed, _ = played(flows, {place: fault})
        streaming = Streaming()
        assert streaming.read(harmed.records)
        assert types_and_ids(streaming.bus.taken) == types_and_ids(unharmed.bus.taken)


def test_a_batch_that_comes_again_has_the_same_ids(table: StreamedTable, streaming: Streaming) -> None:
    streaming.read(table.records)
    first = list(streaming.bus.taken)

    streaming.read(table.records)

    assert streaming.bus.taken[len(first) :] == first


def test_what_the_bus_leaves_out_is_tried_again_at_once(table: StreamedTable, streaming: Streaming) -> None:
    streaming.bus.refuses = lambda _, request: "ThrottlingException" if request % 3 == 1 else ""

    assert streaming.read(table.records)
    unharmed = Streaming()
    unharmed.read(table.records)
    assert types_and_ids(streaming.bus.taken) == types_and_ids(unharmed.bus.taken)


def test_what_the_bus_never_takes_for_now_comes_again_with_all_behind_it(
    table: StreamedTable, streaming: Streaming, caplog: pytest.LogCaptureFixture
) -> None:
    streaming.bus.refuses = lambda event, _: "InternalFailure" if event["type"] == "call.answered" else ""
    matching = [each for each in table.records if passes_filters(each)]
    held = next(
        each["dynamodb"]["SequenceNumber"]
        for each in matching
        if each["dynamodb"]["NewImage"].get("outbox") == {"S": "call.answered"}
    )

    answer = streaming.outbox().send({"Records": matching})

    assert answer == {"batchItemFailures": [{"itemIdentifier": held}]}
    assert "events not sent yet" in caplog.messages
    assert streaming.dead_letters() == []


def test_what_the_bus_refuses_for_good_becomes_a_dead_letter_and_holds_nothing_up(
    table: StreamedTable, streaming: Streaming
) -> None:
    streaming.bus.refuses = lambda event, _: "MalformedDetail" if event["type"] == "call.answered" else ""

    assert streaming.read(table.records)

    [letter] = streaming.dead_letters()
    assert (letter["call_session_id"], letter["item"][:4]) == (SESSION, "LEG#")
    assert {each["type"] for each in streaming.bus.taken} >= {"call.ended", "recording.verified"}


@pytest.mark.parametrize("spoilt", [{"version": None}, {"recordings": {"S": "?"}}, {"expires_at": {"N": "x"}}])
def test_a_record_that_cannot_be_read_becomes_a_dead_letter_and_holds_nothing_up(
    table: StreamedTable, spoilt: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    records = json.loads(json.dumps(table.records))
    image = next(each["dynamodb"] for each in records if passes_filters(each))["NewImage"]
    image.update(spoilt)
    for name in [name for name, value in spoilt.items() if value is None]:
        del image[name]
    streaming = Streaming()

    assert streaming.read(records)

    assert [(each["call_session_id"], each["item"][:4]) for each in streaming.dead_letters()] == [(SESSION, "LEG#")]
    assert "call.initiated" not in {each["type"] for each in streaming.bus.taken}
    assert "call.ended" in {each["type"] for each in streaming.bus.taken}
    assert "event cannot be sent" in caplog.messages


def test_a_dead_letter_that_cannot_be_kept_is_no_reason_to_pass_a_record(table: StreamedTable) -> None:
    records = json.loads(json.dumps([each for each in table.records if passes_filters(each)]))
    del records[0]["dynamodb"]["NewImage"]["version"]
    streaming = Streaming({0: "lost"})

    answer = streaming.outbox().send({"Records": records[:3]})

    assert answer["batchItemFailures"] == [{"itemIdentifier": records[0]["dynamodb"]["SequenceNumber"]}]
    assert streaming.read(records)
    assert len(streaming.dead_letters()) == 1


def test_what_others_write_into_a_leg_is_no_news(table: StreamedTable, flows: Path, streaming: Streaming) -> None:
    table, line = played(flows)
    [leg] = [each for each in table.items() if each["item"]["S"].startswith("LEG#")]
    before = len(table.records)

    line.store.drop_due(DueItem(SESSION, leg["item"]["S"], 0))
    table.update_item(
        Key={name: leg[name] for name in ("call_session_id", "item")},
        UpdateExpression="SET seen = :seen",
        ConditionExpression="call_session_id = :session",
        ExpressionAttributeValues={":seen": {"S": "1"}, ":session": {"S": SESSION}},
    )

    assert streaming.read(table.records[before:])
    assert streaming.bus.taken == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, "recording.reviewed"),
        ({"transcript": TranscriptCopy("recordings/a.txt", "1" * 64)}, "recording.transcribed"),
        ({}, None),
    ],
)
def test_what_comes_of_a_recording_while_its_copy_is_not_verified_is_sent(
    change: Mapping[str, Any], kind: str | None, streaming: Streaming
) -> None:
    """No later change shows it: the copy's verification is compared with what was there before."""
    table = StreamedTable()
    store, entry = CallsTable(table, "calls"), Recording(SESSION, "leg", 1, 1, AT, "record_start", "saved")  # type: ignore[arg-type] # in memory
    leg = Call(SESSION, "leg", direction="incoming")
    happened = Event("event", "call.recording.saved", AT, {"call_session_id": SESSION, "call_leg_id": "leg"})
    store.commit(happened, Call(SESSION, "leg"), Decision(leg, recordings=(entry,)), at_seconds=0)
    copied = entry._replace(status="copied", audio=AudioCopy("recordings/a.mp3", 1_000, "0" * 64, 4_000))
    assert store.mark_recording(copied, was=("saved",))
    assert store.mark_recording(copied._replace(**change), was=("copied",))
    if kind == "recording.reviewed":  # as the webhook function writes it, and never the archive
        table.update_item(
            Key={"call_session_id": {"S": SESSION}, "item": {"S": f"RECORDING#{entry.name}"}},
            UpdateExpression="SET review = :review",
            ConditionExpression="call_session_id = :session",
            ExpressionAttributeValues={":review": {"S": "deleted"}, ":session": {"S": SESSION}},
        )
    assert store.mark_recording(copied._replace(**change, status="verified"), was=("copied",))

    assert streaming.read(table.records)

    expected = {"recording.saved", "recording.verified"} | ({kind} if kind else set())
    assert {each["type"] for each in streaming.bus.taken} == expected


def test_a_call_that_checks_a_deployment_is_nobodys_news() -> None:
    call = Call("dialtone-check-1", "leg", initiated_at="2026-11-30T10:00:00Z")
    record = {
        "eventName": "INSERT",
        "dynamodb": {
            "Keys": {"call_session_id": {"S": call.session_id}, "item": {"S": "RECORDING#leg-01"}},
            "SequenceNumber": "1",
            "NewImage": {"status": {"S": "expected"}},
        },
    }
    streaming = Streaming()

    assert streaming.read([record])
    assert (streaming.bus.taken, streaming.dead_letters()) == ([], [])


HOSTILE = 'x\ud800"\n<script>' + "ü" * 90_000


def test_texts_from_outside_stay_short_and_are_text() -> None:
    recording = Recording(
        SESSION, "leg", 1, 1, "2026-11-30T10:00:00Z", "record_start", "failed", HOSTILE, from_number=HOSTILE
    )
    item = {**json.loads(json.dumps({**recording.to_json(), "reason": HOSTILE})), "item": "RECORDING#leg-01"}
    from dialtone.adapters.dynamodb_items import attributes  # noqa: PLC0415 -- beside its use

    record = {
        "eventName": "MODIFY",
        "dynamodb": {
            "Keys": {"call_session_id": {"S": SESSION}, "item": {"S": "RECORDING#leg-01"}},
            "SequenceNumber": "7",
            "NewImage": attributes(item),
        },
    }
    streaming = Streaming()

    assert streaming.read([record])

    [event] = streaming.bus.taken
    SCHEMAS["recording-1"].validate(event)
    assert len(json.dumps(event, ensure_ascii=False).encode()) < 10_000


def test_requests_keep_to_the_limits_of_eventbridge() -> None:
    events = [("call.ended", "x" * size) for size in (10, 200_000, 60_000, *[100] * 25)]

    grouped = list(groups(events))

    assert [each for group in grouped for each in group] == events
    assert all(len(group) <= 10 and sum(len(body) for _, body in group) < BYTES_AT_ONCE for group in grouped)


def test_an_answer_that_says_nothing_of_an_event_is_no_good_answer() -> None:
    class Mute:
        def put_events(self, *, Entries: object) -> dict[str, list[object]]:  # noqa: N803 -- boto's own
            del Entries
            return {"Entries": []}

    [fault] = EventBus(Mute(), "bus", pause=lambda _: None).put([("call.ended", "{}")])

    assert fault is not None
    assert not fault.for_good


@mock_aws
def test_a_rule_on_the_bus_gets_them(table: StreamedTable, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    events: Any = boto3.client("events", region_name="us-east-1")
    sqs = boto3.client("sqs", region_name="us-east-1")
    events.create_event_bus(Name="bus")
    url = sqs.create_queue(QueueName="consumer")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["dialtone"], "detail-type": ["recording.verified"]}
    events.put_rule(Name="verified", EventBusName="bus", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="verified", EventBusName="bus", Targets=[{"Id": "1", "Arn": arn}])
    outbox: Outbox = replace(Streaming().outbox(), bus=EventBus(events, "bus"))

    assert outbox.send({"Records": [each for each in table.records if passes_filters(each)]}) == {
        "batchItemFailures": []
    }

    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [json.loads(each["Body"])["detail"]["recording"]["status"] for each in messages] == ["verified"] * 2
