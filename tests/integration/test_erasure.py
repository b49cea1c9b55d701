"""`dialtone recordings erase` on calls that were played: nothing of them is left anywhere, and nothing comes back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from dialtone.adapters import queue_messages
from dialtone.adapters.calls_table import FLOW, MEMORY_ITEM, memory_item, memory_key
from dialtone.domain.decisions import Decision
from dialtone.domain.erasure import receipt_key
from dialtone.domain.events import Event
from dialtone.domain.parked_event import ParkedEvent
from dialtone.domain.recordings import ERASED, ArchiveJob
from infra.cli.main import main
from infra.demo.scenes import MESSAGE
from infra.operations import aws as aws_module
from infra.operations.custody.receipts import UNFINISHED
from tests.integration.archiving import ArchiveHouse, MortalWire, entry
from tests.integration.dependencies import Died, Fault, Faults
from tests.integration.scripted_telnyx import Answer, ScriptedTelnyx
from tests.integration.whole_line import CALLS, SAVED_EVENT, Line

LONG_AGO = datetime(2026, 9, 21, 23, 58, tzinfo=UTC)
CALLER = "+15550142"
OTHER = "+15550143"
PARKED = ParkedEvent("e-1", "call.hangup", "", "", 1, "", "KeyError", "{}")


@dataclass
class Office:
    """An operator of a line, and the other services that store data of its calls."""

    line: Line
    server: ScriptedTelnyx
    capsys: pytest.CaptureFixture[str]
    session: str = ""
    faults: Faults = field(default_factory=Faults)
    wire: MortalWire = field(init=False)

    def __post_init__(self) -> None:
        self.wire = MortalWire(self.faults)

    def dies_at(self, place: int, fault: Fault) -> None:
        """Let the process of the next command die at one of its requests; it is over with the next `run`."""
        self.faults.plan, self.faults.place = {place: fault}, 0

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run `dialtone recordings`; 137 is the status of a death."""
        self.capsys.readouterr()
        self.wire.dead = False
        try:
            status = main(["recordings", *arguments])
        except Died:
            status = 137
        except SystemExit as ended:
            status = int(ended.code or 0)
        self.faults.plan, self.wire.dead = {}, False
        out, err = self.capsys.readouterr()
        return status, out, err

    def items(self) -> list[dict[str, Any]]:
        """All that is in the table."""
        return [dict(item) for item in self.line.clients["dynamodb"].scan(TableName="calls")["Items"]]

    def versions(self, prefix: str = "recordings/") -> list[str]:
        """The keys of all versions of objects."""
        listed = self.line.clients["s3"].list_object_versions(Bucket="recordings", Prefix=prefix)
        return [each["Key"] for each in (*listed.get("Versions", []), *listed.get("DeleteMarkers", []))]

    def at_telnyx(self, session: str = "") -> tuple[int, int]:
        """How many recordings and transcriptions Telnyx has, of one call or of all."""
        held = list(self.line.stage.carrier.recordings.all.values())
        of_it = [each for each in held if session in ("", each.leg.name.call_session_id)]
        return sum(not each.deleted for each in of_it), sum(each.transcription_id is not None for each in of_it)

    def anywhere(self, text: str) -> list[str]:
        """Where a text still stands."""
        found = [f"{item['item']['S']}" for item in self.items() if text in json.dumps(item)]
        for listed in self.line.clients["s3"].list_object_versions(Bucket="recordings").get("Versions", []):
            body = (
                self.line.clients["s3"]
                .get_object(Bucket="recordings", Key=listed["Key"], VersionId=listed["VersionId"])["Body"]
                .read()
            )
            found += [listed["Key"]] if text.encode() in body else []
        return found


@pytest.fixture
def office(aws: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    """A line on which a caller has left a message that is archived, with its transcript."""
    del aws
    with ScriptedTelnyx() as server:
        line = Line(server, LONG_AGO)
        line.stage.lost = ()
        s3 = line.clients["s3"]
        s3.put_bucket_versioning(Bucket="recordings", VersioningConfiguration={"Status": "Enabled"})
        s3.create_bucket(Bucket="parked")
        given_up = line.clients["sqs"].create_queue(QueueName="dead")["QueueUrl"]
        for name, value in {
            "CALLS_TABLE": "calls",
            "RECORDINGS_BUCKET": "recordings",
            "PARKED_EVENTS_BUCKET": "parked",
            "ARCHIVE_QUEUE_URL": line.queue_url,
            "ARCHIVE_DEAD_LETTER_QUEUE_URL": given_up,
            "TELNYX_API_KEY": line.stage.carrier.api_key,
            "TELNYX_BASE_URL": server.url,
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(aws_module, "client", line.clients.__getitem__)
        monkeypatch.setattr(queue_messages, "WAIT_SECONDS", 0)
        someone = Office(line, server, capsys)
        someone.session = CALLS["a message"](line.stage)
        line.archive()
        with someone.wire.tapping(*line.clients.values()):
            yield someone
        line.telnyx.close()


def test_nothing_of_an_erased_caller_is_left_and_others_are_untouched(office: Office) -> None:
    other = CALLS["a conversation"](office.line.stage)
    office.line.archive()
    of_other = [item for item in office.items() if item["call_session_id"]["S"] != office.session]
    folder = next(key for key in office.versions() if other in key).rpartition("/")[0]
    s3, kept = office.line.clients["s3"], sorted(office.versions(folder))
    s3.put_object(Bucket="parked", Key=f"{office.session}/e-1.json", Body=PARKED.to_json().encode())
    given_up = ArchiveJob("transcript", office.session, "leg", transcript=MESSAGE)
    office.line.clients["sqs"].send_message(
        QueueUrl=office.line.queue_url.replace("archive", "dead"), MessageBody=given_up.to_json()
    )
    office.line.stage.carrier.exchange.conversations["c-1"] = [{"role": "user", "content": MESSAGE}]
    leg = office.line.store.legs(office.session)[0]
    about = {"call_session_id": office.session, "call_leg_id": leg.leg_id, "conversation_id": "c-1"}
    ended = Event("talked", "call.conversation.ended", leg.answered_at, about)
    office.line.store.commit(ended, leg, Decision(leg), at_seconds=0)
    assert office.anywhere(CALLER)
    assert office.anywhere(MESSAGE), "the transcript"
    assert office.at_telnyx(office.session) == (1, 1)

    status, out, err = office.run("erase", "--session", office.session, "--yes")

    assert (status, err) == (0, "")
    assert f"erased {office.session}: 1 recordings and 1 transcriptions at Telnyx" in out
    assert office.anywhere(MESSAGE) == []
    others = {item["item"]["S"] for item in of_other}
    assert [name for name in office.anywhere(CALLER) if name not in others and other not in name] == []
    assert office.at_telnyx(office.session) == (0, 0)
    assert office.line.stage.carrier.exchange.conversations == {}
    assert [key for key in office.versions() if office.session in key] == []
    assert s3.list_objects_v2(Bucket="parked")["KeyCount"] == 0
    assert "0 put back" in office.run("redrive")[1]
    assert [item for item in office.items() if item["call_session_id"]["S"] != office.session] == of_other
    assert sorted(office.versions(folder)) == kept
    assert office.at_telnyx(other)[0] == 1
    [recording] = office.line.store.recordings(office.session)
    assert (recording.status, recording.recording_id, recording.audio) == (ERASED, "", None)
    assert [each.event_type for each in office.line.store.timeline(office.session)][:2] == [
        "call.initiated",
        "call.answered",
    ], "what happened when stays"


def test_a_callers_calls_are_found_by_number_and_shown_before_anything_goes(office: Office) -> None:
    before, versions = office.items(), sorted(office.versions())

    dry = office.run("erase", "--caller", CALLER, "--dry-run")
    unasked = office.run("erase", "--caller", CALLER)
    nobody = office.run("erase", "--caller", "+15550999")

    assert dry[0] == 0
    assert f"{office.session}: 1 legs, " in dry[1]
    assert " and 1 recordings in the table, " in dry[1]
    assert "1 recordings at Telnyx\n1 calls would be erased" in dry[1]
    assert unasked[0] == 1
    assert "nothing was erased: there is no terminal for the question; add --yes" in unasked[2]
    assert nobody[:2] == (0, "there is nothing to erase\n")
    assert (office.items(), sorted(office.versions()), office.at_telnyx()) == (before, versions, (1, 1))

    assert office.run("erase", "--caller", CALLER, "--yes")[0] == 0
    assert office.anywhere(CALLER) == []
    assert office.run("erase", "--caller", CALLER, "--yes")[1] == "there is nothing to erase\n"


def test_an_erasure_that_dies_anywhere_is_finished_by_the_next(office: Office) -> None:
    deaths = 0
    for place in range(100):
        office.dies_at(place, "dies after" if place % 2 else "dies before")
        status, *_ = office.run("erase", "--caller", CALLER, "--yes")
        if status == 0:
            break
        deaths += status == 137

    assert deaths > 20, "it dies at every request to AWS that it makes"
    assert office.anywhere(CALLER) == []
    assert office.anywhere(MESSAGE) == []
    assert office.versions() == []
    assert office.at_telnyx() == (0, 0)
    assert office.line.clients["s3"].list_objects_v2(Bucket="recordings", Prefix=UNFINISHED)["KeyCount"] == 0
    receipt = json.loads(
        office.line.clients["s3"].get_object(Bucket="recordings", Key=receipt_key(office.session))["Body"].read()
    )
    assert receipt["finished_at"]


def test_an_erasure_that_telnyx_or_s3_stops_is_finished_whoever_is_erased_next(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_carrier = office.server.answering
    office.server.answering = lambda asked: Answer(503) if asked.method == "DELETE" else by_carrier(asked)

    first = office.run("erase", "--caller", CALLER, "--yes")
    office.server.answering = by_carrier
    refused = {"Errors": [{"Key": "recordings/x.wav", "Code": "AccessDenied", "Message": "locked"}]}
    with monkeypatch.context() as broken:
        broken.setattr(office.line.clients["s3"], "delete_objects", lambda **_: refused)
        second = office.run("erase", "--session", office.session, "--yes")
    third = office.run("erase", "--caller", "+15550999", "--yes")

    assert first[0] == second[0] == 1
    assert "Telnyx is unavailable" in first[2]
    assert "S3 keeps " in second[2]
    assert "the first of them recordings/x.wav: AccessDenied: locked" in second[2]
    assert third[0] == 0
    assert "its erasure was begun at" in third[1]
    assert (office.at_telnyx(), office.versions()) == ((0, 0), [])


def test_a_restored_backup_of_the_table_brings_nothing_back(office: Office) -> None:
    backup = office.items()
    office.run("erase", "--session", office.session, "--yes")
    for item in backup:
        office.line.clients["dynamodb"].put_item(TableName="calls", Item=item)
    assert office.anywhere(CALLER), "it is restored"

    status, out, _ = office.run("erase", "--receipts", "--yes")

    assert status == 0
    assert f"erased {office.session}: 0 recordings" in out
    assert office.anywhere(CALLER) == []


def test_a_sweep_refuses_what_it_finds_of_an_erased_call(office: Office) -> None:
    line = office.line
    line.stage.lost = (SAVED_EVENT,)
    session = CALLS["a message"](line.stage)
    backup = [item for item in office.items() if item["call_session_id"]["S"] == session]
    office.run("erase", "--session", session, "--yes")
    for item in backup:
        line.clients["dynamodb"].put_item(TableName="calls", Item=item)
    for recording in line.stage.carrier.recordings.all.values():
        recording.deleted = recording.leg.name.call_session_id != session

    counts = line.sweep(5)

    assert counts["refused"] == 1
    line.archive()
    assert office.at_telnyx(session)[0] == 0
    assert [each.status for each in line.store.recordings(session)] == [ERASED]
    assert [key for key in office.versions() if session in key] == []
    assert line.sweep(5) == {"outstanding": 0}


def test_a_job_that_comes_late_is_refused(office: Office) -> None:
    line = office.line
    [before] = line.store.recordings(office.session)
    office.run("erase", "--session", office.session, "--yes")
    line.stage.carrier.recordings.all[before.recording_id].deleted = False
    of = (office.session, before.call_leg_id, before.name, before.recording_id)
    for kind in ("audio", "transcript", "metadata"):
        job = ArchiveJob(kind, *of, transcript=MESSAGE)
        line.clients["sqs"].send_message(QueueUrl=line.queue_url, MessageBody=job.to_json())

    assert line.archive() == 3, "once each: it is done"

    assert [each[:2] for each in line.noted.lines].count(("warning", "job refused: its call was erased")) == 3
    assert (office.versions(), office.at_telnyx()) == ([], (0, 0))
    assert office.anywhere(MESSAGE) == []


def test_audio_that_is_on_its_way_during_the_erasure_never_appears(aws: None) -> None:
    del aws
    with ArchiveHouse.open() as house:
        key = receipt_key(entry().call_session_id)

        def erased(operation: str) -> None:
            if operation == "UploadPart":
                house.wire.before_each = lambda _: None
                house.s3.put_object(Bucket=house.name, Key=key, Body=b"{}")
                house.store.mark_recording(entry().erased(), was=("saved",))

        house.wire.before_each = erased

        assert house.deliver(house.job()) == [0]
        assert list(house.objects()) == [key]
        assert house.unfinished() == 0
        assert house.entry().status == ERASED
        house.telnyx.known = False
        assert house.deliver(house.job(), receives=2) == [], "it is refused, and done"


def test_what_is_written_after_an_erasure_is_found_by_verify(office: Office) -> None:
    folder = next(key for key in office.versions() if office.session in key).rpartition("/")[0]
    office.run("erase", "--session", office.session, "--yes")
    assert office.run("verify")[0] == 0
    office.line.clients["s3"].put_object(Bucket="recordings", Key=f"{folder}/late.wav", Body=b"late")

    status, out, _ = office.run("verify")

    assert status == 1
    assert "was erased, and 1 versions of objects are here; `dialtone recordings erase --session" in out
    assert office.run("erase", "--session", office.session, "--yes")[0] == 0
    assert office.run("verify")[0] == 0


def test_a_call_that_goes_on_or_has_just_ended_is_not_erased(office: Office) -> None:
    for item in office.items():
        if item["item"]["S"].startswith("LEG#"):
            leg = item
    table = office.line.clients["dynamodb"]
    just_now = {"S": datetime.now(UTC).isoformat()}

    for change, why in (({}, "the call is open"), ({"ended_at": just_now}, "the call ended less than 10 minutes ago")):
        item = {name: value for name, value in leg.items() if name != "ended_at"} | change
        table.put_item(TableName="calls", Item=item)

        status, out, _ = office.run("erase", "--session", office.session, "--yes")

        assert status == 1
        assert f"{office.session}: not erased: {why}" in out
    assert office.at_telnyx() == (1, 1)
    assert office.versions("receipts/") == []


def test_what_makes_no_sense_erases_nothing(office: Office) -> None:
    before = office.items()

    for arguments, why in (
        (["--session", ""], "which call session?"),
        (["--session", f"{FLOW}main-menu"], "there is no call session 'FLOW#main-menu'"),
        (["--session", "../../x"], "there is no call session '../../x'"),
        (["--caller", "Ada"], "'Ada' is not a number"),
        ([], "one of the arguments --caller --session --receipts is required"),
        (["--session", "a", "--caller", CALLER], "not allowed with argument"),
    ):
        status, _, err = office.run("erase", "--yes", *arguments)

        assert status in (1, 2)
        assert why in err

    assert office.items() == before
    assert office.versions("receipts/") == []


def test_what_flows_remember_of_a_caller_goes_with_the_calls_and_alone(office: Office) -> None:
    dynamodb, at = office.line.clients["dynamodb"], LONG_AGO.isoformat()
    for person in (CALLER, OTHER, "+15550144"):
        dynamodb.put_item(TableName="calls", Item=memory_item(person, {"memory.name": "Ada"}, at, 700))

    def remembered() -> list[str]:
        left = {item["call_session_id"]["S"] for item in office.items() if item["item"]["S"] == MEMORY_ITEM}
        known = (CALLER, OTHER, "+15550144")
        return [person for person in known if memory_key(person)["call_session_id"]["S"] in left]

    shown = office.run("erase", "--caller", CALLER, "--dry-run")
    before = remembered()
    erased = office.run("erase", "--caller", CALLER, "--yes")
    alone = office.run("erase", "--caller", "+15550144", "--yes")
    again = office.run("erase", "--caller", "+15550144", "--yes")

    assert "what flows remember of this caller is erased, too" in shown[1]
    assert before == [CALLER, OTHER, "+15550144"]
    assert "erased what flows remembered of this caller" in erased[1]
    assert (erased[0], alone[0]) == (0, 0)
    assert remembered() == [OTHER]
    assert "there is nothing to erase" in again[1]
