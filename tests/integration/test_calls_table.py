"""The calls table: what is written, what is refused, and what two writers at once come to."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from dialtone.adapters.calls_table import (
    BEGAN_AT,
    BEGAN_ON,
    MAX_PAYLOAD_CHARACTERS,
    READ_TRIES,
    LostRace,
    StoredDecision,
    StoreUnavailable,
)
from dialtone.domain.calls import Call, Position
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import command
from dialtone.domain.decisions import Decision, EnteredStep
from dialtone.domain.events import Event
from dialtone.domain.recordings import ArchiveJob, Recording
from dialtone.domain.retention import KEEP_DAYS
from tests.integration.deliveries import BEGAN, CARD, CONTROL, LEG, SESSION, SIGNED_URL, event
from tests.integration.dependencies import Line

NOW = 1_790_000_000.25
DAY_SECONDS = 86_400

SPEAK = command("speak", CONTROL, payload="Good morning. ☎", voice="female", client_state="e30=")
RECORDING = Recording(SESSION, LEG, 1, 3, "2026-09-21T12:00:01.000000Z", "record_start", channels="dual", format="mp3")
JOB = ArchiveJob("audio", SESSION, LEG, recording=RECORDING.name, urls={"mp3": SIGNED_URL})


def ringing(call: Call | None = None) -> Call:
    """Give a call with something in each of its fields."""
    return (call or Call(SESSION, LEG))._replace(
        control_id=CONTROL,
        from_number="+15550123",
        to_number="+15550100",
        status="ringing",
        flow="front-desk",
        flow_version="398cc281345c",
        step="welcome",
        turn=3,
        waiting={"prompts": 2},
        variables={"card": "****", "name": "Zoë"},
        recorder="on",
        recordings=(RECORDING,),
        recordings_asked=1,
        initiated_at="2026-09-21T12:00:01.000000Z",
    )


def commit(line: Line, happened: Event, before: Call, decision: Decision) -> None:
    line.store.commit(happened, before, decision, at_seconds=NOW)


def items(line: Line) -> list[dict[str, Any]]:
    return line.dynamodb.scan(TableName=line.table, ConsistentRead=True)["Items"]


def parsed_differently(line: Line, operation: str, change: Callable[[dict[str, Any], Any], None]) -> None:
    """Let DynamoDB answer what moto cannot be brought to answer."""

    def changed(parsed: dict[str, Any], http_response: Any, **_: object) -> None:  # noqa: ANN401 -- botocore's own
        change(parsed, http_response)

    line.dynamodb.meta.events.register(f"after-call.dynamodb.{operation}", changed)


def test_of_a_call_never_heard_of_nothing_is_known(line: Line) -> None:
    loaded = line.store.load(event("call.initiated"))

    assert (loaded.call, loaded.decided) == (None, None)


def test_what_was_committed_is_loaded_with_the_next_event(line: Line) -> None:
    before, after = Call(SESSION, LEG), ringing()
    commit(
        line, event("call.initiated", 1), before, Decision(after, (SPEAK,), (RECORDING,), archive=(JOB,), reason="why")
    )

    loaded = line.store.load(event("call.answered", 2))

    assert loaded.call == after._replace(version=1)
    assert loaded.decided is None
    assert line.store.legs(SESSION) == (after._replace(version=1),)


def test_an_event_that_came_before_is_loaded_with_what_was_decided(line: Line) -> None:
    commit(
        line, event("call.initiated"), Call(SESSION, LEG), Decision(ringing(), (SPEAK,), (RECORDING,), archive=(JOB,))
    )

    loaded = line.store.load(event("call.initiated"))

    assert loaded.decided == StoredDecision((SPEAK,), (JOB,), turn=3, at_seconds=NOW)


def test_an_event_is_loaded_by_one_strongly_consistent_read(line: Line) -> None:
    line.store.load(event("call.initiated"))

    assert line.wire.requests == ["BatchGetItem"]
    [asked] = json.loads(line.wire.bodies[0])["RequestItems"].values()
    assert asked["ConsistentRead"] is True
    assert len(asked["Keys"]) == 2


def test_everything_is_committed_by_one_request(line: Line) -> None:
    commit(
        line, event("call.initiated"), Call(SESSION, LEG), Decision(ringing(), (SPEAK,), (RECORDING,), archive=(JOB,))
    )

    assert line.wire.requests == ["TransactWriteItems"]


def test_the_items_have_the_keys_and_attributes_that_others_rely_on(line: Line) -> None:
    commit(
        line,
        event("call.initiated"),
        Call(SESSION, LEG),
        Decision(ringing(), (SPEAK,), (RECORDING,), archive=(JOB,), reason="why"),
    )

    happened, leg, recording = sorted(items(line), key=lambda item: item["item"]["S"])

    assert {item["call_session_id"]["S"] for item in (leg, happened, recording)} == {SESSION}
    assert leg["item"] == {"S": f"LEG#{LEG}"}
    assert happened["item"] == {"S": "EVENT#2026-09-21T12:00:01.000000Z#00000001-0fd4-4d53-b2f6-0b5d1c1bd0e8"}
    assert recording["item"] == {"S": f"RECORDING#{LEG}-01"}
    expires = {"N": str(int(BEGAN.timestamp()) + 1 + KEEP_DAYS * DAY_SECONDS)}
    assert leg["expires_at"] == happened["expires_at"] == expires
    assert "expires_at" not in recording, "the proof of custody stays"
    assert leg["version"] == {"N": "1"}
    assert leg["call_leg_id"] == happened["call_leg_id"] == recording["call_leg_id"] == {"S": LEG}
    assert leg["waiting"] == {"M": {"prompts": {"N": "2"}}}
    assert leg["variables"]["M"]["name"] == {"S": "Zoë"}
    assert (happened["event_type"], happened["reason"]) == ({"S": "call.initiated"}, {"S": "why"})
    assert (happened["step"], happened["turn"]) == ({"S": "welcome"}, {"N": "3"})
    assert happened["decided_at_millis"] == {"N": "1790000000250"}
    assert json.loads(happened["payload"]["S"])["call_control_id"] == CONTROL
    assert recording["status"] == {"S": "expected"}


def test_a_leg_holds_what_differs_from_a_new_call_and_comes_back_as_it_was(line: Line) -> None:
    few = Call(SESSION, LEG, CONTROL, left=Position("menu", 1), turn=2, unnoted={})
    commit(line, event("call.initiated"), Call(SESSION, LEG), Decision(few))

    [leg] = [item for item in items(line) if item["item"]["S"].startswith("LEG#")]

    keys = {"call_session_id", "item", "call_leg_id", "expires_at", "version", "due_shard", "due_at"}
    assert leg.keys() - keys == {"control_id", "left", "turn", "unnoted"}
    assert leg["left"]["M"].keys() == {"step", "turn"}
    assert line.store.legs(SESSION) == (few._replace(version=1),)


def test_a_leg_that_was_in_no_step_before_is_reported_from_one_that_was_nowhere(line: Line) -> None:
    call = Call(SESSION, LEG, left=Position())
    commit(line, event("call.initiated"), Call(SESSION, LEG), Decision(call))

    assert line.store.legs(SESSION) == (call._replace(version=1),)


def test_an_ended_leg_says_what_came_of_the_call(line: Line) -> None:
    ended = ringing()._replace(status="ended", ended_at="2026-09-21T12:00:09.000000Z", hangup_cause="user_busy")
    commit(line, event("call.hangup"), Call(SESSION, LEG), Decision(ended))

    [leg] = [item for item in items(line) if item["item"]["S"].startswith("LEG#")]

    assert leg["outcome"] == {"S": "busy"}


def test_a_leg_stands_under_the_day_on_which_it_began_for_as_long_as_it_is_kept(line: Line) -> None:
    began = ringing()._replace(initiated_at="2026-09-20T23:59:59.500000Z")
    commit(line, event("call.initiated", 1), Call(SESSION, LEG), Decision(began))
    once = [(item[BEGAN_ON], item[BEGAN_AT]) for item in items(line) if BEGAN_ON in item]
    ended = began._replace(version=1, status="ended", ended_at="2026-09-21T12:00:09.000000Z", due_at=0)
    commit(line, event("call.hangup", 2), began._replace(version=1), Decision(ended))

    at_the_end = [(item[BEGAN_ON], item[BEGAN_AT]) for item in items(line) if BEGAN_ON in item]

    assert once == at_the_end == [({"S": "2026-09-20#1"}, {"N": "1789948799"})]


def test_an_event_is_committed_once(line: Line) -> None:
    commit(line, event("call.initiated"), Call(SESSION, LEG), Decision(ringing(), (SPEAK,)))

    with pytest.raises(LostRace):
        commit(line, event("call.initiated"), ringing()._replace(version=1), Decision(ringing()._replace(turn=9)))

    assert line.store.load(event("call.initiated")).decided == StoredDecision((SPEAK,), (), turn=3, at_seconds=NOW)
    assert line.store.legs(SESSION) == (ringing()._replace(version=1),)


@pytest.mark.parametrize("believed_version", [0, 2])
def test_a_decision_about_a_call_that_has_changed_is_not_committed_in_any_part(
    line: Line, believed_version: int
) -> None:
    commit(line, event("call.initiated", 1), Call(SESSION, LEG), Decision(ringing()))
    stale = ringing()._replace(version=believed_version)

    with pytest.raises(LostRace):
        commit(line, event("call.answered", 2), stale, Decision(stale._replace(turn=4), (), (RECORDING,)))

    assert line.store.legs(SESSION) == (ringing()._replace(version=1),)
    assert [entry.event_type for entry in line.store.timeline(SESSION)] == ["call.initiated"]
    assert line.store.recordings(SESSION) == ()


def test_an_event_that_changes_nothing_is_kept_whatever_the_calls_version(line: Line) -> None:
    commit(line, event("call.initiated", 1), Call(SESSION, LEG), Decision(ringing()))
    stale = ringing()

    commit(line, event("call.speak.started", 2), stale, Decision(stale, reason="nothing"))

    assert line.store.legs(SESSION) == (ringing()._replace(version=1),)
    assert [entry.reason for entry in line.store.timeline(SESSION)] == ["", "nothing"]


@pytest.mark.parametrize(
    ("edges", "reason"),
    [
        (("keys.2", "next"), "pressed 2"),
        (("no_answer",), "no_answer"),
        (("start", "branch.0.to"), "branch.0.to"),
        (("",), ""),
    ],
)
def test_the_timeline_says_by_which_edges_the_call_went_on(line: Line, edges: tuple[str, ...], reason: str) -> None:
    entered = tuple(EnteredStep("front-desk", "sales", "welcome", edge) for edge in edges)

    commit(line, event("call.gather.ended"), Call(SESSION, LEG), Decision(ringing(), entered=entered))

    assert [entry.reason for entry in line.store.timeline(SESSION)] == [reason]


def test_a_decisions_own_reason_comes_before_the_edges(line: Line) -> None:
    entered = (EnteredStep("front-desk", "sorry", "welcome", "on_error"),)

    commit(line, event("call.playback.ended"), Call(SESSION, LEG), Decision(ringing(), reason="why", entered=entered))

    assert [entry.reason for entry in line.store.timeline(SESSION)] == ["why"]


def test_no_reason_is_stored_with_a_number_or_a_signed_address(line: Line) -> None:
    reason = f"Telnyx: +15550123 and card {CARD} are refused, see {SIGNED_URL}"
    failed = RECORDING._replace(status="failed", reason=reason)
    call = ringing()._replace(recordings=(failed,))

    commit(line, event("call.recording.error"), Call(SESSION, LEG), Decision(call, recordings=(failed,), reason=reason))
    assert line.store.mark_recording(failed._replace(status="saved"), was=("failed",))

    stored = f"Telnyx: +1555**** and card ({len(CARD)} digits) are refused, see https://{SIGNED_URL.split('/')[2]}/…"
    [entry], [leg], [recording] = line.store.timeline(SESSION), line.store.legs(SESSION), line.store.recordings(SESSION)
    assert [entry.reason, leg.recordings[0].reason, recording.reason] == [stored] * 3


def race(line: Line, *commits: Callable[[], None]) -> list[BaseException | None]:
    """Start all at once, each held at its commit until all are there; give what each raised."""
    line.wire.at_commit = threading.Barrier(len(commits), timeout=5).wait
    raised: list[BaseException | None] = [None] * len(commits)

    def run(place: int) -> None:
        try:
            commits[place]()
        except BaseException as error:  # noqa: BLE001 -- handed to the test, which judges it
            raised[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(commits))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    line.wire.at_commit = lambda: None
    return raised


@pytest.mark.parametrize("known", [False, True])
def test_of_two_different_events_at_once_one_wins_and_the_other_hears_that_it_lost(line: Line, *, known: bool) -> None:
    before = Call(SESSION, LEG)
    if known:
        commit(line, event("call.initiated", 9), before, Decision(ringing()))
        before = ringing()._replace(version=1)
    numbers = [1, 2]

    raised = race(
        line,
        *(
            lambda number=number: commit(
                line, event("call.dtmf.received", number), before, Decision(before._replace(turn=number), (SPEAK,))
            )
            for number in numbers
        ),
    )

    assert Counter(map(type, raised)) == Counter({type(None): 1, LostRace: 1})
    [winner] = [number for number, error in zip(numbers, raised, strict=True) if error is None]
    assert line.store.legs(SESSION) == (before._replace(turn=winner, version=before.version + 1),)
    assert [entry.turn for entry in line.store.timeline(SESSION) if entry.event_type == "call.dtmf.received"] == [
        winner
    ]


def test_of_one_event_delivered_twice_at_once_one_wins_and_the_other_finds_its_decision(line: Line) -> None:
    before = Call(SESSION, LEG)

    def once() -> None:
        commit(line, event("call.initiated"), before, Decision(ringing(), (SPEAK,)))

    raised = race(line, once, once)

    assert Counter(map(type, raised)) == Counter({type(None): 1, LostRace: 1})
    decided = line.store.load(event("call.initiated")).decided
    assert decided is not None
    assert decided.commands == (SPEAK,)
    assert line.store.legs(SESSION) == (ringing()._replace(version=1),)


def test_the_timeline_is_in_the_order_in_which_things_happened_not_in_which_they_came(line: Line) -> None:
    for number in (3, 1, 11, 2):
        call = Call(SESSION, LEG)
        commit(line, event("call.cost", number), call, Decision(call, reason=str(number)))

    assert [entry.reason for entry in line.store.timeline(SESSION)] == ["1", "2", "3", "11"]


def test_a_timeline_entry_tells_what_happened_and_what_came_of_it(line: Line) -> None:
    happened = event("call.speak.ended", status="completed")
    commit(line, happened, Call(SESSION, LEG), Decision(ringing(), (SPEAK,), reason="why"))

    [entry] = line.store.timeline(SESSION)

    assert (entry.event_id, entry.event_type, entry.occurred_at) == (happened.id, happened.type, happened.occurred_at)
    assert (entry.call_leg_id, entry.step, entry.turn, entry.reason) == (LEG, "welcome", 3, "why")
    assert (entry.payload["status"], entry.commands) == ("completed", (SPEAK,))


def test_a_timeline_of_many_pages_is_given_whole(line: Line) -> None:
    call = Call(SESSION, LEG)
    for number in range(60):
        commit(line, event("call.cost", number, note="x" * 30_000), call, Decision(call))

    assert [entry.payload["note"][:1] for entry in line.store.timeline(SESSION)] == ["x"] * 60
    assert line.wire.requests.count("Query") > 1


def test_digits_of_a_sensitive_turn_and_signed_addresses_are_stored_nowhere(line: Line) -> None:
    mark = ClientState(turn=1, sensitive=True).encode()
    call = Call(SESSION, LEG)
    gathered = event("call.gather.ended", 1, digits=CARD, status="valid", client_state=mark)
    pressed = event("call.dtmf.received", 2, digit="7", client_state=mark)
    saved = event(
        "call.recording.saved", 3, recording_urls={"mp3": SIGNED_URL}, public_recording_urls={"mp3": SIGNED_URL}
    )
    for happened in (gathered, pressed, saved):
        commit(line, happened, call, Decision(call))

    stored = json.dumps(items(line))

    assert CARD not in stored
    assert "Amz-Signature" not in stored
    assert [entry.payload.get("digits", "") for entry in line.store.timeline(SESSION)] == ["*" * len(CARD), "", ""]
    assert line.store.timeline(SESSION)[1].payload["digit"] == "*"


@pytest.mark.parametrize("filler", ["x", "☎", '"', "\\", "\u0000", "\ud800"])
def test_a_payload_too_big_for_an_item_is_left_out_and_said_so(line: Line, filler: str) -> None:
    call = Call(SESSION, LEG)
    commit(line, event("call.cost", note=filler * 1_000_000), call, Decision(call))

    [entry] = line.store.timeline(SESSION)

    assert set(entry.payload) == {"left_out"}


def test_the_largest_payload_that_is_kept_fits_beside_a_large_decision(line: Line) -> None:
    note = "x" * (MAX_PAYLOAD_CHARACTERS - 1_000)
    largest = command("speak", CONTROL, payload="☎" * 3_000, voice="female")
    call = Call(SESSION, LEG)

    commit(line, event("call.cost", note=note), call, Decision(call, (largest,) * 10))

    [entry] = line.store.timeline(SESSION)
    assert entry.payload["note"] == note
    assert entry.commands == (largest,) * 10


def leave_unread(parsed: dict[str, Any], asked: dict[str, Any], table: str) -> None:
    """As DynamoDB does when a partition is throttled for a moment: answer without the last key."""
    read = parsed["Responses"][table]
    left = asked[table]["Keys"][-1]
    parsed["Responses"][table] = [item for item in read if item["item"] != left["item"]]
    parsed["UnprocessedKeys"] = {table: {"Keys": [left], "ConsistentRead": True}}


def test_keys_left_unread_are_asked_for_again_and_only_those(line: Line) -> None:
    commit(line, event("call.initiated"), Call(SESSION, LEG), Decision(ringing(), (SPEAK,)))
    line.spent()

    def once(parsed: dict[str, Any], _: object) -> None:
        if len(line.wire.requests) == 1:
            leave_unread(parsed, json.loads(line.wire.bodies[0])["RequestItems"], line.table)

    parsed_differently(line, "BatchGetItem", once)

    loaded = line.store.load(event("call.initiated"))

    assert loaded.call == ringing()._replace(version=1)
    assert loaded.decided is not None
    assert loaded.decided.commands == (SPEAK,)
    first, second = (json.loads(each)["RequestItems"][line.table] for each in line.wire.bodies)
    assert second["Keys"] == first["Keys"][1:]
    assert second["ConsistentRead"] is True


def test_keys_left_unread_again_and_again_make_the_store_unavailable(line: Line) -> None:
    def always(parsed: dict[str, Any], _: object) -> None:
        leave_unread(parsed, json.loads(line.wire.bodies[0])["RequestItems"], line.table)

    parsed_differently(line, "BatchGetItem", always)

    with pytest.raises(StoreUnavailable, match="throttled"):
        line.store.load(event("call.initiated"))

    assert line.wire.requests == ["BatchGetItem"] * READ_TRIES


def cancelled(*codes: str) -> Callable[[dict[str, Any], Any], None]:
    def change(parsed: dict[str, Any], response: Any) -> None:  # noqa: ANN401 -- botocore's own
        response.status_code = 400
        parsed["Error"] = {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"}
        parsed["CancellationReasons"] = [{"Code": code} for code in codes]

    return change


@pytest.mark.parametrize(
    "codes", [("None", "TransactionConflict"), ("TransactionConflict", "None"), ("ConditionalCheckFailed", "None")]
)
def test_a_transaction_that_met_another_one_is_a_lost_race(line: Line, codes: tuple[str, ...]) -> None:
    parsed_differently(line, "TransactWriteItems", cancelled(*codes))

    with pytest.raises(LostRace):
        commit(line, event("call.initiated"), Call(SESSION, LEG), Decision(ringing()))


@pytest.mark.parametrize("codes", [("ThrottlingError", "None"), ("None", "ProvisionedThroughputExceeded"), ()])
def test_a_transaction_that_was_throttled_is_no_lost_race(line: Line, codes: tuple[str, ...]) -> None:
    parsed_differently(line, "TransactWriteItems", cancelled(*codes))

    with pytest.raises(ClientError) as error:
        commit(line, event("call.initiated"), Call(SESSION, LEG), Decision(ringing()))

    assert error.value.response["Error"]["Code"] == "TransactionCanceledException"


@pytest.mark.parametrize(
    ("code", "raised"),
    [
        ("TransactionConflictException", LostRace),
        ("TransactionInProgressException", ClientError),
        ("ResourceNotFoundException", ClientError),
    ],
)
def test_other_errors_of_a_commit_are_distinguished_by_their_code(
    line: Line, code: str, raised: type[Exception]
) -> None:
    def change(parsed: dict[str, Any], response: Any) -> None:  # noqa: ANN401 -- botocore's own
        response.status_code = 400
        parsed["Error"] = {"Code": code, "Message": "?"}

    parsed_differently(line, "TransactWriteItems", change)

    with pytest.raises(raised):
        commit(line, event("call.initiated"), Call(SESSION, LEG), Decision(ringing()))


def test_a_commit_that_took_effect_though_its_answer_was_lost_is_found_when_the_event_comes_again(
    aws: None, flows: Path
) -> None:
    del aws
    line = Line.open(flows, {0: "unanswered"})
    with pytest.raises(ReadTimeoutError):
        commit(line, event("call.initiated"), Call(SESSION, LEG), Decision(ringing(), (SPEAK,)))

    loaded = line.store.load(event("call.initiated"))

    assert loaded.decided == StoredDecision((SPEAK,), (), turn=3, at_seconds=NOW)


def test_the_ledger_of_a_call_and_of_one_leg(line: Line) -> None:
    far = RECORDING._replace(call_leg_id="far-leg")
    commit(line, event("call.initiated"), Call(SESSION, LEG), Decision(ringing(), recordings=(RECORDING, far)))

    assert line.store.recordings(SESSION) == (RECORDING, far)
    assert line.store.recordings(SESSION, "far-leg") == (far,)
    assert line.store.recording(SESSION, RECORDING.name) == RECORDING
    assert line.store.recording(SESSION, "unknown") is None


def test_an_entry_of_the_ledger_moves_on_from_the_status_that_it_is_believed_to_have(line: Line) -> None:
    commit(line, event("call.initiated"), Call(SESSION, LEG), Decision(ringing(), recordings=(RECORDING,)))
    saved, failed = RECORDING._replace(status="saved"), RECORDING._replace(status="failed", reason="late")

    assert line.store.mark_recording(saved, was=("expected",))
    assert not line.store.mark_recording(failed, was=("expected", "copied"))

    assert line.store.recording(SESSION, RECORDING.name) == saved
