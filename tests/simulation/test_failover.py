"""Whole calls while the webhook function fails: callers hear the sentence once, and are transferred or let go."""

import json
import math
from collections.abc import Callable

import pytest

from dialtone.domain.deadline import HANDLING_SECONDS
from infra.carrier import ApiFault, Caller, HangUp, Hear, NoAnswer, Person, Press, Request, Say, Silence, WebhookFault
from infra.carrier.delivery import Settle
from infra.carrier.trace import Heard
from infra.demo import scenes
from tests.simulation.failing_over import COLLEAGUE, FAILOVER_URL, SORRY, UP, FailingLine, Fails, as_function_url
from tests.simulation.plays import LANGUAGE_FLOWS

LONGEST_SECONDS = 45
"""From the first failure to the end of the call: retries, sentence, retries, and a colleague's four words."""

PATIENT = Caller(Silence(300))
OUTAGES = {
    "answering 500": Fails(500),
    "answering 503": Fails(503),
    "throttled": Fails(429),
    "timing out": Fails(),
}


@pytest.mark.parametrize("outage", OUTAGES)
def test_a_call_while_it_is_down_is_answered_hears_the_sentence_once_and_is_let_go(outage: str) -> None:
    line = FailingLine()
    line.primary = lambda _type, _now: OUTAGES[outage]

    session = line.ring("+15550100", PATIENT)

    assert line.times_said() == 1
    assert line.obeyed("answer") == line.obeyed("speak") == line.obeyed("hangup") == 1
    assert line.ended_at(session) < 30


@pytest.mark.parametrize("outage", OUTAGES)
def test_a_call_while_it_is_down_is_transferred_after_the_sentence(outage: str) -> None:
    line = FailingLine(transfer_to=COLLEAGUE)
    line.primary = lambda _type, _now: OUTAGES[outage]
    line.carrier.add_callee(COLLEAGUE, Person(Say(3, "Grace speaking."), HangUp(after=5), answers_after=4))

    session = line.ring("+15550100", PATIENT)

    assert line.times_said() == 1
    assert line.obeyed("transfer") == 1
    assert line.bridges() == 2
    assert line.ended_at(session) - line.failing_since < LONGEST_SECONDS


def test_a_caller_whose_transfer_nobody_answers_is_let_go() -> None:
    line = FailingLine(transfer_to=COLLEAGUE)
    line.primary = lambda _type, _now: Fails(500)
    line.carrier.add_callee(COLLEAGUE, NoAnswer())

    session = line.ring("+15550100", PATIENT)

    assert line.times_said() == line.obeyed("transfer") == line.obeyed("hangup") == 1
    assert line.ended_at(session) < 90


def test_without_a_sentence_a_call_is_transferred_at_once() -> None:
    line = FailingLine(transfer_to=COLLEAGUE, sentence="")
    line.primary = lambda _type, _now: Fails(500)
    line.carrier.add_callee(COLLEAGUE, Person(Say(3, "Grace speaking."), HangUp(after=5), answers_after=2))

    line.ring("+15550100", PATIENT)

    assert line.obeyed("speak") == 0
    assert line.bridges() == 2


IN_PROGRESS = Caller(Hear("Welcome"), Silence(1), Press("1", after=1), Silence(300))


@pytest.mark.parametrize("outage", OUTAGES)
@pytest.mark.parametrize(
    "from_event", ["call.answered", "call.speak.ended", "call.gather.ended", "call.playback.ended"]
)
@pytest.mark.parametrize("transfer_to", ["", COLLEAGUE])
def test_it_goes_down_in_the_middle_of_a_call(outage: str, from_event: str, transfer_to: str) -> None:
    line = FailingLine(transfer_to)
    line.carrier.add_callee(COLLEAGUE, Person(Say(3, "Grace speaking."), HangUp(after=5), answers_after=4))
    seen: list[str] = []

    def primary(event_type: str, _now: float) -> Fails:
        seen.append(event_type)
        return OUTAGES[outage] if from_event in seen else UP

    line.primary = primary

    session = line.ring("+15550100", IN_PROGRESS)

    assert from_event in seen
    assert line.times_said() == 1
    assert line.obeyed("transfer") == (1 if transfer_to else 0)
    assert line.ended_at(session) - line.failing_since < LONGEST_SECONDS


@pytest.mark.parametrize("back_after", [0.1, 2, 6, 9, 12])
@pytest.mark.parametrize("down_from", ["call.initiated", "call.answered", "call.speak.ended", "call.gather.ended"])
@pytest.mark.parametrize("transfer_to", ["", COLLEAGUE])
def test_it_is_back_in_the_middle_of_a_call(back_after: float, down_from: str, transfer_to: str) -> None:
    """Down from an event on, and back so many seconds after the failover has first answered."""
    line = FailingLine(transfer_to)
    line.carrier.add_callee(COLLEAGUE, Person(Say(3, "Grace speaking."), HangUp(after=5), answers_after=4))
    seen: list[str] = []
    taken: list[float] = []

    def primary(event_type: str, now: float) -> Fails:
        seen.append(event_type)
        if line.answered and not taken:
            taken.append(now)
        down = down_from in seen and not (taken and now >= taken[0] + back_after)
        return Fails(500) if down else UP

    line.primary = primary

    session = line.ring("+15550100", IN_PROGRESS)

    assert line.times_said() == 1
    assert line.obeyed("transfer") == (1 if transfer_to else 0)
    assert line.ended_at(session) - line.failing_since < LONGEST_SECONDS


@pytest.mark.parametrize("seed", range(40))
def test_webhooks_that_come_twice_late_or_in_another_order_change_nothing(seed: int) -> None:
    faults = {WebhookFault.TWICE: 0.3, WebhookFault.UNDER_TWO_IDS: 0.2, WebhookFault.OUT_OF_ORDER: 0.3}
    transfer_to = COLLEAGUE if seed % 2 else ""
    line = FailingLine(transfer_to, seed=seed, faults=faults)
    line.carrier.add_callee(COLLEAGUE, Person(Say(3, "Grace speaking."), HangUp(after=5), answers_after=4))
    line.primary = lambda _type, now: Fails(500) if now > seed / 4 else UP

    session = line.ring("+15550100", IN_PROGRESS)

    assert line.times_said() == 1
    assert line.obeyed("transfer") == (1 if transfer_to else 0)
    assert line.ended_at(session) - line.failing_since < LONGEST_SECONDS


@pytest.mark.parametrize("fault", ApiFault)
@pytest.mark.parametrize("action", ["answer", "speak", "transfer", "hangup", "retrieve"])
@pytest.mark.parametrize("times", [1, 2])
def test_commands_that_telnyx_does_not_take_or_whose_answers_are_lost_are_obeyed_once(
    fault: ApiFault, action: str, times: int
) -> None:
    line = FailingLine(transfer_to=COLLEAGUE if action == "transfer" else "")
    line.primary = lambda _type, _now: Fails(500)
    line.carrier.add_callee(COLLEAGUE, Person(Say(3, "Grace speaking."), HangUp(after=5), answers_after=4))
    line.carrier.faults.disturb_api(fault, action=action, times=times)

    session = line.ring("+15550100", PATIENT)

    assert line.times_said() == 1
    assert line.obeyed("answer") == line.obeyed("speak") == 1
    assert line.obeyed("transfer") == (action == "transfer")
    assert line.ended_at(session) < LONGEST_SECONDS + 20


@pytest.mark.parametrize("event_type", ["call.initiated", "call.answered", "call.speak.ended"])
@pytest.mark.parametrize("transfer_to", ["", COLLEAGUE])
def test_a_webhook_that_comes_again_when_telnyx_has_forgotten_the_commands_changes_nothing(
    event_type: str, transfer_to: str
) -> None:
    line = FailingLine(transfer_to)
    line.primary = lambda _type, _now: Fails(500)
    line.carrier.add_callee(COLLEAGUE, Person(Say(90, "Grace speaking."), HangUp(after=120), answers_after=4))
    line.carrier.call("+15550142", "+15550100", PATIENT)
    line.carrier.run_for(70)
    [first] = [each for each in line.at_failover if json.loads(each.body)["data"]["event_type"] == event_type][:1]

    line.carrier.run_for(20)
    again = line.failover.respond(as_function_url(first))
    line.carrier.run()

    assert again["statusCode"] == 200
    assert line.times_said() == line.obeyed("answer") == line.obeyed("speak") == 1
    assert line.obeyed("transfer") == (1 if transfer_to else 0)


@pytest.mark.parametrize(
    "from_event", ["call.initiated", "call.answered", "call.speak.ended", "call.gather.ended", "call.playback.ended"]
)
@pytest.mark.parametrize("transfer_to", ["", COLLEAGUE])
@pytest.mark.parametrize("then_dies_after", [math.inf, 3, 8, 15])
def test_it_works_and_answers_too_late(from_event: str, transfer_to: str, then_dies_after: float) -> None:
    """Each event is handled twice, here and there: the caller hears the sentence once at most, and is let go."""
    line = FailingLine(transfer_to)
    line.carrier.add_callee(COLLEAGUE, Person(Say(3, "Grace speaking."), HangUp(after=5), answers_after=4))
    seen: list[str] = []

    def primary(event_type: str, now: float) -> Fails:
        seen.append(event_type)
        if from_event not in seen:
            return UP
        return Fails(after_doing=now < min(line.failing_since, now) + then_dies_after)

    line.primary = primary

    session = line.ring("+15550100", IN_PROGRESS)

    assert line.times_said() <= 1
    assert line.obeyed("transfer") <= 1
    assert line.ended_at(session) - line.failing_since < LONGEST_SECONDS


def test_people_whom_a_flow_rang_are_let_go() -> None:
    line = FailingLine(transfer_to=COLLEAGUE)
    line.primary = lambda _type, _now: Fails(500)

    session = line.dial("+15550161", Person(Say(1, "Hello?"), Silence(120)), "announcement")

    assert line.times_said() == line.obeyed("transfer") == 0
    assert line.ended_at(session) < 40


def test_a_conversation_is_left_alone() -> None:
    line = FailingLine()
    line.primary = lambda event_type, _now: Fails(500) if event_type == "call.bridged" else UP
    line.carrier.add_callee("+15550199", Person(Say(3, "Grace speaking."), Silence(20)))

    line.ring("+15550102", scenes.RECORDED.script)

    assert ("call.bridged", 200) in line.answered
    assert line.times_said() == 0


@pytest.mark.parametrize("down_from", [60, 125])
def test_people_who_meet_are_left_alone_when_the_time_to_wait_for_a_moderator_is_over(down_from: int) -> None:
    """At its end, after two minutes, nothing but the table knows whether the moderator has come."""
    line = FailingLine(transfer_to=COLLEAGUE, flows=LANGUAGE_FLOWS)
    line.primary = lambda _type, now: Fails(500) if now > down_from else UP

    def moderator_calls() -> None:
        line.call("+15550299", "+15550188", Caller(Silence(170), HangUp()))

    line.call("+15550142", "+15550188", Caller(Silence(200), HangUp()))
    line.carrier.clock.after(10, moderator_calls)
    line.carrier.run()

    timers = [each for each in line.answered if each[0] == "call.gather.ended"]
    assert ("call.gather.ended", 200) in timers
    assert line.times_said() == line.obeyed("transfer") == 0


def test_what_an_agent_lets_the_caller_hear_while_they_talk_ends_no_conversation() -> None:
    line = FailingLine(transfer_to=COLLEAGUE, flows=LANGUAGE_FLOWS)
    line.primary = lambda event_type, _now: (
        Fails(500) if event_type == "call.speak.ended" and line.bridges() and not line.times_said("Thank you.") else UP
    )
    line.carrier.add_callee("+15550191", Person(Silence(5), Press("#1"), Silence(20), HangUp()))

    line.ring("+15550148", PATIENT)

    assert ("call.speak.ended", 200) in line.answered
    assert line.times_said("Thank you for waiting.") == 1
    assert (line.times_said(), line.obeyed("transfer")) == (0, 1)


COLD_SECONDS = 1.0
"""The failover's, always started from cold."""


def taking_their_time(line: FailingLine, slow: Callable[[str], bool]) -> list[float]:
    """Let webhooks of a slow type wait for nothing, and the failover start from cold; gives when each slow one came."""
    launch, came = line.carrier._deliveries._launch, []  # noqa: SLF001 -- what is delivered at once takes no time

    def launched(request: Request, timeout_seconds: float, settle: Settle) -> None:
        clock = line.carrier.clock
        if request.path.startswith(FAILOVER_URL):
            clock.after(COLD_SECONDS, lambda: launch(request, timeout_seconds, settle))
        elif slow(json.loads(request.body)["data"]["event_type"]):
            came.append(clock.now)
            clock.after(HANDLING_SECONDS, lambda: settle(503, ""))
        else:
            launch(request, timeout_seconds, settle)

    line.carrier._deliveries._launch = launched  # noqa: SLF001 -- as above
    return came


@pytest.mark.parametrize(
    "from_event", ["call.answered", "call.speak.ended", "call.gather.ended", "call.playback.ended"]
)
def test_a_table_that_stays_silent_is_a_silence_of_six_seconds_and_then_the_failover_speaks(from_event: str) -> None:
    line, seen = FailingLine(), list[str]()

    def slow(event_type: str) -> bool:
        seen.append(event_type)
        return from_event in seen

    came = taking_their_time(line, slow)

    line.ring("+15550100", IN_PROGRESS)

    [sentence] = [each.at for each in line.happened if isinstance(each, Heard) and each.what == SORRY]
    assert sentence - came[0] < 2 * HANDLING_SECONDS + 1.0 + COLD_SECONDS + 0.2


@pytest.mark.parametrize("from_event", ["call.answered", "call.gather.ended", "call.playback.ended"])
def test_one_slow_webhook_is_a_silence_of_two_seconds_and_the_flow_goes_on(from_event: str) -> None:
    line, left = FailingLine(), [from_event]

    def slow(event_type: str) -> bool:
        return event_type in left and not left.remove(event_type)  # type: ignore[func-returns-value] # None, once

    came = taking_their_time(line, slow)

    line.ring("+15550100", IN_PROGRESS)

    [began] = came
    heard = min(each.at for each in line.happened if isinstance(each, Heard) and each.at > began)
    assert heard - began < HANDLING_SECONDS + 0.5 + 0.2
    assert line.times_said() == 0
