"""A lookup in a flow: what is asked, what comes of each answer, and what a caller hears meanwhile."""

from textwrap import dedent
from typing import Any

import pytest

from dialtone.domain.client_state import ClientState
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.events import Event
from dialtone.domain.lookups import ANSWERED, FAILED, FOUND, NOT_FOUND, Answer, Lookup
from dialtone.flow.parser import read_flow
from dialtone.flow.steps.lookup import GRACE_SECONDS
from tests.staged_call import CALLER, LEG, SESSION, StagedCall, actions, happened, moment

FLOW = """
    last_resort: sorry
    steps:
      customer:
        lookup: customers
        send: {phone: "{caller}", note: called}
        into: customer
        gives: [name, tier]
        limit_seconds: 6
        meanwhile: {audio: https://audio.example.com/music.mp3}
        not_found: hello
      welcome: {say: "Hello {customer.name}."}
      hello: {say: Hello.}
      sorry: {say: Sorry.}
"""
SILENT = FLOW.replace("        meanwhile: {audio: https://audio.example.com/music.mp3}\n", "")


def asked(flow: str = FLOW) -> StagedCall:
    call = StagedCall(flow)
    call.pick_up()
    return call


def lookup_of(call: StagedCall) -> Lookup:
    lookup = call.decisions[-1].lookup
    assert lookup is not None
    return lookup


def answered(call: StagedCall, answer: Answer, *, turn: int | None = None) -> Event:
    """The answer, a second later, to what the call asked last."""
    call.seconds += 1
    asked = [decision.lookup for decision in call.decisions if decision.lookup]
    event = answer.event(asked[-1], moment(call.seconds))
    return event if turn is None else Event(event.id, event.type, event.occurred_at, event.payload, ClientState(turn))


def slow(call: StagedCall) -> Event:
    call.seconds += 1
    return lookup_of(call).slow(moment(call.seconds))


def test_what_is_asked_is_filled_in_and_named_after_the_call() -> None:
    lookup = lookup_of(asked())

    assert (lookup.target, lookup.limit_seconds, lookup.gives) == ("customers", 6, ("name", "tier"))
    assert lookup.send == {"phone": CALLER, "note": "called"}
    assert (lookup.call_session_id, lookup.call_leg_id, lookup.turn) == (SESSION, LEG, 1)


def test_what_is_found_is_known_and_nothing_else_of_it() -> None:
    call = asked()

    decision = call.take(answered(call, Answer(FOUND, {"name": "Ada", "secret": "x"})))

    assert actions(decision) == ["gather_stop", "speak"]
    assert decision.commands[-1].parameters["payload"] == "Hello Ada."
    assert call.call.variables == {"customer.name": "Ada", "customer.tier": ""}


@pytest.mark.parametrize(
    ("answer", "said", "reason"),
    [
        (Answer(NOT_FOUND), "Hello.", ""),
        (Answer(FAILED, reason="answered HTTP 500"), "Sorry.", "the lookup failed: answered HTTP 500"),
    ],
)
def test_what_is_not_found_and_what_fails_have_ways_of_their_own(answer: Answer, said: str, reason: str) -> None:
    call = asked()

    decision = call.take(answered(call, answer))

    assert decision.commands[-1].parameters["payload"] == said
    assert decision.reason == reason


def test_without_a_way_of_its_own_finding_nothing_is_an_error() -> None:
    call = asked(FLOW.replace("not_found: hello", ""))

    decision = call.take(answered(call, Answer(NOT_FOUND)))

    assert decision.commands[-1].parameters["payload"] == "Sorry."
    assert call.call.errors == 1


def test_what_an_earlier_answer_gave_is_forgotten_when_nothing_is_found() -> None:
    call = asked(FLOW.replace('{say: "Hello {customer.name}."}', "{go: customer}"))
    call.take(answered(call, Answer(FOUND, {"name": "Ada", "tier": "gold"})))

    call.take(answered(call, Answer(NOT_FOUND)))

    assert call.call.variables == {"customer.name": "", "customer.tier": ""}


def test_what_takes_longer_than_a_second_lets_something_be_heard_until_the_answer_comes() -> None:
    call = asked()
    assert lookup_of(call).quiet_seconds == 1

    meanwhile = call.take(slow(call))
    decision = call.take(answered(call, Answer(FOUND, {"name": "Ada"})))

    assert actions(meanwhile) == ["playback_start"]
    assert meanwhile.commands[0].parameters["loop"] == "infinity"
    assert actions(decision) == ["gather_stop", "playback_stop", "speak"]


def test_words_are_heard_once_meanwhile() -> None:
    call = asked(FLOW.replace("{audio: https://audio.example.com/music.mp3}", "One moment."))

    assert actions(call.take(slow(call))) == ["speak"]


def test_without_anything_to_be_heard_nobody_tells_that_it_takes_long() -> None:
    call = asked(SILENT)

    assert lookup_of(call).quiet_seconds == 0
    assert call.take(slow(call)).commands == ()


def test_an_answer_that_never_comes_is_not_waited_for_for_ever() -> None:
    call = asked(SILENT)
    call.seconds += 6 + GRACE_SECONDS

    decision = call.tell("call.gather.ended", digits="", status="timeout")

    assert decision.reason == "no answer within 6 s"
    assert decision.commands[-1].parameters["payload"] == "Sorry."


def test_keys_pressed_meanwhile_do_nothing() -> None:
    listen = asked(SILENT).decisions[-1].commands[0].parameters

    assert listen["timeout_millis"] == listen["initial_timeout_millis"] == (6 + GRACE_SECONDS) * 1_000
    assert listen["inter_digit_timeout_millis"] == listen["timeout_millis"], "no key ends it"
    assert (listen["maximum_digits"], listen["terminating_digit"]) == (128, "A"), "nor do many, and none is the last"


def test_a_caller_who_has_gone_hears_nothing() -> None:
    call = asked(SILENT)

    decision = call.tell("call.gather.ended", digits="", status="call_hangup")

    assert decision.commands == ()


def test_an_answer_after_the_hang_up_changes_nothing() -> None:
    call = asked()
    call.tell("call.hangup", hangup_cause="normal_clearing", hangup_source="caller")
    before = call.call

    decision = call.take(answered(call, Answer(FOUND, {"name": "Ada"})))

    assert (decision.call, decision.commands) == (before, ())


def test_an_answer_to_a_step_already_left_changes_nothing() -> None:
    call = asked()
    first = answered(call, Answer(NOT_FOUND))
    call.take(first)
    before = call.call

    decision = call.take(answered(call, Answer(FOUND, {"name": "Ada"})))

    assert (decision.call, decision.commands) == (before, ())
    assert decision.reason == "late: of turn 1, now 2"


def test_what_cannot_be_played_meanwhile_keeps_nobody_from_being_answered() -> None:
    call = asked()
    call.take(slow(call))

    decision = call.take(refusal(call))
    answer = call.take(answered(call, Answer(FOUND, {"name": "Ada"})))

    assert decision.commands == ()
    assert answer.commands[-1].parameters["payload"] == "Hello Ada."


def test_a_wait_that_telnyx_refuses_takes_the_error_path() -> None:
    call = asked(SILENT)

    decision = call.take(refusal(call))

    assert decision.commands[-1].parameters["payload"] == "Sorry."


def refusal(call: StagedCall) -> Event:
    payload = {
        "call_session_id": SESSION,
        "call_leg_id": LEG,
        "recording_names": [],
        "recording_turns": [],
        "call_ended": False,
        "reason": "refused",
    }
    mark = ClientState(turn=call.call.turn)
    return Event("refusal", "dialtone.command.refused", moment(call.seconds + 0.5), payload, mark)


# Sensitive digits

PIN = """
    last_resort: sorry
    steps:
      pin: {collect: Your PIN., into: pin, digits: 4, sensitive: true}
      check: {lookup: pins, send: {pin: "{digits.pin}", phone: "{caller}"}, sensitive: true}
      sorry: {say: Sorry.}
"""


def test_sensitive_digits_go_from_the_event_to_the_other_system_and_are_kept_nowhere_between() -> None:
    call = asked(PIN)
    call.seconds += 1
    mark = ClientState(turn=1, flow="tested", sensitive=True)

    decision = call.tell("call.gather.ended", mark, digits="4711", status="valid")

    assert decision.lookup is not None
    assert "4711" not in str(decision)
    assert decision.lookup.send == {"pin": "****", "phone": CALLER}
    assert decision.lookup.asked_on(keyed(mark)).send == {"pin": "4711", "phone": CALLER}


def test_without_leave_a_lookup_has_asterisks() -> None:
    call = asked(PIN.replace('phone: "{caller}"}, sensitive: true', 'phone: "{caller}"}'))
    mark = ClientState(turn=1, flow="tested", sensitive=True)

    decision = call.tell("call.gather.ended", mark, digits="4711", status="valid")

    assert decision.lookup is not None
    assert decision.lookup.asked_on(keyed(mark)).send["pin"] == "****"


def keyed(mark: ClientState) -> Event:
    payload: dict[str, Any] = {"call_session_id": SESSION, "call_leg_id": LEG, "digits": "4711", "status": "valid"}
    return Event("event", "call.gather.ended", moment(9), payload, mark)


# What is handed over


def test_a_question_has_the_same_id_however_often_it_is_asked() -> None:
    event = keyed(ClientState())
    lookup = Lookup("customers", {}, 5)

    assert lookup.asked_on(event) == lookup.asked_on(event)
    assert lookup.asked_on(event).id != lookup.id


def test_a_lookup_that_is_asked_twice_is_reported_slow_as_one_event() -> None:
    """Its key in the table holds its time: two of them would be decided on twice."""
    asked = Lookup("customers", {}, 5, quiet_seconds=2).asked_on(happened("call.gather.ended", 60))

    early, late = asked.slow(moment(61)), asked.slow(moment(64))

    assert early == late
    assert early.occurred_at == moment(62)


def test_a_question_comes_back_from_json_whatever_a_later_version_added() -> None:
    lookup = Lookup("customers", {"a": "b"}, 5, 1, ("name",), ("a",), SESSION, LEG, 3, "id")

    assert Lookup.from_json({**lookup.to_json(), "added": 1}) == lookup


def test_the_answers_event_is_one_of_our_own() -> None:
    event = Answer(FAILED, reason="x" * 5_000).event(Lookup("customers", {}, 5, id="id", turn=4), moment(1))

    assert (event.type, event.client_state.turn) == (ANSWERED, 4)
    assert len(event.text("reason")) == 500


# What the reader refuses


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("{lookup: http://crm.example.com/}", "lookup"),
        ("{lookup: 'https://user:word@crm.example.com/'}", "lookup"),
        ("{lookup: 'https://{caller}.example.com/'}", "lookup"),
        ("{lookup: a b}", "lookup"),
        ("{lookup: crm, limit_seconds: 26}", "limit_seconds"),
        ("{lookup: crm, into: digits, gives: [a]}", "digits cannot be set by a lookup; choose another name"),
        ("{lookup: crm, into: caller, gives: [a]}", "caller cannot be set by a lookup; choose another name"),
        ("{lookup: crm, into: crm}", "into and gives need each other"),
        ("{lookup: crm, gives: [a]}", "into and gives need each other"),
        ("{lookup: crm, not_found: nowhere}", "leads to nowhere"),
    ],
)
def test_what_cannot_be_looked_up_is_reported_with_its_place(written: str, reason: str) -> None:
    with pytest.raises(FlowInvalid, match=reason):
        read_flow("tested.yaml", "flow: tested\n" + dedent(f"steps:\n  a: {written}\n  bye: hangup\n"))


@pytest.mark.parametrize(
    "target",
    [
        "crm",
        "crm-lookup:live",
        "arn:aws:lambda:us-east-1:123456789012:function:crm",
        "https://crm.example.com/callers?kind=phone",
        "http://localhost:8080/crm",
    ],
)
def test_functions_and_addresses_can_be_looked_up(target: str) -> None:
    flow = read_flow("tested.yaml", f"flow: tested\nsteps:\n  a: {{lookup: '{target}'}}\n  bye: hangup\n")

    assert list(flow.steps) == ["a", "bye"]
