"""One happening reported under two event ids: what has happened does not happen again."""

import json
from pathlib import Path

import pytest

from dialtone.domain.call_recordings import MAX_REPORTED
from dialtone.domain.calls import MAX_RECENT, Call
from dialtone.domain.client_state import ClientState
from dialtone.domain.decisions import Decision
from dialtone.domain.events import Event, parse_event
from dialtone.domain.recordings import Recording
from dialtone.flow.loaded_flow import LoadedFlow
from dialtone.flow.parser import read_flow
from webhook.event_types import UNDERSTOOD
from webhook.router import route

SAMPLES = {file.stem: parse_event(file.read_bytes()) for file in sorted(Path("tests/events").glob("*.json"))}
FLOW = """
flow: main-menu
voice: female
steps:
  welcome: {say: [Welcome., Hello.], on_hangup: {outcome: heard}}
  agent: {transfer: {to: ["+15550191", "+15550192"], how: at_once}, hold: {media: music}, whisper: [A call., For you.]}
  plain: {transfer: "+15550191"}
  who: {answered_by: {person: welcome, machine: welcome}}
"""
LEADING = LoadedFlow(read_flow("main-menu.yaml", FLOW))


def call_of(event: Event, step: str = "welcome", **known: object) -> Call:
    """A call that the event is for, in a step of the flow."""
    call = Call(
        event.call_session_id,
        event.owner_leg_id,
        control_id="v3:c",
        connection_id="7267",
        from_number="+15550123",
        to_number="+15550100",
        flow="main-menu",
    )
    return call._replace(step=step, turn=event.client_state.turn, waiting={"prompts": 2}, **known)  # type: ignore[arg-type]


def decide(call: Call, event: Event) -> Decision:
    """What is decided about an event of a call that the flow leads."""
    return route(call, event, LEADING)


def nothing(call: Call, event: Event) -> Decision:
    """What another report of the same comes to."""
    return decide(call, event)._replace(reason="")


@pytest.mark.parametrize("name", [name for name in SAMPLES if not name.startswith("unknown-")])
def test_what_is_reported_again_under_another_id_changes_nothing_and_sends_nothing(name: str) -> None:
    event = SAMPLES[name]
    first = decide(call_of(event, "plain" if event.about_callee else "welcome"), event)

    again = nothing(first.call, event._replace(id="another"))

    assert (again.commands, again.recordings, again.call) == ((), (), first.call)
    assert again.archive == first.archive, "the same job, which the archive knows by its recording"


@pytest.mark.parametrize("name", ["call_initiated", "call_answered", "call_hangup"])
def test_what_happens_once_is_known_again_at_another_time_and_after_any_number_of_events(name: str) -> None:
    event = SAMPLES[name]
    ringing = Call(event.call_session_id, event.call_leg_id, control_id="v3:c")
    first = decide(ringing, event)
    later = event._replace(id="another", occurred_at="2030-01-01T00:00:00.000000Z")
    much_later = first.call._replace(recent=tuple(str(number) for number in range(MAX_RECENT)))

    assert first.commands or name == "call_hangup"
    assert nothing(first.call, later) == Decision(first.call)
    assert nothing(much_later, later).commands == ()
    assert nothing(much_later, later).call == first.call


def test_a_call_that_has_ended_or_was_answered_is_not_answered_again() -> None:
    """The first report of the ringing may come after what followed it."""
    event = SAMPLES["call_initiated"]
    call = Call(event.call_session_id, event.call_leg_id, control_id="v3:c")

    for status in ("answered", "bridged", "ended"):
        assert decide(call._replace(status=status), event).commands == ()


def test_a_second_end_of_a_call_leaves_what_was_noted_of_the_first() -> None:
    event = SAMPLES["call_hangup"]
    first = decide(call_of(event), event)

    again = decide(first.call, event._replace(id="another", occurred_at="2030-01-01T00:00:00.000000Z"))

    assert (again.call.unnoted, again.call.outcome) == ({}, "heard")
    assert again.call.ended_at == event.occurred_at


def test_a_prompts_end_reported_twice_is_counted_once() -> None:
    event = SAMPLES["call_speak_ended"]
    first = decide(call_of(event), event)

    again = decide(first.call, event._replace(id="another"))
    other = decide(again.call, event._replace(id="other", occurred_at="2030-01-01T00:00:00.000000Z"))

    assert (first.call.waiting, again.call.waiting) == ({"prompts": 1}, {"prompts": 1})
    assert other.call.step == "agent"


SAVED = SAMPLES["call_recording_saved-with_more"]


def saved(**changes: object) -> Event:
    """Another report of a recording: under another id, an hour later."""
    return SAVED._replace(id="another", occurred_at="2026-11-20T15:31:04.119338Z", payload={**SAVED.payload, **changes})


def asked_next(call: Call) -> Call:
    """The call, which waits for its next message."""
    message = Recording(call.session_id, call.leg_id, 7, call.turn, SAVED.occurred_at, "record_start", channels="dual")
    return call._replace(recordings=(message,), recordings_asked=7)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"recording_id": None},
        {"recording_id": SAVED.text("recording_id"), "recording_started_at": "2026-11-20T14:00:00Z"},
        {"recording_urls": {"wav": f"{SAVED.payload['recording_urls']['wav']}&signed=anew"}},
        {"recording_urls": {}, "recording_id": None},
    ],
    ids=["the same", "without its id", "by its id", "signed anew", "without addresses"],
)
def test_a_recording_reported_again_makes_no_second_entry_and_ends_nothing(changes: dict[str, object]) -> None:
    first = decide(call_of(SAVED), SAVED)
    waiting = asked_next(first.call)

    again = decide(waiting, saved(**changes))

    assert (again.recordings, again.commands, again.call) == ((), (), waiting)
    assert [job.recording for job in again.archive] == [first.recordings[0].name]


@pytest.mark.parametrize(
    "changes",
    [
        {"recording_id": "r-2"},
        {"recording_id": None, "channels": "single"},
        {"recording_id": None, "recording_started_at": "2026-11-20T14:25:10.220147Z"},
        {"recording_id": None, "recording_urls": {"wav": "https://x.example/another.wav"}},
    ],
    ids=["another id", "other channels", "another start", "another file"],
)
def test_another_recording_is_none_that_came_before(changes: dict[str, object]) -> None:
    first = decide(call_of(SAVED), SAVED)

    assert len(decide(first.call, saved(**changes)).recordings) == 1


def test_a_call_remembers_no_more_recordings_than_fit_into_its_state() -> None:
    call = call_of(SAVED)
    for number in range(3 * MAX_REPORTED):
        call = decide(call, saved(recording_id=f"r-{number}")).call

    assert [report.recording_id for report in call.reported] == [
        f"r-{number}" for number in range(2 * MAX_REPORTED, 3 * MAX_REPORTED)
    ]


def test_someone_who_is_rung_and_answers_hears_the_whisper_once() -> None:
    mark = ClientState(turn=2, flow="main-menu", parent_leg="leg", dialled=True)
    event = SAMPLES["call_answered-far_leg"]._replace(
        payload={**SAMPLES["call_answered-far_leg"].payload, "call_leg_id": "far"},
        client_state=mark,
    )
    first = decide(call_of(event, "agent"), event)

    again = decide(first.call, event._replace(id="another", occurred_at="2030-01-01T00:00:00.000000Z"))

    assert [each.action for each in first.commands] == ["speak", "speak"]
    assert (again.commands, again.call.waiting) == ((), first.call.waiting)


def test_a_timer_that_is_started_anew_is_started_once() -> None:
    """Each start ends the one before, whose end would start it again: without an end."""
    gather = SAMPLES["call_gather_ended-cancelled_amd"]
    first = decide(call_of(gather, "who")._replace(waiting={}, entered_at=gather.occurred_at), gather)

    again = decide(first.call, gather._replace(id="another"))

    assert [each.action for each in first.commands] == ["gather"]
    assert again.commands == ()


def test_what_an_event_says_holds_nothing_of_its_digits() -> None:
    gathered = SAMPLES["call_gather_ended-sensitive"]

    said = {gathered._replace(payload={**gathered.payload, "digits": digits}).says for digits in ("1", "2", "4111")}

    assert len(said) == 1


def test_every_handler_of_telnyx_events_has_a_sample_here() -> None:
    assert {each for each in UNDERSTOOD if each.startswith("call.")} <= {each.type for each in SAMPLES.values()}
    assert json.dumps(sorted(SAMPLES))
