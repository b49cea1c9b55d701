"""One handler per event, each called with the sample of its event."""

import importlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from dialtone.domain.call_status import ANSWERED, BRIDGED, ENDED, RINGING
from dialtone.domain.calls import Call
from dialtone.domain.client_state import ClientState
from dialtone.domain.command_effects import with_commands
from dialtone.domain.commands import command
from dialtone.domain.decisions import TURNED_AWAY, Decision, stay
from dialtone.domain.events import Event, parse_event
from dialtone.domain.recordings import FAILED
from dialtone.flow.loaded_flow import LoadedFlow
from tests.staged_call import CONTROL, StagedCall, actions, loaded, moment
from webhook.event_types import UNDERSTOOD
from webhook.router import handler_of, on, route

FILES = sorted(file.stem for file in Path("functions/webhook/handlers").glob("*.py") if not file.stem.startswith("__"))
SAMPLES = sorted(file.stem for file in Path("tests/events").glob("*.json"))
MENU = "steps:\n  ask: {menu: Press., keys: {2: next}}\n  next: {say: Next.}\nlast_resort: next\n"
SPEECH = "steps:\n  hello: {say: Hello.}\n  next: {say: Next.}\n  sorry: {say: Sorry.}\nlast_resort: sorry\n"
MESSAGE = "steps:\n  message: {record: null}\n  next: {say: Next.}\n"
MESSAGE_OR_SORRY = "last_resort: sorry\nsteps:\n  message: {record: null}\n  sorry: {say: Sorry.}\n"
DETECTION = "steps:\n  who: {answered_by: {person: hello, machine: leave}}\n  hello: {say: A.}\n  leave: {say: B.}\n"


def sample(name: str) -> Event:
    return parse_event(Path(f"tests/events/{name}.json").read_bytes())


def call_of(event: Event, **known: object) -> Call:
    """The call that an event is for, as it was known before it."""
    return Call(event.call_session_id, event.owner_leg_id, CONTROL)._replace(**known)  # type: ignore[arg-type]  # the test names the fields


def waiting_at(event: Event, step: str, **waiting: int) -> Call:
    """The call in a step, in the turn that the event is of."""
    return call_of(event, status=ANSWERED, step=step, turn=event.client_state.turn, waiting=waiting)


def decide(call: Call, event: Event, flow: str = "") -> Decision:
    """What is decided about the event of a call, with the flow that leads the call or with none."""
    if not flow:
        return route(call, event, None)
    leading = loaded(flow)
    return route(call, event, LoadedFlow(leading.main._replace(name=event.client_state.flow)))


# What the system understands


def test_the_folders_listing_is_the_list_of_what_is_understood() -> None:
    assert sorted(event_type.replace(".", "_") for event_type in UNDERSTOOD) == FILES


@pytest.mark.parametrize("name", FILES)
def test_every_file_holds_the_one_handler_of_its_event(name: str) -> None:
    module = importlib.import_module(f"webhook.handlers.{name}")

    mine = [each for each in UNDERSTOOD if getattr(handler_of(each), "__module__", "") == module.__name__]

    assert [event_type.replace(".", "_") for event_type in mine] == [name]


def test_every_event_of_telnyxs_that_is_understood_has_a_sample() -> None:
    assert {sample(name).type for name in SAMPLES if not name.startswith("unknown-")} == {
        event_type for event_type in UNDERSTOOD if event_type.startswith(("call.", "conference."))
    }


def test_an_event_can_have_one_handler_only() -> None:
    before = handler_of("call.cost")

    with pytest.raises(ValueError, match=r"call\.cost has a handler already: webhook\.handlers\.call_cost"):
        on("call.cost")(lambda call, *_: stay(call))
    assert before
    assert handler_of("call.cost") == before


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.startswith("unknown-")])
def test_an_event_that_nobody_handles_is_kept_and_changes_nothing(name: str) -> None:
    event = sample(name)
    call = call_of(event)

    assert decide(call, event, SPEECH) == Decision(call, reason="not handled")


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_may_be_the_first_that_is_heard_of_a_call(name: str) -> None:
    event = sample(name)

    for flow in ("", SPEECH, MENU, DETECTION):
        call = call_of(event, control_id="")
        assert isinstance(decide(call, event, flow), Decision)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_handler_gives_the_same_decision_for_the_same_call_and_event(name: str) -> None:
    event = sample(name)
    call = waiting_at(event, "hello", prompts=1)

    assert decide(call, event, SPEECH) == decide(call, event, SPEECH)


# Beginning and end


def test_call_initiated_an_incoming_call_is_answered() -> None:
    event = sample("call_initiated")

    decision = decide(call_of(event), event, SPEECH)

    assert actions(decision) == ["answer"]
    assert (decision.call.status, decision.call.direction) == (RINGING, "incoming")
    assert decision.call.initiated_at == event.occurred_at
    assert (decision.call.from_number, decision.call.to_number) == ("+13125550142", "+15550100")


def test_call_initiated_an_incoming_call_without_a_flow_is_rejected() -> None:
    event = sample("call_initiated")

    assert decide(call_of(event), event).commands == (command("reject", CONTROL, cause="CALL_REJECTED"),)


def test_call_initiated_an_outgoing_call_only_rings() -> None:
    event = sample("call_initiated-outgoing")

    decision = decide(call_of(event), event, SPEECH)

    assert decision.commands == ()
    assert (decision.call.status, decision.call.direction) == (RINGING, "outgoing")


def test_call_initiated_that_comes_late_does_not_take_the_call_back() -> None:
    event = sample("call_initiated-outgoing")

    decision = decide(call_of(event, status=ANSWERED, direction="outgoing", turn=1, step="hello"), event, SPEECH)

    assert (decision.call.status, decision.call.step) == (ANSWERED, "hello")


@pytest.mark.parametrize("name", ["call_initiated-far_leg", "call_answered-far_leg"])
def test_a_far_leg_that_rings_or_answers_changes_nothing_of_the_leg_that_asked(name: str) -> None:
    event = sample(name)
    call = waiting_at(event, "agent")

    decision = decide(call, event, 'steps:\n  agent: {transfer: "+15550199"}\n')

    assert (decision.call, decision.commands) == (call, ())


def test_call_answered_begins_the_flow() -> None:
    event = sample("call_answered")

    decision = decide(call_of(event, direction="incoming", status=RINGING), event, SPEECH)

    assert actions(decision) == ["speak"]
    assert (decision.call.status, decision.call.step) == (ANSWERED, "hello")
    assert decision.call.answered_at == event.occurred_at


def test_call_answered_before_anything_else_was_heard_is_of_a_call_that_we_dialled() -> None:
    event = sample("call_answered-outgoing")

    assert decide(call_of(event), event, SPEECH).call.direction == "outgoing"


def test_call_answered_of_another_program_is_only_noted() -> None:
    event = sample("call_answered-outgoing")._replace(client_state=ClientState())

    decision = decide(call_of(event), event)

    assert (decision.commands, decision.reason, decision.call.status) == ((), "no flow", ANSWERED)


def test_call_answered_for_a_flow_that_is_not_there_is_ended() -> None:
    event = sample("call_answered-outgoing")

    decision = decide(call_of(event), event)

    assert actions(decision) == ["hangup"]
    assert decision.incidents == (TURNED_AWAY,)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("call_hangup", "hung-up"),
        ("call_hangup-user_busy", "busy"),
        ("call_hangup-timeout", "no-answer"),
        ("call_hangup-no_answer", "no-answer"),
        ("call_hangup-call_rejected", "rejected"),
        ("call_hangup-originator_cancel", "cancelled"),
        ("call_hangup-not_found", "unreachable"),
        ("call_hangup-time_limit", "cut-off"),
        ("call_hangup-unspecified", "unspecified"),
    ],
)
def test_call_hangup_ends_the_call_and_says_what_came_of_it(name: str, outcome: str) -> None:
    event = sample(name)

    decision = decide(waiting_at(event, "hello", prompts=1), event, SPEECH)

    assert decision.commands == ()
    assert decision.reason == decision.call.outcome == outcome
    assert (decision.call.status, decision.call.ended_at) == (ENDED, event.occurred_at)
    assert decision.call.hangup_cause == event.text("hangup_cause")
    assert decision.call.hangup_source == event.text("hangup_source")


def test_call_hangup_of_the_far_leg_takes_the_transfers_way_and_leaves_the_caller_on_the_line() -> None:
    event = sample("call_hangup-far_leg")
    flow = 'steps:\n  agent: {transfer: "+15550199", no_answer: nobody}\n  nobody: {say: Nobody.}\n'

    decision = decide(waiting_at(event, "agent"), event, flow)

    assert actions(decision) == ["speak"]
    assert (decision.call.step, decision.call.status) == ("nobody", ANSWERED)


@pytest.mark.parametrize("name", ["call_bridged", "call_bridged-far_leg"])
def test_call_bridged_connects_the_two_and_stops_the_music(name: str) -> None:
    event = sample(name)
    flow = 'steps:\n  agent: {transfer: "+15550199", hold: {media: music}}\n'

    decision = decide(waiting_at(event, "agent"), event, flow)

    assert actions(decision) == ["playback_stop"]
    assert (decision.call.status, decision.call.bridged_at) == (BRIDGED, event.occurred_at)


# What the caller hears and does


@pytest.mark.parametrize("name", ["call_speak_started", "call_playback_started", "call_cost", "call_cost-error"])
def test_what_is_only_a_mark_in_the_timeline_changes_nothing(name: str) -> None:
    event = sample(name)
    call = waiting_at(event, "hello", prompts=1)._replace(flow="main-menu").with_event_details(event)

    assert decide(call, event, SPEECH) == Decision(call)


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("call_speak_ended", "next"),
        ("call_speak_ended-cancelled_amd", "hello"),
        ("call_speak_ended-call_hangup", "hello"),
        ("call_playback_ended", "next"),
        ("call_playback_ended-unknown", "next"),
        ("call_playback_ended-cancelled", "next"),
        ("call_playback_ended-cancelled_amd", "hello"),
        ("call_playback_ended-call_hangup", "hello"),
        ("call_playback_ended-file_not_found", "sorry"),
        ("call_playback_ended-failed", "sorry"),
    ],
)
def test_the_end_of_a_prompt_lets_the_flow_go_on_or_take_its_error_path(name: str, step: str) -> None:
    event = sample(name)

    assert decide(waiting_at(event, "hello", prompts=1), event, SPEECH).call.step == step


@pytest.mark.parametrize(
    ("name", "step", "turn"),
    [
        ("call_gather_ended", "next", 2),
        ("call_gather_ended-invalid", "ask", 2),
        ("call_gather_ended-timeout", "ask", 2),
        ("call_gather_ended-cancelled", "ask", 2),
        ("call_gather_ended-cancelled_amd", "ask", 2),
        ("call_gather_ended-call_hangup", "ask", 1),
    ],
)
def test_call_gather_ended_follows_the_key_or_asks_again(name: str, step: str, turn: int) -> None:
    event = sample(name)

    decision = decide(waiting_at(event, "ask"), event, MENU)

    assert (decision.call.step, decision.call.turn) == (step, turn)


def test_call_dtmf_received_ends_a_message() -> None:
    event = sample("call_dtmf_received")

    decision = decide(waiting_at(event, "message", running=1), event, MESSAGE)

    assert actions(decision) == ["record_stop", "gather_stop", "speak"]


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("call_machine_detection_ended", "hello"),
        ("call_machine_detection_ended-not_sure", "hello"),
        ("call_machine_detection_ended-machine", "leave"),
    ],
)
def test_call_machine_detection_ended_says_who_answered(name: str, step: str) -> None:
    event = sample(name)
    call = call_of(event, status=ANSWERED, step="who", turn=1)

    decision = decide(call, event, DETECTION)

    assert decision.call.step == step
    assert decision.call.variables["answered_by"] == event.text("result")


@pytest.mark.parametrize(
    "name",
    [
        "call_machine_greeting_ended",
        "call_machine_greeting_ended-beep_detected",
        "call_machine_greeting_ended-not_sure",
    ],
)
def test_call_machine_greeting_ended_is_the_moment_to_leave_a_message(name: str) -> None:
    event = sample(name)
    flow = DETECTION.replace("machine: leave", "machine: leave, after_greeting: true")
    call = call_of(event, status=ANSWERED, step="who", turn=1, variables={"answered_by": "machine"})

    decision = decide(call, event, flow)

    assert decision.call.step == "leave"
    assert decision.call.variables["greeting"] == event.text("result")


# Recordings


def promised(event: Event) -> Call:
    """A call that asked for a recording in its step `message`, in the turn that the event is of."""
    start = command("record_start", CONTROL, format="mp3", channels="single")
    asked = event._replace(occurred_at=event.text("recording_started_at") or "2026-11-20T14:03:56.000000Z")
    return with_commands(waiting_at(event, "message", running=1), (start,), asked).call


@pytest.mark.parametrize("name", ["call_recording_saved", "call_recording_saved-with_more"])
def test_call_recording_saved_goes_into_custody_and_ends_the_message(name: str) -> None:
    event = sample(name)

    decision = decide(promised(event), event, MESSAGE)

    assert [job.completed_from(event).urls for job in decision.archive] == [event.payload["recording_urls"]]
    assert decision.recordings[0].recording_id == event.text("recording_id")
    assert decision.call.step == "next"


def test_call_recording_saved_of_a_call_that_has_ended_goes_into_custody_and_moves_nothing() -> None:
    event = sample("call_recording_saved")
    call = promised(event)._replace(status=ENDED, ended_at="2026-11-20T14:04:11.000000Z")

    decision = decide(call, event, MESSAGE)

    assert len(decision.archive) == 1
    assert (decision.commands, decision.call.step) == ((), "message")


def test_call_recording_saved_without_a_flow_goes_into_custody() -> None:
    event = sample("call_recording_saved")

    assert [job.kind for job in decide(call_of(event), event).archive] == ["audio"]


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.startswith("call_recording_error")])
def test_call_recording_error_is_in_the_ledger_and_takes_the_error_path(name: str) -> None:
    event = sample(name)

    decision = decide(promised(event), event, MESSAGE_OR_SORRY)

    assert [(each.status, each.reason) for each in decision.recordings] == [(FAILED, f"Telnyx: {event.text('reason')}")]
    assert decision.call.step == "sorry"


def test_call_recording_error_that_nobody_waits_for_is_noted() -> None:
    event = sample("call_recording_error")
    call = waiting_at(event, "hello", prompts=1)._replace(flow="main-menu").with_event_details(event)

    decision = decide(call, event, SPEECH)

    assert (decision.call, decision.recordings, decision.commands) == (call, (), ())
    assert decision.reason == "a recording failed, none is expected: Telnyx: Internal server error"
    assert decision.incidents.count("recording-error") == 1


def test_call_recording_transcription_saved_goes_to_the_archive() -> None:
    event = sample("call_recording_transcription_saved")

    decision = decide(call_of(event), event)

    (job,) = decision.archive
    assert (job.kind, job.transcript) == ("transcript", "")
    assert job.completed_from(event).transcript == event.text("transcription_text")
    assert job.recording_id == event.text("recording_id")


# Our own event


def refused(
    call: Call, flow: LoadedFlow | None, *, ended: bool = False, names: Sequence[str] = (), turns: Sequence[int] = ()
) -> Decision:
    payload = {
        "call_session_id": call.session_id,
        "call_leg_id": call.leg_id,
        "call_ended": ended,
        "recording_names": names,
        "recording_turns": turns,
        "reason": "record_start refused: 90020",
    }
    mark = ClientState(turn=call.turn)
    return route(call, Event("refusal", "dialtone.command.refused", moment(60), payload, mark), flow)


def staged_message() -> tuple[Call, LoadedFlow]:
    staged = StagedCall(MESSAGE_OR_SORRY)
    staged.pick_up()
    return staged.call, staged.loaded


def test_a_refused_command_takes_the_error_path() -> None:
    staged = StagedCall(SPEECH)
    staged.pick_up()

    decision = refused(staged.call, staged.loaded)

    assert (decision.call.step, decision.recordings) == ("sorry", ())
    assert decision.reason == "record_start refused: 90020"


def test_a_refused_recording_will_not_come() -> None:
    call, flow = staged_message()

    decision = refused(call, flow, names=[call.recordings[0].file_name])

    assert [(each.status, each.reason) for each in decision.recordings] == [(FAILED, "record_start refused: 90020")]
    assert decision.call.recordings == ()
    assert decision.call.step == "sorry"
    assert decision.incidents.count("recording-error") == 1


def test_a_refused_recording_that_an_earlier_version_asked_for_without_a_name_will_not_come() -> None:
    call, flow = staged_message()
    call = call._replace(recordings=(call.recordings[0]._replace(file_name=""),))

    decision = refused(call, flow, turns=[call.turn])

    assert [each.status for each in decision.recordings] == [FAILED]
    assert decision.call.recordings == ()


def test_a_refused_message_leaves_the_recording_of_the_whole_call_running() -> None:
    staged = StagedCall(
        "last_resort: sorry\nrecord: {channels: dual}\nsteps:\n  message: {record: null}\n  sorry: {say: Sorry.}\n"
    )
    staged.pick_up()
    whole, message = staged.call.recordings

    decision = refused(staged.call, staged.loaded, names=[message.file_name])

    assert decision.call.recordings == (whole,)
    assert actions(decision) == ["gather_stop", "speak"]


def test_a_recording_refused_because_the_call_has_ended_will_not_come_and_nothing_else_happens() -> None:
    call, flow = staged_message()

    decision = refused(call, flow, ended=True, names=[call.recordings[0].file_name])

    assert [each.status for each in decision.recordings] == [FAILED]
    assert decision.incidents == ()
    assert (decision.commands, decision.call.step, decision.call.errors) == ((), "message", 0)


def test_a_command_refused_because_the_call_has_ended_is_the_normal_end_of_a_race() -> None:
    call, flow = staged_message()

    assert refused(call, flow, ended=True) == Decision(call, reason="record_start refused: 90020")


def test_a_refused_command_of_a_call_whose_flow_is_gone_ends_it() -> None:
    call, _ = staged_message()

    assert actions(refused(call, None)) == ["hangup"]
