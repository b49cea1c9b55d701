"""Steps after the hang-up are taken once, whatever is lost, late, twice or dead half-way."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.domain.after_hangup import AWAITED, OVER, RUNNING
from dialtone.domain.calls import Call
from dialtone.domain.deadline import NO_DEADLINE
from dialtone.domain.events import READ_BACK, REPLAY, Event
from dialtone.domain.lookups import FOUND, Lookup
from dialtone.domain.object_keys import object_key
from dialtone.domain.overdue_after_hangup import continued
from dialtone.domain.own_events import OWN_EVENT, event_from_json
from dialtone.domain.watch import OVERDUE
from infra.carrier import BEEP, Caller, HangUp, Hear, Press, Say, Silence
from infra.flowkit.scripted_backends import NEVER, Answering, ScriptedBackends
from infra.flowkit.stage import Stage, Unwatched
from tests.simulation.plays import LANGUAGE_FLOWS, LANGUAGE_PLAYS
from tests.simulation.watched import WatchedStage

HUNG_UP = Caller(Hear("How content"), HangUp(after=1))
REPORTED = Answering(FOUND, {"number": "7"})

ENDLESS = """
flow: feedback
on_hangup: one
steps:
  ask: {say: Hello.}
  bye: hangup
  one: {set: {seen: "{seen}x"}, next: two}
  two: {set: {other: "1"}, next: one}
"""

NEEDY = """
flow: feedback
last_resort: sorry
on_hangup: talk
steps:
  ask: {say: Hello., next: bye}
  talk: {say: "Is anybody there?", on_error: noted}
  more: {play: {media: music}, background: true, times: infinity, on_error: bye}
  noted: {set: {noted: "yes"}, next: more}
  bye: hangup
  sorry: {say: Sorry., next: bye}
"""


def played(stage: Stage, caller: Caller = HUNG_UP) -> Call:
    stage.systems.answering.setdefault("reports", REPORTED)
    return left(stage, stage.ring("+15550121", caller))


def left(stage: Stage, session: str) -> Call:
    return stage.store.legs(session)[0]


def steps(stage: Stage, call: Call) -> list[str]:
    """Where it was, step for step, once it had ended."""
    turns = {entry.turn: entry.step for entry in stage.store.timeline(call.session_id)}
    return [step for turn, step in sorted(turns.items()) if turn > call.after_turn]


def hangups(stage: Stage) -> Iterator[Event]:
    return (event for event in stage.received if event.type == "call.hangup")


def ids(stage: Stage) -> list[str]:
    return [lookup.id for lookup in stage.systems.asked]


def stage_with(flow: str, folder: Path) -> Stage:
    (folder / "feedback.yaml").write_text(flow)
    (folder / "numbers.yaml").write_text('"+15550121": feedback\n')
    return Stage(flows=folder)


def test_the_flow_goes_on_after_the_hangup_with_what_the_call_knew() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)

    call = played(stage, Caller(Hear("How content"), Press("4", after=1), Hear("leave a message"), HangUp()))

    assert [dict(asked.send) for asked in stage.systems.asked] == [{"score": "4", "by": "caller"}]
    assert (call.after_hangup, call.variables["report.number"], call.outcome) == (OVER, "7", "no message")
    assert call.watch is None


def test_a_message_is_handed_over_under_the_key_that_its_audio_gets() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)

    session = LANGUAGE_PLAYS["a message ended by hanging up, and handed over"](stage)

    (recording,) = stage.store.recordings(session)
    handed_over = dict(stage.systems.asked[0].send)
    assert f"{handed_over.pop('key')}.mp3" == object_key(recording, "mp3")
    assert handed_over == {"recording": recording.name}


def test_every_event_that_comes_again_asks_nothing_under_another_id() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    call = played(stage)

    for event in tuple(stage.received):
        stage.processor.handle(event, NO_DEADLINE)
    stage.carrier.run()

    assert len(set(ids(stage))) == 1
    assert left(stage, call.session_id) == call


class DyingLookups:
    """Dies with the first question, before it is handed over."""

    def __init__(self, systems: ScriptedBackends, *, deaths: int) -> None:
        self.systems, self.deaths = systems, deaths
        self.asked: list[str] = []

    def ask(self, lookup: Lookup, deadline: float) -> None:
        self.asked.append(lookup.id)
        if self.deaths:
            self.deaths -= 1
            raise ConnectionError("the process died")
        self.systems.ask(lookup, deadline)


class DyingStore:
    """Dies with the first step after the hang-up, before it is committed."""

    def __init__(self, store: CallsTable) -> None:
        self.store, self.deaths = store, 1

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    def commit(self, event: Event, *decided: Any, **options: Any) -> None:  # noqa: ANN401 -- passed on
        if event.type == OVERDUE and self.deaths:
            self.deaths -= 1
            raise ConnectionError("the process died")
        self.store.commit(event, *decided, **options)


def test_a_second_hangup_under_another_id_leads_nowhere() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    call = played(stage)
    (hangup,) = hangups(stage)

    stage.processor.handle(hangup._replace(id="another", payload={**hangup.payload, READ_BACK: "x"}), NO_DEADLINE)
    stage.carrier.run()

    assert len(ids(stage)) == 1
    assert left(stage, call.session_id).after_hangup == OVER


def test_the_hangup_that_a_sweep_found_and_the_one_that_came_later_lead_on_once() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    stage.systems.answering["reports"] = REPORTED
    found: list[object] = []
    kept = stage.processor.handle

    def sweep_first(event: Event, deadline: float) -> object:
        if event.type == "call.hangup" and not found:
            unknown = {"hangup_cause": "unknown", "hangup_source": "unknown", READ_BACK: "dialtone"}
            found.append(kept(event._replace(id="found", payload={**event.payload, **unknown}), deadline))
        return kept(event, deadline)

    object.__setattr__(stage.endpoint, "processor", Handling(sweep_first))

    call = played(stage)

    assert len(ids(stage)) == 1
    assert (call.hangup_cause, call.after_hangup) == ("normal_clearing", OVER)


class Handling:
    def __init__(self, handle: object) -> None:
        self.handle = handle


def test_a_last_answer_whose_webhook_comes_after_the_hangup_still_counts() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    stage.systems.answering["reports"] = REPORTED
    late: list[Event] = []
    kept = stage.processor.handle

    def deliver(event: Event) -> None:
        kept(event, NO_DEADLINE)

    def answer_late(event: Event, deadline: float) -> object:
        if event.type == "call.gather.ended" and event.text("digits") == "4" and not late:
            late.append(event)
            stage.carrier.clock.after(3, lambda: deliver(event))
            return kept(event._replace(id="other", type="call.unheard", payload={}), deadline)
        return kept(event, deadline)

    object.__setattr__(stage.endpoint, "processor", Handling(answer_late))

    played(stage, Caller(Hear("How content"), Press("4", after=1), HangUp(after=1)))

    assert [asked.send["score"] for asked in stage.systems.asked] == ["4"]


def test_a_late_answer_of_a_lookup_that_the_caller_waited_for_leads_nowhere() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)

    session = LANGUAGE_PLAYS["a caller who hangs up while something is looked up"](stage)

    assert left(stage, session).after_hangup == ""


@pytest.mark.parametrize("dies", ["before the commit", "after it"])
def test_a_process_that_dies_at_a_step_is_followed_up_by_the_watchdog_under_the_same_id(dies: str) -> None:
    stage = WatchedStage(flows=LANGUAGE_FLOWS)
    stage.systems.answering["reports"] = REPORTED
    lookups = DyingLookups(stage.systems, deaths=dies == "after it")
    store = stage.store
    if dies == "after it":
        stage.processor.lookups = lookups
    else:
        stage.processor.store = DyingStore(store)  # type: ignore[assignment] # as far as it is used
    object.__setattr__(stage.endpoint, "observer", stage.noted)  # the death is reported to it

    call = played(stage)

    assert any(message.startswith("event not taken") for _, message, _ in stage.noted.lines)
    assert len(set(lookups.asked) | set(ids(stage))) == 1
    assert (call.after_hangup, call.variables["report.number"]) == (OVER, "7")


def test_an_answer_that_never_comes_takes_the_error_path() -> None:
    stage = WatchedStage(flows=LANGUAGE_FLOWS)
    stage.systems.answering["reports"] = Answering(NEVER)

    call = played(stage)

    assert (call.after_hangup, call.variables["report"]) == (OVER, "lost")
    assert len(set(ids(stage))) == 1


def test_a_sweep_leads_on_a_call_of_which_the_watchdog_knows_nothing() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    stage.processor.watchdog = Unwatched()
    call = played(stage)
    assert call.after_hangup == AWAITED
    assert call.watch is not None
    assert call.due_at > 0, "the sweep finds it"
    timeline = stage.store.timeline(call.session_id)

    assert continued(call, timeline, call.watch.until) is None
    event = continued(call, timeline, call.watch.until + 60)
    assert event is not None
    stage.processor.handle(event_from_json(event[OWN_EVENT]), NO_DEADLINE)

    assert left(stage, call.session_id).after_hangup == RUNNING
    stage.carrier.run()
    assert left(stage, call.session_id).after_hangup == OVER


def test_a_parked_hangup_that_is_run_again_later_leads_nowhere() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    stage.systems.answering["reports"] = REPORTED
    kept = stage.processor.handle

    def parked(event: Event, deadline: float) -> object:
        if event.type == "call.hangup":
            return kept(event._replace(payload={**event.payload, READ_BACK: REPLAY}), deadline)
        return kept(event, deadline)

    object.__setattr__(stage.endpoint, "processor", Handling(parked))

    call = played(stage)

    assert (call.status, call.after_hangup, stage.systems.asked) == ("ended", "", [])


def test_a_call_that_entered_no_step_leads_nowhere(tmp_path: Path) -> None:
    stage = stage_with(ENDLESS, tmp_path)

    call = played(stage, Caller(HangUp()))

    assert call.after_hangup in {"", OVER}
    assert bool(call.after_hangup) == bool(call.turn)


def test_steps_that_go_round_end_at_the_limit(tmp_path: Path) -> None:
    stage = stage_with(ENDLESS, tmp_path)

    call = played(stage, Caller(Silence(30)))

    assert call.after_hangup == OVER
    assert call.turn - call.after_turn == 31, "thirty steps, and out of the last"
    assert not stage.carrier.given_up


def test_a_step_that_needs_somebody_is_refused_and_commands_nothing(tmp_path: Path) -> None:
    stage = stage_with(NEEDY, tmp_path)

    call = played(stage, Caller(Silence(30)))

    assert (call.after_hangup, call.variables["noted"]) == (OVER, "yes")
    assert [asked.action for _, asked in stage.api.log] == ["answer", "speak", "hangup"]


def test_an_older_process_reads_such_a_call_and_leaves_it(tmp_path: Path) -> None:
    """It has no steps after the hang-up: the watchdog's event finds a call that has ended."""
    stage = Stage(flows=LANGUAGE_FLOWS)
    stage.processor.watchdog = Unwatched()
    call = played(stage)
    stage.processor.library = FlowLibrary.open(tmp_path_with(tmp_path), stage.store)
    assert call.watch is not None
    event = continued(call, (), call.watch.until + 1_000)
    assert event is not None

    stage.processor.handle(event_from_json(event[OWN_EVENT]), NO_DEADLINE)
    stage.carrier.run()

    assert left(stage, call.session_id).after_hangup == OVER, "a call keeps the version that it began with"


def tmp_path_with(folder: Path) -> Path:
    (folder / "numbers.yaml").write_text("{}\n")
    return folder


def test_a_message_needs_its_tone_to_be_handed_over() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    stage.systems.answering["messages"] = Answering(FOUND)

    call = played(stage, Caller(Hear("How content"), Press("4", after=1), BEEP, Say(2, "Hello."), HangUp()))

    assert steps(stage, call)[:2] == ["hand-over", "report"]
    assert call.outcome == "left a message"


def test_metadata_is_written_again_with_what_came_of_the_call_once_its_flow_is_over() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)

    session = LANGUAGE_PLAYS["a message ended by hanging up, and handed over"](stage)

    (recording,) = stage.store.recordings(session)
    jobs = [(job.kind, job.recording) for job in stage.jobs.put_jobs]
    assert jobs == [("audio", recording.name), ("metadata", recording.name)]
