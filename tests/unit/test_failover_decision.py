"""What the failover does about an event, and what it leaves with Telnyx."""

import base64
import json
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.client_state import ClientState
from dialtone.domain.errors import MalformedEvent
from dialtone.domain.failover import FailoverState, Order, ending
from failover.decision import RECORDS, Plan, Sentence, decide
from failover.event import parse_event

LEG, OWN_URL, NOW = "v3:leg", "https://failover.example/", 1_790_000_000.0
SENTENCE = Sentence("We are sorry.", "en-US", "AWS.Polly.Joanna-Neural", "+15550199")


def body(event_type: str, state: str = "", **payload: object) -> bytes:
    payload = {"call_control_id": LEG, "client_state": state or None, **payload}
    data = {"event_type": event_type, "id": "e", "occurred_at": "2026-09-21T14:13:30Z", "payload": payload}
    return json.dumps({"data": data}).encode()


def decided(event_type: str, state: FailoverState | ClientState | None = None, **payload: object) -> Plan:
    written = state.encode() if state else ""
    return decide(parse_event(body(event_type, written, **payload), NOW), SENTENCE, OWN_URL, NOW)


def actions(plan: Plan) -> list[str]:
    return [each.action for each in plan.orders]


def test_a_new_call_is_answered_and_its_next_events_come_here() -> None:
    plan = decided("call.initiated", direction="incoming")

    assert actions(plan) == ["answer", "answer"]
    assert plan.orders[0].parameters["webhook_urls"] == {"call.answered": OWN_URL, "call.speak.ended": OWN_URL}
    assert "webhook_urls" not in plan.orders[1].parameters
    assert plan.orders[0].command_id != plan.orders[1].command_id


@pytest.mark.parametrize("event_type", sorted(RECORDS))
@pytest.mark.parametrize("state", [None, FailoverState("spoken"), ClientState(turn=3), ClientState(parent_leg="leg")])
def test_what_only_tells_what_has_happened_is_left_to_the_webhook_function(
    event_type: str, state: FailoverState | ClientState | None
) -> None:
    """Of any leader of the leg; a recording's event names none."""
    plan = decided(event_type, state, call_control_id=None if "recording" in event_type else LEG)

    assert (plan.orders, plan.left) == ((), True)


@pytest.mark.parametrize("event", [("call.gather.ended", "timeout"), ("call.speak.ended", "completed")])
def test_people_who_talk_are_left_alone(event: tuple[str, str]) -> None:
    event_type, status = event

    assert decided(event_type, ClientState(turn=3, flow="desk", talks=True), status=status).orders == ()
    assert decided(event_type, ClientState(turn=3, flow="desk"), status=status).orders


def test_where_its_own_url_is_not_known_a_call_is_answered_all_the_same() -> None:
    event = parse_event(body("call.initiated", direction="incoming"), NOW)

    assert actions(decide(event, SENTENCE, "", NOW)) == ["answer"]


def test_the_sentence_falls_back_to_what_comes_after_it() -> None:
    """A voice that Telnyx does not know must not leave the caller in silence."""
    plan = decided("call.answered", FailoverState("answered"))

    assert actions(plan) == ["speak", "transfer", "hangup"]
    assert plan.once


def test_the_end_of_the_sentence_ends_the_call_as_it_was_to_be_when_it_was_said() -> None:
    assert actions(decided("call.speak.ended", FailoverState("spoken", 0, "+15550177"))) == ["transfer", "hangup"]
    assert actions(decided("call.speak.ended", FailoverState("spoken"))) == ["hangup"]


def test_the_end_of_a_prompt_that_the_sentence_cut_off_is_not_the_end_of_the_sentence() -> None:
    occurred = int(NOW)  # 2026-09-21T14:13:20Z; the event occurred 10 s later

    assert decided("call.speak.ended", FailoverState("spoken", occurred + 11)).orders == ()
    assert decided("call.speak.ended", FailoverState("spoken", occurred + 10)).orders


@pytest.mark.parametrize(
    ("event_type", "payload"),
    [
        ("call.answered", {}),
        ("call.speak.ended", {"status": "completed"}),
        ("call.playback.ended", {"status": "failed"}),
        ("call.gather.ended", {"status": "timeout"}),
    ],
)
def test_a_caller_of_the_webhook_functions_hears_the_sentence(event_type: str, payload: dict[str, Any]) -> None:
    plan = decided(event_type, ClientState(turn=3, flow="main-menu", decision=4), **payload)

    assert actions(plan)[0] == "speak"
    assert plan.orders[0].parameters["stop"] == "all"


@pytest.mark.parametrize(
    ("event_type", "payload"),
    [
        ("call.bridged", {}),
        ("call.hangup", {"status": "completed"}),
        ("call.cost", {}),
        ("call.dtmf.received", {"digit": "1"}),
        ("call.recording.saved", {"call_control_id": None}),
        ("call.playback.ended", {"status": "cancelled"}),
        ("call.gather.ended", {"status": "cancelled"}),
        ("call.speak.ended", {"status": "call_hangup"}),
        ("call.playback.started", {}),
        ("call.something.new", {"status": "completed"}),
        ("call.initiated", {"direction": "outgoing"}),
    ],
)
def test_where_nobody_waits_for_us_nothing_is_done(event_type: str, payload: dict[str, Any]) -> None:
    assert decided(event_type, **payload).orders == ()


def test_the_leg_of_a_callee_is_left_alone() -> None:
    assert decided("call.answered", ClientState(turn=3, flow="main-menu", parent_leg="other")).orders == ()


def test_a_person_whom_a_flow_has_rung_is_let_go() -> None:
    assert actions(decided("call.answered", ClientState(flow="announcement"))) == ["hangup"]
    assert actions(decided("call.machine.greeting.ended", ClientState(turn=1, flow="a", decision=2))) == ["hangup"]


def test_the_caller_is_let_go_when_whom_we_rang_for_them_has_gone() -> None:
    [order] = decided("call.hangup", FailoverState(caller="v3:caller")).orders

    assert (order.action, order.call_control_id) == ("hangup", "v3:caller")


def test_a_caller_who_has_heard_the_sentence_and_was_led_on_is_let_go_without_it() -> None:
    state = ClientState(turn=3, flow="main-menu", decision=4).encode()
    event = parse_event(body("call.gather.ended", state, status="valid"), NOW)

    assert decide(event, SENTENCE, OWN_URL, NOW, NOW - 3).orders == (), "it may still be spoken"
    assert actions(decide(event, SENTENCE, OWN_URL, NOW, NOW - 20)) == ["transfer", "hangup"]


def test_the_same_action_on_the_same_call_has_the_same_id_whatever_event_asks_for_it() -> None:
    events = ("call.answered", "call.speak.ended", "call.gather.ended")
    status = {"call.speak.ended": "completed", "call.gather.ended": "valid"}

    ids = {
        decided(each, status=status.get(each, "")).orders[0].command_id
        for order in permutations(events)
        for each in order
    }

    assert len(ids) == 1
    assert Order("speak", "v3:other", {}).command_id not in ids


def test_a_state_comes_back_as_it_was() -> None:
    for state in (FailoverState("answered"), FailoverState("spoken", 7, "+15550199"), FailoverState(caller="v3:x")):
        assert FailoverState.decode(state.encode()) == state
        assert not ClientState.decode(state.encode()).flow, "the webhook function's own states are others"
    assert not FailoverState.decode(ClientState(turn=3).encode())


@given(st.one_of(st.text(), st.binary().map(lambda each: base64.b64encode(each).decode()), st.none(), st.integers()))
def test_any_value_at_all_reads_as_a_state(text: object) -> None:
    assert isinstance(FailoverState.decode(text), FailoverState)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(), each, max_size=3),
    max_leaves=8,
)


@given(st.fixed_dictionaries({"failover": st.just(1)}, optional=dict.fromkeys("sutc", JSON)))
def test_a_state_with_values_of_other_types_reads_as_a_state(fields: dict[str, Any]) -> None:
    written = base64.b64encode(json.dumps(fields).encode()).decode()

    assert isinstance(FailoverState.decode(written), FailoverState)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("event_type", "id", "occurred_at", "payload"), JSON)))
def test_values_of_other_types_are_malformed_or_change_nothing(data: dict[str, Any]) -> None:
    try:
        event = parse_event(json.dumps({"data": data}).encode(), NOW)
    except MalformedEvent:
        return
    assert isinstance(decide(event, SENTENCE, OWN_URL, NOW), Plan)


@pytest.mark.parametrize("text", [b"", b"null", b"[]", b"{}", b'{"data": 1}', b"\xff", b"[" * 100_000, b'{"data":{}}'])
def test_what_is_not_an_event_is_malformed(text: bytes) -> None:
    with pytest.raises(MalformedEvent):
        parse_event(text, NOW)


@pytest.mark.parametrize("name", ["a/b", "a b", "a?b", "ä", "", "x" * 256, 7, None])
def test_an_id_that_could_be_another_address_is_none(name: object) -> None:
    assert parse_event(body("call.answered", call_control_id=name), NOW).call_control_id == ""


def test_without_a_number_a_call_is_hung_up_on() -> None:
    assert [each.action for each in ending(LEG, "")] == ["hangup"]
