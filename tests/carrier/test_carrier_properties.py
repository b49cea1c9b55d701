"""Whatever callers do and applications command, every call comes to its end in an orderly way."""

import json
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.carrier import Caller, HangUp, Hear, Machine, Person, Press, Say, Silence
from infra.carrier.faults import ARRIVING
from tests.carrier.desk import CALLER, NUMBER, Desk, wav_of

AGENT = "+15550111"
MACHINE = "+15550112"

STEPS = st.lists(
    st.one_of(
        st.builds(Press, st.text("0123456789#*", min_size=1, max_size=4), st.floats(0, 5)),
        st.builds(Say, st.floats(0.1, 9), st.just("words")),
        st.builds(Silence, st.floats(0.1, 30)),
        st.builds(Hear, st.sampled_from(["prompt", "beep", "chime"]), st.just(20.0)),
        st.builds(HangUp, st.floats(0, 5)),
    ),
    max_size=6,
)

COMMANDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "answer": st.just({}),
    "hangup": st.just({}),
    "speak": st.fixed_dictionaries(
        {"payload": st.just("a prompt"), "voice": st.just("female")},
        optional={"loop": st.sampled_from([1, 3, "infinity", 0]), "stop": st.sampled_from(["all", "current", "x"])},
    ),
    "playback_start": st.fixed_dictionaries(
        {"media_name": st.sampled_from(["chime", "none"])},
        optional={"overlay": st.booleans(), "loop": st.sampled_from([2, "infinity"])},
    ),
    "playback_stop": st.fixed_dictionaries({}, optional={"stop": st.sampled_from(["all", "current"])}),
    "gather": st.fixed_dictionaries({}, optional={"maximum_digits": st.integers(0, 5)}),
    "gather_stop": st.just({}),
    "gather_using_speak": st.fixed_dictionaries(
        {"payload": st.just("a prompt"), "voice": st.just("female"), "timeout_millis": st.just(3000)},
        optional={"invalid_payload": st.just("wrong"), "valid_digits": st.just("12"), "maximum_tries": st.just(2)},
    ),
    "gather_using_ai": st.fixed_dictionaries(
        {"parameters": st.just({"type": "object", "properties": {"choice": {"type": "string", "enum": ["1"]}}})},
        optional={"greeting": st.just("a prompt"), "user_response_timeout_ms": st.just(3000)},
    ),
    "ai_assistant_start": st.just({"assistant": {"id": "assistant-1"}, "greeting": "Hello"}),
    "ai_assistant_stop": st.just({}),
    "transcription_start": st.fixed_dictionaries({}, optional={"transcription_tracks": st.just("both")}),
    "transcription_stop": st.just({}),
    "gather_using_audio": st.just({"media_name": "chime", "maximum_digits": 1, "timeout_millis": 2000}),
    "record_start": st.fixed_dictionaries(
        {"format": st.just("wav"), "channels": st.sampled_from(["single", "dual"])},
        optional={"max_length": st.integers(1, 9), "timeout_secs": st.integers(1, 3), "play_beep": st.booleans()},
    ),
    "record_pause": st.just({}),
    "record_resume": st.just({}),
    "record_stop": st.just({}),
    "transfer": st.fixed_dictionaries(
        {"to": st.sampled_from([AGENT, MACHINE, "+15550113"])},
        optional={"park_after_unbridge": st.just("self"), "answering_machine_detection": st.just("greeting_end")},
    ),
    "switch_supervisor_role": st.just({"role": "whisper"}),
    "send_dtmf": st.just({"digits": "12"}),
    "enqueue": st.fixed_dictionaries({"queue_name": st.just("support")}, optional={"max_wait_time_secs": st.just(5)}),
    "leave_queue": st.just({}),
}
SCRIPTED_COMMANDS = st.lists(
    st.sampled_from(sorted(COMMANDS)).flatmap(lambda action: st.tuples(st.just(action), COMMANDS[action])), max_size=25
)


def _content(event: dict[str, Any]) -> str:
    """What the event says, whatever its id and the time of its delivery."""
    return json.dumps({name: event[name] for name in ("event_type", "occurred_at", "payload")}, sort_keys=True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, script=SCRIPTED_COMMANDS, seed=st.integers(0, 2**32), disturbed=st.booleans())
def test_whatever_is_commanded_every_leg_and_every_prompt_ends_once(
    steps: list[Any],
    script: list[tuple[str, dict[str, Any]]],
    seed: int,
    disturbed: bool,  # noqa: FBT001 - hypothesis gives keywords
) -> None:
    desk = Desk(seed=seed, fault_chances=dict.fromkeys(ARRIVING, 0.1) if disturbed else None)
    desk.carrier.media.upload("chime", wav_of(1))
    desk.carrier.add_callee(AGENT, Person(Say(3, "hello"), HangUp(after=4)))
    desk.carrier.add_callee(MACHINE, Machine())
    left = iter([("answer", {}), *script])
    statuses: list[int] = []

    def react(payload: dict[str, Any]) -> None:
        following = next(left, None)
        if following is not None and "call_control_id" in payload:
            statuses.append(desk.command(payload["call_control_id"], following[0], **following[1]).status)

    desk.on = dict.fromkeys(
        ("call.initiated", "call.answered", "call.speak.started", "call.gather.ended", "call.dtmf.received"), react
    )
    desk.carrier.call(CALLER, NUMBER, Caller(*steps))
    desk.carrier.run()

    assert set(statuses) <= {200, 422}
    assert desk.carrier.quiet
    assert desk.carrier.given_up == []
    assert all(not leg.alive for leg in desk.carrier.legs)
    # One that comes under two ids differs from its original in its id alone.
    once = {_content(event): event for event in desk.events}.values()
    counts = Counter(event["event_type"] for event in once)
    assert counts["call.initiated"] == counts["call.hangup"] == len(desk.carrier.legs)
    assert counts["call.speak.started"] == counts["call.speak.ended"]
    played = [event for event in once if event["event_type"] == "call.playback.ended"]
    found = [event for event in played if event["payload"]["status"] != "file_not_found"]
    assert counts["call.playback.started"] == len(found)
    assert counts["call.recording.saved"] == len(desk.carrier.recordings.saved())
    for event in once:
        # What happens at one virtual instant occurred some microseconds apart.
        assert event["occurred_at"] <= desk.carrier.clock.timestamp(event["at"] + 0.001)
