"""A person, a machine, or nobody can tell."""

import itertools

import pytest

from dialtone.domain.client_state import ClientState
from dialtone.domain.decisions import Decision
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

    assert actions(staged.decisions[-1]) == ["gather"]
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
        (NOT_SURE, "silence", "leave"),
        (WHO, "fax_detected", "leave"),
        (WHO, "a_finding_of_tomorrow", "hello"),
        (NOT_SURE, "a_finding_of_tomorrow", "leave"),
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

    assert greeted(staged, result) == ["gather_stop", "speak"]
    assert staged.call.step == "leave"


@pytest.mark.parametrize("flow", [WHO, AFTER_GREETING])
@pytest.mark.parametrize("detection", ["call.machine.greeting.ended", "call.machine.premium.greeting.ended"])
def test_a_greeting_that_ended_is_a_machines_though_nothing_else_is_reported(flow: str, detection: str) -> None:
    staged = answered(flow)

    staged.tell(detection, result="beep_detected")

    assert staged.call.step == "leave"
    assert staged.call.variables == {"answered_by": "machine", "greeting": "beep_detected"}


def timer_ends(staged: StagedCall, after_seconds: float, status: str = "timeout") -> Decision:
    staged.seconds = after_seconds
    return staged.tell("call.gather.ended", status=status, digits="")


@pytest.mark.parametrize(("flow", "step"), [(WHO, "hello"), (NOT_SURE, "leave"), (AFTER_GREETING, "hello")])
def test_a_finding_that_never_comes_is_not_waited_for_for_ever(flow: str, step: str) -> None:
    staged = answered(flow)

    decision = timer_ends(staged, 12)

    assert (actions(decision), staged.call.step) == (["speak"], step)


def test_a_greeting_whose_end_is_never_reported_is_waited_for_as_long_as_the_flow_says() -> None:
    staged = answered(AFTER_GREETING)
    detected(staged, "machine")

    waits_on = timer_ends(staged, 12)
    (again,) = waits_on.commands
    over = timer_ends(staged, 32)

    assert (again.action, again.parameters["timeout_millis"]) == ("gather", 19_000)
    assert (actions(over), staged.call.step) == (["speak"], "leave")


@pytest.mark.parametrize("status", ["cancelled_amd", "cancelled", "valid", "invalid", "a_status_of_tomorrow"])
def test_a_timer_that_ends_early_is_begun_again(status: str) -> None:
    staged = answered(WHO)

    (again,) = timer_ends(staged, 5, status).commands

    assert (again.action, again.parameters["timeout_millis"]) == ("gather", 6_000)
    assert staged.call.step == "who"


def test_a_caller_who_hangs_up_is_not_waited_for() -> None:
    staged = answered(WHO)

    assert timer_ends(staged, 5, "call_hangup").commands == ()


def test_a_short_greeting_limit_ends_before_the_finding_does() -> None:
    flow = AFTER_GREETING.replace("after_greeting: true", "after_greeting: true, greeting_seconds: 5")
    staged = answered(flow)
    (begun,) = staged.decisions[-1].commands
    detected(staged, "machine")

    timer_ends(staged, 7)

    assert (begun.parameters["timeout_millis"], staged.call.step) == (5_000, "leave")


def test_the_timers_end_is_not_taken_for_that_of_the_next_question() -> None:
    staged = answered(WHO.replace("hello: {say: Hello.}", "hello: {menu: Press 1., keys: {1: leave}}"))
    (begun,) = staged.decisions[-1].commands
    detected(staged, "human")

    decision = staged.tell("call.gather.ended", status="cancelled", gather_id=begun.parameters["gather_id"])

    assert (decision.commands, staged.call.step, staged.call.waiting) == ((), "hello", {})


@pytest.mark.parametrize("event_type", ["call.speak.ended", "call.playback.ended", "call.dtmf.received"])
def test_nothing_else_is_a_finding(event_type: str) -> None:
    staged = answered(WHO)

    assert staged.tell(event_type, status="completed", digit="1").commands == ()
    assert staged.call.step == "who"


REPORTS = [
    ("human", None),
    ("machine", None),
    ("machine", "ended"),
    ("machine", "beep_detected"),
    ("not_sure", None),
    (None, "beep_detected"),
]
"""What detection found, and how the greeting ended; None where Telnyx reports nothing."""


@pytest.mark.parametrize(("found", "greeting"), REPORTS)
@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_call_ends_up_the_same_in_whatever_order_its_beginning_is_reported(
    order: tuple[int, ...], found: str | None, greeting: str | None
) -> None:
    events = [
        happened("call.initiated", 1, DIALLED, direction="outgoing"),
        happened("call.answered", 9, DIALLED),
        happened("call.machine.detection.ended", 12, DIALLED, result=found) if found else None,
        happened("call.machine.greeting.ended", 20, DIALLED, result=greeting) if greeting else None,
    ]
    timer_end = happened("call.gather.ended", 60, DIALLED._replace(turn=1), status="timeout")
    in_order, shuffled = StagedCall(AFTER_GREETING, "outgoing"), StagedCall(AFTER_GREETING, "outgoing")

    for staged, places in ((in_order, range(4)), (shuffled, order)):
        for event in (*(events[place] for place in places), timer_end):
            if event:
                staged.take(event)

    def ends(staged: StagedCall) -> object:
        # When it was led on is a matter of the order, where is not.
        return staged.call._replace(entered_at="", left=None)

    def sent(staged: StagedCall) -> object:
        commands = [command for decision in staged.decisions for command in decision.commands]
        return [command for command in commands if not command.action.startswith("gather")]

    assert ends(shuffled) == ends(in_order)
    assert sent(shuffled) == sent(in_order)
    assert shuffled.call.step == ("hello" if found in {"human", "not_sure"} else "leave")


def test_a_timers_end_reported_after_the_hang_up_is_judged_by_what_it_says_itself() -> None:
    staged = answered(WHO)
    staged.take(happened("call.hangup", 30, staged.mark, hangup_cause="normal_clearing"))

    staged.take(happened("call.gather.ended", 12, DIALLED._replace(turn=1), status="timeout"))

    assert staged.call.step == "hello"
