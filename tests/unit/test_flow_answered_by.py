"""A person, a machine, or nobody can tell."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from dialtone.client_state import ClientState
from tests.staged_call import StagedCall, actions, happened

WHO = """
    steps:
      who: {answered_by: {person: hello, machine: leave}}
      hello: {say: Hello.}
      leave: {say: Message.}
"""
AFTER_GREETING = WHO.replace("machine: leave", "machine: leave, after_greeting: true")
NOT_SURE = WHO.replace("machine: leave", "machine: leave, not_sure: leave")
DIALLED = ClientState(flow="tested")


def answered(flow: str) -> StagedCall:
    staged = StagedCall(flow, direction="outgoing")
    staged.pick_up()
    return staged


def detected(staged: StagedCall, result: str | None) -> list[str]:
    return actions(staged.tell("call.machine.detection.ended", result=result))


def greeted(staged: StagedCall, result: str | None) -> list[str]:
    return actions(staged.tell("call.machine.greeting.ended", result=result))


def test_the_flow_waits_for_what_is_found() -> None:
    staged = answered(WHO)

    assert staged.decisions[-1].commands == ()
    assert staged.call.step == "who"


@pytest.mark.parametrize(
    ("flow", "result", "step"),
    [
        (WHO, "human", "hello"),
        (WHO, "machine", "leave"),
        (WHO, "not_sure", "hello"),
        (NOT_SURE, "not_sure", "leave"),
        (WHO, "human_residence", "hello"),
        (WHO, "human_business", "hello"),
        (WHO, "silence", "hello"),
        (WHO, "fax_detected", "leave"),
        (WHO, "a_finding_of_tomorrow", "hello"),
        (WHO, None, "hello"),
        (NOT_SURE, None, "leave"),
        (AFTER_GREETING, "human", "hello"),
        (AFTER_GREETING, "machine", "who"),
        (AFTER_GREETING, "fax_detected", "leave"),
    ],
)
def test_what_is_found_says_where_the_flow_goes(flow: str, result: str | None, step: str) -> None:
    staged = answered(flow)

    detected(staged, result)

    assert staged.call.step == step


@pytest.mark.parametrize("result", ["ended", "beep_detected", "not_sure", "a_result_of_tomorrow", None])
def test_a_message_is_left_when_the_greeting_is_over_however_it_ended(result: str | None) -> None:
    staged = answered(AFTER_GREETING)
    detected(staged, "machine")

    assert greeted(staged, result) == ["speak"]
    assert staged.call.step == "leave"


def test_a_greeting_alone_says_nothing_about_who_answered() -> None:
    staged = answered(AFTER_GREETING)

    assert greeted(staged, "ended") == []
    assert staged.call.step == "who"


@pytest.mark.parametrize("event_type", ["call.speak.ended", "call.gather.ended", "call.dtmf.received"])
def test_nothing_else_is_a_finding(event_type: str) -> None:
    staged = answered(WHO)

    assert staged.tell(event_type, status="completed", digit="1").commands == ()
    assert staged.call.step == "who"


@pytest.mark.parametrize("found", ["human", "machine", "not_sure"])
@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_call_ends_up_the_same_in_whatever_order_its_beginning_is_told(order: tuple[int, ...], found: str) -> None:
    told = [
        happened("call.initiated", 1, DIALLED, direction="outgoing"),
        happened("call.answered", 9, DIALLED),
        happened("call.machine.detection.ended", 12, DIALLED, result=found),
        happened("call.machine.greeting.ended", 20, DIALLED, result="ended"),
    ]
    in_order, shuffled = StagedCall(AFTER_GREETING, "outgoing"), StagedCall(AFTER_GREETING, "outgoing")

    for event in told:
        in_order.take(event)
    for place in order:
        shuffled.take(told[place])

    def ends(staged: StagedCall) -> object:
        # When it was led on is a matter of the order, where is not.
        return replace(staged.call, entered_at="", left=None)

    def sent(staged: StagedCall) -> object:
        return [command for decision in staged.decisions for command in decision.commands]

    assert ends(shuffled) == ends(in_order)
    assert sent(shuffled) == sent(in_order)
    assert shuffled.call.step == ("leave" if found == "machine" else "hello")
