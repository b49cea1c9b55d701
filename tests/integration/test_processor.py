"""The way of one event: decided once, sent until it is sent, whatever Telnyx makes of it."""

import itertools
import json
import threading
from collections import Counter
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError

from dialtone.adapters.calls_table import StoreUnavailable
from dialtone.adapters.telnyx_api import Outcome
from dialtone.domain.commands import command_id
from dialtone.domain.decisions import HANGUP_REFUSED, Decision
from dialtone.domain.events import Event
from dialtone.domain.recordings import ArchiveJob
from tests.integration.deliveries import CARD, LEG, SESSION, SIGNED_URL, event, initiated, phone_call, team_call
from tests.integration.dependencies import FOR_EVER, AcceptingTelnyx, Died, Fault, Line
from webhook.processor import MAX_RACES, EventResult
from webhook.resending import COMMAND_ID_SECONDS

REFUSED = Outcome("refused", 1, 422, code="90012", title="Invalid voice")
ENDED = Outcome("ended", 1, 422, code="90018", title="Call has already ended")


def actions(handled: EventResult) -> list[tuple[str, str]]:
    return [(sent.command.action, sent.outcome.kind) for sent in handled.sent]


def led_to(line: Line, step: str) -> list[Event]:
    """Deliver the phone call's events until it comes to the step; give those that were not delivered."""
    events = phone_call(line)
    while line.deliver(next(events)).call.step != step:
        pass
    line.spent()
    return [next(events)]


def test_a_call_is_led_from_the_ringing_to_the_last_recording(line: Line) -> None:
    handled = [line.deliver(each) for each in phone_call(line)]

    assert [command.action for _, command in line.telnyx.obeyed] == [
        "answer",
        "speak",
        "speak",
        "record_pause",
        "gather_using_speak",
        "record_resume",
        "speak",
        "record_start",
        "gather",
        "record_stop",
        "gather_stop",
        "speak",
        "hangup",
    ]
    assert not any(each.duplicate or each.unsent or each.races for each in handled)
    [leg] = line.store.legs(SESSION)
    assert (leg.status, leg.step, leg.variables["digits.card"], leg.outcome) == ("ended", "bye", "*" * 16, "completed")
    assert [recording.status for recording in line.store.recordings(SESSION)] == ["saved", "saved"]
    assert [json.loads(job)["kind"] for job in line.jobs()] == ["audio", "audio", "transcript"]


def test_command_ids_follow_from_the_event_and_the_place(line: Line) -> None:
    events = phone_call(line)
    line.deliver(next(events))
    answered = next(events)
    line.spent()

    line.deliver(answered)

    assert line.telnyx.asked == [command_id(answered.id, 0), command_id(answered.id, 1)]


def test_a_redelivered_event_sends_the_same_command_ids_and_changes_nothing(line: Line) -> None:
    events = phone_call(line)
    line.deliver(next(events))
    answered = next(events)
    line.deliver(answered)
    before, asked = line.remains(SESSION), list(line.telnyx.asked[1:])
    line.spent()

    handled = line.deliver(answered)

    assert handled.duplicate
    assert line.telnyx.asked == asked
    assert line.remains(SESSION) == before


def test_a_redelivered_recording_is_handed_to_the_archive_again_and_is_one_recording(line: Line) -> None:
    events = [each for each in phone_call(line) if (line.deliver(each), each.type == "call.recording.saved")[1]]
    once, ledger = line.jobs(), line.store.recordings(SESSION)

    for each in events:
        line.deliver(each)

    assert sorted(line.jobs()) == sorted(job for job in once if '"audio"' in job)
    assert line.store.recordings(SESSION) == ledger


def test_a_job_carries_the_addresses_that_the_store_never_sees(line: Line) -> None:
    saved = event("call.recording.saved", recording_urls={"mp3": SIGNED_URL}, channels="dual")
    line.deliver(saved)

    [job] = [ArchiveJob.from_json(each) for each in line.jobs()]

    assert job.urls == {"mp3": SIGNED_URL}
    [entry] = line.store.timeline(SESSION)
    assert "recording_urls" not in entry.payload


# --- Telnyx cannot be given a command -------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lost", "unanswered"])
def test_nothing_is_sent_before_it_is_known_to_be_committed(line: Line, fault: Fault) -> None:
    line.faults.plan = {1: fault}

    with pytest.raises(BotoCoreError):
        line.deliver(initiated())

    assert line.wire.requests == ["BatchGetItem", "TransactWriteItems"]
    assert line.telnyx.asked == []


def test_what_could_not_be_sent_is_counted_and_sent_with_the_redelivery(line: Line) -> None:
    [ended] = led_to(line, "message")
    [leg] = line.store.legs(SESSION)
    line.faults.plan = {line.faults.place + 2: "lost"}

    first = line.deliver(ended)
    second = line.deliver(ended)

    assert (first.unsent, actions(first)) == (2, [("record_start", "unavailable")])
    assert (second.unsent, second.duplicate) == (0, True)
    assert actions(second) == [("record_start", "accepted"), ("gather", "accepted")]
    assert line.telnyx.asked[0] == line.telnyx.asked[1]
    assert line.store.legs(SESSION)[0].version == leg.version + 1


def test_after_a_command_that_could_not_be_sent_no_other_is_sent(line: Line) -> None:
    events = phone_call(line)
    line.deliver(next(events))
    line.faults.plan = {line.faults.place + 2: "lost"}

    handled = line.deliver(next(events))

    assert (handled.unsent, actions(handled)) == (2, [("speak", "unavailable")])


# --- Telnyx refuses a command ---------------------------------------------------------------------------------


def test_a_refused_command_takes_the_flow_its_error_path(line: Line) -> None:
    line.telnyx.refuses = {"gather_using_speak": REFUSED}
    events = phone_call(line)
    handled = [line.deliver(next(events)) for _ in range(5)][-1]

    assert actions(handled) == [
        ("record_pause", "accepted"),
        ("gather_using_speak", "refused"),
        ("gather_stop", "accepted"),
        ("record_resume", "accepted"),
        ("speak", "accepted"),
    ]
    assert (handled.call.step, handled.call.errors, handled.unsent) == ("sorry", 1, 0)
    refusal = line.store.timeline(SESSION)[-1]
    assert refusal.event_type == "dialtone.command.refused"
    assert refusal.reason.startswith("gather_using_speak refused: 90012 Invalid voice")


def test_what_follows_a_refused_command_is_not_sent(line: Line) -> None:
    line.telnyx.refuses = {"record_pause": REFUSED}
    events = phone_call(line)
    handled = [line.deliver(next(events)) for _ in range(5)][-1]

    assert ("gather_using_speak", "accepted") not in actions(handled), "a card number would be recorded"
    assert handled.call.step == "sorry"


def test_a_refusal_redelivered_is_the_same_event_and_nothing_before_it_is_tried_again(line: Line) -> None:
    line.telnyx.refuses = {"gather_using_speak": REFUSED}
    events = phone_call(line)
    for _ in range(4):
        line.deliver(next(events))
    ended = next(events)
    line.spent()
    line.deliver(ended)
    asked, before = list(line.telnyx.asked), line.remains(SESSION)
    line.telnyx.asked.clear()

    again = line.deliver(ended)

    assert again.duplicate
    _pause, _refused, *error_path = asked
    assert line.telnyx.asked == error_path
    assert line.remains(SESSION) == before


def test_a_call_in_which_everything_is_refused_ends_in_a_hang_up_that_is_tried_until_it_is_obeyed(line: Line) -> None:
    line.telnyx.refuses = dict.fromkeys(["speak", "record_start", "gather_using_speak", "hangup"], REFUSED)
    events = phone_call(line)
    line.deliver(next(events))

    answered = next(events)
    handled = line.deliver(answered)
    line.telnyx.refuses = {}
    again = line.deliver(answered)

    assert actions(handled) == [
        ("speak", "refused"),
        ("playback_stop", "accepted"),
        ("speak", "refused"),
        ("hangup", "refused"),
    ]
    assert (handled.unsent, HANGUP_REFUSED in handled.incidents) == (1, True), "the line would stay open in silence"
    assert line.store.legs(SESSION)[0].errors == 2
    assert (again.unsent, actions(again)) == (0, [("hangup", "accepted")])


@pytest.mark.parametrize("outcome", [REFUSED, ENDED])
def test_a_refused_command_that_only_tidies_up_stops_nothing(line: Line, outcome: Outcome) -> None:
    line.telnyx.refuses = {"record_stop": outcome, "record_resume": outcome}
    events = list(itertools.islice(phone_call(line), 0))
    for each in phone_call(line):
        events.append(each)
        handled = line.deliver(each)
        if handled.call.step == "thanks":
            break

    assert actions(handled) == [("record_stop", outcome.kind), ("gather_stop", "accepted"), ("speak", "accepted")]
    assert not any(entry.event_type.startswith("dialtone.") for entry in line.store.timeline(SESSION))
    assert line.store.legs(SESSION)[0].errors == 0


def test_a_call_that_ended_before_the_command_came_is_no_fault(line: Line) -> None:
    line.telnyx.refuses = {"speak": ENDED}
    events = phone_call(line)
    line.deliver(next(events))

    handled = line.deliver(next(events))

    assert (actions(handled), handled.unsent) == ([("speak", "ended")], 0)
    assert [entry.event_type for entry in line.store.timeline(SESSION)] == ["call.initiated", "call.answered"]


@pytest.mark.parametrize("outcome", [REFUSED, ENDED])
@pytest.mark.parametrize(("step", "action", "number"), [("", "answer", 1), ("message", "record_start", 2)])
def test_a_recording_promised_by_a_command_that_was_not_obeyed_has_failed_in_the_ledger(
    line: Line, outcome: Outcome, step: str, action: str, number: int
) -> None:
    events = led_to(line, step) if step else [initiated()]
    line.telnyx.refuses = {action: outcome}

    line.deliver(events[0])

    recording = line.store.recordings(SESSION)[number - 1]
    assert (recording.number, recording.status) == (number, "failed")
    assert recording.reason.startswith(f"{action} {outcome.kind}")
    assert recording not in line.store.legs(SESSION)[0].recordings


PAUSES_AND_RECORDS = """flow: front-desk
last_resort: sorry
steps:
  hush: {recording: pause}
  begin: {recording: start}
  sorry: {say: We are sorry.}
"""


@pytest.mark.parametrize(("outcome", "incidents"), [(REFUSED, ("recording-error",)), (ENDED, ())])
def test_a_recording_whose_command_was_not_sent_after_a_refused_one_has_failed_in_the_ledger(
    line: Line, outcome: Outcome, incidents: tuple[str, ...]
) -> None:
    (line.flows / "front-desk.yaml").write_text(PAUSES_AND_RECORDS, encoding="utf-8")
    events = phone_call(line)
    line.deliver(next(events))
    line.telnyx.refuses = {"record_pause": outcome}

    handled = line.deliver(next(events))

    [recording] = line.store.recordings(SESSION)
    assert "record_start" not in [action for action, _ in actions(handled)]
    assert recording.status == "failed"
    assert recording.reason.startswith(f"record_pause {outcome.kind}")
    assert line.store.legs(SESSION)[0].recordings == ()
    assert tuple(each for each in handled.incidents if each == "recording-error") == incidents


def test_that_the_call_has_ended_since_says_nothing_of_a_recording_begun_before(line: Line) -> None:
    """The answer to `record_start` is lost, the caller leaves a message and hangs up, then the event comes again."""
    [ended] = led_to(line, "message")
    line.faults.plan = {line.faults.place + 2: "unanswered"}
    assert line.deliver(ended).unsent == 2

    class Forgetful(AcceptingTelnyx):
        def _obey(self, *_: object) -> Outcome:
            return ENDED

    line.telnyx = Forgetful(line.faults, line.clock)
    handled = line.deliver(ended)

    assert (actions(handled), handled.unsent) == ([("record_start", "ended")], 0)
    assert [recording.status for recording in line.store.recordings(SESSION)] == ["expected", "expected"]


def test_a_command_refused_once_is_not_obeyed_after_the_flow_has_taken_its_error_path(line: Line) -> None:
    line.telnyx.refuses = {"gather_using_speak": REFUSED}
    events = phone_call(line)
    handled = [(each, line.deliver(each)) for each in itertools.islice(events, 5)]
    assert handled[-1][1].call.step == "sorry"
    line.telnyx.refuses = {}

    line.deliver(handled[-1][0])

    assert [command.action for _, command in line.telnyx.obeyed if command.action.startswith("gather_using")] == []


# --- Several commands at once ---------------------------------------------------------------------------------

MIDDLE = "dial +15550192"
MUSIC_AND_THREE = ("playback_start", "dial", "dial", "dial")


def ringing(line: Line) -> Event:
    """Deliver the team's call as far as to the event that rings three people; give that event."""
    events = team_call(line)
    line.deliver(next(events))
    line.spent()
    return next(events)


def test_commands_of_different_legs_go_out_together_and_what_follows_a_bridge_goes_after_it(line: Line) -> None:
    handled = [line.deliver(each) for each in team_call(line)]

    assert line.telnyx.groups == [MUSIC_AND_THREE, ("hangup", "hangup")]
    assert [action for each in handled for action, _ in actions(each)] == [
        *("answer", *MUSIC_AND_THREE),
        *("bridge", "hangup", "hangup", "playback_stop"),
    ]


def test_of_several_commands_each_refused_one_is_reported_and_the_first_leads_the_flow(line: Line) -> None:
    line.telnyx.refuses = {"dial +15550191": REFUSED, MIDDLE: REFUSED}

    handled = line.deliver(ringing(line))

    assert actions(handled) == [
        *zip(MUSIC_AND_THREE, ("accepted", "refused", "refused", "accepted"), strict=True),
        ("playback_stop", "accepted"),
        ("speak", "accepted"),
    ]
    assert (handled.call.step, handled.call.errors) == ("nobody", 1)
    refusals = [entry for entry in line.store.timeline(SESSION) if entry.event_type == "dialtone.command.refused"]
    assert [entry.reason.partition(":")[0] for entry in refusals] == ["dial refused", "dial refused"]


def test_of_several_nothing_is_asked_for_again_once_a_refusal_has_led_the_call_on(line: Line) -> None:
    """The process dies between handling the one refusal and the other."""
    line.telnyx.refuses = {"dial +15550191": REFUSED, MIDDLE: REFUSED}
    rings = ringing(line)
    # A read, a commit, four commands; then the refusal's read and commit, two commands, and the other's read.
    line.faults.plan = {line.faults.place + 10: "dies before"}
    with pytest.raises(Died):
        line.deliver(rings)
    line.telnyx.asked.clear()
    line.telnyx.refuses = {MIDDLE: REFUSED}

    line.deliver(rings)

    assert not {command_id(rings.id, place) for place in range(4)} & set(line.telnyx.asked)
    refusals = [entry for entry in line.store.timeline(SESSION) if entry.event_type == "dialtone.command.refused"]
    assert len(refusals) == 1, "the other refusal is of a step already left"
    assert line.store.legs(SESSION)[0].step == "nobody"


def test_no_refusal_is_reported_before_it_is_known_what_came_of_all_that_went_out_together(line: Line) -> None:
    line.telnyx.refuses = {MIDDLE: REFUSED}
    rings = ringing(line)
    line.faults.plan = {line.faults.place + 2: "unanswered"}

    first = line.deliver(rings)
    line.telnyx.refuses = {}
    second = line.deliver(rings)

    assert (first.unsent, first.call.step) == (1, "ring")
    assert (second.unsent, second.duplicate, second.call.step) == (0, True, "ring")
    assert sorted(command.action for _, command in line.telnyx.obeyed) == sorted(["answer", *MUSIC_AND_THREE])


# --- Telnyx forgets command ids -------------------------------------------------------------------------------


@pytest.fixture
def forgetting(line: Line) -> Line:
    line.telnyx = AcceptingTelnyx(line.faults, line.clock, remembers_seconds=COMMAND_ID_SECONDS)
    return line


def test_commands_that_telnyx_no_longer_remembers_are_not_sent_again_once_the_call_has_gone_on(
    forgetting: Line,
) -> None:
    events = list(itertools.islice(((each, forgetting.deliver(each))[0] for each in phone_call(forgetting)), 8))
    obeyed = list(forgetting.telnyx.obeyed)
    forgetting.clock.now += COMMAND_ID_SECONDS + 1

    late = [forgetting.deliver(each) for each in events[:-1]]

    assert all(each.duplicate and each.sent == () for each in late)
    assert forgetting.telnyx.obeyed == obeyed


def test_within_that_time_only_the_latest_commands_are_sent_again_and_telnyx_ignores_them(forgetting: Line) -> None:
    events = list(itertools.islice(((each, forgetting.deliver(each))[0] for each in phone_call(forgetting)), 8))
    obeyed = list(forgetting.telnyx.obeyed)

    again = [forgetting.deliver(each) for each in events]

    assert [[action for action, _ in actions(each)] for each in again if each.sent] == [["record_start", "gather"]]
    assert forgetting.telnyx.obeyed == obeyed


def test_commands_that_the_call_still_waits_for_are_sent_however_late(forgetting: Line) -> None:
    [ended] = led_to(forgetting, "message")
    forgetting.faults.plan = {forgetting.faults.place + 2: "lost"}
    assert forgetting.deliver(ended).unsent == 2
    forgetting.clock.now += COMMAND_ID_SECONDS * 10

    assert actions(forgetting.deliver(ended)) == [("record_start", "accepted"), ("gather", "accepted")]


def test_a_recording_is_handed_to_the_archive_however_late(forgetting: Line) -> None:
    events = [(each, forgetting.deliver(each))[0] for each in phone_call(forgetting)]
    forgetting.jobs()
    forgetting.clock.now += COMMAND_ID_SECONDS * 10

    for each in events:
        forgetting.deliver(each)

    assert len(forgetting.jobs()) == 3


# --- Races ----------------------------------------------------------------------------------------------------


def at_once(line: Line, events: list[Event]) -> list[EventResult]:
    """Deliver each in a thread of its own; all meet at their first commit."""
    barrier, waited = threading.Barrier(len(events), timeout=5), threading.local()

    def meet() -> None:
        if not getattr(waited, "done", False):
            waited.done = True
            barrier.wait()

    line.wire.at_commit = meet
    handled: list[EventResult] = []
    threads = [threading.Thread(target=lambda each=each: handled.append(line.deliver(each))) for each in events]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    line.wire.at_commit = lambda: None
    assert len(handled) == len(events), "a thread has died"
    return handled


def racing() -> list[Event]:
    return [
        event("call.bridged", 3),
        event("call.hangup", 4, hangup_cause="normal_clearing", hangup_source="caller"),
        event("call.recording.saved", 5, recording_urls={"wav": SIGNED_URL}),
        event("call.machine.detection.ended", 6, result="human"),
    ]


def test_events_at_once_come_to_the_state_of_one_after_another(aws: None, flows: Path) -> None:
    del aws
    line = Line.open(flows, name="at-once")
    line.deliver(initiated())
    handled = at_once(line, racing())

    serial = Line.open(flows, name="one-after-another")
    serial.deliver(initiated())
    for each in racing():
        serial.deliver(each)

    assert sum(each.races for each in handled) > 0, "nobody lost a race: nothing was tested"
    assert line.store.legs(SESSION) == serial.store.legs(SESSION)
    assert line.store.recordings(SESSION) == serial.store.recordings(SESSION)
    assert audio_jobs(line) == audio_jobs(serial)
    assert len(line.store.timeline(SESSION)) == 5


def audio_jobs(line: Line) -> list[str]:
    """Not those for metadata: whether it is written once or again depends on what comes first."""
    return sorted(job for job in line.jobs() if '"kind":"metadata"' not in job)


def test_one_event_many_times_at_once_is_decided_once_and_its_command_obeyed_once(line: Line) -> None:
    handled = at_once(line, [initiated()] * 4)

    assert Counter(each.duplicate for each in handled) == Counter({True: 3, False: 1})
    assert [command.action for _, command in line.telnyx.obeyed] == ["answer"]
    assert len(set(line.telnyx.asked)) == 1
    assert [leg.version for leg in line.store.legs(SESSION)] == [1]
    assert len(line.store.timeline(SESSION)) == 1


def test_a_duplicate_that_comes_while_the_first_is_committed_sees_where_the_call_is_by_then(line: Line) -> None:
    """StoredDecision on the call as it was loaded, it would send the card's question to a caller who answered it."""
    events = phone_call(line)
    for _ in range(4):
        line.deliver(next(events))
    asks = next(events)

    def first_and_what_follows() -> None:
        line.wire.at_commit = lambda: None
        assert ("gather_using_speak", "accepted") in actions(line.deliver(asks))
        while line.deliver(next(events)).call.step != "message":
            pass
        line.telnyx.asked.clear()

    line.wire.at_commit = first_and_what_follows
    duplicate = line.deliver(asks)

    assert (duplicate.duplicate, duplicate.call.step) == (True, "message")
    assert "gather_using_speak" not in dict(actions(duplicate))
    assert line.store.legs(SESSION)[0].step == "message"


def test_an_event_that_loses_every_race_must_come_again(line: Line) -> None:
    line.deliver(initiated())
    line.spent()

    def faster() -> None:
        line.wire.at_commit = lambda: None
        [leg] = line.store.legs(SESSION)
        meanwhile = event("call.cost", 1_000 + leg.version)
        line.store.commit(meanwhile, leg, Decision(leg._replace(errors=leg.version)), at_seconds=0)
        line.wire.at_commit = faster

    line.wire.at_commit = faster
    with pytest.raises(StoreUnavailable, match=f"faster {MAX_RACES} times"):
        line.deliver(event("call.hangup", 2, hangup_cause="timeout"))
    line.wire.at_commit = lambda: None

    assert line.deliver(event("call.hangup", 2, hangup_cause="timeout")).call.status == "ended"


# --- What it costs --------------------------------------------------------------------------------------------


def test_the_bytes_written_for_an_event_do_not_grow_with_the_length_of_the_call(flows: Path) -> None:
    """Three hundred keys, each of them wrong, to a caller who is asked again and again."""
    line = Line.in_memory(flows)
    (flows / "front-desk.yaml").write_text(
        "flow: front-desk\nlimits: {steps: 1000}\n"
        "steps:\n  ask:\n    menu: Press 1.\n    keys: {1: end}\n    tries: 2\n    otherwise: ask\n"
        "  end: hangup\n",
        encoding="utf-8",
    )
    line.deliver(initiated(1))
    line.deliver(event("call.answered", 2))
    line.spent()
    sizes: dict[str, list[int]] = {"TransactWriteItems": [], "BatchGetItem": []}
    processor = line.processor()

    for number in range(3, 303):
        gathered = event(
            "call.gather.ended", number, digits="9", status="invalid", client_state=line.telnyx.client_state
        )
        handled = processor.handle(gathered, FOR_EVER)
        assert actions(handled) == [("gather_using_speak", "accepted")]
        for operation, body in zip(line.wire.requests, line.wire.bodies, strict=True):
            sizes[operation].append(len(body))
        line.spent()

    assert line.store.legs(SESSION)[0].turn == 301
    for operation, measured in sizes.items():
        assert len(measured) == 300
        assert max(measured[-10:]) - max(measured[:10]) <= 20, f"{operation}: more than some digits of counters"


def test_card_digits_are_nowhere_in_what_is_written_or_sent(line: Line) -> None:
    for each in phone_call(line):
        line.deliver(each)

    written = b"".join(line.wire.bodies).decode()
    assert "call.gather.ended" in written
    assert CARD not in written
    assert not any(CARD in json.dumps(command.to_json()) for _, command in line.telnyx.obeyed)
    assert LEG in written
