"""How a flow leads a call: what counts, what is late, and that it always ends."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.domain.call_status import ANSWERED, ENDED
from dialtone.domain.client_state import ClientState
from dialtone.domain.decisions import Decision
from dialtone.domain.webhook_retry_policy import CALLER_EVENTS, RETRIES_MS
from dialtone.flow.engine import MAX_ERRORS, MAX_STEPS_AT_ONCE, advance, take_error_path
from infra.checkout import SAMPLES
from tests.staged_call import LEG, StagedCall, actions, happened, loaded, mark_of, moment
from webhook.router import route

TWO_STEPS = """
    last_resort: sorry
    steps:
      hello: {say: Hello.}
      more: {say: More.}
      bye: hangup
      sorry: {say: Sorry., next: bye}
"""
RECORDED = "record: {format: wav, max_seconds: 20000, trim: true}\nsteps:\n  hello: {say: Hello.}\n"
LIBRARY = FlowLibrary.open(SAMPLES)
SHIPPED = {
    file.stem: shipped
    for file in sorted(SAMPLES.glob("*.yaml"))
    if "." not in file.stem and (shipped := LIBRARY.flow(file.stem))
}


# Beginning


def test_a_ringing_call_is_answered_so_that_its_events_come_again_soon_if_we_fail() -> None:
    decision = StagedCall(TWO_STEPS).ring()

    (answer,) = decision.commands
    policies = answer.parameters["webhook_retries_policies"]
    assert isinstance(policies, dict)
    assert policies.keys() == set(CALLER_EVENTS)
    assert all(policy == {"retries_ms": list(RETRIES_MS)} for policy in policies.values())
    assert mark_of(answer) == ClientState(turn=0, flow="tested")
    assert "record" not in answer.parameters


def test_an_incoming_call_is_recorded_from_its_first_moment() -> None:
    staged = StagedCall(RECORDED)

    answer = staged.ring().commands[0].parameters
    decision = staged.tell("call.answered")

    assert {name: value for name, value in answer.items() if name.startswith("record")} == {
        "record": "record-from-answer",
        "record_custom_file_name": f"{LEG}-01",
        "record_format": "wav",
        "record_channels": "dual",
        "record_track": "both",
        "record_max_length": 20_000,
        "record_trim": "trim-silence",
    }
    assert actions(decision) == ["speak"], "no second recording on top of the one from the answer"


def test_an_outgoing_call_is_recorded_from_its_answer_for_as_long_as_a_command_may_ask() -> None:
    staged = StagedCall(RECORDED, "outgoing")
    assert staged.ring().commands == ()

    decision = staged.tell("call.answered")

    assert actions(decision) == ["record_start", "speak"]
    asked = decision.commands[0].parameters
    assert (asked["max_length"], asked["trim"], asked["channels"]) == (14_400, "trim-silence", "dual")
    assert [recording.turn for recording in decision.recordings] == [0]


def test_a_recording_without_trimming_or_limit_asks_for_neither() -> None:
    flow = "record: {}\nsteps:\n  hello: {say: Hello.}\n"
    incoming, outgoing = StagedCall(flow), StagedCall(flow, "outgoing")

    answer = incoming.ring().commands[0].parameters
    start = outgoing.pick_up().commands[0].parameters

    assert "record_trim" not in answer
    assert "trim" not in start
    assert answer["record_max_length"] == start["max_length"] == 0


def test_the_answer_enters_the_first_step_in_the_flows_version() -> None:
    staged = StagedCall(TWO_STEPS)

    decision = staged.pick_up()

    assert actions(decision) == ["speak"]
    assert (staged.call.step, staged.call.turn, staged.call.status) == ("hello", 1, ANSWERED)
    assert (staged.call.flow, staged.call.flow_version) == ("tested", loaded(TWO_STEPS).version)


def test_a_second_answer_begins_nothing() -> None:
    staged = StagedCall(TWO_STEPS)
    staged.pick_up()

    decision = staged.tell("call.answered")

    assert (decision.commands, decision.reason) == ((), "answered already")
    assert (staged.call.step, staged.call.turn) == ("hello", 1)


def test_an_answer_that_occurred_after_the_hang_up_begins_nothing() -> None:
    staged = StagedCall(TWO_STEPS)
    staged.ring()
    staged.hang_up()

    decision = staged.tell("call.answered")

    assert (decision.commands, decision.reason) == ((), "after the hang-up")
    assert staged.call.status == ENDED


# Late events


@pytest.mark.parametrize(
    ("event_type", "payload"),
    [
        ("call.speak.ended", {"status": "completed"}),
        ("call.playback.ended", {"status": "completed"}),
        ("call.gather.ended", {"status": "valid", "digits": "1"}),
        ("call.dtmf.received", {"digit": "#"}),
    ],
)
@pytest.mark.parametrize("turn", [0, 1, 3, 99, -1])
def test_an_event_of_another_turn_changes_nothing(event_type: str, payload: dict[str, str], turn: int) -> None:
    staged = StagedCall(TWO_STEPS)
    staged.pick_up()
    staged.prompt_ends()
    before = staged.call

    decision = staged.tell(event_type, ClientState(turn=turn, flow="tested"), **payload)

    assert decision == Decision(before, reason=f"late: of turn {turn}, now 2")


def test_an_event_that_was_reported_twice_under_two_ids_moves_the_flow_once() -> None:
    staged = StagedCall(TWO_STEPS)
    staged.pick_up()
    mark = staged.mark

    staged.tell("call.speak.ended", mark, status="completed")
    staged.tell("call.speak.ended", mark, status="completed")

    assert (staged.call.step, staged.call.turn) == ("more", 2)


def test_what_occurred_after_the_hang_up_changes_nothing() -> None:
    staged = StagedCall(TWO_STEPS)
    staged.pick_up()
    staged.hang_up()
    before = staged.call

    decision = staged.prompt_ends()

    assert decision == Decision(before, reason="after the hang-up")


def test_what_occurred_before_the_hang_up_counts_though_it_is_reported_after_it() -> None:
    staged = StagedCall(TWO_STEPS)
    staged.pick_up()
    heard = happened("call.speak.ended", 10, staged.mark, status="completed")
    staged.seconds = 19
    staged.hang_up()

    decision = staged.take(heard)

    assert (staged.call.step, staged.call.status) == ("more", ENDED)
    assert actions(decision) == ["speak"]


def test_a_hang_up_that_is_reported_too_late_takes_back_what_occurred_after_it() -> None:
    in_order, late = StagedCall(TWO_STEPS), StagedCall(TWO_STEPS)
    for staged in (in_order, late):
        staged.pick_up()
    hang_up = happened("call.hangup", 10, in_order.mark, hangup_cause="normal_clearing")
    heard = happened("call.speak.ended", 11, in_order.mark, status="completed")

    for event in (hang_up, heard):
        in_order.take(event)
    for event in (heard, hang_up):
        late.take(event)

    assert late.call == in_order.call
    assert late.call.step == "hello"


def test_what_was_found_out_about_a_call_is_not_taken_back_with_its_last_move() -> None:
    flow = "steps:\n  hello: {say: Hello.}\n  more: {say: More.}\n"
    in_order, late = StagedCall(flow, "outgoing"), StagedCall(flow, "outgoing")
    for staged in (in_order, late):
        staged.pick_up()
    found = happened("call.machine.detection.ended", 9, in_order.mark, result="human")
    hang_up = happened("call.hangup", 10, in_order.mark, hangup_cause="normal_clearing")
    heard = happened("call.speak.ended", 11, in_order.mark, status="completed")

    for event in (found, hang_up, heard):
        in_order.take(event)
    for event in (heard, found, hang_up):
        late.take(event)

    assert late.call == in_order.call
    assert late.call.variables == {"answered_by": "human"}


# Error paths


def test_a_refused_command_takes_the_steps_own_error_path_first() -> None:
    staged = StagedCall(TWO_STEPS.replace("hello: {say: Hello.}", "hello: {say: Hello., on_error: bye}"))
    staged.pick_up()

    decision = staged.refuse("speak refused: 90012")

    assert (staged.call.step, staged.call.errors) == ("bye", 1)
    assert decision.reason == "speak refused: 90012"


def test_without_an_error_path_of_its_own_a_step_takes_the_last_resort() -> None:
    staged = StagedCall(TWO_STEPS)
    staged.pick_up()

    assert actions(staged.refuse()) == ["speak"]
    assert staged.call.step == "sorry"


def test_when_the_last_resort_fails_too_the_call_is_hung_up() -> None:
    staged = StagedCall(TWO_STEPS.replace("sorry: {say: Sorry.,", "sorry: {say: Sorry., on_error: hello,"))
    staged.pick_up()
    staged.refuse()

    assert actions(staged.refuse()) == ["hangup"]
    assert staged.call.step == ""


def test_without_a_last_resort_the_call_is_hung_up() -> None:
    staged = StagedCall("steps:\n  hello: {say: Hello.}\n  bye: hangup\n")
    staged.pick_up()

    assert actions(staged.refuse()) == ["hangup"]


def test_a_call_whose_answer_is_refused_comes_to_an_end() -> None:
    staged = StagedCall(TWO_STEPS)
    staged.ring()

    taken = [actions(staged.refuse()) for _ in range(2)]

    assert taken == [["speak"], ["hangup"]]


def test_error_paths_that_lead_to_one_another_end_in_a_hang_up() -> None:
    staged = StagedCall("steps:\n  a: {say: A., on_error: b}\n  b: {say: B., on_error: a}\n")
    staged.pick_up()

    taken = [actions(staged.refuse()) for _ in range(MAX_ERRORS + 1)]

    assert taken == [["speak"]] * MAX_ERRORS + [["hangup"]]


def test_a_prompt_of_which_nothing_is_left_is_passed_over() -> None:
    staged = StagedCall(TWO_STEPS.replace("say: Hello.", 'say: "{nobody}"'))

    decision = staged.pick_up()

    assert (staged.call.step, staged.call.errors, decision.incidents) == ("more", 0, ())


def test_audio_of_which_no_name_is_left_everywhere_ends_in_a_hang_up() -> None:
    audio = '{media: "a-{x}"}'
    staged = StagedCall(f"steps:\n  a: {{say: {audio}, on_error: b}}\n  b: {{say: {audio}, on_error: a}}\n")

    assert actions(staged.pick_up()) == ["hangup"]
    assert staged.call.errors == MAX_ERRORS + 1


def test_a_refusal_of_an_earlier_turn_is_late() -> None:
    staged = StagedCall(TWO_STEPS)
    staged.pick_up()
    staged.prompt_ends()

    event = happened("call.speak.ended", 9)._replace(type="dialtone.command.refused", client_state=ClientState(turn=1))
    decision = take_error_path(staged.call, event, staged.loaded)

    assert decision == Decision(staged.call, reason="late: of turn 1, now 2")


def test_a_step_that_a_deployment_took_away_under_the_call_takes_the_error_path() -> None:
    staged = StagedCall(TWO_STEPS)
    staged.pick_up()
    staged.loaded = loaded("last_resort: sorry\nsteps:\n  hi: {say: Hi.}\n  sorry: {say: S.}\n")

    heard, refused = (
        advance(staged.call, happened("call.speak.ended", 9, staged.mark, status="completed"), staged.loaded),
        staged.refuse(),
    )

    assert (heard.call.step, heard.reason) == ("sorry", "no step hello any more")
    assert refused.call.step == "sorry"


def test_a_step_that_is_gone_and_nowhere_to_go_is_a_hang_up() -> None:
    staged = StagedCall(TWO_STEPS)
    staged.pick_up()
    staged.loaded = loaded("steps:\n  hi: {say: Hi.}\n")

    assert actions(staged.prompt_ends()) == ["hangup"]


# Ends always


def test_a_flow_that_goes_round_without_a_caller_is_hung_up() -> None:
    staged = StagedCall("steps:\n  a: {set: {x: a}}\n  b: {set: {x: b}, next: a}\n")

    decision = staged.pick_up()

    assert actions(decision) == ["hangup"]
    assert decision.reason == "limit reached: goes round without a caller"
    assert staged.call.turn <= MAX_STEPS_AT_ONCE + 1


def test_what_a_flow_did_before_it_went_round_is_not_lost() -> None:
    decision = StagedCall('steps:\n  a: {send_digits: "1"}\n  b: {send_digits: "2", next: a}\n').pick_up()

    assert len(decision.commands) == MAX_STEPS_AT_ONCE
    assert actions(decision)[-1] == "hangup"


# Marks


def test_what_begins_bears_the_mark_of_its_turn_and_what_ends_bears_none() -> None:
    staged = StagedCall("""
        record: {}
        steps:
          ask: {menu: Press 1., keys: {1: card}}
          card: {collect: {media: card}, into: card, sensitive: true, on_error: agent}
          message: {record: null}
          agent: {transfer: "+15550199", hold: {media: music}, failed: bye}
          bye: hangup
    """)
    staged.pick_up()
    staged.gather_ends("1")
    staged.gather_ends("42")
    staged.tell("call.dtmf.received", digit="#")
    staged.tell_of_callee("call.hangup", hangup_cause="not_found")

    sent = [command for decision in staged.decisions for command in decision.commands]
    marked = [(command.action, mark_of(command).turn) for command in sent if "client_state" in command.parameters]
    unmarked = [command.action for command in sent if "client_state" not in command.parameters]
    assert marked == [
        ("answer", 0),
        ("gather_using_speak", 1),
        ("gather_using_audio", 2),
        ("record_start", 3),
        ("gather", 3),
        ("playback_start", 4),
        ("transfer", 4),
    ]
    assert unmarked == ["record_pause", "record_resume", "record_stop", "gather_stop", "playback_stop", "hangup"]
    assert [mark_of(command).sensitive for command in sent if command.action.startswith("gather_using")] == [
        False,
        True,
    ]


# Any caller at all

TOLD = st.one_of(
    st.tuples(
        st.just("call.speak.ended"), st.fixed_dictionaries({"status": st.sampled_from(["completed", "call_hangup"])})
    ),
    st.tuples(
        st.just("call.playback.ended"),
        st.fixed_dictionaries({"status": st.sampled_from(["completed", "failed", "cancelled", "file_not_found"])}),
    ),
    st.tuples(
        st.just("call.gather.ended"),
        st.fixed_dictionaries(
            {
                "status": st.sampled_from(["valid", "invalid", "timeout", "cancelled"]),
                "digits": st.sampled_from(["", "1", "2", "9", "*", "4111111111111111"]),
            }
        ),
    ),
    st.tuples(st.just("call.dtmf.received"), st.fixed_dictionaries({"digit": st.sampled_from("12#*")})),
    st.tuples(st.just("call.bridged"), st.just({})),
    st.tuples(st.just("call.recording.saved"), st.just({})),
    st.tuples(st.just("call.recording.error"), st.just({"reason": "Internal server error"})),
    st.tuples(st.just("call.answered"), st.just({})),
    st.tuples(
        st.just("call.machine.detection.ended"),
        st.fixed_dictionaries({"result": st.sampled_from(["human", "machine", "not_sure"])}),
    ),
    st.tuples(st.just("call.machine.greeting.ended"), st.just({"result": "ended"})),
    st.tuples(st.just("call.hangup"), st.just({"hangup_cause": "normal_clearing"})),
    st.tuples(st.just("refusal"), st.just({})),
)


def play(flow: str, story: list[tuple[str, dict[str, object]]]) -> list[Decision]:
    """Tell a story to a call, each event with the mark that Telnyx would echo."""
    staged = StagedCall(TWO_STEPS)
    staged.loaded = SHIPPED[flow]
    staged.pick_up()
    for event_type, payload in story:
        if event_type == "refusal":
            staged.refuse()
        else:
            staged.tell(event_type, **payload)
    return staged.decisions


@settings(max_examples=150)
@given(st.sampled_from(sorted(SHIPPED)), st.lists(TOLD, max_size=25))
def test_whatever_a_caller_does_the_same_call_and_event_give_the_same_decision(
    flow: str, story: list[tuple[str, dict[str, object]]]
) -> None:
    assert play(flow, story) == play(flow, story)


@settings(max_examples=150)
@given(st.sampled_from(sorted(SHIPPED)), st.lists(TOLD, max_size=25))
def test_whatever_a_caller_does_no_turn_comes_back_and_no_step_is_unknown(
    flow: str, story: list[tuple[str, dict[str, object]]]
) -> None:
    calls = [decision.call for decision in play(flow, story)]

    assert [call.turn for call in calls] == sorted(call.turn for call in calls)
    assert all(call.step in SHIPPED[flow].main.steps or call.step == "" for call in calls)


@settings(max_examples=150)
@given(st.lists(TOLD, max_size=25))
def test_whatever_a_caller_does_the_recording_is_paused_exactly_while_card_digits_are_asked_for(
    story: list[tuple[str, dict[str, object]]],
) -> None:
    for decision in play("recorded-line", story):
        if decision.call.recorder:
            assert (decision.call.recorder == "paused") == (decision.call.step == "card")


def test_an_event_decides_by_itself_and_the_call_alone() -> None:
    staged = StagedCall(TWO_STEPS)
    staged.pick_up()
    event = happened("call.speak.ended", 9, staged.mark, status="completed")

    assert route(staged.call, event, staged.loaded) == route(staged.call, event, staged.loaded)
    assert moment(9) == event.occurred_at
