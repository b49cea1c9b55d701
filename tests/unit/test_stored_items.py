"""What an older or a newer version of the program stored is read by this one: a deployment may be taken back."""

from __future__ import annotations

import base64
import importlib
import inspect
import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from dialtone.adapters.calls_table import CallsTable, StoredDecision, TimelineEntry
from dialtone.adapters.dynamodb_items import attributes, plain
from dialtone.domain.call_variables import Scope
from dialtone.domain.callee_legs import CalleeLeg
from dialtone.domain.calls import Call, Position
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import Command, command
from dialtone.domain.decisions import Decision
from dialtone.domain.erasure import Receipt
from dialtone.domain.events import Event
from dialtone.domain.failover import FailoverState
from dialtone.domain.lookups import SLOW, Lookup
from dialtone.domain.own_events import event_from_json, event_to_json
from dialtone.domain.parked_event import ParkedEvent
from dialtone.domain.recordings import (
    ArchiveJob,
    AudioCopy,
    Consent,
    Pause,
    Recording,
    Report,
    TranscriptCopy,
    Transcription,
)
from dialtone.domain.stored_records import written
from dialtone.domain.watch import Look
from infra.flowkit.memory_table import MemoryTable
from infra.operations.connect.record import Recorded, RecordedAudio
from webhook.router import route

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SESSION, LEG, CONTROL = "session", "leg", "v3:control"
CONSENT = Consent("given", "May we record?", "en-US", "2026-11-24T12:00:05.000000Z", "1")
PAUSE = Pause("2026-11-24T12:00:11.000000Z", "2026-11-24T12:00:13.000000Z", "sensitive")
TRANSCRIPTION = Transcription("requested", "B", "en")
EXPECTED = Recording(
    SESSION,
    LEG,
    2,
    3,
    "2026-11-24T12:00:09.000000Z",
    "record_start",
    channels="single",
    consent=CONSENT,
    pauses=(PAUSE,),
    transcription=TRANSCRIPTION,
)
AUDIO, TRANSCRIPT = AudioCopy("key.mp3", 1_234, "ab" * 32, 7_000), TranscriptCopy("key.txt", "cd" * 32, "t-1")
VERIFIED = EXPECTED._replace(number=1, status="verified", audio=AUDIO, transcript=TRANSCRIPT)
FAR_LEGS = {"far-1": CalleeLeg("v3:far", "answered", connected=True, cause="")}
REPORT = Report(1, "2026-11-24T12:00:01.000000Z", "dual", "r-1", "a1b2c3")
SCOPE = Scope(1, {"name": "Ada"}, "pin", ("right",))
POSITION = Position("welcome", 2, {"prompts": 1}, {"name": "Ada"}, FAR_LEGS, ("menu",), (SCOPE,))
CALL = Call(
    SESSION,
    LEG,
    control_id=CONTROL,
    status="answered",
    flow="front-desk",
    step="ring",
    turn=3,
    waiting={"connected": 1},
    variables={"name": "Ada"},
    far_legs=FAR_LEGS,
    back=("menu", "welcome"),
    scopes=(SCOPE,),
    unnoted={"name": "Ada"},
    left=POSITION,
    recordings=(EXPECTED,),
    consent=CONSENT,
    recent=("a1b2c3",),
    reported=(REPORT,),
)
JOB = ArchiveJob("audio", SESSION, LEG, VERIFIED.name, "r-1", {"mp3": "https://recordings.example/1.mp3"})
LOOKUP = Lookup("customers", {"caller": "+15550123"}, 5, 1, ("name",), ("card",), SESSION, LEG, 3)
SPEAK = command("speak", CONTROL, payload="Hello.", voice="female")
EVENT = Event(
    "event", "call.gather.ended", "2026-11-24T12:00:09.000000Z", {"call_session_id": SESSION, "call_leg_id": LEG}
)

STORED: tuple[Any, ...] = (
    CALL,
    POSITION,
    SCOPE,
    FAR_LEGS["far-1"],
    CONSENT,
    REPORT,
    VERIFIED,
    AUDIO,
    TRANSCRIPT,
    PAUSE,
    TRANSCRIPTION,
    JOB,
    LOOKUP,
    SPEAK,
)
"""One of every record that is stored, in whatever part of an item or a message."""

NOT_STORED = frozenset({"Review", "Answer", "Decision", "EnteredStep"})
"""Those of the same modules that are not: a review is one attribute of its recording's item, a decision is
spread over several."""

Change = Callable[[dict[str, Any], type | None], dict[str, Any]]
"""What another version makes of a mapping; with the record that it is of, None for an item that is of none."""


class Kept:
    """A table that holds one event's commit, to be changed as another version would have written it."""

    def __init__(self) -> None:
        self.table = MemoryTable()
        self.store = CallsTable(cast("DynamoDBClient", self.table), "calls")

    def commit(self) -> Kept:
        decision = Decision(CALL, (SPEAK,), (VERIFIED,), archive=(JOB,), lookup=LOOKUP)
        self.store.commit(EVENT, Call(SESSION, LEG), decision, at_seconds=1.0)
        return self

    def put(self, items: list[Any]) -> Kept:
        self.table.transact_write_items(TransactItems=[{"Put": {"Item": item}} for item in items])
        return self

    def changed(self, change: Change) -> Kept:
        found = self.table.query(ExpressionAttributeValues={":session": {"S": SESSION}, ":prefix": {"S": ""}})
        return Kept().put([attributes(_item(plain(item), change)) for item in found["Items"]])

    def read(self) -> tuple[Call, StoredDecision, Recording, TimelineEntry]:
        loaded, [recording] = self.store.load(EVENT), self.store.recordings(SESSION)
        [entry] = self.store.timeline(SESSION)
        assert loaded.call is not None
        assert loaded.decided is not None
        return loaded.call, loaded.decided, recording, entry


SHAPES = {frozenset(one._fields): type(one) for one in STORED}


def _item(item: dict[str, Any], change: Change) -> dict[str, Any]:
    """The item with everything in it that is stored, changed; commands, jobs and lookups stand in it as JSON."""
    inside = {name: _inside(value, change) for name, value in item.items()}
    if "commands" in inside:
        inside["commands"] = json.dumps(_inside(json.loads(inside["commands"]), change))
        jobs = [json.dumps(_inside(json.loads(job), change)) for job in json.loads(inside["archive"])]
        inside |= {"archive": json.dumps(jobs), "lookup": json.dumps(_inside(json.loads(inside["lookup"]), change))}
    keys = {name: item[name] for name in ("call_session_id", "call_leg_id", "item")}
    kind = {"LEG": Call, "RECORDING": Recording}.get(item["item"].partition("#")[0])
    return change(inside, kind) | keys


def _inside(value: Any, change: Change) -> Any:  # noqa: ANN401 -- JSON
    if isinstance(value, list):
        return [_inside(each, change) for each in value]
    if not isinstance(value, dict):
        return value
    mapping = {name: _inside(each, change) for name, each in value.items()}
    kind = SHAPES.get(frozenset(mapping))
    return change(mapping, kind) if kind else mapping


def test_every_record_of_the_stored_modules_is_stored_here_or_named_as_not_stored() -> None:
    modules = (
        "dialtone.domain.calls",
        "dialtone.domain.callee_legs",
        "dialtone.domain.decisions",
        "dialtone.domain.recordings",
        "dialtone.domain.lookups",
        "dialtone.domain.commands",
        "dialtone.domain.call_variables",
    )
    found = {
        name
        for module in modules
        for name, kind in inspect.getmembers(importlib.import_module(module), lambda kind: hasattr(kind, "_fields"))
        if kind.__module__ == module
    }

    assert found == {type(each).__name__ for each in STORED} | NOT_STORED


def test_what_this_version_stores_it_reads() -> None:
    call, decided, recording, entry = Kept().commit().read()

    assert (call, recording) == (CALL._replace(version=1), VERIFIED)
    assert (call.recent, call.reported) == (CALL.recent, CALL.reported)
    assert (decided.commands, decided.archive, decided.lookup) == ((SPEAK,), (JOB,), LOOKUP)
    assert entry.commands == (SPEAK,)


def test_what_an_event_said_is_stored_though_nothing_else_of_the_call_has_changed() -> None:
    kept, later = Kept().commit(), EVENT._replace(id="later")
    before = CALL._replace(version=1)

    kept.store.commit(later, before, Decision(before.with_recent("said"), (SPEAK,)), at_seconds=2.0)

    loaded = kept.store.load(later).call
    assert loaded is not None
    assert (loaded.recent, loaded.version) == ((*CALL.recent, "said"), 2)


def test_fields_of_a_later_version_are_passed_over_wherever_they_stand() -> None:
    seen: set[type | None] = set()

    def later(mapping: dict[str, Any], kind: type | None) -> dict[str, Any]:
        seen.add(kind)
        return mapping | {"imagined": "later", "imagined_too": {"deep": ["x", 1, None]}}

    kept = Kept().commit()

    assert kept.changed(later).read() == kept.read()
    assert seen == {None, *(type(each) for each in STORED)}


@pytest.mark.parametrize("kind", [type(each) for each in STORED if type(each) is not Command])
def test_fields_that_an_earlier_version_did_not_write_have_their_defaults(kind: type[Any]) -> None:
    defaults = kind._field_defaults
    seen = []

    def earlier(mapping: dict[str, Any], of: type | None) -> dict[str, Any]:
        if of is not kind:
            return mapping
        seen.append(of)
        return {name: value for name, value in mapping.items() if name not in defaults}

    call, decided, recording, _ = Kept().commit().changed(earlier).read()

    assert seen
    read = next(each for each in _everything(call, decided, recording) if type(each) is kind)
    assert {name: getattr(read, name) for name in defaults} == defaults


def _everything(call: Call, decided: StoredDecision, recording: Recording) -> Iterator[object]:
    yield from (call, call.left, call.consent, *call.far_legs.values(), *call.recordings, *call.scopes, *call.reported)
    yield from (recording, recording.consent, recording.audio, recording.transcript, recording.transcription)
    yield from recording.pauses or ()
    yield from (*decided.archive, decided.lookup)


LATER = {"imagined": "later", "imagined_too": {"deep": ["x", 1, None]}}

LOOK = Look(SESSION, LEG, "0ccc7b54", 5)
PARKED = ParkedEvent("event", "call.answered", SESSION, "2026-11-24T12:00:01.000000Z", 1, "then", "KeyError", "{}")
RECEIPT = Receipt(SESSION, "then", folders=("recordings/2026/11/24/s/",))
STATE, FAILING = (
    ClientState(3, "front-desk", LEG, given={"name": "Ada"}, decision=4),
    FailoverState("spoken", 5, "+1555"),
)
OWN = Event("id", SLOW, "2026-11-24T12:00:01.000000Z", {"call_session_id": SESSION}, ClientState(3))


@pytest.mark.parametrize(
    ("kept", "written", "read"),
    [
        (LOOK, LOOK.to_json(), Look.from_json),
        (JOB, JOB.to_json(), ArchiveJob.from_json),
        (PARKED, PARKED.to_json(), ParkedEvent.from_json),
        (RECEIPT, RECEIPT.to_json(), Receipt.from_json),
        (OWN, json.dumps(event_to_json(OWN)), lambda text: event_from_json(json.loads(text))),
        (STATE, base64.b64decode(STATE.encode()), lambda text: ClientState.decode(_in_base64(text))),
        (FAILING, base64.b64decode(FAILING.encode()), lambda text: FailoverState.decode(_in_base64(text))),
        (
            {"hours": RecordedAudio("ab", "then")},
            '{"sha256": "ab", "updated_at": "then"}',
            lambda text: Recorded({"audio/hours": json.loads(text)}).audio,
        ),
    ],
    ids=lambda each: type(each).__name__,
)
def test_messages_and_marks_of_a_later_version_are_read(
    kept: object, written: str | bytes, read: Callable[[str], object]
) -> None:
    """What travels between functions, lies in buckets and parameters, or is echoed by Telnyx."""
    assert read(json.dumps({**json.loads(written), **LATER})) == kept


def _in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("event_type", ["call.initiated", "call.answered", "call.bridged", "call.hangup"])
def test_a_status_of_a_later_version_is_no_fault(event_type: str) -> None:
    call = CALL._replace(status="parked", far_legs={"far-1": CalleeLeg("v3:far", "early-media")})
    mark = ClientState(turn=3, flow="front-desk", parent_leg=LEG, dialled=True)
    about_us = EVENT._replace(type=event_type, payload={**EVENT.payload, "call_control_id": CONTROL})
    about_callee = about_us._replace(payload={**about_us.payload, "call_leg_id": "far-1"}, client_state=mark)

    ours = route(call, about_us, None).call
    other = route(call, about_callee, None).call

    assert ours.status == ("ended" if event_type == "call.hangup" else "parked")
    assert other.far_legs["far-1"].status == ("ended" if event_type == "call.hangup" else "early-media")


# What earlier versions stored, as it lies in tables and queues


@pytest.mark.parametrize("file", sorted(Path("tests/stored").glob("*.json")), ids=lambda file: file.stem)
def test_what_an_earlier_version_stored_is_read_and_led_on(file: Path) -> None:
    frozen = json.loads(file.read_text(encoding="utf-8"))
    kept = Kept().put(frozen["items"])
    [happened] = [item for item in frozen["items"] if item["item"]["S"].startswith("EVENT#")]
    session, leg = happened["call_session_id"]["S"], happened["call_leg_id"]["S"]
    event = EVENT._replace(id=happened["event_id"]["S"], payload={"call_session_id": session, "call_leg_id": leg})

    loaded = kept.store.load(event)

    assert loaded.call is not None
    assert (loaded.call.step, loaded.call.turn, loaded.call.far_legs["far-1"].connected) == ("ring", 3, True)
    assert loaded.call.left is not None
    assert (loaded.call.left.back, loaded.call.left.far_legs["far-2"].cause) == (("menu",), "user_busy")
    assert loaded.call.consent == loaded.call.recordings[0].consent
    assert loaded.decided is not None
    assert [each.action for each in loaded.decided.commands] == ["speak"]
    assert loaded.decided.archive == (ArchiveJob.from_json(json.dumps(frozen["archive_job"])),)
    assert loaded.decided.lookup == Lookup.from_json(frozen["lookup"])
    assert [each.status for each in kept.store.recordings(session)] == ["verified"]
    assert kept.store.flow_texts(loaded.call.flow, loaded.call.flow_version)
    assert ClientState.decode(frozen["client_state"]) == ClientState(3, "front-desk")
    assert ClientState.decode(frozen["far_leg_client_state"]) == ClientState(3, "front-desk", leg, dialled=True)
    hung_up = event._replace(type="call.hangup", id="h")
    ended = route(loaded.call, hung_up, None).call
    kept.store.commit(hung_up, loaded.call, Decision(ended), at_seconds=1.0)
    [stored] = kept.store.legs(session)
    assert stored == ended._replace(version=loaded.call.version + 1)


@pytest.mark.parametrize("record", [*STORED, Call(SESSION, LEG), ClientState()])
def test_a_record_can_be_handed_to_another_process(record: object) -> None:
    assert pickle.loads(pickle.dumps(record)) == record  # noqa: S301 -- our own


def test_records_within_records_are_written_as_objects() -> None:
    call = Call(SESSION, LEG, left=Position(far_legs=FAR_LEGS), recordings=(VERIFIED,))

    kept = json.loads(json.dumps(written(call)))

    assert kept["left"]["far_legs"]["far-1"]["control_id"] == FAR_LEGS["far-1"].control_id
    assert kept["recordings"][0]["audio"]["sha256"] == AUDIO.sha256
    assert kept["variables"] == {}
